"""Sessions that a file or a table brings: limits become right through them, and what is wrong with it is said."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from .stage import AGENTS, FIRST, TOKEN, Stage, a_floor, on_stage, until

Writer = Callable[[Stage, set[int]], None]

LONG = {"guid_timeout_s": 600.0, "guid_interval_s": 300.0}


def to_file(stage: Stage, without: set[int]) -> None:
    """As a desktop's server part writes it."""
    rows = {
        str(agent): {"guid": known.guid, "cookies": known.cookies, "at": known.at.isoformat()}
        for agent, known in stage.site.desktops.credentials().items()
        if agent not in without
    }
    new = stage.paths.directory / "sessions.new"
    new.write_text(json.dumps(rows))
    new.replace(stage.paths.directory / "sessions.json")


def to_table(stage: Stage, without: set[int]) -> None:
    with sqlite3.connect(stage.paths.directory / "sessions.db") as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS sessions (agent_id, guid, cookies, updated_at)")
        connection.execute("DELETE FROM sessions")
        for agent, known in stage.site.desktops.credentials().items():
            row = agent, known.guid, json.dumps(known.cookies), known.at.isoformat()
            if agent not in without:
                connection.execute("INSERT INTO sessions VALUES (?, ?, ?, ?)", row)
    connection.close()


KINDS: dict[str, tuple[Writer, Callable[[Path], dict[str, Any]]]] = {
    "file": (to_file, lambda directory: {"path": str(directory / "sessions.json")}),
    "table": (to_table, lambda directory: {"url": f"sqlite:///{directory / 'sessions.db'}"}),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_written_down_for_us_is_used_until_it_is_gone(kind: str, short_path: Path) -> None:
    write, where = KINDS[kind]
    sessions = {"kind": kind, "every": "1s", **where(short_path)}
    async with on_stage(short_path, site=a_floor(**LONG), sessions=sessions, gateway={"guid_life": "600s"}) as stage:
        await until(lambda: "SESSIONS: " in stage.sentence)
        assert "is no file" in stage.sentence
        write(stage, set())
        await stage.right()
        assert set(stage.limits().values()) == {4}
        assert "SESSIONS" not in stage.sentence

        write(stage, {FIRST})
        await until(lambda: FIRST not in stage.state.gateway.sessions.live_agents())
        await stage.ticks(1)
        assert f"SESSIONS of webchat: 1 of {AGENTS} agents have none" in stage.sentence
        assert stage.daemon.console is not None
        assert stage.daemon.console.addresses.url is not None
        async with httpx.AsyncClient(base_url=stage.daemon.console.addresses.url, trust_env=False) as desktop:
            token = {"Authorization": f"Bearer {TOKEN}"}
            answer = await desktop.put(f"/v1/sessions/{FIRST}", json={"guid": "a-guid"}, headers=token)
        assert (answer.status_code, "read from where" in answer.text) == (409, True)
        audit = stage.audit
    assert audit["counters"]["dead_guid_reuses"] == 0
    assert "AgentGateway" not in stage.paths.journal().text
