"""`track`: slots in proportion to a reading, and silent agents who damp a move and never turn it round."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autoscaler.core.book import Per, Rule, Safety, Smoothing, Stability, Track
from autoscaler.core.expressions import Arithmetic, Expression, Operator
from autoscaler.core.following import units_tracked
from autoscaler.core.readings import AgentState
from autoscaler.core.tracking import MOST_UNITS, Tolerance, from_total, per_unit
from autoscaler.core.verdicts import VerdictKind

from .staging import (
    LOAD,
    OCCUPANCY,
    UNKNOWN,
    WAITING,
    Floor,
    Person,
    assembled,
    calls,
    group,
    named,
    over,
    people,
    rate,
    slots,
    under,
    wanted,
)


def track(
    of: Expression = WAITING, *, per: Per = Per.GROUP, target: float = 10.0, down: float = 0.1, up: float = 0.1
) -> Track:
    return Track(input=of, per=per, target=target, tolerance_down=down, tolerance_up=up)


def follow(one: Track, **more: Any) -> Rule:
    return Rule(name="follow", track=one, **more)


def asked(one: Track, reading: Any, team: list[Person], limit: float = 3.0) -> int:
    columns = assembled(group(), [replace(person, limit=limit) for person in team])
    return units_tracked(one, reading, columns, slots=int(limit) * int(columns.counted.sum()))


TEN = people(10)


@pytest.mark.parametrize(
    ("per", "reading", "expected"),
    [
        (Per.GROUP, 20.0, 60),
        (Per.GROUP, 5.0, 15),
        (Per.GROUP, 12.5, 38),  # 37.5, rounded up
        (Per.GROUP, 7.1, 22),  # 21.3
        (Per.AGENT, 200.0, 60),
        (Per.AGENT, 50.0, 15),
        (Per.SLOT, 600.0, 60),
        (Per.SLOT, 151.0, 16),
        (Per.SLOT, 150.0, 15),
    ],
)
def test_slots_follow_the_reading_in_proportion(per: Per, reading: float, expected: int) -> None:
    assert asked(track(per=per), reading, TEN) == expected


@pytest.mark.parametrize("per", list(Per))
@pytest.mark.parametrize(("ratio", "moves"), [(0.9, False), (1.0, False), (1.1, False), (0.899, True), (1.101, True)])
def test_inside_the_tolerance_and_at_both_its_ends_nothing_moves(per: Per, ratio: float, moves: bool) -> None:
    on_target = {Per.GROUP: 10.0, Per.AGENT: 100.0, Per.SLOT: 300.0}[per]
    assert (asked(track(per=per), ratio * on_target, TEN) != 30) is moves


def test_the_two_tolerances_are_apart() -> None:
    wary = track(down=0.5, up=0.0)
    assert [asked(wary, reading, TEN) for reading in (5.0, 4.9, 10.1)] == [30, 15, 31]


@pytest.mark.parametrize("per", list(Per))
def test_a_reading_of_zero_asks_for_nothing_at_all_and_one_below_zero_for_no_less(per: Per) -> None:
    assert asked(track(per=per), 0.0, TEN) == 0
    assert asked(track(per=per), -5.0, TEN) == 0


@pytest.mark.parametrize("per", list(Per))
def test_a_group_without_agents_stays_as_it_is(per: Per) -> None:
    assert asked(track(per=per), 500.0, []) == 0
    resting = people(3, state=AgentState.REST)
    columns = assembled(group(), resting)
    assert units_tracked(track(per=per), 500.0, columns, slots=7) == 7


def test_agents_who_take_no_chats_are_not_among_those_the_reading_is_shared_by() -> None:
    team = [*people(5), *people(5, first=2001, state=AgentState.REST)]
    assert asked(track(per=Per.AGENT), 100.0, team) == 30


def test_from_no_slots_at_all_the_ratio_itself_is_the_answer() -> None:
    columns = assembled(group(), TEN)
    assert units_tracked(track(), 25.0, columns, slots=0) == 3
    assert units_tracked(track(per=Per.SLOT), 25.0, columns, slots=0) == 3
    silent = [replace(one, load=UNKNOWN if one.id > 1008 else 1.0) for one in TEN]
    columns = assembled(group(), silent)
    assert units_tracked(track(OCCUPANCY, per=Per.SLOT, target=0.5), 0.9, columns, slots=0) == 0


@pytest.mark.parametrize("function", [from_total, per_unit])
def test_what_is_asked_for_saturates(function: Any) -> None:
    most = Tolerance(down=0.1, up=0.1)
    if function is from_total:
        assert from_total(10, 10, math.inf, 1.0, most) == MOST_UNITS
    else:
        assert per_unit(10, math.inf, 1.0, most) == MOST_UNITS
    assert asked(track(OCCUPANCY, target=1.0), math.inf, [*people(9), Person(id=1, load=UNKNOWN)]) == MOST_UNITS


def silent(count: int, of: int = 10) -> list[Person]:
    """Ten agents of whom the last `count` are not heard of."""
    return [replace(one, age_s=90.0 if index >= of - count else 2.0) for index, one in enumerate(people(of))]


BUSY = track(OCCUPANCY, target=0.5)


@pytest.mark.parametrize(
    ("quiet", "reading", "expected"),
    [
        (0, 0.8, 48),  # 1.6
        (1, 0.8, 44),  # 1.6 x 0.9 = 1.44: the silent one counts as idle
        (1, 0.3, 20),  # 0.6 x 0.9 + 0.1 = 0.64: the silent one counts as on target
        (0, 0.3, 18),
        (1, 0.605, 30),  # 1.21 x 0.9 = 1.089: within the tolerance
        (1, 0.445, 30),  # 0.89 x 0.9 + 0.1 = 0.901: within the tolerance
        (5, 0.9, 30),  # 1.8 x 0.5 = 0.9: would turn round
        (5, 1.4, 42),  # 2.8 x 0.5 = 1.4
        (9, 0.0, 30),  # 0.9 at the end of the tolerance
        (8, 0.0, 24),
    ],
)
def test_silent_agents_damp_a_move(quiet: int, reading: float, expected: int) -> None:
    assert asked(BUSY, reading, silent(quiet)) == expected


@pytest.mark.parametrize("per", list(Per))
@pytest.mark.parametrize("of", ["occupancy", "busy", "load", "spare"])
@pytest.mark.parametrize("quiet", range(10))
def test_silent_agents_never_turn_a_move_round_and_never_make_it_larger(quiet: int, of: str, per: Per) -> None:
    heard = (10 - quiet) / 10
    one = track(named(f"group.{of}"), per=per, down=0.0, up=0.0)
    full = {Per.GROUP: 10.0, Per.AGENT: 100.0, Per.SLOT: 300.0}[per]
    is_sum = of in {"load", "spare"}
    for percent in range(0, 300, 7):
        reading = full * percent / 100
        everybody = asked(one, reading, silent(0))
        some = asked(one, reading * (heard if is_sum else 1.0), silent(quiet))
        if everybody >= 30:
            assert 30 <= some <= everybody
        else:
            assert everybody <= some <= 30


def test_silent_agents_do_not_damp_what_does_not_rest_on_them() -> None:
    assert asked(track(), 20.0, silent(5)) == 60
    assert asked(track(named("group.slots")), 20.0, silent(5)) == 60


def test_a_sum_over_those_who_are_known_is_held_against_their_share() -> None:
    load = track(named("group.load"), target=100.0, up=0.0, down=0.0)
    assert asked(load, 90.0, silent(1)) == 30  # nine of ten hold ninety: on target
    assert asked(load, 108.0, silent(1)) == 33  # 1.2 without the silent one, 1.08 with it idle
    assert asked(load, 95.0, silent(1)) == 30  # with it idle it would turn round
    assert asked(load, 45.0, silent(1)) == 17  # 0.5 x 0.9 + 0.1 = 0.55, 16.5


def column(*loads: float) -> np.ndarray:
    return np.array(loads, float)


def test_of_agents_own_readings_the_mean_of_those_who_are_heard_counts() -> None:
    loads = track(LOAD, target=2.0)
    four = people(4)
    assert asked(loads, column(4, 4, 2, 2), four) == 18
    assert asked(replace(loads, per=Per.AGENT), column(4, 4, 2, 2), four) == 18
    assert asked(replace(loads, per=Per.SLOT, target=0.5), column(4, 4, 2, 2), four) == 24
    # 2.0 x 0.75: the one who is not known counts as idle
    assert asked(loads, column(4, 4, 4, UNKNOWN), four) == 18
    assert asked(replace(loads, per=Per.SLOT, target=0.5), column(4, 4, 4, UNKNOWN), four) == 24
    assert asked(loads, column(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN), four) == 12


def test_agents_on_a_break_say_nothing_of_the_load() -> None:
    team = people(4)
    team[3] = replace(team[3], state=AgentState.REST)
    assert asked(track(LOAD, target=2.0), column(4, 4, 4, 0), team) == 18


def test_a_backlog_for_each_agent_raises_and_lowers_the_group_from_either_side() -> None:
    rules = group(follow(track(per=Per.AGENT, target=0.5)))
    assert Floor.of(rules, people(10, limit=2.0)).tick(0, 10).slots.wanted == 40
    assert Floor.of(rules, people(10, limit=4.0, load=0.0)).tick(0, 4).slots.wanted == 32
    plan = Floor.of(rules, people(10)).tick(0, 5)
    assert plan.slots.wanted == 30
    assert not calls(plan)


def test_agents_own_loads_are_tracked_from_the_readings_of_the_tick() -> None:
    rules = group(follow(track(LOAD, per=Per.AGENT, target=2.0), per_agent=True))
    floor = Floor.of(rules, people(10, load=3.0, limit=2.0))
    assert floor.tick(0).slots.wanted == 30
    floor.change(load=UNKNOWN)
    plan = floor.tick(15)
    assert not calls(plan)
    assert plan.verdicts[0].kind is VerdictKind.TRUE


def test_a_reading_of_agents_that_some_do_not_have_counts_for_the_others() -> None:
    rules = group(follow(track(named("agent.signed_in_for"), target=1800.0), per_agent=True))
    floor = Floor.of(rules, people(4, signed_in_for_s=3600.0, limit=2.0))
    floor.change(1001, signed_in_for_s=UNKNOWN)
    assert floor.tick(0).slots.wanted == 12


def test_what_is_tracked_and_not_known_moves_nobody_and_is_named() -> None:
    floor = Floor.of(group(follow(track())), people(10))
    plan = floor.tick(0, UNKNOWN)
    assert plan.verdicts[0].kind is VerdictKind.UNKNOWN
    assert plan.unknown_inputs == ("queue.waiting",)
    assert not calls(plan)


def test_a_rule_for_single_agents_that_tracks_what_is_not_known_moves_nobody_either() -> None:
    rule = follow(track(), when=over(LOAD, 1), per_agent=True)
    floor = Floor.of(group(rule), people(10))
    plan = floor.tick(0, UNKNOWN)
    assert plan.verdicts[0].kind is VerdictKind.UNKNOWN
    assert plan.unknown_inputs == ("queue.waiting",)
    assert floor.tick(15, 20).slots.wanted == 60


def test_nothing_over_nothing_is_not_known() -> None:
    ratio = Arithmetic(Operator.DIV, WAITING, named("queue.arrivals_per_minute"))
    plan = Floor.of(group(follow(track(ratio))), people(10)).tick(0, 10)
    assert plan.verdicts[0].kind is VerdictKind.UNKNOWN
    assert not calls(plan)


def test_a_rule_that_tracks_only_while_its_condition_holds() -> None:
    floor = Floor.of(group(follow(track(per=Per.AGENT, target=0.5), when=over(WAITING, 8))), people(10))
    assert not calls(floor.tick(0, 1))
    assert floor.tick(15, 10).slots.wanted == 60


def test_what_is_tracked_keeps_to_the_rates() -> None:
    stability = Stability(raises=Smoothing(at_most=(rate(slots(4), 60.0),)))
    floor = Floor.of(group(follow(track()), stability=stability), people(10))
    plan = floor.tick(0, 20)
    assert (plan.slots.proposed, plan.slots.wanted) == (60, 34)


def test_a_tracked_lower_stops_at_the_floors() -> None:
    plan = Floor.of(group(follow(track()), safety=Safety(agents_per_tick=1.0)), people(3, load=0.0)).tick(0, 0)
    assert list(wanted(plan).values()) == [1, 1, 1]


def test_the_tracked_rule_with_the_larger_raise_wins_and_no_raise_beats_a_tracked_lower() -> None:
    more = follow(track(target=10.0))
    most = Rule(name="most", track=track(target=8.0))
    less = Rule(name="less", track=track(target=1000.0), when=under(WAITING, 100))
    plan = Floor.of(group(less, more, most), people(10, limit=2.0)).tick(0, 20)
    assert plan.slots.wanted == 50
    assert plan.held == ("'most' raises, so 'less' does not lower",)


def test_one_part_that_rests_on_loads_is_enough_for_silent_agents_to_damp_the_whole() -> None:
    crowded = track(Arithmetic(Operator.MUL, OCCUPANCY, WAITING))
    assert asked(crowded, 20.0, silent(0)) == 60
    assert asked(crowded, 20.0, silent(1)) == 54
    all_chats = track(Arithmetic(Operator.ADD, named("group.load"), WAITING))
    assert asked(all_chats, 5.0, silent(1)) == 18  # a sum lacks what the silent one holds: 0.5 / 0.9 before damping
