"""What keeps a plan from doing harm, and people's orders, which are stronger than any rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from autoscaler.core.book import IdRange, Limits, Mode, Rule, Rulebook, Safety, Smoothing, Stability
from autoscaler.core.engine import decide
from autoscaler.core.memory import Memory
from autoscaler.core.plan import GroupPlan, Stage
from autoscaler.core.readings import ANY_MEDIA, AgentState, Overrides, Pause, Pin
from autoscaler.core.reasons import Reason

from .staging import (
    ALWAYS,
    START,
    UNKNOWN,
    WAITING,
    Floor,
    at,
    book,
    calls,
    each,
    group,
    lowering,
    named,
    on_a_call,
    over,
    people,
    raising,
    rate,
    share,
    slots,
    snapshot,
    under,
    wanted,
    why,
)

UP = raising(each(1))
DOWN = lowering(each(1))
BLIND = [{"load": UNKNOWN}, {"age_s": 61.0}, {"age_s": UNKNOWN}]


@pytest.mark.parametrize("blind", BLIND)
@pytest.mark.parametrize("rule", [UP, DOWN])
def test_an_agent_without_a_usable_reading_is_neither_raised_nor_lowered(blind: dict[str, float], rule: Rule) -> None:
    team = people(3)
    team[1] = replace(team[1], **blind)
    plan = Floor.of(group(rule), team).tick(0)
    assert wanted(plan)[1002] == 3
    assert plan.slots.wanted == (11 if rule is UP else 7)
    assert why(plan, 1002, Stage.DISTRIBUTED) == "no usable reading of this agent: nothing is raised or lowered on it"


@pytest.mark.parametrize("blind", BLIND)
def test_not_even_a_floor_raises_an_agent_without_a_reading_but_a_cap_lowers_it(blind: dict[str, float]) -> None:
    team = [replace(one, **blind) for one in people(2)]
    assert set(wanted(Floor.of(group(Rule(name="lunch", floor=5)), team).tick(0)).values()) == {3}
    assert set(wanted(Floor.of(group(Rule(name="crowded", cap=2)), team).tick(0)).values()) == {2}


def test_a_raise_that_failed_is_not_sent_again_while_its_agent_is_out_of_sight() -> None:
    floor = Floor.of(group(raising(each(1), over(WAITING, 20))), people(2))
    floor.tick(0, 30, acts=False)
    floor.change(1001, age_s=90.0)
    plan = floor.tick(15, 0, acts=False)
    assert calls(plan) == {1002: 4}
    assert plan.holds[Reason.MISSING_READING] == 1
    floor.change(1001, age_s=1.0)
    assert calls(floor.tick(30, 0)) == {1001: 4, 1002: 4}


def test_a_lower_that_failed_is_sent_again_though_its_agent_is_out_of_sight() -> None:
    floor = Floor.of(group(lowering(each(1), under(WAITING, 1))), people(2))
    floor.tick(0, 0, acts=False)
    floor.change(age_s=90.0)
    assert calls(floor.tick(15, 5)) == {1001: 2, 1002: 2}


def test_a_protected_agent_is_never_changed_not_even_by_bounds() -> None:
    protect = (IdRange(first=1001, last=1001),)
    team = people(2, limit=9.0)
    plan = Floor.of(group(UP, Rule(name="cap", cap=2), protect=protect), team).tick(0)
    assert calls(plan) == {1002: 2}
    assert wanted(plan)[1001] == 9
    plan = Floor.of(group(UP, protect=protect), people(2)).tick(0)
    assert calls(plan) == {1002: 4}
    assert why(plan, 1001, Stage.DISTRIBUTED) == "protected: never changed"


def test_of_a_protected_agent_the_gateways_word_counts_at_every_tick() -> None:
    floor = Floor.of(group(protect=(IdRange(first=1001, last=1001),)), people(2))
    floor.tick(0)
    floor.change(1001, limit=8.0)
    assert floor.tick(15).slots.wanted == 11
    floor.rules = replace(floor.rules, protect=(), limits=Limits(floor=1, baseline=3, ceiling=10))
    assert not calls(floor.tick(30)), "nothing was asked for it that would have to be asserted now"


def pinned(limit: int, *, agent: int = 1001, media: int = ANY_MEDIA, minutes: float | None = None) -> Pin:
    until = None if minutes is None else START + timedelta(minutes=minutes)
    return Pin(agent=agent, media_type=media, limit=limit, until=until, reason="r", by="ops")


def paused(name: str | None = None, *, minutes: float | None = None) -> Pause:
    until = None if minutes is None else START + timedelta(minutes=minutes)
    return Pause(group=name, until=until, reason="r", by="ops")


def test_a_pin_beats_rules_and_bounds_and_costs_one_call() -> None:
    floor = Floor.of(group(UP, Rule(name="cap", cap=2)), people(2))
    orders = Overrides(pins=(pinned(9),))
    plan = floor.tick(0, overrides=orders)
    assert calls(plan) == {1001: 9, 1002: 2}
    assert why(plan, 1001, Stage.WANTED) == "pinned by a person"
    assert not calls(floor.tick(15, overrides=orders))


@pytest.mark.parametrize(("limit", "expected"), [(75, 60), (0, 1), (-3, 1), (60, 60)])
def test_a_pin_stays_within_what_the_gateway_takes(limit: int, expected: int) -> None:
    plan = Floor.of(group(), people(2)).tick(0, overrides=Overrides(pins=(pinned(limit),)))
    assert calls(plan) == {1001: expected}


def test_a_pin_survives_a_pause_and_a_freeze_silences_it() -> None:
    floor = Floor.of(group(UP), people(2))
    plan = floor.tick(0, overrides=Overrides(pins=(pinned(5),), pauses=(paused(),)))
    assert calls(plan) == {1001: 5}
    plan = floor.tick(15, overrides=Overrides(pins=(pinned(7),), frozen=True))
    assert not calls(plan)
    assert wanted(plan) == {1001: 5, 1002: 3}


def test_a_pin_counts_until_its_end_for_its_media_type_and_for_agents_of_the_group() -> None:
    def called(*pins: Pin, seconds: float = 0.0) -> dict[int, int]:
        return calls(Floor.of(group(), people(2)).tick(seconds, overrides=Overrides(pins=pins)))

    assert called(pinned(5, minutes=1), seconds=59.9) == {1001: 5}
    assert called(pinned(5, minutes=1), seconds=60) == {}
    assert called(pinned(5, media=51)) == {1001: 5}
    assert called(pinned(5, media=53)) == {}
    assert called(pinned(5, agent=4711)) == {}
    assert called(pinned(5), pinned(4)) == {1001: 4}


def test_a_pin_goes_through_without_a_reading_and_past_the_blast_radius() -> None:
    floor = group(UP, safety=Safety(agents_per_tick=0.1))
    team = people(10)
    team[0] = replace(team[0], load=UNKNOWN)
    plan = Floor.of(floor, team).tick(0, overrides=Overrides(pins=(pinned(5),)))
    assert calls(plan) == {1001: 5, 1002: 4}


def test_without_its_pin_an_agent_gets_back_what_it_carried() -> None:
    floor = Floor.of(group(), people(2, limit=4.0))
    floor.tick(0, overrides=Overrides(pins=(pinned(9),)))
    assert calls(floor.tick(15)) == {1001: 4}


def test_a_pin_spends_nobodys_rates() -> None:
    stability = Stability(raises=Smoothing(at_most=(rate(slots(2), 600.0),)))
    floor = Floor.of(group(raising(slots(2)), stability=stability), people(3))
    plan = floor.tick(0, overrides=Overrides(pins=(pinned(6),)))
    assert calls(plan) == {1001: 6, 1002: 4, 1003: 4}
    assert floor.remembers().grown == ((START.timestamp(), 2),)


def test_a_freeze_calls_nothing_not_even_for_unknown_limits() -> None:
    plan = Floor.of(group(UP), people(3, limit=UNKNOWN)).tick(0, overrides=Overrides(frozen=True))
    assert not calls(plan)
    assert plan.held == ("frozen by a person: nothing is called",)
    assert plan.slots.wanted == 9
    assert why(plan, 1001, Stage.DISTRIBUTED) == "frozen by a person: nothing is called"


@pytest.mark.parametrize(
    ("pause", "is_paused"),
    [
        (paused(), True),
        (paused("webchat"), True),
        (paused("elsewhere"), False),
        (paused(minutes=1), True),
        (paused(minutes=0), False),
    ],
)
def test_a_pause_stops_its_group_until_its_end(pause: Pause, is_paused: bool) -> None:
    plan = Floor.of(group(UP), people(3)).tick(0, overrides=Overrides(pauses=(pause,)))
    assert bool(calls(plan)) is not is_paused
    assert plan.held == (("paused by a person",) if is_paused else ())
    if is_paused:
        assert why(plan, 1001, Stage.DISTRIBUTED) == "paused by a person"


def test_bounds_wait_for_the_end_of_a_pause_and_say_so() -> None:
    floor = Floor.of(group(Rule(name="cap", cap=2)), people(3))
    plan = floor.tick(0, overrides=Overrides(pauses=(paused(),)))
    assert not calls(plan)
    assert plan.holds == {Reason.PAUSED: 3}
    assert why(plan, 1001, Stage.WANTED) == "paused by a person"
    assert floor.tick(15).slots.wanted == 6


def test_a_pause_spends_no_budget_and_starts_no_cooldown() -> None:
    floor = Floor.of(group(raising(each(1), cooldown_s=60.0)), people(3))
    floor.tick(0, overrides=Overrides(pauses=(paused(),)))
    assert floor.tick(15).slots.wanted == 12


def test_observing_decides_and_calls_nothing() -> None:
    floor = Floor.of(group(UP, mode=Mode.OBSERVE), people(3, limit=UNKNOWN))
    plan = floor.tick(0)
    assert plan.slots.wanted == 12
    assert not calls(plan)
    assert floor.tick(15).slots.wanted == 15
    assert not floor.remembers().calls


@pytest.mark.parametrize(("count", "allowed"), [(20, 4), (21, 5), (3, 1), (1, 1), (4, 1), (6, 2)])
def test_a_tick_changes_a_fifth_of_the_agents_rounded_up_and_at_least_one(count: int, allowed: int) -> None:
    plan = Floor.of(group(UP, safety=Safety(agents_per_tick=0.2)), people(count)).tick(0)
    assert len(calls(plan)) == allowed
    assert plan.holds.get(Reason.BLAST_RADIUS, 0) == count - allowed


def test_signed_out_people_do_not_widen_the_blast_radius() -> None:
    team = [*people(10), *people(90, first=2001, state=AgentState.SIGNED_OUT)]
    assert len(calls(Floor.of(group(UP, safety=Safety(agents_per_tick=0.2)), team).tick(0))) == 2


def test_those_who_must_come_down_go_before_those_who_may_go_up() -> None:
    team = people(10)
    team[7] = replace(team[7], state=AgentState.TALKING)
    plan = Floor.of(group(UP, on_a_call(), safety=Safety(agents_per_tick=0.1)), team).tick(0)
    assert calls(plan) == {1008: 1}


def test_calls_in_a_minute_are_kept_over_ticks() -> None:
    floor = Floor.of(group(UP, safety=Safety(agents_per_tick=1.0, calls_per_minute=5)), people(4))
    seen = [len(calls(floor.tick(t))) for t in (0, 15, 30, 59, 60, 75)]
    assert seen == [4, 1, 0, 0, 4, 1]


def test_a_call_that_has_to_wait_leaves_its_agent_as_it_was() -> None:
    floor = Floor.of(group(UP, safety=Safety(agents_per_tick=1.0, calls_per_minute=2)), people(3))
    plan = floor.tick(0)
    assert wanted(plan) == {1001: 4, 1002: 4, 1003: 3}
    assert why(plan, 1003, Stage.GUARDED) == "the calls of this minute are spent (calls_per_minute)"
    assert plan.limits[Stage.GUARDED].tolist() == [4, 4, 4]
    assert floor.tick(15).slots.wanted == 11


def test_who_must_come_down_is_called_first_even_while_its_own_move_waits_for_a_later_tick() -> None:
    team = people(3, limit=UNKNOWN)
    team[1] = replace(team[1], limit=3.0, state=AgentState.TALKING)
    team[2] = replace(team[2], state=AgentState.TALKING)
    plan = Floor.of(group(on_a_call(), safety=Safety(agents_per_tick=0.1, calls_per_minute=2)), team).tick(0)
    assert calls(plan) == {1002: 1, 1003: 3}


def test_failed_calls_count_among_the_calls_of_a_minute() -> None:
    safety = Safety(agents_per_tick=1.0, calls_per_minute=3)
    floor = Floor.of(group(raising(each(1), over(WAITING, 20)), safety=safety), people(2))
    assert len(calls(floor.tick(0, 30, acts=False))) == 2
    assert len(calls(floor.tick(15, 0, acts=False))) == 1
    assert len(calls(floor.tick(30, 0, acts=False))) == 0
    assert len(calls(floor.tick(60, 0, acts=False))) == 2


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ({"reachable": False}, "no live session of this agent: the gateway can't be called in its name"),
        ({"state": AgentState.SIGNED_OUT}, "signed out"),
    ],
)
def test_who_can_not_be_called_is_neither_called_nor_chosen(what: dict[str, object], reason: str) -> None:
    team = people(3, limit=8.0, load=8.0)
    team[0] = replace(team[0], **what)
    plan = Floor.of(group(), team).tick(0)
    assert calls(plan) == {1002: 6, 1003: 6}
    assert why(plan, 1001, Stage.GUARDED) == reason
    team = people(3)
    team[0] = replace(team[0], **what)
    plan = Floor.of(group(raising(slots(2))), team).tick(0)
    assert calls(plan) == {1002: 4, 1003: 4}


def test_agents_whom_two_groups_of_a_media_type_claim_are_left_alone_by_both() -> None:
    one = group(UP, name="one", queues=(2001,))
    two = group(UP, name="two", queues=(2002,))
    team = [*people(2), *people(1, first=1003, queues=(2001, 2002)), *people(1, first=1004, queues=(2002,))]
    plan = decide(book(one, two), snapshot(team), Memory(), START)
    assert [calls(part) for part in plan.groups] == [{1001: 4, 1002: 4}, {1004: 4}]
    for part in plan.groups:
        assert why(part, 1003, Stage.DISTRIBUTED) == (
            "two groups of one media type claim this agent: neither changes it"
        )


def test_groups_of_different_media_types_share_their_agents() -> None:
    one = group(UP, name="one")
    two = group(UP, name="two", media_type=53)
    plan = decide(book(one, two), snapshot(people(2)), Memory(), START)
    assert [calls(part) for part in plan.groups] == [{1001: 4, 1002: 4}] * 2


def test_while_the_roster_is_not_known_nobody_is_touched() -> None:
    floor = Floor.of(group(UP, Rule(name="cap", cap=1)), people(3, limit=UNKNOWN))
    plan = floor.tick(0, roster_problem="the CMS does not answer")
    assert not calls(plan)
    assert plan.held == ("the list of agents is not known: the CMS does not answer",)
    assert why(plan, 1001, Stage.WANTED) == "the list of agents is not known: the CMS does not answer"


def test_an_unknown_limit_is_asserted_as_what_was_last_wanted_or_else_the_baseline() -> None:
    floor = Floor.of(group(raising(each(1), over(WAITING, 20))), people(2, limit=UNKNOWN))
    plan = floor.tick(0)
    assert calls(plan) == {1001: 3, 1002: 3}
    assert why(plan, 1001, Stage.WANTED) == "the limit in force is not known, so it is asserted"
    floor.tick(15, 30)
    floor.change(1001, limit=UNKNOWN)
    assert calls(floor.tick(30, 0)) == {1001: 4}


def test_an_unknown_limit_of_an_agent_out_of_sight_is_asserted_no_higher_than_baseline() -> None:
    floor = Floor.of(group(raising(each(2), over(WAITING, 20))), people(1))
    floor.tick(0, 30)
    floor.change(limit=UNKNOWN, load=UNKNOWN)
    assert calls(floor.tick(15)) == {1001: 3}


def test_a_limit_that_someone_else_changed_is_put_right() -> None:
    floor = Floor.of(group(), people(2))
    floor.tick(0)
    floor.change(1001, limit=6.0)
    assert calls(floor.tick(15)) == {1001: 3}


LOST = Safety(agents_per_tick=1.0, baseline_after_s=600.0)


def test_without_its_own_reading_for_too_long_an_agent_goes_back_to_baseline() -> None:
    floor = Floor.of(group(safety=LOST), [*people(1, limit=6.0), *people(1, first=1002, limit=2.0)])
    floor.tick(0)
    floor.change(load=UNKNOWN)
    assert not calls(floor.tick(15))
    assert not calls(floor.tick(614.9))
    plan = floor.tick(615)
    assert calls(plan) == {1001: 3}, "and nobody goes up to it"
    assert why(plan, 1001, Stage.ARBITRATED) == "readings have been missing too long: back to baseline"


def test_without_the_groups_readings_for_too_long_everybody_above_goes_back_to_baseline() -> None:
    floor = Floor.of(group(raising(slots(1), over(WAITING, 20)), safety=LOST), people(3, limit=5.0))
    floor.change(1001, limit=2.0)
    floor.tick(0, UNKNOWN)
    assert not calls(floor.tick(599, UNKNOWN))
    assert calls(floor.tick(600, UNKNOWN)) == {1002: 3, 1003: 3}


def test_readings_that_come_back_bring_no_old_limit_back() -> None:
    floor = Floor.of(group(raising(slots(1), over(WAITING, 20)), safety=LOST), people(2, limit=6.0))
    floor.tick(0, UNKNOWN)
    assert floor.tick(600, UNKNOWN).slots.wanted == 6
    assert not calls(floor.tick(615, 0))


def no_agents(floor: Floor) -> GroupPlan:
    floor.change(state=AgentState.REST)
    floor.tick(0, 5)
    return floor.tick(600, 5)


def an_observed_rule(floor: Floor) -> GroupPlan:
    floor.rules = group(raising(slots(1), over(WAITING, 20), mode=Mode.OBSERVE), safety=LOST)
    floor.tick(0, UNKNOWN)
    return floor.tick(600, UNKNOWN)


@pytest.mark.parametrize("lull", [no_agents, an_observed_rule])
def test_a_lull_and_a_rule_on_trial_are_no_missing_readings(lull: Callable[[Floor], GroupPlan]) -> None:
    busy = raising(slots(1), over(named("group.occupancy"), 0.9))
    floor = Floor.of(group(busy, safety=LOST), people(2, limit=5.0, load=1.0))
    plan = lull(floor)
    assert not calls(plan)
    assert wanted(plan) == {1001: 5, 1002: 5}


def test_never_means_that_limits_stay() -> None:
    floor = Floor.of(group(safety=Safety()), people(2, limit=6.0, load=UNKNOWN))
    floor.tick(0)
    assert not calls(floor.tick(86_400))


def test_only_an_agents_own_group_calls_it() -> None:
    named_ids = replace(group(UP), agent_ids=(IdRange(first=1001, last=1001), IdRange(first=1003, last=1009)))
    assert set(calls(Floor.of(named_ids, people(4)).tick(0))) == {1001, 1003, 1004}
    one_range = replace(group(UP), agent_ids=(IdRange(first=1002, last=1003),))
    assert set(calls(Floor.of(one_range, people(4)).tick(0))) == {1002, 1003}
    by_queue = [*people(1), *people(1, first=1002, queues=(9,)), *people(1, first=1003, queues=None)]
    assert set(calls(Floor.of(group(UP), by_queue).tick(0))) == {1001, 1003}
    of_nobody_known = [*people(1, queues=None), *people(1, first=1002, queues=())]
    assert set(calls(Floor.of(group(UP), of_nobody_known).tick(0))) == {1001}


def test_an_empty_rulebook_and_an_empty_floor_decide_nothing_and_forget_nothing() -> None:
    floor = Floor.of(group(raising(share(0.1), ALWAYS)), people(2))
    floor.tick(0)
    plan = decide(Rulebook(groups=(), digest="sha256:0"), snapshot([]), floor.memory, at(15))
    assert plan.groups == ()
    assert plan.memory.groups["webchat"] == floor.remembers()
