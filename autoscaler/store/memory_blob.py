"""A group's memory as one blob, and back, exact to the bit: what a restart goes on from."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from autoscaler.core.memory import AgentMemory, GroupMemory
from autoscaler.errors import StoreForeign
from autoscaler.store.columns import pack, unpack

__all__ = ["pack_memory", "unpack_memory"]

_SCALARS = tuple(field.name for field in fields(GroupMemory) if field.name != "agents")
_COLUMNS = tuple(field.name for field in fields(AgentMemory) if field.name != "since")
_LEDGERS = ("history", "grown", "shrunk", "calls")


def pack_memory(memory: GroupMemory) -> bytes:
    """Pack a group's memory."""
    header = {name: getattr(memory, name) for name in _SCALARS}
    header["since"], header["fired"] = dict(memory.since), dict(memory.fired)
    header["rules"] = list(memory.agents.since)
    arrays = {name: getattr(memory.agents, name) for name in _COLUMNS}
    arrays |= {f"since.{index}": column for index, column in enumerate(memory.agents.since.values())}
    return pack(header, arrays)


def unpack_memory(blob: bytes) -> GroupMemory:
    """Unpack a group's memory.

    Raises:
        StoreForeign: Not what `pack_memory` gave, or damaged.
    """
    header, arrays = unpack(blob)
    try:
        rules = header.pop("rules")
        since = {rule: arrays[f"since.{index}"].astype(np.float64, copy=False) for index, rule in enumerate(rules)}
        columns = {name: arrays[name] for name in _COLUMNS}
        for name in _LEDGERS:
            header[name] = tuple((float(when), int(count)) for when, count in header[name])
        return GroupMemory(agents=AgentMemory(since=since, **columns), **header)
    except (KeyError, TypeError, ValueError) as error:
        raise StoreForeign(
            "is a table, but no memory of this version",
            help="Start without this group's memory: budgets and windows begin anew.",
        ) from error
