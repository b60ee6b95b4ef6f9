"""What a good scenario file means, key by key, and what is meant by what it leaves out."""

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoscaler.core.book import GoalCost
from autoscaler.simulation.scenario.model import Gateway, Routing, Spread, Window
from autoscaler.simulation.scenario.reading import parse_scenario, read_scenario
from autoscaler.simulation.slowdown import Power, UniversalScalability, factor

from .files import scenario, text

INTERFACES = """\
version: 1
name: one morning
seed: 7
duration: 24h
warm_up: 1h                          # left out of the scorecard
clock: "2026-03-02 07:00"            # wall clock at the start; a trace's start is the default
arrivals: {rate: 0.085}              # chats a second, Poisson
every: 15s
agents:
  - {count: 20, limit: 3, speed: 1.0}
service:
  solo_chat: 400s
  distribution: exponential
  slowdown: {kind: power, alpha: 0.6}
patience: {mean: 180s, distribution: exponential}
routing: least_loaded
gateway: {delay: 0s, failure: 0%}
cost: {late_minute: 1, free: 30s, abandoned: 5, excess_chat_minute: 0.1, crowding: 0.1, limit_change: 0.05}
"""


def test_the_agreed_form_is_read_as_it_says() -> None:
    read = parse_scenario(INTERFACES, "morning.yaml", Path())
    assert (read.name, read.seed, read.duration_s, read.warm_up_s) == ("one morning", 7, 86400, 3600)
    assert f"{read.clock}" == "2026-03-02 07:00:00"
    assert read.clock_s == 7 * 3600
    assert read.arrivals.expected.sum() == pytest.approx(0.085 * 86400)
    assert (read.every_s, read.patience, read.routing) == (15, Spread(mean_s=180), Routing.LEAST_LOADED)
    assert [(entry.count, entry.limit, entry.speed, entry.shift) for entry in read.agents] == [(20, 3, 1, ())]
    assert read.service.solo == Spread(mean_s=400)
    assert read.service.curves[0].factors == pytest.approx(np.arange(1, 61) ** 0.6)
    assert (read.gateway, read.cost) == (Gateway(), GoalCost())


def test_what_is_left_out_has_the_documented_default() -> None:
    read = parse_scenario(text(), "rainy-day.yaml", Path())
    assert (read.name, read.seed, read.warm_up_s, read.every_s) == ("rainy-day", 1, 0, 15)
    assert (read.patience, read.routing, read.gateway, read.cost) == (None, Routing.LEAST_LOADED, Gateway(), GoalCost())
    assert f"{read.clock:%a %Y-%m-%d %H:%M}" == "Mon 2026-03-02 09:00"
    assert read.source == "rainy-day.yaml"


def test_a_file_is_named_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "a day.yaml").write_text(text(name='"from a file"'), "utf-8-sig")
    read = read_scenario(tmp_path / "a day.yaml")
    assert (read.name, read.source) == ("from a file", str(tmp_path / "a day.yaml"))


def test_nobody_leaves_where_patience_is_none() -> None:
    assert scenario(patience="none").patience is None
    patience = scenario(patience="{mean: 90s, distribution: lognormal, cv: 1.5}").patience
    assert patience == Spread(mean_s=90, cv=1.5)


def test_zero_in_a_weight_is_zero_and_not_the_default() -> None:
    cost = scenario(cost="{late_minute: 0, free: 0s, abandoned: 0}").cost
    assert (cost.late_minute, cost.free_s, cost.abandoned, cost.crowding) == (0, 0, 0, 0.1)


def test_agents_have_what_their_entry_says() -> None:
    agents = scenario(
        agents="""
  - {ids: 1001-1016, limit: 3, speed_cv: 0.2}
  - {count: 4, limit: 1, tier: trainee, speed: 0.7, shift: "22:00-06:00 13:00-17:00", slowdown: {kind: ps}}
  - {count: 1, limit: 60, shift: ["09:00-12:00", "12:00-24:00"]}"""
    ).agents
    assert [(entry.count, entry.limit, entry.first_id) for entry in agents] == [
        (16, 3, 1001),
        (4, 1, None),
        (1, 60, None),
    ]
    assert (agents[0].speed_cv, agents[1].speed, agents[1].tier) == (0.2, 0.7, "trainee")
    assert agents[1].shift == (Window(start_s=13 * 3600, end_s=17 * 3600), Window(start_s=22 * 3600, end_s=6 * 3600))
    assert agents[2].shift == (Window(start_s=9 * 3600, end_s=12 * 3600), Window(start_s=12 * 3600, end_s=86400))
    assert agents[1].curves[0].factors.tolist() == [1] * 60


@pytest.mark.parametrize(
    ("shift", "is_somebody_there"),
    [
        ("09:00-17:00", True),
        ("18:59-19:30", True),
        ("19:00-20:00", False),
        ("05:00-09:00", False),
        ("05:00-09:01", True),
        ("22:00-09:01", True),
        ("22:00-09:00", False),
        ("20:00-19:00", True),
    ],
)
def test_somebody_must_be_there_at_some_time_of_the_run(shift: str, is_somebody_there: bool) -> None:
    agents = f'[{{count: 2, limit: 3, shift: "{shift}"}}]'
    if is_somebody_there:
        assert scenario(agents=agents).agents
    else:
        with pytest.raises(Exception, match="the scenario has 1 error"):
            scenario(agents=agents)


def curve(written: str) -> list[float]:
    """Factors of a slowdown."""
    return scenario(service=f"{{solo_chat: 400s, slowdown: {written}}}").service.curves[0].factors.tolist()


@pytest.mark.parametrize(
    ("written", "first"),
    [
        ("linear", [1, 2, 3, 4, 5]),
        ("{kind: linear}", [1, 2, 3, 4, 5]),
        ("ps", [1, 1, 1, 1, 1]),
        ("{kind: power, alpha: 0.785}", [1, 1.72, 2.37, 2.97, 3.54]),
        ("{kind: usl, sigma: 0.10, kappa: 0.036}", [1, 1.71, 2.12, 2.31, 2.36]),
        ("{kind: mva, work: 0.2, think: 0.8}", [1, 1.92, 2.75, 3.45, 4.01]),
        ("{kind: mva, work: 72s, think: 2m48s}", [1, 1.84, 2.47, 2.90, 3.14]),
        ("{kind: mva, work: 1, think: 0}", [1, 1, 1, 1, 1]),
        ("{kind: table, factors: [1, 1.7, 2.5]}", [1, 1.7, 2.5, 2.5, 2.5]),
        ("{kind: usl, sigma: 0.10, kappa: 0.036, speed: 0.5}", [0.5, 0.855, 1.06, 1.155, 1.18]),
    ],
)
def test_a_slowdown_is_the_curve_of_its_formula(written: str, first: list[float]) -> None:
    factors = curve(written)
    assert factors[:5] == pytest.approx(first, abs=0.006)
    assert len(factors) == 60


def test_a_day_of_slowdowns_is_sorted_and_keeps_their_shapes() -> None:
    curves = scenario(
        service="""
  solo_chat: 400s
  slowdown: [{from: "12:00", kind: usl, sigma: 0.1, kappa: 0.1}, {from: "00:00", kind: linear}]"""
    ).service.curves
    assert [curve.from_s for curve in curves] == [0, 43200]
    assert [curve.shape for curve in curves] == [Power(alpha=1), UniversalScalability(sigma=0.1, kappa=0.1)]


@given(st.floats(0, 1), st.floats(0, 1))
@settings(deadline=None)
def test_every_usl_without_negative_parameters_is_accepted_and_above_zero(sigma: float, kappa: float) -> None:
    factors = curve(f"{{kind: usl, sigma: {sigma:.12f}, kappa: {kappa:.12f}}}")
    assert min(factors) > 0
    assert factors[0] == 1


def test_turns_of_work_and_thought_level_off() -> None:
    factors = curve("{kind: mva, work: 30s, think: 90s}")
    assert all(later >= earlier for earlier, later in pairwise(factors))
    assert factors[-1] == pytest.approx(4)
    assert factors[-1] <= 4


def test_rates_hold_from_their_time_of_day_every_day_and_the_first_before_it() -> None:
    arrivals = scenario(
        duration="48h",
        clock='"2026-03-02 06:00"',
        arrivals='{rates: [{from: "20:00", rate: 0.01}, {from: "08:00", rate: 0.1}], step: 1h}',
    ).arrivals
    hourly = [0.1 if hour % 24 < 20 else 0.01 for hour in range(6, 54)]
    assert arrivals.expected == pytest.approx([rate * 3600 for rate in hourly])


def test_a_rate_that_changes_inside_a_step_counts_for_its_part() -> None:
    arrivals = scenario(
        duration="2h", arrivals='{rates: [{from: "00:00", rate: 1}, {from: "09:15", rate: 2}], step: 1h, scale: 0.5}'
    ).arrivals
    assert arrivals.expected == pytest.approx([0.5 * (900 + 2 * 2700), 3600])


def test_bursts_multiply_what_comes_while_they_last_and_each_other() -> None:
    bursts = "bursts: [{at: 10m, for: 10m, times: 8}, {at: 15m, for: 10m, times: 2}, {at: 50m, for: 5h, times: 0}]"
    expected = scenario(duration="1h", arrivals=f"{{rate: 1, step: 5m, {bursts}}}").arrivals.expected
    assert expected / 300 == pytest.approx([1, 1, 8, 16, 2, 1, 1, 1, 1, 1, 0, 0])


def test_a_burst_that_begins_inside_a_step_counts_in_proportion() -> None:
    expected = scenario(duration="20m", arrivals="{rate: 1, step: 10m, bursts: [{at: 5m, for: 5m, times: 3}]}").arrivals
    assert expected.expected == pytest.approx([1200, 600])


def test_counts_are_those_of_the_steps_from_the_start() -> None:
    arrivals = scenario(duration="50m", arrivals="{counts: [1, 2.5, 0, 4], step: 20m, scale: 2}").arrivals
    assert (arrivals.step_s, arrivals.expected.tolist()) == (1200, [2, 5, 0])


def test_overdispersion_goes_with_every_form() -> None:
    for form in ("rate: 0.1", 'rates: [{from: "00:00", rate: 0.1}]', "trace: departures_15min.csv"):
        arrivals = scenario(arrivals=f"{{{form}, overdispersion: 1.5, day_factor_cv: 0.2}}").arrivals
        assert (arrivals.overdispersion, arrivals.day_factor_cv) == (1.5, 0.2)


@given(st.integers(1, 60 * 86400), st.integers(1, 86400))
@settings(deadline=None, max_examples=50)
def test_steps_always_cover_the_duration(duration_s: int, step_s: int) -> None:
    read = scenario(duration=f"{duration_s}s", arrivals=f"{{rate: 0.1, step: {step_s}s}}")
    assert len(read.arrivals.expected) == math.ceil(duration_s / step_s)


def test_a_curve_s_shape_and_factors_agree() -> None:
    (held,) = scenario(service="{solo_chat: 400s, slowdown: {kind: mva, work: 20s, think: 60s}}").service.curves
    assert held.shape is not None
    assert [factor(held.shape, chats) for chats in range(1, 61)] == held.factors.tolist()
