"""The page on scenarios: its examples are read, it names every key with its default, and every shipped scenario."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from autoscaler.core.book import GoalCost
from autoscaler.rulebook.layout import Costs
from autoscaler.simulation.scenario.curves import CurveKind
from autoscaler.simulation.scenario.layout import SCENARIO, Agents, ArrivalKeys, Keys
from autoscaler.simulation.scenario.model import Routing
from autoscaler.simulation.scenario.reading import parse_scenario
from autoscaler.simulation.scenario.shipped import shipped

from .files import SECTIONS, findings, text

PAGE = (Path(__file__).parents[3] / "docs/rules/scenarios.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def completed(example: str) -> str:
    """The example with what it leaves out of a scenario."""
    given = yaml.safe_load(example)
    return example + text(**{key: None for key in SECTIONS if key in given})


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.splitlines()[0])
def test_an_example_is_read_without_findings(example: str) -> None:
    assert findings(completed(example)) == ""


def test_there_are_examples_and_the_first_is_a_whole_scenario() -> None:
    assert len(EXAMPLES) >= 8
    assert {key.name for key in SCENARIO.keys} == set(yaml.safe_load(EXAMPLES[0]))
    assert parse_scenario(EXAMPLES[0], "a.yaml", Path()).cost == GoalCost()


def test_the_mistake_it_shows_is_told_off_as_it_says() -> None:
    (shown,) = re.findall(r"^```text\n(error.*?)\n```", PAGE, re.DOTALL | re.MULTILINE)
    wrong = "name: a\nduration: 10h\narrivals: {rate: 0.1}\nevery: 15s\nagnets: [{count: 20, limit: 3}]\n"
    assert shown in findings(wrong, name="morning.yaml")


def rows(heading: str) -> set[str]:
    """First cells of the tables of a section."""
    section = re.split(r"^##+ ", PAGE, flags=re.MULTILINE)
    (found,) = [part for part in section if part.startswith(f"{heading}\n")]
    cells = re.findall(r"^\| (`.*?) \|", found, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`(.*?)`", cell)}


def names(keys: Any) -> set[str]:
    """Of a class of keys."""
    return {key.name for key in vars(keys).values() if hasattr(key, "about")}


def test_every_key_and_kind_has_its_row() -> None:
    assert rows("Keys") == names(Keys)
    assert rows("Arrivals") | rows("Traces") == names(ArrivalKeys)
    assert rows("Agents") == names(Agents)
    assert rows("Service") - {"kind"} == {kind.value for kind in CurveKind}
    assert all(f"`{routing.value}`" in PAGE for routing in Routing)
    assert all(key in EXAMPLES[0] for key in names(Costs))


def test_every_shipped_scenario_and_no_other_is_named() -> None:
    assert rows("Shipped scenarios") == set(shipped())
