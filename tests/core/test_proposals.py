"""What matching rules ask for: amounts in slots, moves of single agents, bounds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from autoscaler.core.book import Amount, Direction, IdRange, Limits, Rule, Tier
from autoscaler.core.goal.learned import Learned
from autoscaler.core.goal.pursuing import Pursuit
from autoscaler.core.memory import GroupMemory
from autoscaler.core.orders import Orders
from autoscaler.core.proposals import NO_RULE, amount_in_slots, propose
from autoscaler.core.readings import AgentState
from autoscaler.core.reasons import Reason
from autoscaler.core.team import Team
from autoscaler.core.tick import Tick
from autoscaler.core.verdicts import Verdict, VerdictKind

from .staging import (
    ALWAYS,
    LOAD,
    OCCUPANCY,
    T0,
    UNKNOWN,
    WAITING,
    Floor,
    assembled,
    blank,
    each,
    group,
    is_state,
    lowering,
    named,
    on_a_call,
    over,
    people,
    raising,
    share,
    slots,
    wanted,
)


@pytest.mark.parametrize(
    ("amount", "of", "expected"),
    [
        (share(0.15), 60, 9),
        (share(0.15), 20, 3),
        (share(0.07), 100, 7),
        (share(0.1), 11, 2),
        (share(0.1), 3, 1),
        (share(0.01), 60, 1),
        (share(0.1), 0, 1),
        (share(1.0), 60, 60),
        (slots(4), 60, 4),
        (each(1), 60, 20),
        (each(2), 60, 40),
    ],
)
def test_an_amount_is_so_many_slots_and_a_share_is_rounded_away_from_zero(
    amount: Amount, of: int, expected: int
) -> None:
    assert amount_in_slots(amount, slots=of, counted=20) == expected


def test_fifteen_per_cent_of_sixty_slots_is_nine() -> None:
    plan = Floor.of(group(raising(share(0.15))), people(20)).tick(0)
    assert (plan.slots.observed, plan.slots.proposed, plan.slots.wanted) == (60, 69, 69)


def test_ten_per_cent_of_three_slots_is_one() -> None:
    plan = Floor.of(group(lowering(share(0.1))), people(1)).tick(0)
    assert plan.slots.wanted == 2


def test_a_group_wide_raise_of_one_each_gives_nobody_two() -> None:
    team = people(6, load=6.0, limit=2.0)
    team[0] = replace(team[0], limit=6.0, load=0.0)
    plan = Floor.of(group(raising(each(1))), team).tick(0)
    assert list(wanted(plan).values()) == [6, 3, 3, 3, 3, 3]


def test_a_group_wide_lower_of_one_each_takes_two_from_nobody() -> None:
    team = people(4, load=0.0, limit=5.0)
    team[0] = replace(team[0], limit=1.0)
    plan = Floor.of(group(lowering(each(1))), team).tick(0)
    assert list(wanted(plan).values()) == [1, 4, 4, 4]


def test_a_raise_for_single_agents_moves_those_alone() -> None:
    rule = Rule(name="full", when=over(LOAD, 2), per_agent=True, raise_by=each(2))
    team = people(4, load=3.0)
    team[1] = replace(team[1], load=2.0)
    assert list(wanted(Floor.of(group(rule), team).tick(0)).values()) == [5, 3, 5, 5]


def test_units_of_single_agents_who_can_not_take_them_go_to_nobody_else() -> None:
    rule = Rule(name="full", when=over(LOAD, 2), per_agent=True, raise_by=each(2))
    team = people(4, load=2.0)
    team[0] = replace(team[0], load=5.0, limit=5.0)
    team[1] = replace(team[1], load=3.0, reachable=False)
    plan = Floor.of(group(rule), team).tick(0)
    assert list(wanted(plan).values()) == [6, 3, 3, 3]


def test_a_single_agent_under_a_hold_of_its_own_leaves_its_raise_to_nobody() -> None:
    rule = Rule(name="full", when=over(LOAD, 2), per_agent=True, raise_by=each(1))
    hold = Rule(name="tired", when=over(named("agent.id"), 1002), per_agent=True, hold=Direction.RAISE)
    plan = Floor.of(group(rule, hold), people(3, load=3.0)).tick(0)
    assert list(wanted(plan).values()) == [4, 4, 3]


@pytest.mark.parametrize(("limit", "expected"), [(2.0, 4), (4.0, 4), (6.0, 4)])
def test_set_each_brings_every_agent_there_from_either_side(limit: float, expected: int) -> None:
    rule = Rule(name="settle", when=ALWAYS, set_to=each(4))
    assert set(wanted(Floor.of(group(rule), people(3, limit=limit)).tick(0)).values()) == {expected}


@pytest.mark.parametrize(("to", "expected"), [(25, 25), (60, 60), (40, 40)])
def test_set_slots_brings_the_group_there_from_either_side(to: int, expected: int) -> None:
    rule = Rule(name="settle", when=ALWAYS, set_to=slots(to))
    assert Floor.of(group(rule), people(10, limit=4.0)).tick(0).slots.wanted == expected


def test_the_largest_raise_and_the_smallest_lower_of_a_single_agent_count() -> None:
    def rule(name: str, **action: Amount) -> Rule:
        return Rule(name=name, when=over(LOAD, -1), per_agent=True, **action)  # type: ignore[arg-type]

    up = group(rule("one", raise_by=each(1)), rule("two", raise_by=each(2)), rule("again", raise_by=each(1)))
    plan = Floor.of(up, people(2)).tick(0)
    assert list(wanted(plan).values()) == [5, 5]
    assert plan.rule_of(0) == "two"
    down = group(rule("two", lower_by=each(2)), rule("one", lower_by=each(1)))
    plan = Floor.of(down, people(2, load=0.0)).tick(0)
    assert list(wanted(plan).values()) == [2, 2]
    assert plan.rule_of(0) == "one"


def test_a_cap_below_a_floor_wins_since_people_come_first() -> None:
    rules = (on_a_call(), Rule(name="lunch", when=ALWAYS, floor=2))
    team = people(2, limit=1.0)
    team[1] = replace(team[1], state=AgentState.TALKING)
    assert list(wanted(Floor.of(group(*rules), team).tick(0)).values()) == [2, 1]


def test_a_floor_never_passes_the_agents_ceiling() -> None:
    trainees = Tier(name="t", ids=(IdRange(first=1001, last=1001),), limits=Limits(floor=1, baseline=1, ceiling=2))
    floor = group(Rule(name="lunch", when=ALWAYS, floor=5), tiers=(trainees,))
    assert list(wanted(Floor.of(floor, people(2, limit=1.0)).tick(0)).values()) == [2, 5]


def test_of_several_caps_the_lowest_holds_and_of_several_floors_the_highest() -> None:
    caps = [Rule(name=f"cap {n}", when=ALWAYS, cap=n) for n in (4, 2, 3)]
    assert set(wanted(Floor.of(group(*caps), people(2, limit=6.0)).tick(0)).values()) == {2}
    floors = [Rule(name=f"floor {n}", when=ALWAYS, floor=n) for n in (2, 4, 3)]
    assert set(wanted(Floor.of(group(*floors), people(2, limit=1.0)).tick(0)).values()) == {4}


def test_a_cap_nobody_can_judge_lets_no_one_up_and_pulls_no_one_down() -> None:
    cap = Rule(name="slow", when=over(WAITING, 5), cap=2)
    plan = Floor.of(group(raising(slots(3)), cap), people(3, limit=4.0)).tick(0, UNKNOWN)
    assert set(wanted(plan).values()) == {4}


def test_a_floor_nobody_can_judge_lets_no_one_down() -> None:
    floor = Rule(name="lunch", when=over(WAITING, 5), floor=4)
    plan = Floor.of(group(lowering(slots(3)), floor), people(3, limit=4.0)).tick(0, UNKNOWN)
    assert set(wanted(plan).values()) == {4}


def test_a_group_wide_rule_moves_nobody_in_an_empty_group() -> None:
    plan = Floor.of(group(raising(share(0.2)), lowering(slots(1))), []).tick(0)
    assert plan.slots.proposed == 0
    assert plan.held == ()


def test_agents_who_take_no_chats_are_not_raised_and_count_for_nothing() -> None:
    team = people(3, state=AgentState.REST)
    team[0] = replace(team[0], state=AgentState.IDLE)
    plan = Floor.of(group(raising(each(1)), raising(slots(2), over(OCCUPANCY, 0.5), name="more")), team).tick(0)
    assert list(wanted(plan).values()) == [5, 3, 3]


def test_an_agents_state_is_asked_of_each_agent() -> None:
    rule = Rule(name="free", when=is_state("idle"), per_agent=True, raise_by=each(1))
    team = people(2)
    team[1] = replace(team[1], state=AgentState.WRAP_UP)
    assert list(wanted(Floor.of(group(rule), team).tick(0)).values()) == [4, 3]


def tick_of(team: Team) -> Tick:
    n = len(team.ids)
    everyone = np.ones(n, np.bool_)
    return Tick(
        group=group(),
        team=team,
        memory=GroupMemory(agents=blank(*team.ids.tolist())),
        agents=blank(*team.ids.tolist()),
        rows=None,
        account=np.zeros(n),
        orders=Orders(stop=Reason.NONE, pin=None),
        touchable=everyone,
        movable=everyone,
        contested=None,
        at=T0,
    )


def test_what_a_goal_asks_for_is_asked_agent_by_agent_by_its_own_rule_alone() -> None:
    tick = tick_of(assembled(group(), people(4)))
    aimed = Pursuit(limits=np.array([5, 3, 1, 4], np.int16), learned=Learned())
    goal = Verdict(rule=Rule(name="goal", when=ALWAYS, pursues=True), kind=VerdictKind.TRUE)
    other = Verdict(rule=raising(slots(2)), kind=VerdictKind.TRUE)

    both = propose([other, goal], tick, slots=12, pursuit=aimed)
    asked = [column.tolist() for column in (both.up, both.up_by, both.down, both.down_by) if column is not None]
    nobody = NO_RULE
    assert asked == [[2, 0, 0, 1], [1, nobody, nobody, 1], [0, 0, 2, 0], [nobody, nobody, 1, nobody]]
    assert [(ask.delta, ask.rule) for ask in both.asks] == [(2, 0)]

    alone = propose([other], tick, slots=12, pursuit=aimed)
    assert alone.up is alone.down is None


def test_a_goal_that_is_content_asks_for_nothing() -> None:
    tick = tick_of(assembled(group(), people(4)))
    content = Pursuit(limits=tick.team.force, learned=Learned())
    goal = Verdict(rule=Rule(name="goal", when=ALWAYS, pursues=True), kind=VerdictKind.TRUE)

    found = propose([goal], tick, slots=12, pursuit=content)

    assert (found.up, found.down, found.asks) == (None, None, [])
