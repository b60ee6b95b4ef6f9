"""Rules that outlast their condition: how they begin, go on and end, for groups and for single agents."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autoscaler.core.book import Direction, InputSpec, Rule, Weekly
from autoscaler.core.evaluation import Truth
from autoscaler.core.holding import agents_held, group_held
from autoscaler.core.readings import AgentState, Input
from autoscaler.core.verdicts import VerdictKind

from .staging import (
    LOAD,
    START,
    UNKNOWN,
    WAITING,
    Floor,
    calls,
    each,
    group,
    is_state,
    named,
    over,
    people,
    raising,
    slots,
    under,
    wanted,
)

YES, NO, MAYBE = Truth(True, False), Truth(False, True), Truth(False, False)
CROWDED = over(WAITING, 20)

KEEP = Rule(name="crowd", when=CROWDED, keep_for_s=60.0, cap=2)
UNTIL = Rule(name="crowd", when=CROWDED, until=under(WAITING, 5), cap=2)


def capped(rule: Rule, *waits: tuple[float, float], restarts: bool = False) -> list[VerdictKind]:
    """How the rule stands at each (seconds, waiting)."""
    floor = Floor.of(group(rule), people(2))
    stood = []
    for seconds, waiting in waits:
        stood.append(floor.tick(seconds, waiting).verdicts[0].kind)
        if restarts:
            floor.restart()
    return stood


T, F, U, W = VerdictKind.TRUE, VerdictKind.FALSE, VerdictKind.UNKNOWN, VerdictKind.WAITING

STORIES = [
    # kept for sixty seconds from the last tick at which it held
    (KEEP, [(0, 10), (15, 30), (30, 10), (74.9, 10), (75, 10), (90, 10)], [F, T, T, T, F, F]),
    # holding again starts the time anew
    (KEEP, [(0, 30), (30, 10), (45, 30), (60, 10), (104.9, 10), (105, 10)], [T, T, T, T, T, F]),
    # what is not known engages nothing, and while the time runs the rule abstains
    (KEEP, [(0, UNKNOWN), (15, 10)], [U, F]),
    (KEEP, [(0, 30), (15, UNKNOWN), (30, 10), (60, UNKNOWN), (75, 10)], [T, U, T, U, F]),
    # it stays from one condition to the other
    (UNTIL, [(0, 10), (15, 30), (30, 10), (45, 5), (60, 4), (75, 10)], [F, T, T, T, F, F]),
    (UNTIL, [(0, 30), (15, UNKNOWN), (30, 10), (45, 0), (60, UNKNOWN)], [T, U, T, F, U]),
    (UNTIL, [(0, UNKNOWN), (15, 10), (30, 21), (7200, 10)], [U, F, T, T]),
    # with `for`, it begins late and ends at once
    (replace(UNTIL, for_s=30.0), [(0, 30), (15, 30), (30, 30), (45, 10), (60, 4), (75, 30)], [W, W, T, T, F, W]),
    (replace(KEEP, for_s=30.0), [(0, 30), (30, 30), (45, 10), (60, 30), (89, 30), (90, 30)], [W, T, T, T, T, T]),
]


@pytest.mark.parametrize("restarts", [False, True], ids=["", "restarted"])
@pytest.mark.parametrize(("rule", "waits", "expected"), STORIES)
def test_a_rule_goes_on_after_its_condition_as_it_says(
    rule: Rule, waits: list[tuple[float, float]], expected: list[VerdictKind], restarts: bool
) -> None:
    assert capped(rule, *waits, restarts=restarts) == expected


def test_while_it_ends_and_begins_at_once_it_rests() -> None:
    """Both conditions true: the one that ends it counts."""
    rule = replace(UNTIL, until=under(WAITING, 40))
    assert capped(rule, (0, 30), (15, 50), (30, 30), (45, 30)) == [F, T, F, F]


TIRED = Rule(name="tired", when=over(LOAD, 4), per_agent=True, keep_for_s=60.0, hold=Direction.RAISE)


def test_each_agent_is_kept_for_its_own_time() -> None:
    floor = Floor.of(group(raising(each(1)), TIRED), people(3, load=3.0))
    floor.change(1001, load=5.0)
    plan = floor.tick(0)
    assert wanted(plan) == {1001: 3, 1002: 4, 1003: 4}
    floor.change(1001, load=3.0)
    floor.change(1002, load=5.0)
    floor.restart()
    plan = floor.tick(30)
    assert plan.verdicts[1].matched is not None
    assert plan.verdicts[1].matched.tolist() == [True, True, False]
    floor.change(1002, load=3.0)
    plan = floor.tick(60)
    assert plan.verdicts[1].matched is not None
    assert plan.verdicts[1].matched.tolist() == [False, True, False]
    assert floor.tick(90).verdicts[1].kind is F


def test_an_agent_whose_reading_is_lost_while_kept_is_not_judged_and_not_forgotten() -> None:
    floor = Floor.of(group(TIRED), people(2, load=3.0))
    floor.change(1001, load=5.0)
    floor.tick(0)
    floor.change(1001, load=UNKNOWN)
    verdict = floor.tick(15).verdicts[0]
    assert verdict.matched is not None
    assert verdict.unknown is not None
    assert (verdict.matched.tolist(), verdict.unknown.tolist()) == ([False, False], [True, False])
    floor.change(1001, load=3.0)
    assert floor.tick(30).verdicts[0].kind is T
    assert floor.tick(60).verdicts[0].kind is F


ON_CALLS = Rule(name="calls", when=is_state("talking"), until=is_state("idle"), per_agent=True, cap=1)


def test_each_agent_leaves_by_its_own_condition_and_wrap_up_is_neither() -> None:
    floor = Floor.of(group(ON_CALLS), people(3))
    floor.change(1001, 1002, state=AgentState.TALKING)
    assert wanted(floor.tick(0)) == {1001: 1, 1002: 1, 1003: 3}
    floor.change(1001, 1003, state=AgentState.WRAP_UP)
    floor.change(1002, state=AgentState.IDLE)
    assert wanted(floor.tick(15)) == {1001: 1, 1002: 3, 1003: 3}
    floor.restart()
    floor.change(1001, state=AgentState.UNKNOWN)
    plan = floor.tick(30)
    assert plan.verdicts[0].kind is U
    assert wanted(plan) == {1001: 1, 1002: 3, 1003: 3}
    floor.change(1001, state=AgentState.IDLE)
    assert wanted(floor.tick(45)) == {1001: 3, 1002: 3, 1003: 3}


def test_people_who_come_and_go_around_a_kept_agent_change_nothing_for_it() -> None:
    floor = Floor.of(group(ON_CALLS), people(2))
    floor.change(1002, state=AgentState.TALKING)
    floor.tick(0)
    floor.leave(1001)
    floor.people |= {one.id: one for one in people(2, first=999)}
    floor.change(1002, state=AgentState.WRAP_UP)
    assert wanted(floor.tick(15)) == {999: 3, 1000: 3, 1002: 1}


def test_an_agent_who_leaves_while_engaged_comes_back_at_rest() -> None:
    floor = Floor.of(group(ON_CALLS), people(2))
    floor.change(1002, state=AgentState.TALKING)
    floor.tick(0)
    gone = floor.people.pop(1002)
    floor.tick(15)
    floor.people[1002] = replace(gone, state=AgentState.WRAP_UP)
    assert floor.tick(30).verdicts[0].kind is F


def test_one_condition_for_the_whole_group_may_end_what_was_begun_for_single_agents() -> None:
    rule = replace(ON_CALLS, until=over(WAITING, 5))
    floor = Floor.of(group(rule), people(2))
    floor.change(1001, state=AgentState.TALKING)
    floor.tick(0)
    floor.change(1001, state=AgentState.IDLE)
    assert wanted(floor.tick(15)) == {1001: 1, 1002: 3}
    assert wanted(floor.tick(30, 6)) == {1001: 3, 1002: 3}


def test_a_reload_that_keeps_the_rules_name_keeps_it_engaged_and_another_name_starts_at_rest() -> None:
    for name, expected in (("crowd", T), ("other", F)):
        floor = Floor.of(group(UNTIL), people(2))
        floor.tick(0, 30)
        floor.rules = group(replace(UNTIL, name=name))
        assert floor.tick(15, 10).verdicts[0].kind is expected


def test_a_rule_that_no_longer_outlasts_its_condition_forgets() -> None:
    floor = Floor.of(group(UNTIL), people(2))
    floor.tick(0, 30)
    floor.rules = group(replace(UNTIL, until=None))
    assert floor.tick(15, 10).verdicts[0].kind is F
    assert not floor.remembers().engaged


def test_outside_its_window_an_engaged_rule_is_forgotten() -> None:
    morning = Weekly(days=frozenset(range(7)), start=START.time(), end=START.replace(minute=1).time())
    opens_again = Weekly(
        days=frozenset(range(7)), start=START.replace(minute=2).time(), end=START.replace(hour=12).time()
    )
    rule = replace(UNTIL, at=(morning, opens_again))
    assert capped(rule, (0, 30), (30, 10), (60, 10), (120, 10)) == [T, T, F, F]


def test_an_engaged_hold_whose_end_nobody_can_judge_might_still_forbid() -> None:
    hold = Rule(name="crowd", when=CROWDED, until=under(WAITING, 5), hold=Direction.RAISE)
    floor = Floor.of(group(hold, raising(slots(1), None)), people(2))
    assert not calls(floor.tick(0, 30))
    plan = floor.tick(15, UNKNOWN)
    assert not calls(plan)
    assert plan.held[0] == "'crowd' might hold every raise: what it rests on is missing"
    assert calls(floor.tick(30, 0))


def test_what_may_not_hold_back_does_not_hold_back_at_its_end_either() -> None:
    spec = InputSpec(name="reply", source="prometheus", query="x", max_age_s=60.0, between=None, required=False)
    hold = Rule(name="slow", when=CROWDED, until=under(named("input.reply"), 5), hold=Direction.RAISE)
    floor = Floor.of(group(hold, raising(slots(1), None), inputs=(spec,)), people(2))
    assert not calls(floor.tick(0, 30, inputs={"reply": Input(value=9.0, age_s=1.0)}))
    assert calls(floor.tick(15, 30))


CASES = list(
    itertools.product(
        (True, False),  # the condition holds
        (True, False),  # it is unknown
        (None, 70.0, 100.0),  # engaged since
        (0.0, 25.0),  # keep_for
        (None, YES, NO, MAYBE),  # until
    )
)


@pytest.mark.parametrize(("holds", "unknown", "engaged", "keep_for_s", "leave"), CASES)
def test_single_agents_are_kept_exactly_as_a_group_is(
    holds: bool, unknown: bool, engaged: float | None, keep_for_s: float, leave: Truth | None
) -> None:
    if (holds and unknown) or (leave is None) == (keep_for_s == 0):
        return
    what: dict[str, Any] = {"keep_for_s": keep_for_s, "at": 100.0}
    one = group_held(holds=holds, unknown=unknown, engaged=engaged, leave=leave, **what)
    in_force, unsure, since = agents_held(
        holds=np.array([holds]),
        unknown=np.array([unknown]),
        engaged=np.array([np.nan if engaged is None else engaged]),
        leave=None if leave is None else Truth(np.array([leave.yes]), np.array([leave.no])),
        **what,
    )
    assert (bool(in_force[0]), bool(unsure[0])) == one[:2]
    assert (None if np.isnan(since[0]) else since[0]) == one[2]


@pytest.mark.parametrize(
    ("holds", "unknown", "engaged", "leave", "expected"),
    [
        (True, False, None, NO, (True, False, 100.0)),
        (True, False, None, MAYBE, (False, True, 100.0)),
        (True, False, None, YES, (False, False, None)),
        (False, True, None, NO, (False, True, None)),
        (False, True, None, YES, (False, False, None)),
        (False, False, 70.0, NO, (True, False, 70.0)),
        (False, True, 70.0, NO, (True, False, 70.0)),
        (False, False, 70.0, MAYBE, (False, True, 70.0)),
        (True, False, 70.0, YES, (False, False, None)),
    ],
)
def test_until_keeps_a_rule_from_one_condition_to_the_other(
    holds: bool, unknown: bool, engaged: float | None, leave: Truth, expected: tuple[bool, bool, float | None]
) -> None:
    assert group_held(holds=holds, unknown=unknown, engaged=engaged, keep_for_s=0.0, leave=leave, at=100.0) == expected
