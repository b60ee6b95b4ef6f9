"""Columns in the core's order out of what a source read in any order.

Ids come out sorted and once each; of two rows that contradict each other neither is believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoscaler.core.readings import Agents, Floats, Ints, Queues

__all__ = ["Readings", "Roster", "agent_columns", "join", "look_up", "queue_columns", "readings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """One number of each of many ids.

    Attributes:
        ids: Strictly ascending, shape (n,).
        values: Shape (n,), NaN missing.
        taken_at: The clock's monotonic seconds when each was asked for, shape (n,).
    """

    ids: Ints
    values: Floats
    taken_at: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Who is signed in to which queue.

    Attributes:
        agents, queues: One pair a sign-in, any order, shape (m,) each.
    """

    agents: Ints
    queues: Ints


def readings(ids: Floats, values: Floats, taken_at: float) -> tuple[Readings, Ints]:
    """Sort one answer's rows.

    Args:
        ids: As read, shape (n,); rows with a NaN id are left out.
        values: Beside them, NaN missing.
        taken_at: When the answer was asked for.

    Returns:
        The readings, and the ids whose rows contradicted each other; their value is NaN.
    """
    known = ~np.isnan(ids)
    keys, numbers = ids[known].astype(np.int64), values[known]
    order = np.argsort(keys, kind="stable")
    keys, numbers = keys[order], numbers[order]
    unique, first = np.unique(keys, return_index=True)
    column = numbers[first]
    contradicted = np.empty(0, np.int64)
    if unique.size < keys.size:
        group = np.searchsorted(unique, keys)
        reference = column[group]
        differs = (numbers != reference) & ~(np.isnan(numbers) & np.isnan(reference))
        contradicted = np.unique(keys[differs])
        column[np.searchsorted(unique, contradicted)] = np.nan
    return Readings(ids=unique, values=column, taken_at=np.full(unique.size, taken_at)), contradicted


def join(parts: Sequence[Readings]) -> Readings:
    """Put the answers to several requests together; an id in two of them keeps the first."""
    if not parts:
        return Readings(ids=np.empty(0, np.int64), values=np.empty(0), taken_at=np.empty(0))
    ids, first = np.unique(np.concatenate([part.ids for part in parts]), return_index=True)
    return Readings(
        ids=ids,
        values=np.concatenate([part.values for part in parts])[first],
        taken_at=np.concatenate([part.taken_at for part in parts])[first],
    )


def look_up(ids: Ints, seen: Readings) -> tuple[Floats, Floats]:
    """Find each id's value and when it was taken; both NaN for an id nobody spoke of."""
    if seen.ids.size == 0 or ids.size == 0:
        return np.full(ids.size, np.nan), np.full(ids.size, np.nan)
    at = np.minimum(np.searchsorted(seen.ids, ids), seen.ids.size - 1)
    hit = seen.ids[at] == ids
    return np.where(hit, seen.values[at], np.nan), np.where(hit, seen.taken_at[at], np.nan)


def queue_columns(*, waiting: Readings, oldest_wait_s: Readings, now: float) -> Queues:
    """Build the queue columns; a row for each id in `waiting`, rates missing.

    Args:
        waiting, oldest_wait_s: By skill queue id.
        now: The clock's monotonic seconds, from which ages count.
    """
    oldest, _ = look_up(waiting.ids, oldest_wait_s)
    missing = np.full(waiting.ids.size, np.nan)
    return Queues(
        ids=waiting.ids,
        waiting=waiting.values,
        oldest_wait_s=oldest,
        arrivals_per_minute=missing,
        abandoned_per_minute=missing,
        age_s=now - waiting.taken_at,
    )


def agent_columns(
    ids: Ints,
    *,
    media_type: int,
    load: Readings,
    state: NDArray[np.int8],
    state_for_s: Floats,
    signed_in_for_s: Floats,
    age_s: Floats,
    roster: Roster | None,
) -> Agents:
    """Build the agent columns.

    Args:
        ids: Strictly ascending, shape (n,).
        media_type: Key of the load column.
        load: Chats held by agent id, any agents.
        state, state_for_s, signed_in_for_s, age_s: In the order of `ids`.
        roster: Who is signed in where; None when nobody said. Pairs of other agents are left out.
    """
    column, _ = look_up(ids, load)
    if roster is None:
        queue_ids, offsets = np.empty(0, np.int64), np.zeros(ids.size + 1, np.int64)
        known = np.zeros(ids.size, np.bool_)
    else:
        queue_ids, offsets = _ragged(ids, roster)
        known = np.diff(offsets) > 0
    return Agents(
        ids=ids,
        load={media_type: column},
        limit={},
        state=state,
        state_for_s=state_for_s,
        signed_in_for_s=signed_in_for_s,
        age_s=age_s,
        queue_ids=queue_ids,
        queue_offsets=offsets,
        queues_known=known,
    )


def _ragged(ids: Ints, roster: Roster) -> tuple[Ints, Ints]:
    """Each agent's queues, ascending, one after the other, and where each agent's begin."""
    mine = np.isin(roster.agents, ids)
    pairs = np.unique((roster.agents[mine] << 32) | roster.queues[mine])  # ids are below 2**31
    agents, queues = pairs >> 32, pairs & 0xFFFFFFFF
    return queues, np.searchsorted(agents, np.append(ids, np.iinfo(np.int64).max)).astype(np.int64)
