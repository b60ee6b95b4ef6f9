"""A daemon's record without its gateway: ticks decided and kept as the daemon does, over restarts and reloads."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from autoscaler.core.book import Mode, Rulebook
from autoscaler.core.engine import decide
from autoscaler.core.memory import Memory, to_json
from autoscaler.core.plan import GroupPlan
from autoscaler.core.readings import Snapshot
from autoscaler.daemon.differing import Difference, differences
from autoscaler.daemon.keeping import Keeper
from autoscaler.daemon.recall import last_memories
from autoscaler.daemon.records import tick_id
from autoscaler.daemon.replaying import Replayed, replay
from autoscaler.rulebook.loading import load_text
from autoscaler.store.limits import StoreLimits
from autoscaler.store.location import database_path
from autoscaler.store.memory_blob import pack_memory
from autoscaler.store.sqlite_reader import SqliteReader
from autoscaler.store.sqlite_store import SqliteStore
from autoscaler.testing import FakeClock

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)

SURGE = """\
version: 1
group: webchat
queues: [2001]
agents: {limit: {floor: 1, baseline: 3, ceiling: 9}}
safety: {agents_per_tick: 100%}
rules:
  - {name: surge, when: queue.waiting > 4, raise: 1 each}
"""


def book_of(text: str) -> Rulebook:
    """Rules of one file."""
    loaded = load_text({"webchat.yaml": text})
    assert loaded.book is not None, loaded.diagnostics
    return loaded.book


def as_text(memory: Memory) -> str:
    return json.dumps(to_json(memory), sort_keys=True)


@dataclass(slots=True, kw_only=True)
class Recording:
    """Decides, keeps, and is started again; `memory` is what the daemon would go on with."""

    url: str
    store: SqliteStore
    keeper: Keeper
    text: str = SURGE
    memory: Memory = field(default_factory=Memory)
    texts: dict[str, Mapping[str, str]] = field(default_factory=dict)
    mode: Mode | None = None
    ticks_a_segment: int = 40

    async def tick(self, seconds: float, snapshot: Snapshot, *, again: bool = False) -> GroupPlan:
        """Decide and keep one tick; `again`: the one before was never done."""
        book = book_of(self.text)
        self.texts[book.digest] = {"webchat.yaml": self.text}
        (group,) = book.groups
        if self.mode is not None:
            group = replace(group, mode=self.mode)
        at = START + timedelta(seconds=seconds)
        before = self.memory.groups.get(group.name)
        plan = decide(Rulebook(groups=(group,), digest=book.digest), snapshot, self.memory, at)
        self.memory = plan.memory
        (mine,) = plan.groups
        tick = tick_id(group.name, at)
        await self.keeper.keep(tick, at, book.digest, plan=mine, snapshot=snapshot, before=before)
        return mine

    def take_back(self, plan: GroupPlan, seconds: float, memory: Memory) -> None:
        """The tick was never done: it is forgotten, and decided again."""
        self.memory = memory
        self.keeper.take_back(plan.group.name, tick_id(plan.group.name, START + timedelta(seconds=seconds)))

    async def restart(self, *, is_orderly: bool) -> None:
        """End, orderly or not, and start again with what the store remembers."""
        if is_orderly:
            for group, memory in self.memory.groups.items():
                await self.store.save_memory(group, pack_memory(memory))
        self.keeper = Keeper(self.store, self.texts.get, ticks_a_segment=self.ticks_a_segment)
        with SqliteReader(self.url) as reader:
            recalled = last_memories(reader)
        assert recalled.troubles == {}
        self.memory = Memory(groups=recalled.memories)


@asynccontextmanager
async def recording(directory: Path, *, text: str = SURGE, ticks_a_segment: int = 40) -> AsyncIterator[Recording]:
    url = f"sqlite:///{directory}/autoscaler.db"
    store = await SqliteStore.open(url, clock=FakeClock(START), on_lost=print, limits=StoreLimits(busy_timeout_s=0.05))
    texts: dict[str, Mapping[str, str]] = {}
    try:
        keeper = Keeper(store, texts.get, ticks_a_segment=ticks_a_segment)
        yield Recording(url=url, store=store, keeper=keeper, text=text, texts=texts, ticks_a_segment=ticks_a_segment)
    finally:
        await store.close(5.0)


def replayed(
    url: str, *, rules: Rulebook | None = None, since: datetime | None = None, told: list[str] | None = None
) -> list[Replayed]:
    """Every tick again."""
    notes = [] if told is None else told
    with SqliteReader(url) as reader:
        return list(replay(reader, "webchat", rules=rules, since=since, tell=notes.append))


def differing(ticks: list[Replayed], *, to_the_letter: bool = True) -> list[tuple[datetime, Difference]]:
    return [
        (one.at, difference)
        for one in ticks
        for difference in differences(one.recorded, one.again, to_the_letter=to_the_letter)
    ]


@contextmanager
def database(url: str) -> Iterator[sqlite3.Connection]:
    """The store's file, changed from outside."""
    connection = sqlite3.connect(database_path(url))
    try:
        with connection:
            yield connection
    finally:
        connection.close()
