"""From a number to everybody's limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscaler.simulation.policies.spreading import interleaved, spread


@pytest.mark.parametrize(
    ("limit", "limits"), [(3.0, [3, 3, 3, 3, 3]), (2.5, [2, 3, 2, 3, 2]), (1.5, [1, 2, 1, 2, 1]), (60.0, [60] * 5)]
)
def test_of_a_half_limit_every_second_agent_has_the_higher_one(limit: float, limits: list[int]) -> None:
    assert interleaved(limit, 5).tolist() == limits


def test_a_slot_more_goes_to_one_agent_and_nobody_else_changes() -> None:
    wanted = np.array([3, 4, 3, 4])
    assert spread(15, wanted, np.array([True] * 4)).tolist() == [4, 4, 3, 4]


def test_uneven_limits_are_evened_out_by_the_fewest_changes() -> None:
    wanted = np.array([3, 3, 5, 3])
    assert spread(13, wanted, np.array([True] * 4)).tolist() == [3, 3, 4, 3]


def test_whoever_is_not_signed_in_keeps_a_limit_that_counts_for_nothing() -> None:
    wanted = np.array([6, 3, 3])
    assert spread(8, wanted, np.array([False, True, True])).tolist() == [6, 4, 4]


@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=1, max_size=12), st.integers(0, 60))
def test_slots_are_shared_out_whole_evenly_and_with_the_fewest_changes(
    people: list[tuple[int, bool]], more: int
) -> None:
    wanted = np.array([limit for limit, _ in people])
    on = np.array([is_on for _, is_on in people])
    if not on.any():
        on[0] = True
    n = int(on.sum())
    slots = n + more
    limits = spread(slots, wanted, on)

    assert limits[on].sum() == slots
    assert limits[on].max() - limits[on].min() <= 1
    assert (limits[~on] == wanted[~on]).all()
    level, higher = divmod(slots, n)
    unchanged = min(int((wanted[on] == level + 1).sum()), higher) + min(int((wanted[on] == level).sum()), n - higher)
    assert int((limits[on] == wanted[on]).sum()) == unchanged
    assert (spread(slots, limits, on) == limits).all()
