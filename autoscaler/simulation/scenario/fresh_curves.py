"""Slowdowns nobody chose: a family, its parameters, and how they move during a day."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from autoscaler.simulation.scenario.curves import curve
from autoscaler.simulation.scenario.model import Curve
from autoscaler.simulation.slowdown import Measured, Power, Slowdown, TakingTurns, UniversalScalability

__all__ = ["Movement", "draw_curves", "draw_shape", "levels"]

MOST_USEFUL = 8
"""Where a curve has no peak, capacity is what an agent does with at most so many chats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """A day's curves, and what to call them."""

    curves: tuple[Curve, ...]
    word: str


def draw_shape(random: np.random.Generator) -> tuple[str, Slowdown]:
    """A family's name, and one of it."""
    family = str(random.choice(["usl", "power", "mva", "table"], p=[0.45, 0.2, 0.2, 0.15]))
    match family:
        case "usl":
            return family, _usl(float(random.uniform(2, 9)), float(random.uniform(0.02, 0.2)))
        case "power":
            return family, Power(alpha=round(float(random.uniform(0.35, 0.9)), 3))
        case "mva":
            return family, _mva(float(random.uniform(0.12, 0.45)))
        case _:
            return family, _table(float(random.uniform(2.5, 9)), random)


def draw_curves(shape: Slowdown, *, start_s: float, duration_s: float, random: np.random.Generator) -> Movement:
    """The shape all day, or, about one time in three, changed by a random factor at a random time, at once or in steps.

    Args:
        shape: In the morning.
        start_s, duration_s: When the run starts, seconds after midnight, and how long it lasts; it ends by midnight.
        random: Whose stream it is.
    """
    moves, in_steps = random.random() < 1 / 3, random.random() < 0.3
    at_s = start_s + duration_s * float(random.uniform(0.25, 0.7))
    factor = math.exp(float(random.uniform(0.35, 0.9))) ** (1 if random.random() < 0.4 else -1)
    speed = float(random.uniform(0.8, 1.1))
    if not moves:
        return Movement(curves=(curve(shape),), word="")
    steps = 4 if in_steps else 1
    last_s = start_s + duration_s * 0.9
    curves = [curve(shape)]
    for step in range(1, steps + 1):
        from_s = at_s + (last_s - at_s) * (step - 1) / steps
        moved = _moved(shape, factor ** (step / steps))
        curves.append(curve(moved, speed=round(1 + (speed - 1) * step / steps, 3), from_s=from_s // 300 * 300))
    return Movement(curves=tuple(curves), word="gradual" if in_steps else "moving")


def levels(curve: Curve) -> float:
    """The highest factor at up to `MOST_USEFUL` chats, or up to the peak where that comes later."""
    top = int(np.argmax(curve.factors)) + 1
    return float(curve.factors[: min(top, MOST_USEFUL)].max())


def _usl(peak: float, sigma: float) -> UniversalScalability:
    return UniversalScalability(sigma=round(sigma, 3), kappa=round((1 - sigma) / peak**2, 5))


def _mva(share: float) -> TakingTurns:
    """`share` of a solo turn is the agent's work."""
    return TakingTurns(work_s=round(200 * share, 1), think_s=round(200 * (1 - share), 1))


def _table(peak: float, random: np.random.Generator) -> Measured:
    """Gains that shrink unevenly, and turn into losses beyond the peak."""
    gains = [max(0.9 * (1 - (chats - 1) / peak) + float(random.uniform(-0.08, 0.08)), -0.3) for chats in range(2, 13)]
    factors = np.maximum(np.cumsum([1.0, *gains]), 0.3)
    return Measured(factors=tuple(round(float(factor), 3) for factor in factors))


def _moved(shape: Slowdown, factor: float) -> Slowdown:
    """The peak, or how fast gains shrink, times `factor`."""
    match shape:
        case UniversalScalability(sigma=sigma, kappa=kappa):
            peak = math.sqrt((1 - sigma) / kappa) * factor
            return _usl(min(max(peak, 1.7), 11.0), sigma)
        case Power(alpha=alpha):
            return Power(alpha=round(min(max(alpha * factor, 0.2), 0.95), 3))
        case TakingTurns(work_s=work_s, think_s=think_s):
            return _mva(min(max(work_s / (work_s + think_s) / factor, 0.08), 0.6))
        case Measured(factors=factors):
            stretched = np.interp(1 + (np.arange(12) / factor), np.arange(1, len(factors) + 1), factors)
            return Measured(factors=tuple(round(float(value), 3) for value in stretched))
