"""What a tick writes down: ledgers of what moved, times of moves that came, and the past of recommendations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from autoscaler.core.book import EachAgent, Mode, Rule, Safety, Smoothing, Stability
from autoscaler.core.forgetting import returned
from autoscaler.core.memory import AgentMemory, aligned
from autoscaler.core.readings import AgentState, Overrides, Pin

from .staging import (
    LOAD,
    T0,
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
    rate,
    slots,
    under,
    wanted,
)

FULL = Rule(name="full", when=over(LOAD, 2), per_agent=True, raise_by=each(2))
IDLE = Rule(name="idle", when=under(LOAD, 1), per_agent=True, lower_by=each(1))


def pinned(agent: int, limit: int) -> Overrides:
    return Overrides(pins=(Pin(agent=agent, media_type=51, limit=limit, until=None, reason="", by=""),))


PLENTY = Smoothing(at_most=(rate(slots(50), 60.0),))


def test_what_went_up_and_what_went_down_in_one_tick_stand_in_ledgers_of_their_own() -> None:
    team = [Person(id=1001, load=3.0), Person(id=1002, load=0.0), Person(id=1003, load=0.0)]
    floor = Floor.of(group(FULL, IDLE, stability=Stability(raises=PLENTY, lowers=PLENTY)), team)
    assert wanted(floor.tick(0)) == {1001: 5, 1002: 2, 1003: 2}
    assert floor.remembers().grown == ((T0, 2),)
    assert floor.remembers().shrunk == ((T0, 2),)


@pytest.mark.parametrize("limit", [1, 5])
def test_a_pin_stands_in_no_ledger_and_spends_nothing_of_its_agent(limit: int) -> None:
    stability = Stability(
        raises=PLENTY, lowers=PLENTY, each=EachAgent(raise_by=(2, 60.0), lower_by=(2, 60.0), moves=(2, 60.0))
    )
    floor = Floor.of(group(stability=stability), people(2))
    assert wanted(floor.tick(0, overrides=pinned(1001, limit))) == {1001: limit, 1002: 3}
    memory = floor.remembers()
    assert (memory.grown, memory.shrunk) == ((), ())
    for times in (memory.agents.raised, memory.agents.lowered, memory.agents.moved):
        assert np.isnan(times).all()


@pytest.mark.parametrize("rule", [raising(slots(1)), lowering(slots(1))])
def test_a_move_that_a_guard_held_back_starts_no_cooldown(rule: Rule) -> None:
    floor = Floor.of(group(rule, safety=Safety(agents_per_tick=1.0, calls_per_minute=1)), people(3, load=1.0))
    floor.tick(0)
    moved = wanted(floor.tick(15))
    assert sum(limit != 3 for limit in moved.values()) == 1, "the call of this minute is spent"
    memory = floor.remembers()
    assert (memory.raised_at, memory.lowered_at) == ((T0, None) if rule.raise_by else (None, T0))
    assert memory.fired == {rule.name: T0}


def test_what_rates_and_windows_need_is_kept_of_every_change_of_mind() -> None:
    stability = Stability(lowers=Smoothing(window_s=60.0))
    rules = (raising(slots(12), over(WAITING, 20)), lowering(slots(6), under(WAITING, 1)))
    floor = Floor.of(group(*rules, stability=stability), people(20))
    assert floor.tick(0, 5).slots.wanted == 60
    assert floor.tick(15, 30).slots.wanted == 72
    assert floor.tick(20, 0).slots.wanted == 72
    assert floor.tick(25, 0).slots.wanted == 72, "72 was recommended less than a minute ago"
    assert floor.tick(75, 0).slots.wanted == 66


def test_equal_recommendations_in_a_row_take_one_place() -> None:
    floor = Floor.of(group(stability=Stability(lowers=Smoothing(window_s=600.0))), people(2))
    for seconds in (0, 15, 30):
        floor.tick(seconds)
    assert floor.remembers().history == ((T0 + 30, 6),)


def test_the_first_recommendation_that_counts_after_observing_is_the_slots_in_force() -> None:
    stability = Stability(raises=Smoothing(window_s=60.0))
    floor = Floor.of(group(raising(slots(1)), mode=Mode.OBSERVE, stability=stability), people(1))
    floor.tick(0)
    floor.rules = replace(floor.rules, mode=Mode.ENFORCE)
    assert floor.tick(15).slots.wanted == 3
    assert floor.tick(60).slots.wanted == 3
    assert floor.tick(75).slots.wanted == 4


def test_nobody_carries_anything_at_the_first_tick_nor_at_or_below_baseline() -> None:
    team = [Person(id=1001, limit=5.0), Person(id=1002, limit=3.0), Person(id=1003, limit=1.0)]
    floor = Floor.of(group(), team)
    floor.tick(0)
    assert floor.remembers().agents.account.tolist() == [0.0, 0.0, 0.0]
    floor.tick(10)
    assert floor.remembers().agents.account.tolist() == [20.0, 0.0, 0.0]
    floor.tick(5)
    assert floor.remembers().agents.account.tolist() == [20.0, 0.0, 0.0], "a clock set back adds nothing"


def test_time_at_baseline_is_no_time_above_it() -> None:
    long = Rule(name="long", when=over(named("agent.above_baseline_for"), 29), per_agent=True, lower_by=each(1))
    floor = Floor.of(group(long, raising(slots(1), over(WAITING, 0))), people(1))
    floor.tick(0)
    assert wanted(floor.tick(60, 1)) == {1001: 4}
    assert wanted(floor.tick(75)) == {1001: 4}
    assert wanted(floor.tick(90)) == {1001: 3}


def test_who_is_not_above_baseline_has_been_so_for_no_time_and_a_clock_set_back_makes_no_less() -> None:
    none = Rule(name="none", when=under(named("agent.above_baseline_for"), 0.5), per_agent=True, raise_by=each(1))
    floor = Floor.of(group(none), people(1))
    assert wanted(floor.tick(100)) == {1001: 4}
    back = Rule(name="back", when=under(named("agent.above_baseline_for"), 0), per_agent=True, raise_by=each(1))
    floor.rules = group(back)
    assert wanted(floor.tick(40)) == {1001: 4}


def test_a_capped_agent_whose_readings_were_lost_for_long_keeps_its_baseline_for_after_the_cap() -> None:
    rules = group(on_a_call(), safety=Safety(agents_per_tick=1.0, baseline_after_s=600.0))
    floor = Floor.of(rules, people(1, limit=6.0))
    floor.tick(0)
    from_call = {"load": UNKNOWN, "state": AgentState.TALKING}
    floor.change(1001, **from_call)
    assert wanted(floor.tick(15)) == {1001: 1}
    floor.tick(615)
    floor.change(1001, load=1.0, state=AgentState.IDLE)
    assert wanted(floor.tick(630)) == {1001: 3}


def test_what_rules_remember_of_agents_stays_with_its_rule_and_its_agent_when_people_come() -> None:
    memory = replace(
        AgentMemory.blank(np.array([1, 3]), EachAgent()),
        seen_at=np.array([100.0, 100.0]),
        arrived=np.array([7.0, UNKNOWN]),
        since={"full": np.array([10.0, UNKNOWN]), "idle": np.array([UNKNOWN, 30.0])},
        engaged={"late": np.array([50.0, 60.0])},
    )
    merged, _ = aligned(memory, np.array([1, 2, 3]), EachAgent(), oldest=100.0)
    np.testing.assert_array_equal(merged.arrived, [7.0, UNKNOWN, UNKNOWN])
    np.testing.assert_array_equal(merged.since["full"], [10.0, UNKNOWN, UNKNOWN])
    np.testing.assert_array_equal(merged.since["idle"], [UNKNOWN, UNKNOWN, 30.0])
    np.testing.assert_array_equal(merged.engaged["late"], [50.0, UNKNOWN, 60.0])


def test_a_single_agents_budget_of_another_size_keeps_as_many_times_as_it_has_room_for() -> None:
    memory = replace(
        AgentMemory.blank(np.array([1]), EachAgent(moves=(3, 60.0))), moved=np.array([[80.0, 95.0, UNKNOWN]])
    )
    resized, _ = aligned(memory, memory.ids, EachAgent(moves=(2, 60.0)), oldest=0.0)
    np.testing.assert_array_equal(resized.moved, [[95.0, 80.0]])


@pytest.mark.parametrize(("last", "is_kept"), [(300.0, True), (301.0, False)])
def test_who_was_missing_for_five_minutes_while_others_were_seen_is_not_away_for_long_yet(
    last: float, is_kept: bool
) -> None:
    memory = replace(AgentMemory.blank(np.array([1]), EachAgent()), seen_at=np.array([0.0]), wanted=np.array([4.0]))
    found = returned(memory, None, np.array([4000.0]), last=last, at=310.0)
    np.testing.assert_array_equal(found.wanted, [4.0 if is_kept else UNKNOWN])
