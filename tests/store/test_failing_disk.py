"""A disk that is full, locked, or gone: nothing lost before the bound, nothing twice after a retry."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from autoscaler.errors import StoreUnavailable
from autoscaler.store.journal import JournalQuery
from autoscaler.store.limits import StoreLimits
from autoscaler.store.location import database_path
from autoscaler.store.sqlite_reader import SqliteReader
from autoscaler.store.sqlite_store import SqliteStore

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

FILE_SIZE_STORY = """
import asyncio, json, resource, sys
from datetime import UTC, datetime
from autoscaler.clock import SystemClock
from autoscaler.errors import StoreUnavailable
from autoscaler.store.journal import JournalEvent, JournalQuery
from autoscaler.store.limits import StoreLimits
from autoscaler.store.sqlite_store import SqliteStore

def events(first, count):
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return [JournalEvent(schema="s/1", at=at, group="g", agent=None, line=b"%d " % n + b"x" * 1000)
            for n in range(first, first + count)]

async def main():
    told = {}
    store = await SqliteStore.open(sys.argv[1], clock=SystemClock(), on_lost=lambda error: None,
                                   limits=StoreLimits(batch=100))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
    await store.append(events(0, 3000))
    try:
        await store.flush()
    except StoreUnavailable as error:
        told["error"], told["help"] = error.message, error.help
    told["while_full"] = [store.health().backlog, store.health().lost, bool(store.health().last_error)]
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await store.flush()
    told["after"] = [store.health().backlog, store.health().lost, store.health().last_error]
    lines = await store.read(JournalQuery())
    told["numbers"] = [int(line.line.split()[0]) for line in lines] == list(range(3000))
    await store.close(5)
    print(json.dumps(told))

asyncio.run(main())
"""

APPENDER = """
import asyncio, sys
from datetime import UTC, datetime
from autoscaler.clock import SystemClock
from autoscaler.store.journal import JournalEvent
from autoscaler.store.sqlite_store import SqliteStore

async def main():
    store = await SqliteStore.open(sys.argv[1], clock=SystemClock(), on_lost=print)
    at = datetime(2026, 3, 2, tzinfo=UTC)
    number = 0
    async with asyncio.TaskGroup() as group:
        group.create_task(store.run())
        while True:
            await store.append([JournalEvent(schema="s/1", at=at, group="g", agent=n % 99, line=b"%d" % n)
                                for n in range(number, number + 500)])
            number += 500
            if number % 2500 == 0:
                await store.flush()
                print(number, flush=True)

asyncio.run(main())
"""


def test_a_file_that_may_not_grow_keeps_the_lines_in_hand_and_writes_them_once_when_it_may(url: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", FILE_SIZE_STORY, url], capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert told["help"]
    backlog, lost, has_error = told["while_full"]
    assert 0 < backlog <= 3000
    assert (lost, has_error) == (0, True)
    assert told["after"] == [0, 0, ""]
    assert told["numbers"]


async def test_a_full_store_goes_on_after_pruning(open_store, events, clock, lost) -> None:
    limits = StoreLimits(max_bytes=600_000, batch=50)
    async with open_store(limits) as store:
        await store.append(events(2000, padding=1000))
        with pytest.raises(StoreUnavailable, match="full") as caught:
            await store.flush()
        assert "free space" in caught.value.help
        left = store.health().backlog
        written = 2000 - left
        assert 0 < written < 2000
        while (backlog := store.health().backlog) > 0:
            assert await store.prune(START + timedelta(seconds=2000 - backlog)) > 0
            try:
                await store.flush()
            except StoreUnavailable:
                assert store.health().backlog < backlog  # room for what was pruned at least
        assert store.health().lost == 0
        last = await store.read(JournalQuery(limit=1))
        assert last[0].seq == 2000
        assert last[0].line.startswith(b'{"n":1999,')
    assert lost == []


async def test_a_failed_write_is_tried_again_by_the_clock_and_written_once(open_store, events, clock, url: str) -> None:
    async with open_store(StoreLimits(busy_timeout_s=0.01, retry_s=5.0)) as store, asyncio.TaskGroup() as group:
        other = sqlite3.connect(database_path(url), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        task = group.create_task(store.run())
        await store.append(events(7))
        async with asyncio.timeout(10):
            while not (store.health().last_error and clock.sleepers):
                await store.load_rules()  # behind the attempt, on the same thread
        assert "locked" in store.health().last_error
        assert store.health().backlog == 7
        other.execute("ROLLBACK")
        other.close()
        await clock.advance(5.0)
        async with asyncio.timeout(10):
            while store.health().backlog:
                await store.load_rules()
        assert store.health().last_error == ""
        assert [line.seq for line in await store.read(JournalQuery())] == list(range(1, 8))
        task.cancel()


async def test_attempts_given_up_at_any_point_write_nothing_twice(open_store, events) -> None:
    async with open_store(StoreLimits(batch=200)) as store:
        for steps in range(25):
            await store.append(events(400, first=400 * steps))
            flushing = asyncio.create_task(store.flush())
            for _ in range(steps):
                await asyncio.sleep(0)
            flushing.cancel()
            await asyncio.gather(flushing, return_exceptions=True)
        await store.flush()
        lines = await store.read(JournalQuery())
    assert [line.line for line in lines] == [event.line for event in events(10_000)]


async def test_past_the_bound_lines_are_lost_counted_and_told_once(open_store, events, lost, url: str) -> None:
    limits = StoreLimits(busy_timeout_s=0.01, journal_bound=100)
    async with open_store(limits) as store:
        other = sqlite3.connect(database_path(url), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await store.append(events(90))
        with pytest.raises(StoreUnavailable):
            await store.flush()
        await store.append(events(30, first=90))
        await store.append(events(5, first=120))
        assert (store.health().backlog, store.health().lost) == (100, 25)
        assert len(lost) == 1
        assert "journal lines are being lost" in str(lost[0])
        other.execute("ROLLBACK")
        other.close()
        await store.flush()
        assert len(await store.read(JournalQuery())) == 100
        assert store.health().lost == 25


async def test_without_anybody_writing_append_gives_up_in_bounded_time(open_store, events, lost) -> None:
    async with open_store(StoreLimits(journal_bound=10, append_wait_s=0.01)) as store:
        await store.append(events(15))
        assert (store.health().backlog, store.health().lost, len(lost)) == (10, 5, 1)


async def test_closing_a_locked_file_fails_and_gives_the_lock_back(url: str, events, clock, lost, open_store) -> None:
    store = await SqliteStore.open(url, clock=clock, on_lost=lost.append, limits=StoreLimits(busy_timeout_s=0.01))
    other = sqlite3.connect(database_path(url), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    await store.append(events(3))
    with pytest.raises(StoreUnavailable, match="locked"):
        await store.close(5.0)
    other.close()
    async with open_store() as again:
        assert await again.read(JournalQuery()) == []


def test_a_killed_writer_leaves_what_it_flushed_and_nothing_twice(url: str) -> None:
    with subprocess.Popen([sys.executable, "-c", APPENDER, url], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        for _ in range(3):
            writer.stdout.readline()
        os.kill(writer.pid, signal.SIGKILL)
        flushed = [int(line) for line in writer.stdout.read().splitlines() if line.isdigit()]
    acknowledged = max(flushed, default=7500)
    with SqliteReader(url) as reader:
        lines = reader.journal(JournalQuery())
    assert [line.seq for line in lines] == list(range(1, len(lines) + 1))
    assert [int(line.line) for line in lines] == list(range(len(lines)))
    assert len(lines) >= acknowledged


def run_and_kill(url: str) -> None:
    with subprocess.Popen([sys.executable, "-c", APPENDER, url], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        os.kill(writer.pid, signal.SIGKILL)


async def test_after_a_killed_writer_the_store_opens_and_goes_on(open_store, events, url: str) -> None:
    await asyncio.to_thread(run_and_kill, url)
    async with open_store() as store:
        (last,) = await store.read(JournalQuery(limit=1))
        await store.append(events(1))
        await store.flush()
        (newest,) = await store.read(JournalQuery(limit=1))
    assert newest.seq == last.seq + 1
