"""Guids that stand in a file or a table: taken once, renewed when they change, ended when they are gone."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from autoscaler.errors import ReadingError
from autoscaler.gateway.handed import Rows
from autoscaler.gateway.pushed import PushedSessions
from autoscaler.gateway.session_feed import SessionFeed
from autoscaler.gateway.session_file import SessionFile
from autoscaler.gateway.session_table import SessionTableRows
from autoscaler.testing import FakeClock

LIFE_S = 120.0


class Fed:
    """A feed over a place, and what came of it."""

    def __init__(self, rows: Rows) -> None:
        self.clock = FakeClock()
        self.sign_ins: list[int] = []
        self.sessions = PushedSessions(self.clock, guid_life_s=LIFE_S, on_sign_in=self.sign_ins.append)
        self.feed = SessionFeed(rows, self.sessions, self.clock, every_s=2.0)

    def guid(self, agent: int) -> str | None:
        known = self.sessions.credentials(agent)
        return None if known is None else known.guid

    def ago(self, seconds: float) -> str:
        return (self.clock.now() - timedelta(seconds=seconds)).isoformat()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions.json"


@pytest.fixture
def fed(path: Path) -> Iterator[Fed]:
    one = Fed(SessionFile(path))
    yield one
    one.feed.close()


def write(path: Path, content: Any) -> None:
    new = path.with_suffix(".new")
    new.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    new.replace(path)


async def test_agents_come_are_renewed_and_go_with_their_rows(fed: Fed, path: Path) -> None:
    write(path, {"1001": {"guid": "a1", "cookies": {"elb": "x"}}, "1002": {"guid": "b1"}})
    await fed.feed.look()
    assert fed.sessions.live_agents() == [1001, 1002]
    known = fed.sessions.credentials(1001)
    assert known is not None
    assert (known.guid, known.cookie) == ("a1", "elb=x")
    write(path, {"1001": {"guid": "a2", "cookies": {"elb": "x"}}})
    await fed.feed.look()
    assert (fed.guid(1001), fed.guid(1002)) == ("a2", None)
    assert fed.sign_ins == [1001, 1002], "a renewal is no sign-in"
    assert fed.feed.problem == ""


async def test_a_row_that_is_read_again_grows_no_younger(fed: Fed, path: Path) -> None:
    rows = {"1001": {"guid": "a1", "at": fed.ago(100)}, "1002": {"guid": "b1"}}
    write(path, rows)
    await fed.feed.look()
    assert fed.sessions.live_agents() == [1001, 1002]
    await fed.clock.advance(30)
    write(path, rows)
    await fed.feed.look()
    assert fed.sessions.live_agents() == [1002], "the first is 130 s old"
    await fed.clock.advance(100)
    write(path, rows)
    await fed.feed.look()
    assert fed.sessions.live_agents() == []


async def test_a_list_of_rows_is_as_good_and_the_last_row_of_an_agent_counts(fed: Fed, path: Path) -> None:
    at = int(fed.clock.now().timestamp()) - 10
    write(
        path, [{"agent": 1001, "guid": "old"}, {"agent": "1002", "guid": "b1", "at": at}, {"agent": 1001, "guid": "a1"}]
    )
    await fed.feed.look()
    await fed.feed.look()
    assert (fed.guid(1001), fed.guid(1002)) == ("a1", "b1")
    assert fed.sign_ins == [1001, 1002]


WRONG = {
    "not JSON": (b'{"1001": {"guid": "secret-guid"', "is not JSON"),
    "a number": (b"7", "holds neither an object nor a list"),
    "a row of text": ({"1001": "secret-guid"}, "has a row that is none"),
    "no guid": ({"1001": {"cookies": {}}}, "has a row that is none"),
    "cookies as text": ({"1001": {"guid": "secret-guid", "cookies": "x"}}, "has a row that is none"),
    "another time": ({"1001": {"guid": "secret-guid", "at": "soon"}}, "neither ISO text nor seconds"),
    "a time beyond the calendar": ({"1001": {"guid": "secret-guid", "at": 1e30}}, "neither ISO text nor seconds"),
    "true as a time": ({"1001": {"guid": "secret-guid", "at": True}}, "neither ISO text nor seconds"),
}


@pytest.mark.parametrize("name", WRONG)
async def test_what_can_not_be_read_is_said_without_a_guid_and_ends_nobody(name: str, fed: Fed, path: Path) -> None:
    content, said = WRONG[name]
    write(path, {"1001": {"guid": "a1"}})
    await fed.feed.look()
    write(path, content)
    await fed.feed.look()
    assert said in fed.feed.problem
    assert "secret-guid" not in fed.feed.problem
    assert fed.guid(1001) == "a1"
    write(path, {"1001": {"guid": "a2"}})
    await fed.feed.look()
    assert (fed.guid(1001), fed.feed.problem) == ("a2", "")


@pytest.mark.parametrize(
    ("agent", "row", "said"),
    [
        ("7", {"guid": "secret-guid"}, "outside 101..999999"),
        ("me", {"guid": "secret-guid"}, "names no agent id"),
        ("1002", {"guid": "secret-guid\r\nX: y"}, "not printable ASCII"),
        ("1002", {"guid": "secret-guid", "cookies": {"a": 7}}, "no Cookie header can carry"),
    ],
)
async def test_a_row_that_makes_no_sense_keeps_nobody_else_out(
    agent: str, row: dict[str, Any], said: str, fed: Fed, path: Path
) -> None:
    write(path, {agent: row, "1001": {"guid": "a1"}})
    await fed.feed.look()
    assert fed.sessions.live_agents() == [1001]
    assert said in fed.feed.problem
    assert "secret-guid" not in fed.feed.problem


async def test_a_file_that_is_away_for_a_moment_ends_nobody(fed: Fed, path: Path) -> None:
    await fed.feed.look()
    assert fed.feed.problem == f"{path} is no file"
    write(path, {"1001": {"guid": "a1"}})
    await fed.feed.look()
    aside = path.with_suffix(".aside")
    os.rename(path, aside)
    await fed.feed.look()
    assert (fed.guid(1001), fed.feed.problem) == ("a1", f"{path} is no file")
    os.rename(aside, path)
    await fed.feed.look()
    assert (fed.guid(1001), fed.feed.problem) == ("a1", "")


def table(path: Path, *rows: tuple[Any, ...], columns: str = "agent_id, guid, cookies, updated_at") -> None:
    """A database with these rows, written anew."""
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE IF EXISTS sessions")
        connection.execute(f"CREATE TABLE sessions ({columns})")
        for row in rows:
            connection.execute(f"INSERT INTO sessions VALUES ({', '.join('?' * len(row))})", row)
    connection.close()


async def test_a_table_is_read_as_a_file_is(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    fed = Fed(SessionTableRows(path))
    await fed.feed.look()
    assert fed.feed.problem == f"{path} is no file"
    naive = (fed.clock.now() - timedelta(seconds=100)).replace(tzinfo=None).isoformat(" ")
    table(path, (1001, "a1", '{"elb": "x"}', naive), ("1002", "b1", None, None), (1003, "c1", "", fed.ago(0)))
    await fed.feed.look()
    assert (fed.sessions.live_agents(), fed.feed.problem) == ([1001, 1002, 1003], "")
    await fed.clock.advance(30)
    table(path, (1001, "a1", '{"elb": "x"}', naive), (1002, "b2", None, fed.ago(0)))
    await fed.feed.look()
    assert fed.sessions.live_agents() == [1002]
    table(path, (1002, "secret-guid", "{", None))
    await fed.feed.look()
    assert "cookies that are no JSON object" in fed.feed.problem
    assert "secret-guid" not in fed.feed.problem
    fed.feed.close()


async def test_a_query_of_the_sites_own_may_leave_columns_out(tmp_path: Path) -> None:
    path = tmp_path / "desktop.db"
    table(path, ("a1", 1001, "on"), ("b1", 1002, "off"), columns="token, person, state")
    fed = Fed(SessionTableRows(path, "SELECT person, token FROM sessions WHERE state = 'on'"))
    await fed.feed.look()
    assert fed.sessions.live_agents() == [1001]
    fed.feed.close()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT 1001", "has a row that is none"),
        ("SELECT 1001, 7", "has a row that is none"),
        ("SELECT 1, 'a', '[]'", "no JSON object"),
        ("SELECT no_column", "can't be read (no such column"),
        ("DELETE FROM sessions", "can't be read (attempt to write a readonly database)"),
    ],
)
def test_a_query_that_gives_no_rows_of_sessions_is_said(query: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    table(path, (1001, "a1", None, None))
    with pytest.raises(ReadingError) as caught:
        SessionTableRows(path, query).read()
    assert said in caught.value.message
    assert caught.value.help


async def test_the_feed_looks_again_and_again(fed: Fed, path: Path) -> None:
    running = asyncio.create_task(fed.feed.run())
    await rested(fed)
    write(path, {"1001": {"guid": "a1"}})
    await fed.clock.advance(2.0)
    await rested(fed)
    assert fed.guid(1001) == "a1"
    running.cancel()


async def rested(fed: Fed) -> None:
    async with asyncio.timeout(30):
        while not fed.clock.sleepers:  # noqa: ASYNC110 the reading thread has no event for this
            await asyncio.sleep(0)
