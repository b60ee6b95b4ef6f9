"""From slots to people: who carries a raise, who is relieved by a lower.

A unit of raise goes first to agents at their limit, then to those least above baseline, then to those who have
carried least in this shift, then by id. A lower goes the other way: spare room first, most above baseline, most
carried. The order is of single units, so an agent who gets one unit stands further back for the next; every choice
is nested: with one slot more, the same people and one more.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autoscaler.core.readings import Floats
from autoscaler.core.team import Columns16

__all__ = ["lower_units", "raise_units"]


def raise_units(
    units: int, *, limit: Columns16, room: Columns16, load: Floats, baseline: Columns16, account: Floats
) -> Columns16:
    """Share out `units` of raise.

    Args:
        units: Slots to add, >= 0.
        limit: Limits to start from, shape (n,), rows sorted by agent id.
        room: Units each agent may still take, >= 0.
        load: Chats held, NaN missing.
        baseline: Baselines.
        account: What each has carried in this shift.

    Returns:
        Units for each agent, shape (n,), 0 <= units <= room, summing to min(units, room.sum()).
    """
    # an agent is at its limit for as many units as its load lies at or above it; fmax takes NaN for 0
    at_limit = np.minimum(np.fmax(load - limit + 1, 0), room).astype(np.int16)
    excess = (limit - baseline).astype(np.int64)
    given = _fill(units, first=excess + 1, count=at_limit, turn=account)
    left = units - int(given.sum(dtype=np.int64))
    if left:
        given = given + _fill(left, first=excess + 1 + given, count=room - given, turn=account)
    return given


def lower_units(
    units: int, *, limit: Columns16, room: Columns16, load: Floats, baseline: Columns16, account: Floats
) -> Columns16:
    """Share out `units` of lower; `room` is how far each may go down. As `raise_units`, the other way round."""
    spare = np.minimum(np.fmax(limit - load, 0), room).astype(np.int16)
    deficit = (baseline - limit).astype(np.int64)
    taken = _fill(units, first=deficit, count=spare, turn=-account)
    left = units - int(taken.sum(dtype=np.int64))
    if left:
        taken = taken + _fill(left, first=deficit + taken, count=room - taken, turn=-account)
    return taken


def _fill(units: int, *, first: NDArray[np.int64], count: Columns16, turn: Floats) -> Columns16:
    """Give out units by rising level, each agent's from `first` on, one a level, at most `count`.

    Levels below the cut are given whole; at the cut the agents with the smallest `turn` get theirs, then by id.
    """
    if units <= 0:
        return np.zeros(len(count), np.int16)
    total = int(count.sum(dtype=np.int64))
    if units >= total:
        return count.astype(np.int16)
    some = np.flatnonzero(count)
    start = first[some]
    lowest = int(start.min())
    start = start - lowest
    stop = start + count[some]
    width = int(stop.max()) + 1
    opened = np.bincount(start, minlength=width) - np.bincount(stop, minlength=width)
    by_level = np.cumsum(opened)  # units on offer at each level
    upto = np.cumsum(by_level)
    cut = int(np.searchsorted(upto, units))  # first level that can't be given whole
    given = np.minimum(np.maximum(cut - start, 0), stop - start)
    rest = units - (int(upto[cut - 1]) if cut else 0)
    if rest:
        at_cut = np.flatnonzero((start <= cut) & (stop > cut))
        given[at_cut[_smallest(turn[some[at_cut]], rest)]] += 1
    result = np.zeros(len(count), np.int16)
    result[some] = given
    return result


def _smallest(turn: Floats, k: int) -> NDArray[np.int64]:
    """Positions of the k smallest, ties by position: what a stable sort would give, without sorting all."""
    if k >= len(turn):
        return np.arange(len(turn))
    edge = np.partition(turn, k - 1)[k - 1]
    below = np.flatnonzero(turn < edge)
    ties = np.flatnonzero(turn == edge)[: k - len(below)]
    return np.concatenate((below, ties))
