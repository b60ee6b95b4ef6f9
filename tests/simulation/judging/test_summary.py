"""Means, errors and JSON of many runs."""

import json
import math
from dataclasses import replace

import pytest

from autoscaler.simulation.judging.playing import Played, Players
from autoscaler.simulation.judging.summary import by_run, estimates, to_json, typical_run, worst_run
from autoscaler.simulation.policies.fixed import Fixed
from autoscaler.simulation.scenario.model import Arrivals

from .scenes import COSTS, played, small_scenario

FORM = {
    "metrics": {
        "arrived", "served", "abandoned", "p_wait", "mean_wait_s", "mean_wait_served_s", "abandonment", "service_level",
        "mean_concurrency", "slot_occupancy", "busy", "mean_chat_s", "chat_stretch", "limit_changes",
        "limit_changes_per_agent_hour", "minutes_above_baseline_per_agent", "fairness_gini", "cost_per_chat",
    },
    "cost": set(COSTS),
}  # fmt: skip


@pytest.fixture(scope="module")
def real() -> Played:
    with Players(jobs=1) as players:
        return players.play(small_scenario(), [Fixed(limit=3)], seed=7, indices=range(4))[0]


def test_a_figure_of_many_runs_is_the_mean_of_the_runs_own() -> None:
    cost = estimates(played("p", [1.0, 2.0, 6.0]))["cost_per_chat"]
    assert (cost.mean, cost.median, cost.low, cost.high, cost.runs) == (3.0, 2.0, 1.0, 6.0, 3)
    assert cost.standard_error == pytest.approx(math.sqrt(7 / 3))


def test_one_run_has_no_standard_error() -> None:
    assert estimates(played("p", [1.0]))["cost_per_chat"].standard_error is None


def test_runs_in_which_a_figure_is_undefined_are_left_out_of_it() -> None:
    cost = estimates(played("p", [1.0, math.nan, 3.0]))["cost_per_chat"]
    assert (cost.mean, cost.runs) == (2.0, 2)
    nowhere = estimates(played("p", [math.nan, math.nan]))["cost_per_chat"]
    assert (nowhere.mean, nowhere.standard_error, nowhere.median, nowhere.runs) == (None, None, None, 0)


def test_the_json_has_the_promised_form(real: Played) -> None:
    whole = to_json(real)
    assert list(whole) == [
        "scenario", "policy", "runs", "seed", "metrics", "cost", "standard_errors", "per_run", "events", "wall_s",
    ]  # fmt: skip
    assert (whole["scenario"], whole["policy"], whole["runs"], whole["seed"]) == ("one hour", "limit:3", 4, 7)
    assert len(whole["per_run"]) == 4
    for one in (whole, *whole["per_run"]):
        assert {"metrics": set(one["metrics"]), "cost": set(one["cost"])} == FORM
        assert set(one["metrics"]["service_level"]) == {"20", "30", "60"}
    assert {"p_wait", "cost_per_chat", "cost.late", "service_level.20"} <= set(whole["standard_errors"])
    assert whole["events"] == sum(score.events for score in real.scores) > 0
    assert whole["wall_s"] > 0


def test_means_in_the_json_are_those_of_its_runs_and_the_cost_is_the_sum_of_its_parts(real: Played) -> None:
    whole = to_json(real)
    for name in ("p_wait", "mean_wait_s", "cost_per_chat"):
        runs = [one["metrics"][name] for one in whole["per_run"]]
        assert whole["metrics"][name] == pytest.approx(sum(runs) / 4)
    assert sum(whole["cost"].values()) == pytest.approx(whole["metrics"]["cost_per_chat"])


def test_what_is_undefined_is_null_in_the_json_and_never_nan() -> None:
    nobody = small_scenario(arrivals=replace(small_scenario().arrivals, expected=Arrivals(
        step_s=3600.0, expected=small_scenario().arrivals.expected * 0).expected))  # fmt: skip
    with Players(jobs=1) as players:
        (empty,) = players.play(nobody, [Fixed(limit=3)], seed=7, indices=range(2))
    text = json.dumps(to_json(empty), allow_nan=False)
    whole = json.loads(text)
    assert whole["metrics"]["mean_wait_s"] is None
    assert whole["metrics"]["service_level"]["20"] is None
    assert whole["per_run"][1]["cost"]["late"] is None
    assert whole["standard_errors"]["p_wait"] is None


def test_the_typical_run_is_the_one_in_the_middle_and_the_worst_the_dearest() -> None:
    known = played("p", [5.0, 1.0, math.nan, 3.0, 2.0])
    assert (typical_run(known), worst_run(known)) == (4, 0)
    nowhere = played("p", [math.nan, math.nan])
    assert (typical_run(nowhere), worst_run(nowhere)) == (0, None)


def test_every_figure_has_a_column_of_the_runs(real: Played) -> None:
    columns = by_run(real)
    assert {"cost.changes", "service_level.60", "fairness_gini"} <= set(columns)
    assert all(column.shape == (4,) for column in columns.values())
