"""The journal: order, filters, retention, backpressure."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from autoscaler.store.journal import JournalEvent, JournalQuery
from autoscaler.store.limits import StoreLimits
from autoscaler.store.sqlite_reader import SqliteReader

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def numbers(lines: list[JournalEvent]) -> list[int]:
    return [line.seq for line in lines]


async def test_lines_come_back_as_they_went_in_newest_last(open_store, events) -> None:
    written = events(25)
    async with open_store(StoreLimits(batch=10)) as store:
        await store.append(written)
        await store.flush()
        read = await store.read(JournalQuery())
    assert numbers(read) == list(range(1, 26))
    assert [replace(line, seq=0) for line in read] == written


async def test_microseconds_and_a_missing_agent_survive(open_store) -> None:
    event = JournalEvent(
        schema="autoscaler.tick/1", at=START + timedelta(microseconds=123457), group="", agent=None, line=b"{}"
    )
    async with open_store() as store:
        await store.append([event])
        await store.flush()
        assert await store.read(JournalQuery()) == [replace(event, seq=1)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (JournalQuery(agent=1003), [4, 14]),
        (JournalQuery(group="social"), [21, 22]),
        (JournalQuery(schema="autoscaler.tick/1"), [23]),
        (JournalQuery(since=START + timedelta(seconds=18)), [19, 20, 21, 22, 23]),
        (JournalQuery(after_seq=20), [21, 22, 23]),
        (JournalQuery(limit=2), [22, 23]),
        (JournalQuery(after_seq=5, limit=2), [6, 7]),
        (JournalQuery(agent=1003, limit=1), [14]),
        (JournalQuery(agent=999999), []),
    ],
)
async def test_a_query_finds_exactly_its_lines(open_store, events, query: JournalQuery, expected: list[int]) -> None:
    tick = JournalEvent(
        schema="autoscaler.tick/1", at=START + timedelta(seconds=60), group="webchat", agent=None, line=b"{}"
    )
    async with open_store() as store:
        await store.append([*events(20), *events(2, first=30, group="social")[:2], tick])
        await store.flush()
        found = numbers(await store.read(query))
    # agents go by turns, so 1000 and 1001 of the second group don't disturb 1003
    assert found == expected


async def test_pruning_removes_what_is_older_and_never_reuses_a_number(open_store, events) -> None:
    async with open_store() as store:
        await store.append(events(30))
        await store.flush()
        assert await store.prune(START + timedelta(seconds=20)) == 20
        assert numbers(await store.read(JournalQuery())) == list(range(21, 31))
        assert await store.prune(START + timedelta(days=1)) == 10
        await store.append(events(1))
        await store.flush()
        assert numbers(await store.read(JournalQuery())) == [31]


async def test_pruning_more_than_one_transaction_holds_removes_all_of_it(open_store, events) -> None:
    async with open_store() as store:
        await store.append(events(20_001))
        await store.flush()
        assert await store.prune(START + timedelta(days=1)) == 20_001


async def test_numbers_go_on_after_a_restart(open_store, events) -> None:
    for expected in ([1, 2], [1, 2, 3, 4]):
        async with open_store() as store:
            await store.append(events(2))
            await store.flush()
            assert numbers(await store.read(JournalQuery())) == expected


async def test_closing_writes_what_waits(open_store, events, url: str) -> None:
    async with open_store() as store:
        await store.append(events(3))
    with SqliteReader(url) as reader:
        assert numbers(reader.journal(JournalQuery())) == [1, 2, 3]


async def test_a_reader_beside_the_writer_sees_each_committed_line_once(open_store, events, url: str) -> None:
    async with open_store(StoreLimits(batch=50)) as store, asyncio.TaskGroup() as group:
        await store.append(events(1))
        await store.flush()
        task = group.create_task(store.run())
        seen: list[int] = []
        stop = threading.Event()

        def follow() -> None:
            with SqliteReader(url) as reader:
                while True:
                    is_last = stop.is_set()
                    seen.extend(
                        line.seq for line in reader.journal(JournalQuery(after_seq=seen[-1] if seen else 0, limit=777))
                    )
                    if is_last and seen[-1] == 5001:
                        return

        follower = asyncio.get_running_loop().run_in_executor(None, follow)
        for piece in range(50):
            await store.append(events(100, first=piece * 100))
        await store.flush()
        stop.set()
        async with asyncio.timeout(20):
            await follower
        task.cancel()
    assert seen == list(range(1, 5002))


async def test_the_running_task_writes_without_a_flush(open_store, events) -> None:
    async with open_store() as store, asyncio.TaskGroup() as group:
        task = group.create_task(store.run())
        await store.append(events(5))
        async with asyncio.timeout(10):
            while len(await store.read(JournalQuery())) < 5:
                pass
        assert store.health().backlog == 0
        task.cancel()


async def test_append_waits_for_room_and_loses_nothing(open_store, events, lost) -> None:
    async with open_store(StoreLimits(journal_bound=100, batch=30)) as store, asyncio.TaskGroup() as group:
        appending = group.create_task(store.append(events(1000)))
        await asyncio.sleep(0)
        assert not appending.done()
        assert store.health().backlog == 100
        task = group.create_task(store.run())
        async with asyncio.timeout(20):
            await appending
        await store.flush()
        assert numbers(await store.read(JournalQuery())) == list(range(1, 1001))
        task.cancel()
    assert lost == []
