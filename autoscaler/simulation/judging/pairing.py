"""Two policies on the same customers, compared run by run.

Run number i meets the same people under either policy, so what chance gives to both cancels out of their ratio.
Runs in which the figure is undefined for either are left out of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import geometric_mean

import numpy as np
from numpy.typing import NDArray

from autoscaler.simulation.judging.playing import Played
from autoscaler.simulation.judging.students_t import two_sided
from autoscaler.simulation.judging.summary import COST, by_run

__all__ = ["CONFIDENCE", "Paired", "mean_ratios", "paired"]

CONFIDENCE = 0.95

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """How a figure stands under one policy relative to another, the baseline. None is undefined.

    Attributes:
        runs: Pairs of runs in which the figure is defined for both.
        ratio: Of the means; None when the baseline's mean is 0 and the other's is not. 0 to 0 is 1.
        low, high: Bounds of the ratio of means at `CONFIDENCE`; None with a single run, or where the baseline's mean
            can't be told from 0.
        geometric_mean, median: Of the runs' own ratios; runs where the baseline's figure is 0 and the other's is not
            are left out.
        worst: The highest of them.
        worst_run: The run it is of.
    """

    runs: int
    ratio: float | None
    low: float | None
    high: float | None
    geometric_mean: float | None
    median: float | None
    worst: float | None
    worst_run: int | None

    @property
    def is_told_apart(self) -> bool:
        """Whether the interval leaves 1 out."""
        return self.low is not None and self.high is not None and not self.low <= 1.0 <= self.high


def paired(figure: Floats, baseline: Floats) -> Paired:
    """Compare a figure run by run.

    Args:
        figure, baseline: By run, shape (runs,), >= 0; NaN is undefined.
    """
    both = np.isfinite(figure) & np.isfinite(baseline)
    a, b = figure[both], baseline[both]
    low, high = _bounds(a, b)
    ratios = np.full(len(figure), np.nan)
    comparable = both & ((baseline > 0) | (figure == 0))
    ratios[comparable] = [
        _ratio(one, other) for one, other in zip(figure[comparable], baseline[comparable], strict=True)
    ]
    own = ratios[comparable]
    is_empty = len(own) == 0
    return Paired(
        runs=len(a),
        ratio=_ratio(float(a.mean()), float(b.mean())) if len(a) else None,
        low=low,
        high=high,
        geometric_mean=None if is_empty else 0.0 if (own == 0).any() else float(np.exp(np.log(own).mean())),
        median=None if is_empty else float(np.median(own)),
        worst=None if is_empty else float(own.max()),
        worst_run=None if is_empty else int(np.nanargmax(ratios)),
    )


def mean_ratios(results: Sequence[Sequence[Played]]) -> list[float | None]:
    """Over several scenarios, the geometric mean of each policy's ratio of costs.

    Args:
        results: By scenario the same policies, the first what the others are held against.

    Returns:
        By policy without the first; None where a scenario has no ratio, or one of 0.
    """
    means: list[float | None] = []
    for place in range(1, len(results[0])):
        ratios = [paired(by_run(policies[place])[COST], by_run(policies[0])[COST]).ratio for policies in results]
        known = [ratio for ratio in ratios if ratio]
        means.append(geometric_mean(known) if len(known) == len(ratios) else None)
    return means


def _ratio(one: float, other: float) -> float | None:
    if other == 0:
        return 1.0 if one == 0 else None
    return float(one / other)


def _bounds(a: Floats, b: Floats) -> tuple[float | None, float | None]:
    """Fieller's interval for the ratio of the means of pairs.

    It needs means that are near normal, which sums over many customers are, and unlike a bootstrap keeps its promise
    with few runs, because it uses Student's t.

    Source: E. C. Fieller, Some problems in interval estimation, Journal of the Royal Statistical Society B 16 (1954).
    """
    runs = len(a)
    if runs < 2:
        return None, None
    if (a == b).all():
        return 1.0, 1.0  # also where both are 0
    mean_a, mean_b = float(a.mean()), float(b.mean())
    covariance = np.cov(a, b) / runs
    var_a, both, var_b = float(covariance[0, 0]), float(covariance[0, 1]), float(covariance[1, 1])
    t = two_sided(CONFIDENCE, runs - 1)
    if mean_b**2 <= t**2 * var_b:
        return None, None
    ratio = mean_a / mean_b
    rest = 1 - t**2 * var_b / mean_b**2
    middle = ratio - t**2 * both / mean_b**2
    spread = var_a - 2 * ratio * both + ratio**2 * var_b - t**2 * (var_a * var_b - both**2) / mean_b**2
    half = t / mean_b * sqrt(max(spread, 0.0))
    return (middle - half) / rest, (middle + half) / rest
