"""Who moves: the group's units shared out among the agents who may move, inside their own budgets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoscaler.core.arbitration import Wish
from autoscaler.core.distribution import lower_units, raise_units
from autoscaler.core.proposals import Proposals
from autoscaler.core.readings import Floats
from autoscaler.core.team import Columns16
from autoscaler.core.tick import Tick

__all__ = ["Carried", "Ideal", "carry", "ideal", "spend"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """Units given and taken.

    Attributes:
        given, taken: By agent, shape (n,).
        distributed: Limits with them; the column that was started from where there are none.
        unplaced_up, unplaced_down: How many found nobody.
    """

    given: Columns16
    taken: Columns16
    distributed: Columns16
    unplaced_up: int
    unplaced_down: int


Ideal = Columns16
"""Limits if everybody could be moved: what a stage meant before people's circumstances."""


def carry(
    tick: Tick, proposals: Proposals, base: Columns16, ups: Wish, downs: Wish, *, up_units: int, down_units: int
) -> Carried:
    """Share out the units that stability allows.

    Args:
        tick: The group.
        proposals: Bounds, and who must not go up or down.
        base: Limits to start from.
        ups, downs: For whom units are meant: those asked for single agents go first, and to nobody else.
        up_units, down_units: Units in all, 0 <= units <= the wish's.

    Returns:
        Who moves by how much.
    """
    team = tick.team
    nobody = np.zeros(len(team.ids), np.int16)
    if up_units <= 0 and down_units <= 0:
        return Carried(given=nobody, taken=nobody, distributed=base, unplaced_up=0, unplaced_down=0)
    given, taken = nobody, nobody
    able = tick.movable & team.usable
    up_left, down_left = _budgets_left(tick, base)
    if up_units > 0:
        free = able if proposals.no_raise is None else able & ~proposals.no_raise.agents
        room = np.where(free, np.maximum(proposals.ceiling - base, 0), 0)
        room = (room if up_left is None else np.minimum(room, up_left)).astype(np.int16)
        given = _share(tick, up_units, ups, room, base, raises=True)
    if down_units > 0:
        free = able if proposals.no_lower is None else able & ~proposals.no_lower.agents
        room = np.where(free & (given == 0), np.maximum(base - proposals.floor, 0), 0)
        room = (room if down_left is None else np.minimum(room, down_left)).astype(np.int16)
        taken = _share(tick, down_units, downs, room, base, raises=False)
    return Carried(
        given=given,
        taken=taken,
        distributed=base + given - taken,
        unplaced_up=max(up_units, 0) - int(given.sum(dtype=np.int64)),
        unplaced_down=max(down_units, 0) - int(taken.sum(dtype=np.int64)),
    )


def ideal(
    tick: Tick, proposals: Proposals, base: Columns16, ups: Wish, downs: Wish, *, up_units: int, down_units: int
) -> Ideal:
    """Where the units would lie if every agent who takes chats could be moved."""
    limit = base
    team = tick.team
    if up_units > 0:
        room = np.where(team.counted, np.maximum(proposals.ceiling - base, 0), 0).astype(np.int16)
        limit = limit + _share(tick, up_units, ups, room, base, raises=True)
    if down_units > 0:
        room = np.where(team.counted, np.maximum(base - proposals.floor, 0), 0).astype(np.int16)
        limit = limit - _share(tick, down_units, downs, room, base, raises=False)
    return limit


def _share(tick: Tick, units: int, wish: Wish, room: Columns16, base: Columns16, *, raises: bool) -> Columns16:
    team = tick.team
    share = raise_units if raises else lower_units

    def out(count: int, start: Columns16, space: Columns16) -> Columns16:
        return share(count, limit=start, room=space, load=team.load, baseline=team.baseline, account=tick.account)

    if wish.own is None:
        return out(units, base, np.minimum(room, np.int16(wish.each)))
    first = out(units, base, np.minimum(wish.own, room))
    left = min(units, wish.anyone) - int(first.sum(dtype=np.int64))
    if left <= 0:
        return first
    space = np.minimum(room - first, np.maximum(np.int16(wish.each) - first, 0))
    return first + out(left, base + first if raises else base - first, space)


def _budgets_left(tick: Tick, base: Columns16) -> tuple[NDArray[np.int64] | None, NDArray[np.int64] | None]:
    """Units each agent may still go up and down by `stability.each`; None where there is no budget.

    What bounds move in this tick is spent first.
    """
    each = tick.group.stability.each
    by_bounds = base - tick.team.force
    up = _left(tick, each.raise_by, tick.agents.raised, np.maximum(by_bounds, 0))
    down = _left(tick, each.lower_by, tick.agents.lowered, np.maximum(-by_bounds, 0))
    moves = _left(tick, each.moves, tick.agents.moved, np.int16(0))
    if moves is not None:
        up = np.where(moves > 0, 60 if up is None else up, 0)
        down = np.where(moves > 0, 60 if down is None else down, 0)
    return up, down


def _left(
    tick: Tick, budget: tuple[int, float] | None, times: Floats, going: Columns16 | np.int16
) -> NDArray[np.int64] | None:
    if budget is None:
        return None
    count, period = budget
    # NaN compares false: never used
    used: NDArray[np.int64] = np.count_nonzero(tick.at - tick.remembered(times) < period, axis=1)
    left: NDArray[np.int64] = np.maximum(count - used - going, 0)
    return left


def spend(times: Floats, units: NDArray[np.int64], rows: NDArray[np.int64], at: float) -> Floats:
    """Budget times after `rows` used `units` more: each takes the place of a free or the oldest time.

    Args:
        times: Shape (m, k), NaN free.
        units: Units used by each of `rows`, shape (r,).
        rows: Rows that used some.
        at: Now, POSIX seconds.

    Returns:
        A new column; `times` is left as it is.
    """
    if not times.shape[1] or not units.any():
        return times
    free_first = np.sort(np.fmax(times[rows], -np.inf), axis=1)
    used = np.where(np.arange(times.shape[1]) < units[:, None], at, free_first)
    result = times.copy()
    result[rows] = np.where(np.isinf(used), np.nan, used)
    return result
