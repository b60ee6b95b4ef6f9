"""The daemon's parts by themselves: the beat, systemd's ear, workers, rests, the crew."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autoscaler.core.book import Group, Rulebook
from autoscaler.core.memory import GroupMemory, Memory
from autoscaler.daemon.aftermath import FIRST_REST_S, LATE_S, LONGEST_REST_S, Aftermath
from autoscaler.daemon.books import RulesState
from autoscaler.daemon.crew import OVERDUE_S, OVERDUE_TICKS, Crew
from autoscaler.daemon.metronome import Metronome, splay
from autoscaler.daemon.notify import Notifier, watchdog_interval
from autoscaler.daemon.reloading import Reloads
from autoscaler.daemon.shadow import Shadow
from autoscaler.daemon.workers import Worker
from autoscaler.gateway.ports import Outcome, OutcomeKind
from autoscaler.rulebook.loading import load_folder
from autoscaler.store.journal import JournalEvent
from autoscaler.testing.clock import FakeClock

from .stage import STEADY, Paths, until

AGENT, WEB_CHAT, SOCIAL = 1001, 51, 53


async def test_a_beat_calls_on_the_loops_own_thread() -> None:
    metronome = Metronome(speed=100.0)
    threads: list[int] = []
    metronome.start()
    metronome.beat("webchat", 5.0, lambda: threads.append(threading.get_ident()))
    await until(lambda: len(threads) >= 3)
    metronome.stop()
    assert set(threads) == {threading.get_ident()}


async def test_a_silenced_group_beats_no_more_and_the_others_go_on() -> None:
    metronome = Metronome(speed=100.0)
    beats = {"one": 0, "two": 0}

    def due(name: str) -> None:
        beats[name] += 1

    metronome.start()
    metronome.beat("one", 5.0, lambda: due("one"))
    metronome.beat("two", 5.0, lambda: due("two"))
    await until(lambda: min(beats.values()) >= 1)
    metronome.silence("one")
    await asyncio.sleep(0)  # a beat under way ends
    silent, loud = beats["one"], beats["two"]
    await until(lambda: beats["two"] >= loud + 3)
    metronome.stop()
    assert beats["one"] <= silent + 1


def test_groups_are_splayed_over_their_interval_and_keep_their_phase() -> None:
    phases = {name: splay(name, 15.0) for name in (f"group {i}" for i in range(50))}
    assert all(0 <= phase < 15.0 for phase in phases.values())
    assert len({round(phase, 3) for phase in phases.values()}) == 50
    assert splay("group 7", 15.0) == phases["group 7"]
    assert max(phases.values()) - min(phases.values()) > 10


def test_without_systemd_nothing_is_sent(logged: list[Any]) -> None:
    Notifier({}).ready("all is well")
    assert logged == []


def test_systemd_that_went_away_is_complained_about_once_and_found_again(short_path: Path, logged: list[Any]) -> None:
    path = short_path / "notify.sock"
    notifier = Notifier({"NOTIFY_SOCKET": str(path)})
    notifier.alive()
    notifier.alive()
    assert [event["event"] for event in logged] == ["systemd_not_told"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(path))
        notifier.status("all\nis well")
        notifier.status("all\nis well")
        notifier.alive()
        assert ear.recv(1000) == b"STATUS=all is well"
        assert ear.recv(1000) == b"WATCHDOG=1"
    notifier.alive()
    assert len(logged) == 2


def test_systemd_that_does_not_listen_blocks_nobody(short_path: Path, logged: list[Any]) -> None:
    path = short_path / "notify.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(path))
        notifier = Notifier({"NOTIFY_SOCKET": str(path)})
        for _ in range(2000):  # the kernel queues a few datagrams only
            notifier.alive()
    assert [event["event"] for event in logged] == ["systemd_not_told"]


def test_an_abstract_socket_is_spoken_to() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind("")  # the kernel gives a name of its own
        name = ear.getsockname()
        Notifier({"NOTIFY_SOCKET": "@" + name[1:].decode()}).alive()
        assert ear.recv(100) == b"WATCHDOG=1"


@pytest.mark.parametrize(
    ("environment", "interval"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "60000000"}, 30.0),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
    ],
)
def test_signs_of_life_come_twice_as_often_as_systemd_wants_them(
    environment: dict[str, str], interval: float | None
) -> None:
    assert watchdog_interval(environment) == interval


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


class Story:
    """What is learnt from outcomes, and its clock."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.learnt = Aftermath(self.clock)

    def hears(self, kind: OutcomeKind, **changes: Any) -> None:
        outcome: dict[str, Any] = {
            "order": 1, "agent": AGENT, "media_type": WEB_CHAT, "callnums": 5, "kind": kind, "retcode": None,
            "latency_ms": 1.0, "attempts": 1, "error": None, **changes,
        }  # fmt: skip
        self.learnt.heard(Outcome(**outcome))

    def rests(self, media_type: int = WEB_CHAT) -> bool:
        resting = self.learnt.resting(media_type, np.array([AGENT, AGENT + 1]))
        assert resting is None or not resting[1]
        return resting is not None and bool(resting[0])


async def test_an_agent_refused_for_good_rests_longer_each_time_up_to_a_bound() -> None:
    story = Story()
    length = FIRST_REST_S
    for _ in range(8):
        story.hears(OutcomeKind.REJECTED, retcode="106-008", error="no")
        await story.clock.advance(length - 1)
        assert story.rests()
        assert story.learnt.refused == {AGENT: "no"}
        await story.clock.advance(1)
        assert not story.rests()
        assert story.learnt.refused == {}
        length = min(2 * length, LONGEST_REST_S)


async def test_a_success_or_a_new_sign_in_ends_the_rest_and_its_growth() -> None:
    for end in ("applied", "signed in"):
        story = Story()
        story.hears(OutcomeKind.REJECTED, retcode="106-008")
        if end == "applied":
            story.hears(OutcomeKind.APPLIED, retcode="0")
        else:
            story.learnt.signed_in(AGENT)
        assert not story.rests()
        story.hears(OutcomeKind.REJECTED, retcode="106-008")
        await story.clock.advance(FIRST_REST_S)
        assert not story.rests()


def test_a_refusal_of_one_media_type_says_nothing_of_another() -> None:
    story = Story()
    story.hears(OutcomeKind.REJECTED, retcode="106-008")
    story.hears(OutcomeKind.APPLIED, retcode="0", media_type=SOCIAL)
    assert story.rests()
    assert not story.rests(SOCIAL)


@pytest.mark.parametrize("retcode", ["100-006", "000-003", "105-006"])
def test_a_refused_guid_is_no_reason_to_rest(retcode: str) -> None:
    story = Story()
    story.hears(OutcomeKind.REJECTED, retcode=retcode)
    assert not story.rests(), "the next Guid may come at any moment"


async def test_an_unanswered_call_casts_doubt_on_a_later_success_until_it_can_no_longer_be_applied() -> None:
    story = Story()
    story.hears(OutcomeKind.SUPERSEDED, callnums=6)
    story.hears(OutcomeKind.APPLIED, callnums=5, retcode="0")
    assert story.learnt.doubtful(WEB_CHAT) == [AGENT]
    assert story.learnt.doubtful(SOCIAL) == []
    await story.clock.advance(LATE_S - 1)
    story.hears(OutcomeKind.APPLIED, callnums=5, retcode="0")
    assert story.learnt.doubtful(WEB_CHAT) == [AGENT], "the call that lingers has another limit"
    await story.clock.advance(1)
    assert story.learnt.doubtful(WEB_CHAT) == []


def test_an_unanswered_call_of_the_same_limit_or_one_never_sent_casts_no_doubt() -> None:
    story = Story()
    story.hears(OutcomeKind.UNKNOWN, callnums=5)
    story.hears(OutcomeKind.SUPERSEDED, callnums=7, attempts=0)
    story.hears(OutcomeKind.APPLIED, callnums=5, retcode="0")
    assert story.learnt.doubtful(WEB_CHAT) == []


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
