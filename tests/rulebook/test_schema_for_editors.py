"""The JSON Schema says the same as the tables that read the files."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from autoscaler.rulebook import schema

ROOT = Path(__file__).parents[2]
EXAMPLES = [path for path in sorted((ROOT / "rules").glob("*.yaml")) if not path.name.endswith(".test.yaml")]


class PlainLoader(yaml.SafeLoader):
    """Reads as editors do, which follow YAML 1.2: no dates, no numbers to base sixty, and `no` is a word."""


PlainLoader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:int"}
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
PlainLoader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"), list("-+0123456789"))
PlainLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


def objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if "properties" in node:
            yield node
        for value in node.values():
            yield from objects(value)
    elif isinstance(node, list):
        for value in node:
            yield from objects(value)


def test_it_is_a_draft_2020_12_schema_of_a_whole_file() -> None:
    found: dict[str, Any] = schema()

    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert {
        "version",
        "group",
        "queues",
        "agents",
        "inputs",
        "rules",
        "stability",
        "safety",
        "goal",
        "calendar",
    } <= set(found["properties"])
    rule = found["properties"]["rules"]["items"]
    assert {"when", "for", "raise", "lower", "set", "cap", "floor", "hold", "track", "steps", "at"} <= set(
        rule["properties"]
    )
    assert rule["required"] == ["name"]


def test_no_section_takes_unknown_keys_and_every_key_is_described() -> None:
    for section in objects(schema()):
        assert section["additionalProperties"] is False
        assert all(value["description"] for value in section["properties"].values())


def test_every_pattern_is_a_regular_expression_that_takes_the_examples() -> None:
    rule = schema()["properties"]["rules"]["items"]["properties"]  # type: ignore[index]

    assert re.search(rule["for"]["pattern"], "1h30m")
    assert not re.search(rule["for"]["pattern"], "30")
    assert not re.search(rule["for"]["pattern"], "")
    assert re.search(rule["raise"]["pattern"], "15%")
    assert re.search(rule["raise"]["pattern"], "4 slots")
    assert not re.search(rule["raise"]["pattern"], "4")
    assert not re.search(rule["set"]["pattern"], "15%")


def test_a_public_validator_accepts_the_schema() -> None:
    Draft202012Validator.check_schema(schema())


def test_it_refers_to_nothing_outside_itself() -> None:
    text = repr(schema())

    assert "'$id'" not in text
    assert "'$ref'" not in text


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_example_rules_are_valid_to_an_editor(path: Path) -> None:
    errors = Draft202012Validator(schema()).iter_errors(yaml.load(path.read_text("utf-8"), PlainLoader))

    assert [error.message for error in errors] == []


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("queues: [2001]\nquues: [2001]\n", []),
        ("queues: 2001\n", ["queues"]),
        ("queues: [2001]\nevery: 15\n", ["every"]),
        ("queues: [2001]\nmode: dry\n", ["mode"]),
        ("rules: [{when: queue.waiting > 2, cap: 1}]\n", ["rules", 0]),
        ("rules: [{name: x, raise: 4}]\n", ["rules", 0, "raise"]),
        ("rules: [{name: x, cap: 61}]\n", ["rules", 0, "cap"]),
        ("agents: {limit: {ceiling: 0}}\n", ["agents", "limit", "ceiling"]),
        ("stability: {raise: {at_most: 10 per 1m}}\n", ["stability", "raise", "at_most"]),
    ],
)
def test_what_the_schema_can_see_it_marks_at_its_place(text: str, at: list[str | int]) -> None:
    errors = list(Draft202012Validator(schema()).iter_errors(yaml.load(text, PlainLoader)))

    assert [list(error.absolute_path) for error in errors] == [at]


def test_hovering_over_any_key_says_what_it_means() -> None:
    for section in objects(schema()):
        assert section["title"]
        for key, value in section["properties"].items():
            assert len(value["description"]) > 3, key
