"""What keeps a plan from doing harm: bounds, missing readings, blast radius, call budgets, and people's orders.

A guard only ever brings a limit back towards what is in force; only bounds and people move one by themselves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoscaler.core.book import Mode
from autoscaler.core.orders import Orders
from autoscaler.core.plan import Calls
from autoscaler.core.proposals import Proposals
from autoscaler.core.readings import Floats
from autoscaler.core.reasons import Reason
from autoscaler.core.stability import moved_within
from autoscaler.core.team import Bools, Columns16, Team
from autoscaler.core.tick import Tick

__all__ = ["Guarded", "bounded", "restrain", "untouchable"]

CALLS_PERIOD_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """What the guards let through.

    Attributes:
        guarded: Limits after budgets and missing readings, shape (n,).
        wanted: Limits after people's orders.
        cut: Why a row was held, `Reason` codes, 0 where it was not.
        said: `Reason` codes of the last stage: what people's orders did, 0 where nothing.
        calls: What would be sent.
    """

    guarded: Columns16
    wanted: Columns16
    cut: NDArray[np.uint8]
    said: NDArray[np.uint8]
    calls: Calls


def bounded(team: Team, proposals: Proposals, orders: Orders, *, to_baseline: Bools | None) -> Columns16:
    """What each agent would hold if no rule moved anybody: what it carries, inside the bounds of now.

    Args:
        team: The group's agents; one without a usable reading never goes up.
        proposals: Bounds in force, and whose can't be judged: those do not go up either.
        orders: A person's word is not bounded by rules.
        to_baseline: Agents whose readings have been missing for too long: no higher than baseline. None: nobody.

    Returns:
        Limits, 1..60, shape (n,).
    """
    limit = team.carried
    if proposals.floored_by is not None or proposals.capped_by is not None:
        limit = np.minimum(np.maximum(limit, proposals.floor), proposals.ceiling)
    if to_baseline is not None:
        limit = np.where(to_baseline, np.minimum(limit, team.baseline), limit)
    for no_higher in (team.missing, proposals.maybe_capped):
        if no_higher is not None:
            limit = np.where(no_higher, np.minimum(limit, team.force), limit)
    if team.missing is not None:
        unsure = team.missing & np.isnan(team.confirmed)
        limit = np.where(unsure, np.minimum(limit, team.baseline), limit)
    if team.is_protected is not None:
        limit = np.where(team.is_protected, team.force, limit)
    if orders.pin is not None:
        limit = np.where(orders.pin > 0, orders.pin, limit)
    return limit


def restrain(tick: Tick, target: Columns16, base: Columns16) -> Guarded:
    """Bring the distributed limits to what may be sent now.

    Args:
        tick: The group.
        target: Limits after distribution, shape (n,).
        base: Limits that bounds alone ask for: those who must come down to it go first.

    Returns:
        Limits, reasons and calls; where everybody stands where it shall, the limits are the column `team.force`.
    """
    team, safety, orders = tick.team, tick.group.safety, tick.orders
    n = len(team.ids)
    cut = np.zeros(n, np.uint8)
    said = np.zeros(n, np.uint8)
    pinned = orders.pinned
    free = target if target is team.force else _of_touchable(tick, target, cut)
    guarded = free if free is team.force else _few_at_once(tick, free, base, cut)
    wanted = guarded
    if orders.stop:
        wanted = team.force
        held = guarded != wanted
        said[held] = orders.stop
        cut[held] = orders.stop
    if orders.pin is not None and pinned is not None and orders.stop is not Reason.FROZEN:
        wanted = np.where(pinned & tick.touchable, orders.pin, wanted)
        said[pinned] = Reason.PINNED
    sent = _to_send(tick, wanted, pinned, cut)
    if safety.calls_per_minute is not None:
        left = safety.calls_per_minute - moved_within(tick.memory.calls, at=tick.at, period_s=CALLS_PERIOD_S)
        if len(sent) > left:
            away = np.nan_to_num(np.abs(wanted - team.confirmed), nan=np.inf)
            first = _first(sent, left, _urgent(team, free, base), away, tick.account)
            late = np.setdiff1d(sent, first, assume_unique=True)
            wanted = wanted.copy()
            wanted[late] = team.force[late]
            cut[late] = Reason.CALL_BUDGET
            sent = first
    return Guarded(
        guarded=guarded,
        wanted=wanted,
        cut=cut,
        said=said,
        calls=Calls(agents=team.ids[sent], callnums=wanted[sent]),
    )


def _of_touchable(tick: Tick, target: Columns16, cut: NDArray[np.uint8]) -> Columns16:
    """Limits with those in force for whoever can't be touched; `cut` says why."""
    limits = np.where(tick.touchable, target, tick.team.force)
    held = target != limits
    if held.any():
        cut[held] = untouchable(tick)[held]
    return limits


def _few_at_once(tick: Tick, free: Columns16, base: Columns16, cut: NDArray[np.uint8]) -> Columns16:
    """Limits of which no more agents' change than one tick may change; `cut` says whose wait."""
    team, pinned = tick.team, tick.orders.pinned
    changed = np.flatnonzero((free != team.force) if pinned is None else (free != team.force) & ~pinned)
    allowed = max(1, math.ceil(round(tick.group.safety.agents_per_tick * np.count_nonzero(team.signed_in), 9)))
    if len(changed) <= allowed:
        return free
    first = _first(changed, allowed, _urgent(team, free, base), np.abs(free - team.force), tick.account)
    late = np.setdiff1d(changed, first, assume_unique=True)
    cut[late] = Reason.BLAST_RADIUS
    guarded = free.copy()
    guarded[late] = team.force[late]
    return guarded


def _urgent(team: Team, free: Columns16, base: Columns16) -> Bools:
    """Who must come down to what bounds alone ask for."""
    return free < np.minimum(team.force, base + 1)


def _to_send(tick: Tick, wanted: Columns16, pinned: Bools | None, cut: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Rows to call: whose confirmed limit is not the wanted one, or not known.

    A raise that did not get through waits until its agent is seen again, and so does a limit above baseline that
    nobody has confirmed; `cut` says so.
    """
    team, stop = tick.team, tick.orders.stop
    if tick.group.mode is Mode.OBSERVE or stop is Reason.FROZEN or (stop and pinned is None):
        return np.empty(0, np.int64)
    # an unknown limit is NaN and differs from everything
    due = tick.touchable & (team.confirmed != wanted)
    if stop and pinned is not None:
        due &= pinned
    if team.missing is None or not due.any():
        return np.flatnonzero(due)
    safe = np.where(np.isnan(team.confirmed), team.baseline, team.confirmed)
    blind = due & team.missing & (wanted > safe)
    if pinned is not None:
        blind &= ~pinned
    cut[blind] = Reason.MISSING_READING
    return np.flatnonzero(due & ~blind)


def untouchable(tick: Tick) -> NDArray[np.uint8]:
    """Why each agent can't be touched, `Reason` codes, shape (n,); only where `tick.touchable` is False."""
    team = tick.team
    why = np.full(len(team.ids), Reason.UNREACHABLE, np.uint8)
    why[~team.signed_in] = Reason.SIGNED_OUT
    if tick.contested is not None:
        why[tick.contested] = Reason.CONTESTED
    if team.is_protected is not None:
        why[team.is_protected] = Reason.PROTECTED
    return why


def _first(
    rows: NDArray[np.int64], allowed: int, urgent: Bools, away: NDArray[np.number[Any]], account: Floats
) -> NDArray[np.int64]:
    """Of `rows`, the `allowed` that go first: urgent ones, then the furthest away, then who has carried least, by id.

    The furthest away first: so many calls do the most, and asking for more never gives less.
    """
    order = np.lexsort((rows, account[rows], -away[rows], ~urgent[rows]))
    return np.sort(rows[order[: max(allowed, 0)]])
