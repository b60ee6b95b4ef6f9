"""Why an agent was where it was: from recorded ticks, also where nothing changed, else from the journal."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from autoscaler.core.exchange import story_to_json
from autoscaler.core.goal.learned import Learned
from autoscaler.core.goal.telling import told as told_of
from autoscaler.daemon.hindsight import learned_then, told_then
from autoscaler.errors import ControlRefused
from autoscaler.store.journal import JournalEvent
from autoscaler.store.sqlite_reader import SqliteReader
from tests.core.staging import people, snapshot

from .recording import START, Recording, database, recording


def told(record: Recording, agent: int, seconds: float) -> tuple[list[dict[str, Any]], list[str]]:
    with SqliteReader(record.url) as reader:
        return told_then(reader, agent, START + timedelta(seconds=seconds))


async def test_any_agent_is_told_of_at_any_tick_stage_by_stage_changed_or_not(tmp_path: Path) -> None:
    stories = {}
    async with recording(tmp_path, ticks_a_segment=2) as record:
        for number, waiting in enumerate((9.0, 0.0, 9.0, 0.0, 9.0)):
            plan = await record.tick(15.0 * number, snapshot(people(3), waiting))
            stories[15.0 * number] = story_to_json(plan, 1)
    for seconds, stages in stories.items():
        (group,), notes = told(record, 1002, seconds + 14.9)
        assert group["stages"] == stages
        assert group["at"] == (START + timedelta(seconds=seconds)).isoformat()
        assert notes == []
    (quiet,), _ = told(record, 1002, 15)
    assert (quiet["rule"], quiet["rules"]) == (None, {"surge": "false"})


PURSUING = """\
version: 1
group: webchat
queues: [2001]
agents: {limit: {floor: 1, baseline: 3, ceiling: 6}}
goal: {answer: 80%, within: 30s}
"""


async def test_what_the_goal_believed_at_a_tick_is_told_again(tmp_path: Path) -> None:
    said = {}
    async with recording(tmp_path, text=PURSUING, ticks_a_segment=3) as record:
        for number in range(8):
            plan = await record.tick(60.0 * number, snapshot(people(3), 9.0))
            said[60.0 * number] = plan.goal
    assert said[420.0].startswith("limit "), "or this shows nothing"
    for seconds, sentence in said.items():
        (group,), _ = told(record, 1002, seconds)
        assert group["goal"] == sentence
        assert group["forecasts"] == []


async def test_what_a_goal_had_learned_by_a_tick_is_told_again(tmp_path: Path) -> None:
    known = {}
    async with recording(tmp_path, text=PURSUING, ticks_a_segment=3) as record:
        for number in range(8):
            plan = await record.tick(60.0 * number, snapshot(people(3), 9.0))
            learned = record.memory.groups["webchat"].learned
            known[60.0 * number] = told_of(learned or Learned(), plan.group)
    assert known[420.0]["sentence"].startswith("limit "), "or this shows nothing"
    with SqliteReader(record.url) as reader:
        for seconds, expected in known.items():
            for asked in ("webchat", None):
                (group,), notes = learned_then(reader, asked, START + timedelta(seconds=seconds + 59.9))
                assert group == {"group": "webchat", **expected}
                assert notes == []
        with pytest.raises(ControlRefused, match="no tick under a goal of group 'email' is kept from before"):
            learned_then(reader, "email", START)
        with pytest.raises(ControlRefused, match="no tick under a group with a goal is kept"):
            learned_then(reader, None, START - timedelta(seconds=1))


async def test_rules_without_a_goal_have_learned_nothing_then_either(tmp_path: Path) -> None:
    async with recording(tmp_path) as record:
        await record.tick(0, snapshot(people(3), 9.0))
    with SqliteReader(record.url) as reader, pytest.raises(ControlRefused, match="no tick under a group with a goal"):
        learned_then(reader, None, START)


async def test_where_ticks_cannot_be_decided_again_it_says_why_nobody_knows(tmp_path: Path) -> None:
    async with recording(tmp_path, text=PURSUING) as record:
        await record.tick(0, snapshot(people(3), 9.0))
    with database(record.url) as store:
        store.execute("DELETE FROM rule_texts")
    with (
        SqliteReader(record.url) as reader,
        pytest.raises(ControlRefused, match="again, so nobody knows: the text of the rules"),
    ):
        learned_then(reader, None, START)


async def test_before_the_first_tick_and_of_strangers_there_is_nothing_to_tell(tmp_path: Path) -> None:
    async with recording(tmp_path) as record:
        await record.tick(0, snapshot(people(3), 9.0))
    assert told(record, 1001, -1) == ([], [])
    assert told(record, 4711, 60) == ([], [])


def a_line(seconds: float, limit: int, **more: Any) -> JournalEvent:
    at = START + timedelta(seconds=seconds)
    line = {"id": f"d{seconds}", "at": at.isoformat(), "group": "webchat", "stages": [], "to": limit, **more}
    return JournalEvent(schema="autoscaler.decision/1", at=at, group="webchat", agent=1001, line=orjson.dumps(line))


async def test_what_is_no_longer_recorded_is_told_from_the_journal_and_never_from_a_shadow(tmp_path: Path) -> None:
    async with recording(tmp_path) as record:
        await record.tick(60, snapshot(people(3), 9.0))
        await record.store.append([a_line(0, 5), a_line(10, 6), a_line(12, 9, shadow=True)])
        await record.store.flush()
        assert [row["to"] for row in told(record, 1001, 5)[0]] == [5]
        assert [row["to"] for row in told(record, 1001, 30)[0]] == [6]
        (again,), _ = told(record, 1001, 60)
        assert again["tick"] == "20260302T100100.000000Z-webchat", "the recorded tick is the newer one"
        await record.store.append([a_line(70, 7)])
        await record.store.flush()
        assert [row.get("to") for row in told(record, 1001, 80)[0]] == [7], "a tick after that was not kept"


async def test_a_tick_that_cannot_be_decided_again_is_told_from_the_journal_with_a_note(tmp_path: Path) -> None:
    async with recording(tmp_path) as record:
        await record.tick(0, snapshot(people(3), 9.0))
        await record.store.append([a_line(0, 5)])
        await record.store.flush()
    with database(record.url) as store:
        store.execute("DELETE FROM rule_texts")
    (row,), (note,) = told(record, 1001, 20)
    assert row["to"] == 5
    assert "can't be decided again" in note
