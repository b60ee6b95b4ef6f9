"""What results are called in sentences and tables."""

import math
import re

import pytest

from autoscaler.simulation.judging.playing import Players
from autoscaler.simulation.judging.summary import by_run
from autoscaler.simulation.judging.tables import FIGURES, cost_table, figure_table, ratio_table, text_lines
from autoscaler.simulation.judging.words import cost_told, over_all, verdict
from autoscaler.simulation.policies.fixed import Fixed

from .scenes import played, small_scenario

BASE = played("limit:3", [10.0, 12.0, 11.0, 9.0])


@pytest.mark.parametrize(
    ("costs", "sentence"),
    [
        ([8.8, 10.5, 9.7, 7.9], r"goal costs 12 % less than limit:3 \(12 to 13 %\)\."),
        ([11.1, 13.1, 12.1, 9.9], r"goal costs 10 % more than limit:3 \(8\.9 to 11 %\)\."),
        ([10.1, 12.1, 11.1, 9.1], r"goal costs 0\.95 % more than limit:3 \(0\.8 to 1\.2 %\)\."),
        ([9.0, 13.0, 12.0, 8.5], r"no difference to tell apart between goal and limit:3 in 4 runs: try --runs 16\."),
        ([10.0, 12.0, 11.0, 9.0], r"goal costs the same as limit:3 in every run\."),
    ],
)
def test_the_verdict_says_what_the_interval_allows(costs: list[float], sentence: str) -> None:
    said = verdict([BASE, played("goal", costs)])
    assert re.fullmatch(sentence, said), said


def test_of_several_the_cheapest_is_named() -> None:
    cheap, dear = played("goal", [8.8, 10.5, 9.7, 7.9]), played("hpa", [11.1, 13.1, 12.1, 9.9])
    assert verdict([BASE, dear, cheap]).endswith("(12 to 13 %), the cheapest of 3.")
    assert verdict([cheap, dear, BASE]).startswith("goal is the cheapest; limit:3 costs 14 % more than goal (")


def test_one_run_tells_nothing_of_chance() -> None:
    said = verdict([played("limit:3", [10.0]), played("goal", [8.0])])
    assert said == "goal costs 20 % less than limit:3 in the one run played, which may be chance: try --runs 10."


def test_a_baseline_that_costs_nothing_or_nearly_is_said_to() -> None:
    assert "costs nothing here" in verdict([played("limit:9", [0.0, 0.0]), played("goal", [1.0, 2.0])])
    nearly = [played("limit:9", [0.0, 0.0, 0.1]), played("goal", [1.0, 2.0, 1.0])]
    assert "give another --baseline" in verdict(nearly)


def test_a_policy_alone_has_no_verdict() -> None:
    assert verdict([BASE]) == ""


def test_over_several_scenarios_the_geometric_mean_is_told() -> None:
    first = [BASE, played("goal", [5.0, 6.0, 5.5, 4.5])]
    second = [BASE, played("goal", [7.2, 8.64, 7.92, 6.48])]
    assert over_all([first, second]) == (
        "over these 2 scenarios goal costs 40 % less than limit:3, in the geometric mean."
    )
    nothing = [played("limit:3", [0.0]), played("goal", [1.0])]
    assert over_all([first, nothing]) == ""


def test_the_cost_is_told_with_what_it_is_mostly_for() -> None:
    assert cost_told(played("p", [2.0, 4.0], p_wait=0.125)) == (
        "in 2 runs a chat costs 3.000 (± 12.706), most of it for waiting; 12.5% of the customers waited, 0.0% left."
    )
    assert cost_told(played("p", [2.0])).startswith("in 1 run a chat costs 2.000, most")
    assert "nobody arrived" in cost_told(played("p", [math.nan]))


def test_every_figure_stands_in_the_table_in_its_own_unit() -> None:
    with Players(jobs=1) as players:
        (real,) = players.play(small_scenario(), [Fixed(limit=3)], seed=7, indices=range(2))
    assert set(FIGURES) == set(by_run(real))
    lines = text_lines(figure_table(real))
    assert lines[0].split("  ")[-1] == "highest run"
    assert any(line.startswith("waited at all") and line.endswith("%") for line in lines)
    assert len(lines) == len(FIGURES) + 1


def test_one_run_is_shown_as_a_value_without_errors() -> None:
    assert figure_table(played("p", [2.0])).head == ("", "value")


def test_policies_stand_side_by_side_in_a_hundred_columns_however_long_their_names() -> None:
    long = played("rules:somewhere/deep/in/a/tree/of/folders/webchat-of-tomorrow.yaml", [9.0, 10.5, 9.7, 7.9])
    table = ratio_table([BASE, long])
    lines = text_lines(table) + text_lines(cost_table([BASE, long]))
    assert max(map(len, lines)) <= 100
    assert table.rows[1][0].startswith("rules:s…")
    assert table.rows[1][0].endswith("-tomorrow.yaml")
    assert table.rows[0][2:5] == ("1.000", "-", "-")
    assert table.rows[1][2] == "0.883"


def test_what_is_undefined_is_shown_as_a_dash() -> None:
    assert ratio_table([played("limit:9", [0.0]), played("p", [1.0])]).rows[1][2:5] == ("-", "-", "-")
