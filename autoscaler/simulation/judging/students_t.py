"""Quantiles of Student's t distribution, exact for whole degrees of freedom.

Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4.
"""

from __future__ import annotations

from functools import cache
from math import cos, pi, sin, sqrt, tan

__all__ = ["two_sided"]


@cache
def two_sided(confidence: float, degrees: int) -> float:
    """The t > 0 with P(-t < T < t) = `confidence`.

    Args:
        confidence: 0 < confidence < 1.
        degrees: Degrees of freedom, >= 1.
    """
    low, high = 0.0, pi / 2
    while True:
        middle = (low + high) / 2
        if middle in (low, high):  # no number lies between them any more
            return tan(middle) * sqrt(degrees)
        if _within(middle, degrees) < confidence:
            low = middle
        else:
            high = middle


def _within(angle: float, degrees: int) -> float:
    """P(-t < T < t) for t = tan(angle) x sqrt(degrees)."""
    is_odd = degrees % 2 == 1
    term = cos(angle) if is_odd else 1.0
    total = 0.0
    for power in range(3 if is_odd else 2, degrees + 1, 2):
        total += term
        term *= cos(angle) ** 2 * (power - 1) / power
    return 2 / pi * (angle + sin(angle) * total) if is_odd else sin(angle) * total
