"""How rules stand: `for:` waits out its time, and what is not known is neither true nor false."""

from __future__ import annotations

import pytest

from autoscaler.core.book import Direction, InputSpec, Mode, Rule
from autoscaler.core.expressions import And, Arithmetic, Compare, Operator, Or, Relation
from autoscaler.core.plan import GroupPlan
from autoscaler.core.readings import AgentState, Input
from autoscaler.core.verdicts import VerdictKind

from .staging import (
    LOAD,
    UNKNOWN,
    WAITING,
    Floor,
    Person,
    calls,
    each,
    group,
    is_state,
    named,
    number,
    on_a_call,
    over,
    people,
    raising,
    share,
    slots,
    wanted,
)


def kind(plan: GroupPlan, rule: int = 0) -> VerdictKind:
    return plan.verdicts[rule].kind


def test_a_condition_must_hold_for_its_time_and_counts_from_exactly_then_on() -> None:
    floor = Floor.of(group(raising(slots(1), over(WAITING, 20), for_s=30)), people(5))
    assert kind(floor.tick(0, 21)) is VerdictKind.WAITING
    plan = floor.tick(29.9, 21)
    assert kind(plan) is VerdictKind.WAITING
    assert plan.verdicts[0].held_s == pytest.approx(29.9)
    assert not calls(plan)
    plan = floor.tick(30, 21)
    assert kind(plan) is VerdictKind.TRUE
    assert len(calls(plan)) == 1


def test_a_condition_that_stops_holding_starts_again_from_nothing() -> None:
    floor = Floor.of(group(raising(slots(1), over(WAITING, 20), for_s=30)), people(5))
    floor.tick(0, 21)
    assert kind(floor.tick(15, 20)) is VerdictKind.FALSE
    assert kind(floor.tick(30, 21)) is VerdictKind.WAITING
    assert kind(floor.tick(59.9, 21)) is VerdictKind.WAITING
    assert kind(floor.tick(60, 21)) is VerdictKind.TRUE


def test_a_missing_reading_breaks_a_condition_that_held() -> None:
    floor = Floor.of(group(raising(slots(1), over(WAITING, 20), for_s=30)), people(5))
    floor.tick(0, 21)
    plan = floor.tick(15, UNKNOWN)
    assert kind(plan) is VerdictKind.UNKNOWN
    assert plan.verdicts[0].missing == ("queue.waiting",)
    assert plan.unknown_inputs == ("queue.waiting",)
    assert kind(floor.tick(30, 21)) is VerdictKind.WAITING
    assert kind(floor.tick(60, 21)) is VerdictKind.TRUE


def test_a_rule_without_a_condition_always_holds() -> None:
    assert kind(Floor.of(group(raising(slots(1), None)), people(5)).tick(0, UNKNOWN)) is VerdictKind.TRUE


def test_a_clock_set_back_makes_no_negative_time() -> None:
    floor = Floor.of(group(raising(slots(1), over(WAITING, 20), for_s=30)), people(5))
    floor.tick(100, 21)
    plan = floor.tick(50, 21)
    assert plan.verdicts[0].held_s == 0.0
    assert kind(floor.tick(80, 21)) is VerdictKind.TRUE


BUSY = Rule(name="busy", when=over(LOAD, 2), per_agent=True, for_s=30, raise_by=each(1))


def test_a_rule_that_speaks_of_agents_keeps_a_time_for_each_of_them() -> None:
    floor = Floor.of(group(BUSY), people(3, load=3.0))
    floor.change(1002, load=0.0)
    assert kind(floor.tick(0)) is VerdictKind.WAITING
    floor.change(1002, load=3.0)
    floor.tick(15)
    plan = floor.tick(30)
    assert kind(plan) is VerdictKind.TRUE
    assert wanted(plan) == {1001: 4, 1002: 3, 1003: 4}


def test_an_agents_time_outlives_people_who_come_and_go_around_it() -> None:
    floor = Floor.of(group(BUSY), people(3, load=3.0))
    floor.tick(0)
    floor.leave(1001)
    floor.people |= {one.id: one for one in people(2, first=1000, load=0.0)}
    floor.people |= {one.id: one for one in people(1, first=2000, load=3.0)}
    floor.tick(15)
    plan = floor.tick(30)
    assert wanted(plan) == {1000: 3, 1001: 3, 1002: 4, 1003: 4, 2000: 3}
    assert wanted(floor.tick(45))[2000] == 4


def test_an_agent_who_leaves_starts_again_when_it_returns() -> None:
    floor = Floor.of(group(BUSY), people(2, load=3.0))
    floor.tick(0)
    gone = floor.people.pop(1002)
    floor.tick(15)
    floor.people[1002] = gone
    assert wanted(floor.tick(30)) == {1001: 4, 1002: 3}


@pytest.mark.parametrize("what", [{"load": UNKNOWN}, {"age_s": 61.0}])
def test_an_agent_whose_reading_is_lost_starts_again_too(what: dict[str, float]) -> None:
    floor = Floor.of(group(BUSY), people(2, load=3.0))
    floor.tick(0)
    before = floor.people[1002]
    floor.change(1002, **what)
    floor.tick(15)
    floor.people[1002] = before
    assert wanted(floor.tick(30)) == {1001: 4, 1002: 3}


def test_one_matching_agent_makes_a_rule_true_and_one_unknown_makes_it_unknown() -> None:
    floor = Floor.of(group(on_a_call()), people(2))
    assert kind(floor.tick(0)) is VerdictKind.FALSE
    floor.change(1001, state=AgentState.UNKNOWN)
    assert kind(floor.tick(15)) is VerdictKind.UNKNOWN
    floor.change(1002, state=AgentState.TALKING)
    plan = floor.tick(30)
    assert kind(plan) is VerdictKind.TRUE
    assert plan.verdicts[0].matched is not None
    assert plan.verdicts[0].matched.tolist() == [False, True]


OPTIONAL = InputSpec(name="reply", source="prometheus", query="x", max_age_s=60.0, between=None, required=False)
REQUIRED = InputSpec(name="reply", source="prometheus", query="x", max_age_s=60.0, between=None, required=True)
SLOW = over(named("input.reply"), 60)


@pytest.mark.parametrize(
    ("spec", "waiting", "may_veto"),
    [
        (REQUIRED, 30.0, True),
        (OPTIONAL, 30.0, False),
        (OPTIONAL, UNKNOWN, True),
    ],
)
def test_a_hold_whose_optional_input_alone_is_missing_abstains(spec: InputSpec, waiting: float, may_veto: bool) -> None:
    hold = Rule(name="slow replies", when=And((SLOW, over(WAITING, 5))), hold=Direction.RAISE)
    floor = Floor.of(group(raising(slots(2)), hold, inputs=(spec,)), people(5))
    plan = floor.tick(0, waiting)
    assert kind(plan, 1) is VerdictKind.UNKNOWN
    assert plan.verdicts[1].may_veto is may_veto
    assert bool(calls(plan)) is not may_veto
    assert any("might hold" in word for word in plan.held) is may_veto


@pytest.mark.parametrize(("spec", "raised"), [(REQUIRED, set()), (OPTIONAL, {1001, 1002})])
def test_a_hold_of_single_agents_that_wants_an_optional_input_alone_abstains_as_well(
    spec: InputSpec, raised: set[int]
) -> None:
    hold = Rule(name="slow replies", when=And((SLOW, over(LOAD, 2))), per_agent=True, hold=Direction.RAISE)
    floor = Floor.of(group(raising(slots(2)), hold, inputs=(spec,)), people(2, load=3.0))
    plan = floor.tick(0)
    assert set(calls(plan)) == raised
    assert plan.unknown_inputs == ("input.reply",)
    known = floor.tick(15, inputs={"reply": Input(value=90.0, age_s=1.0)})
    assert not calls(known)


def test_a_division_by_zero_is_not_known_and_yet_misses_no_reading() -> None:
    ratio = Arithmetic(Operator.DIV, WAITING, named("queue.arrivals_per_minute"))
    hold = Rule(name="piling up", when=Compare(Relation.GT, ratio, number(3)), hold=Direction.RAISE)
    floor = Floor.of(group(hold, raising(slots(2))), people(5))
    plan = floor.tick(0, 10)
    assert kind(plan) is VerdictKind.UNKNOWN
    assert plan.verdicts[0].may_veto
    assert plan.unknown_inputs == ()
    assert floor.remembers().missing_since is None


def test_a_rule_that_only_observes_is_judged_and_holds_nothing() -> None:
    hold = Rule(name="watch", when=over(WAITING, 5), hold=Direction.RAISE, mode=Mode.OBSERVE)
    cap = on_a_call(mode=Mode.OBSERVE)
    floor = Floor.of(group(raising(share(0.1)), hold, cap), people(5, state=AgentState.TALKING))
    plan = floor.tick(0, 30)
    assert [kind(plan, rule) for rule in range(3)] == [VerdictKind.TRUE] * 3
    assert list(wanted(plan).values()) == [4, 4, 3, 3, 3]
    assert not plan.held


def test_an_unknown_state_is_not_the_state_asked_for() -> None:
    floor = Floor.of(group(Rule(name="idle", when=is_state("idle"), per_agent=True, raise_by=each(1))), people(2))
    floor.change(1002, state=AgentState.UNKNOWN)
    assert wanted(floor.tick(0)) == {1001: 4, 1002: 3}


def test_what_is_not_known_of_some_agents_alone_is_named_too() -> None:
    either = Or((over(LOAD, 2), over(WAITING, 5)))
    rule = Rule(name="either", when=either, per_agent=True, raise_by=each(1))
    plan = Floor.of(group(rule), [Person(id=1001, load=3.0), Person(id=1002, load=0.0)]).tick(0, UNKNOWN)
    assert wanted(plan) == {1001: 4, 1002: 3}
    assert plan.unknown_inputs == ("queue.waiting",)
