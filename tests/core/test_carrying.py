"""Who moves by how much: budgets of single agents, wishes for some of them, and what is left for the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from autoscaler.core.book import EachAgent, IdRange, Limits, Rule, Safety, Smoothing, Stability, Tier
from autoscaler.core.carrying import spend
from autoscaler.core.plan import Stage
from autoscaler.core.readings import AgentState

from .staging import (
    ALWAYS,
    LOAD,
    UNKNOWN,
    WAITING,
    Floor,
    Person,
    each,
    group,
    is_state,
    lowering,
    named,
    on_a_call,
    over,
    people,
    raising,
    rate,
    share,
    slots,
    under,
    wanted,
)

FREE = UNKNOWN


@pytest.mark.parametrize(
    ("units", "times", "expected"),
    [
        ([1], [[FREE, FREE]], [[50, FREE]]),
        ([1], [[FREE, 10]], [[50, 10]]),
        ([1], [[20, 10]], [[50, 20]]),
        ([2], [[20, 10]], [[50, 50]]),
        ([3], [[20, 10]], [[50, 50]]),
        ([0], [[20, 10]], [[10, 20]]),
        ([1, 0, 2], [[30, 20, 10], [1, 2, 3], [FREE, 10, FREE]], [[50, 20, 30], [1, 2, 3], [50, 50, 10]]),
    ],
)
def test_units_take_the_place_of_free_times_and_then_of_the_oldest(
    units: list[int], times: list[list[float]], expected: list[list[float]]
) -> None:
    before = np.array(times, float)
    found = spend(before, np.array(units), np.arange(len(units)), 50.0)
    np.testing.assert_array_equal(np.sort(found, axis=1), np.sort(np.array(expected, float), axis=1))
    np.testing.assert_array_equal(before, np.array(times, float))


def test_rows_that_used_nothing_are_left_alone() -> None:
    times = np.array([[10.0, FREE], [20.0, FREE], [30.0, FREE]])
    found = spend(times, np.array([1]), np.array([1]), 50.0)
    np.testing.assert_array_equal(found[[0, 2]], times[[0, 2]])
    assert sorted(found[1].tolist()) == [20.0, 50.0]
    assert spend(times, np.array([0, 0]), np.array([0, 1]), 50.0) is times
    nobody = np.empty((3, 0))
    assert spend(nobody, np.array([1]), np.array([0]), 50.0).shape == (3, 0)


def budgets(**of: tuple[int, float]) -> Stability:
    return Stability(each=EachAgent(**of))


def test_a_raise_and_a_lower_have_budgets_of_their_own_and_moves_count_both() -> None:
    stability = budgets(raise_by=(2, 60.0), lower_by=(1, 60.0), moves=(2, 60.0))
    rules = (raising(slots(9), over(WAITING, 20)), lowering(slots(9), under(WAITING, 1)))
    floor = Floor.of(group(*rules, stability=stability), people(1, load=0.0))
    assert wanted(floor.tick(0, 30)) == {1001: 5}
    assert wanted(floor.tick(15, 0)) == {1001: 4}
    assert wanted(floor.tick(30, 0)) == {1001: 4}  # its two moves are spent
    assert wanted(floor.tick(59.9, 30)) == {1001: 4}
    assert wanted(floor.tick(60, 30)) == {1001: 6}
    floor.restart()
    assert wanted(floor.tick(74.9, 0)) == {1001: 6}
    assert wanted(floor.tick(75, 0)) == {1001: 5}


def test_a_budget_of_moves_counts_changes_and_not_their_size() -> None:
    stability = budgets(moves=(1, 60.0))
    floor = Floor.of(group(raising(slots(2)), stability=stability), people(1, limit=1.0))
    assert wanted(floor.tick(0)) == {1001: 3}
    assert wanted(floor.tick(59.9)) == {1001: 3}
    assert wanted(floor.tick(60)) == {1001: 5}
    down = Floor.of(group(lowering(slots(2)), stability=stability), people(1, limit=6.0, load=0.0))
    assert wanted(down.tick(0)) == {1001: 4}
    assert wanted(down.tick(30)) == {1001: 4}


def test_what_bounds_move_is_spent_first() -> None:
    lifted = Rule(name="lunch", when=ALWAYS, floor=4)
    floor = Floor.of(group(lifted, raising(slots(9)), stability=budgets(raise_by=(2, 60.0))), people(1))
    assert wanted(floor.tick(0)) == {1001: 5}  # one by the floor, and one more
    crowded = Rule(name="crowd", when=ALWAYS, cap=4)
    floor = Floor.of(
        group(crowded, lowering(slots(9)), stability=budgets(lower_by=(2, 60.0))), people(1, limit=5.0, load=0.0)
    )
    assert wanted(floor.tick(0)) == {1001: 3}
    both = Floor.of(group(lifted, lowering(slots(9)), stability=budgets(lower_by=(2, 60.0))), people(1, load=0.0))
    assert wanted(both.tick(0)) == {1001: 4}


FULL = Rule(name="full", when=over(LOAD, 2), per_agent=True, raise_by=each(2))
IDLE = Rule(name="idle", when=under(LOAD, 1), per_agent=True, lower_by=each(2))


def test_what_the_group_wants_beyond_single_agents_wishes_goes_to_all_in_turn() -> None:
    team = [Person(id=1001, load=3.0), Person(id=1002, load=0.0), Person(id=1003, load=0.0)]
    assert list(wanted(Floor.of(group(FULL, raising(slots(1))), team).tick(0)).values()) == [5, 3, 3]
    assert list(wanted(Floor.of(group(FULL, raising(slots(2))), team).tick(0)).values()) == [5, 3, 3]
    assert list(wanted(Floor.of(group(FULL, raising(slots(3))), team).tick(0)).values()) == [5, 4, 3]
    assert list(wanted(Floor.of(group(FULL, raising(slots(5))), team).tick(0)).values()) == [5, 5, 4]
    assert list(wanted(Floor.of(group(FULL, raising(slots(9))), team).tick(0)).values()) == [6, 6, 6]


def test_and_so_does_what_it_wants_to_lose() -> None:
    team = [Person(id=1001, load=0.0, limit=5.0), *(Person(id=one, load=2.0, limit=5.0) for one in (1002, 1003))]
    lowered = [
        list(wanted(Floor.of(group(IDLE, lowering(slots(many))), team).tick(0)).values()) for many in (1, 2, 3, 5, 30)
    ]
    assert lowered == [[3, 5, 5], [3, 5, 5], [3, 4, 5], [3, 3, 4], [1, 1, 1]]


def test_one_each_counts_what_an_agent_gets_for_its_own_sake() -> None:
    team = [Person(id=1001, load=3.0), Person(id=1002, load=0.0)]
    one = Rule(name="full", when=over(LOAD, 2), per_agent=True, raise_by=each(1))
    assert list(wanted(Floor.of(group(one, raising(each(1))), team).tick(0)).values()) == [4, 4]
    assert list(wanted(Floor.of(group(one, raising(each(2))), team).tick(0)).values()) == [5, 5]
    assert list(wanted(Floor.of(group(FULL, raising(each(1))), team).tick(0)).values()) == [5, 3]


def test_slots_that_find_nobody_are_counted_and_said() -> None:
    plan = Floor.of(group(raising(slots(4))), people(1)).tick(0)
    assert plan.slots.wanted == 6
    assert plan.held == (
        "1 slots more found nobody to carry them: everyone who may be raised is at a ceiling or has spent its budget",
    )
    plan = Floor.of(group(lowering(slots(3))), people(1, load=0.0)).tick(0)
    assert plan.slots.wanted == 1
    assert plan.held == ("1 slots could not be taken from anybody",)
    assert Floor.of(group(lowering(slots(2))), people(1, load=0.0)).tick(0).held == ()


def test_the_plan_shows_where_slots_would_lie_if_everybody_could_be_moved() -> None:
    team = people(3, load=3.0)
    team[0] = replace(team[0], reachable=False)
    team[1] = replace(team[1], state=AgentState.REST)
    plan = Floor.of(group(raising(slots(1))), team).tick(0)
    assert plan.limits[Stage.ARBITRATED].tolist() == [4, 3, 3]
    assert plan.limits[Stage.DISTRIBUTED].tolist() == [3, 3, 4]
    down = Floor.of(group(lowering(slots(1))), [replace(one, load=0.0) for one in team]).tick(0)
    assert down.limits[Stage.ARBITRATED].tolist() == [2, 3, 3]
    assert down.limits[Stage.DISTRIBUTED].tolist() == [3, 3, 2]


def test_nobody_is_shown_below_a_floor_or_above_a_ceiling_on_the_way() -> None:
    low = Tier(name="low", ids=(IdRange(first=1001, last=1001),), limits=Limits(floor=3, baseline=3, ceiling=3))
    for rule in (raising(slots(4)), lowering(slots(4))):
        plan = Floor.of(group(rule, tiers=(low,)), people(3, load=0.0)).tick(0)
        for stage in Stage:
            assert plan.limits[stage][0] == 3


# rates and bounds together

CALM = Stability(
    raises=Smoothing(at_most=(rate(slots(4), 60.0),)),
    lowers=Smoothing(at_most=(rate(slots(3), 60.0),)),
)


def test_what_bounds_lift_uses_up_the_raise_rates() -> None:
    lunch = Rule(name="lunch", when=under(named("agent.id"), 1004), per_agent=True, floor=4)
    plan = Floor.of(group(lunch, raising(slots(9)), stability=CALM), people(6)).tick(0)
    assert plan.slots.wanted == 18 + 4
    over_all = Rule(name="lunch", when=ALWAYS, floor=4)
    plan = Floor.of(group(over_all, raising(slots(9)), stability=CALM), people(6)).tick(0)
    assert plan.slots.wanted == 24


def test_what_bounds_lower_uses_up_the_lower_rates() -> None:
    crowd = Rule(name="crowd", when=under(named("agent.id"), 1003), per_agent=True, cap=2)
    plan = Floor.of(group(crowd, lowering(slots(9)), stability=CALM), people(6, load=0.0)).tick(0)
    assert plan.slots.wanted == 15
    everyone = Rule(name="crowd", when=ALWAYS, cap=2)
    floor = Floor.of(group(everyone, stability=CALM), people(6, load=0.0))
    assert [floor.tick(seconds).slots.wanted for seconds in (0, 30, 60)] == [15, 15, 12]
    exactly = Rule(name="crowd", when=under(named("agent.id"), 1004), per_agent=True, cap=2)
    assert Floor.of(group(exactly, stability=CALM), people(6, load=0.0)).tick(0).slots.wanted == 15


def test_bounds_that_lift_some_leave_the_lower_rates_of_the_others_as_they_were() -> None:
    lunch = Rule(name="lunch", when=under(named("agent.id"), 1003), per_agent=True, floor=4)
    plan = Floor.of(group(lunch, lowering(slots(9)), stability=CALM), people(6, load=0.0)).tick(0)
    assert plan.slots.wanted == 18 + 2 - 3
    call = Floor.of(group(on_a_call(), raising(slots(9)), stability=CALM), people(6))
    call.change(1001, state=AgentState.TALKING)
    assert call.tick(0).slots.wanted == 18 - 2 + 4


def test_people_on_a_break_or_out_of_reach_are_nobodys_pace() -> None:
    crowd = Rule(name="crowd", when=ALWAYS, cap=1)
    team = people(4, load=0.0)
    team[0] = replace(team[0], state=AgentState.REST)
    team[1] = replace(team[1], reachable=False)
    plan = Floor.of(group(crowd, stability=CALM, safety=Safety(agents_per_tick=1.0)), team).tick(0)
    moved = wanted(plan)
    assert (moved[1001], moved[1002]) == (1, 3)
    assert moved[1003] + moved[1004] == 3


def test_a_share_of_the_rates_is_of_the_slots_of_those_who_take_chats() -> None:
    tenth = Stability(lowers=Smoothing(at_most=(rate(share(0.1), 60.0),)))
    crowd = Rule(name="crowd", when=ALWAYS, cap=2)
    team = [*people(10, load=0.0), *people(10, first=2001, state=AgentState.REST)]
    plan = Floor.of(group(crowd, stability=tenth), team).tick(0)
    assert plan.slots.wanted == 27


def test_a_state_of_talking_does_not_matter_to_who_is_at_its_limit() -> None:
    team = [Person(id=1001, load=3.0, state=AgentState.TALKING), Person(id=1002, load=0.0)]
    hold = Rule(name="never", when=is_state("study"), per_agent=True, cap=1)
    assert list(wanted(Floor.of(group(raising(slots(1)), hold), team).tick(0)).values()) == [4, 3]
