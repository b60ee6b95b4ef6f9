"""What of memory no longer counts: other modes' deeds, limits from before a long absence.

Conditions and readings are facts of the site and are kept; only what was wanted and moved is forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autoscaler.core.book import Mode
from autoscaler.core.memory import AgentMemory, GroupMemory
from autoscaler.core.readings import Floats, Ints
from autoscaler.core.team import Bools, remembered

__all__ = ["of_this_mode", "returned", "stood_still"]

RETURN_AFTER_S = 300.0
"""Signed out for longer than this, an agent comes back as if new: what was wanted before the break no longer counts."""

_OF_THE_LIMIT = ("wanted", "carried", "above_since", "missing_since")
_OF_DEEDS = ("wanted", "carried", "above_since", "raised", "lowered", "moved")


def of_this_mode(memory: GroupMemory, mode: Mode) -> GroupMemory:
    """Memory without what another mode did.

    What was wanted while observing was never asked of the gateway: it starts no cooldown and spends no budget.
    """
    if memory.at is None or memory.mode == mode.value:
        return memory
    agents = _without(memory.agents, _OF_DEEDS, None)
    agents = replace(agents, account=np.zeros(len(agents.ids)))
    return replace(memory, fired={}, history=(), grown=(), shrunk=(), raised_at=None, lowered_at=None, agents=agents)


def returned(
    agents: AgentMemory, rows: Ints | None, signed_in_for_s: Floats, *, last: float | None, at: float
) -> AgentMemory:
    """Memory in which those of the roster who were away for long have no limit of their own any more.

    Time in which nobody looked is no absence of those who were signed in all along.

    Args:
        agents: Aligned with the roster.
        rows: The roster's rows in it; None: one to one.
        signed_in_for_s: Of the roster, NaN unknown.
        last: Time of the last tick, None before the first.
        at: Now, POSIX seconds.

    Returns:
        Budgets and accounts are kept.
    """
    # NaN compares false: whoever was never seen has nothing to forget
    seen_at = remembered(agents.seen_at, rows)
    unseen_s = at - seen_at
    away = unseen_s > RETURN_AFTER_S
    if not away.any():
        return agents
    came = away
    if last is not None:
        missed = last - seen_at > RETURN_AFTER_S
        away = away & (missed | ~(signed_in_for_s >= unseen_s))
        # where nobody looked, only a known sign-in is one
        came = away & (missed | ~np.isnan(signed_in_for_s))
    if not away.any():
        return agents
    arrived = agents.arrived.copy()
    arrived[_stored(came, rows)] = at
    return replace(_without(agents, _OF_THE_LIMIT, _stored(away, rows)), arrived=arrived)


def stood_still(memory: GroupMemory, *, at: float) -> GroupMemory:
    """Memory for a tick at which nobody knows who is signed in: such time makes no absence."""
    if memory.at is None:
        return memory
    seen_at = memory.agents.seen_at + max(at - memory.at, 0.0)
    return replace(memory, agents=replace(memory.agents, seen_at=seen_at))


def _stored(where: Bools, rows: Ints | None) -> Ints:
    found = np.flatnonzero(where)
    return found if rows is None else rows[found]


def _without(agents: AgentMemory, names: Sequence[str], rows: Ints | None) -> AgentMemory:
    columns: dict[str, Any] = {}
    for name in names:
        column = getattr(agents, name).copy()
        column[slice(None) if rows is None else rows] = np.nan
        columns[name] = column
    return replace(agents, **columns)
