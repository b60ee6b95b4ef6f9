"""Each stage's sentence is that of the agent it stands beside, and no other's."""

from __future__ import annotations

from autoscaler.core.book import Direction, EachAgent, Rule, Stability, WarmUp
from autoscaler.core.plan import Stage
from autoscaler.core.readings import AgentState, Overrides, Pin
from autoscaler.core.reasons import Reason

from .staging import (
    ALWAYS,
    LOAD,
    UNKNOWN,
    WAITING,
    Floor,
    Person,
    each,
    group,
    lowering,
    named,
    on_a_call,
    over,
    people,
    raising,
    slots,
    wanted,
    why,
)

NO_CHANGE = "no change at this stage"
BUSY_HOLD = Rule(name="busy", when=over(LOAD, 4), per_agent=True, hold=Direction.BOTH)


def test_the_numbers_that_journals_keep_stay_what_they_are() -> None:
    kept = {
        "NONE": 0,
        "IN_FORCE": 1,
        "ASSUMED_BASELINE": 2,
        "RULE_RAISES": 3,
        "RULE_LOWERS": 4,
        "AGENT_RULE": 5,
        "NOTHING_ASKED": 6,
        "HELD_BY_RULE": 7,
        "RAISE_BEATS_LOWER": 8,
        "CAPPED": 9,
        "FLOORED": 10,
        "STABILITY": 11,
        "NOT_CHOSEN": 12,
        "CHOSEN": 13,
        "AGENT_BUDGET": 14,
        "MISSING_READING": 15,
        "UNKNOWN_VETO": 16,
        "BLAST_RADIUS": 17,
        "CALL_BUDGET": 18,
        "BACK_TO_BASELINE": 19,
        "PINNED": 20,
        "PROTECTED": 21,
        "PAUSED": 22,
        "FROZEN": 23,
        "SIGNED_OUT": 24,
        "UNREACHABLE": 25,
        "CONTESTED": 26,
        "NO_ROSTER": 27,
        "RATE_OF_BOUND": 28,
        "NOT_TAKING_CHATS": 29,
        "LIMIT_UNKNOWN": 30,
        "WARMING_UP": 31,
        "RELIEVED": 32,
    }
    assert kept.items() <= {reason.name: int(reason) for reason in Reason}.items()


def test_one_who_is_relieved_is_told_so_at_every_stage() -> None:
    plan = Floor.of(group(lowering(slots(1))), people(2, load=0.0)).tick(0)
    assert wanted(plan) == {1001: 2, 1002: 3}
    assert why(plan, 1001, Stage.PROPOSED) == (
        "'calm' asks for fewer slots, and this agent would be among those relieved"
    )
    assert why(plan, 1001, Stage.ARBITRATED) == NO_CHANGE
    assert why(plan, 1001, Stage.STABILISED) == NO_CHANGE
    assert why(plan, 1001, Stage.DISTRIBUTED).startswith("its turn to carry less")
    assert why(plan, 1002, Stage.PROPOSED) == "no rule asks for a change of this agent"
    assert why(plan, 1002, Stage.DISTRIBUTED) == NO_CHANGE
    assert not plan.holds


def test_one_whom_a_floor_lifts_is_told_whose_floor_it_is() -> None:
    lunch = Rule(name="lunch", when=ALWAYS, floor=4)
    plan = Floor.of(group(lunch), [Person(id=1001), Person(id=1002, limit=5.0)]).tick(0)
    assert why(plan, 1001, Stage.ARBITRATED) == "below the agent's floor, or floored by 'lunch'"
    assert plan.rule_of(0) == "lunch"
    assert why(plan, 1002, Stage.ARBITRATED) == NO_CHANGE
    assert plan.rule_of(1) is None, "a floor that lifts nobody moves nobody"


def test_a_cap_that_lowers_nobody_is_nobodys_rule() -> None:
    crowd = Rule(name="crowd", when=ALWAYS, cap=4)
    plan = Floor.of(group(crowd), [Person(id=1001), Person(id=1002, limit=5.0)]).tick(0)
    assert [plan.rule_of(0), plan.rule_of(1)] == [None, "crowd"]


def test_one_who_is_warm_enough_for_its_limit_is_not_told_that_it_warms_up() -> None:
    team = [Person(id=1001, limit=2.0, signed_in_for_s=50.0), Person(id=1002, limit=5.0, signed_in_for_s=50.0)]
    plan = Floor.of(group(warm_up=WarmUp(start=1, add=1, every_s=40.0)), team).tick(0)
    assert wanted(plan) == {1001: 2, 1002: 2}
    assert why(plan, 1001, Stage.ARBITRATED) == NO_CHANGE
    assert why(plan, 1002, Stage.ARBITRATED) == "warming up after sign-in"


def test_a_cap_nobody_can_judge_is_told_to_those_whom_it_keeps_back_alone() -> None:
    maybe = Rule(name="maybe", when=over(WAITING, 5), cap=5)
    floor = Floor.of(group(maybe, on_a_call()), people(2))
    floor.change(1001, state=AgentState.TALKING)
    floor.tick(0)
    floor.change(1001, state=AgentState.IDLE)
    plan = floor.tick(15, UNKNOWN)
    assert wanted(plan) == {1001: 1, 1002: 3}
    assert why(plan, 1001, Stage.ARBITRATED) == "'maybe' might forbid it, and what it rests on is missing"
    assert why(plan, 1002, Stage.ARBITRATED) == NO_CHANGE
    assert plan.holds == {Reason.UNKNOWN_VETO: 1}


def test_one_whose_limit_waits_for_a_reading_is_told_so() -> None:
    floor = Floor.of(group(on_a_call()), people(2, state=AgentState.TALKING))
    floor.tick(0)
    floor.change(state=AgentState.IDLE)
    floor.change(1001, load=UNKNOWN)
    plan = floor.tick(15)
    assert wanted(plan) == {1001: 1, 1002: 3}
    assert why(plan, 1001, Stage.ARBITRATED).startswith("no usable reading of this agent")
    assert why(plan, 1002, Stage.ARBITRATED) == NO_CHANGE


def test_a_veto_of_the_group_is_told_to_those_whom_the_raise_would_have_reached_alone() -> None:
    hold = Rule(name="quiet", when=ALWAYS, hold=Direction.RAISE)
    team = [*people(3), Person(id=2001, limit=6.0, state=AgentState.TALKING)]
    plan = Floor.of(group(raising(slots(1)), hold, on_a_call()), team).tick(0)
    assert why(plan, 1001, Stage.ARBITRATED) == "vetoed by 'quiet'"
    assert why(plan, 1002, Stage.ARBITRATED) == NO_CHANGE
    assert why(plan, 2001, Stage.ARBITRATED) == "above the agent's ceiling, or capped by 'on a call'"
    assert plan.holds == {Reason.HELD_BY_RULE: 1}


def test_the_groups_raise_beside_single_agents_is_named_for_those_whom_it_raised() -> None:
    full = Rule(name="full", when=over(LOAD, 2), per_agent=True, raise_by=each(1))
    team = [Person(id=1001, load=3.0), Person(id=1002, load=0.0)]
    plan = Floor.of(group(full, raising(slots(2))), team).tick(0)
    assert wanted(plan) == {1001: 4, 1002: 4}
    assert [plan.rule_of(0), plan.rule_of(1)] == ["full", "surge"]


def test_a_pin_is_no_rules_word_though_a_rule_would_move_its_agent() -> None:
    pin = Overrides(pins=(Pin(agent=1001, media_type=51, limit=5, until=None, reason="", by=""),))
    plan = Floor.of(group(raising(each(1))), people(2)).tick(0, overrides=pin)
    assert wanted(plan) == {1001: 5, 1002: 4}
    assert [plan.rule_of(0), plan.rule_of(1)] == [None, "surge"]
    assert why(plan, 1001, Stage.WANTED) == "pinned by a person"


def test_each_agent_is_told_what_held_it_and_not_what_held_another() -> None:
    spent = Rule(name="first", when=over(named("agent.id"), 1002.5), per_agent=True, raise_by=each(1))
    floor = Floor.of(group(spent, stability=Stability(each=EachAgent(raise_by=(1, 60.0)))), people(3))
    floor.tick(0)
    floor.rules = group(raising(each(1)), BUSY_HOLD, stability=floor.rules.stability)
    floor.change(1001, load=5.0)
    plan = floor.tick(15)
    assert wanted(plan) == {1001: 3, 1002: 4, 1003: 4}
    assert why(plan, 1001, Stage.DISTRIBUTED) == "vetoed by 'busy'"
    assert why(plan, 1002, Stage.DISTRIBUTED).startswith("its turn to carry more")
    assert why(plan, 1003, Stage.DISTRIBUTED) == "the agent's own budget of changes is spent"
    assert plan.holds == {Reason.HELD_BY_RULE: 1, Reason.AGENT_BUDGET: 1}


BY_NUMBER = """
    NONE IN_FORCE ASSUMED_BASELINE RULE_RAISES RULE_LOWERS AGENT_RULE NOTHING_ASKED HELD_BY_RULE
    RAISE_BEATS_LOWER CAPPED FLOORED STABILITY NOT_CHOSEN CHOSEN AGENT_BUDGET MISSING_READING UNKNOWN_VETO
    BLAST_RADIUS CALL_BUDGET BACK_TO_BASELINE PINNED PROTECTED PAUSED FROZEN SIGNED_OUT UNREACHABLE CONTESTED
    NO_ROSTER RATE_OF_BOUND NOT_TAKING_CHATS LIMIT_UNKNOWN WARMING_UP RELIEVED CARRIED
"""


def test_a_number_in_an_old_journal_means_what_it_meant() -> None:
    assert [(int(reason), reason.name) for reason in Reason] == [*enumerate(BY_NUMBER.split())]
