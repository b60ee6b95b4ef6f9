"""Who wins when rules disagree."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autoscaler.core.book import Direction, InputSpec, Limits, Rule, Smoothing, Stability
from autoscaler.core.plan import Stage
from autoscaler.core.readings import AgentState

from .staging import (
    ALWAYS,
    LOAD,
    UNKNOWN,
    WAITING,
    Floor,
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
    rate,
    share,
    slots,
    under,
    wanted,
    why,
)


def test_the_largest_raise_beats_every_lower_and_the_plan_says_so() -> None:
    rules = (lowering(slots(9)), raising(slots(2), name="small"), raising(share(0.15), name="large"))
    plan = Floor.of(group(*rules), people(20)).tick(0)
    assert plan.slots.wanted == 69
    assert {plan.rule_of(row) for row in plan.changed.tolist()} == {"large"}
    assert "'large' raises, so 'calm' does not lower" in plan.held


def test_a_lower_takes_nothing_away_from_a_raise() -> None:
    alone = Floor.of(group(raising(slots(4))), people(20, load=1.0)).tick(0)
    both = Floor.of(group(lowering(share(0.5)), raising(slots(4))), people(20, load=1.0)).tick(0)
    assert wanted(both) == wanted(alone)


def test_without_a_raise_the_smallest_lower_wins() -> None:
    rules = (lowering(slots(6), name="much"), lowering(slots(2), name="little"), lowering(slots(4), name="some"))
    plan = Floor.of(group(*rules), people(20, load=0.0)).tick(0)
    assert plan.slots.wanted == 58
    assert {plan.rule_of(row) for row in plan.changed.tolist()} == {"little"}


def test_of_equal_wishes_the_earlier_rule_is_named() -> None:
    plan = Floor.of(group(raising(slots(3), name="b"), raising(slots(3), name="a")), people(5)).tick(0)
    assert {plan.rule_of(row) for row in plan.changed.tolist()} == {"b"}


@pytest.mark.parametrize("direction", [Direction.RAISE, Direction.BOTH])
def test_a_hold_vetoes_a_raise_and_the_plan_names_both_rules(direction: Direction) -> None:
    hold = Rule(name="slow replies", when=ALWAYS, hold=direction)
    plan = Floor.of(group(raising(slots(4)), hold), people(5)).tick(0)
    assert not calls(plan)
    assert "'slow replies' holds every raise" in plan.held
    assert "'surge' asks for more" in why(plan, 1001, Stage.PROPOSED)
    assert why(plan, 1001, Stage.ARBITRATED) == "vetoed by 'slow replies'"
    assert plan.slots.proposed == 19
    assert plan.slots.arbitrated == 15


def test_a_vetoed_raise_lets_relief_through() -> None:
    hold = Rule(name="slow replies", when=ALWAYS, hold=Direction.RAISE)
    plan = Floor.of(group(raising(slots(4)), lowering(slots(2)), hold), people(5, load=0.0)).tick(0)
    assert plan.slots.wanted == 13
    assert {plan.rule_of(row) for row in plan.changed.tolist()} == {"calm"}


def test_a_hold_of_lowers_lets_raises_through() -> None:
    hold = Rule(name="queue grows", when=ALWAYS, hold=Direction.LOWER)
    assert Floor.of(group(raising(slots(4)), hold), people(5)).tick(0).slots.wanted == 19
    assert not calls(Floor.of(group(lowering(slots(4)), hold), people(5)).tick(0))


def test_a_hold_that_does_not_match_holds_nothing() -> None:
    hold = Rule(name="slow replies", when=over(WAITING, 50), hold=Direction.BOTH)
    assert Floor.of(group(raising(slots(4)), hold), people(5)).tick(0, 10).slots.wanted == 19


def test_a_hold_nobody_can_judge_takes_the_safe_side() -> None:
    hold = Rule(name="slow replies", when=over(WAITING, 50), hold=Direction.RAISE)
    plan = Floor.of(group(raising(slots(4)), hold), people(5)).tick(0, UNKNOWN)
    assert not calls(plan)
    assert "'slow replies' might hold every raise: what it rests on is missing" in plan.held
    assert why(plan, 1001, Stage.ARBITRATED) == "'slow replies' might forbid it, and what it rests on is missing"


def test_a_hold_on_an_optional_input_abstains_while_it_is_missing() -> None:
    spec = InputSpec(name="reply", source="x", query="x", max_age_s=60.0, between=None, required=False)
    hold = Rule(name="slow replies", when=over(named("input.reply"), 60), hold=Direction.RAISE)
    plan = Floor.of(group(raising(slots(4)), hold, inputs=(spec,)), people(5)).tick(0)
    assert plan.slots.wanted == 19
    assert plan.unknown_inputs == ("input.reply",)


def test_a_hold_of_single_agents_stops_those_alone() -> None:
    hold = Rule(name="tired", when=over(named("agent.id"), 1003), per_agent=True, hold=Direction.RAISE)
    plan = Floor.of(group(raising(slots(5)), hold), people(5)).tick(0)
    assert list(wanted(plan).values())[3:] == [3, 3]
    assert plan.slots.wanted == 20
    assert why(plan, 1004, Stage.DISTRIBUTED) == "vetoed by 'tired'"


def test_a_hold_of_single_agents_nobody_can_judge_stops_those_alone() -> None:
    hold = Rule(name="on the phone", when=is_state("talking"), per_agent=True, hold=Direction.BOTH)
    team = people(3)
    team[0] = replace(team[0], state=AgentState.UNKNOWN)
    plan = Floor.of(group(raising(slots(3)), hold), team).tick(0)
    assert wanted(plan)[1001] == 3
    assert why(plan, 1001, Stage.DISTRIBUTED) == "'on the phone' might forbid it, and what it rests on is missing"


def test_a_known_hold_speaks_for_an_agent_before_a_possible_one() -> None:
    unsure = Rule(name="unsure", when=is_state("talking"), per_agent=True, hold=Direction.RAISE)
    sure = Rule(name="sure", when=over(named("agent.id"), 0), per_agent=True, hold=Direction.RAISE)
    for rules in ((unsure, sure), (sure, unsure)):
        team = people(2, state=AgentState.UNKNOWN)
        plan = Floor.of(group(raising(slots(2)), *rules), team).tick(0)
        assert why(plan, 1001, Stage.DISTRIBUTED) == "vetoed by 'sure'"


def test_a_hold_leaves_bounds_alone() -> None:
    hold = Rule(name="tired", when=over(LOAD, -1), per_agent=True, hold=Direction.RAISE)
    floor = group(hold, limits=Limits(floor=4, baseline=4, ceiling=6))
    assert set(wanted(Floor.of(floor, people(2, limit=2.0)).tick(0)).values()) == {4}


def test_for_one_agent_a_raise_beats_a_lower() -> None:
    rules = (
        Rule(name="down", when=over(LOAD, 0), per_agent=True, lower_by=each(1)),
        Rule(name="up", when=over(LOAD, 2), per_agent=True, raise_by=each(1)),
    )
    team = people(2, load=3.0)
    team[1] = replace(team[1], load=1.0)
    plan = Floor.of(group(*rules), team).tick(0)
    assert list(wanted(plan).values()) == [4, 2]
    assert [plan.rule_of(0), plan.rule_of(1)] == ["up", "down"]


def test_what_single_agents_get_counts_towards_the_groups_raise() -> None:
    rule = Rule(name="full", when=over(LOAD, 4), per_agent=True, raise_by=each(1))
    team = people(5, load=3.0)
    team[4] = replace(team[4], load=5.0, limit=5.0)
    plan = Floor.of(group(rule, raising(slots(3))), team).tick(0)
    assert plan.slots.wanted == 17 + 3
    assert wanted(plan)[1005] == 6
    assert plan.rule_of(4) == "full"


def test_a_rule_that_moved_waits_out_its_own_cooldown_and_others_do_not() -> None:
    floor = Floor.of(group(raising(slots(1), cooldown_s=60.0)), people(5))
    assert len(calls(floor.tick(0))) == 1
    plan = floor.tick(59.9)
    assert not calls(plan)
    assert "'surge' cools down for 0 s" in plan.held
    assert len(calls(floor.tick(60))) == 1


def test_a_rule_cools_down_though_others_than_those_it_meant_carried_its_slots() -> None:
    team = people(4, load=3.0)
    # those whose turn it would be can't be reached
    team[0], team[1] = replace(team[0], reachable=False), replace(team[1], reachable=False)
    team[2], team[3] = replace(team[2], load=1.0), replace(team[3], load=1.0)
    floor = Floor.of(group(raising(slots(2), cooldown_s=60.0)), team)
    plan = floor.tick(0)
    assert list(wanted(plan).values()) == [3, 3, 4, 4]
    assert [plan.rule_of(2), plan.rule_of(3)] == ["surge", "surge"]
    assert not calls(floor.tick(15))


def test_a_rule_cools_down_though_all_whom_it_raised_stand_on_a_floor_too() -> None:
    lunch = Rule(name="lunch", when=ALWAYS, floor=4)
    floor = Floor.of(group(raising(slots(3), cooldown_s=60.0), lunch), people(3))
    assert set(wanted(floor.tick(0)).values()) == {5}
    assert set(wanted(floor.tick(15)).values()) == {5}


def test_a_rule_that_moved_nobody_does_not_cool_down() -> None:
    floor = Floor.of(group(raising(slots(1), cooldown_s=60.0)), people(2, limit=6.0))
    assert not calls(floor.tick(0))
    assert not floor.remembers().fired


def test_an_agent_still_above_its_ceiling_takes_no_units_from_others() -> None:
    # a cap comes down at the pace of the lower rates, so some stand above it while a rule would raise them
    stability = Stability(lowers=Smoothing(at_most=(rate(slots(1), 60.0),)))
    rules = (
        Rule(name="crowded", when=over(named("agent.id"), 1001), per_agent=True, cap=2),
        Rule(name="full", when=over(LOAD, 0), per_agent=True, raise_by=each(1)),
    )
    team = people(4, load=3.0, limit=5.0)
    plan = Floor.of(group(*rules, stability=stability), team).tick(0)
    assert wanted(plan)[1001] == 6
    assert sorted(list(wanted(plan).values())[1:]) == [4, 5, 5]


def test_a_lower_for_single_agents_stops_at_the_floor() -> None:
    rule = Rule(name="idle", when=under(LOAD, 1), per_agent=True, lower_by=each(5))
    assert set(wanted(Floor.of(group(rule), people(2, load=0.0)).tick(0)).values()) == {1}


def test_a_capped_agent_is_lowered_at_once_and_a_raise_goes_round_it() -> None:
    team = people(3)
    team[0] = replace(team[0], state=AgentState.TALKING)
    plan = Floor.of(group(on_a_call(), raising(slots(2))), team).tick(0)
    assert list(wanted(plan).values()) == [1, 4, 4]
    assert plan.rule_of(0) == "on a call"
    assert why(plan, 1001, Stage.ARBITRATED) == "above the agent's ceiling, or capped by 'on a call'"
