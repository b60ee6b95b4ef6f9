"""A day's arrivals nobody chose: a shape, its noise, and bursts, scaled to a load of the team's capacity."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autoscaler.simulation.scenario.fresh_curves import levels
from autoscaler.simulation.scenario.model import AgentEntry, Arrivals, Service
from autoscaler.simulation.scenario.notation import DAY_S, length_of

__all__ = ["STEP_S", "draw_arrivals"]

STEP_S = 900.0

Floats = NDArray[np.float64]

_SHAPES = {
    "flat": ([0.0, 1.0], [1.0, 1.0]),
    "two peaks": ([0.0, 0.2, 0.32, 0.5, 0.68, 0.85, 1.0], [0.3, 0.9, 1.0, 0.7, 0.97, 0.7, 0.35]),
    "ramp": ([0.0, 0.08, 0.15, 0.6, 1.0], [0.15, 0.4, 1.0, 0.8, 0.5]),
    "hump": ([0.0, 0.3, 0.5, 0.7, 1.0], [0.4, 0.8, 1.0, 0.8, 0.4]),
    "evening": ([0.0, 0.4, 0.7, 0.85, 1.0], [0.45, 0.6, 0.85, 1.0, 0.75]),
}


def draw_arrivals(
    load: float,
    *,
    agents: tuple[AgentEntry, ...],
    service: Service,
    start_s: float,
    duration_s: float,
    random: np.random.Generator,
) -> Arrivals:
    """Steps whose busiest tenth begins at `load` times what the team can do at its best.

    Args:
        load: Above 0.
        agents, service: Whose capacity it is, by who is signed in and which curve holds at each step.
        start_s, duration_s: When the run starts, seconds after midnight, and how long it lasts.
        random: Whose stream it is.
    """
    steps = round(duration_s / STEP_S)
    begins = start_s + np.arange(steps, dtype=np.float64) * STEP_S
    where, heights = _SHAPES[str(random.choice(list(_SHAPES)))]
    shape = np.interp((np.arange(steps) + 0.5) / steps, where, heights)
    shape *= np.exp(random.normal(0.0, 0.08, steps))
    capacity = sum((_capacity(entry, service, begins) for entry in agents), np.zeros(steps))
    expected = shape * load * STEP_S / np.quantile(shape / capacity, 0.9)
    if random.random() < 0.25:
        at, lasts = int(random.integers(2, steps - 2)), int(random.integers(1, 4))
        expected[at : at + lasts] *= float(random.uniform(1.4, 3.0))
    overdispersion = float(random.uniform(0.1, 3.0)) if random.random() < 0.5 else 0.0
    day_factor_cv = float(random.uniform(0.05, 0.3)) if random.random() < 0.3 else 0.0
    return Arrivals(
        step_s=STEP_S,
        expected=np.round(expected, 2),
        overdispersion=round(overdispersion, 2),
        day_factor_cv=round(day_factor_cv, 2),
        source="counts of 15m",
    )


def _capacity(entry: AgentEntry, service: Service, begins: Floats) -> Floats:
    """Chats a second that the entry's people who are there at each step can end."""
    curves = entry.curves or service.curves
    best = np.array([levels(curve) for curve in curves])
    holds = np.maximum(np.searchsorted([curve.from_s for curve in curves], begins % DAY_S, side="right") - 1, 0)
    there = np.full(len(begins), not entry.shift)
    for window in entry.shift:
        there |= (begins - window.start_s) % DAY_S < length_of(window)
    each: Floats = entry.count * entry.speed * best[holds] / service.solo.mean_s * there
    return each
