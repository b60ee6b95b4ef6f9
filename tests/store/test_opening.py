"""Which files are taken, and which are left alone."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from autoscaler.errors import SettingsError, StoreForeign, StoreUnavailable
from autoscaler.store.journal import JournalQuery
from autoscaler.store.location import database_path
from autoscaler.store.sqlite_reader import SqliteReader

HOLDER = """
import asyncio, os, sys
from autoscaler.clock import SystemClock
from autoscaler.store.sqlite_store import SqliteStore
async def main():
    store = await SqliteStore.open(sys.argv[1], clock=SystemClock(), on_lost=print)
    print("open", flush=True)
    sys.stdin.read()
    await store.close(5)
asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql+psycopg://u:hunter2@db/autoscaler", "only sqlite"),
        ("/var/lib/autoscaler.db", "only sqlite"),
        ("sqlite:///relative.db", "four slashes"),
        ("sqlite://host/abs.db", "four slashes"),
        ("sqlite:////", "four slashes"),
    ],
)
def test_other_urls_are_refused_with_what_is_supported(url: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        database_path(url)
    assert "sqlite:////" in caught.value.help
    assert "hunter2" not in str(caught.value)


def test_a_path_with_a_space_is_read() -> None:
    assert database_path("sqlite:////var/lib/my%20store/a.db") == Path("/var/lib/my store/a.db")


@contextmanager
def held_elsewhere(url: str) -> Iterator[int]:
    """The store held by another process, whose pid this gives."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        yield holder.pid
        holder.communicate(timeout=20)


async def test_a_second_autoscaler_is_refused_and_told_the_pid_of_the_first(open_store, url: str) -> None:
    with held_elsewhere(url) as pid, pytest.raises(StoreUnavailable, match=rf"another autoscaler \(pid {pid}\)"):
        async with open_store():
            pass
    async with open_store() as store:
        assert store.health().backlog == 0


async def test_a_refused_second_copy_leaves_the_first_ones_lock_alone(open_store) -> None:
    async with open_store():
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match="another autoscaler"):
                async with open_store():
                    pass


async def test_another_programs_database_is_left_alone(open_store, url: str) -> None:
    path = database_path(url)
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (x)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreForeign, match="another program") as caught:
        async with open_store():
            pass
    assert caught.value.help
    with pytest.raises(StoreForeign):
        SqliteReader(url)
    assert path.read_bytes() == before


async def test_a_file_that_is_no_database_is_left_alone(open_store, url: str) -> None:
    path = database_path(url)
    path.write_bytes(b"agentid;limit\n" * 500)
    with pytest.raises(StoreForeign, match="no SQLite database"):
        async with open_store():
            pass
    assert path.read_bytes() == b"agentid;limit\n" * 500


async def test_a_newer_store_is_left_alone(open_store, url: str) -> None:
    async with open_store():
        pass
    with sqlite3.connect(database_path(url)) as connection:
        connection.execute("UPDATE schema_version SET version = 7")
    connection.close()
    with pytest.raises(StoreForeign, match="version 7, newer than the 2"):
        async with open_store():
            pass


async def test_a_missing_folder_is_told_with_what_to_do(open_store, url: str) -> None:
    database_path(url).parent.rmdir()
    with pytest.raises(StoreUnavailable) as caught:
        async with open_store():
            pass
    assert "create the folder" in caught.value.help
    database_path(url).parent.mkdir()


def test_reading_before_there_is_a_store_says_so(url: str) -> None:
    with pytest.raises(StoreUnavailable, match="no store yet"):
        SqliteReader(url)


async def test_the_reader_works_beside_and_after_the_daemon(open_store, events, url: str) -> None:
    async with open_store() as store:
        await store.append(events(2))
        await store.flush()
        with SqliteReader(url) as reader:
            assert len(reader.journal(JournalQuery())) == 2
    with SqliteReader(url) as reader:
        assert len(reader.journal(JournalQuery())) == 2
