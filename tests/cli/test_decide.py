"""`autoscaler decide`: the pure decision as a filter, from JSON to JSON."""

import json
from pathlib import Path
from typing import Any

import pytest

from autoscaler.cli.main import main

from .command import run

RULES = """\
group: webchat
queues: [2001]
agents: {limit: {floor: 1, baseline: 3, ceiling: 6}}
rules:
  - {name: surge, when: queue.waiting > 20, for: 30s, raise: 1 each}
  - {name: calm, when: queue.waiting == 0 and group.mean_limit > 3.2, for: 30s, lower: 1 each}
stability:
  raise: {cooldown: 60s}
"""
STATED = """\
{"at": "2026-11-22T10:00:00Z",
 "queues": [{"id": 2001, "waiting": 31, "oldest_wait_s": 44.0, "arrivals_per_minute": 12.5,
             "abandoned_per_minute": 0.4, "age_s": 2.0}],
 "agents": [{"id": 1001, "load": 3, "limit": 3, "state": "talking", "state_for_s": 60, "signed_in_for_s": 3600,
             "age_s": 2.0, "queues": [2001]}],
 "inputs": {"reply_seconds": {"value": 20.0, "age_s": 5.0}},
 "memory": null}
"""
"""As interfaces.md has it."""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "webchat.yaml"
    path.write_text(RULES)
    return path


def moment(index: int, waiting: int | None) -> dict[str, Any]:
    """An input `index` ticks of 15 s into the morning."""
    return {
        "at": f"2026-11-22T10:{index // 4:02}:{index % 4 * 15:02}Z",
        "queues": [{"id": 2001, "waiting": waiting}],
        "agents": [{"id": agent, "load": 3, "limit": 3, "state": "idle"} for agent in (1001, 1002, 1003)],
    }


MORNING = [moment(index, waiting) for index, waiting in enumerate([30, 30, 30, None, 30, 30, 30, 0, 0, 0, 0, 0])]


def outputs(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_the_stated_input_gives_the_stated_output(rules: Path) -> None:
    ended = run("decide", "--rules", rules, "--input", "-", stdin=STATED.encode())
    assert (ended.returncode, ended.stderr) == (0, "")
    (output,) = outputs(ended.stdout)
    assert {"at", "rulebook", "groups", "agents", "calls", "memory"} == set(output)
    assert output["at"] == "2026-11-22T10:00:00Z"
    assert output["rulebook"].startswith("sha256:")
    (group,) = output["groups"]
    assert {"group", "slots", "rules", "held"} <= set(group)
    assert {"observed", "proposed", "wanted"} <= set(group["slots"])
    assert group["rules"][0] == {"name": "surge", "verdict": "waiting", "why": "true for 0 s of 30 s"}
    (agent,) = output["agents"]
    assert set(agent) == {"id", "group", "from", "to", "rule", "stages"}
    assert [stage["stage"] for stage in agent["stages"]] == [
        "observed", "proposed", "arbitrated", "stabilised", "distributed", "guarded", "wanted",
    ]  # fmt: skip
    assert all(set(stage) == {"stage", "limit", "why"} and stage["why"] for stage in agent["stages"])
    assert output["calls"] == []


def test_a_call_is_given_with_its_media_type(rules: Path) -> None:
    ended = run("decide", "--rules", rules, "--input", "-", stdin=json.dumps(MORNING[:3]).encode())
    last = outputs(ended.stdout)[-1]
    assert last["calls"] == [{"agent": agent, "media_type": 51, "callnums": 4} for agent in (1001, 1002, 1003)]
    assert {(row["from"], row["to"], row["rule"]) for row in last["agents"]} == {(3, 4, "surge")}


def test_a_sequence_decides_the_same_as_array_as_lines_and_by_handing_memory_back(rules: Path, tmp_path: Path) -> None:
    (tmp_path / "day.json").write_text(json.dumps(MORNING, indent=1))
    as_array = run("decide", "--rules", rules, "--input", tmp_path / "day.json")
    as_lines = run("decide", "--rules", rules, "--input", "-", stdin="\n".join(map(json.dumps, MORNING)).encode())
    assert as_array.stdout == as_lines.stdout
    whole = outputs(as_array.stdout)
    assert len(whole) == len(MORNING)
    assert any(row["calls"] for row in whole)

    memory, apart = None, []
    for one in MORNING:
        (tmp_path / "one.json").write_text(json.dumps({**one, "memory": memory}))
        apart += outputs(run("decide", "--rules", rules, "--input", tmp_path / "one.json").stdout)
        memory = apart[-1]["memory"]
    assert apart == whole


def test_the_same_input_gives_the_same_bytes(rules: Path) -> None:
    once, again = (run("decide", "--rules", rules, "--input", "-", stdin=STATED.encode()) for _ in range(2))
    assert once.stdout == again.stdout


def test_an_empty_array_is_no_decision(rules: Path) -> None:
    ended = run("decide", "--rules", rules, "--input", "-", stdin=b"[]")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def input_with(more: str) -> bytes:
    """An input that would be good without `more`."""
    return f'{{"at": "2026-11-22T10:00:00Z", {more}}}'.encode()


AT = b'{"at": "2026-11-22T10:00:00Z"}'
DEEP = b"[" * 5000
MALFORMED: list[tuple[bytes, str]] = [
    (b"", ": is empty"),
    (b" \n", ": is empty"),
    (b"{", ":1:2: is not JSON"),
    (b'{\n "at": nope}', ":2:8: is not JSON"),
    (b"\xff\xfe", ":1:1: is not JSON"),
    (DEEP, " is not JSON"),
    (b"3", ": input: is the number 3, not an object"),
    (b"null", ": input: is null"),
    (b"{}", ": at: is missing"),
    (b'{"at": 3}', ": at: 3 is not a time"),
    (b'{"at": "2026-11-22T10:00:00"}', ": at: '2026-11-22T10:00:00' has no time zone"),
    (input_with('"agnets": []'), ": input.agnets: is not a known key"),
    (input_with('"agents": {}'), ": agents: is an object, not a list"),
    (input_with('"agents": [3]'), ": agents[0]: is the number 3"),
    (input_with('"agents": [{}]'), ": agents[0].id: is null"),
    (input_with('"agents": [{"id": 100}]'), ": agents[0].id: 100 is outside 101..999999"),
    (input_with('"agents": [{"id": 1000000}]'), ": agents[0].id: 1000000 is outside"),
    (input_with('"agents": [{"id": 1002}, {"id": 1001, "limit": 61}]'), ": agents[1].limit: 61 is outside 1..60"),
    (input_with('"agents": [{"id": 1001, "limit": 0}]'), ": agents[0].limit: 0 is outside"),
    (input_with('"agents": [{"id": 1001, "load": "3"}]'), ": agents[0].load: is text"),
    (input_with('"agents": [{"id": 1001, "load": {"chat": 1}}]'), ": agents[0].load: 'chat' is not a media type"),
    (input_with('"agents": [{"id": 1001}, {"id": 1001}]'), ": agents[1].id: 1001 stands twice"),
    (input_with('"agents": [{"id": 1001, "state": "dancing"}]'), ": agents[0].state: 'dancing'"),
    (input_with('"agents": [{"id": 1001, "queues": 2001}]'), ": agents[0].queues: is the number 2001"),
    (input_with('"queues": [{"id": 2001, "waiting": -1}]'), ": queues[0].waiting: -1 is negative"),
    (input_with('"queues": [{"id": 2001}, {"id": 2001}]'), ": queues[1].id: 2001 stands twice"),
    (input_with('"inputs": {"reply": 3}'), ": inputs.reply: is the number 3"),
    (input_with('"memory": []'), ": memory: is a list"),
    (input_with('"memory": {"version": 99}'), "memory: "),
    (input_with('"overrides": {"frozen": 1}'), ": overrides.frozen: is the number 1"),
    (b"[" + AT + b", 3]", "[1]: input: is the number 3"),
    (AT + b'\n{"at": ', ":2:8: is not JSON"),
    (AT + b"\n\n" + input_with('"x": 1'), ":3: input.x: is not a known key"),
]


@pytest.mark.parametrize(("text", "place"), MALFORMED, ids=[place for _, place in MALFORMED])
def test_malformed_input_is_named_with_its_place_and_what_to_try(
    text: bytes, place: str, rules: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = tmp_path / "input.json"
    file.write_bytes(text)
    assert main(["decide", "--rules", str(rules), "--input", str(file)]) == 2
    shown = capfdbinary.readouterr().err.decode().splitlines()
    assert shown[0].startswith(f"Error: {file}")
    assert place in shown[0]
    assert shown[1].startswith("Try: ")
    assert len(shown) == 2


def test_what_came_before_a_bad_line_is_decided(rules: Path) -> None:
    ended = run("decide", "--rules", rules, "--input", "-", stdin=AT + b"\n" + input_with('"x": 1'))
    assert ended.returncode == 2
    assert len(outputs(ended.stdout)) == 1
    assert ended.stderr.startswith("Error: standard input:2: input.x: ")


@pytest.mark.parametrize("name", ["nowhere.json", "."])
def test_an_input_that_can_t_be_read_is_named(name: str, rules: Path, tmp_path: Path) -> None:
    ended = run("decide", "--rules", rules, "--input", tmp_path / name)
    assert ended.returncode == 2
    assert "can't be read" in ended.stderr


def test_rules_that_are_missing_or_bad_end_in_1_with_their_findings(tmp_path: Path) -> None:
    missing = run("decide", "--rules", tmp_path / "nowhere", "--input", "-", stdin=STATED.encode())
    assert missing.returncode == 1
    assert "error[E101]" in missing.stderr
    (tmp_path / "webchat.yaml").write_text("queues: [2001]\nquues: 3\n")
    bad = run("decide", "--rules", tmp_path, "--input", "-", stdin=STATED.encode())
    assert bad.returncode == 1
    assert bad.stdout == ""
    assert "webchat.yaml:2:1" in bad.stderr
    assert "Try: " in bad.stderr
