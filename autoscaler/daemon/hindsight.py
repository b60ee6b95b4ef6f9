"""Why an agent was where it was at a time gone by: the tick decided again, or the journal's line where that can't be.

Reads the store alone, so it tells the same whether the daemon runs or not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import orjson

from autoscaler.core.exchange import story_to_json
from autoscaler.core.plan import GroupPlan
from autoscaler.daemon.recall import Recorded, decided_again, memory_before, recorded, ruled
from autoscaler.daemon.records import DECISION
from autoscaler.errors import StoreError
from autoscaler.store.journal import JournalQuery
from autoscaler.store.recordings import Segment
from autoscaler.store.sqlite_reader import SqliteReader

__all__ = ["Hindsight", "told_then"]

Json = dict[str, Any]


class Hindsight:
    """The same for the daemon's own console, in a thread of its own, `hindsight`, which nobody's chats wait for."""

    def __init__(self, url: str) -> None:
        """Open nothing yet.

        Args:
            url: Of the store.
        """
        self._url = url
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hindsight")

    async def told(self, agent: int, at: datetime) -> tuple[list[Json], list[str]]:
        """As `told_then`; errors of the store as its reader raises them."""

        def told() -> tuple[list[Json], list[str]]:
            with SqliteReader(self._url) as reader:
                return told_then(reader, agent, at)

        return await asyncio.get_running_loop().run_in_executor(self._thread, told)

    def close(self) -> None:
        """Take no more questions."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def told_then(reader: SqliteReader, agent: int, at: datetime) -> tuple[list[Json], list[str]]:
    """An agent's story at the last tick before a time, in every group that had it.

    Args:
        reader: The store.
        agent: Its id.
        at: Aware.

    Returns:
        As the daemon's explanation of now, a story a group, none where nothing is kept; and what could not be decided
        again, in sentences.
    """
    found: dict[str, Json] = {}
    notes: list[str] = []
    for group, segment in _in_force(reader, at).items():
        try:
            story = _decided(reader, segment, agent, at)
        except StoreError as error:
            notes.append(f"{group}: the tick can't be decided again, so this is its journal: {error.message}")
        else:
            if story is not None:
                found[group] = story
    for group, row in _written(reader, agent, at):
        if group not in found or datetime.fromisoformat(found[group]["at"]) < datetime.fromisoformat(row["at"]):
            found[group] = row
    return [found[group] for group in sorted(found)], notes


def _in_force(reader: SqliteReader, at: datetime) -> dict[str, Segment]:
    """By group: the segment that the last tick before a time is of."""
    return {segment.group: segment for segment in reader.segments() if segment.first_at <= at}


def _decided(reader: SqliteReader, segment: Segment, agent: int, at: datetime) -> Json | None:
    """The story of a recorded tick; None when the agent was not of the group then."""
    group, memory = ruled(reader, segment), memory_before(reader, segment)
    last: tuple[Recorded, GroupPlan] | None = None
    for one in recorded(reader, segment):
        if one.at > at:
            break
        plan, memory = decided_again(group, one, memory, digest=segment.rules)
        last = one, plan
    if last is None:
        return None  # deleted meanwhile
    told, plan = last
    row = plan.row_of(agent)
    if row is None:
        return None
    return {
        "group": group.name,
        "tick": told.tick,
        "at": told.at.isoformat(),
        "rule": plan.rule_of(row),
        "stages": story_to_json(plan, row),
        "rules": {verdict.rule.name: verdict.kind.value for verdict in plan.verdicts},
        "held": list(plan.held),
        "unknown_inputs": list(plan.unknown_inputs),
        "forecasts": list(plan.forecasts),
        "goal": plan.goal,
    }


def _written(reader: SqliteReader, agent: int, at: datetime) -> Iterator[tuple[str, Json]]:
    """By group: the last decision about the agent that the journal has."""
    rows: dict[str, Json] = {}
    for event in reader.journal(JournalQuery(agent=agent, schema=DECISION)):
        row = orjson.loads(event.line)
        if event.at <= at and not row.get("shadow"):
            rows[event.group] = {**row, "decision": row["id"], "held": [], "rules": {}, "unknown_inputs": []}
    yield from rows.items()
