"""One tick by itself: what a person orders in the middle of it counts, and nothing decided before is carried out."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autoscaler.core.book import Rulebook
from autoscaler.core.memory import GroupMemory, Memory
from autoscaler.core.plan import GroupPlan
from autoscaler.core.readings import Agents, Overrides, Queues, Snapshot
from autoscaler.daemon.cycle import Cycle
from autoscaler.daemon.orders import OrderBook
from autoscaler.errors import StoreUnavailable
from autoscaler.gateway.limits import LimitTable
from autoscaler.rulebook.loading import load_folder
from autoscaler.sources.ports import Seen, Want
from autoscaler.store.journal import JournalEvent
from autoscaler.testing.clock import FakeClock

from .stage import FIRST, STEADY, WEB_CHAT, Paths, until

IDS = np.array([FIRST, FIRST + 1], np.int64)


def two_hold_a_chat() -> Seen:
    n = len(IDS)
    return Seen(
        queues=Queues.none(),
        agents=Agents(
            ids=IDS,
            load={WEB_CHAT: np.ones(n)},
            limit={},
            state=np.full(n, 5, np.int8),
            state_for_s=np.full(n, 60.0),
            signed_in_for_s=np.full(n, 600.0),
            age_s=np.ones(n),
            queue_ids=np.full(n, 2001, np.int64),
            queue_offsets=np.arange(n + 1),
            queues_known=np.ones(n, np.bool_),
        ),
    )


class Source:
    async def observe(self, want: Want, deadline_s: float) -> Seen:
        return two_hold_a_chat()

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class SlowKeeper:
    """Takes its time over a tick, or fails."""

    error: StoreUnavailable | None = None
    kept: list[str] = field(default_factory=list)
    befores: list[GroupMemory | None] = field(default_factory=list)
    taken_back: list[str] = field(default_factory=list)
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def keep(
        self, tick: str, at: object, rules: str, *, plan: GroupPlan, snapshot: Snapshot, before: GroupMemory | None
    ) -> None:
        self.kept.append(tick)
        self.befores.append(before)
        await self.go.wait()
        if self.error is not None:
            raise self.error

    def take_back(self, group: str, tick: str) -> None:
        self.taken_back.append(tick)


@dataclass
class Calls:
    """Where orders go."""

    ordered: dict[int, int] = field(default_factory=dict)

    def order(self, media_type: int, agents: NDArray[np.int64], callnums: NDArray[np.int16], first: int) -> None:
        self.ordered.update(zip(agents.tolist(), callnums.tolist(), strict=True))


@dataclass
class Scribe:
    noted: list[JournalEvent] = field(default_factory=list)

    def note(self, event: JournalEvent) -> None:
        self.noted.append(event)


class Tick:
    """A cycle over scripted neighbours."""

    def __init__(self, directory: Path) -> None:
        paths = Paths(directory)
        paths.write_rules(STEADY)
        book = load_folder(paths.rules).book
        assert book is not None
        self.book: Rulebook = book
        self.clock = FakeClock()
        self.keeper, self.calls, self.scribe = SlowKeeper(), Calls(), Scribe()
        self.overrides = Overrides()
        self.cycle = Cycle(
            clock=self.clock,
            source=Source(),
            deadline_s=1.0,
            keeper=self.keeper,
            scribe=self.scribe,
            orders=OrderBook(self.clock, self.scribe.note),
            actuator=self.calls,
            limits=LimitTable(),
            reachable=lambda ids: np.ones(len(ids), np.bool_),
            overrides=lambda: self.overrides,
            memory=Memory(),
        )

    async def go(self) -> None:
        await self.cycle.tick(self.book.groups[0], self.book)

    @property
    def lines(self) -> list[dict[str, object]]:
        return [json.loads(event.line) for event in self.scribe.noted]


async def test_a_freeze_that_comes_while_the_tick_is_kept_stops_its_calls(tmp_path: Path) -> None:
    tick = Tick(tmp_path)
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        tasks.create_task(tick.go())
        await until(lambda: len(tick.keeper.kept) == 1)
        tick.overrides = Overrides(frozen=True)
        await tick.clock.advance(0.5)
        tick.keeper.go.set()
    assert tick.calls.ordered == {}
    first, second = tick.keeper.kept
    assert tick.keeper.taken_back == [first]
    assert [line["id"] for line in tick.lines] == [second], "one tick is journalled, the one that was decided last"
    assert tick.keeper.befores == [None, None], "what was never done is not remembered"


async def test_a_tick_is_kept_before_anything_is_called(tmp_path: Path) -> None:
    tick = Tick(tmp_path)
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        tasks.create_task(tick.go())
        await until(lambda: len(tick.keeper.kept) == 1)
        assert tick.calls.ordered == {}
        tick.keeper.go.set()
    assert tick.calls.ordered == {FIRST: 4, FIRST + 1: 4}
    assert set(tick.cycle.memory.groups) == {"webchat"}


async def test_a_tick_that_cannot_be_kept_is_carried_out_and_the_cycle_says_so(tmp_path: Path) -> None:
    tick = Tick(tmp_path)
    tick.keeper.go.set()
    tick.keeper.error = StoreUnavailable("the disk is full", place="/db", help="free space")
    await tick.go()
    assert tick.calls.ordered == {FIRST: 4, FIRST + 1: 4}
    assert "the disk is full" in tick.cycle.not_kept
    tick.keeper.error = None
    await tick.clock.advance(10)
    await tick.go()
    assert tick.cycle.not_kept == ""
