"""Rules that outlast their condition: `keep_for` by time, `until` by a condition of its own.

    resting ──condition held──► engaged ──keep_for over, or until true──► resting

An engaged rule whose leaving can't be judged stays engaged, and abstains: it neither acts on what is not known nor
forgets that it was in force. A condition that is not known engages nobody; where `keep_for` counts down meanwhile, the
rule abstains. While `until` is true, nobody is engaged, whatever the condition.
"""

from __future__ import annotations

import math

import numpy as np

from autoscaler.core.evaluation import Truth
from autoscaler.core.readings import Floats
from autoscaler.core.team import Bools

__all__ = ["agents_held", "group_held"]


def group_held(
    *, holds: bool, unknown: bool, engaged: float | None, keep_for_s: float, leave: Truth | None, at: float
) -> tuple[bool, bool, float | None]:
    """Whether a group-wide rule is in force.

    Args:
        holds: Its condition has held long enough.
        unknown: Its condition is not known.
        engaged: When the condition last held while the rule was in force, POSIX seconds; None: resting.
        keep_for_s: How long it goes on, 0.0 without.
        leave: The truth of `until`, of bools; None without.
        at: Now.

    Returns:
        In force, not known, and what is remembered as `engaged`.
    """
    if leave is not None:
        if leave.yes:
            return False, False, None
        if not holds and engaged is None:
            return False, unknown, None
        start = at if engaged is None else engaged
        return (True, False, start) if leave.no else (False, True, start)
    if holds:
        return True, False, at if keep_for_s else None
    if keep_for_s and engaged is not None and at - engaged < keep_for_s:
        return not unknown, unknown, engaged
    return False, unknown, None


def agents_held(
    *, holds: Bools, unknown: Bools, engaged: Floats, keep_for_s: float, leave: Truth | None, at: float
) -> tuple[Bools, Bools, Floats]:
    """`group_held` for every agent at once; `engaged` is NaN for those at rest. Shapes (n,)."""
    if leave is not None:
        leaves, stays = np.broadcast_to(leave.yes, holds.shape), np.broadcast_to(leave.no, holds.shape)
        start = np.where(np.isnan(engaged) & holds, at, engaged)
        inside = ~np.isnan(start) & ~leaves
        start = np.where(inside, start, math.nan)
        return inside & stays, (inside & ~stays) | (~inside & unknown & ~leaves), start
    start = np.where(holds, at, engaged)
    kept = at - start < keep_for_s  # NaN compares false: at rest
    start = np.where(holds | kept, start, math.nan)
    return holds | (kept & ~unknown), unknown & ~holds, start
