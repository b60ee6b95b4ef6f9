"""Bounds that hold for a while: an agent on a call is capped, and gets back what it carried."""

from __future__ import annotations

from autoscaler.core.book import Rule, Safety, Smoothing, Stability
from autoscaler.core.readings import AgentState

from .staging import (
    UNKNOWN,
    WAITING,
    Floor,
    calls,
    group,
    lowering,
    on_a_call,
    over,
    people,
    raising,
    rate,
    slots,
    under,
    wanted,
)


def test_an_agent_on_a_call_holds_one_chat_and_gets_its_limit_back_after_it() -> None:
    floor = Floor.of(group(on_a_call()), people(2, limit=5.0))
    floor.tick(0)
    floor.change(1001, state=AgentState.TALKING)
    assert calls(floor.tick(15)) == {1001: 1}
    assert not calls(floor.tick(30))
    floor.change(1001, state=AgentState.IDLE)
    assert calls(floor.tick(45)) == {1001: 5}


def test_after_the_call_the_limit_waits_for_a_reading() -> None:
    floor = Floor.of(group(on_a_call()), people(1, limit=5.0))
    floor.change(state=AgentState.TALKING)
    floor.tick(0)
    floor.change(state=AgentState.IDLE, load=UNKNOWN)
    assert not calls(floor.tick(15))
    floor.change(load=2.0, age_s=300.0)
    assert not calls(floor.tick(30))
    floor.change(age_s=1.0)
    assert calls(floor.tick(45)) == {1001: 5}


def test_after_the_call_the_limit_waits_until_the_state_is_known() -> None:
    floor = Floor.of(group(on_a_call()), people(1, limit=5.0))
    floor.change(state=AgentState.TALKING)
    floor.tick(0)
    floor.change(state=AgentState.UNKNOWN)
    assert not calls(floor.tick(15))
    floor.change(state=AgentState.IDLE)
    assert calls(floor.tick(30)) == {1001: 5}


def test_what_a_rule_gave_before_the_call_is_there_after_it() -> None:
    floor = Floor.of(group(raising(slots(2), over(WAITING, 20)), on_a_call()), people(2))
    floor.tick(0, 30)
    floor.change(state=AgentState.TALKING)
    assert set(wanted(floor.tick(15)).values()) == {1}
    floor.change(state=AgentState.IDLE)
    assert set(wanted(floor.tick(30)).values()) == {4}


def test_a_limit_comes_back_at_once_whatever_the_raise_rates_are() -> None:
    stability = Stability(raises=Smoothing(window_s=600.0, cooldown_s=600.0, at_most=(rate(slots(1), 600.0),)))
    floor = Floor.of(group(on_a_call(), stability=stability), people(3, limit=5.0))
    floor.change(state=AgentState.TALKING)
    floor.tick(0)
    floor.change(state=AgentState.IDLE)
    assert floor.tick(15).slots.wanted == 15


def test_a_limit_that_comes_back_keeps_to_the_blast_radius() -> None:
    floor = Floor.of(group(on_a_call(), safety=Safety(agents_per_tick=0.5)), people(4, limit=5.0))
    floor.change(1001, 1002, state=AgentState.TALKING)
    floor.tick(0)
    floor.change(1001, 1002, state=AgentState.IDLE)
    floor.change(1003, 1004, state=AgentState.TALKING)
    assert wanted(floor.tick(15)) == {1001: 1, 1002: 1, 1003: 1, 1004: 1}
    assert wanted(floor.tick(30)) == {1001: 5, 1002: 5, 1003: 1, 1004: 1}


def test_a_floor_that_ends_takes_back_what_it_gave_and_leaves_what_a_rule_gave() -> None:
    lunch = Rule(name="lunch", when=over(WAITING, 0), floor=4)
    floor = Floor.of(group(lunch, raising(slots(1), over(WAITING, 20))), people(2))
    floor.change(1001, load=6.0)
    assert wanted(floor.tick(0, 30)) == {1001: 5, 1002: 4}
    assert wanted(floor.tick(15, 1)) == {1001: 5, 1002: 4}
    assert wanted(floor.tick(30, 0)) == {1001: 5, 1002: 3}


def test_a_rule_that_lowers_under_a_cap_is_not_undone_by_it() -> None:
    crowded = Rule(name="crowded", when=over(WAITING, 0), cap=3)
    relief = lowering(slots(1), over(WAITING, 20))
    floor = Floor.of(group(crowded, relief), people(1, limit=5.0, load=0.0))
    assert wanted(floor.tick(0, 30)) == {1001: 2}
    assert wanted(floor.tick(15, 5)) == {1001: 2}
    assert wanted(floor.tick(30, 0)) == {1001: 2}


def test_while_capped_an_agent_stays_out_of_the_groups_turn() -> None:
    rules = (on_a_call(), raising(slots(1), over(WAITING, 20)), lowering(slots(1), under(WAITING, 1)))
    floor = Floor.of(group(*rules), people(2, load=0.0))
    floor.change(1001, state=AgentState.TALKING)
    assert wanted(floor.tick(0, 30)) == {1001: 1, 1002: 4}
    assert wanted(floor.tick(15, 0)) == {1001: 1, 1002: 3}
