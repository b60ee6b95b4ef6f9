"""A snapshot as one blob, and back, exact to the bit: what replay decides from again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from autoscaler.core.readings import Agents, Input, Queues, Snapshot
from autoscaler.errors import StoreForeign
from autoscaler.store.columns import pack, unpack
from autoscaler.store.encodings import Array
from autoscaler.store.overrides import read_overrides, written_overrides

__all__ = ["pack_snapshot", "snapshot_from", "taken_apart", "unpack_snapshot"]

_BY_MEDIA = ("load", "limit")


def pack_snapshot(snapshot: Snapshot) -> bytes:
    """Pack any snapshot."""
    return pack(*taken_apart(snapshot))


def taken_apart(snapshot: Snapshot) -> tuple[dict[str, Any], dict[str, Array]]:
    """A snapshot as JSON values and named columns."""
    arrays: dict[str, Array] = {}
    for table, columns in (("queues", snapshot.queues), ("agents", snapshot.agents)):
        for field in fields(columns):
            value = getattr(columns, field.name)
            if field.name in _BY_MEDIA:
                arrays |= {f"{table}.{field.name}.{media}": column for media, column in value.items()}
            elif value is not None:
                arrays[f"{table}.{field.name}"] = value
    inputs = snapshot.inputs.values()
    arrays["inputs.value"] = np.array([one.value for one in inputs], np.float64)  # JSON has no NaN
    arrays["inputs.age_s"] = np.array([one.age_s for one in inputs], np.float64)
    header = {
        "inputs": list(snapshot.inputs),
        "overrides": written_overrides(snapshot.overrides),
        "roster_problem": snapshot.roster_problem,
    }
    return header, arrays


def unpack_snapshot(blob: bytes) -> Snapshot:
    """Unpack a snapshot.

    Raises:
        StoreForeign: Not what `pack_snapshot` gave, or damaged.
    """
    return snapshot_from(*unpack(blob))


def snapshot_from(header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Snapshot:
    """Undo `taken_apart`.

    Raises:
        StoreForeign: Not what it gave.
    """
    try:
        numbers = zip(header["inputs"], arrays["inputs.value"], arrays["inputs.age_s"], strict=True)
        return Snapshot(
            queues=Queues(**_table("queues", arrays)),
            agents=Agents(**{name: {} for name in _BY_MEDIA} | _table("agents", arrays)),
            inputs={name: Input(value=float(value), age_s=float(age_s)) for name, value, age_s in numbers},
            overrides=read_overrides(header["overrides"]),
            roster_problem=header["roster_problem"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise StoreForeign(
            "these bytes are a table, but no snapshot of this version",
            help="replay it with the version that wrote it",
        ) from error


def _table(table: str, arrays: Mapping[str, Array]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name, array in arrays.items():
        owner, _, rest = name.partition(".")
        if owner != table:
            continue
        field, _, media = rest.partition(".")
        if media:
            columns.setdefault(field, {})[int(media)] = array
        else:
            columns[field] = array
    return columns
