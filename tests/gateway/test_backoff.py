"""Pauses after failures."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from autoscaler.gateway.backoff import Backoff


@given(st.integers(1, 10_000), st.integers())
def test_a_pause_lies_between_half_of_its_longest_and_its_longest(failures: int, seed: int) -> None:
    pause = Backoff(first_s=1.0, most_s=60.0).pause(failures, Random(seed))
    longest = min(60.0, 2.0 ** (failures - 1)) if failures < 20 else 60.0
    assert longest / 2 <= pause <= longest


def test_agents_that_failed_together_come_back_apart() -> None:
    random = Random(7)
    pauses = {Backoff(first_s=1.0, most_s=60.0).pause(3, random) for _ in range(100)}
    assert len(pauses) == 100
