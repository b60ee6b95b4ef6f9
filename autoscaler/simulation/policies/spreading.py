"""From a number to limits of everybody: a fixed limit by interleaving, slots by even spreading."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["interleaved", "spread"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def interleaved(limit: float, agents: int) -> Ints:
    """Limits of agents in order whose mean is `limit`: agent i has floor((i+1) limit) - floor(i limit).

    Args:
        limit: 1..60, whole or half; of a half, every second agent has the higher one, the second first.
        agents: How many.
    """
    return np.array([math.floor((i + 1) * limit) - math.floor(i * limit) for i in range(agents)], np.int64)


def spread(slots: int, wanted: Ints, on: Bools) -> Ints:
    """Share slots evenly among those signed in, changing as few of them as can be.

    Args:
        slots: To share, at least one each.
        wanted: Limits as they are, shape (n,); those who are not signed in keep theirs.
        on: Who is signed in, somebody at least.

    Returns:
        Limits that differ by 1 at most among those signed in and sum to `slots`.
    """
    rows = np.flatnonzero(on)
    level, higher = divmod(slots, len(rows))
    # whoever has the higher level keeps it, whoever has the lower one comes last for it; by order among equals
    turn = np.select([wanted[rows] == level + 1, wanted[rows] == level], [0, 2], default=1)
    limits = wanted.copy()
    limits[rows] = level
    limits[rows[np.argsort(turn, kind="stable")[:higher]]] = level + 1
    return limits
