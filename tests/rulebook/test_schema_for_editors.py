"""The JSON Schema says the same as the tables that read the files."""

import re
from collections.abc import Iterator
from typing import Any

from autoscaler.rulebook import schema


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
