"""`autoscaler check` and `schema`, as scripts and editors use them."""

import json
from pathlib import Path
from typing import Any

import pytest

from .command import run

GOOD = "queues: [2001]\nrules:\n  - {name: surge, when: queue.waiting > 20, raise: 15%}\n"
WARNED = "queues: [2001]\n"
BAD = f"quues: 3\nagents: {{limit: {{floor: 9, ceiling: 3}}}}\n{GOOD}"


def test_good_rules_end_in_0_and_say_so_on_stderr(tmp_path: Path) -> None:
    (tmp_path / "webchat.yaml").write_text(GOOD)
    ended = run("check", tmp_path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "no findings in 1 file\n")


def test_the_folder_is_rules_when_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "webchat.yaml").write_text(GOOD)
    assert run("check", cwd=tmp_path).returncode == 0


def test_errors_end_in_1_and_show_place_line_caret_and_help(tmp_path: Path) -> None:
    (tmp_path / "webchat.yaml").write_text(BAD)
    ended = run("check", "webchat.yaml", cwd=tmp_path)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert " --> webchat.yaml:1:1\n" in ended.stderr
    assert "1 | quues: 3\n" in ended.stderr
    assert "| ^^^^^\n" in ended.stderr
    assert '= help: did you mean "queues"?' in ended.stderr
    assert " --> webchat.yaml:2:" in ended.stderr, "all errors at once"
    assert ended.stderr.endswith("2 errors in 1 file\n")


def test_warnings_alone_end_in_3(tmp_path: Path) -> None:
    (tmp_path / "webchat.yaml").write_text(WARNED)
    ended = run("check", tmp_path)
    assert ended.returncode == 3, ended.stderr
    assert "warning[" in ended.stderr


@pytest.mark.parametrize(
    ("text", "code", "severities"), [(GOOD, 0, set()), (BAD, 1, {"error"}), (WARNED, 3, {"warning"})]
)
def test_as_json_findings_are_data_on_stdout(text: str, code: int, severities: set[str], tmp_path: Path) -> None:
    file = tmp_path / "webchat.yaml"
    file.write_text(text)
    ended = run("check", file, "--format", "json")
    findings = json.loads(ended.stdout)
    assert (ended.returncode, ended.stderr) == (code, "")
    assert {finding["severity"] for finding in findings} == severities
    for finding in findings:
        assert set(finding) == {"code", "severity", "path", "line", "column", "message", "help"}
        assert finding["path"] == str(file)
        assert finding["line"] >= 1
        assert finding["column"] >= 1
        assert finding["help"]


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_a_folder_without_rules_is_an_error(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ended = run("check", tmp_path / name)
    assert ended.returncode == 1
    assert str(tmp_path / name) in ended.stderr
    assert "help:" in ended.stderr


def test_bytes_that_are_no_text_are_a_finding(tmp_path: Path) -> None:
    (tmp_path / "webchat.yaml").write_bytes(b"\xff\xfe\x00queues")
    ended = run("check", tmp_path)
    assert ended.returncode == 1
    assert "webchat.yaml:1:1" in ended.stderr


def test_the_schema_is_of_draft_2020_12_and_closed_in_itself() -> None:
    ended = run("schema")
    schema = json.loads(ended.stdout)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    types = {"array", "boolean", "integer", "null", "number", "object", "string"}

    def walk(part: Any) -> None:
        assert isinstance(part, bool | dict), part
        if isinstance(part, bool):
            return
        kinds = part.get("type", [])
        assert set([kinds] if isinstance(kinds, str) else kinds) <= types
        if "$ref" in part:
            place = schema
            for step in part["$ref"].removeprefix("#/").split("/"):
                place = place[step]
        assert set(part.get("required", [])) <= set(part.get("properties", part.get("required", [])))
        for word in ("properties", "$defs", "patternProperties"):
            for one in part.get(word, {}).values():
                walk(one)
        for word in ("anyOf", "oneOf", "allOf", "prefixItems"):
            for one in part.get(word, []):
                walk(one)
        for word in ("items", "additionalProperties", "not", "if", "then", "else", "propertyNames"):
            if word in part:
                walk(part[word])

    walk(schema)
    assert {"queues", "rules", "agents"} <= set(schema["properties"])
