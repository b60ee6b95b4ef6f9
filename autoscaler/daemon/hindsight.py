"""What was so at a time gone by: why an agent was where it was, and what goals had learned.

A recorded tick is decided again; where that can't be, the journal's line tells of an agent.

Reads the store alone, so it tells the same whether the daemon runs or not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from autoscaler.core.book import Group
from autoscaler.core.exchange import story_to_json
from autoscaler.core.goal.learned import Learned
from autoscaler.core.goal.telling import told
from autoscaler.core.memory import GroupMemory
from autoscaler.core.plan import GroupPlan
from autoscaler.daemon.recall import Recorded, decided_again, memory_before, recorded, ruled
from autoscaler.daemon.records import DECISION
from autoscaler.errors import ControlRefused, StoreError
from autoscaler.store.journal import JournalQuery
from autoscaler.store.recordings import Segment
from autoscaler.store.sqlite_reader import SqliteReader

__all__ = ["Hindsight", "learned_then", "story_at", "told_then"]

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
        return await self._read(lambda reader: told_then(reader, agent, at))

    async def learned(self, group: str | None, at: datetime) -> tuple[list[Json], list[str]]:
        """As `learned_then`; errors of the store as its reader raises them."""
        return await self._read(lambda reader: learned_then(reader, group, at))

    async def _read(
        self, asked: Callable[[SqliteReader], tuple[list[Json], list[str]]]
    ) -> tuple[list[Json], list[str]]:
        def answer() -> tuple[list[Json], list[str]]:
            with SqliteReader(self._url) as reader:
                return asked(reader)

        return await asyncio.get_running_loop().run_in_executor(self._thread, answer)

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


def learned_then(reader: SqliteReader, group: str | None, at: datetime) -> tuple[list[Json], list[str]]:
    """What goals had learned after the last tick before a time.

    Args:
        reader: The store.
        group: Whose; None: of all that had a goal then.
        at: Aware.

    Returns:
        As the daemon's answer of now, an entry a group; and what could not be decided again, in sentences.

    Raises:
        ControlRefused: There is none to tell of.
    """
    found: list[Json] = []
    notes: list[str] = []
    for name, segment in sorted(_in_force(reader, at).items()):
        if group not in (None, name):
            continue
        try:
            again = _again(reader, segment, at)
        except StoreError as error:
            notes.append(f"{name}: its ticks can't be decided again, so nobody knows: {error.message}")
        else:
            if again is not None and again.group.goal is not None:
                found.append({"group": name, **told(again.memory.learned or Learned(), again.group)})
    if not found:
        whom = "a group with a goal" if group is None else f"a goal of group {group!r}"
        raise ControlRefused(
            "; ".join((f"no tick under {whom} is kept from before {at.isoformat()}", *notes)),
            help="'autoscaler journal --ticks' shows what is kept; 'journal.keep_snapshots' says for how long.",
        )
    return found, notes


def _in_force(reader: SqliteReader, at: datetime) -> dict[str, Segment]:
    """By group: the segment that the last tick before a time is of."""
    return {segment.group: segment for segment in reader.segments() if segment.first_at <= at}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Again:
    """The last tick of a segment before a time, decided again, and what it left."""

    group: Group
    tick: Recorded
    plan: GroupPlan
    memory: GroupMemory


def _again(reader: SqliteReader, segment: Segment, at: datetime) -> _Again | None:
    """None: deleted meanwhile."""
    group, memory = ruled(reader, segment), memory_before(reader, segment)
    last = None
    for one in recorded(reader, segment):
        if one.at > at:
            break
        plan, memory = decided_again(group, one, memory, digest=segment.rules)
        last = one, plan, memory
    return None if last is None else _Again(group=group, tick=last[0], plan=last[1], memory=last[2])


def _decided(reader: SqliteReader, segment: Segment, agent: int, at: datetime) -> Json | None:
    """The story of a recorded tick; None when the agent was not of the group then."""
    again = _again(reader, segment, at)
    row = None if again is None else again.plan.row_of(agent)
    if again is None or row is None:
        return None
    return story_at(again.plan, row, tick=again.tick.tick, at=again.tick.at)


def story_at(plan: GroupPlan, row: int, *, tick: str, at: datetime) -> Json:
    """The story of one agent at one tick.

    Args:
        plan: The tick's.
        row: The agent's.
        tick, at: Its id in the journal, and when it was.
    """
    return {
        "group": plan.group.name,
        "tick": tick,
        "at": at.isoformat(),
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
