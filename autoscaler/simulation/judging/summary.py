"""What many runs of a policy came to, figure by figure, and as the JSON of `simulate`.

A figure of many runs is the mean of the runs' own figures: every run counts the same, however many customers it had.
Runs in which it is undefined (no mean wait where nobody came) are left out; it is undefined where it is in every run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoscaler.simulation.floor.score import Score
from autoscaler.simulation.judging.playing import Played

__all__ = ["COST", "Estimate", "by_run", "estimates", "to_json", "typical_run", "worst_run"]

Floats = NDArray[np.float64]

COST = "cost_per_chat"
PART = "cost."


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One figure over the runs in which it is defined; None where there are none, the error also where there is one.

    Attributes:
        runs: How many.
        standard_error: Of the mean.
        low, high: Of the runs.
    """

    runs: int
    mean: float | None
    standard_error: float | None
    median: float | None
    low: float | None
    high: float | None


def by_run(played: Played) -> dict[str, Floats]:
    """Each figure's column, shape (runs,), NaN where undefined; components of the cost are named `cost.late` …"""
    rows = [_flat(score) for score in played.scores]
    return {name: np.array([row[name] for row in rows], np.float64) for name in rows[0]}


def estimates(played: Played) -> dict[str, Estimate]:
    """Every figure by name."""
    return {name: _estimate(column[np.isfinite(column)]) for name, column in by_run(played).items()}


def typical_run(played: Played) -> int:
    """The run whose cost is in the middle; of two, the lower."""
    cost = by_run(played)[COST]
    order = np.argsort(cost, kind="stable")  # undefined ones come last
    return int(order[(max(int(np.isfinite(cost).sum()), 1) - 1) // 2])


def worst_run(played: Played) -> int | None:
    """The dearest run; None where no cost is defined."""
    cost = by_run(played)[COST]
    return int(np.nanargmax(cost)) if np.isfinite(cost).any() else None


def to_json(played: Played) -> dict[str, Any]:
    """All of it in the form of `simulate --format json`; what is undefined is null."""
    known = estimates(played)
    means = {name: one.mean for name, one in known.items()}
    return {
        "scenario": played.scenario,
        "policy": played.policy,
        "runs": len(played.scores),
        "seed": played.seed,
        **_nested(means),
        "standard_errors": {name: one.standard_error for name, one in known.items()},
        "per_run": [_nested(_flat(score)) for score in played.scores],
        "events": sum(score.events for score in played.scores),
        "wall_s": round(played.wall_s, 4),
    }


def _flat(score: Score) -> dict[str, float]:
    return {**score.metrics, **{f"{PART}{name}": value for name, value in score.cost.items()}}


def _estimate(values: Floats) -> Estimate:
    runs = len(values)
    if runs == 0:
        return Estimate(runs=0, mean=None, standard_error=None, median=None, low=None, high=None)
    return Estimate(
        runs=runs,
        mean=float(values.mean()),
        standard_error=float(values.std(ddof=1)) / sqrt(runs) if runs > 1 else None,
        median=float(np.median(values)),
        low=float(values.min()),
        high=float(values.max()),
    )


def _nested(flat: Mapping[str, float | None]) -> dict[str, Any]:
    """`service_level.20` inside `service_level`, the components of the cost apart."""
    metrics: dict[str, Any] = {}
    cost: dict[str, float | None] = {}
    for name, value in flat.items():
        known = value if value is not None and isfinite(value) else None
        group, _, member = name.partition(".")
        if name.startswith(PART):
            cost[member] = known
        elif member:
            metrics.setdefault(group, {})[member] = known
        else:
            metrics[name] = known
    return {"metrics": metrics, "cost": cost}
