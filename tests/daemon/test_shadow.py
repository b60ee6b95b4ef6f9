"""Shadow rules: they decide beside the live ones, call nobody, touch nothing, and the status says how far they are."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from autoscaler.console.metrics import Metrics
from autoscaler.core.book import Rulebook
from autoscaler.core.readings import Snapshot
from autoscaler.daemon.cycle import Decided
from autoscaler.daemon.shadow import Shadow
from autoscaler.daemon.shadow_report import shadow_json, shadow_metrics
from autoscaler.store.journal import JournalEvent
from tests.core.staging import Floor, at, people, snapshot

from .recording import SURGE, as_text, book_of
from .stage import AGENTS, STEADY, a_floor, on_stage, until

MORE = SURGE.replace("1 each", "2 each")


@dataclass
class Beside:
    """A live group and its shadow, decided in turn; the gateway obeys the live one."""

    folder: Path
    live: Rulebook = field(default_factory=lambda: book_of(SURGE))
    notes: list[JournalEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.shadow = Shadow(self.folder, self.notes.append)
        self.floor = Floor.of(self.live.groups[0], people(3))

    def write(self, text: str, name: str = "webchat") -> bool:
        (self.folder / f"{name}.yaml").write_text(text)
        return self.shadow.load(self.live)

    def tick(self, seconds: float, waiting: float) -> None:
        before = self.floor.memory.groups.get("webchat")
        seen = self.seen(waiting)
        plan = self.floor.tick(seconds, waiting)
        after = as_text(self.floor.memory)
        decided = Decided(
            tick=f"t{seconds:g}",
            at=at(seconds),
            plan=plan,
            snapshot=seen,
            load=9.0,
            problems=(),
            decide_ms=1.0,
            rulebook=self.live.digest,
        )
        self.shadow.watch(decided, before)
        assert as_text(self.floor.memory) == after, "live memory is nobody else's"

    def seen(self, waiting: float) -> Snapshot:
        return snapshot(list(self.floor.people.values()), waiting)

    @property
    def status(self) -> dict[str, Any]:
        told = shadow_json(self.shadow, self.live)
        assert told is not None
        return told

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(event.line) for event in self.notes]


@pytest.fixture
def beside(tmp_path: Path) -> Beside:
    return Beside(tmp_path / "shadow")


def test_the_status_says_how_far_apart_the_two_are_now_and_over_the_last_hour(beside: Beside) -> None:
    assert beside.write(MORE)
    assert beside.status["groups"] == [{"group": "webchat", "at": None, "failed": 0}]
    for seconds, waiting in ((0, 0.0), (15, 9.0), (30, 0.0), (45, 9.0)):
        beside.tick(seconds, waiting)
    assert beside.status["groups"] == [
        {
            "group": "webchat",
            "at": at(45).isoformat(),
            "since": at(0).isoformat(),
            "slots": {"live": 15, "shadow": 21},
            "agents_that_differ": 3,
            "last_hour": {"ticks": 4, "ticks_that_differ": 3, "mean_slot_difference": 3.0},
            "failed": 0,
        }
    ]
    assert (beside.status["rulebook"], beside.status["problem"]) == (book_of(MORE).digest, "")
    metrics = Metrics()
    shadow_metrics(metrics, beside.shadow)
    assert 'autoscaler_shadow_slots{group="webchat"} 21' in metrics.text()
    assert 'autoscaler_shadow_agents_apart{group="webchat"} 3' in metrics.text()


def test_ticks_of_more_than_an_hour_ago_no_longer_count(beside: Beside) -> None:
    beside.write(MORE)
    beside.tick(0, 9.0)
    beside.tick(3599, 9.0)
    assert beside.status["groups"][0]["last_hour"]["ticks"] == 2
    beside.tick(3600, 0.0)
    assert beside.status["groups"][0]["last_hour"]["ticks"] == 2


def test_rules_that_say_the_same_are_never_apart(beside: Beside) -> None:
    beside.tick(0, 9.0)  # the shadow begins where the live rules stand
    beside.write(f"# the same\n{SURGE}")
    for number, waiting in enumerate((9.0, 0.0, 9.0, 9.0), 1):
        beside.tick(15.0 * number, waiting)
    (group,) = beside.status["groups"]
    assert group["slots"]["live"] == group["slots"]["shadow"] == 21
    assert group["last_hour"] == {"ticks": 4, "ticks_that_differ": 0, "mean_slot_difference": 0.0}


def test_its_lines_are_marked_and_say_that_nothing_was_called(beside: Beside) -> None:
    beside.write(MORE)
    beside.tick(0, 9.0)
    beside.tick(15, 0.0)
    first, *decisions, last = beside.lines
    assert [line["schema"] for line in (first, last)] == ["autoscaler.tick/1"] * 2
    assert [(line["agent"], line["from"], line["to"], line["outcome"]) for line in decisions] == [
        (agent, 3, 5, "observed") for agent in (1001, 1002, 1003)
    ], "a decision is written once, as if it had been obeyed"
    for line in beside.lines:
        assert line["shadow"] is True
        assert (line["mode"], line["rulebook"]) == ("observe", book_of(MORE).digest)
    assert first["calls"] == 0
    assert {line["tick"] for line in decisions} == {first["id"]} == {"t0-shadow"}


def test_bad_rules_are_told_and_those_before_go_on(beside: Beside) -> None:
    assert beside.write("quues: 3\n") is False
    beside.tick(0, 9.0)
    assert beside.lines == []
    assert "there is no shadow until they are mended" in beside.status["problem"]
    beside.write(MORE)
    assert beside.status["problem"] == ""
    beside.write("quues: 3\n")
    assert "those before go on" in beside.status["problem"]
    beside.tick(15, 9.0)
    assert beside.status["groups"][0]["slots"]["shadow"] == 18, "from the live 12, two more each"


def test_groups_of_one_set_alone_are_named(beside: Beside) -> None:
    beside.live = replace(beside.live, groups=(*beside.live.groups, replace(beside.live.groups[0], name="night")))
    beside.write(MORE)
    beside.write(MORE.replace("webchat", "other").replace("2001", "2002"), "other")
    assert (beside.status["only_live"], beside.status["only_shadow"]) == (["night"], ["other"])
    assert [group["group"] for group in beside.status["groups"]] == ["webchat"]


def test_a_reload_carries_its_memory_over_and_begins_to_compare_anew(beside: Beside) -> None:
    beside.write(MORE)
    beside.tick(0, 9.0)
    beside.write(f"{MORE}  - {{name: idle, when: queue.waiting > 500, lower: 1 each}}\n")
    beside.tick(15, 0.0)
    (group,) = beside.status["groups"]
    assert group["slots"] == {"live": 12, "shadow": 15}
    assert (group["since"], group["last_hour"]["ticks"]) == (at(15).isoformat(), 1)


def test_whatever_fails_beside_is_counted_and_harms_nobody(beside: Beside) -> None:
    def refuse(event: JournalEvent) -> None:
        raise LookupError(event.group)

    beside.shadow = Shadow(beside.folder, refuse)
    beside.write(MORE)
    beside.tick(0, 9.0)
    beside.tick(15, 9.0)
    assert beside.status["groups"] == [{"group": "webchat", "at": None, "failed": 2}]


def test_without_a_folder_there_is_no_shadow() -> None:
    shadow = Shadow(None, print)
    assert shadow.load(book_of(SURGE)) is False
    assert shadow_json(shadow, book_of(SURGE)) is None


async def test_a_daemon_with_shadow_rules_calls_only_what_the_live_ones_want(short_path: Path) -> None:
    folder = short_path / "shadow"
    folder.mkdir()
    higher = STEADY.replace("baseline: 4", "baseline: 9")
    (folder / "webchat.yaml").write_text(higher)
    async with on_stage(short_path, site=a_floor(), top={"shadow_rules": str(folder)}) as stage:
        await stage.right()
        await until(lambda: stage.status["shadow"]["groups"][0]["at"] is not None)
        await stage.ticks(2)
        assert set(stage.limits().values()) == {4}
        (group,) = stage.status["shadow"]["groups"]
        assert group["slots"] == {"live": 4 * AGENTS, "shadow": 9 * AGENTS}
        assert group["agents_that_differ"] == AGENTS
        assert not [row for row in stage.status["recent"] if row["to"] == 9]
        told = await stage.ask(lambda client: client.explain(1001))
        assert told["groups"][0]["stages"][-1]["limit"] == 4

        (folder / "webchat.yaml").write_text("quues: 3\n")
        answer = await stage.ask(lambda client: client.reload())
        assert answer["taken"] is True, "the rules in force are good"
        assert stage.status["last_reload"]["shadow"]["taken"] is False
        assert "those before go on" in stage.status["shadow"]["problem"]
    journal = stage.paths.journal()
    shadows = [row for row in journal.ticks if row.get("shadow")]
    assert len(shadows) >= 3
    assert {row["calls"] for row in shadows} == {0}
    assert {row["to"] for row in journal.decisions if not row.get("shadow")} == {4}
