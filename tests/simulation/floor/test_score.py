"""The score of runs worked out by hand, second by second."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from autoscaler.core.book import GoalCost
from autoscaler.simulation.floor.kernel import ROUTINGS, advance, close, obey
from autoscaler.simulation.floor.score import score
from autoscaler.simulation.floor.state import SHIFT, TURN, Floor, blank
from autoscaler.simulation.scenario.model import Routing, Scenario, Service, Spread
from tests.simulation.floor.scenes import scenario

ALWAYS = math.inf


def scored(begins: float, ends: float) -> Scenario:
    plain = scenario(warm_up_s=begins, duration_s=ends, cost=GoalCost())
    return replace(plain, service=Service(solo=Spread(mean_s=60.0), curves=plain.service.curves))


def floor_of(
    people: list[tuple[float, float, float]], judged: Scenario, *, baseline: list[int], configured: list[int]
) -> Floor:
    """Agents who are there from 0 on and do not slow down; people as (arrival, work, patience)."""
    arrival, work, patience = np.array(people, float).T
    agents = len(baseline)
    floor = blank(
        arrival=arrival,
        work=work,
        patience=patience,
        baseline=np.array(baseline),
        configured=np.array(configured),
        speed=np.ones(agents),
        group=np.zeros(agents, np.int64),
        curves=np.arange(1.0, 61.0)[None, None, :],
        turns=np.array([], TURN),
        random=np.array([1, 2], np.uint64),
        routing=ROUTINGS.index(Routing.MOST_LOADED),
        scored=(judged.warm_up_s, judged.duration_s),
        gateway=(0.0, 0.0),
    )
    return floor._replace(shifts=np.array([(0.0, agent, True) for agent in range(agents)], SHIFT))


def test_five_customers() -> None:
    """One agent, baseline 1, limit 2 up to 200 s and 1 after; scored from 10 to 400 s.

    | comes | work | patience | starts | goes | waits |
    |     5 |  100 |        - |      5 |  105 |     0 | before the window
    |    20 |   90 |        - |     20 |  110 |     0 |
    |    30 |   60 |        - |    105 |  165 |    75 |
    |    40 |   10 |       25 |      - |   65 |    25 | leaves
    |    50 |   20 |      300 |    110 |  130 |    60 |
    """
    judged = scored(10, 400)
    people = [(5, 100, ALWAYS), (20, 90, ALWAYS), (30, 60, ALWAYS), (40, 10, 25), (50, 20, 300)]
    floor = floor_of(people, judged, baseline=[1], configured=[2])
    advance(*floor, 200.0)
    obey(*floor, 500.0, np.array([1]))
    close(floor.state, floor.agents)
    found = score(floor, judged)
    load_s = 95 + 90 + 60 + 20
    slots_s = 2 * 190 + 1 * 200
    assert found.cost == pytest.approx(
        {
            "late": (45 + 30) / 60 / 4,
            "abandoned": 5 / 4,
            "excess": 0.1 * (30 + 0 + 0) / 60 / 4,
            "crowding": 0.1 * (130 - 20) / 60 / 4,
            "changes": 0.05 / 4,
        }
    )
    assert found.metrics == pytest.approx(
        {
            "arrived": 4,
            "served": 3,
            "abandoned": 1,
            "p_wait": 3 / 4,
            "mean_wait_s": (0 + 75 + 25 + 60) / 4,
            "mean_wait_served_s": (0 + 75 + 60) / 3,
            "abandonment": 1 / 4,
            "service_level.20": 1 / (3 + 1),
            "service_level.30": 1 / 3,
            "service_level.60": 2 / 3,
            "mean_concurrency": load_s / 390,
            "slot_occupancy": load_s / slots_s,
            "busy": (165 - 10) / 390,
            "mean_chat_s": (90 + 60 + 20) / 3,
            "chat_stretch": (90 + 60 + 20) / 3 / 60,
            "limit_changes": 1,
            "limit_changes_per_agent_hour": 1 / (390 / 3600),
            "minutes_above_baseline_per_agent": 190 / 60,
            "fairness_gini": 0,
            "cost_per_chat": sum(found.cost.values()),
        }
    )


def test_crowding_is_squared_and_goes_on_after_sign_out_while_time_averages_stop() -> None:
    judged = scored(0, 300)
    floor = floor_of([(10, 100, ALWAYS)] * 4, judged, baseline=[1], configured=[4])
    shifts = np.array([(0.0, 0, True), (50.0, 0, False)], SHIFT)
    floor = floor._replace(shifts=shifts)
    advance(*floor, 400.0)
    close(floor.state, floor.agents)
    found = score(floor, judged)
    assert found.cost["crowding"] == pytest.approx(0.1 * 3**2 * 100 / 60 / 4)
    assert found.metrics["mean_concurrency"] == pytest.approx(4 * 40 / 50)
    assert found.metrics["busy"] == pytest.approx(40 / 50)
    assert found.metrics["slot_occupancy"] == pytest.approx(4 * 40 / (4 * 50))
    assert found.metrics["mean_chat_s"] == pytest.approx(100)
    assert found.metrics["minutes_above_baseline_per_agent"] == pytest.approx(50 / 60)


def test_fairness_is_over_chats_an_hour_signed_in() -> None:
    """One agent is busy with one chat all the while, the other serves three: |3 - 1| / (2 x (3 + 1))."""
    judged = scored(0, 900)
    floor = floor_of(
        [(10, 800, ALWAYS), (20, 10, ALWAYS), (40, 10, ALWAYS), (60, 10, ALWAYS)],
        judged,
        baseline=[1, 1],
        configured=[1, 1],
    )
    advance(*floor, 1000.0)
    close(floor.state, floor.agents)
    assert score(floor, judged).metrics["fairness_gini"] == pytest.approx(0.25)


def test_excess_is_counted_chat_by_chat_so_that_short_ones_make_up_for_nothing() -> None:
    judged = scored(0, 900)
    floor = floor_of([(10, 120, ALWAYS), (20, 10, ALWAYS)], judged, baseline=[2], configured=[2])
    advance(*floor, 1000.0)
    close(floor.state, floor.agents)
    assert score(floor, judged).cost["excess"] == pytest.approx(0.1 * 1 / 2)


def test_where_nobody_comes_there_is_nothing_to_say() -> None:
    judged = scored(0, 900)
    floor = floor_of([(2000, 1, ALWAYS)], judged, baseline=[2], configured=[2])
    advance(*floor, 3000.0)
    close(floor.state, floor.agents)
    metrics = score(floor, judged).metrics
    assert metrics["arrived"] == 0
    for name in ("p_wait", "mean_wait_s", "abandonment", "service_level.20", "mean_chat_s", "fairness_gini"):
        assert math.isnan(metrics[name])
    assert metrics["mean_concurrency"] == 0
