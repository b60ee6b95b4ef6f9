"""A value's history: counts from a CSV file, or what the daemon recorded, each as readings by time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from autoscaler.cli.findings import show_findings
from autoscaler.core.book import Group
from autoscaler.core.evaluation import measure
from autoscaler.core.expressions import Expression
from autoscaler.core.memory import AgentMemory
from autoscaler.core.readings import Snapshot
from autoscaler.core.scope import GroupView
from autoscaler.core.team import assemble, members
from autoscaler.daemon.recall import recorded
from autoscaler.errors import StoreForeign, UsageError
from autoscaler.rulebook.diagnostics import Diagnostic
from autoscaler.simulation.scenario.traces import columns_of, open_sheet, read_trace
from autoscaler.store.sqlite_reader import SqliteReader

__all__ = ["Readings", "from_csv", "from_store"]

Readings = list[tuple[float, float]]
"""(when, value): POSIX seconds, ascending; NaN missing."""


def from_csv(path: Path, *, time: str, column: str, timezone: str, is_rate: bool) -> tuple[Readings, float]:
    """Counts by step.

    Args:
        path: The file, with a header.
        time, column: When a step begins, in wall-clock time, and how many came in it.
        timezone: Whose wall clock.
        is_rate: Counts become counts a minute.

    Returns:
        The readings, and seconds of a step.

    Raises:
        UsageError: It can't be read so; each finding is shown.
    """
    sheet = open_sheet(path)
    if isinstance(sheet, Diagnostic):
        show_findings([sheet])
        raise UsageError("is no history", place=str(path), help="Mend what is shown above.")
    for name in (time, column):
        if name not in sheet.names:
            message = f"has no column {name!r}, but {columns_of(sheet)}"
            raise UsageError(message, place=str(path), help="Name them with --time and --column.")
    trace = read_trace(sheet, time=time, column=column)
    if isinstance(trace, tuple):
        show_findings(trace)
        raise UsageError("is no history", place=str(path), help="Mend what is shown above.")
    zone = ZoneInfo(timezone)
    minutes = trace.step_s / 60 if is_rate else 1.0
    steps = zip(trace.steps, trace.counts, strict=True)
    return [(trace.at(step).replace(tzinfo=zone).timestamp(), count / minutes) for step, count in steps], trace.step_s


def from_store(reader: SqliteReader, group: Group, value: Expression) -> Iterator[tuple[float, float]]:
    """A value as it was seen at every recorded tick of a group; segments that can't be read are left out."""
    for segment in reader.segments(group=group.name):
        try:
            for tick in recorded(reader, segment):
                yield tick.at.timestamp(), _seen(group, tick.snapshot, value, tick.at.timestamp())
        except StoreForeign:
            continue


def _seen(group: Group, snapshot: Snapshot, value: Expression, at: float) -> float:
    where = members(group, snapshot.agents)
    ids = snapshot.agents.ids[where]
    nothing = AgentMemory.blank(ids, group.stability.each)
    team = assemble(group, snapshot.agents, where, nothing, None)
    found = measure(value, GroupView(group, snapshot, team, nothing.above_since, {}, {}, at=at))
    return found if isinstance(found, float) else math.nan
