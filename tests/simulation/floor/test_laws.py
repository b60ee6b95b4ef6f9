"""What holds of every run: nobody is lost, nobody overtakes, limits bind, looking changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from autoscaler.simulation.floor.run import play
from autoscaler.simulation.floor.score import score
from autoscaler.simulation.floor.shifts import shifts
from autoscaler.simulation.floor.state import Floor, Where
from autoscaler.simulation.policies.fixed import Fixed
from autoscaler.simulation.scenario.model import Gateway, Scenario
from tests.simulation.floor.scenes import Scripted, moody, scenarios

LAWS = settings(max_examples=60, deadline=None)


def overlap(first: NDArray[Any], last: NDArray[Any], scenario: Scenario) -> float:
    """Seconds between first and last that fall into the scored window, summed."""
    begins, ends = scenario.warm_up_s, scenario.duration_s
    return float((np.clip(last, begins, ends) - np.clip(first, begins, ends)).sum())


def served(floor: Floor) -> NDArray[Any]:
    return floor.customers[floor.customers["where"] == Where.SERVED]


def what_happened(floor: Floor) -> tuple[bytes, bytes, list[float]]:
    """To the bit: customers, time signed in, and the integrals."""
    names = [name for name in floor.state.dtype.names or () if name.startswith("sum_")]
    return floor.customers.tobytes(), floor.agents["on_s"].tobytes(), [float(floor.now[name]) for name in names]


@LAWS
@given(scenario=scenarios(), mood=st.integers(0, 20))
def test_integrals_are_the_sums_of_waits_and_chats(scenario: Scenario, mood: int) -> None:
    floor, _ = play(scenario, moody(mood, scenario.every_s), seed=1, index=mood)
    people, chats = floor.customers, served(floor)
    until = np.where(people["where"] == Where.SERVED, people["start"], people["end"])
    assert_allclose(floor.now["sum_queue"], overlap(people["arrival"], until, scenario), rtol=1e-9, atol=1e-6)
    if not any(entry.shift for entry in scenario.agents):
        assert_allclose(floor.now["sum_load"], overlap(chats["start"], chats["end"], scenario), rtol=1e-9, atol=1e-6)
        assert_allclose(floor.agents["on_s"], scenario.duration_s - scenario.warm_up_s)
    assert_allclose(floor.now["sum_on"], floor.agents["on_s"].sum(), rtol=1e-9, atol=1e-6)


@LAWS
@given(scenario=scenarios(), mood=st.integers(0, 20))
def test_at_every_tick_whoever_came_waits_or_is_served_or_has_left(scenario: Scenario, mood: int) -> None:
    policy = moody(mood, scenario.every_s)
    floor, _ = play(scenario, policy, seed=2, index=mood)
    ended = np.sort(served(floor)["end"])
    came = left = 0
    for seen in policy.seen:
        came, left = came + seen.arrived, left + seen.abandoned
        assert came == left + seen.waiting + seen.load.sum() + np.searchsorted(ended, seen.now_s, side="right")
    people = floor.customers
    assert len(people) == floor.now["arrived"] == len(ended) + floor.now["left"]
    assert np.isin(people["where"], (Where.SERVED, Where.LEFT)).all()


@LAWS
@given(scenario=scenarios(), mood=st.integers(0, 20))
def test_nobody_overtakes_and_nobody_waits_beyond_patience(scenario: Scenario, mood: int) -> None:
    floor, _ = play(scenario, moody(mood, scenario.every_s), seed=3, index=mood)
    people, chats = floor.customers, served(floor)
    assert (np.diff(chats["start"]) >= 0).all()
    assert (chats["arrival"] <= chats["start"]).all()
    assert (chats["start"] < chats["end"]).all()
    assert (chats["start"] <= chats["deadline"]).all()
    left = people[people["where"] == Where.LEFT]
    assert_array_equal(left["end"], left["deadline"])
    for one in left:
        later = chats[(chats["arrival"] > one["arrival"]) & (chats["start"] < one["end"])]
        assert not len(later)


@LAWS
@given(scenario=scenarios(), limit=st.integers(1, 4))
def test_no_agent_holds_more_than_its_limit_nor_starts_a_chat_off_shift(scenario: Scenario, limit: int) -> None:
    floor, _ = play(scenario, Fixed(limit=limit), seed=4, index=limit)
    rows = shifts(scenario, begin_s=0, until_s=floor.now["now"])
    for agent in range(len(floor.agents)):
        chats = floor.customers[floor.customers["agent"] == agent]
        begun = np.searchsorted(np.sort(chats["start"]), chats["start"], side="right")
        ended = np.searchsorted(np.sort(chats["end"]), chats["start"], side="right")
        assert (begun - ended <= limit).all()
        mine = rows[rows["agent"] == agent]
        last = np.searchsorted(mine["at"], chats["start"], side="right") - 1
        assert mine["on"][last].all()


@LAWS
@given(scenario=scenarios(), mood=st.integers(0, 20))
def test_the_same_seed_is_the_same_run_and_another_index_is_another(scenario: Scenario, mood: int) -> None:
    policy = moody(mood, scenario.every_s)
    one, again = (play(scenario, policy, seed=5, index=mood)[0] for _ in range(2))
    assert what_happened(one) == what_happened(again)
    other = play(scenario, policy, seed=5, index=mood + 1)[0]
    assert len(one.customers) == 0 or what_happened(one) != what_happened(other)


@LAWS
@given(scenario=scenarios(), mood=st.integers(0, 20))
def test_two_policies_meet_the_same_people(scenario: Scenario, mood: int) -> None:
    one, _ = play(scenario, moody(mood, scenario.every_s), seed=6, index=mood)
    other, _ = play(scenario, Fixed(limit=2), seed=6, index=mood)
    for name in ("arrival", "work", "deadline"):
        assert_array_equal(one.customers[name], other.customers[name])
    assert_array_equal(one.agents["speed"], other.agents["speed"])


@LAWS
@given(scenario=scenarios(), limit=st.integers(1, 4), every_s=st.sampled_from([7.0, 15.0, 3600.0]))
def test_a_controller_that_changes_nothing_is_a_fixed_limit_to_the_bit(
    scenario: Scenario, limit: int, every_s: float
) -> None:
    floor, _ = play(scenario, Fixed(limit=limit), seed=7, index=limit)
    start = np.full(len(floor.agents), limit)
    for wants in (None, start):
        idle = Scripted(wants=lambda _number, _seen, wants=wants: wants, every_s=every_s, start=start)
        same, _ = play(scenario, idle, seed=7, index=limit)
        assert what_happened(same) == what_happened(floor)
        for metrics in ("metrics", "cost"):
            assert_array_equal(
                list(getattr(score(same, scenario), metrics).values()),
                list(getattr(score(floor, scenario), metrics).values()),
            )


@LAWS
@given(scenario=scenarios(), mood=st.integers(0, 20))
def test_changes_are_those_seen_of_limits_where_calls_act_at_once(scenario: Scenario, mood: int) -> None:
    """Without delay or failure the limit in force is the wanted one, so its moves can be counted from outside."""
    plain = replace(scenario, gateway=Gateway())
    policy = moody(mood, plain.every_s)
    floor, _ = play(plain, policy, seed=8, index=mood)
    if any(entry.shift for entry in plain.agents) or policy.seen[-1].now_s < plain.duration_s:
        return
    wanted = np.array([seen.wanted for seen in policy.seen])
    times = np.array([seen.now_s for seen in policy.seen])[:-1]
    moved = np.count_nonzero(np.diff(wanted, axis=0), axis=1)
    scored = (times >= plain.warm_up_s) & (times < plain.duration_s)
    assert floor.now["changes_scored"] == moved[scored].sum()
