"""What a start remembers: from an orderly end, or from recorded ticks after any other."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from autoscaler.core.memory import Memory
from autoscaler.daemon.recall import last_memories
from autoscaler.errors import StoreForeign, StoreUnavailable
from autoscaler.store.sqlite_reader import SqliteReader
from tests.core.staging import people, snapshot

from .recording import START, Recording, as_text, database, differing, recording, replayed


async def some_ticks(record: Recording, count: int = 3, *, first: int = 0) -> None:
    for number in range(first, first + count):
        await record.tick(15.0 * number, snapshot(people(3), 9.0))


async def test_a_crash_forgets_nothing_of_ticks_that_were_kept(tmp_path: Path) -> None:
    async with recording(tmp_path, ticks_a_segment=2) as record:
        await some_ticks(record)
        lived = as_text(record.memory)
        await record.restart(is_orderly=False)
        assert as_text(record.memory) == lived


async def test_memory_that_an_orderly_end_left_is_used_until_the_next_tick_is_kept(tmp_path: Path) -> None:
    async with recording(tmp_path) as record:
        await some_ticks(record)
        await record.restart(is_orderly=True)
        with SqliteReader(record.url) as reader:
            assert list(reader.memories()) == ["webchat"]
        await some_ticks(record, first=3)
        with SqliteReader(record.url) as reader:
            assert reader.memories() == {}
            assert as_text(Memory(groups=last_memories(reader).memories)) == as_text(record.memory)


async def test_memory_that_cannot_be_read_is_had_from_the_recorded_ticks_and_told(tmp_path: Path) -> None:
    async with recording(tmp_path) as record:
        await some_ticks(record)
        await record.store.save_memory("webchat", b"\x00")
        with SqliteReader(record.url) as reader:
            recalled = last_memories(reader)
    assert isinstance(recalled.troubles["webchat"], StoreForeign)
    assert as_text(Memory(groups=recalled.memories)) == as_text(record.memory)


async def test_ticks_that_cannot_be_decided_again_leave_the_memory_before_them(tmp_path: Path) -> None:
    async with recording(tmp_path, ticks_a_segment=2) as record:
        await some_ticks(record, 2)
        at_two = as_text(record.memory)
        await some_ticks(record, 2, first=2)
        with database(record.url) as store:
            store.execute("DELETE FROM rule_texts")
        with SqliteReader(record.url) as reader:
            recalled = last_memories(reader)
    assert isinstance(recalled.troubles["webchat"], StoreUnavailable)
    assert as_text(Memory(groups=recalled.memories)) == at_two


async def test_after_a_tick_that_could_not_be_kept_the_next_begins_with_what_is_remembered(tmp_path: Path) -> None:
    async with recording(tmp_path) as record:
        await some_ticks(record, 2)
        with database(record.url) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnavailable, match="locked"):
                await some_ticks(record, 1, first=2)
        await some_ticks(record, 2, first=3)
        with SqliteReader(record.url) as reader:
            assert [segment.ticks for segment in reader.segments()] == [2, 2]
            assert as_text(Memory(groups=last_memories(reader).memories)) == as_text(record.memory)
    assert differing(replayed(record.url)) == []


async def test_rows_are_pruned_with_their_segment_and_a_later_tick_begins_another(tmp_path: Path) -> None:
    async with recording(tmp_path) as record:
        await some_ticks(record, 2)
        assert await record.store.prune_segments(START + timedelta(hours=1)) == 2
        await some_ticks(record, 2, first=2)
        with SqliteReader(record.url) as reader:
            (segment,) = reader.segments()
            assert segment.ticks == 2
            assert as_text(Memory(groups=last_memories(reader).memories)) == as_text(record.memory)
