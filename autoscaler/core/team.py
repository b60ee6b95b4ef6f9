"""A group's agents as columns: who they are, what they hold, what they may hold.

Rows are sorted by id; every column has one row an agent of the group's roster.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoscaler.core.book import Group, IdRange
from autoscaler.core.memory import AgentMemory
from autoscaler.core.readings import ANY_MEDIA, Agents, AgentState, Floats, Ints

__all__ = [
    "Bools",
    "Columns16",
    "Selection",
    "Team",
    "assemble",
    "in_force",
    "in_ranges",
    "members",
    "remembered",
    "slots_of",
    "within",
]

Bools = NDArray[np.bool_]
Columns16 = NDArray[np.int16]
Selection = slice | Ints
"""Rows of a larger table: a slice when they are contiguous, which copies nothing."""

_TAKING_CHATS = np.array(
    [
        state
        in {
            AgentState.UNKNOWN,
            AgentState.IDLE,
            AgentState.PRE_OCCUPIED,
            AgentState.OCCUPIED,
            AgentState.ANSWERING,
            AgentState.TALKING,
            AgentState.WRAP_UP,
            AgentState.ADJUSTING,
        }
        for state in AgentState
    ]
)
"""By state code + 1."""

_SIGNED_OUT = np.int8(AgentState.SIGNED_OUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """Columns of one group, shape (n,).

    Attributes:
        ids: Sorted.
        confirmed: Limit the gateway confirmed, NaN unknown.
        force: Limit in force as far as is known: last wanted, else confirmed, else baseline; 1..60.
        load: Chats held, NaN missing.
        state: `AgentState` codes.
        state_for_s, signed_in_for_s: NaN unknown.
        fresh: The row is not stale.
        usable: Fresh, and its load known.
        missing: Without a usable reading; None: nobody is.
        counted: Signed in and taking chats: the group's capacity.
        people: How many are counted.
        slots: Sum of their limits in force.
        signed_in, reachable, is_protected: Claims.
        floor, baseline, ceiling: From limits and tiers.
        tier: Index into the group's tiers, -1 none.
        carried: Limit carried for the group before temporary bounds, within floor and ceiling; the column `force`
            itself where nobody's differs, so that a stage sees at a glance that it has nothing to do.
    """

    ids: Ints
    confirmed: Floats
    force: Columns16
    load: Floats
    state: NDArray[np.int8]
    state_for_s: Floats
    signed_in_for_s: Floats
    fresh: Bools
    usable: Bools
    missing: Bools | None
    counted: Bools
    people: int
    slots: int
    signed_in: Bools
    reachable: Bools | None
    is_protected: Bools | None
    floor: Columns16
    baseline: Columns16
    ceiling: Columns16
    tier: NDArray[np.int16]
    carried: Columns16


def members(group: Group, agents: Agents) -> Selection:
    """Which rows of `agents` are the group's.

    The ids the file names; else agents signed in to one of its queues, and those of whom nobody said which.
    """
    if group.agent_ids:
        return _rows_of_ranges(group.agent_ids, agents.ids)
    n = len(agents.ids)
    if not len(agents.queue_ids):
        belongs = ~agents.queues_known
    else:
        hits = np.zeros(len(agents.queue_ids), np.bool_)
        for queue in group.queues:
            hits |= agents.queue_ids == queue
        before = np.concatenate(([0], np.cumsum(hits)))
        belongs = before[agents.queue_offsets[1:]] > before[agents.queue_offsets[:-1]]
        belongs |= ~agents.queues_known
    if belongs.all():
        return slice(0, n)
    return np.flatnonzero(belongs)


def in_ranges(ranges: Iterable[IdRange], ids: Ints) -> Bools:
    """Which of the sorted `ids` lie in any of `ranges`."""
    inside = np.zeros(len(ids), np.bool_)
    for one in ranges:
        first, last = np.searchsorted(ids, (one.first, one.last + 1))
        inside[first:last] = True
    return inside


def remembered(column: Floats, rows: Ints | None) -> Floats:
    """The roster's rows of a memory column; not a copy when they are the same."""
    return column if rows is None else column[rows]


def assemble(group: Group, agents: Agents, where: Selection, memory: AgentMemory, rows: Ints | None) -> Team:
    """Take a group's columns out of a snapshot.

    Args:
        group: Whose.
        agents: All agents of the snapshot.
        where: The group's rows, from `members`.
        memory: Aligned with the roster.
        rows: The roster's rows in `memory`, None: one to one.

    Returns:
        The team.
    """
    ids = agents.ids[where]
    n = len(ids)
    confirmed = _by_media(agents.limit, group.media_type, where, n)
    load = _by_media(agents.load, group.media_type, where, n)
    state = agents.state[where]
    floor, baseline, ceiling, tier = _bounds(group, ids)
    force, carried = in_force(memory, rows, confirmed, baseline)
    # NaN ages compare false, so an unknown age is stale
    fresh = agents.age_s[where] <= group.safety.max_age_s
    usable = fresh & ~np.isnan(load)
    counted = _TAKING_CHATS[state + 1]
    return Team(
        ids=ids,
        confirmed=confirmed,
        force=force,
        load=load,
        state=state,
        state_for_s=agents.state_for_s[where],
        signed_in_for_s=agents.signed_in_for_s[where],
        fresh=fresh,
        usable=usable,
        missing=None if usable.all() else ~usable,
        counted=counted,
        people=int(np.count_nonzero(counted)),
        slots=slots_of(force, counted),
        signed_in=state != _SIGNED_OUT,
        reachable=None if agents.reachable is None else agents.reachable[where],
        is_protected=in_ranges(group.protect, ids) if group.protect else None,
        floor=floor,
        baseline=baseline,
        ceiling=ceiling,
        tier=tier,
        carried=within(carried, floor, ceiling, force),
    )


def _rows_of_ranges(ranges: tuple[IdRange, ...], ids: Ints) -> Selection:
    if len(ranges) == 1:
        first, last = np.searchsorted(ids, (ranges[0].first, ranges[0].last + 1))
        return slice(int(first), int(last))
    return np.flatnonzero(in_ranges(ranges, ids))


def _by_media(columns: Any, media_type: int, where: Selection, n: int) -> Floats:
    own = columns.get(media_type)
    shared = columns.get(ANY_MEDIA)
    if own is None and shared is None:
        return np.full(n, np.nan)
    if own is None or shared is None:
        column: Floats = (shared if own is None else own)[where]
        return column
    mixed: Floats = np.where(np.isnan(own[where]), shared[where], own[where])
    return mixed


def in_force(
    memory: AgentMemory, rows: Ints | None, confirmed: Floats, baseline: Columns16
) -> tuple[Columns16, Columns16]:
    """Limits in force and limits carried, before any bounds, as `Team` has them; shape (n,)."""
    wanted, carried = remembered(memory.wanted, rows), remembered(memory.carried, rows)
    known = np.where(np.isnan(confirmed), baseline, confirmed)
    force = np.where(np.isnan(wanted), known, wanted).astype(np.int16)
    return force, np.where(np.isnan(carried), force, carried).astype(np.int16)


def within(carried: Columns16, floor: Columns16, ceiling: Columns16, force: Columns16) -> Columns16:
    """Limits carried, inside the bounds; `force` itself where nobody's differs."""
    inside: Columns16 = np.minimum(np.maximum(carried, floor), ceiling)
    return inside if (inside != force).any() else force


def slots_of(limits: Columns16, counted: Bools) -> int:
    """Sum of the counted agents' limits."""
    return int(np.add.reduce(limits, where=counted, dtype=np.int64))


def _bounds(group: Group, ids: Ints) -> tuple[Columns16, Columns16, Columns16, NDArray[np.int16]]:
    n = len(ids)
    floor = np.full(n, group.limits.floor, np.int16)
    baseline = np.full(n, group.limits.baseline, np.int16)
    ceiling = np.full(n, group.limits.ceiling, np.int16)
    tier = np.full(n, -1, np.int16)
    for index in range(len(group.tiers) - 1, -1, -1):  # backwards, so that the first match is written last
        one = group.tiers[index]
        if one.where is not None:
            continue  # `tiers.with_tiers` sees to those
        for part in one.ids:
            first, last = np.searchsorted(ids, (part.first, part.last + 1))
            floor[first:last] = one.limits.floor
            baseline[first:last] = one.limits.baseline
            ceiling[first:last] = one.limits.ceiling
            tier[first:last] = index
    return floor, baseline, ceiling, tier
