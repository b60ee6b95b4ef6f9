"""Limits on their way through the gateway, and what a sign-in or sign-out does to them: moments worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from autoscaler.simulation.floor.ports import Seen
from autoscaler.simulation.floor.run import NeverEnds, play, run
from autoscaler.simulation.policies.fixed import Fixed
from autoscaler.simulation.scenario.curves import curve
from autoscaler.simulation.scenario.model import AgentEntry, Arrivals, Curve, Gateway, Scenario, Service, Spread
from autoscaler.simulation.slowdown import Power
from tests.simulation.floor.scenes import HOUR, Ints, Scripted, Sparse, rush, scenario, window


def starts(plain: Scenario, policy: Scripted | Sparse | Fixed) -> list[float]:
    floor, _ = play(plain, policy, seed=1, index=0)
    return [float(at) for at in floor.customers["start"]]


def busy(**changes: object) -> Scenario:
    """A crowd comes in the first second, more than anybody can take, and each chat lasts longer than the hour."""
    service = Service(solo=Spread(mean_s=1e5, cv=0.0), curves=(curve(Power(alpha=1.0)),))
    return scenario(arrivals=rush(200), service=service, patience=Spread(mean_s=2 * HOUR, cv=0.0), **changes)


def says(*limits: int | None, every_s: float = 15.0) -> Scripted:
    """One limit for everybody a tick; the last one for ever."""

    def wants(number: int, seen: Seen) -> Ints | None:
        limit = limits[min(number, len(limits) - 1)]
        return None if limit is None else np.full(len(seen.load), limit)

    return Scripted(wants=wants, every_s=every_s)


def test_without_delay_a_raise_pulls_from_the_queue_within_the_tick() -> None:
    plain = busy(agents=(AgentEntry(count=1, limit=1),))
    at = np.array(starts(plain, says(1, 1, 1, 3)))
    assert np.count_nonzero(at < 1) == 1
    assert np.count_nonzero(at == 45.0) == 2
    assert np.nanmax(at[at < HOUR]) == 45.0


def test_with_delay_the_raise_comes_when_the_call_returns() -> None:
    plain = busy(agents=(AgentEntry(count=1, limit=1),), gateway=Gateway(delay_s=4.0))
    assert np.count_nonzero(np.array(starts(plain, says(1, 1, 1, 3))) == 49.0) == 2


def test_one_call_is_in_flight_and_the_newest_wish_follows_it() -> None:
    plain = busy(agents=(AgentEntry(count=1, limit=1),), gateway=Gateway(delay_s=40.0))
    at = np.array(starts(plain, says(2, 3, 5, 4)))
    # 2 is sent at 0 and acts at 40; by then 5 is wanted and acts at 80; since 45 it is 4, which acts at 120
    assert np.count_nonzero(at == 40.0) == 1
    assert np.count_nonzero(at == 80.0) == 3
    floor, course = play(plain, says(2, 3, 5, 4), seed=1, index=0, with_course=True)
    assert course is not None
    assert course.limits[:10, 0].tolist() == [1, 1, 1, 2, 2, 2, 5, 5, 4, 4]
    assert course.changes[:10].tolist() == [0, 0, 0, 1, 0, 0, 1, 0, 1, 0]
    assert floor.now["changes"] == 3


@pytest.mark.parametrize("delay_s", [0.0, 2.0])
def test_a_failed_call_is_sent_again_at_the_next_tick(delay_s: float) -> None:
    plain = busy(agents=(AgentEntry(count=30, limit=1),), gateway=Gateway(delay_s=delay_s, failure=0.5))
    at = np.array(starts(plain, says(1, 1, 2, None)))
    raised = at[(at > 1) & (at < HOUR)]
    assert len(raised) == 30
    assert set(((raised - delay_s) % 15).tolist()) == {0.0}
    assert raised.min() == 30.0 + delay_s
    assert raised.max() >= 45.0 + delay_s


@pytest.mark.parametrize("delay_s", [0.0, 2.0])
def test_a_failed_call_is_sent_again_though_the_controller_has_nothing_to_say_for_hours(delay_s: float) -> None:
    plain = busy(agents=(AgentEntry(count=30, limit=1),), gateway=Gateway(delay_s=delay_s, failure=0.5))
    at = np.array(starts(plain, Sparse(at=[(30.0, np.full(30, 2))])))
    assert_array_equal(at, starts(plain, says(1, 1, 2, None)))


def test_only_changes_in_the_scored_window_count() -> None:
    plain = busy(agents=(AgentEntry(count=2, limit=1),), warm_up_s=30.0, gateway=Gateway())
    floor, _ = play(plain, says(2, 3, 4, 5), seed=1, index=0)
    assert (floor.now["changes"], floor.now["changes_scored"]) == (8, 4)


def test_a_sign_in_brings_the_configured_limit_and_counts_as_no_change() -> None:
    plain = scenario(agents=(AgentEntry(count=1, limit=2, shift=(window("09:00-09:10"), window("09:10-23:00"))),))
    policy = Scripted(wants=lambda number, _: np.array([5]) if number == 0 else None, every_s=60.0)
    floor, course = play(plain, policy, seed=1, index=0, with_course=True)
    assert course is not None
    assert course.limits[:13, 0].tolist() == [2, *[5] * 9, 2, 2, 2]
    assert [int(seen.wanted[0]) for seen in policy.seen[8:12]] == [5, 5, 2, 2]
    assert [float(seen.signed_in_for_s[0]) for seen in policy.seen[8:12]] == [480.0, 540.0, 0.0, 60.0]
    assert floor.now["changes"] == 1


def test_a_call_outlived_by_its_agents_shift_changes_nothing() -> None:
    agents = (AgentEntry(count=1, limit=2, shift=(window("09:00-09:10"), window("09:10-23:00"))),)
    plain = scenario(agents=agents, gateway=Gateway(delay_s=30.0))
    policy = Scripted(wants=lambda number, _: np.array([5]) if number == 0 else None, first_s=590.0, every_s=60.0)
    floor, course = play(plain, policy, seed=1, index=0, with_course=True)
    assert course is not None
    assert set(course.limits[:, 0].tolist()) == {2.0}
    assert floor.now["changes"] == 0


def test_at_a_shifts_end_chats_are_finished_and_none_are_given() -> None:
    agents = (AgentEntry(count=1, limit=3, shift=(window("09:00-09:01"), window("09:30-09:40"))),)
    service = Service(solo=Spread(mean_s=300.0, cv=0.0), curves=(curve(Power(alpha=1.0)),))
    plain = scenario(agents=agents, service=service, arrivals=rush(9), patience=Spread(mean_s=2000.0, cv=0.0))
    floor, _ = play(plain, Fixed(limit=3), seed=1, index=0)
    at, ends = floor.customers["start"], floor.customers["end"]
    assert (at[:3] < 1).all()
    assert (ends[:3] >= 300).all()
    assert_array_equal(at[3:6], 1800.0)
    # in the first shift three chats but for the first moments, in the second three until they end; the rest has left
    assert floor.agents["on_s"][0] == 660.0
    assert floor.now["sum_load"] == pytest.approx(3 * (60 + 300) - at[:3].sum(), abs=1e-6)


def test_at_midnight_shifts_change_before_the_tick() -> None:
    agents = (AgentEntry(count=1, limit=2, shift=(window("09:00-08:00"),)), AgentEntry(count=1, limit=2))
    policy = says(None, every_s=900.0)
    plain = scenario(duration_s=30 * HOUR, arrivals=Arrivals(step_s=30 * HOUR, expected=np.array([9.0])), agents=agents)
    play(plain, policy, seed=1, index=0)
    on = {seen.now_s: bool(seen.on[0]) for seen in policy.seen}
    assert [on[hour * HOUR] for hour in (0, 22, 23, 23.75, 24, 25)] == [True, True, False, False, True, True]


def test_a_curve_that_changes_takes_chats_in_progress_along() -> None:
    slow = Curve(from_s=9 * HOUR + 100, factors=np.full(60, 0.5))
    service = Service(solo=Spread(mean_s=300.0, cv=0.0), curves=(curve(Power(alpha=1.0)), slow))
    plain = scenario(agents=(AgentEntry(count=1, limit=1),), service=service, arrivals=rush(3))
    floor, _ = play(plain, Fixed(limit=1), seed=1, index=0)
    first = float(floor.customers["start"][0])
    assert floor.customers["end"][0] == pytest.approx(100 + (300 - (100 - first)) / 0.5, abs=1e-9)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 9, 17])
def test_of_chats_that_end_at_one_moment_the_first_rows_goes_first(count: int) -> None:
    agents = (AgentEntry(count=count, limit=1, shift=(window("09:10-23:00"),)),)
    service = Service(solo=Spread(mean_s=300.0, cv=0.0), curves=(curve(Power(alpha=1.0)),))
    plain = scenario(agents=agents, service=service, arrivals=rush(5 * count + 20))
    floor, _ = play(plain, Fixed(limit=1), seed=1, index=0)
    agent, at = (floor.customers[name][: 3 * count].reshape(3, count) for name in ("agent", "start"))
    assert_array_equal(at, np.repeat([[600.0], [900.0], [1200.0]], count, axis=1))
    assert_array_equal(np.sort(agent[0]), np.arange(count))
    assert_array_equal(agent[1:], [np.arange(count)] * 2)


def test_a_queue_that_nobody_can_ever_serve_is_named() -> None:
    service = Service(solo=Spread(mean_s=1e9, cv=0.0), curves=(curve(Power(alpha=1.0)),))
    with pytest.raises(
        NeverEnds, match=r"a test: \d+ customers still wait 400 days after the last one came\. Try more"
    ):
        run(scenario(service=service), Fixed(limit=1), seed=1, index=0)
