"""Who moves in a whole tick: single agents' wishes beside the group's, pins beside rules, lowers beside raises."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autoscaler.core.book import Direction, EachAgent, IdRange, Limits, Rule, Safety, Smoothing, Stability, Tier
from autoscaler.core.book import Step as Band
from autoscaler.core.plan import Stage
from autoscaler.core.readings import AgentState, Overrides, Pin
from autoscaler.core.reasons import Reason
from autoscaler.core.stability import raise_limit

from .staging import (
    ALWAYS,
    LOAD,
    UNKNOWN,
    WAITING,
    Floor,
    Person,
    calls,
    each,
    group,
    lowering,
    named,
    over,
    people,
    raising,
    rate,
    share,
    slots,
    wanted,
)

RESTING = {"state": AgentState.REST}


def full(units: int) -> Rule:
    return Rule(name="full", when=over(LOAD, 2), per_agent=True, raise_by=each(units))


def pinned(agent: int, limit: int) -> Overrides:
    return Overrides(pins=(Pin(agent=agent, media_type=51, limit=limit, until=None, reason="", by=""),))


def test_a_lower_relieves_those_with_spare_room_before_those_at_their_limit() -> None:
    plan = Floor.of(group(lowering(slots(1))), [Person(id=1001, load=3.0), Person(id=1002, load=0.0)]).tick(0)
    assert wanted(plan) == {1001: 3, 1002: 2}
    assert plan.limits[Stage.ARBITRATED].tolist() == [3, 2]


@pytest.mark.parametrize("rule", [raising(slots(6)), lowering(slots(6))])
def test_who_takes_no_chats_is_meant_by_no_stage(rule: Rule) -> None:
    plan = Floor.of(group(rule), [*people(2, load=1.0), Person(id=2001, **RESTING)]).tick(0)
    for stage in Stage:
        assert plan.limits[stage][2] == 3


def test_units_that_single_agents_have_no_budget_for_are_not_given_to_others() -> None:
    stability = Stability(each=EachAgent(raise_by=(1, 60.0)))
    team = [Person(id=1001, load=3.0), Person(id=1002, load=0.0)]
    assert wanted(Floor.of(group(full(2), raising(slots(1)), stability=stability), team).tick(0)) == {1001: 4, 1002: 3}


def test_what_stability_leaves_goes_to_single_agents_wishes_first_and_no_further() -> None:
    stability = Stability(raises=Smoothing(at_most=(rate(slots(2), 60.0),)))
    team = [Person(id=1001, load=3.0), Person(id=1002, load=0.0)]
    floor = Floor.of(group(full(1), raising(slots(5)), stability=stability), team)
    assert wanted(floor.tick(0)) == {1001: 4, 1002: 4}


def test_a_raise_of_one_each_gives_nothing_more_to_who_has_got_one_of_its_own() -> None:
    team = [Person(id=1001, load=9.0), Person(id=1002, load=0.0)]
    assert wanted(Floor.of(group(full(1), raising(each(1))), team).tick(0)) == {1001: 4, 1002: 4}
    team.append(Person(id=1003, load=0.0))
    assert wanted(Floor.of(group(full(2), raising(each(1))), team).tick(0)) == {1001: 5, 1002: 4, 1003: 3}


def test_a_floor_that_gives_more_than_the_budget_is_no_reason_to_take_some_back() -> None:
    lifted = Rule(name="lunch", when=ALWAYS, floor=5)
    stability = Stability(each=EachAgent(raise_by=(1, 60.0), lower_by=(1, 60.0)))
    assert wanted(Floor.of(group(lifted, raising(slots(9)), stability=stability), people(1)).tick(0)) == {1001: 5}
    capped = Rule(name="crowd", when=ALWAYS, cap=2)
    floor = Floor.of(group(capped, lowering(slots(9)), stability=stability), people(1, limit=5.0, load=0.0))
    assert wanted(floor.tick(0)) == {1001: 2}


def test_an_agent_may_be_pinned_to_one() -> None:
    plan = Floor.of(group(), people(2)).tick(0, overrides=pinned(1001, 1))
    assert calls(plan) == {1001: 1}
    assert plan.limits[Stage.ARBITRATED].tolist() == [1, 3]


def test_a_pin_of_one_agent_lets_no_rule_reach_those_whom_none_may_move() -> None:
    team = [*people(2), Person(id=1003, **RESTING), Person(id=1004), Person(id=1005, reachable=False)]
    rules = group(full(1), protect=(IdRange(first=1004, last=1004),))
    plan = Floor.of(rules, team).tick(0, overrides=pinned(1001, 3))
    assert wanted(plan) == {1001: 3, 1002: 4, 1003: 3, 1004: 3, 1005: 3}
    assert plan.slots.arbitrated == plan.slots.observed + 1
    assert plan.rule_of(0) is None, "a pin is a person's word, nobody's rule"
    assert plan.rule_of(1) == "full"


def test_a_wish_for_an_agent_without_a_usable_reading_is_nobodys_slot() -> None:
    here = Rule(name="here", when=over(named("agent.signed_in_for"), 0), per_agent=True, raise_by=each(1))
    plan = Floor.of(group(here), [Person(id=1001, load=UNKNOWN), Person(id=1002)]).tick(0)
    assert wanted(plan) == {1001: 3, 1002: 4}
    assert (plan.slots.proposed, plan.slots.arbitrated) == (7, 7)


def test_set_each_moves_those_it_judges_to_its_limit_and_nobody_else() -> None:
    team = [Person(id=1001, limit=3.0), Person(id=1002, limit=5.0), Person(id=1003, limit=4.0)]
    assert wanted(Floor.of(group(Rule(name="set", when=ALWAYS, set_to=each(4))), team).tick(0)) == {
        1001: 4,
        1002: 4,
        1003: 4,
    }
    loaded = Rule(name="set", when=over(LOAD, 4), per_agent=True, set_to=each(4))
    team = [
        Person(id=1001, limit=3.0, load=5.0),
        Person(id=1002, limit=5.0, load=5.0),
        *people(2, first=1003, load=1.0, limit=3.0),
        *people(2, first=1005, load=1.0, limit=5.0),
    ]
    plan = Floor.of(group(loaded), team).tick(0)
    assert wanted(plan) == {1001: 4, 1002: 4, 1003: 3, 1004: 3, 1005: 5, 1006: 5}


def test_set_each_lowers_those_above_though_a_hold_keeps_those_below_from_rising() -> None:
    hold = Rule(name="quiet", when=ALWAYS, hold=Direction.RAISE)
    team = [Person(id=1001, limit=3.0), Person(id=1002, limit=5.0)]
    plan = Floor.of(group(Rule(name="set", when=ALWAYS, set_to=each(4)), hold), team).tick(0)
    assert wanted(plan) == {1001: 3, 1002: 4}


def test_a_group_wide_condition_beside_steps_for_single_agents_must_hold_too() -> None:
    band = Band(when=over(LOAD, 2), raise_by=each(1), lower_by=None)
    rule = Rule(name="bands", when=over(WAITING, 5), per_agent=True, steps=(band,))
    team = [Person(id=1001, load=3.0), Person(id=1002, load=0.0)]
    assert wanted(Floor.of(group(rule), team).tick(0, 0)) == {1001: 3, 1002: 3}
    assert wanted(Floor.of(group(rule), team).tick(0, 6)) == {1001: 4, 1002: 3}


def test_one_of_several_agents_whose_reading_is_lost_for_long_goes_back_to_baseline_alone() -> None:
    safety = Safety(agents_per_tick=1.0, baseline_after_s=600.0)
    floor = Floor.of(group(safety=safety), people(3, limit=6.0))
    floor.tick(0)
    floor.change(1002, load=UNKNOWN)
    floor.tick(15)
    assert wanted(floor.tick(615)) == {1001: 6, 1002: 3, 1003: 6}


def test_a_tighter_budget_of_calls_than_was_spent_before_the_reload_sends_nothing() -> None:
    floor = Floor.of(group(raising(each(1)), safety=Safety(agents_per_tick=1.0, calls_per_minute=6)), people(6))
    assert len(calls(floor.tick(0))) == 6
    floor.rules = replace(floor.rules, safety=Safety(agents_per_tick=1.0, calls_per_minute=2))
    plan = floor.tick(15)
    assert not calls(plan)
    assert plan.holds[Reason.CALL_BUDGET] == 6


def test_a_limit_above_baseline_that_nobody_confirms_is_not_asserted_while_its_agent_is_out_of_sight() -> None:
    floor = Floor.of(group(safety=Safety(agents_per_tick=0.1)), people(2, limit=6.0))
    floor.tick(0)
    floor.change(limit=UNKNOWN, age_s=UNKNOWN)
    plan = floor.tick(15)
    assert calls(plan) == {1001: 3}, "the other one has to wait for its turn, and stays as it is"
    assert wanted(plan) == {1001: 3, 1002: 6}
    assert plan.holds[Reason.MISSING_READING] == 1


def test_a_raise_up_to_baseline_that_did_not_get_through_waits_until_its_agent_is_seen_again() -> None:
    floor = Floor.of(group(raising(slots(1), over(WAITING, 0))), people(1, limit=2.0))
    assert calls(floor.tick(0, 1, acts=False)) == {1001: 3}
    floor.change(1001, load=UNKNOWN)
    assert not calls(floor.tick(15))
    floor.change(1001, load=1.0)
    assert calls(floor.tick(30)) == {1001: 3}


def test_a_tier_that_is_lost_from_sight_leaves_what_its_agent_carries_for_when_it_is_seen_again() -> None:
    low = Tier(name="low", ids=(), limits=Limits(floor=1, baseline=2, ceiling=3), where=over(LOAD, 4))
    floor = Floor.of(group(tiers=(low,), limits=Limits(floor=3, baseline=3, ceiling=6)), people(1, load=5.0, limit=2.0))
    assert wanted(floor.tick(0)) == {1001: 2}
    floor.change(1001, load=UNKNOWN)
    assert wanted(floor.tick(15)) == {1001: 2}
    floor.change(1001, load=5.0)
    assert wanted(floor.tick(30)) == {1001: 2}


def test_a_rate_above_the_whole_group_rounds_a_part_of_a_slot_up() -> None:
    more = Smoothing(at_most=(rate(share(1.5), 60.0),))
    assert raise_limit(3, more, (), (), at=0.0) == 8
