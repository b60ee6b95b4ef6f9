"""Proportional control by hand: each step of the arithmetic on numbers that can be followed."""

from __future__ import annotations

import numpy as np
import pytest

from autoscaler.core.tracking import Members, Tolerance, from_members, from_utilisation, strongest

EXACT = Tolerance(down=0.0, up=0.0)
TENTH = Tolerance(down=0.1, up=0.1)


def members(*value: float, missing: int = 0, unready: tuple[float, ...] = (), request: float = 1.0) -> Members:
    """Ready ones by value, then some without a reading, then some who have just come."""
    states = ["ready"] * len(value) + ["missing"] * missing + ["unready"] * len(unready)
    return Members(
        value=np.array([*value, *[np.nan] * missing, *unready]),
        request=np.full(len(states), request),
        ready=np.array([state == "ready" for state in states]),
        missing=np.array([state == "missing" for state in states]),
        unready=np.array([state == "unready" for state in states]),
    )


@pytest.mark.parametrize(
    ("current", "of", "expected"),
    [
        (2, members(10, 10), 2),
        (2, members(20, 20), 4),
        (4, members(5, 5, 5, 5), 2),
        (3, members(11, 10, 10), 3),  # 31/3 is 10 in whole numbers
        (3, members(12, 11, 11), 4),  # 1.1 x 3
        (5, members(missing=5), 5),
        (3, members(20, 20, missing=1), 4),  # 13/10: the silent one counts as idle, 1.3 x 3
        (3, members(4, 4, missing=1), 2),  # 18/3 = 6: on target when shrinking, 0.6 x 3
        (3, members(10, 10, missing=1), 3),  # on target as it is
        (3, members(12, 12, missing=1), 3),  # growing turns into shrinking: 8/10
        (3, members(20, 20, unready=(0.0,)), 4),  # growing: who has just come counts as idle
        (3, members(4, 4, unready=(50.0,)), 1),  # shrinking: it is left out, 0.4 x 2
        (3, members(12, 12, unready=(99.0,)), 3),  # and would turn growing round
        (4, members(30, 30, missing=1, unready=(9.0,)), 6),  # 60/4 = 15
        (2, members(9, 9, missing=2), 2),  # a lower whose 0.9 x 4 members would be more than there are
    ],
)
def test_the_mean_of_members_is_brought_to_its_target(current: int, of: Members, expected: int) -> None:
    assert from_members(current, of, 10.0, EXACT) == expected


def test_inside_the_tolerance_the_damped_ratio_stays_too() -> None:
    assert from_members(10, members(*[12.0] * 9, missing=1), 10.0, TENTH) == 10  # 1.2, damped 1.0
    assert from_members(10, members(*[14.0] * 9, missing=1), 10.0, TENTH) == 12  # damped 12/10


@pytest.mark.parametrize(
    ("of", "target", "expected"),
    [
        (members(50, 50, request=100.0), 50, 2),
        (members(100, 100, request=100.0), 50, 4),
        (members(99, 100, request=199.0), 50, 2),  # 50 %, in whole percent
        (members(20, 20, missing=1, request=100.0), 50, 3),  # silent: 100 % of its request, (20 + 20 + 100) / 300
        (members(20, 20, missing=1, request=100.0), 150, 2),  # silent: 150 %, 190/300 is 63 % of 150 %, 1.26
    ],
)
def test_use_is_counted_in_whole_percent_of_what_is_asked_for(of: Members, target: int, expected: int) -> None:
    assert from_utilisation(len(of.value), of, target, EXACT) == expected


@pytest.mark.parametrize(
    ("recommended", "expected"),
    [
        ([], 5),
        ([None, None], 5),
        ([3], 3),
        ([3, 4], 4),
        ([7, None], 7),
        ([5, None], 5),
        ([4, None], 5),
        ([4, 2, None], 5),
    ],
)
def test_of_several_readings_the_largest_counts_and_a_failed_one_stops_a_shrink(
    recommended: list[int | None], expected: int
) -> None:
    assert strongest(recommended, 5) == expected
