"""Recorded ticks under other rules, from a time on, and where something of the record is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np

from autoscaler.core.book import Mode
from autoscaler.core.readings import Snapshot
from autoscaler.daemon.differing import Change, Counts, counted, wants_otherwise
from autoscaler.daemon.likeness import unlike
from autoscaler.daemon.replaying import as_obeyed
from autoscaler.store.sqlite_reader import SqliteReader
from autoscaler.store.wanted import Wanted
from tests.core.staging import Person, calls, people, snapshot

from .recording import START, SURGE, Recording, book_of, database, differing, recording, replayed

WAITING = (9.0, 9.0, 0.0, 9.0)


async def an_hour(record: Recording, waiting: tuple[float, ...] = WAITING) -> None:
    """Three people, a tick every 15 s; the gateway does as it is asked."""
    team = people(3)
    for number, queue in enumerate(waiting):
        plan = await record.tick(15.0 * number, snapshot(team, queue))
        asked = calls(plan)
        team = [replace(one, limit=float(asked.get(one.id, one.limit))) for one in team]


async def test_changed_rules_show_exactly_the_decisions_they_change(tmp_path: Path) -> None:
    async with recording(tmp_path) as record:
        await an_hour(record)
    capped = book_of(SURGE.replace("ceiling: 9", "ceiling: 4").replace("surge", "rush"))
    ticks = replayed(record.url, rules=capped)
    assert differing(ticks, to_the_letter=False) != []
    found = [
        ((at - START).total_seconds(), one.agent, one.recorded, one.again)
        for at, one in differing(ticks, to_the_letter=False)
    ]
    assert found == [
        (when, agent, Change(before=before, after=before + 1, rule="surge", called=True), STAYS)
        for when, before in ((15.0, 4), (45.0, 5))
        for agent in (1001, 1002, 1003)
    ], "the first tick raises under both, by rules of another name; the third raises nobody"
    assert counted(one.recorded for one in ticks) == Counts(changes=9, raises=9, lowers=0, calls=9)
    assert counted(one.again for one in ticks) == Counts(changes=3, raises=3, lowers=0, calls=3)
    assert [(one.recorded.wanted.slots.wanted, one.again.wanted.slots.wanted) for one in ticks] == [
        (12, 12), (15, 12), (15, 12), (18, 12),
    ]  # fmt: skip


STAYS = Change(before=4, after=4, rule=None, called=False)


async def test_other_rules_begin_with_the_memory_of_the_first_tick_they_decide(tmp_path: Path) -> None:
    cooled = SURGE + "stability: {raise: {cooldown: 20s}}\n"
    async with recording(tmp_path, text=cooled) as record:
        await an_hour(record, (9.0, 0.0, 9.0, 9.0))
    rules = book_of(cooled.replace("20s", "40s"))
    since = START + timedelta(seconds=15)
    ticks = replayed(record.url, rules=rules, since=since)
    assert len(ticks) == 3
    found = differing(ticks, to_the_letter=False)
    assert {(at - START).total_seconds() for at, _ in found} == {30.0, 45.0}, "the raise of 0 s cools down until 40 s"


async def test_rules_of_each_tick_are_those_it_was_recorded_under(tmp_path: Path) -> None:
    async with recording(tmp_path) as record:
        team = people(2)
        await record.tick(0, snapshot(team, 9.0))
        record.text = SURGE.replace("1 each", "3 each")
        await record.tick(15, snapshot(team, 9.0))
        record.mode = Mode.OBSERVE
        await record.tick(30, snapshot(team, 9.0))
    ticks = replayed(record.url)
    assert differing(ticks) == []
    assert [one.recorded.counts() for one in ticks] == [
        Counts(changes=2, raises=2, lowers=0, calls=2),
        Counts(changes=2, raises=2, lowers=0, calls=2),
        Counts(changes=2, raises=2, lowers=0, calls=0),
    ]
    assert len({one.rules for one in ticks}) == 2
    for one in ticks[2:]:
        assert replayed(record.url, rules=book_of(SURGE))[2].again.counts().calls == 0, one


async def test_ticks_of_another_version_are_decided_again_and_said_to_be_of_one(tmp_path: Path) -> None:
    async with recording(tmp_path) as record:
        await an_hour(record)
    with database(record.url) as store:
        store.execute("UPDATE segments SET program = '0.0.7'")
    told: list[str] = []
    assert len(replayed(record.url, told=told)) == 4
    assert len(told) == 1
    assert "version 0.0.7" in told[0]


async def test_ticks_whose_rule_text_is_gone_are_left_out_unless_other_rules_are_given(tmp_path: Path) -> None:
    async with recording(tmp_path) as record:
        await an_hour(record)
    with database(record.url) as store:
        store.execute("DELETE FROM rule_texts")
    told: list[str] = []
    assert replayed(record.url, told=told) == []
    assert "4 ticks from 2026-03-02 10:00:00 UTC on are left out" in told[0]
    assert "is not kept" in told[0]
    assert len(replayed(record.url, rules=book_of(SURGE))) == 4


async def test_a_damaged_tick_ends_its_segment_and_the_next_one_is_decided(tmp_path: Path) -> None:
    async with recording(tmp_path, ticks_a_segment=2) as record:
        await an_hour(record)
    with database(record.url) as store:
        store.execute("UPDATE ticks SET blob = x'00' WHERE id = 2")
    told: list[str] = []
    ticks = replayed(record.url, told=told)
    assert [(one.at - START).total_seconds() for one in ticks] == [0.0, 30.0, 45.0]
    assert differing(ticks) == []
    assert len(told) == 1


async def test_rules_this_version_does_not_take_are_named_with_the_version_that_took_them(tmp_path: Path) -> None:
    async with recording(tmp_path) as record:
        await an_hour(record)
    with database(record.url) as store:
        store.execute("""UPDATE rule_texts SET files = '{"webchat.yaml":"quues: 3"}'""")
    told: list[str] = []
    assert replayed(record.url, told=told) == []
    assert "are not taken by this one" in told[0]


async def test_what_one_life_confirmed_the_other_is_taken_to_have_confirmed_too(tmp_path: Path) -> None:
    async with recording(tmp_path) as record:
        plan = await record.tick(0, snapshot(people(4), 9.0))
    was = Wanted.of(plan)
    been = replace(was, limit=was.limit + np.int16(2))
    nobody_knows = float("nan")
    team = [
        Person(id=1001, limit=4.0),
        Person(id=1002, limit=3.0),
        Person(id=1003, limit=nobody_knows),
        Person(id=1009, limit=4.0),
    ]
    obeyed = as_obeyed(confirmed_for(51, snapshot(team)), 51, was=was, been=been)
    assert obeyed.agents.limit[51].tolist()[:2] == [6.0, 3.0], "the first was done, the second is under way"
    assert np.isnan(obeyed.agents.limit[51][2])
    assert obeyed.agents.limit[51][3] == 4.0, "nobody wanted anything of this one"


def test_rules_that_need_to_know_more_than_was_recorded_are_told_so() -> None:
    recorded = book_of(SURGE).groups[0]
    assert list(unlike(recorded, recorded)) == []
    other = SURGE.replace("[2001]", "[2001, 2002]").replace("version: 1", "every: 30s\nmedia_type: social_chat")
    other += "inputs: {reply_seconds: {source: prometheus, query: x}}\n"
    told = "\n".join(unlike(recorded, book_of(other).groups[0]))
    for words in ("queue[2002]", "media type 51", "other agents", "every 30 s", "input.reply_seconds"):
        assert words in told


async def test_agents_that_only_one_decision_has_count_as_wanted_otherwise(tmp_path: Path) -> None:
    async with recording(tmp_path) as record:
        one = Wanted.of(await record.tick(0, snapshot(people(4), 9.0)))
        other = Wanted.of(await record.tick(15, snapshot(people(3), 0.0)))
    assert wants_otherwise(one, one) == 0
    assert wants_otherwise(one, other) == 1
    assert wants_otherwise(one, replace(other, limit=other.limit + np.int16(1))) == 4


async def test_a_moment_between_two_segments_is_found(tmp_path: Path) -> None:
    async with recording(tmp_path, ticks_a_segment=2) as record:
        await an_hour(record)
    with SqliteReader(record.url) as reader:
        assert [segment.ticks for segment in reader.segments()] == [2, 2]
    ticks = replayed(record.url, since=START + timedelta(seconds=20))
    assert [(one.at - START).total_seconds() for one in ticks] == [30.0, 45.0]


def confirmed_for(media_type: int, seen: Snapshot) -> Snapshot:
    (limit,) = seen.agents.limit.values()
    return replace(seen, agents=replace(seen.agents, limit={media_type: limit}))
