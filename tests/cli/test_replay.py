"""`replay` and `explain --at` as people give them, against the store of a demo that has ended."""

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from .command import run
from .demo_run import running_demo

WIDTH = 100

NIGHT = "group: night\nqueues: [2009]\nrules: [{name: surge, when: queue.waiting > 5, raise: 1 each}]\n"


@pytest.fixture(scope="module")
def while_it_ran() -> list[Any]:
    """How `replay` ended beside the running daemon."""
    return []


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, while_it_ran: list[Any]) -> Path:
    with running_demo(tmp_path_factory.mktemp("site") / "demo") as file:
        while_it_ran.append(run("replay", "--config", file))
    return file


@pytest.fixture
def store(settings: Path) -> Path:
    return settings.parent / "autoscaler.db"


@pytest.fixture
def capped(tmp_path: Path, settings: Path) -> Path:
    """The demo's rules with everybody held at 2."""
    text = (settings.parent / "rules" / "webchat.yaml").read_text()
    changed = re.sub(r"limit: \{.*\}", "limit: {floor: 1, baseline: 2, ceiling: 2}", text)
    assert changed != text
    (tmp_path / "webchat.yaml").write_text(changed)
    return tmp_path


def test_under_its_own_rules_nothing_differs_beside_the_daemon_and_after_it(
    settings: Path, store: Path, while_it_ran: list[Any]
) -> None:
    for ended in (*while_it_ran, run("replay", store), run("replay", f"sqlite:///{store}")):
        assert (ended.returncode, ended.stderr) == (0, "")
        assert re.match(r"webchat: \d+ ticks? decided again under their own rules\n", ended.stdout)
        assert "\n  nothing differs\n" in ended.stdout


def test_other_rules_show_what_differs_with_counts_and_slots_over_time(store: Path, capped: Path) -> None:
    ended = run("replay", store, "--rules", capped)
    assert ended.returncode == 0
    first, second, *rows = ended.stdout.splitlines()
    assert first == "webchat: decisions that differ"
    assert second.split() == ["time", "(UTC)", "agent", "recorded", "again"]
    assert re.fullmatch(r"  \d{4}-\d\d-\d\d [\d:]{8} +1001  3, set anew +2, set anew", rows[0])
    assert re.search(r"^  \d+ decisions differ, at \d+ ticks?$", ended.stdout, re.MULTILINE)
    assert re.search(r"^  changes +\d+ +\d+$", ended.stdout, re.MULTILINE)
    assert re.search(r"^  [\d-]+ [\d:]+ +\d+\.0 +48\.0 \|x +o *\|$", ended.stdout, re.MULTILINE)
    assert max(map(len, ended.stdout.splitlines())) <= WIDTH


def test_as_data_it_holds_every_difference_and_every_tick_s_slots(store: Path, capped: Path) -> None:
    whole = json.loads(run("replay", store, "--rules", capped, "--format", "json").stdout)
    assert set(whole) == {"rules", "groups", "notes"}
    (group,) = whole["groups"]
    assert group["decisions_that_differ"] == len(group["differences"]) > 0
    assert len(group["slots"]) == group["ticks"]
    assert group["slots"][-1]["again"] == 48
    assert group["ticks_that_differ"] == len({one["tick"] for one in group["differences"]})
    for one in group["differences"]:
        assert one["recorded"] != one["again"]
        assert one["again"]["to"] == 2
    assert group["recorded_rules"] != [whole["rules"]]


def test_nothing_to_replay_is_said_with_a_way_out(store: Path, settings: Path, capped: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "night.yaml").write_text(NIGHT)
    lines = tmp_path / "lines.jsonl"
    lines.write_text('{"schema":"autoscaler.tick/1"}\n' * 50)
    for words, code, what in (
        ([tmp_path / "none.db"], 4, "there is no store yet"),
        ([lines], 4, "no SQLite database"),
        ([tmp_path], 2, "is no file"),
        ([store, "--group", "nobody"], 2, "no tick of a group 'nobody' is recorded"),
        ([store, "--since", "2999-01-01T00:00:00Z"], 2, "no tick is recorded since"),
        ([store, "--rules", tmp_path / "other"], 2, "these rules have no group that is recorded: webchat"),
        ([store, "--rules", lines], 1, "the rules have errors"),
        (["postgresql://db/autoscaler"], 2, "only sqlite"),
    ):
        ended = run("replay", *words)
        assert (ended.returncode, ended.stdout) == (code, ""), words
        assert what in ended.stderr
        assert "\nTry: " in f"\n{ended.stderr}"


def test_what_can_only_be_told_in_part_is_noted(store: Path, capped: Path) -> None:
    rules = (capped / "webchat.yaml").read_text()
    (capped / "webchat.yaml").write_text(rules.replace("[2001]", "[2001, 2002]"))
    (capped / "night.yaml").write_text(NIGHT)
    ended = run("replay", store, "--rules", capped, "--since", "2001-01-01T00:00:00Z")
    assert ended.returncode == 0
    said = " ".join(ended.stderr.split())
    assert re.search(r"note: recorded ticks begin at [\d-]+ [\d:]+ UTC; nothing before that", said)
    assert "note: night: no tick of this group is recorded" in said
    assert "note: webchat: not recorded for it, so not known: queue[2002]" in said


def test_a_record_that_was_tampered_with_is_found_out(store: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.db"
    with sqlite3.connect(store) as whole, sqlite3.connect(changed) as copy:
        whole.backup(copy)
        (text,) = copy.execute("SELECT files FROM rule_texts").fetchone()
        (name, rules), *_ = json.loads(text).items()
        other = {name: re.sub(r"baseline: \d", "baseline: 2", rules)}
        copy.execute("UPDATE rule_texts SET files = ?", (json.dumps(other),))
    whole.close()
    copy.close()
    ended = run("replay", changed)
    assert ended.returncode == 1
    assert "decisions that differ" in ended.stdout


def test_explain_at_a_time_needs_no_daemon_and_tells_of_an_agent_nothing_happened_to(settings: Path) -> None:
    whole = json.loads(run("replay", "--config", settings, "--format", "json").stdout)
    at = whole["groups"][0]["slots"][-1]["at"]
    ended = run("explain", "1007", "--at", at, "--config", settings)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert re.match(r"agent 1007 of webchat (stays at|goes from) ", ended.stdout)
    assert re.search(r"rules that (do not )?hold", ended.stdout)
    (story,) = json.loads(run("explain", "1007", "--at", at, "--config", settings, "--format", "json").stdout)["groups"]
    assert story["at"] == at
    assert len(story["stages"]) == 7
    ended = run("explain", "4711", "--at", at, "--config", settings)
    assert ended.returncode == 1
    assert "no decision about agent 4711" in ended.stderr


def test_the_journal_names_each_reload_who_asked_and_what_it_brought(settings: Path, store: Path) -> None:
    line = {
        "schema": "autoscaler.reload/1", "id": "x", "at": "2026-11-22T08:00:00+00:00", "by": "ana", "taken": True,
        "before": "sha256:1", "after": "sha256:2", "added": ["night"], "removed": [], "changed": ["webchat"],
        "problem": "", "shadow": {"taken": False, "before": "", "after": "", "problem": "1 error in /shadow"},
    }  # fmt: skip
    refused = {**line, "taken": False, "problem": "2 errors in /rules", "shadow": None}
    with sqlite3.connect(store) as connection:
        for number, one in enumerate((line, refused), 1_000_000):
            values = (number, 2_000_000_000_000_000, json.dumps(one).encode())
            connection.execute(
                "INSERT INTO journal (seq, schema, at, \"group\", line) VALUES (?, 'autoscaler.reload/1', ?, '', ?)",
                values,
            )
    connection.close()
    shown = " ".join(run("journal", "--last", "2", "--config", settings).stdout.split())
    assert (
        "rules reloaded by ana, now sha256:2; added night; changed webchat; shadow rules: 1 error in /shadow" in shown
    )
    assert "rules NOT reloaded by ana: 2 errors in /rules" in shown
