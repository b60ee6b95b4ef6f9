"""What keeps calls from being too many, and from going where nobody answers."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscaler.gateway.backoff import Backoff
from autoscaler.gateway.breaker import Breaker, BreakerState
from autoscaler.gateway.pace import BEAT_S, Pace


@given(
    st.floats(0.1, 1e4),
    st.lists(st.floats(0, 2), min_size=1, max_size=50),
)
def test_no_span_lets_more_through_than_its_rate_and_one_bucket(rate: float, gaps: list[float]) -> None:
    pace = Pace(calls_per_second=rate, now=0.0)
    now = 0.0
    passed = 0
    for gap in gaps:
        now += gap
        while passed < 1000 and pace.allows(now):
            pace.spend()
            passed += 1
    assert passed <= rate * now + 1.0 + 2 * rate * BEAT_S + 1e-6


@pytest.mark.parametrize("rate", [0.5, 10, 33, 100, 500])
def test_looking_again_every_beat_is_enough_to_reach_the_rate(rate: float) -> None:
    pace = Pace(calls_per_second=rate, now=0.0)
    passed = 0
    for beat in range(1, 1001):
        while pace.allows(beat * BEAT_S):
            pace.spend()
            passed += 1
    assert passed == pytest.approx(rate * 1000 * BEAT_S, abs=2 + 2 * BEAT_S * rate)


def test_a_rate_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        Pace(calls_per_second=0, now=0.0)


def opened(now: float = 0.0) -> Breaker:
    breaker = Breaker(random=Random(1), threshold=3, pauses=Backoff(first_s=2.0, most_s=8.0))
    for _ in range(3):
        breaker.failed(now, was_probe=False)
    return breaker


def test_an_answer_between_failures_keeps_it_closed() -> None:
    breaker = Breaker(random=Random(1), threshold=3, pauses=Backoff(first_s=2.0, most_s=8.0))
    for _ in range(5):
        breaker.failed(0.0, was_probe=False)
        breaker.failed(0.0, was_probe=False)
        breaker.answered()
    assert breaker.state is BreakerState.CLOSED


def test_failures_in_a_row_open_it_and_one_probe_follows_the_pause() -> None:
    breaker = opened()
    assert not breaker.allows(0.9)
    assert breaker.allows(2.0)
    assert breaker.tried()
    assert breaker.state is BreakerState.HALF_OPEN
    assert not breaker.allows(100.0)


def test_a_failed_probe_makes_the_pause_longer_and_an_answer_closes_it() -> None:
    breaker = opened()
    assert breaker.allows(2.0)
    breaker.tried()
    breaker.failed(2.0, was_probe=True)
    assert not breaker.allows(3.9)
    assert breaker.allows(6.0)
    breaker.tried()
    breaker.answered()
    assert breaker.state is BreakerState.CLOSED
    assert breaker.allows(6.0)


def test_a_call_from_before_it_opened_does_not_count_against_the_probe() -> None:
    breaker = opened()
    breaker.allows(2.0)
    breaker.tried()
    breaker.failed(2.0, was_probe=False)
    assert breaker.state is BreakerState.HALF_OPEN


def test_a_closed_breaker_has_no_probes() -> None:
    breaker = Breaker(random=Random(1), threshold=1, pauses=Backoff(first_s=1.0, most_s=1.0))
    assert not breaker.tried()
