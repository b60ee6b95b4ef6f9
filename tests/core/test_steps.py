"""Bands of `steps`: the last that matches acts, and shares are cut off, not rounded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autoscaler.core.book import Amount, Rule, Step
from autoscaler.core.expressions import Compare, Expression, Literal, Relation, Unit
from autoscaler.core.plan import GroupPlan
from autoscaler.core.proposals import step_in_slots
from autoscaler.core.readings import AgentState
from autoscaler.core.verdicts import VerdictKind

from .staging import (
    LOAD,
    STATE,
    UNKNOWN,
    WAITING,
    Floor,
    calls,
    each,
    group,
    is_state,
    lowering,
    named,
    over,
    people,
    raising,
    share,
    slots,
    under,
    wanted,
)

T, F, U, W = VerdictKind.TRUE, VerdictKind.FALSE, VerdictKind.UNKNOWN, VerdictKind.WAITING


def up(when: Expression, amount: Amount) -> Step:
    return Step(when=when, raise_by=amount, lower_by=None)


def down(when: Expression, amount: Amount) -> Step:
    return Step(when=when, raise_by=None, lower_by=amount)


def bands(*steps: Step, **more: object) -> Rule:
    return Rule(name="bands", steps=steps, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("amount", "of", "expected"),
    [
        (share(0.10), 10, 1),
        (share(0.10), 11, 1),
        (share(0.30), 11, 3),
        (share(0.10), 14, 1),
        (share(0.10), 19, 1),
        (share(0.10), 20, 2),
        (share(0.05), 3, 1),  # less than one becomes one
        (share(0.29), 100, 29),  # 28.999999999999996 in floats
        (share(0.07), 100, 7),
        (share(1.0), 60, 60),
        (slots(4), 60, 4),
        (each(1), 60, 20),
    ],
)
def test_a_steps_share_is_cut_off_towards_zero_and_at_least_one(amount: Amount, of: int, expected: int) -> None:
    assert step_in_slots(amount, slots=of, counted=20) == expected


WAITS = (
    down(under(WAITING, 5), slots(1)),
    up(over(WAITING, 20), slots(2)),
    up(over(WAITING, 50), slots(4)),
)


@pytest.mark.parametrize(
    ("waiting", "expected"), [(4.9, -1), (5.0, 0), (20.0, 0), (20.1, 2), (50.0, 2), (50.1, 4), (1000.0, 4)]
)
def test_the_last_band_that_matches_acts_alone(waiting: float, expected: int) -> None:
    plan = Floor.of(group(bands(*WAITS)), people(10)).tick(0, waiting)
    assert plan.slots.wanted - plan.slots.observed == expected
    assert plan.verdicts[0].kind is (T if expected else F)


def test_the_last_band_acts_even_when_an_earlier_one_asks_for_more() -> None:
    upside_down = (up(over(WAITING, 20), slots(4)), up(over(WAITING, 50), slots(2)))
    assert Floor.of(group(bands(*upside_down)), people(10)).tick(0, 60).slots.wanted == 32


def test_a_step_in_shares_raises_as_step_scaling_does() -> None:
    eleven = people(11, limit=1.0)
    plan = Floor.of(group(bands(up(over(WAITING, 20), share(0.3)))), eleven).tick(0, 30)
    assert plan.slots.wanted == 14
    plan = Floor.of(group(raising(share(0.3), over(WAITING, 20))), eleven).tick(0, 30)
    assert plan.slots.wanted == 15


def test_one_each_of_a_step_gives_nobody_two() -> None:
    plan = Floor.of(group(bands(up(over(WAITING, 20), each(1)))), people(4)).tick(0, 30)
    assert set(wanted(plan).values()) == {4}


def test_a_band_nobody_can_judge_leaves_the_act_to_those_that_are_known() -> None:
    unknown_last = (up(over(WAITING, 20), slots(2)), up(over(named("group.load"), 3), slots(4)))
    half_blind = Floor.of(group(bands(*unknown_last)), people(10))
    half_blind.change(1001, 1002, load=UNKNOWN)
    plan = half_blind.tick(0, 30)
    assert plan.verdicts[0].kind is T
    assert plan.slots.wanted == 32
    plan = half_blind.tick(15, 10)
    assert plan.verdicts[0].kind is U
    assert plan.verdicts[0].missing == ("group.load",)
    assert not calls(plan)


def test_bands_count_only_while_the_rules_own_condition_holds() -> None:
    rule = bands(up(over(WAITING, 20), slots(2)), when=under(named("group.mean_limit"), 3.3))
    floor = Floor.of(group(rule), people(10))
    assert floor.tick(0, 30).slots.wanted == 32
    assert floor.tick(15, 30).slots.wanted == 34
    plan = floor.tick(30, 30)
    assert plan.verdicts[0].kind is F
    assert plan.slots.wanted == 34


def test_any_band_starts_the_time_and_changing_bands_does_not_break_it() -> None:
    floor = Floor.of(group(bands(*WAITS[1:], for_s=30.0)), people(10))
    assert floor.tick(0, 30).verdicts[0].kind is W
    assert floor.tick(15, 60).verdicts[0].kind is W
    assert floor.tick(30, 30).slots.wanted == 32
    floor.tick(45, 10)
    assert floor.tick(60, 30).verdicts[0].kind is W


def test_while_kept_without_a_band_that_matches_a_rule_moves_nobody() -> None:
    floor = Floor.of(group(bands(*WAITS[1:], when=over(WAITING, 10), keep_for_s=60.0)), people(10))
    assert floor.tick(0, 30).slots.wanted == 32
    plan = floor.tick(15, 5)
    assert plan.verdicts[0].kind is T
    assert plan.slots.wanted == 32


def test_a_raising_band_of_one_rule_beats_the_lowering_band_of_another() -> None:
    rules = (bands(*WAITS), lowering(slots(3), over(WAITING, 20)))
    assert Floor.of(group(*rules), people(10)).tick(0, 30).slots.wanted == 32


def moved(plan: GroupPlan) -> list[int]:
    return list(wanted(plan).values())


AGENTS = bands(down(under(LOAD, 1), each(1)), up(over(LOAD, 2), each(1)), up(over(LOAD, 4), each(2)), per_agent=True)


def test_every_agent_has_its_own_band() -> None:
    team = [replace(one, load=load) for one, load in zip(people(5), (0.0, 1.0, 3.0, 4.0, 5.0), strict=True)]
    plan = Floor.of(group(AGENTS), team).tick(0)
    assert moved(plan) == [2, 3, 4, 4, 5]
    assert plan.verdicts[0].matched is not None
    assert plan.verdicts[0].matched.tolist() == [True, False, True, True, True]


def test_an_agent_without_a_reading_is_in_no_band() -> None:
    team = people(2, load=5.0)
    team[0] = replace(team[0], load=UNKNOWN)
    plan = Floor.of(group(AGENTS), team).tick(0)
    assert moved(plan) == [3, 5]
    assert plan.verdicts[0].unknown is not None
    assert plan.verdicts[0].unknown.tolist() == [True, False]


def test_bands_of_the_group_and_of_single_agents_stand_in_one_rule() -> None:
    rule = bands(up(over(WAITING, 5), each(1)), up(is_state("idle"), each(2)), per_agent=True)
    team = people(2)
    team[0] = replace(team[0], state=AgentState.WRAP_UP)
    floor = Floor.of(group(rule), team)
    assert moved(floor.tick(0, 0)) == [3, 5]
    assert moved(floor.tick(15, 10)) == [4, 6]


def test_an_agent_off_its_rules_condition_is_in_none_of_its_bands() -> None:
    rule = bands(
        up(over(WAITING, 5), each(1)), when=Compare(Relation.EQ, STATE, Literal("idle", Unit.TEXT)), per_agent=True
    )
    team = people(2)
    team[0] = replace(team[0], state=AgentState.WRAP_UP)
    assert moved(Floor.of(group(rule), team).tick(0, 10)) == [3, 4]
