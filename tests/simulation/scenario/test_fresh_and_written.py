"""Scenarios drawn at random, those that are shipped, and both written as YAML and read again."""

from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoscaler.errors import UsageError
from autoscaler.simulation.scenario.fresh import fresh, text
from autoscaler.simulation.scenario.model import Routing, Scenario
from autoscaler.simulation.scenario.reading import parse_scenario, read_scenario
from autoscaler.simulation.scenario.shipped import find_scenario, shipped
from autoscaler.simulation.scenario.writing import to_yaml

from .files import scenario

SHIPPED = shipped()
SEEDS = range(1, 51)


def plain(value: Any) -> Any:
    """A value whose parts can be compared, without where it came from and from which formula."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    if hasattr(value, "__dataclass_fields__"):
        return {
            field.name: plain(getattr(value, field.name))
            for field in fields(value)
            if field.name not in {"source", "shape"}
        }
    return value


def read_back(written: Scenario) -> Scenario:
    """What its YAML says."""
    return parse_scenario(to_yaml(written), "again.yaml", Path("/nowhere"))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_scenario_reads_says_what_it_is_and_survives_writing(name: str) -> None:
    read = read_scenario(SHIPPED[name])
    assert len(read.description) > 80
    assert 5 <= sum(entry.count for entry in read.agents) <= 60
    assert 10 * 3600 <= read.duration_s <= 24 * 3600
    assert 500 < read.arrivals.expected.sum() < 20_000
    assert plain(read_back(read)) == plain(read)


def test_there_are_enough_shipped_scenarios_and_no_two_of_a_name() -> None:
    names = [read_scenario(path).name for path in SHIPPED.values()]
    assert len(names) >= 16
    assert len(set(names)) == len(names)
    assert {read_scenario(path).routing for path in SHIPPED.values()} == set(Routing)


def test_a_scenario_is_found_by_name_or_path(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("")
    assert find_scenario("flash-crowd") == SHIPPED["flash-crowd"]
    assert find_scenario(str(own)) == own


@pytest.mark.parametrize(
    ("name", "meant"), [("flash_crowd", "flash-crowd"), ("inverted", "inverted-u"), ("weekdy", "weekday")]
)
def test_a_misspelt_name_is_told_off_with_the_one_that_was_meant(name: str, meant: str) -> None:
    with pytest.raises(UsageError, match=f'there is no scenario "{name}"') as raised:
        find_scenario(name)
    assert f'did you mean "{meant}"?' in raised.value.help


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "", ".", "autoscaler"])
def test_what_no_file_can_be_called_is_no_scenario_either(name: str) -> None:
    with pytest.raises(UsageError, match="there is no scenario"):
        find_scenario(name)


@pytest.mark.parametrize("seed", SEEDS)
def test_fresh_scenarios_are_valid_and_survive_writing(seed: int) -> None:
    for index, drawn in enumerate(fresh(seed, 4)):
        written = text(seed, index)
        read = parse_scenario(written, "fresh.yaml", Path("/nowhere"))
        assert plain(read) == plain(drawn)
        assert drawn.name.startswith(f"fresh-{seed}-{index:02d} ")


def test_a_seed_gives_the_same_scenarios_whatever_their_number() -> None:
    assert [plain(one) for one in fresh(7, 3)] == [plain(one) for one in fresh(7, 9)[:3]]
    assert plain(fresh(7, 1)[0]) != plain(fresh(8, 1)[0])


def test_fresh_scenarios_cover_everything_a_scenario_can_say() -> None:
    drawn = [one for seed in SEEDS for one in fresh(seed, 8)]
    team = [sum(entry.count for entry in one.agents) for one in drawn]
    assert min(team) <= 5
    assert max(team) >= 70
    assert {one.routing for one in drawn} == set(Routing)
    moving = sum(len(one.service.curves) > 1 for one in drawn) / len(drawn)
    assert 0.25 < moving < 0.42
    peaks = [int(np.argmax(curve.factors)) + 1 for one in drawn for curve in one.service.curves[:1]]
    assert set(range(2, 10)) <= set(peaks)
    families = Counter(
        next(word for word in one.name.split() if word in {"usl", "power", "mva", "table"}) for one in drawn
    )
    assert min(families.values()) > len(drawn) * 0.1
    shares = {
        "tiers": sum(any(entry.tier for entry in one.agents) for one in drawn),
        "own curves": sum(any(entry.curves for entry in one.agents) for one in drawn),
        "shifts": sum(any(entry.shift for entry in one.agents) for one in drawn),
        "gateway": sum(one.gateway.delay_s > 0 for one in drawn),
        "log-normal chats": sum(one.service.solo.cv is not None for one in drawn),
        "overdispersion": sum(one.arrivals.overdispersion > 0 for one in drawn),
        "day factors": sum(one.arrivals.day_factor_cv > 0 for one in drawn),
        "for ever": sum(one.patience is None for one in drawn),
    }
    assert {name: count for name, count in shares.items() if not 0.01 < count / len(drawn) < 0.7} == {}


def test_a_fresh_team_with_shifts_is_never_away_all_at_once() -> None:
    for one in (one for seed in SEEDS for one in fresh(seed, 8)):
        moments = one.clock_s + np.arange(0, one.duration_s, 300)
        there = np.zeros(len(moments), bool)
        for entry in one.agents:
            there |= not entry.shift
            for window in entry.shift:
                there |= (moments >= window.start_s) & (moments < window.end_s)
        assert there.all(), one.name


NAMES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=60)
DESCRIPTIONS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co")), max_size=200)


@given(NAMES, DESCRIPTIONS)
@settings(deadline=None)
def test_any_name_and_description_survive_writing(name: str, description: str) -> None:
    drawn = fresh(3, 1)[0]
    named = Scenario(**{field.name: getattr(drawn, field.name) for field in fields(drawn)} | {"name": name})
    described = Scenario(
        **{field.name: getattr(named, field.name) for field in fields(named)} | {"description": description.strip()}
    )
    read = read_back(described)
    assert (read.name, read.description) == (name, description.strip())


@given(st.floats(1, 1e6), st.floats(0, 10), st.floats(1e-6, 100), st.floats(0, 1))
@settings(deadline=None)
def test_any_numbers_survive_writing(mean_s: float, rate: float, speed: float, failure: float) -> None:
    read = scenario(
        arrivals=f"{{rate: {rate:.20f}}}",
        agents=f"[{{count: 1, limit: 3, speed: {speed:.20f}}}]",
        patience=f"{{mean: {min(mean_s, 604_800):.3f}s}}",
        gateway=f"{{failure: {failure * 100:.6f}%}}",
    )
    assert plain(read_back(read)) == plain(read)
