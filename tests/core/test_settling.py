"""What arbitration makes of single proposals: vetoes, wishes for single agents, and who is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autoscaler.core.arbitration import Settled, settle
from autoscaler.core.book import Direction, Limits, Mode, Rule, Weekly
from autoscaler.core.expressions import Name, Or, Scope
from autoscaler.core.proposals import NO_RULE, Ask, Barrier, Proposals, Veto
from autoscaler.core.readings import AgentState
from autoscaler.core.verdicts import VerdictKind

from .staging import (
    ALWAYS,
    LOAD,
    START,
    UNKNOWN,
    WAITING,
    Floor,
    Person,
    calls,
    each,
    group,
    is_state,
    lowering,
    named,
    on_a_call,
    over,
    people,
    raising,
    slots,
    under,
    wanted,
)

RULES = tuple(Rule(name=name) for name in ("first", "second", "third"))


def column(*values: int) -> np.ndarray:
    return np.array(values, np.int16)


def claims(*values: int) -> np.ndarray:
    return np.array(values, np.bool_)


def settled(*, limit: tuple[int, ...] = (3, 3), movable: tuple[int, ...] = (1, 1), **asked: Any) -> Settled:
    n = len(limit)
    proposals = Proposals(floor=column(*[1] * n), ceiling=column(*[6] * n), **asked)
    return settle(proposals, RULES, limit=column(*limit), movable=claims(*movable))


def veto(direction: Direction, rule: int = 1, *, is_known: bool = True) -> Veto:
    return Veto(direction=direction, rule=rule, is_known=is_known)


def barrier(agents: tuple[int, ...], unsure: tuple[int, ...] = (0, 0), by: tuple[int, ...] = (0, 0)) -> Barrier:
    return Barrier(agents=claims(*agents), unsure=claims(*unsure), by=column(*by))


def test_one_slot_up_beats_every_lower_and_one_slot_down_is_a_lower() -> None:
    asks = [Ask(delta=-4, rule=0), Ask(delta=1, rule=1), Ask(delta=-1, rule=2)]
    found = settled(asks=asks)
    assert (found.rule, found.ups.anyone, found.downs.anyone) == (1, 1, 0)
    assert found.held == ("'second' raises, so 'first' does not lower", "'second' raises, so 'third' does not lower")
    found = settled(asks=[asks[0], asks[2]])
    assert (found.rule, found.ups.anyone, found.downs.anyone) == (2, 0, 1)
    assert found.held == ()


def test_a_veto_takes_its_direction_alone_out_and_what_was_asked_is_kept() -> None:
    asks = [Ask(delta=1, rule=0), Ask(delta=-1, rule=2)]
    found = settled(asks=asks, vetoes=[veto(Direction.RAISE)])
    assert found.asked == asks[0]
    assert (found.rule, found.ups.units, found.downs.units) == (2, 0, 1)
    assert found.held == ("'second' holds every raise",)
    found = settled(asks=asks, vetoes=[veto(Direction.LOWER, is_known=False)])
    assert (found.rule, found.ups.units, found.downs.units) == (0, 1, 0)
    assert found.held == ("'second' might hold every lower: what it rests on is missing",)


def test_a_veto_of_both_leaves_nothing_and_says_it_for_either_direction() -> None:
    vetoes = [veto(Direction.RAISE), veto(Direction.LOWER)]
    found = settled(asks=[Ask(delta=2, rule=0), Ask(delta=-2, rule=2)], vetoes=vetoes)
    assert (found.rule, found.ups.units, found.downs.units) == (NO_RULE, 0, 0)
    assert found.held == ("'second' holds every raise", "'second' holds every lower")


@pytest.mark.parametrize(("direction", "delta"), [(Direction.RAISE, -1), (Direction.LOWER, 1)])
def test_a_veto_of_what_nobody_asks_for_goes_without_saying(direction: Direction, delta: int) -> None:
    assert settled(asks=[Ask(delta=delta, rule=0)], vetoes=[veto(direction)]).held == ()
    assert settled(vetoes=[veto(direction)]).held == ()


def test_a_veto_of_the_group_stops_wishes_for_single_agents_and_is_said() -> None:
    found = settled(up=column(1, 0), vetoes=[veto(Direction.RAISE)])
    assert found.ups.own is None
    assert found.held == ("'second' holds every raise",)
    found = settled(down=column(1, 0), vetoes=[veto(Direction.LOWER)])
    assert found.downs.own is None
    assert found.held == ("'second' holds every lower",)
    found = settled(up=column(1, 0), down=column(0, 2), vetoes=[veto(Direction.LOWER)])
    assert (found.ups.own_units, found.downs.own_units) == (1, 0)


def test_what_beats_comes_after_what_forbids_and_cooling_last() -> None:
    found = settled(
        asks=[Ask(delta=2, rule=0), Ask(delta=-2, rule=2)],
        down=column(1, 0),
        vetoes=[],
        cooling=[(1, 12.4)],
    )
    assert found.held == ("'first' raises, so 'third' does not lower", "'second' cools down for 12 s")
    found = settled(asks=[Ask(delta=2, rule=0), Ask(delta=-2, rule=2)], up=column(0, 1), vetoes=[veto(Direction.LOWER)])
    assert found.held == ("'second' holds every lower",)


def test_wishes_for_single_agents_stay_inside_their_bounds_and_circumstances() -> None:
    found = settled(up=column(2, 2), limit=(5, 3))
    assert found.ups.own is not None
    assert (found.ups.own.tolist(), found.ups.units) == ([1, 2], 3)
    found = settled(up=column(2, 2), movable=(0, 1))
    assert found.ups.own is not None
    assert found.ups.own.tolist() == [0, 2]
    found = settled(up=column(2, 2), no_raise=barrier((1, 0)))
    assert found.ups.own is not None
    assert found.ups.own.tolist() == [0, 2]
    found = settled(down=column(3, 3), limit=(2, 5), no_lower=None)
    assert found.downs.own is not None
    assert found.downs.own.tolist() == [1, 3]
    found = settled(down=column(3, 3), limit=(5, 5), no_lower=barrier((0, 1)))
    assert found.downs.own is not None
    assert found.downs.own.tolist() == [3, 0]


def test_who_stands_above_its_ceiling_gets_nothing_more_and_below_its_floor_loses_nothing() -> None:
    found = settled(up=column(2, 2), limit=(8, 6))
    assert found.ups.own is not None
    assert found.ups.own.tolist() == [0, 0]
    low = settle(
        Proposals(floor=column(3, 3), ceiling=column(6, 6), down=column(2, 2)),
        RULES,
        limit=column(2, 3),
        movable=claims(1, 1),
    )
    assert low.downs.own is not None
    assert low.downs.own.tolist() == [0, 0]


def test_of_an_agents_own_raise_and_lower_the_raise_counts() -> None:
    found = settled(up=column(1, 0), down=column(2, 2))
    assert found.ups.own is not None
    assert found.downs.own is not None
    assert (found.ups.own.tolist(), found.downs.own.tolist()) == ([1, 0], [0, 2])


def test_of_two_barriers_a_known_one_speaks_for_an_agent() -> None:
    known = barrier((1, 1, 0, 0), (0, 0, 0, 0), (1, 1, -1, -1))
    unsure = barrier((0, 1, 1, 0), (0, 1, 1, 0), (-1, 2, 2, -1))
    for joined in (known.joined(unsure), unsure.joined(known)):
        assert joined.agents.tolist() == [True, True, True, False]
        assert joined.unsure.tolist() == [False, False, True, False]
        assert joined.by.tolist() == [1, 1, 2, -1]
    both = unsure.joined(barrier((0, 1, 0, 1), (0, 1, 0, 1), (-1, 0, -1, 0)))
    assert both.agents.tolist() == [False, True, True, True]
    assert both.unsure.tolist() == [False, True, True, True]
    assert both.by.tolist() == [-1, 0, 2, 0]


TALKS = is_state("talking")


def test_rules_after_one_that_only_observes_or_cools_down_are_heard() -> None:
    watch = raising(slots(3), name="watch", mode=Mode.OBSERVE)
    assert Floor.of(group(watch, raising(slots(1))), people(3)).tick(0).slots.wanted == 10
    floor = Floor.of(group(raising(slots(2), cooldown_s=60.0), raising(slots(1), name="little")), people(3))
    assert floor.tick(0).slots.wanted == 11
    plan = floor.tick(15)
    assert plan.slots.wanted == 12
    assert plan.held == ("'surge' cools down for 45 s",)


@pytest.mark.parametrize(
    "rule",
    [
        raising(slots(2), cooldown_s=60.0),
        lowering(slots(2), cooldown_s=60.0),
        Rule(name="set", when=ALWAYS, set_to=slots(11), cooldown_s=60.0),
    ],
)
def test_every_move_waits_for_its_rules_own_cooldown(rule: Rule) -> None:
    floor = Floor.of(group(rule), people(3, load=0.0))
    assert calls(floor.tick(0))
    plan = floor.tick(15)
    assert plan.held == (f"'{rule.name}' cools down for 45 s",)
    assert floor.tick(60).held == ()


def test_what_bounds_without_moving_waits_for_nothing() -> None:
    rule = Rule(name="crowd", when=ALWAYS, raise_by=slots(1), cap=4, cooldown_s=600.0)
    floor = Floor.of(group(rule), people(1))
    assert wanted(floor.tick(0)) == {1001: 4}
    floor.people |= {one.id: one for one in people(1, first=1002, limit=6.0)}
    assert wanted(floor.tick(15)) == {1001: 4, 1002: 4}


def test_an_agents_cap_and_anothers_keep_their_own_names() -> None:
    tired = Rule(name="tired", when=over(LOAD, 4), per_agent=True, cap=2)
    team = people(3, limit=5.0)
    team[0] = Person(id=1001, limit=5.0, state=AgentState.TALKING)
    team[2] = Person(id=1003, limit=5.0, load=5.0)
    plan = Floor.of(group(on_a_call(), tired), team).tick(0)
    assert [plan.rule_of(row) for row in range(3)] == ["on a call", None, "tired"]
    floors = [
        Rule(name="low", when=over(LOAD, 4), per_agent=True, floor=4),
        Rule(name="calls", when=TALKS, per_agent=True, floor=5),
    ]
    team = [Person(id=one.id, limit=1.0, load=one.load, state=one.state) for one in team]
    plan = Floor.of(group(*floors), team).tick(0)
    assert list(wanted(plan).values()) == [5, 1, 4]
    assert [plan.rule_of(row) for row in range(3)] == ["calls", None, "low"]


def test_of_equal_bounds_the_earlier_rule_is_named() -> None:
    caps = [Rule(name=name, when=ALWAYS, cap=2) for name in ("first", "second")]
    assert Floor.of(group(*caps), people(1)).tick(0).rule_of(0) == "first"
    floors = [Rule(name=name, when=ALWAYS, floor=5) for name in ("first", "second")]
    assert Floor.of(group(*floors), people(1)).tick(0).rule_of(0) == "first"


def test_a_floor_alone_meets_a_ceiling_of_the_file_and_a_cap_alone_a_floor_of_the_file() -> None:
    high = Limits(floor=3, baseline=3, ceiling=6)
    plan = Floor.of(group(Rule(name="calls", when=ALWAYS, cap=1), limits=high), people(1, load=0.0)).tick(0)
    assert wanted(plan) == {1001: 1}
    rules = (Rule(name="calls", when=ALWAYS, cap=1), lowering(slots(1)))
    assert wanted(Floor.of(group(*rules, limits=high), people(1, load=0.0)).tick(0)) == {1001: 1}


def test_two_caps_that_nobody_can_judge_keep_either_ones_agents_down() -> None:
    """The first is unknown of one agent, the second of the other; both were capped before."""
    first = Rule(name="first", when=over(named("agent.signed_in_for"), 1e9), per_agent=True, cap=1)
    second = Rule(name="second", when=TALKS, per_agent=True, cap=1)
    floor = Floor.of(group(first, second), people(3, limit=5.0, state=AgentState.TALKING))
    assert set(wanted(floor.tick(0)).values()) == {1}
    floor.change(state=AgentState.IDLE)
    floor.change(1001, signed_in_for_s=UNKNOWN)
    floor.change(1002, state=AgentState.UNKNOWN)
    assert wanted(floor.tick(15)) == {1001: 1, 1002: 1, 1003: 5}


@pytest.mark.parametrize(
    ("direction", "expected"),
    [(Direction.RAISE, ([3, 4], [2, 2])), (Direction.LOWER, ([4, 4], [3, 2])), (Direction.BOTH, ([3, 4], [3, 2]))],
)
def test_a_hold_of_single_agents_forbids_its_direction_to_them_alone(
    direction: Direction, expected: tuple[list[int], list[int]]
) -> None:
    hold = Rule(name="calm", when=TALKS, per_agent=True, hold=direction)
    moved = []
    for move in (raising(each(1)), lowering(each(1))):
        floor = Floor.of(group(move, hold), people(2, load=1.0))
        floor.change(1001, state=AgentState.TALKING)
        moved.append(list(wanted(floor.tick(0)).values()))
    assert tuple(moved) == expected


def test_two_holds_of_single_agents_forbid_a_lower_to_either_ones() -> None:
    holds = [
        Rule(name="calls", when=TALKS, per_agent=True, hold=Direction.LOWER),
        Rule(name="busy", when=over(LOAD, 1), per_agent=True, hold=Direction.LOWER),
    ]
    floor = Floor.of(group(lowering(each(1)), *holds), people(3, load=1.0))
    floor.change(1001, state=AgentState.TALKING)
    floor.change(1002, load=2.0)
    plan = floor.tick(0)
    assert list(wanted(plan).values()) == [3, 3, 2]


def test_of_single_agents_lowers_the_smallest_counts_for_each_and_is_named() -> None:
    rules = (
        Rule(name="two", when=under(LOAD, 2), per_agent=True, lower_by=each(2)),
        Rule(name="one", when=under(LOAD, 1), per_agent=True, lower_by=each(1)),
        Rule(name="three", when=under(LOAD, 3), per_agent=True, lower_by=each(3)),
        Rule(name="again", when=under(LOAD, 2), per_agent=True, lower_by=each(2)),
    )
    team = [Person(id=one.id, load=float(load), limit=5.0) for load, one in enumerate(people(4))]
    plan = Floor.of(group(*rules), team).tick(0)
    assert list(wanted(plan).values()) == [4, 3, 2, 5]
    assert [plan.rule_of(row) for row in range(4)] == ["one", "two", "three", None]


def test_of_single_agents_raises_the_largest_counts_for_each_and_is_named() -> None:
    rules = (
        Rule(name="one", when=over(LOAD, 0), per_agent=True, raise_by=each(1)),
        Rule(name="two", when=over(LOAD, 1), per_agent=True, raise_by=each(2)),
        Rule(name="same", when=over(LOAD, 1), per_agent=True, raise_by=each(2)),
        Rule(name="late", when=over(LOAD, -1), per_agent=True, raise_by=each(1)),
    )
    team = [Person(id=one.id, load=float(load), limit=1.0) for load, one in enumerate(people(3))]
    plan = Floor.of(group(*rules), team).tick(0)
    assert list(wanted(plan).values()) == [2, 2, 3]
    assert [plan.rule_of(row) for row in range(3)] == ["late", "one", "two"]


def test_outside_its_window_a_rule_for_single_agents_matches_none_of_them() -> None:
    night = Weekly(days=frozenset(range(7)), start=START.replace(hour=22).time(), end=START.replace(hour=6).time())
    floor = Floor.of(group(on_a_call(at=(night,))), people(2, state=AgentState.TALKING))
    verdict = floor.tick(0).verdicts[0]
    assert verdict.kind is VerdictKind.FALSE
    assert verdict.matched is not None
    assert verdict.unknown is not None
    assert (verdict.matched.tolist(), verdict.unknown.tolist()) == ([False, False], [False, False])
    assert verdict.matched.dtype == np.bool_


def test_a_group_wide_hold_that_only_observes_or_is_for_single_agents_is_no_veto_of_the_group() -> None:
    watch = Rule(name="watch", when=over(WAITING, 5), hold=Direction.BOTH, mode=Mode.OBSERVE)
    assert calls(Floor.of(group(raising(slots(1)), watch), people(2)).tick(0, UNKNOWN))
    nobody = Rule(name="calls", when=TALKS, per_agent=True, hold=Direction.BOTH)
    floor = Floor.of(group(raising(slots(1)), nobody), people(2))
    floor.change(1001, state=AgentState.TALKING)
    assert wanted(floor.tick(0)) == {1001: 3, 1002: 4}


def test_verdicts_say_how_long_and_what_is_missing_only_where_it_is_so() -> None:
    floor = Floor.of(group(raising(slots(1), over(WAITING, 20), for_s=30.0)), people(2))
    assert floor.tick(0, 5).verdicts[0].held_s == 0.0
    rules = group(raising(slots(1), over(WAITING, 20)), hold_or(), raising(slots(1), under(WAITING, 5), name="x"))
    plan = Floor.of(rules, people(2)).tick(0, 30)
    assert [verdict.missing for verdict in plan.verdicts] == [(), (), ()]
    assert floor.remembers().since == {}


def hold_or() -> Rule:
    """True by its known half although the other is missing."""
    return Rule(
        name="either", when=Or((over(WAITING, 20), over(Name(Scope.QUEUE, "waiting", 1), 5))), hold=Direction.LOWER
    )
