"""What one decision hands to the next: a value that survives JSON, so a restart at any tick changes nothing.

Timestamps are POSIX seconds; NaN (null in JSON) means never. Rows of absent agents are kept for a while, so a lost
reading or a short sign-out forgets nobody's budgets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from autoscaler.core.book import EachAgent
from autoscaler.core.cells import nullable
from autoscaler.core.goal.learned import Learned
from autoscaler.core.goal.learned import from_json as learned_from_json
from autoscaler.core.goal.learned import to_json as learned_to_json
from autoscaler.core.outlooks import Outlook
from autoscaler.core.outlooks import from_json as outlook_from_json
from autoscaler.core.outlooks import to_json as outlook_to_json
from autoscaler.core.readings import Floats, Ints
from autoscaler.core.series import Series
from autoscaler.core.series import from_json as series_from_json
from autoscaler.core.series import to_json as series_to_json

__all__ = ["KEEP_ABSENT_S", "AgentMemory", "GroupMemory", "Ledger", "Memory", "aligned", "from_json", "to_json"]

KEEP_ABSENT_S = 12 * 3600.0
"""How long an absent agent's row is kept: longer than any break, shorter than the time between two shifts."""

VERSION = 1

Ledger = tuple[tuple[float, int], ...]
"""(when, how many), oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentMemory:
    """Columns of one group's agents, shape (m,), sorted by id.

    Attributes:
        ids: Agent ids.
        seen_at: Last tick at which the agent was signed in.
        wanted: Limit last wanted of the gateway, NaN none.
        carried: Limit the agent carries for the group before rules that cap or floor it for a while, NaN none.
        account: Limit-seconds above baseline in this shift: whose turn it is.
        above_since: Since when above baseline, NaN not above.
        missing_since: Since when without a usable reading, NaN not missing.
        raised, lowered: Times of the last units raised and lowered, shape (m, k), NaN free; k is the budget.
        moved: Times of the last changes, shape (m, k).
        arrived: When the agent came into the roster, NaN: was there when remembering began.
        since: By rule that is judged for every agent: since when its condition holds, NaN not.
        engaged: By rule with `keep_for` or `until`: as `core.holding` remembers it, NaN at rest.
    """

    ids: Ints
    seen_at: Floats
    wanted: Floats
    carried: Floats
    account: Floats
    above_since: Floats
    missing_since: Floats
    raised: Floats
    lowered: Floats
    moved: Floats
    arrived: Floats
    since: Mapping[str, Floats] = field(default_factory=dict)
    engaged: Mapping[str, Floats] = field(default_factory=dict)

    @classmethod
    def blank(cls, ids: Ints, each: EachAgent) -> AgentMemory:
        """Nothing known of `ids`."""
        n = len(ids)

        def never() -> Floats:
            return np.full(n, np.nan)

        def budget(of: tuple[int, float] | None) -> Floats:
            return np.full((n, of[0] if of else 0), np.nan)

        return cls(
            ids=ids,
            seen_at=never(),
            wanted=never(),
            carried=never(),
            account=np.zeros(n),
            above_since=never(),
            missing_since=never(),
            raised=budget(each.raise_by),
            lowered=budget(each.lower_by),
            moved=budget(each.moves),
            arrived=never(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMemory:
    """What one group remembers.

    Attributes:
        at: Time of the last tick, None before the first.
        mode: Mode of the last tick; limits wanted while observing were never asked for, so a change forgets them.
        slots: Slots wanted at the last tick.
        since: By group-wide rule: since when its condition holds.
        engaged: By group-wide rule with `keep_for` or `until`: as `core.holding` remembers it.
        series: Recent past of values that functions over time ask for, by `series.key_of`.
        outlooks: What values that are forecast usually are and lately were, by `in_text`.
        fired: By rule: when it last moved anything.
        history: Recommended slots, undamped; equal neighbours keep the newest time.
        grown, shrunk: Slots moved, by time.
        raised_at, lowered_at: Last move of that direction that rules asked for.
        calls: Calls planned, by time.
        missing_since: Since when the group's own readings are missing.
        learned: What a goal rests on; None without one.
        agents: Columns.
    """

    agents: AgentMemory
    at: float | None = None
    mode: str = ""
    slots: int = 0
    since: Mapping[str, float] = field(default_factory=dict)
    engaged: Mapping[str, float] = field(default_factory=dict)
    series: Mapping[str, Series] = field(default_factory=dict)
    outlooks: Mapping[str, Outlook] = field(default_factory=dict)
    fired: Mapping[str, float] = field(default_factory=dict)
    history: Ledger = ()
    grown: Ledger = ()
    shrunk: Ledger = ()
    raised_at: float | None = None
    lowered_at: float | None = None
    calls: Ledger = ()
    missing_since: float | None = None
    learned: Learned | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """All groups' memories by name."""

    groups: Mapping[str, GroupMemory] = field(default_factory=dict)


def aligned(memory: AgentMemory, ids: Ints, each: EachAgent, *, oldest: float) -> tuple[AgentMemory, Ints | None]:
    """Bring memory's rows into line with a roster.

    Args:
        memory: As remembered.
        ids: The roster, sorted.
        each: Budgets of the rule file, which fix the width of the budget columns.
        oldest: Rows of absent agents last seen before this time are dropped.

    Returns:
        Memory whose ids hold all of `ids`, and the rows of `ids` in it (None: they are the same, row by row).
    """
    memory = _resized(memory, each)
    if memory.ids is ids or np.array_equal(memory.ids, ids):
        return memory, None
    keep = memory.seen_at >= oldest
    union = np.union1d(memory.ids[keep], ids)
    fresh = AgentMemory.blank(union, each)
    rows = np.searchsorted(union, memory.ids[keep])
    columns: dict[str, Any] = {}
    for name in _COLUMNS:
        column = getattr(fresh, name)
        column[rows] = getattr(memory, name)[keep]
        columns[name] = column
    for name in _BY_RULE:
        columns[name] = {}
        for rule, old in getattr(memory, name).items():
            column = np.full(len(union), np.nan)
            column[rows] = old[keep]
            columns[name][rule] = column
    merged = replace(fresh, **columns)
    if len(union) == len(ids):
        return merged, None
    return merged, np.searchsorted(union, ids)


_COLUMNS = (
    "seen_at",
    "wanted",
    "carried",
    "account",
    "above_since",
    "missing_since",
    "raised",
    "lowered",
    "moved",
    "arrived",
)
_BY_RULE = ("since", "engaged")
_WIDE = frozenset({"raised", "lowered", "moved"})


def _resized(memory: AgentMemory, each: EachAgent) -> AgentMemory:
    """Budget columns as wide as the rule file asks; the newest times are kept."""
    widths = {
        "raised": each.raise_by[0] if each.raise_by else 0,
        "lowered": each.lower_by[0] if each.lower_by else 0,
        "moved": each.moves[0] if each.moves else 0,
    }
    changes: dict[str, Any] = {}
    for name, width in widths.items():
        old: Floats = getattr(memory, name)
        if old.shape[1] != width:
            new = np.full((len(memory.ids), width), np.nan)
            kept = min(width, old.shape[1])
            if kept:
                newest_first = -np.sort(-old, axis=1)  # NaN sorts last either way
                new[:, :kept] = newest_first[:, :kept]
            changes[name] = new
    return replace(memory, **changes) if changes else memory


def to_json(memory: Memory) -> dict[str, Any]:
    """Memory as JSON values; `from_json` of it is the same memory."""
    return {"version": VERSION, "groups": {name: _group_to_json(group) for name, group in memory.groups.items()}}


def from_json(value: Mapping[str, Any]) -> Memory:
    """Memory from what `to_json` gave.

    Raises:
        ValueError: Not a memory of this version; the message names the key.
    """
    if value.get("version") != VERSION:
        raise ValueError(f"memory: version is {value.get('version')!r}, this program reads {VERSION}")
    try:
        return Memory(groups={str(name): _group_from_json(group) for name, group in value["groups"].items()})
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"memory: not what an earlier decision gave ({type(error).__name__}: {error})") from error


def _group_to_json(group: GroupMemory) -> dict[str, Any]:
    agents = group.agents
    return {
        "at": group.at,
        "mode": group.mode,
        "slots": group.slots,
        "since": dict(group.since),
        "engaged": dict(group.engaged),
        "series": series_to_json(group.series),
        "outlooks": {name: outlook_to_json(one) for name, one in group.outlooks.items()},
        "fired": dict(group.fired),
        "history": [list(entry) for entry in group.history],
        "grown": [list(entry) for entry in group.grown],
        "shrunk": [list(entry) for entry in group.shrunk],
        "raised_at": group.raised_at,
        "lowered_at": group.lowered_at,
        "calls": [list(entry) for entry in group.calls],
        "missing_since": group.missing_since,
        "learned": None if group.learned is None else learned_to_json(group.learned),
        "agents": {
            "ids": agents.ids.tolist(),
            **{name: nullable(getattr(agents, name)) for name in _COLUMNS},
            **{name: {rule: nullable(column) for rule, column in getattr(agents, name).items()} for name in _BY_RULE},
        },
    }


def _group_from_json(value: Mapping[str, Any]) -> GroupMemory:
    agents = value["agents"]
    ids = np.array(agents["ids"], np.int64)
    if ids.ndim != 1 or (np.diff(ids) <= 0).any():
        raise ValueError("memory: agents.ids is not a list of ascending ids")
    return GroupMemory(
        at=_time(value["at"], "at"),
        mode=str(value["mode"]),
        slots=int(value["slots"]),
        since=_times(value["since"], "since"),
        engaged=_times(value["engaged"], "engaged"),
        series=series_from_json(value["series"]),
        outlooks=_outlooks(value.get("outlooks", {})),
        fired=_times(value["fired"], "fired"),
        history=_ledger(value["history"]),
        grown=_ledger(value["grown"]),
        shrunk=_ledger(value["shrunk"]),
        raised_at=_time(value["raised_at"], "raised_at"),
        lowered_at=_time(value["lowered_at"], "lowered_at"),
        calls=_ledger(value["calls"]),
        missing_since=_time(value["missing_since"], "missing_since"),
        learned=learned_from_json(value["learned"]) if value.get("learned") else None,
        agents=AgentMemory(
            ids=ids,
            since=_by_rule(agents["since"], "since", len(ids)),
            engaged=_by_rule(agents["engaged"], "engaged", len(ids)),
            **{name: _column(agents[name], name, len(ids), is_wide=name in _WIDE) for name in _COLUMNS},
        ),
    )


def _outlooks(value: Mapping[str, Any]) -> dict[str, Outlook]:
    found = {}
    for name, one in value.items():
        try:
            found[name] = outlook_from_json(one)
        except ValueError as error:
            raise ValueError(f"memory: outlooks.{name}.{error}") from error
    return found


def _by_rule(value: Mapping[str, Any], name: str, n: int) -> dict[str, Floats]:
    return {rule: _column(column, f"{name}.{rule}", n) for rule, column in value.items()}


def _column(cells: Any, name: str, n: int, *, is_wide: bool = False) -> Floats:
    column = np.array(cells, np.float64)
    if len(column) != n:
        raise ValueError(f"memory: agents.{name} has {len(column)} rows for {n} ids")
    if is_wide and not n:
        return column.reshape((0, 0))  # no row says how wide; `aligned` makes it as wide as the rule file asks
    if column.ndim != (2 if is_wide else 1):
        raise ValueError(f"memory: agents.{name} is not {'a list of lists' if is_wide else 'a list'} of numbers")
    return column


def _time(value: Any, name: str) -> float | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise ValueError(f"memory: {name} is {value!r}, not a number of seconds")
    return None if value is None else float(value)  # many a JSON writer turns 12.0 into 12


def _times(value: Mapping[str, Any], name: str) -> dict[str, float]:
    times = {rule: _time(when, f"{name}.{rule}") for rule, when in value.items()}
    return {rule: when for rule, when in times.items() if when is not None}


def _ledger(value: list[list[float]]) -> Ledger:
    return tuple((float(when), int(count)) for when, count in value)
