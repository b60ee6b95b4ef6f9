"""Tiers by id and by condition: the first match counts, and what is not known matches nothing and moves nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from autoscaler.core.book import IdRange, Limits, Rule, Safety, Smoothing, Stability, Tier
from autoscaler.core.expressions import And, Compare, Expression, Literal, Name, Relation, Scope, Unit
from autoscaler.core.plan import GroupPlan, Stage
from autoscaler.core.readings import AgentState

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
    over,
    people,
    raising,
    rate,
    slots,
    under,
    wanted,
    why,
)

SIGNED_IN = named("agent.signed_in_for")
NEWCOMERS = under(SIGNED_IN, 600)


def tier(name: str, where: Expression | None, *ids: int, floor: int = 1, baseline: int = 1, ceiling: int = 2) -> Tier:
    ranges = tuple(IdRange(first=one, last=one) for one in ids)
    return Tier(name=name, ids=ranges, limits=Limits(floor=floor, baseline=baseline, ceiling=ceiling), where=where)


def crew(*tiers: Tier, **more: Any) -> Any:
    return group(raising(slots(60), over(WAITING, 20)), tiers=tiers, **more)


def highest(floor: Floor) -> dict[int, int]:
    """Limits when everything may go up."""
    return wanted(floor.tick(0, 30))


def test_a_condition_chooses_whom_a_tier_speaks_of() -> None:
    team = people(3)
    team[1] = replace(team[1], signed_in_for_s=599.0)
    assert highest(Floor.of(crew(tier("new", NEWCOMERS)), team)) == {1001: 6, 1002: 2, 1003: 6}


def test_with_ids_and_a_condition_both_must_hold() -> None:
    team = people(3, signed_in_for_s=60.0)
    team[0] = replace(team[0], signed_in_for_s=900.0)
    assert highest(Floor.of(crew(tier("new", NEWCOMERS, 1001, 1002)), team)) == {1001: 6, 1002: 2, 1003: 6}


def test_the_first_tier_that_matches_counts() -> None:
    new, old = tier("new", NEWCOMERS), tier("old", None, 1001, 1002, baseline=3, ceiling=8)
    team = people(3)
    team[0] = replace(team[0], signed_in_for_s=60.0)
    team[2] = replace(team[2], signed_in_for_s=60.0)
    assert highest(Floor.of(crew(new, old), team)) == {1001: 2, 1002: 8, 1003: 2}
    assert highest(Floor.of(crew(old, new), team)) == {1001: 8, 1002: 8, 1003: 2}
    everyone = tier("all", ALWAYS, ceiling=5, baseline=3)
    assert highest(Floor.of(crew(everyone, new, old), team)) == {1001: 5, 1002: 5, 1003: 5}


def test_rules_may_name_a_tier_that_goes_by_a_condition() -> None:
    in_new = Compare(Relation.EQ, Name(Scope.AGENT, "tier"), Literal("new", Unit.TEXT))
    rule = Rule(name="slowly", when=in_new, per_agent=True, raise_by=each(1))
    team = people(2, limit=1.0, load=1.0)
    team[0] = replace(team[0], signed_in_for_s=60.0)
    assert wanted(Floor.of(group(rule, tiers=(tier("new", NEWCOMERS),)), team).tick(0)) == {1001: 2, 1002: 1}


@pytest.mark.parametrize("what", [{"signed_in_for_s": UNKNOWN}, {"age_s": 61.0, "signed_in_for_s": 60.0}])
def test_what_is_not_known_of_an_agent_matches_no_tier(what: dict[str, float]) -> None:
    floor = Floor.of(crew(tier("new", NEWCOMERS)), people(1, **what))
    plan = floor.tick(0, 30)
    assert plan.limits[Stage.PROPOSED].tolist() == [6]


SENIORS = tier("senior", over(SIGNED_IN, 1800), baseline=3, ceiling=8)


def test_a_tier_by_condition_may_hold_more_than_the_groups_ceiling_tick_after_tick() -> None:
    floor = Floor.of(crew(SENIORS), people(2))
    floor.change(1002, signed_in_for_s=60.0)
    assert wanted(floor.tick(0, 30)) == {1001: 8, 1002: 6}
    floor.restart()
    for tick in (15, 30):
        assert wanted(floor.tick(tick)) == {1001: 8, 1002: 6}
        assert not calls(floor.tick(tick))


def test_an_agent_of_whose_limit_nobody_knows_is_taken_to_be_at_the_baseline_of_its_tier() -> None:
    floor = Floor.of(crew(tier("new", NEWCOMERS)), people(2, limit=UNKNOWN))
    floor.change(1001, signed_in_for_s=60.0)
    plan = floor.tick(0)
    assert plan.limits[Stage.OBSERVED].tolist() == [1, 3]
    assert plan.slots.wanted == floor.remembers().slots == 4
    assert calls(plan) == {1001: 1, 1002: 3}


@pytest.mark.parametrize("what", [{"age_s": 90.0}, {"load": UNKNOWN, "signed_in_for_s": UNKNOWN}])
def test_an_agent_whose_readings_are_lost_is_pulled_down_by_no_tier_that_rests_on_them(what: dict[str, float]) -> None:
    floor = Floor.of(crew(SENIORS), people(2))
    assert wanted(floor.tick(0, 30)) == {1001: 8, 1002: 8}
    floor.change(1001, **what)
    plan = floor.tick(15, 30)
    assert wanted(plan) == {1001: 8, 1002: 8}
    floor.change(1001, age_s=2.0, load=3.0, signed_in_for_s=60.0)
    assert wanted(floor.tick(30)) == {1001: 6, 1002: 8}


def test_nor_is_it_pulled_up() -> None:
    leads = tier("lead", over(SIGNED_IN, 1800), floor=1, baseline=3, ceiling=6)
    floor = Floor.of(crew(leads, limits=Limits(floor=3, baseline=3, ceiling=6)), people(1, limit=1.0))
    floor.change(1001, age_s=90.0)
    assert wanted(floor.tick(0)) == {1001: 1}


def test_a_lost_reading_above_a_known_match_further_down_still_moves_nobody() -> None:
    """Whether the upper tier would match is not known; one below that goes by id alone does not settle it."""
    by_id = tier("some", None, 1001, baseline=1, ceiling=2)
    floor = Floor.of(crew(SENIORS, by_id), people(1))
    floor.tick(0, 30)
    floor.change(1001, age_s=90.0)
    assert wanted(floor.tick(15)) == {1001: 8}
    settled = Floor.of(crew(by_id, SENIORS), people(1, limit=8.0))
    settled.change(1001, age_s=90.0)
    assert wanted(settled.tick(0)) == {1001: 2}


def test_a_tier_may_go_by_the_state_of_the_moment() -> None:
    floor = Floor.of(crew(tier("calls", is_state("talking"), ceiling=1)), people(2))
    floor.change(1001, state=AgentState.TALKING)
    assert wanted(floor.tick(0)) == {1001: 1, 1002: 3}
    floor.change(1001, state=AgentState.IDLE)
    assert wanted(floor.tick(15)) == {1001: 1, 1002: 3}  # a tier's ceiling is no cap: nothing comes back by itself


def test_a_tier_by_condition_and_rules_with_budgets_keep_their_memory_over_a_restart() -> None:
    rules = crew(tier("new", And((NEWCOMERS, over(LOAD, 0)))), SENIORS)
    floors = [Floor.of(rules, people(4)) for _ in range(2)]
    for floor in floors:
        floor.change(1001, signed_in_for_s=60.0)
    for tick in range(4):
        plans = [floor.tick(tick * 15, 30 if tick % 2 else 0) for floor in floors]
        floors[0].restart()
        assert wanted(plans[0]) == wanted(plans[1])


def told(plan: GroupPlan, agent: int, stage: Stage) -> tuple[int, str]:
    row = plan.row_of(agent)
    assert row is not None
    return int(plan.limits[stage][row]), why(plan, agent, stage)


LOW = tier("low", None, 1001)
HIGH = tier("high", None, 1002, floor=4, baseline=4, ceiling=6)


def test_who_stands_outside_the_limits_of_the_file_is_told_so() -> None:
    plan = Floor.of(group(tiers=(LOW, HIGH)), people(3)).tick(0)
    assert told(plan, 1001, Stage.PROPOSED) == (2, "above the agent's ceiling")
    assert told(plan, 1002, Stage.PROPOSED) == (4, "below the agent's floor")
    assert told(plan, 1003, Stage.PROPOSED) == (3, "no rule asks for a change of this agent")


def test_who_stands_at_the_edge_of_its_limits_is_not() -> None:
    plan = Floor.of(group(tiers=(LOW, HIGH)), [Person(id=1001, limit=2.0), Person(id=1002, limit=4.0)]).tick(0)
    assert told(plan, 1001, Stage.PROPOSED) == (2, "no rule asks for a change of this agent")
    assert told(plan, 1002, Stage.PROPOSED) == (4, "no rule asks for a change of this agent")


def test_a_rule_that_asks_for_more_is_named_before_the_limits_of_the_file() -> None:
    rules = group(raising(slots(1)), lowering(slots(1), under(WAITING, 0)), tiers=(HIGH,))
    plan = Floor.of(rules, [Person(id=1002, limit=3.0)]).tick(0)
    assert told(plan, 1002, Stage.PROPOSED)[1].startswith("'surge' asks for more slots")


def test_a_protected_agent_outside_its_limits_stays_and_is_told_why() -> None:
    protect = (IdRange(first=1001, last=1002),)
    plan = Floor.of(group(tiers=(LOW, HIGH), protect=protect), people(3)).tick(0)
    assert told(plan, 1001, Stage.ARBITRATED) == (3, "protected: never changed")
    assert told(plan, 1002, Stage.ARBITRATED) == (3, "protected: never changed")
    assert {reason.name: count for reason, count in plan.holds.items()} == {"PROTECTED": 2}


def test_a_tier_gives_its_floor_baseline_and_name_as_well_as_its_ceiling() -> None:
    tiers = (
        tier("high", over(SIGNED_IN, 600), floor=4, baseline=5, ceiling=6),
        tier("new", NEWCOMERS, floor=1, baseline=1, ceiling=2),
    )
    team = [Person(id=1001, limit=6.0, load=0.0), Person(id=1002, limit=2.0, load=0.0, signed_in_for_s=60.0)]
    floor = Floor.of(group(lowering(slots(60), over(WAITING, 20)), tiers=tiers), team)
    assert wanted(floor.tick(0, 30)) == {1001: 4, 1002: 1}
    safety = Safety(baseline_after_s=0.0)
    floor = Floor.of(group(tiers=tiers, safety=safety), [*team, Person(id=1003, limit=6.0, signed_in_for_s=600.0)])
    floor.change(load=UNKNOWN)
    floor.tick(0)
    assert wanted(floor.tick(15)) == {1001: 5, 1002: 1, 1003: 3}


def test_people_who_went_home_do_not_move_the_rows_of_a_tier() -> None:
    floor = Floor.of(crew(SENIORS), people(3))
    floor.change(1002, signed_in_for_s=60.0)
    assert wanted(floor.tick(0, 30)) == {1001: 8, 1002: 6, 1003: 8}
    floor.leave(1001)
    assert wanted(floor.tick(15)) == {1002: 6, 1003: 8}
    assert not calls(floor.tick(30))
    account = floor.remembers().agents.account.tolist()
    assert account == [0.0, 30 * 3.0, 30 * 5.0]


def test_a_lost_reading_that_a_tier_does_not_rest_on_leaves_its_bounds_in_force() -> None:
    floor = Floor.of(crew(SENIORS), people(1, signed_in_for_s=60.0, limit=8.0))
    floor.change(1001, load=UNKNOWN)
    assert wanted(floor.tick(0)) == {1001: 6}


def test_of_two_tiers_that_rest_on_lost_readings_either_is_enough() -> None:
    tiers = (tier("calls", is_state("talking"), ceiling=1), SENIORS)
    floor = Floor.of(crew(*tiers), people(1, limit=8.0))
    floor.change(1001, load=UNKNOWN, signed_in_for_s=UNKNOWN)
    assert wanted(floor.tick(0)) == {1001: 8}
    other = Floor.of(crew(SENIORS, tier("old", over(LOAD, 99), 1002)), people(1, limit=8.0))
    other.change(1001, load=UNKNOWN, signed_in_for_s=UNKNOWN)
    assert wanted(other.tick(0)) == {1001: 8}


def test_a_correction_of_the_files_own_limits_that_waits_for_the_rates_says_so() -> None:
    stability = Stability(lowers=Smoothing(at_most=(rate(slots(1), 60.0),)))
    plan = Floor.of(group(tiers=(LOW,), stability=stability), people(2, limit=5.0)).tick(0)
    assert told(plan, 1001, Stage.PROPOSED) == (2, "above the agent's ceiling")
    assert told(plan, 1001, Stage.ARBITRATED) == (4, "above its ceiling, but lowered no faster than the rates allow")
    assert told(plan, 1002, Stage.ARBITRATED) == (5, "no change at this stage")
    assert {reason.name: count for reason, count in plan.holds.items()} == {"RATE_OF_BOUND": 1}


def test_a_protected_agent_inside_its_limits_and_a_capped_one_beside_it_are_told_their_own() -> None:
    cap = Rule(name="calls", when=is_state("talking"), per_agent=True, cap=1)
    floor = Floor.of(group(cap, protect=(IdRange(first=1001, last=1001),)), people(3))
    floor.change(1002, state=AgentState.TALKING)
    plan = floor.tick(0)
    assert [told(plan, agent, Stage.ARBITRATED)[1] for agent in (1001, 1002, 1003)] == [
        "no change at this stage",
        "above the agent's ceiling, or capped by 'calls'",
        "no change at this stage",
    ]


def test_an_agent_in_no_tier_by_condition_is_in_none_by_name() -> None:
    rules = tuple(
        Rule(
            name=name,
            when=Compare(Relation.EQ, Name(Scope.AGENT, "tier"), Literal(name, Unit.TEXT)),
            per_agent=True,
            raise_by=each(1),
        )
        for name in ("new", "senior", "third")
    )
    tiers = (tier("new", NEWCOMERS), SENIORS, tier("third", over(SIGNED_IN, 99_999)))
    floor = Floor.of(group(*rules, tiers=tiers), people(1, signed_in_for_s=1000.0))
    assert wanted(floor.tick(0)) == {1001: 3}
