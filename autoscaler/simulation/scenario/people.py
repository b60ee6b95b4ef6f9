"""The agents a file names: their entries, their ids, and whether anybody is ever there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.grammar import Entries, Item
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.source import Span
from autoscaler.simulation.scenario.layout import MOST_AGENTS, Agents
from autoscaler.simulation.scenario.model import AgentEntry
from autoscaler.simulation.scenario.notation import DAY_S, length_of

__all__ = ["FIRST_ID", "build_agents", "is_anybody_there"]

FIRST_ID = 1001
LAST_ID = 999_999


def build_agents(items: Sequence[Item[Entries]], span: Span, reporter: Reporter) -> tuple[AgentEntry, ...] | None:
    """The entries; None after reporting. Ids are given out only where the file names some."""
    if not items:
        reporter.report(Code.NOBODY, span, "there are no agents", "add - {count: 20, limit: 3}")
        return None
    built = [_entry(item.value, reporter) for item in items]
    entries = [entry for entry in built if entry is not None]
    if len(entries) < len(built):
        return None
    total = sum(entry.count for entry in entries)
    if total > MOST_AGENTS:
        message = f"{total} agents are more than {MOST_AGENTS}"
        reporter.report(Code.OUT_OF_RANGE, span, message, "lower the counts")
        return None
    if any(entry.first_id is not None for entry in entries):
        _check_ids(entries, items, reporter)
    return tuple(entries)


def is_anybody_there(agents: Iterable[AgentEntry], clock_s: float, duration_s: float) -> bool:
    """Whether anybody is signed in at some time of [0, duration) after a wall clock of `clock_s`."""
    days = range(-1, int(duration_s // DAY_S) + 2)
    return any(
        not entry.shift
        or any(
            starts < duration_s and starts + length_of(window) > 0
            for window in entry.shift
            for starts in (window.start_s - clock_s + day * DAY_S for day in days)
        )
        for entry in agents
    )


def _entry(entries: Entries, reporter: Reporter) -> AgentEntry | None:
    ids, count, limit = entries.get(Agents.ids), entries.get(Agents.count), entries.get(Agents.limit)
    if not entries.has(Agents.count) and not entries.has(Agents.ids) and not entries.has_unknown:
        reporter.report(Code.MISSING_KEY, entries.span, "agents need a count or ids", "add count: 20 or ids: 1001-1020")
        return None
    if ids is not None:
        named = ids.last - ids.first + 1
        if count is not None and count != named:
            message = f"count is {count}, but ids name {named}"
            reporter.report(Code.CONFLICT, entries.value_span(Agents.count), message, "leave count out")
            return None
        count = named
    if count is None or limit is None:
        return None
    speed = entries.get(Agents.speed)
    return AgentEntry(
        count=count,
        limit=limit,
        speed=1.0 if speed is None else speed,
        speed_cv=entries.get(Agents.speed_cv) or 0.0,
        tier=entries.get(Agents.tier) or "",
        shift=entries.get(Agents.shift) or (),
        curves=entries.get(Agents.slowdown) or (),
        first_id=None if ids is None else ids.first,
    )


def _check_ids(entries: Sequence[AgentEntry], items: Sequence[Item[Entries]], reporter: Reporter) -> None:
    """Entries without ids go on after the one before; no two agents may get the same."""
    taken: list[tuple[int, int]] = []
    following = FIRST_ID
    for entry, item in zip(entries, items, strict=True):
        first = following if entry.first_id is None else entry.first_id
        last = first + entry.count - 1
        place = item.value.value_span(Agents.ids if entry.first_id is not None else Agents.count)
        if any(first <= other_last and other_first <= last for other_first, other_last in taken):
            message = f"ids {first}-{last} are those of agents above"
            reporter.report(Code.CONFLICT, place, message, "give every entry ids of its own")
        if last > LAST_ID:
            message = f"ids {first}-{last} go beyond {LAST_ID}"
            reporter.report(Code.OUT_OF_RANGE, place, message, "begin with a lower id")
        taken.append((first, last))
        following = last + 1
