"""`forecast` learns from a CSV file, says how well, and writes what the next reload takes."""

import json
import math
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from autoscaler.cli.histories import from_store
from autoscaler.rulebook import load_folder
from autoscaler.rulebook.priors import ARRIVALS as VALUE
from autoscaler.store.sqlite_reader import SqliteReader
from tests.cli.command import run
from tests.core.staging import people, queues, snapshot
from tests.daemon.recording import START, book_of, differing, recording, replayed

RULES = """\
queues: [2001]
timezone: Europe/Lisbon
rules:
  - {name: ahead, when: "forecast(queue.arrivals_per_minute, 30m) > 2", raise: 5%}
  - {name: soon, when: "forecast(queue.waiting, 15m) > 9", raise: 5%}
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "webchat.yaml"
    path.write_text(RULES)
    return path


@pytest.fixture
def counts(tmp_path: Path) -> Path:
    start = datetime.fromisoformat("2026-02-02")  # wall clock
    rows = ["begin,chats"]
    for quarter in range(21 * 96):
        at = start + timedelta(minutes=15 * quarter)
        rows.append(f"{at},{round(60 + 50 * math.sin(at.hour / 24 * 2 * math.pi))}")
    path = tmp_path / "counts.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


ARRIVALS = ("--value", "queue.arrivals_per_minute", "--time", "begin", "--column", "chats")


def test_it_says_how_well_it_would_have_done_and_what_is_usual(rules: Path, counts: Path) -> None:
    ended = run("forecast", rules, "--csv", counts, *ARRIVALS)

    assert ended.returncode == 0, ended.stderr
    assert "webchat: queue.arrivals_per_minute, 21.0 days" in ended.stdout
    assert "by the profile" in ended.stdout
    assert "monday" in ended.stdout
    assert not rules.with_name("webchat.profile.json").exists()


def test_what_it_writes_is_taken_with_the_rules_and_counts_are_chats_a_minute(rules: Path, counts: Path) -> None:
    ended = run("forecast", rules, "--csv", counts, *ARRIVALS, "--write", "--format", "json")

    assert ended.returncode == 0, ended.stderr
    said = json.loads(ended.stdout)
    assert [score["horizon_s"] for score in said["scores"]] == [900.0, 1800.0, 3600.0]
    assert all(score["profile"] < score["without"] for score in said["scores"][1:])
    assert said["profile"]["monday"][0][24] == pytest.approx(110 / 15, rel=0.02)
    loaded = load_folder(rules)
    assert loaded.book is not None
    assert [prior.value for prior in loaded.book.groups[0].priors] == ["queue.arrivals_per_minute"]


def test_a_second_value_joins_the_first_in_the_file(rules: Path, counts: Path) -> None:
    run("forecast", rules, "--csv", counts, *ARRIVALS, "--write")
    run("forecast", rules, "--csv", counts, *ARRIVALS[2:], "--value", "queue.waiting", "--write")

    written = json.loads(rules.with_name("webchat.profile.json").read_text())
    assert list(written["values"]) == ["queue.arrivals_per_minute", "queue.waiting"]


@pytest.mark.parametrize(
    ("steps", "minutes", "said"),
    [
        (
            40,
            15,
            "-: too short a history, 9.75 hours; a time of day is forecast from the day before, which takes 24.25",
        ),
        (97, 15, "-: too short a history, 24.00 hours;"),
        (14 * 24, 60, "-: steps of 1h; to score a quarter of an hour takes steps of 15m or less"),
    ],
)
def test_a_history_on_which_nothing_can_be_scored_is_told_why(
    steps: int, minutes: int, said: str, rules: Path, tmp_path: Path
) -> None:
    ended = run("forecast", rules, "--csv", evenly(tmp_path, steps, minutes), *ARRIVALS)

    assert ended.returncode == 0, ended.stderr
    assert [line for line in ended.stdout.splitlines() if line.startswith(said)]


def test_a_day_and_a_quarter_of_an_hour_can_be_scored(rules: Path, tmp_path: Path) -> None:
    ended = run("forecast", rules, "--csv", evenly(tmp_path, 98, 15), *ARRIVALS)

    assert ended.returncode == 0, ended.stderr
    assert "1, 0% by the profile" in ended.stdout
    assert "-:" not in ended.stdout


def evenly(folder: Path, steps: int, minutes: int) -> Path:
    """A history of so many steps."""
    start = datetime.fromisoformat("2026-02-02")
    path = folder / "evenly.csv"
    path.write_text("begin,chats\n" + "".join(f"{start + timedelta(minutes=minutes * n)},5\n" for n in range(steps)))
    return path


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--value", "group.load"], "does not forecast group.load"),
        ([], "forecasts several values"),
        (["--value", "queue.waiting"], "has no column 'timestamp'"),
        (["--value", "queue.waiting", "--time", "begin", "--column", "begin"], "is no history"),
    ],
)
def test_what_it_can_not_use_is_told_with_what_to_try(words: list[str], said: str, rules: Path, counts: Path) -> None:
    ended = run("forecast", rules, "--csv", counts, *words)

    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Try:" in ended.stderr


def test_a_file_that_forecasts_nothing_is_told_how_to(tmp_path: Path, counts: Path) -> None:
    path = tmp_path / "plain.yaml"
    path.write_text("queues: [2001]\nrules: [{name: x, when: queue.waiting > 2, cap: 1}]\n")

    ended = run("forecast", path, "--csv", counts)

    assert ended.returncode == 2
    assert "forecasts nothing" in ended.stderr


AHEAD = """\
group: webchat
queues: [2001]
agents: {limit: {floor: 1, baseline: 3, ceiling: 9}}
rules:
  - {name: ahead, when: "forecast(queue.arrivals_per_minute, 15m) > 4", raise: 1 each}
"""


async def test_what_the_daemon_recorded_is_a_history_and_replay_decides_the_same(tmp_path: Path) -> None:
    async with recording(tmp_path, text=AHEAD) as kept:
        for tick in range(130):
            seen = replace(snapshot(people(3)), queues=queues(arrivals=[math.nan if tick == 9 else tick % 7]))
            plan = await kept.tick(tick * 15, seen)
            if tick in (50, 90):
                await kept.restart(is_orderly=tick == 50)
        assert plan.forecasts[0].startswith("forecast of queue.arrivals_per_minute in 15m: ")
        assert differing(replayed(kept.url)) == []
        with SqliteReader(kept.url) as reader:
            readings = list(from_store(reader, book_of(AHEAD).groups[0], VALUE))

    assert [at for at, _ in readings] == [START.timestamp() + 15 * tick for tick in range(130)]
    assert math.isnan(readings[9][1])
    assert [value for _, value in readings[10:20]] == [float(tick % 7) for tick in range(10, 20)]

    rules = tmp_path / "webchat.yaml"
    rules.write_text(AHEAD)
    ended = run("forecast", rules, "--journal", tmp_path / "autoscaler.db")
    assert ended.returncode == 0, ended.stderr
    assert "webchat: queue.arrivals_per_minute, 0.0 days" in ended.stdout
    assert "too short a history, 0.54 hours" in ended.stdout


async def test_a_history_that_never_saw_a_time_of_day_twice_is_told_so(tmp_path: Path) -> None:
    async with recording(tmp_path, text=AHEAD) as kept:
        for tick in (0, 1, 30 * 240):
            await kept.tick(tick * 15, replace(snapshot(people(3)), queues=queues(arrivals=[2.0])))
    rules = tmp_path / "webchat.yaml"
    rules.write_text(AHEAD)

    ended = run("forecast", rules, "--journal", tmp_path / "autoscaler.db")

    assert ended.returncode == 0, ended.stderr
    assert "-: no time of day was looked at on two days" in ended.stdout
