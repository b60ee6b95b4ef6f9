"""The language reference: its examples load without findings, and it leaves out no key and no code."""

import re
from pathlib import Path

import pytest

from autoscaler.core.expressions import NAMES, Function, TimeFunction
from autoscaler.rulebook import Code, as_text, load_text
from autoscaler.rulebook.layout import (
    AGENTS,
    CALENDAR,
    COST,
    EACH,
    GOAL,
    GROUP,
    INPUT,
    LIMIT,
    SAFETY,
    SMOOTHING,
    STABILITY,
    TIER,
    WARM_UP,
)
from autoscaler.rulebook.layout_rules import RULE, STEP, TRACK
from autoscaler.rulebook.people import MEDIA_TYPES

PAGE = (Path(__file__).parents[2] / "docs/rules/language.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_loads_without_findings(example: str) -> None:
    assert as_text(load_text({"example.yaml": example}).diagnostics) == ""


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 5


@pytest.mark.parametrize(
    "word",
    [
        *(
            key.name
            for section in (GROUP, AGENTS, LIMIT, TIER, WARM_UP, INPUT, RULE, STEP, TRACK)
            for key in section.keys
        ),
        *(key.name for section in (GOAL, COST, SMOOTHING, STABILITY, EACH, SAFETY, CALENDAR) for key in section.keys),
        *(f"{scope.value}.{name}" for scope, names in NAMES.items() for name in names),
        *(function.value for function in (*Function, *TimeFunction)),
        *MEDIA_TYPES,
    ],
)
def test_every_word_of_the_language_is_on_the_page(word: str) -> None:
    assert re.search(rf"`[^`]*\b{re.escape(word)}\b[^`]*`", PAGE)


@pytest.mark.parametrize("code", Code)
def test_every_code_is_on_the_page_with_its_meaning(code: Code) -> None:
    assert f"| {code.label} | {code.meaning} |" in PAGE
