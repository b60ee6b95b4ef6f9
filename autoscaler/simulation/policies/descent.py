"""Bettering a schedule by simulation: many moves tried at once, each judged by the half hours around it.

A move shifts a stretch of half hours up or down, or levels it with its neighbour, for one tier or for all. Moves far
enough apart are played together in the same runs, and each is credited with what the half hours about its stretch cost
less than before: so a pass takes a handful of simulations however long the scenario is. A few runs screen them; what
holds in all runs, and is cheaper as a whole, is kept. A move turned down is not tried again until something near it has
changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Descent", "Measured"]

Floats = NDArray[np.float64]

Measured = Callable[[Floats, int], Floats]
"""Costs of a table in the first so many training runs by half hour, shape (runs, blocks)."""

BEFORE, AFTER = 1, 2
"""Half hours before and after a stretch in which it shows: who waits when it begins, and what it leaves behind."""
LENGTHS = (1, 2, 4, 8)
"""Half hours of a stretch; all of them together are one, too."""
CERTAIN = 0.7
"""Standard errors by which a move must be better; fewer would follow the training runs' chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    """Half hours `first` to `last`, `tier` (-1: all), up or down by `by`; by 0 levels with the neighbour at `like`."""

    first: int
    last: int
    tier: int
    by: float
    like: int = -1


@dataclass(slots=True, kw_only=True)
class Descent:
    """One search.

    Attributes:
        measured: Plays a table.
        floor, ceiling: Of limits.
        table: The best so far, shape (blocks, tiers).
        runs: All training runs there are.
        budget: Runs that may still be played.
    """

    measured: Measured
    floor: int
    ceiling: int
    table: Floats
    runs: int
    budget: int
    _costs: Floats = field(init=False)
    _tried: dict[_Move, int] = field(default_factory=dict)
    _changed: NDArray[np.int64] = field(init=False)
    _clock: int = 1

    def __post_init__(self) -> None:
        self._costs = self._play(self.table, self.runs)
        self._changed = np.zeros(len(self.table), np.int64)

    def improve(self, by: float, random: np.random.Generator, *, few: int) -> None:
        """Try every move of step `by`, screened by the first `few` runs, until none helps or the budget is spent."""
        self._tried.clear()
        while self.budget > 0:
            batch = self._batch(by, random)
            if not batch:
                return
            costs = self._play(self._with(batch), few)
            for move in batch:
                self._tried[move] = self._clock
            self._clock += 1
            likely = [move for move in batch if self._saved(move, costs).mean() > 0]
            if likely:
                self._take(likely)

    def _take(self, moves: list[_Move]) -> None:
        """Keep what holds in all training runs, if it does so together."""
        costs = self._play(self._with(moves), self.runs)
        certain = [move for move in moves if _is_certain(self._saved(move, costs))]
        if not certain:
            return
        table = self._with(certain)
        if len(certain) < len(moves):
            costs = self._play(table, self.runs)
        if costs.sum(axis=1).mean() < self._costs.sum(axis=1).mean():
            self._changed[(table != self.table).any(axis=1)] = self._clock
            self.table, self._costs = table, costs

    def _play(self, table: Floats, runs: int) -> Floats:
        self.budget -= runs
        return self.measured(table, runs)

    def _batch(self, by: float, random: np.random.Generator) -> list[_Move]:
        """Moves that are worth a try now, none within another's reach."""
        moves = self._moves(by)
        free = np.ones(len(self.table), np.bool_)
        batch = []
        for place in random.permutation(len(moves)):
            move = moves[place]
            reach = _reach(move)
            if not free[reach].all() or self._changed[reach].max() <= self._tried.get(move, -1):
                continue
            after = self._with([move])
            if (after == self.table).all():
                continue
            batch.append(move)
            free[reach] = False
        return batch

    def _moves(self, by: float) -> list[_Move]:
        blocks, tiers = self.table.shape
        who = [*range(tiers), *([-1] if tiers > 1 else [])]
        moves = []
        for length in {*LENGTHS, blocks}:
            for first in range(blocks - length + 1):
                last = first + length - 1
                for tier in who:
                    moves += [_Move(first=first, last=last, tier=tier, by=sign * by) for sign in (1, -1)]
                    for like in (first - 1, last + 1):
                        if 0 <= like < blocks:
                            moves.append(_Move(first=first, last=last, tier=tier, by=0.0, like=like))
        return moves

    def _with(self, moves: list[_Move]) -> Floats:
        table = self.table.copy()
        for move in moves:
            rows = slice(move.first, move.last + 1)
            columns = slice(None) if move.tier < 0 else slice(move.tier, move.tier + 1)
            if move.by:
                table[rows, columns] = np.clip(table[rows, columns] + move.by, self.floor, self.ceiling)
            else:
                table[rows, columns] = table[move.like, columns]
        return table

    def _saved(self, move: _Move, costs: Floats) -> Floats:
        """What the half hours about a move cost less in each run, shape (runs,)."""
        reach = _reach(move)
        before = self._costs[: len(costs), reach]
        return np.asarray((before - costs[:, reach]).sum(axis=1))


def _is_certain(saved: Floats) -> bool:
    return bool(saved.mean() > CERTAIN * saved.std(ddof=1) / np.sqrt(len(saved)) and saved.mean() > 0)


def _reach(move: _Move) -> slice:
    return slice(max(move.first - BEFORE, 0), move.last + AFTER + 1)
