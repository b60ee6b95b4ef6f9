"""What the plan says of each agent: the right sentence at the right stage, and nothing of those it is not about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from autoscaler.core.book import Direction, EachAgent, IdRange, Limits, Rule, Safety, Smoothing, Stability, Tier
from autoscaler.core.plan import GroupPlan, Stage
from autoscaler.core.readings import AgentState, Overrides, Pause, Pin

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

NOTHING = "no change at this stage"
NOT_ASKED = "no rule asks for a change of this agent"
MISSING = "no usable reading of this agent: nothing is raised or lowered on it"


def limits(plan: GroupPlan, stage: Stage) -> list[int]:
    found: list[int] = plan.limits[stage].tolist()
    return found


def said(plan: GroupPlan, stage: Stage) -> list[str]:
    return [why(plan, int(agent), stage) for agent in plan.ids]


def names(plan: GroupPlan) -> list[str | None]:
    return [plan.rule_of(row) for row in range(len(plan.ids))]


def held(plan: GroupPlan) -> dict[str, int]:
    return {reason.name: count for reason, count in plan.holds.items()}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (raising(each(1)), [4, 4, 4]),
        (raising(slots(4)), [5, 4, 4]),
        (lowering(each(1)), [2, 2, 2]),
        (lowering(slots(4)), [1, 2, 2]),
    ],
)
def test_a_vetoed_wish_is_shown_as_it_was_asked(rule: Rule, expected: list[int]) -> None:
    hold = Rule(name="still", when=ALWAYS, hold=Direction.BOTH)
    plan = Floor.of(group(rule, hold), people(3, load=0.0)).tick(0)
    assert limits(plan, Stage.PROPOSED) == expected
    assert limits(plan, Stage.ARBITRATED) == [3, 3, 3]
    assert said(plan, Stage.ARBITRATED) == ["vetoed by 'still'"] * 3
    assert held(plan) == {"HELD_BY_RULE": 3}


def test_the_veto_that_is_named_is_the_one_of_the_direction_that_was_asked_for() -> None:
    holds = (Rule(name="no more", when=ALWAYS, hold=Direction.RAISE), Rule(name="no less", hold=Direction.LOWER))
    for rule, name in ((raising(slots(1)), "no more"), (lowering(slots(1)), "no less")):
        plan = Floor.of(group(*holds, rule), people(1, load=0.0)).tick(0)
        assert said(plan, Stage.ARBITRATED) == [f"vetoed by '{name}'"]


def test_a_vetoed_raise_beside_relief_shows_the_raise_first_and_the_relief_after() -> None:
    hold = Rule(name="slow replies", when=ALWAYS, hold=Direction.RAISE)
    plan = Floor.of(group(raising(slots(2)), lowering(slots(1)), hold), people(2, load=0.0)).tick(0)
    assert limits(plan, Stage.PROPOSED) == [4, 4]
    assert limits(plan, Stage.ARBITRATED) == [2, 3]
    assert (
        said(plan, Stage.PROPOSED)
        == ["'surge' asks for more slots, and this agent would be among those who carry them"] * 2
    )
    assert plan.slots.proposed == 8


def test_a_raise_that_beats_a_lower_is_what_was_proposed() -> None:
    plan = Floor.of(group(lowering(slots(2)), raising(slots(1))), people(2, load=0.0)).tick(0)
    assert limits(plan, Stage.PROPOSED) == limits(plan, Stage.ARBITRATED) == [4, 3]


def test_a_wish_for_single_agents_is_told_to_those_alone() -> None:
    rules = (
        Rule(name="full", when=over(LOAD, 2), per_agent=True, raise_by=each(1)),
        Rule(name="idle", when=under(LOAD, 1), per_agent=True, lower_by=each(1)),
    )
    team = [Person(id=1001, load=3.0), Person(id=1002, load=2.0), Person(id=1003, load=0.0)]
    plan = Floor.of(group(*rules), team).tick(0)
    assert said(plan, Stage.PROPOSED) == ["'full' speaks of this agent", NOT_ASKED, "'idle' speaks of this agent"]
    assert limits(plan, Stage.PROPOSED) == limits(plan, Stage.WANTED) == [4, 3, 2]
    assert names(plan) == ["full", None, "idle"]
    assert (plan.slots.proposed, plan.slots.arbitrated) == (9, 9)


def test_the_larger_of_what_the_group_and_what_single_agents_want_is_the_slots_proposed() -> None:
    full = Rule(name="full", when=over(LOAD, 2), per_agent=True, raise_by=each(1))
    idle = Rule(name="idle", when=under(LOAD, 1), per_agent=True, lower_by=each(1))
    team = people(3, load=3.0)
    assert Floor.of(group(full), team).tick(0).slots.proposed == 12
    assert Floor.of(group(full, raising(slots(2))), team).tick(0).slots.proposed == 12
    assert Floor.of(group(full, raising(slots(5))), team).tick(0).slots.proposed == 14
    assert Floor.of(group(idle), people(3, load=0.0)).tick(0).slots.proposed == 6
    assert Floor.of(group(lowering(slots(60))), people(3, load=0.0)).tick(0).slots.proposed == 0


def test_a_rule_is_named_for_those_it_bounds_or_moves_and_for_nobody_else() -> None:
    team = [Person(id=1001, state=AgentState.TALKING), Person(id=1002, load=3.0), Person(id=1003, load=0.0)]
    plan = Floor.of(group(on_a_call(), raising(slots(1))), team).tick(0)
    assert names(plan) == ["on a call", "surge", None]
    plan = Floor.of(group(Rule(name="lunch", when=ALWAYS, floor=3), raising(slots(1))), team).tick(0)
    assert names(plan) == ["surge", None, None]


def test_why_an_agent_was_passed_over() -> None:
    team = people(4, load=3.0)
    team[0] = replace(team[0], load=UNKNOWN)
    team[1] = replace(team[1], state=AgentState.REST)
    team[2] = replace(team[2], reachable=False)
    plan = Floor.of(group(raising(each(1)), safety=Safety(quorum=0.1)), team).tick(0)
    assert said(plan, Stage.DISTRIBUTED)[0] == MISSING
    assert said(plan, Stage.DISTRIBUTED)[1] == NOTHING
    assert said(plan, Stage.DISTRIBUTED)[2].startswith("no live session of this agent")
    assert said(plan, Stage.DISTRIBUTED)[3].startswith("its turn to carry more")
    assert held(plan) == {"MISSING_READING": 1, "UNREACHABLE": 1}


@pytest.mark.parametrize(
    "budget", [{"raise_by": (1, 60.0)}, {"moves": (1, 60.0)}, {"raise_by": (1, 60.0), "lower_by": (1, 60.0)}]
)
def test_who_has_spent_its_budget_is_told_so(budget: dict[str, Any]) -> None:
    floor = Floor.of(group(raising(each(1)), stability=Stability(each=EachAgent(**budget))), people(1))
    floor.tick(0)
    plan = floor.tick(15)
    assert said(plan, Stage.DISTRIBUTED) == ["the agent's own budget of changes is spent"]
    assert held(plan) == {"AGENT_BUDGET": 1}


def test_without_budgets_who_is_passed_over_waits_for_its_turn_and_is_not_held() -> None:
    """The first by id would be raised if it could; its slot goes to another."""
    team = people(2, load=3.0)
    hold = Rule(name="tired", when=under(named("agent.id"), 1002), per_agent=True, hold=Direction.RAISE)
    plan = Floor.of(group(raising(slots(1)), hold), team).tick(0)
    assert said(plan, Stage.DISTRIBUTED)[0] == "vetoed by 'tired'"
    assert said(plan, Stage.DISTRIBUTED)[1].startswith("its turn to carry more")
    lower = replace(hold, hold=Direction.LOWER)
    plan = Floor.of(group(lowering(slots(1)), lower), people(2, load=0.0)).tick(0)
    assert said(plan, Stage.DISTRIBUTED)[0] == "vetoed by 'tired'"
    assert said(plan, Stage.DISTRIBUTED)[1].startswith("its turn to carry less")
    assert held(plan) == {"HELD_BY_RULE": 1}


def test_a_hold_of_single_agents_that_might_be_is_said_of_those_alone() -> None:
    hold = Rule(name="tired", when=is_state("wrap_up"), per_agent=True, hold=Direction.RAISE)
    floor = Floor.of(group(raising(each(1)), hold), people(3))
    floor.change(1001, state=AgentState.UNKNOWN)
    floor.change(1002, state=AgentState.WRAP_UP)
    plan = floor.tick(0)
    assert said(plan, Stage.DISTRIBUTED)[:2] == [
        "'tired' might forbid it, and what it rests on is missing",
        "vetoed by 'tired'",
    ]
    assert held(plan) == {"UNKNOWN_VETO": 1, "HELD_BY_RULE": 1}


def test_a_cap_that_may_still_hold_says_so_to_whom_it_keeps_down() -> None:
    floor = Floor.of(group(on_a_call()), people(3, limit=5.0))
    floor.change(1001, 1002, state=AgentState.TALKING)
    floor.tick(0)
    floor.change(1001, state=AgentState.UNKNOWN)
    plan = floor.tick(15)
    assert said(plan, Stage.ARBITRATED) == [
        "'on a call' might forbid it, and what it rests on is missing",
        "above the agent's ceiling, or capped by 'on a call'",
        NOTHING,
    ]
    assert held(plan) == {"UNKNOWN_VETO": 1}


def test_back_to_baseline_is_told_to_those_who_go_there() -> None:
    full = Rule(name="full", when=over(LOAD, 2), per_agent=True, raise_by=each(2))
    floor = Floor.of(group(full, safety=Safety(baseline_after_s=30.0)), [Person(id=1001), Person(id=1002, load=0.0)])
    assert wanted(floor.tick(0)) == {1001: 5, 1002: 3}
    floor.change(load=UNKNOWN)
    assert wanted(floor.tick(15)) == {1001: 5, 1002: 3}
    plan = floor.tick(45)
    assert wanted(plan) == {1001: 3, 1002: 3}
    assert said(plan, Stage.ARBITRATED) == ["readings have been missing too long: back to baseline", NOTHING]


def test_a_pin_is_told_to_those_it_moves() -> None:
    pins = tuple(
        Pin(agent=agent, media_type=51, limit=limit, until=None, reason="", by="")
        for agent, limit in ((1001, 5), (1002, 3))
    )
    plan = Floor.of(group(), people(3)).tick(0, overrides=Overrides(pins=pins))
    assert said(plan, Stage.ARBITRATED) == ["pinned by a person", NOTHING, NOTHING]


CARRIED = "what it carries for its group where no pin, passing cap or floor says otherwise"


def test_a_limit_that_comes_back_when_a_pin_or_a_cap_ends_is_said_to_be_what_the_agent_carries() -> None:
    pin = Pin(agent=1001, media_type=51, limit=1, until=None, reason="", by="")
    busy = Rule(name="busy", when=over(LOAD, 2), per_agent=True, cap=2)
    floor = Floor.of(group(busy), people(3, load=0.0))
    floor.change(1002, load=3.0)
    plan = floor.tick(0, overrides=Overrides(pins=(pin,)))
    assert said(plan, Stage.PROPOSED) == [NOT_ASKED] * 3
    assert wanted(plan) == {1001: 1, 1002: 2, 1003: 3}
    plan = floor.tick(15, overrides=Overrides(pins=(pin,)))
    assert said(plan, Stage.PROPOSED) == [CARRIED, CARRIED, NOT_ASKED], "the cap and the pin stand one stage further"
    assert said(plan, Stage.ARBITRATED) == [
        "pinned by a person",
        "above the agent's ceiling, or capped by 'busy'",
        NOTHING,
    ]
    floor.change(1002, load=0.0)
    plan = floor.tick(30)
    assert wanted(plan) == {1001: 3, 1002: 3, 1003: 3}
    assert said(plan, Stage.PROPOSED) == [CARRIED, CARRIED, NOT_ASKED]
    assert said(floor.tick(45), Stage.PROPOSED) == [NOT_ASKED] * 3


def test_a_pin_at_one_is_a_pin() -> None:
    pin = Pin(agent=1001, media_type=51, limit=1, until=None, reason="", by="")
    assert calls(Floor.of(group(), people(2)).tick(0, overrides=Overrides(pins=(pin,)))) == {1001: 1}


def test_while_paused_a_pin_is_called_and_nothing_else_that_is_due() -> None:
    pin = Pin(agent=1001, media_type=51, limit=5, until=None, reason="", by="")
    pause = Pause(group=None, until=None, reason="", by="")
    team = people(3)
    team[1] = replace(team[1], limit=UNKNOWN)
    floor = Floor.of(group(raising(each(1))), team)
    plan = floor.tick(0, overrides=Overrides(pins=(pin,), pauses=(pause,)))
    assert calls(plan) == {1001: 5}
    assert said(plan, Stage.DISTRIBUTED) == ["pinned by a person", "paused by a person", "paused by a person"]
    assert not calls(floor.tick(15, overrides=Overrides(pauses=(pause,))))


def test_paused_is_said_of_those_whom_it_holds() -> None:
    pause = Pause(group=None, until=None, reason="", by="")
    full = Rule(name="lunch", when=under(named("agent.id"), 1002), per_agent=True, floor=4)
    plan = Floor.of(group(full), people(2)).tick(0, overrides=Overrides(pauses=(pause,)))
    assert said(plan, Stage.WANTED) == ["paused by a person", NOTHING]
    assert held(plan) == {"PAUSED": 1}


def test_of_changes_that_wait_the_larger_go_first_then_who_has_carried_least() -> None:
    tiers = (
        Tier(name="low", ids=(IdRange(first=1001, last=1001),), limits=Limits(floor=6, baseline=6, ceiling=6)),
        Tier(name="new", ids=(IdRange(first=1002, last=1002),), limits=Limits(floor=4, baseline=4, ceiling=6)),
    )
    team = [Person(id=1001, limit=5.0), Person(id=1002, limit=1.0), Person(id=1003)]
    floor = Floor.of(group(tiers=tiers, safety=Safety(agents_per_tick=0.1)), team)
    assert calls(floor.tick(0)) == {1002: 4}
    assert calls(floor.tick(15)) == {1001: 6}


def test_of_calls_that_wait_unknown_limits_go_first_then_those_furthest_away() -> None:
    team = [Person(id=1001), Person(id=1002), Person(id=1003), Person(id=1004)]
    floor = Floor.of(group(safety=Safety(agents_per_tick=1.0, calls_per_minute=1)), team)
    floor.tick(0)
    floor.change(1001, limit=4.0)
    floor.change(1002, limit=1.0)
    floor.change(1003, limit=UNKNOWN)
    floor.change(1004, limit=6.0)
    assert [calls(floor.tick(seconds)) for seconds in (60, 120, 180, 240)] == [
        {1003: 3},
        {1004: 3},
        {1002: 3},
        {1001: 3},
    ]


def test_an_unknown_limit_above_baseline_waits_until_its_agent_is_heard_of() -> None:
    floor = Floor.of(group(raising(slots(2), over(WAITING, 20))), people(1))
    assert calls(floor.tick(0, 30)) == {1001: 5}
    floor.change(limit=UNKNOWN, load=UNKNOWN)
    assert calls(floor.tick(15)) == {1001: 3}
    floor.change(load=1.0)
    assert calls(floor.tick(30)) == {1001: 5}


def test_the_digest_and_who_counts_are_in_the_plan() -> None:
    team = people(3)
    team[1] = replace(team[1], state=AgentState.REST)
    floor = Floor.of(group(), team)
    plan = floor.tick(0)
    assert floor.plan is not None
    assert floor.plan.rulebook == "sha256:test"
    assert plan.counted.tolist() == [True, False, True]
    assert plan.slots.observed == plan.slots.wanted == 6


def test_stability_and_the_rates_of_bounds_have_their_own_words() -> None:
    stability = Stability(
        raises=Smoothing(cooldown_s=60.0),
        lowers=Smoothing(window_s=300.0, cooldown_s=9000.0, at_most=(rate(share(0.1), 60.0),)),
    )
    floor = Floor.of(
        group(raising(slots(1), over(WAITING, 20)), lowering(slots(9), under(WAITING, 1)), stability=stability),
        people(4, load=0.0),
    )
    floor.tick(0, 30)
    plan = floor.tick(15, 30)
    assert plan.held == ("raise cooldown has 45 s left",)
    plan = floor.tick(320, 5)
    plan = floor.tick(335, 0)
    assert plan.held[0] == "the highest recommendation of the last 5 min was 13 slots"
    plan = floor.tick(640, 0)
    assert plan.held[0] == "the lower rates allow 11 slots now"
    plan = floor.tick(1600, 0)
    assert plan.held[0] == "lower cooldown has 2.2 h left"


def test_a_move_that_a_guard_holds_back_starts_no_cooldown_of_its_rule_nor_of_the_group() -> None:
    stability = Stability(raises=Smoothing(cooldown_s=60.0))
    pause = Pause(group=None, until=None, reason="", by="")
    floor = Floor.of(group(raising(slots(1), cooldown_s=60.0), stability=stability), people(2))
    floor.tick(0, overrides=Overrides(pauses=(pause,)))
    memory = floor.remembers()
    assert (memory.fired, memory.raised_at, memory.lowered_at) == ({}, None, None)
    assert floor.tick(15).slots.wanted == 7
    memory = floor.remembers()
    assert set(memory.fired) == {"surge"}
    assert (memory.raised_at, memory.lowered_at) == (memory.at, None)


def test_a_bound_that_moves_somebody_fires_no_rule_and_starts_no_cooldown() -> None:
    lunch = Rule(name="lunch", when=over(WAITING, 5), floor=4)
    floor = Floor.of(group(lunch, on_a_call()), people(2))
    floor.change(1001, state=AgentState.TALKING)
    floor.tick(0, 6)
    memory = floor.remembers()
    assert (memory.fired, memory.raised_at, memory.lowered_at) == ({}, None, None)


def test_a_lower_fires_its_rule_and_starts_the_lower_cooldown_alone() -> None:
    floor = Floor.of(group(lowering(slots(2))), people(2, load=0.0))
    floor.tick(0)
    memory = floor.remembers()
    assert set(memory.fired) == {"calm"}
    assert (memory.raised_at, memory.lowered_at) == (None, memory.at)
    assert memory.shrunk == ((memory.at, 2),)
    assert memory.slots == 4


def test_what_counts_as_moved_is_of_those_who_take_chats() -> None:
    stability = Stability(raises=Smoothing(at_most=(rate(slots(9), 60.0),)))
    lunch = Rule(name="lunch", when=ALWAYS, floor=4)
    team = people(3)
    team[1] = replace(team[1], state=AgentState.REST)
    floor = Floor.of(group(lunch, stability=stability), team)
    floor.tick(0)
    memory = floor.remembers()
    assert memory.grown == ((memory.at, 2),)
    assert memory.slots == 8
