"""`best-fixed`: the whole or half limit for everybody that turns out best on the very runs it is judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoscaler.simulation.policies.fixed import Fixed
from autoscaler.simulation.policies.measuring import Play, cost_per_chat
from autoscaler.simulation.policies.settings import whole

__all__ = ["BestFixed", "best_fixed"]

Floats = NDArray[np.float64]

WORSE = 1.25
"""A mean so many times the best one's is clearly worse..."""
PATIENCE = 4
"""...and after as many in a row the search upward ends: past the peak of a curve nothing gets better any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BestFixed:
    """In hindsight the best limit of all from `floor` to `ceiling`."""

    floor: int = whole(1, 1, 60, "lowest limit tried")
    ceiling: int = whole(60, 1, 60, "highest limit tried")


def best_fixed(of: BestFixed, indices: Sequence[int], play: Play) -> Fixed:
    """Search upward by whole limits, then by halves around the best two.

    The search ends early once limits are clearly worse, or once they no longer bind: every run costs the same again.

    Args:
        of: Between which limits.
        indices: The runs to be best in.
        play: Gives their costs.
    """
    mean: dict[float, float] = {}
    worse = same = 0
    before: Floats | None = None
    for limit in range(of.floor, of.ceiling + 1):
        costs = play(cost_per_chat, [Fixed(limit=limit)], indices)[0]
        mean[limit] = float(costs.mean())
        worse = worse + 1 if mean[limit] > WORSE * min(mean.values()) else 0
        same = same + 1 if before is not None and np.array_equal(costs, before) else 0
        if worse == PATIENCE or same == 2:
            break
        before = costs
    ranked = sorted(mean, key=lambda limit: (mean[limit], limit))
    near = {limit + by for limit in ranked[:2] for by in (-0.5, 0.5)}
    halves = [Fixed(limit=limit) for limit in sorted(near) if of.floor <= limit <= of.ceiling]
    if halves:
        costs_of_halves = play(cost_per_chat, halves, indices).mean(axis=1)
        mean |= {half.limit: float(cost) for half, cost in zip(halves, costs_of_halves, strict=True)}
    return Fixed(limit=min(mean, key=lambda limit: (mean[limit], limit)))
