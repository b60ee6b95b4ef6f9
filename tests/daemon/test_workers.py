"""Who ticks: one tick a group at a time, none lost in silence, nobody forgotten."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from autoscaler.core.book import Group, Rulebook
from autoscaler.core.memory import GroupMemory, Memory
from autoscaler.daemon.books import RulesState
from autoscaler.daemon.crew import OVERDUE_S, OVERDUE_TICKS, Crew
from autoscaler.daemon.metronome import Metronome
from autoscaler.daemon.notify import Notifier
from autoscaler.daemon.reloading import Reloads
from autoscaler.daemon.shadow import Shadow
from autoscaler.daemon.workers import Worker
from autoscaler.rulebook.loading import load_folder
from autoscaler.store.journal import JournalEvent
from autoscaler.testing.clock import FakeClock

from .stage import STEADY, Paths, until


@dataclass
class ScriptedCycle:
    """Ticks that wait to be let go, and may end in an error."""

    error: Exception | None = None
    begun: int = 0
    go: asyncio.Event = field(default_factory=asyncio.Event)
    forgotten: list[str] = field(default_factory=list)
    memory: Memory = field(default_factory=Memory)
    last: dict[str, str] = field(default_factory=dict)

    async def tick(self, group: Group, book: Rulebook) -> None:
        self.begun += 1
        await self.go.wait()
        if self.error is not None:
            raise self.error
        self.last[group.name] = f"tick {self.begun}"

    def forget(self, group: str) -> None:
        self.forgotten.append(group)


@dataclass
class ScriptedBooks:
    book: Rulebook


def books(directory: Path, **rules: str) -> ScriptedBooks:
    paths = Paths(directory)
    for name, text in (rules or {"webchat": STEADY}).items():
        paths.write_rules(text, name)
    loaded = load_folder(paths.rules)
    assert loaded.book is not None, loaded.diagnostics
    return ScriptedBooks(book=loaded.book)


def worker_of(
    directory: Path, cycle: ScriptedCycle, noted: list[JournalEvent], watched: list[str] | None = None
) -> Worker:
    def watch(decided: str, before: GroupMemory | None) -> None:
        if watched is not None:
            watched.append(decided)

    return Worker("webchat", books=books(directory), cycle=cycle, clock=FakeClock(), note=noted.append, watch=watch)


def crew_of(rules: ScriptedBooks, cycle: ScriptedCycle, clock: FakeClock) -> Crew:
    """A crew whose metronome never starts: its test is the beat."""
    return Crew(
        books=rules,
        cycle=cycle,
        clock=clock,
        metronome=Metronome(),
        note=lambda event: None,
        watch=lambda decided, before: None,
    )


async def test_a_beat_into_a_tick_under_way_is_counted_and_noted_not_queued(tmp_path: Path) -> None:
    cycle, noted, watched = ScriptedCycle(), list[JournalEvent](), list[str]()
    worker = worker_of(tmp_path, cycle, noted, watched)
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(worker.run())
        worker.due()
        await until(lambda: cycle.begun == 1)
        worker.due()
        worker.due()
        cycle.go.set()
        await worker.idle()
        assert dict(worker.counts) == {"skipped": 2, "completed": 1}
        worker.due()
        await until(lambda: cycle.begun == 2)
        await worker.idle()
        running.cancel()
    assert [json.loads(event.line)["skipped"] for event in noted] == [True, True]
    assert watched == ["tick 1", "tick 2"]


async def test_a_tick_that_fails_is_counted_and_noted_and_the_next_one_comes(tmp_path: Path, logged: list[Any]) -> None:
    cycle, noted = ScriptedCycle(error=ZeroDivisionError("a defect")), list[JournalEvent]()
    cycle.go.set()
    worker = worker_of(tmp_path, cycle, noted)
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(worker.run())
        for count in (1, 2):
            worker.due()
            await until(lambda: worker.counts["failed"] == count)  # noqa: B023 awaited in the loop
        running.cancel()
    assert [json.loads(event.line)["why"] for event in noted] == ["the tick failed"] * 2
    assert [event["event"] for event in logged] == ["cycle_failed"] * 2
    assert worker.completed_at is None


@pytest.mark.parametrize("has_completed", [True, False])
async def test_a_group_without_a_complete_decision_for_ten_ticks_and_a_minute_is_overdue(
    has_completed: bool, tmp_path: Path
) -> None:
    cycle, clock = ScriptedCycle(), FakeClock()
    crew = crew_of(books(tmp_path), cycle, clock)
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        crew.follow(tasks)
        if has_completed:
            await clock.advance(40)
            cycle.go.set()
            crew.workers["webchat"].due()
            await until(lambda: crew.workers["webchat"].counts["completed"] == 1)
        await clock.advance(OVERDUE_TICKS * 10.0 + OVERDUE_S)
        assert crew.overdue() == []
        await clock.advance(1)
        assert crew.overdue() == ["webchat"]
        crew.dismiss()


async def test_a_group_that_goes_in_mid_tick_is_cut_off(tmp_path: Path) -> None:
    both = books(tmp_path, webchat=STEADY, second=STEADY.replace("webchat", "second").replace("[2001]", "[2002]"))
    cycle = ScriptedCycle()
    crew = crew_of(both, cycle, FakeClock())
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        crew.follow(tasks)
        gone = crew.workers["second"]
        gone.due()
        await until(lambda: cycle.begun == 1)
        both.book = Rulebook(groups=tuple(one for one in both.book.groups if one.name == "webchat"), digest="")
        crew.follow(tasks)
        await gone.idle()
        assert set(crew.workers) == {"webchat"}
        assert dict(gone.counts) == {}
        assert cycle.forgotten == ["second"]
        crew.dismiss()


class Folder:
    """Books that say yes or no as told."""

    def __init__(self) -> None:
        self.answers: list[bool] = []
        self.reloads = 0
        self.book = Rulebook(groups=(), digest="sha256:0")
        self.state = RulesState()

    async def reload(self) -> bool:
        self.reloads += 1
        await asyncio.sleep(0)
        return self.answers.pop(0)


async def test_wishes_to_reload_that_come_together_are_one_reload_and_all_are_answered() -> None:
    folder = Folder()
    folder.answers = [True, False]
    followed: list[str] = []
    noted: list[JournalEvent] = []
    shadow = Shadow(None, noted.append)
    reloads = Reloads(folder, Notifier({}), shadow=shadow, clock=FakeClock(), note=noted.append)
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(reloads.run(lambda: followed.append("followed"), lambda: "well"))
        asked = [tasks.create_task(reloads.asked(by)) for by in ("ana", "rui", "ana")]
        hung_up = tasks.create_task(reloads.asked("eva"))
        await asyncio.sleep(0)
        hung_up.cancel()
        assert await asyncio.gather(*asked) == [True] * 3
        assert (folder.reloads, followed) == (1, ["followed"])
        assert await reloads.asked("ana") is False
        assert (reloads.taken, reloads.refused, followed) == (1, 1, ["followed"])
        assert len(noted) == 2, "one line a reload"
        running.cancel()
