"""Intervals of real numbers: what a reading or a sum of readings can be.

Every operation gives an interval that holds all true results, perhaps more: what is proved impossible here is so.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from autoscaler.core.expressions import Relation

__all__ = [
    "EVERYTHING",
    "NOT_NEGATIVE",
    "Interval",
    "added",
    "allowed",
    "divided",
    "hull",
    "meet",
    "multiplied",
    "scaled",
]

_NEAR = 1e-9
"""Bounds nearer than this, relative to their size, may differ by rounding alone."""


class Interval(NamedTuple):
    """Numbers from `low` to `high`; an open end is not one of them."""

    low: float
    high: float
    low_open: bool = False
    high_open: bool = False

    def holds(self, value: float) -> bool:
        """Whether `value` is one of them."""
        above = value > self.low if self.low_open else value >= self.low
        return above and (value < self.high if self.high_open else value <= self.high)


EVERYTHING = Interval(-math.inf, math.inf)
NOT_NEGATIVE = Interval(0.0, math.inf)


def allowed(relation: Relation, value: float) -> Interval:
    """The numbers that stand in `relation` to `value`; all of them for `!=`, whose gap no interval can show."""
    match relation:
        case Relation.LT:
            return Interval(-math.inf, value, high_open=True)
        case Relation.LE:
            return Interval(-math.inf, value)
        case Relation.EQ:
            return Interval(value, value)
        case Relation.GE:
            return Interval(value, math.inf)
        case Relation.GT:
            return Interval(value, math.inf, low_open=True)
        case Relation.NE:
            return EVERYTHING


def meet(one: Interval, other: Interval) -> Interval | None:
    """What both hold; None when that is nothing, also allowing for rounding."""
    if one.low > other.low or (one.low == other.low and one.low_open):
        low, low_open = one.low, one.low_open
    else:
        low, low_open = other.low, other.low_open
    if one.high < other.high or (one.high == other.high and one.high_open):
        high, high_open = one.high, one.high_open
    else:
        high, high_open = other.high, other.high_open
    if low < high:
        return Interval(low, high, low_open, high_open)
    if low == high:
        return None if low_open or high_open else Interval(low, high)
    if low - high > _NEAR * max(1.0, abs(low), abs(high)):
        return None
    return Interval(high, low)


def hull(one: Interval, other: Interval) -> Interval:
    """The smallest closed interval around both."""
    return Interval(min(one.low, other.low), max(one.high, other.high))


def added(one: Interval, other: Interval) -> Interval:
    """Sums."""
    return Interval(
        one.low + other.low, one.high + other.high, one.low_open or other.low_open, one.high_open or other.high_open
    )


def scaled(one: Interval, factor: float) -> Interval:
    """Products with a number."""
    if factor == 0:
        return Interval(0.0, 0.0)
    if factor < 0:
        return Interval(one.high * factor, one.low * factor, one.high_open, one.low_open)
    return Interval(one.low * factor, one.high * factor, one.low_open, one.high_open)


def multiplied(one: Interval, other: Interval) -> Interval:
    """Products, ends included."""
    ends = [_times(left, right) for left in (one.low, one.high) for right in (other.low, other.high)]
    return Interval(min(ends), max(ends))


def divided(one: Interval, other: Interval) -> Interval:
    """Quotients, ends included; a division by zero gives no number, so zero is no divisor."""
    if other.low < 0 < other.high or (other.low == 0 == other.high):
        return EVERYTHING
    if other.low == 0:
        return multiplied(one, Interval(_inverse(other.high), math.inf))
    if other.high == 0:
        return multiplied(one, Interval(-math.inf, _inverse(other.low)))
    return multiplied(one, Interval(_inverse(other.high), _inverse(other.low)))


def _times(left: float, right: float) -> float:
    return 0.0 if 0.0 in {left, right} else left * right


def _inverse(value: float) -> float:
    return 0.0 if math.isinf(value) else 1.0 / value
