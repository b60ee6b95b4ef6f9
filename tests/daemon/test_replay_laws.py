"""What holds of every recorded journal: decided again under its own rules, nothing differs."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autoscaler.core.book import Mode
from autoscaler.core.readings import Snapshot
from tests.core.scenes import IDS, Moment, befall, moments
from tests.core.staging import Floor, Person, calls, snapshot

from .recording import Recording, as_text, book_of, differing, recording, replayed

law = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

RULES = (
    "{name: surge, when: queue.waiting > 4 and group.occupancy > 20%, for: 15s, raise: 20%}",
    "{name: flood, when: queue.waiting > 8, raise: 1 each, cooldown: 20s}",
    "{name: rising, when: 'avg(queue.waiting, 30s) > 5', raise: 2 slots}",
    "{name: full, when: agent.load > 2, for: 10s, raise: 1 each}",
    "{name: calm, when: queue.waiting == 0, for: 20s, keep_for: 40s, lower: 15%}",
    "{name: call, when: agent.state == 'talking', cap: 1}",
    "{name: hush, when: queue.waiting > 20, hold: lower}",
    "{name: many, when: queue.waiting > 9, keep_for: 1m, floor: 4}",
    "{name: follow, track: {input: queue.waiting, per: agent, target: 0.5}}",
)
SETTINGS = (
    "stability: {raise: {cooldown: 20s, window: 30s}, lower: {window: 1m, at_most: [20% per 1m]}}",
    "stability: {each: {raise: 1 per 1m, lower: 1 per 1m, moves: 3 per 5m}}",
    "safety: {agents_per_tick: 34%, calls_per_minute: 6, baseline_after: 1m}",
    "agents: {limit: {floor: 1, baseline: 2, ceiling: 5}, protect: [1008], warm_up: {start: 1, add: 1, every: 90s}}",
    "agents: {tiers: [{name: new, ids: [1003-1006], ceiling: 2, baseline: 1}]}",
)


@st.composite
def rule_files(draw: st.DrawFn) -> str:
    """A file of some rules and settings of every kind that remembers something."""
    rules = draw(st.lists(st.sampled_from(RULES), min_size=1, max_size=5, unique=True))
    chosen = draw(st.lists(st.sampled_from(SETTINGS), max_size=3, unique_by=lambda line: line.split(":")[0]))
    lines = ["group: webchat", "queues: [2001]", *chosen, "rules:", *(f"  - {rule}" for rule in rules)]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    is_orderly: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reload:
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """A tick that an order of a person overtook, so that it was decided again."""

    moment: Moment


STEPS = st.one_of(
    moments(),
    moments(),
    moments(),
    st.builds(Interrupted, moment=moments()),
    st.builds(Restart, is_orderly=st.booleans()),
    st.builds(Reload, text=rule_files()),
)
TEAMS = st.lists(
    st.builds(Person, id=st.sampled_from(IDS), load=st.integers(0, 6).map(float)),
    min_size=2,
    max_size=len(IDS),
    unique_by=lambda one: one.id,
)


async def lived(record: Recording, team: list[Person], story: list[Any]) -> int:
    """Go through a story; returns how many ticks were done."""
    floor = Floor.of(book_of(record.text).groups[0], team)
    seconds = 0.0
    done = 0
    for step in story:
        match step:
            case Restart():
                remembered = as_text(record.memory)
                await record.restart(is_orderly=step.is_orderly)
                assert as_text(record.memory) == remembered, "a restart forgets nothing"
            case Reload():
                record.text = step.text
            case Interrupted():
                seconds += step.moment.after_s
                befall(floor, step.moment)
                before = record.memory
                plan = await record.tick(seconds, seen(floor, step.moment))
                record.take_back(plan, seconds, before)
                seconds += 0.001
                done += await ticked(record, floor, step.moment, seconds)
            case Moment():
                seconds += step.after_s
                befall(floor, step)
                done += await ticked(record, floor, step, seconds)
    return done


async def ticked(record: Recording, floor: Floor, moment: Moment, seconds: float) -> int:
    plan = await record.tick(seconds, seen(floor, moment))
    if moment.acts:
        for agent, limit in calls(plan).items():
            floor.people[agent] = replace(floor.people[agent], limit=float(limit))
    return 1


def seen(floor: Floor, moment: Moment) -> Snapshot:
    return snapshot(
        list(floor.people.values()),
        moment.waiting,
        queue_age_s=moment.queue_age_s,
        overrides=moment.overrides,
        roster_problem=moment.roster_problem,
    )


def recorded(
    text: str,
    team: list[Person],
    story: list[Any],
    folder: str,
    *,
    mode: Mode | None = None,
    ticks_a_segment: int = 40,
) -> tuple[str, int]:
    """Live a story; the store's URL, and how many ticks it must hold."""

    async def live() -> tuple[str, int]:
        async with recording(Path(folder), text=text, ticks_a_segment=ticks_a_segment) as record:
            record.mode = mode
            return record.url, await lived(record, team, story)

    return asyncio.run(live())


@law
@given(text=rule_files(), team=TEAMS, story=st.lists(STEPS, min_size=3, max_size=25), short=st.booleans())
def test_a_journal_decided_again_under_its_own_rules_differs_nowhere(
    text: str, team: list[Person], story: list[Any], short: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url, ticks = recorded(text, team, story, folder, ticks_a_segment=3 if short else 40)
        again = replayed(url)
        assert len(again) == ticks
        assert differing(again) == []


@law
@given(text=rule_files(), team=TEAMS, story=st.lists(moments(), min_size=3, max_size=20), mode=st.sampled_from(Mode))
def test_other_rules_that_say_the_same_decide_the_same(
    text: str, team: list[Person], story: list[Moment], mode: Mode
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url, ticks = recorded(text, team, list(story), folder, mode=mode)
        again = replayed(url, rules=book_of(f"# the same, in another file\n{text}"))
        assert len(again) == ticks
        assert differing(again) == []


@law
@given(text=rule_files(), team=TEAMS, story=st.lists(STEPS, min_size=3, max_size=20), from_tick=st.integers(0, 19))
def test_a_replay_since_a_moment_is_the_end_of_the_whole_one(
    text: str, team: list[Person], story: list[Any], from_tick: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url, ticks = recorded(text, team, story, folder)
        if not ticks:
            return
        whole = replayed(url)
        first = whole[min(from_tick, ticks - 1)].at
        later = replayed(url, since=first)
        assert [one.tick for one in later] == [one.tick for one in whole if one.at >= first]
        assert differing(later) == []
