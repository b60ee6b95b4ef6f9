"""Warm-up: an agent's ceiling after it signs in, and never after a restart of the daemon."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autoscaler.core.book import Group, IdRange, Limits, Tier, WarmUp
from autoscaler.core.plan import Stage
from autoscaler.core.readings import AgentState, Overrides, Pin
from autoscaler.core.warming import warm_ceiling

from .staging import (
    UNKNOWN,
    WAITING,
    Floor,
    Person,
    group,
    on_a_call,
    over,
    people,
    raising,
    slots,
    wanted,
    why,
)

GENTLY = WarmUp(start=1, add=1, every_s=90.0)


def gently(*rules: Any, warm_up: WarmUp = GENTLY, **more: Any) -> Group:
    return group(*rules, warm_up=warm_up, **more)


@pytest.mark.parametrize(
    ("warm_up", "signed_in_for_s", "expected"),
    [
        (GENTLY, 0.0, 1),
        (GENTLY, 89.9, 1),
        (GENTLY, 90.0, 2),
        (GENTLY, 180.0, 3),
        (GENTLY, 90.0 * 58, 59),
        (GENTLY, 90.0 * 59, 60),
        (GENTLY, 1e12, 60),
        (GENTLY, UNKNOWN, 60),
        (GENTLY, -500.0, 1),
        (WarmUp(start=2, add=3, every_s=60.0), 59.0, 2),
        (WarmUp(start=2, add=3, every_s=60.0), 119.0, 5),
        (WarmUp(start=2, add=3, every_s=60.0), 120.0, 8),
        (WarmUp(start=1, add=60, every_s=60.0), 60.0, 60),
    ],
)
def test_the_ceiling_grows_step_by_step_and_is_sixty_where_nobody_knows(
    warm_up: WarmUp, signed_in_for_s: float, expected: int
) -> None:
    assert warm_ceiling(warm_up, np.array([signed_in_for_s])).tolist() == [expected]


def test_who_signs_in_starts_low_and_ends_at_what_it_carries() -> None:
    floor = Floor.of(gently(), people(2))
    floor.tick(0)
    floor.people[1003] = Person(id=1003, limit=UNKNOWN, signed_in_for_s=5.0)
    reached = []
    for tick in range(14):
        floor.change(1003, signed_in_for_s=5.0 + tick * 30)
        reached.append(wanted(floor.tick(30 + tick * 30))[1003])
    assert reached == [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3]
    assert set(wanted(floor.tick(460)).values()) == {3}


def test_while_warming_up_no_rule_raises_an_agent_beyond_it_and_the_plan_says_so() -> None:
    floor = Floor.of(gently(raising(slots(6), over(WAITING, 20))), people(2, load=3.0))
    floor.change(1002, signed_in_for_s=100.0)
    plan = floor.tick(0, 30)
    assert wanted(plan) == {1001: 6, 1002: 2}
    assert why(plan, 1002, Stage.ARBITRATED) == "warming up after sign-in"
    assert why(plan, 1001, Stage.ARBITRATED) == "no change at this stage"


def arriving(floor: Floor, *, restarts: bool = False) -> list[int]:
    """Limits of 1003, of whom nobody says when it signed in, at 15 s, 104 s, 105 s and 195 s."""
    floor.change(signed_in_for_s=UNKNOWN)
    floor.tick(0)
    floor.people[1003] = Person(id=1003, signed_in_for_s=UNKNOWN)
    reached = []
    for seconds in (15, 104, 105, 195):
        if restarts:
            floor.restart()
        reached.append(wanted(floor.tick(seconds))[1003])
    return reached


@pytest.mark.parametrize("restarts", [False, True])
def test_without_a_sign_in_time_an_agent_warms_up_from_when_it_came(restarts: bool) -> None:
    floor = Floor.of(gently(), people(2))
    assert arriving(floor, restarts=restarts) == [1, 1, 2, 3]
    assert set(wanted(floor.tick(200)).values()) == {3}


def test_who_was_there_when_remembering_began_is_not_warmed_up() -> None:
    floor = Floor.of(gently(), people(3, signed_in_for_s=UNKNOWN))
    for seconds in (0, 15, 400):
        assert set(wanted(floor.tick(seconds)).values()) == {3}


@pytest.mark.parametrize("signed_in_for_s", [UNKNOWN, 7200.0])
def test_a_long_stop_of_the_daemon_warms_nobody_up(signed_in_for_s: float) -> None:
    floor = Floor.of(gently(), people(3, signed_in_for_s=signed_in_for_s))
    floor.tick(0)
    floor.restart()
    assert set(wanted(floor.tick(3600)).values()) == {3}
    assert set(wanted(floor.tick(3615)).values()) == {3}


def test_who_signed_in_while_the_daemon_was_down_is_warmed_up_by_its_sign_in_time() -> None:
    floor = Floor.of(gently(), people(2, signed_in_for_s=7200.0))
    floor.tick(0)
    floor.change(1002, signed_in_for_s=100.0)
    assert wanted(floor.tick(3600)) == {1001: 3, 1002: 2}
    floor.change(1002, signed_in_for_s=UNKNOWN)
    assert wanted(floor.tick(3605)) == {1001: 3, 1002: 1}  # no reading: counted from when it was seen to be back


def test_a_short_absence_is_no_sign_in_and_a_long_one_is() -> None:
    floor = Floor.of(gently(), people(2, signed_in_for_s=UNKNOWN))
    floor.tick(0)
    gone = floor.people.pop(1002)
    floor.tick(200)
    floor.people[1002] = gone
    assert wanted(floor.tick(290)) == {1001: 3, 1002: 3}
    del floor.people[1002]
    floor.tick(305)
    floor.tick(590)
    floor.tick(600)
    floor.people[1002] = gone
    assert wanted(floor.tick(610)) == {1001: 3, 1002: 1}
    assert wanted(floor.tick(790)) == {1001: 3, 1002: 3}


def test_who_was_listed_as_signed_out_warms_up_when_it_signs_in() -> None:
    floor = Floor.of(gently(), people(2, signed_in_for_s=UNKNOWN))
    floor.change(1002, state=AgentState.SIGNED_OUT)
    floor.tick(0)
    floor.tick(100)
    floor.change(1002, state=AgentState.IDLE)
    assert wanted(floor.tick(115))[1002] == 1
    assert wanted(floor.tick(205))[1002] == 2


def test_a_clock_set_back_after_an_agent_came_takes_no_limit_below_the_start() -> None:
    floor = Floor.of(gently(), people(2, signed_in_for_s=UNKNOWN))
    floor.tick(1000)
    floor.people[1003] = Person(id=1003, signed_in_for_s=UNKNOWN)
    floor.tick(1015)
    assert wanted(floor.tick(200))[1003] == 1


def test_a_warm_up_goes_before_the_floor_and_the_tiers_ceiling_before_the_warm_up() -> None:
    low = Tier(name="low", ids=(IdRange(first=1002, last=1002),), limits=Limits(floor=1, baseline=1, ceiling=2))
    rules = gently(limits=Limits(floor=2, baseline=3, ceiling=6), tiers=(low,))
    floor = Floor.of(rules, people(2, signed_in_for_s=10.0))
    assert wanted(floor.tick(0)) == {1001: 1, 1002: 1}
    floor.change(signed_in_for_s=400.0)
    assert wanted(floor.tick(15)) == {1001: 3, 1002: 2}


def test_of_a_cap_and_a_warm_up_the_lower_counts_and_is_named() -> None:
    floor = Floor.of(gently(on_a_call()), people(2, state=AgentState.TALKING, signed_in_for_s=200.0))
    plan = floor.tick(0)
    assert wanted(plan) == {1001: 1, 1002: 1}
    assert why(plan, 1001, Stage.ARBITRATED) == "above the agent's ceiling, or capped by 'on a call'"
    slow = replace(GENTLY, every_s=900.0)
    floor = Floor.of(
        gently(replace(on_a_call(), cap=2), warm_up=slow), people(1, state=AgentState.TALKING, signed_in_for_s=5.0)
    )
    plan = floor.tick(0)
    assert wanted(plan) == {1001: 1}
    assert why(plan, 1001, Stage.ARBITRATED) == "warming up after sign-in"
    floor.change(state=AgentState.IDLE, signed_in_for_s=1000.0)
    assert wanted(floor.tick(15)) == {1001: 2}


def test_a_persons_pin_is_not_warmed_up() -> None:
    pin = Pin(agent=1001, media_type=51, limit=5, until=None, reason="", by="")
    floor = Floor.of(gently(), people(2, signed_in_for_s=5.0))
    assert wanted(floor.tick(0, overrides=Overrides(pins=(pin,)))) == {1001: 5, 1002: 1}


def test_an_agent_who_is_not_heard_of_does_not_go_up_with_its_warm_up() -> None:
    floor = Floor.of(gently(), people(1, signed_in_for_s=5.0))
    assert wanted(floor.tick(0)) == {1001: 1}
    floor.change(signed_in_for_s=95.0, load=UNKNOWN)
    assert wanted(floor.tick(90)) == {1001: 1}
    floor.change(load=1.0)
    assert wanted(floor.tick(105)) == {1001: 2}
