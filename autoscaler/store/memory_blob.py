"""A group's memory as one blob, and back, exact to the bit: what a restart goes on from."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from autoscaler.core import outlooks, series
from autoscaler.core.goal import learned
from autoscaler.core.memory import AgentMemory, GroupMemory
from autoscaler.errors import StoreForeign
from autoscaler.store.columns import pack, unpack

__all__ = ["pack_memory", "unpack_memory"]

_BY_RULE = ("since", "engaged")
_SCALARS = tuple(field.name for field in fields(GroupMemory) if field.name != "agents")
_COLUMNS = tuple(field.name for field in fields(AgentMemory) if field.name not in _BY_RULE)
_LEDGERS = ("history", "grown", "shrunk", "calls")


def pack_memory(memory: GroupMemory) -> bytes:
    """Pack a group's memory."""
    header = {name: getattr(memory, name) for name in _SCALARS}
    header |= {name: dict(getattr(memory, name)) for name in ("since", "engaged", "fired")}
    header["series"] = series.to_json(memory.series)
    header["outlooks"] = {name: outlooks.to_json(one) for name, one in memory.outlooks.items()}
    header["learned"] = None if memory.learned is None else learned.to_json(memory.learned)
    header["rules"] = {name: list(getattr(memory.agents, name)) for name in _BY_RULE}
    arrays = {name: getattr(memory.agents, name) for name in _COLUMNS}
    for name in _BY_RULE:
        by_rule = getattr(memory.agents, name).values()
        arrays |= {f"{name}.{index}": column for index, column in enumerate(by_rule)}
    return pack(header, arrays)


def unpack_memory(blob: bytes) -> GroupMemory:
    """Unpack a group's memory.

    Raises:
        StoreForeign: Not what `pack_memory` gave, or damaged.
    """
    header, arrays = unpack(blob)
    try:
        rules = header.pop("rules")
        columns: dict[str, Any] = {name: arrays[name] for name in _COLUMNS}
        for name in _BY_RULE:
            columns[name] = {rule: arrays[f"{name}.{index}"] for index, rule in enumerate(rules[name])}
        header["series"] = series.from_json(header["series"])
        header["outlooks"] = {name: outlooks.from_json(one) for name, one in header.get("outlooks", {}).items()}
        if header.get("learned") is not None:
            header["learned"] = learned.from_json(header["learned"])
        for name in _LEDGERS:
            header[name] = tuple((float(when), int(count)) for when, count in header[name])
        return GroupMemory(agents=AgentMemory(**columns), **header)
    except (KeyError, TypeError, ValueError) as error:
        raise StoreForeign(
            "is a table, but no memory of this version",
            help="Start without this group's memory: budgets and windows begin anew.",
        ) from error
