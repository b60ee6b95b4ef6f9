"""A value's recent past, and what is said of it: `avg peak trough change`.

One sample a tick. A function is known once its window has been lived through without a long gap, its newest sample is
known, and at least half of its samples are; so nothing rests on a minute of history where ten were asked for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

from autoscaler.core.expressions import OverTime, TimeFunction

__all__ = ["Series", "from_json", "key_of", "known_over", "sampled", "to_json"]

Series = tuple[tuple[float, float], ...]
"""(when, value), oldest first; NaN is a sample that was missing."""


def key_of(expression: OverTime) -> str:
    """Under which name a value's past is remembered: the same value and window share one."""
    return f"{expression.window_s:g}s {expression.argument!r}"


def sampled(series: Series, value: float, *, at: float, window_s: float) -> Series:
    """The series with this tick's sample, and the newest of those that are no longer in the window.

    Args:
        series: As remembered.
        value: Now, NaN missing.
        at: Now, POSIX seconds; a sample of the same time is replaced.
        window_s: The longest window asked of it.
    """
    inside = [sample for sample in series if at - sample[0] < window_s and sample[0] < at]
    before = [sample for sample in series if at - sample[0] >= window_s]
    return (*before[-1:], *inside, (at, value))


def known_over(expression: OverTime, series: Series, *, at: float, every_s: float) -> float:
    """What a function says of a series.

    Args:
        expression: Which function, over how long.
        series: From `sampled`: it holds this tick's sample.
        at: Now, POSIX seconds.
        every_s: Seconds between ticks. Nobody looked for longer than half the window, and than two ticks: not known.

    Returns:
        Its value, NaN unknown.
    """
    window = expression.window_s
    if at - series[0][0] < window or math.isnan(series[-1][1]):
        return math.nan
    longest = max((later - earlier for (earlier, _), (later, _) in pairwise(series)), default=0.0)
    if longest > max(window / 2, 2 * every_s):
        return math.nan
    samples = [value for when, value in series if at - when < window]
    known = [value for value in samples if not math.isnan(value)]
    if 2 * len(known) < len(samples):
        return math.nan
    match expression.function:
        case TimeFunction.AVG:
            return sum(known) / len(known)
        case TimeFunction.PEAK:
            return max(known)
        case TimeFunction.TROUGH:
            return min(known)
        case TimeFunction.CHANGE:
            return series[-1][1] - next(value for _, value in series if not math.isnan(value))
        case TimeFunction.FORECAST:
            raise TypeError("a forecast rests on an outlook, not on the recent past alone")


def to_json(series: Mapping[str, Series]) -> dict[str, list[list[float | None]]]:
    """JSON values; NaN as null."""
    return {
        name: [[when, None if math.isnan(value) else value] for when, value in samples]
        for name, samples in series.items()
    }


def from_json(value: Mapping[str, list[list[float | None]]]) -> dict[str, Series]:
    """What `to_json` gave."""
    return {
        name: tuple((float(when or 0.0), math.nan if sample is None else float(sample)) for when, sample in samples)
        for name, samples in value.items()
    }
