"""What keeps a plan from doing harm: bounds, missing readings, blast radius, call budgets, and people's orders.

A guard only ever brings a limit back towards what is in force; only bounds and people move one by themselves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from autoscaler.core.book import Group, Mode
from autoscaler.core.distribution import lower_units
from autoscaler.core.plan import Calls
from autoscaler.core.proposals import Proposals
from autoscaler.core.readings import ANY_MEDIA, Floats, Ints, Overrides, Pin
from autoscaler.core.reasons import Reason
from autoscaler.core.stability import moved_within, shrink_limit
from autoscaler.core.team import Bools, Columns16, Team
from autoscaler.core.tick import Tick

__all__ = ["Guarded", "Orders", "bounded", "orders_for", "paced_down", "restrain"]

CALLS_PERIOD_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What people ordered, for one group at one time.

    Attributes:
        is_frozen, is_paused: Claims.
        pin: Pinned limits, shape (n,), 0 not pinned; None when nobody is.
    """

    is_frozen: bool
    is_paused: bool
    pin: Columns16 | None


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


def orders_for(group: Group, ids: Ints, overrides: Overrides, at: datetime) -> Orders:
    """The overrides that are in force for a group."""
    paused = any(
        pause.group in (None, group.name) and (pause.until is None or pause.until > at) for pause in overrides.pauses
    )
    pin: Columns16 | None = None
    for one in overrides.pins:
        row = _row_of_pin(one, group, ids, at)
        if row is not None:
            if pin is None:
                pin = np.zeros(len(ids), np.int16)
            pin[row] = one.limit
    return Orders(is_frozen=overrides.frozen, is_paused=paused, pin=pin)


def bounded(team: Team, proposals: Proposals, *, to_baseline: Bools | None, pin: Columns16 | None) -> Columns16:
    """What each agent would hold if no rule moved anybody: what it carries, inside the bounds of now.

    Args:
        team: The group's agents; one without a usable reading never goes up.
        proposals: Bounds in force, and who must not be raised.
        to_baseline: Agents whose readings have been missing for too long: no higher than baseline. None: nobody.
        pin: Pinned limits, 0 not pinned; a person's word is not bounded by rules. None: nobody.

    Returns:
        Limits, 1..60, shape (n,).
    """
    limit = team.carried
    if proposals.floored_by is not None or proposals.capped_by is not None:
        limit = np.minimum(np.maximum(limit, proposals.floor), proposals.ceiling)
    if to_baseline is not None:
        limit = np.where(to_baseline, np.minimum(limit, team.baseline), limit)
    missing = ~team.usable
    no_higher = missing if proposals.no_raise is None else missing | proposals.no_raise
    if no_higher.any():
        limit = np.where(no_higher, np.minimum(limit, team.force), limit)
        unsure = missing & np.isnan(team.confirmed)
        limit = np.where(unsure, np.minimum(limit, team.baseline), limit)
    if team.is_protected is not None:
        limit = np.where(team.is_protected, team.force, limit)
    if pin is not None:
        limit = np.where(pin > 0, pin, limit)
    return limit


def paced_down(tick: Tick, base: Columns16, pin: Columns16 | None) -> Columns16:
    """Bound corrections downward, no faster than the lower rates allow; those furthest above go first.

    Returns:
        Limits between `base` and the limits in force; `base` itself where there are no rates.
    """
    team, lowers = tick.team, tick.group.stability.lowers
    if not lowers.at_most:
        return base
    over = np.where(team.counted, np.maximum(team.force - base, 0), 0).astype(np.int16)
    if pin is not None:
        over = np.where(pin > 0, np.int16(0), over)
    total = int(over.sum(dtype=np.int64))
    if not total:
        return base
    slots = int(np.add.reduce(team.force, where=team.counted, dtype=np.int64))
    allowed = slots - int(shrink_limit(slots, lowers, tick.memory.grown, tick.memory.shrunk, at=tick.at))
    if total <= allowed:
        return base
    taken = lower_units(
        allowed, limit=team.force, room=over, load=team.load, baseline=team.baseline, account=tick.account
    )
    return np.where(over > 0, team.force - taken, base)


def restrain(tick: Tick, target: Columns16, base: Columns16, orders: Orders, *, frozen_roster: bool) -> Guarded:
    """Bring the distributed limits to what may be sent now.

    Args:
        tick: The group.
        target: Limits after distribution, shape (n,).
        base: Limits that bounds alone ask for: those who must come down to it go first.
        orders: What people ordered.
        frozen_roster: The list of agents is not known, so nobody is touched.

    Returns:
        Limits, reasons and calls.
    """
    team, safety = tick.team, tick.group.safety
    n = len(team.ids)
    cut = np.zeros(n, np.uint8)
    said = np.zeros(n, np.uint8)
    pinned = None if orders.pin is None else orders.pin > 0
    is_still = orders.is_frozen or orders.is_paused or frozen_roster
    reachable = team.signed_in if team.reachable is None else team.signed_in & team.reachable
    may_call = reachable if team.is_protected is None else reachable & ~team.is_protected
    if tick.contested is not None:
        may_call = may_call & ~tick.contested
    guarded = np.where(may_call, target, team.force)
    _say(cut, target != guarded, _untouchable(tick))
    urgent = guarded < np.minimum(team.force, base + 1)
    changed = np.flatnonzero((guarded != team.force) if pinned is None else (guarded != team.force) & ~pinned)
    allowed = max(1, math.ceil(round(safety.agents_per_tick * n, 9)))
    if len(changed) > allowed:
        late = np.setdiff1d(changed, _first(changed, allowed, urgent, tick.account), assume_unique=True)
        guarded[late] = team.force[late]
        cut[late] = Reason.BLAST_RADIUS
    wanted = team.force.copy() if is_still else guarded.copy()
    if is_still:
        why = Reason.FROZEN if orders.is_frozen else Reason.PAUSED if orders.is_paused else Reason.NO_ROSTER
        held = guarded != wanted
        said[held] = why
        cut[held] = why
    if orders.pin is not None and pinned is not None and not orders.is_frozen:
        wanted = np.where(pinned & may_call, orders.pin, wanted)
        said[pinned] = Reason.PINNED
    sent = _to_send(tick, wanted, may_call, pinned, orders, is_still=is_still)
    if safety.calls_per_minute is not None:
        left = safety.calls_per_minute - moved_within(tick.memory.calls, at=tick.at, period_s=CALLS_PERIOD_S)
        if len(sent) > left:
            first = _first(sent, left, urgent, tick.account)
            late = np.setdiff1d(sent, first, assume_unique=True)
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


def _to_send(
    tick: Tick, wanted: Columns16, may_call: Bools, pinned: Bools | None, orders: Orders, *, is_still: bool
) -> NDArray[np.int64]:
    """Rows to call: whose confirmed limit is not the wanted one, or not known."""
    if tick.group.mode is Mode.OBSERVE or orders.is_frozen:
        return np.empty(0, np.int64)
    if is_still:
        if pinned is None:
            return np.empty(0, np.int64)
        may_call = may_call & pinned
    # an unknown limit is NaN and differs from everything
    return np.flatnonzero(may_call & (tick.team.confirmed != wanted))


def _untouchable(tick: Tick) -> NDArray[np.uint8]:
    team = tick.team
    why = np.full(len(team.ids), Reason.UNREACHABLE, np.uint8)
    why[~team.signed_in] = Reason.SIGNED_OUT
    if tick.contested is not None:
        why[tick.contested] = Reason.CONTESTED
    if team.is_protected is not None:
        why[team.is_protected] = Reason.PROTECTED
    return why


def _say(column: NDArray[np.uint8], where: Bools, why: NDArray[np.uint8]) -> None:
    column[where] = why[where]


def _first(rows: NDArray[np.int64], allowed: int, urgent: Bools, account: Floats) -> NDArray[np.int64]:
    """Of `rows`, the `allowed` that go first: urgent ones, then who has carried least, then by id."""
    order = np.lexsort((rows, account[rows], ~urgent[rows]))
    return np.sort(rows[order[: max(allowed, 0)]])


def _row_of_pin(pin: Pin, group: Group, ids: Ints, at: datetime) -> int | None:
    if pin.media_type not in (ANY_MEDIA, group.media_type) or (pin.until is not None and pin.until <= at):
        return None
    row = int(np.searchsorted(ids, pin.agent))
    return row if row < len(ids) and ids[row] == pin.agent else None
