"""Memory, overrides and rules over a restart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson

from autoscaler.core.readings import ANY_MEDIA, Overrides, Pause, Pin
from autoscaler.store.journal import JournalQuery
from autoscaler.store.keepsakes import SavedMemory
from autoscaler.store.overrides import Order, OrderKind
from autoscaler.store.sqlite_reader import SqliteReader

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
UNTIL = START + timedelta(hours=2, microseconds=7)

IN_FORCE = Overrides(
    frozen=True,
    pauses=(
        Pause(group=None, until=None, reason="fire drill", by="ana"),
        Pause(group="webchat", until=UNTIL, reason="", by="ana"),
    ),
    pins=(Pin(agent=1007, media_type=ANY_MEDIA, limit=2, until=UNTIL, reason="new here", by="rui"),),
)
PINNED = Order(
    kind=OrderKind.PIN,
    at=START,
    by="rui",
    reason="new here",
    group="webchat",
    agent=1007,
    media_type=ANY_MEDIA,
    limit=2,
    until=UNTIL,
)


async def test_memory_is_replaced_by_group_and_survives_a_restart(open_store, url: str) -> None:
    async with open_store() as store:
        await store.save_memory("webchat", b"old")
        await store.save_memory("webchat", b"\x00new")
        await store.save_memory("social", b"")
    expected = {
        "social": SavedMemory(blob=b"", saved_at=START),
        "webchat": SavedMemory(blob=b"\x00new", saved_at=START),
    }
    async with open_store() as store:
        assert await store.load_memories() == expected
        with SqliteReader(url) as reader:
            assert reader.memories() == expected


async def test_overrides_survive_a_restart(open_store, url: str) -> None:
    async with open_store() as store:
        assert await store.load_overrides() == Overrides()
        await store.save_overrides(IN_FORCE, PINNED)
    async with open_store() as store:
        assert await store.load_overrides() == IN_FORCE
    with SqliteReader(url) as reader:
        assert reader.overrides() == IN_FORCE


async def test_each_order_is_a_journal_line_that_says_who_and_what(open_store) -> None:
    async with open_store() as store:
        await store.save_overrides(IN_FORCE, PINNED)
        await store.save_overrides(Overrides(), Order(kind=OrderKind.UNFREEZE, at=UNTIL, by="ana"))
        lines = await store.read(JournalQuery(schema="autoscaler.override/1"))
    assert [(line.group, line.agent, line.at) for line in lines] == [("webchat", 1007, START), ("", None, UNTIL)]
    assert next(iter(orjson.loads(lines[0].line))) == "schema"
    assert orjson.loads(lines[0].line) == {
        "schema": "autoscaler.override/1",
        "kind": "pin",
        "at": START.isoformat(),
        "by": "rui",
        "reason": "new here",
        "group": "webchat",
        "agent": 1007,
        "media_type": 0,
        "limit": 2,
        "until": UNTIL.isoformat(),
    }


async def test_an_order_is_numbered_after_the_lines_committed_before_it(open_store, events) -> None:
    async with open_store() as store:
        await store.append(events(3))
        await store.flush()
        await store.save_overrides(IN_FORCE, PINNED)
        await store.append(events(1))
        await store.flush()
        lines = await store.read(JournalQuery())
    assert [(line.seq, line.schema.partition("/")[0]) for line in lines[3:]] == [
        (4, "autoscaler.override"),
        (5, "autoscaler.decision"),
    ]


async def test_the_last_good_rules_survive_a_restart(open_store, url: str) -> None:
    files = {"webchat.yaml": "version: 1\ndescription: Chat, São Paulo\n", "b/c.yaml": ""}
    async with open_store() as store:
        assert await store.load_rules() is None
        await store.save_rules("sha256:old", {"gone.yaml": "x"})
        await store.save_rules("sha256:abc", files)
    with SqliteReader(url) as reader:
        kept = reader.rules()
    assert kept is not None
    assert (kept.digest, kept.files, kept.saved_at) == ("sha256:abc", files, START)
