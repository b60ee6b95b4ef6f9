"""Moving calmly: windows, cooldowns and rates, upward and downward apart.

An overspent budget holds; it never turns a raise into a lower. The arithmetic is that of the Kubernetes HPA
(../shared/reference/autoscaler-algorithms.md, C1.7 and C1.8), in slots for replicas.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from autoscaler.core.book import AmountKind, Choose, Rate, Smoothing, Stability
from autoscaler.core.memory import Ledger

__all__ = [
    "Calm",
    "calm_down",
    "longest_period",
    "moved_within",
    "raise_limit",
    "recorded",
    "shrink_limit",
    "two_window",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calm:
    """What stability allows: slots, and why not more or less (() when nothing was held)."""

    slots: int
    why: tuple[str, ...] = ()


def two_window(wanted: int, current: int, seen: Ledger, *, at: float, up_s: float, down_s: float) -> int:
    """Damp a recommendation by its recent past, upward and downward apart.

    A raise goes no higher than the lowest recommendation inside `up_s`; a lower goes no lower than the highest
    inside `down_s`. A zero window damps nothing.

    Args:
        wanted: Recommended slots of this tick, >= 0.
        current: Slots in force, >= 0.
        seen: Earlier recommendations, undamped, any order, shape (n,).
        at: Now, POSIX seconds.
        up_s, down_s: Window lengths in seconds, >= 0; an entry counts if it is younger.

    Returns:
        Slots between `current` and `wanted`.

    Source: Kubernetes HPA stabilisation (C1.7).
    """
    up = down = wanted
    for when, slots in seen:
        if at - when < up_s and slots < up:
            up = slots
        if at - when < down_s and slots > down:
            down = slots
    damped = max(current, up)
    return min(damped, down)


def moved_within(ledger: Ledger, *, at: float, period_s: float) -> int:
    """Sum of the entries strictly younger than the period."""
    return sum(count for when, count in ledger if at - when < period_s)


def raise_limit(current: int, smoothing: Smoothing, grown: Ledger, shrunk: Ledger, *, at: float) -> float:
    """The most slots the rates allow now: never below `current`; inf without rates.

    A rate counts from where the period began: current - grown + shrunk. A share is rounded up.
    """
    if not smoothing.at_most:
        return math.inf
    limits = [_start(current, rate, grown, shrunk, at=at) + _step(rate, current, grown, shrunk, at=at, up=True)
              for rate in smoothing.at_most]  # fmt: skip
    chosen = max(limits) if smoothing.choose is Choose.LARGEST else min(limits)
    return max(chosen, current)


def shrink_limit(current: int, smoothing: Smoothing, grown: Ledger, shrunk: Ledger, *, at: float) -> float:
    """The fewest slots the rates allow now: never above `current`; -inf without rates. A share leaves whole slots."""
    if not smoothing.at_most:
        return -math.inf
    limits = [_start(current, rate, grown, shrunk, at=at) - _step(rate, current, grown, shrunk, at=at, up=False)
              for rate in smoothing.at_most]  # fmt: skip
    chosen = min(limits) if smoothing.choose is Choose.LARGEST else max(limits)
    return min(chosen, current)


def calm_down(
    wanted: int,
    current: int,
    stability: Stability,
    *,
    history: Ledger,
    rates_allow: float,
    raised_at: float | None,
    lowered_at: float | None,
    at: float,
) -> Calm:
    """Bring a recommendation to what may be done now: windows, then cooldown, then rates.

    Args:
        wanted: Recommended slots.
        current: Slots in force.
        stability: The group's.
        history: Earlier recommendations.
        rates_allow: Slots by which the rates let the group move in this direction now, >= 0; inf without rates.
        raised_at, lowered_at: Last move of each direction, POSIX seconds or None.
        at: Now.

    Returns:
        Slots between `current` and `wanted`.
    """
    if wanted == current:
        return Calm(slots=current)
    up = wanted > current
    smoothing = stability.raises if up else stability.lowers
    why: list[str] = []
    slots = two_window(
        wanted, current, history, at=at, up_s=stability.raises.window_s, down_s=stability.lowers.window_s
    )
    word = "raise" if up else "lower"
    if slots != wanted:
        extreme = "lowest" if up else "highest"
        why.append(f"the {extreme} recommendation of the last {_span(smoothing.window_s)} was {slots} slots")
    last = raised_at if up else lowered_at
    if slots != current and last is not None and at - last < smoothing.cooldown_s:
        why.append(f"{word} cooldown has {_span(smoothing.cooldown_s - (at - last))} left")
        slots = current
    if slots != current:
        allowed = int(min(abs(slots - current), rates_allow))
        paced = current + allowed if up else current - allowed
        if paced != slots:
            why.append(f"the {word} rates allow {paced} slots now")
            slots = paced
    return Calm(slots=slots, why=tuple(why))


def recorded(ledger: Ledger, when: float, count: int, *, keep_s: float) -> Ledger:
    """The ledger with one more entry, and without those that no period can reach any more."""
    kept = [entry for entry in ledger if when - entry[0] < keep_s]
    if count:
        kept.append((when, count))
    return tuple(kept)


def longest_period(smoothings: Iterable[Smoothing]) -> float:
    """Seconds for which moves must be remembered."""
    return max((rate.period_s for smoothing in smoothings for rate in smoothing.at_most), default=0.0)


def _start(current: int, rate: Rate, grown: Ledger, shrunk: Ledger, *, at: float) -> int:
    period = rate.period_s
    return current - moved_within(grown, at=at, period_s=period) + moved_within(shrunk, at=at, period_s=period)


def _step(rate: Rate, current: int, grown: Ledger, shrunk: Ledger, *, at: float, up: bool) -> int:
    if rate.amount.kind is not AmountKind.SHARE:
        return int(rate.amount.value)
    start = _start(current, rate, grown, shrunk, at=at)
    if up:
        return math.ceil(round(start * (1 + rate.amount.value), 9)) - start
    return start - math.trunc(round(start * (1 - rate.amount.value), 9))


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
