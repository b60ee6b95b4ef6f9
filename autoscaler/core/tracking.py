"""Proportional control: how many units a reading asks for, as the Kubernetes HPA computes it.

Inside the tolerance nothing moves. Members without a reading damp a move and never reverse it: when shrinking they
count as exactly on target, when growing as idle. Numbers: ../shared/reference/autoscaler-algorithms.md, C1.2 to C1.6.

No rule averages its members or takes several readings: `from_members`, `from_utilisation` and `strongest` are for
the worked cases of tests/conformance, which hold the arithmetic to the HPA's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from autoscaler.core.readings import Floats
from autoscaler.core.team import Bools

__all__ = [
    "MOST_UNITS",
    "Members",
    "Tolerance",
    "from_members",
    "from_total",
    "from_utilisation",
    "per_unit",
    "strongest",
]

MOST_UNITS = 2**31 - 1
"""Where a recommendation saturates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """Hold while 1 - down <= ratio <= 1 + up, both ends included."""

    down: float
    up: float

    def holds(self, ratio: float) -> bool:
        """Whether a ratio is near enough to its target."""
        return 1.0 - self.down <= ratio <= 1.0 + self.up


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Those whose readings are averaged, shape (n,).

    Attributes:
        value: Readings, NaN for those that have none.
        request: What 100 % means for each; all ones where plain numbers are averaged.
        ready: Has a reading that counts.
        missing: Has no reading.
        unready: Has just come: counted as idle when growing, left out when shrinking.
    """

    value: Floats
    request: Floats
    ready: Bools
    missing: Bools
    unready: Bools


def from_total(current: int, ready: int, total: float, target: float, tolerance: Tolerance) -> int:
    """Units for a value shared by all: the ready members times value / target.

    Args:
        current: Units in force, >= 0; at 0 there is nothing to compare with, and the ratio itself is the answer.
        ready: Members that work, >= 0.
        total, target: Value and what it should be, target > 0.
        tolerance: Of the ratio.
    """
    ratio = total / target
    if current == 0:
        return _whole(ratio)
    return current if tolerance.holds(ratio) else _whole(ratio * ready)


def per_unit(current: int, total: float, target: float, tolerance: Tolerance) -> int:
    """Units that bring a value shared by all down to `target` for each; arguments as `from_total`."""
    if current and tolerance.holds(total / (target * current)):
        return current
    return _whole(total / target)


def from_members(current: int, members: Members, target: float, tolerance: Tolerance) -> int:
    """Units that bring the mean of the members to `target`."""

    def ratio(value: Floats, count: Bools) -> float:
        return math.floor(float(value[count].sum()) / int(np.count_nonzero(count))) / target

    return _damped(current, members, tolerance, ratio, float(target))


def from_utilisation(current: int, members: Members, target_percent: int, tolerance: Tolerance) -> int:
    """Units that bring the members' use, in whole percent of what they request, to the target."""

    def ratio(value: Floats, count: Bools) -> float:
        percent = math.floor(100 * float(value[count].sum()) / float(members.request[count].sum()))
        return percent / target_percent

    full = max(100, target_percent) / 100
    return _damped(current, members, tolerance, ratio, full * members.request)


def strongest(recommended: Sequence[int | None], current: int) -> int:
    """One recommendation out of several: the largest wins.

    Args:
        recommended: One a reading; None where it failed.
        current: Units in force.

    Returns:
        The largest; `current` when all failed, or when some failed and the others would shrink.
    """
    healthy = [one for one in recommended if one is not None]
    if not healthy:
        return current
    most = max(healthy)
    return current if len(healthy) < len(recommended) and most < current else most


_Ratio = Callable[[Floats, Bools], float]


def _damped(current: int, members: Members, tolerance: Tolerance, ratio_of: _Ratio, on_target: Floats | float) -> int:
    if not members.ready.any():
        return current
    ratio = ratio_of(members.value, members.ready)
    grows_with_unready = bool(members.unready.any()) and ratio > 1
    if not grows_with_unready and not members.missing.any():
        return current if tolerance.holds(ratio) else _whole(ratio * int(np.count_nonzero(members.ready)))
    value = members.value
    count = members.ready
    if members.missing.any() and ratio != 1:
        value = np.where(members.missing, on_target if ratio < 1 else 0.0, value)
        count = count | members.missing
    if grows_with_unready:
        value = np.where(members.unready, 0.0, value)
        count = count | members.unready
    damped = ratio_of(value, count)
    if tolerance.holds(damped) or (ratio < 1 < damped) or (damped < 1 < ratio):
        return current
    units = _whole(damped * int(np.count_nonzero(count)))
    opposes = (damped < 1 and units > current) or (damped > 1 and units < current)
    return current if opposes else units


def _whole(units: float) -> int:
    return math.ceil(min(units, MOST_UNITS))
