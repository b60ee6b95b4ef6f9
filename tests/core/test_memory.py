"""What one decision hands to the next: exact through JSON, and no more than still counts."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autoscaler.core.book import Calendar, EachAgent, Mode, Rule, Safety, Smoothing, Stability
from autoscaler.core.forecasting import observed
from autoscaler.core.forgetting import of_this_mode, returned, stood_still
from autoscaler.core.memory import AgentMemory, GroupMemory, Memory, aligned, from_json, to_json
from autoscaler.core.outlooks import Outlook
from autoscaler.core.outlooks import to_json as outlook_to_json
from autoscaler.core.readings import AgentState, Overrides, Pin

from .staging import (
    LOAD,
    T0,
    UNKNOWN,
    WAITING,
    Floor,
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
    text,
    under,
    wanted,
)

FULL = group(
    raising(share(0.15), over(WAITING, 20), for_s=15.0, cooldown_s=30.0),
    lowering(slots(2), under(WAITING, 1)),
    on_a_call(for_s=15.0),
    Rule(name="full", when=over(LOAD, 4), per_agent=True, for_s=15.0, raise_by=each(1)),
    stability=Stability(
        raises=Smoothing(window_s=30.0, cooldown_s=15.0, at_most=(rate(slots(4), 60.0),)),
        lowers=Smoothing(window_s=60.0, at_most=(rate(share(0.2), 90.0),)),
        each=EachAgent(raise_by=(2, 120.0), lower_by=(1, 60.0), moves=(3, 300.0)),
    ),
    safety=Safety(agents_per_tick=0.5, calls_per_minute=7, baseline_after_s=120.0),
)


def day(floor: Floor, *, restarts: bool) -> list[str]:
    """Rush, calls, lost readings, people who come and go, a pin: the plans of every tick."""
    said = []
    for tick in range(40):
        if tick in (5, 20):
            floor.change(1001, 1004, state=AgentState.TALKING)
        if tick in (8, 27):
            floor.change(1001, 1004, state=AgentState.IDLE, load=5.0)
        if tick == 12:
            floor.change(1006, load=UNKNOWN)
        if tick == 15:
            floor.leave(1003)
        if tick == 18:
            floor.people |= {one.id: one for one in people(3, first=1003, load=4.0, limit=UNKNOWN, signed_in_for_s=5.0)}
        waiting = 40.0 if tick % 9 < 4 else 0.0 if tick % 9 < 8 else UNKNOWN
        pins = (Pin(agent=1002, media_type=51, limit=6, until=None, reason="r", by="b"),) if 22 <= tick < 25 else ()
        floor.tick(tick * 15.0, waiting, acts=tick % 7 != 3, overrides=Overrides(pins=pins))
        assert floor.plan is not None
        said.append(text(floor.plan))
        if restarts:
            floor.restart()
    return said


def test_memory_through_json_at_every_tick_changes_no_plan_by_a_byte() -> None:
    team = people(8, load=3.0)
    went_on, restarted = (day(Floor.of(FULL, team), restarts=restarts) for restarts in (False, True))
    assert restarted == went_on
    assert len(set(went_on)) == len(went_on)


def test_memory_is_the_same_again_after_json() -> None:
    floor = Floor.of(FULL, people(8))
    day(floor, restarts=False)
    there = to_json(floor.memory)
    back = from_json(json.loads(json.dumps(there)))
    assert to_json(back) == there
    for name in ("raised", "lowered", "moved", "seen_at", "wanted", "carried", "account"):
        np.testing.assert_array_equal(
            getattr(back.groups["webchat"].agents, name), getattr(floor.remembers().agents, name)
        )


def test_a_json_writer_that_drops_the_point_of_whole_seconds_loses_no_timer() -> None:
    floor = Floor.of(group(raising(slots(1), over(WAITING, 20), for_s=30.0)), people(3))
    floor.tick(0, 30)
    floor.memory = from_json(json.loads(json.dumps(to_json(floor.memory)).replace(".0,", ",").replace(".0}", "}")))
    floor.tick(15, 30)
    assert len(calls(floor.tick(30, 30))) == 1


def test_an_empty_memory_goes_through_json() -> None:
    floor = Floor.of(FULL, [])
    floor.tick(0)
    floor.restart()
    floor.people = {one.id: one for one in people(4)}
    floor.tick(15, 40)
    floor.restart()
    assert not calls(floor.tick(30, 40))
    assert wanted(floor.tick(45, 40)) == {1001: 4, 1002: 4, 1003: 3, 1004: 3}


def damaged(change: dict[str, Any] | None = None, of_agents: dict[str, Any] | None = None) -> dict[str, Any]:
    floor = Floor.of(FULL, people(2))
    floor.tick(0)
    value = json.loads(json.dumps(to_json(floor.memory)))
    value["groups"]["webchat"] |= change or {}
    value["groups"]["webchat"]["agents"] |= of_agents or {}
    return value  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ({}, "version"),
        ({"version": 2, "groups": {}}, "version"),
        ({"version": 1}, "groups"),
        ({"version": 1, "groups": []}, "not what"),
        ({"version": 1, "groups": {"webchat": {}}}, "agents"),
        (damaged({"at": "noon"}), "at is 'noon'"),
        (damaged({"raised_at": True}), "raised_at"),
        (damaged({"since": {"surge": "long ago"}}), "since.surge"),
        (damaged({"since": [1]}), "not what"),
        (damaged({"history": [[1]]}), "not enough values"),
        (damaged({"calls": 5}), "not what"),
        (damaged(of_agents={"ids": [1002, 1001]}), "ids"),
        (damaged(of_agents={"ids": [[1001, 1002]]}), "ids"),
        (damaged(of_agents={"wanted": [1.0]}), "wanted has 1 rows for 2 ids"),
        (damaged(of_agents={"wanted": [[1.0], [2.0]]}), "wanted"),
        (damaged(of_agents={"raised": [1.0, 2.0]}), "raised"),
        (damaged(of_agents={"since": {"full": [None]}}), "since.full has 1 rows for 2 ids"),
    ],
)
def test_what_no_decision_gave_is_refused_by_name(value: dict[str, Any], names: str) -> None:
    with pytest.raises(ValueError, match=names):
        from_json(value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"version": 7}, "memory: version is 7, this program reads 1"),
        ({"version": 1}, "memory: not what an earlier decision gave (KeyError: 'groups')"),
        (damaged(of_agents={"ids": [1001, 1001]}), "memory: agents.ids is not a list of ascending ids"),
        (damaged({"since": {"surge": True}}), "memory: since.surge is True, not a number of seconds"),
        (damaged({"engaged": {"surge": True}}), "memory: engaged.surge is True, not a number of seconds"),
        (damaged({"fired": {"surge": True}}), "memory: fired.surge is True, not a number of seconds"),
        (damaged({"lowered_at": "x"}), "memory: lowered_at is 'x', not a number of seconds"),
        (damaged({"missing_since": "x"}), "memory: missing_since is 'x', not a number of seconds"),
        (
            damaged({"outlooks": {"queue.waiting": outlook_to_json(Outlook.blank()) | {"scored": [1.0]}}}),
            "memory: outlooks.queue.waiting.scored is of shape (1,), not (5,)",
        ),
        (damaged(of_agents={"wanted": [[1.0], [2.0]]}), "memory: agents.wanted is not a list of numbers"),
        (damaged(of_agents={"raised": [1.0, 2.0]}), "memory: agents.raised is not a list of lists of numbers"),
        (damaged(of_agents={"engaged": {"full": [None]}}), "memory: agents.engaged.full has 1 rows for 2 ids"),
    ],
)
def test_what_no_decision_gave_is_refused_word_for_word(value: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=r"^memory: ") as caught:
        from_json(value)
    assert str(caught.value) == said


def full_of_everything(mode: Mode) -> GroupMemory:
    """Two agents, no field of it at rest."""
    when = np.array([T0 - 60, T0 - 30])
    row = np.array([[T0 - 60], [T0 - 30]])
    return GroupMemory(
        at=T0 - 15,
        mode=mode.value,
        slots=9,
        since={"crowd": T0 - 90},
        engaged={"crowd": T0 - 80},
        series={"60s x": ((T0 - 30, 1.0), (T0 - 15, UNKNOWN))},
        outlooks={"x": observed(Outlook.blank(), 2.5, at=T0 - 15, calendar=Calendar(), every_s=15)},
        fired={"crowd": T0 - 70},
        history=((T0 - 20, 9),),
        grown=((T0 - 20, 2),),
        shrunk=((T0 - 19, 1),),
        raised_at=T0 - 20,
        lowered_at=T0 - 19,
        calls=((T0 - 18, 3),),
        missing_since=T0 - 17,
        agents=AgentMemory(
            ids=np.array([1001, 1002]),
            seen_at=when,
            wanted=np.array([4.0, 5.0]),
            carried=np.array([4.0, 6.0]),
            account=np.array([10.0, 20.0]),
            above_since=when + 1,
            missing_since=when + 2,
            raised=row,
            lowered=row + 1,
            moved=row + 2,
            arrived=when + 3,
            since={"full": when + 4},
            engaged={"full": when + 5},
        ),
    )


def test_a_memory_full_of_everything_goes_through_json_as_it_is() -> None:
    memory = Memory(groups={"webchat": full_of_everything(Mode.ENFORCE)})
    assert repr(from_json(json.loads(json.dumps(to_json(memory))))) == repr(memory)


def test_what_another_mode_did_is_forgotten_and_what_the_site_did_is_kept() -> None:
    memory = full_of_everything(Mode.OBSERVE)
    assert of_this_mode(memory, Mode.OBSERVE) is memory
    found = of_this_mode(memory, Mode.ENFORCE)
    assert (found.fired, found.history, found.grown, found.shrunk) == ({}, (), (), ())
    assert (found.raised_at, found.lowered_at) == (None, None)
    kept = ("at", "slots", "since", "engaged", "series", "calls", "missing_since")
    assert [getattr(found, name) for name in kept] == [getattr(memory, name) for name in kept]
    for name in ("wanted", "carried", "above_since", "raised", "lowered", "moved"):
        assert np.isnan(getattr(found.agents, name)).all()
    for name in ("seen_at", "missing_since", "arrived"):
        np.testing.assert_array_equal(getattr(found.agents, name), getattr(memory.agents, name))
    assert found.agents.account.tolist() == [0.0, 0.0]
    assert found.agents.engaged == memory.agents.engaged


def test_before_the_first_tick_there_is_nothing_of_another_mode() -> None:
    memory = replace(full_of_everything(Mode.OBSERVE), at=None)
    assert of_this_mode(memory, Mode.ENFORCE) is memory
    assert stood_still(memory, at=T0) is memory


def test_time_without_a_roster_is_added_to_when_people_were_seen_and_a_clock_set_back_takes_none_away() -> None:
    memory = full_of_everything(Mode.ENFORCE)
    np.testing.assert_array_equal(stood_still(memory, at=T0).agents.seen_at, memory.agents.seen_at + 15)
    np.testing.assert_array_equal(stood_still(memory, at=T0 - 99).agents.seen_at, memory.agents.seen_at)


def test_of_those_in_a_larger_memory_only_who_came_back_is_forgotten() -> None:
    memory = full_of_everything(Mode.ENFORCE).agents
    back = returned(memory, np.array([1]), np.array([UNKNOWN]), last=T0 + 290, at=T0 + 300)
    assert back.arrived.tolist() == [T0 - 57, T0 + 300]
    np.testing.assert_array_equal(back.wanted, [4.0, UNKNOWN])
    np.testing.assert_array_equal(back.carried, [4.0, UNKNOWN])
    assert back.account.tolist() == [10.0, 20.0]
    still = returned(memory, np.array([1]), np.array([UNKNOWN]), last=T0 + 269, at=T0 + 270)
    assert still is memory
    slept = returned(memory, np.array([1]), np.array([UNKNOWN]), last=T0 + 269, at=T0 + 9000)
    np.testing.assert_array_equal(slept.wanted, [4.0, UNKNOWN])
    np.testing.assert_array_equal(slept.arrived, memory.arrived)
    stayed = returned(memory, np.array([1]), np.array([9030.0]), last=T0 + 269, at=T0 + 9000)
    assert stayed is memory
    came = returned(memory, np.array([1]), np.array([9029.0]), last=T0 + 269, at=T0 + 9000)
    assert came.arrived.tolist() == [T0 - 57, T0 + 9000]


def test_an_undamaged_memory_is_taken() -> None:
    assert isinstance(from_json(damaged()), Memory)


def test_groups_the_rulebook_does_not_know_keep_their_memory() -> None:
    floor = Floor.of(group(raising(slots(1)), name="elsewhere"), people(2))
    floor.tick(0)
    before = floor.remembers()
    floor.rules = group(raising(slots(1)))
    floor.tick(15)
    assert floor.memory.groups["elsewhere"] is before


def test_an_absent_agents_budget_is_kept_for_twelve_hours() -> None:
    hour = 3600.0
    floor = Floor.of(
        group(raising(each(1)), stability=Stability(each=EachAgent(raise_by=(1, 24 * hour)))), people(2, limit=1.0)
    )
    floor.tick(0)
    gone = replace(floor.people[1002], limit=1.0)
    floor.leave(1002)
    floor.tick(6 * hour)
    floor.people[1002] = gone
    assert wanted(floor.tick(12 * hour))[1002] == 1
    floor.leave(1002)
    floor.tick(18 * hour)
    floor.people[1002] = gone
    assert 1002 in floor.remembers().agents.ids
    floor.leave(1002)
    floor.people |= {one.id: one for one in people(1, first=2001)}
    floor.tick(25 * hour)
    assert 1002 not in floor.remembers().agents.ids


def test_rows_are_brought_into_line_with_any_roster() -> None:
    memory = replace(
        AgentMemory.blank(np.array([1, 3, 5]), EachAgent(raise_by=(2, 60.0))),
        seen_at=np.array([100.0, 50.0, 100.0]),
        wanted=np.array([4.0, 5.0, 6.0]),
        raised=np.array([[90.0, UNKNOWN], [40.0, 45.0], [80.0, 95.0]]),
        since={"full": np.array([10.0, 20.0, UNKNOWN])},
    )
    budget = EachAgent(raise_by=(2, 60.0))
    same, rows = aligned(memory, np.array([1, 3, 5]), budget, oldest=60.0)
    assert rows is None
    assert same is memory
    merged, rows = aligned(memory, np.array([2, 5]), budget, oldest=60.0)
    assert rows is not None
    assert merged.ids.tolist() == [1, 2, 5], "3 was last seen too long ago"
    assert rows.tolist() == [1, 2]
    np.testing.assert_array_equal(merged.wanted, [4.0, UNKNOWN, 6.0])
    np.testing.assert_array_equal(merged.raised, [[90.0, UNKNOWN], [UNKNOWN, UNKNOWN], [80.0, 95.0]])
    np.testing.assert_array_equal(merged.since["full"], [10.0, UNKNOWN, UNKNOWN])
    only, rows = aligned(memory, np.array([3, 5, 7]), budget, oldest=110.0)
    assert rows is None
    assert only.ids.tolist() == [3, 5, 7]


@pytest.mark.parametrize(
    ("width", "expected"),
    [(1, [[95.0], [90.0]]), (3, [[95.0, 80.0, UNKNOWN], [90.0, UNKNOWN, UNKNOWN]]), (0, [[], []])],
)
def test_a_budget_of_another_size_keeps_the_newest_times(width: int, expected: list[list[float]]) -> None:
    memory = replace(
        AgentMemory.blank(np.array([1, 2]), EachAgent(moves=(2, 60.0))),
        moved=np.array([[80.0, 95.0], [UNKNOWN, 90.0]]),
    )
    resized, _ = aligned(memory, memory.ids, EachAgent(moves=(width, 60.0) if width else None), oldest=0.0)
    np.testing.assert_array_equal(resized.moved, np.array(expected).reshape(2, width))


def test_a_reload_with_a_tighter_budget_counts_what_was_spent_before_it() -> None:
    def rules(budget: int) -> Any:
        return group(raising(each(1)), stability=Stability(each=EachAgent(raise_by=(budget, 600.0))))

    floor = Floor.of(rules(3), people(1, limit=1.0))
    floor.tick(0)
    floor.tick(15)
    floor.rules = rules(1)
    assert not calls(floor.tick(30))
    floor.rules = rules(4)
    assert calls(floor.tick(45)) == {1001: 4}


def test_a_reload_keeps_timers_by_the_rules_name_and_forgets_rules_that_went() -> None:
    floor = Floor.of(group(raising(slots(1), over(WAITING, 20), for_s=30.0, cooldown_s=600.0)), people(3))
    floor.tick(0, 30)
    floor.rules = group(lowering(slots(1), under(WAITING, 0)), *floor.rules.rules)
    floor.tick(30, 30)
    assert dict(floor.remembers().fired) == {"surge": T0 + 30}
    floor.rules = group(raising(slots(1), over(WAITING, 20), name="other", for_s=30.0))
    floor.tick(45, 30)
    assert not floor.remembers().fired
    assert dict(floor.remembers().since) == {"other": T0 + 45}


def account(floor: Floor, agent: int) -> float:
    agents = floor.remembers().agents
    return float(agents.account[np.searchsorted(agents.ids, agent)])


def test_carrying_above_baseline_is_counted_and_a_new_sign_in_starts_again() -> None:
    floor = Floor.of(group(), people(2, limit=5.0))
    floor.tick(0)
    floor.tick(15)
    assert account(floor, 1001) == 30.0
    floor.change(1001, signed_in_for_s=14.0)
    floor.tick(30)
    assert account(floor, 1001) == 0.0
    assert account(floor, 1002) == 60.0


def test_a_sign_in_that_is_first_seen_late_starts_a_new_shift_all_the_same() -> None:
    floor = Floor.of(group(), people(2, limit=5.0))
    floor.tick(0)
    floor.tick(15)
    gone = floor.people[1001]
    floor.leave(1001)
    floor.tick(30)
    floor.tick(90)
    floor.people[1001] = replace(gone, signed_in_for_s=40.0)
    floor.tick(105)
    assert account(floor, 1001) == 0.0


def test_time_the_daemon_was_down_is_nobodys_burden() -> None:
    floor = Floor.of(group(), people(1, limit=5.0, signed_in_for_s=90_000.0))
    floor.tick(0)
    floor.tick(36_000)
    assert account(floor, 1001) == 2 * 600.0


@pytest.mark.parametrize("listed", [True, False])
def test_who_returns_after_long_starts_from_what_the_gateway_says(listed: bool) -> None:
    floor = Floor.of(group(raising(each(2), over(WAITING, 20))), people(2))
    floor.tick(0, 30)
    gone = floor.people[1001]
    if listed:
        floor.change(1001, state=AgentState.SIGNED_OUT)
    else:
        floor.leave(1001)
    for tick in range(1, 23):
        floor.tick(tick * 15.0, 0)
    floor.people[1001] = replace(gone, limit=UNKNOWN, signed_in_for_s=3.0)
    assert calls(floor.tick(345.0, 0)) == {1001: 3}


def test_who_returns_soon_gets_back_what_was_wanted() -> None:
    floor = Floor.of(group(raising(each(2), over(WAITING, 20))), people(2))
    floor.tick(0, 30)
    gone = floor.people[1001]
    floor.leave(1001)
    floor.tick(150, 0)
    floor.people[1001] = replace(gone, limit=UNKNOWN, signed_in_for_s=3.0)
    assert calls(floor.tick(300, 0)) == {1001: 5}


def test_a_long_silence_of_the_daemon_is_no_absence_of_those_who_stayed() -> None:
    floor = Floor.of(group(on_a_call()), people(2, signed_in_for_s=50_000.0))
    floor.change(1001, state=AgentState.TALKING)
    floor.tick(0)
    floor.change(1001, state=AgentState.IDLE)
    floor.change(1002, signed_in_for_s=60.0, limit=5.0)
    assert calls(floor.tick(3600)) == {1001: 3}, "1001 gets its limit back, 1002 is new"


def test_time_in_which_nobody_knows_the_roster_is_no_absence() -> None:
    floor = Floor.of(group(on_a_call()), people(1))
    floor.change(state=AgentState.TALKING)
    floor.tick(0)
    there = dict(floor.people)
    floor.people = {}
    for tick in range(1, 41):
        floor.tick(tick * 15.0, roster_problem="the CMS does not answer")
    floor.people = {agent: replace(one, state=AgentState.IDLE) for agent, one in there.items()}
    assert calls(floor.tick(615)) == {1001: 3}


def test_time_above_baseline_is_known_of_those_who_are_above() -> None:
    long = Rule(name="rest", when=over(named("agent.above_baseline_for"), 60), per_agent=True, lower_by=each(1))
    floor = Floor.of(group(long), people(2, limit=5.0))
    floor.tick(0)
    assert not calls(floor.tick(60))
    assert calls(floor.tick(61)) == {1001: 4, 1002: 4}


def test_time_above_baseline_from_before_a_long_absence_is_forgotten() -> None:
    long = Rule(name="rest", when=over(named("agent.above_baseline_for"), 60), per_agent=True, lower_by=each(1))
    floor = Floor.of(group(long), people(1, limit=5.0))
    floor.tick(0)
    gone = floor.people[1001]
    floor.leave(1001)
    for tick in range(1, 25):
        floor.tick(tick * 15.0)
    floor.people[1001] = replace(gone, limit=4.0)
    assert not calls(floor.tick(375))


def test_what_was_wanted_while_observing_is_forgotten_when_it_counts() -> None:
    rules = group(
        raising(each(1), over(WAITING, 20), cooldown_s=600.0),
        mode=Mode.OBSERVE,
        stability=Stability(
            raises=Smoothing(cooldown_s=600.0, at_most=(rate(slots(2), 600.0),)),
            each=EachAgent(raise_by=(1, 600.0), moves=(1, 600.0)),
        ),
    )
    floor = Floor.of(rules, people(2))
    assert floor.tick(0, 30).slots.wanted == 8
    floor.rules = replace(rules, mode=Mode.ENFORCE)
    plan = floor.tick(15, 30)
    assert plan.slots.observed == 6
    assert calls(plan) == {1001: 4, 1002: 4}, "a trial starts no cooldown and spends no budget"


def test_a_condition_that_held_while_observing_still_holds_when_it_counts() -> None:
    rules = group(raising(each(1), over(WAITING, 20), for_s=30.0), mode=Mode.OBSERVE)
    floor = Floor.of(rules, people(2))
    floor.tick(0, 30)
    floor.rules = replace(rules, mode=Mode.ENFORCE)
    assert calls(floor.tick(30, 30)) == {1001: 4, 1002: 4}


def test_a_failed_call_is_sent_again_and_spends_no_budget_twice() -> None:
    rules = group(
        raising(each(1), over(WAITING, 20), cooldown_s=600.0),
        stability=Stability(each=EachAgent(raise_by=(2, 600.0), moves=(2, 600.0))),
    )
    floor = Floor.of(rules, people(2))
    assert calls(floor.tick(0, 30, acts=False)) == {1001: 4, 1002: 4}
    for tick in (15, 30, 45):
        assert calls(floor.tick(tick, 30, acts=False)) == {1001: 4, 1002: 4}
    agents = floor.remembers().agents
    assert np.count_nonzero(~np.isnan(agents.raised)) == 2
    assert np.count_nonzero(~np.isnan(agents.moved)) == 2
    assert floor.remembers().grown == ()
    assert calls(floor.tick(600, 30)) == {1001: 5, 1002: 5}
