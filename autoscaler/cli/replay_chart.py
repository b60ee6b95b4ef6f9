"""Slots over time as a small chart of plain characters: what was recorded beside what is decided now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from autoscaler.cli.moments import shown

__all__ = ["SlotsAt", "chart"]

ROWS = 24
COLUMNS = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotsAt:
    """Slots wanted at one tick.

    Attributes:
        at: Aware.
        recorded, again: Then, and now.
    """

    at: datetime
    recorded: int
    again: int


def chart(slots: Sequence[SlotsAt]) -> list[str]:
    """The chart's lines, none where there is nothing to show; as many ticks a line as make it fit."""
    if not slots:
        return []
    a_line = -(-len(slots) // ROWS)
    buckets = [slots[first : first + a_line] for first in range(0, len(slots), a_line)]
    means = [
        (bucket[0].at, _mean([one.recorded for one in bucket]), _mean([one.again for one in bucket]))
        for bucket in buckets
    ]
    low = min(min(recorded, again) for _, recorded, again in means)
    high = max(max(recorded, again) for _, recorded, again in means)
    what = "each tick" if a_line == 1 else f"the mean of {a_line} ticks"
    lines = [
        f"  slots over time, {what} (o recorded, x again, * both), from {low:g} to {high:g}",
        f"  {'time (UTC)':<19} {'recorded':>9} {'again':>9}",
    ]
    for at, recorded, again in means:
        marks = [" "] * COLUMNS
        marks[_place(recorded, low, high)] = "o"
        marks[_place(again, low, high)] = "*" if _place(again, low, high) == _place(recorded, low, high) else "x"
        lines.append(f"  {shown(at):<19} {recorded:>9.1f} {again:>9.1f} |{''.join(marks)}|")
    return lines


def _mean(values: Sequence[int]) -> float:
    return sum(values) / len(values)


def _place(value: float, low: float, high: float) -> int:
    return 0 if high == low else round((value - low) / (high - low) * (COLUMNS - 1))
