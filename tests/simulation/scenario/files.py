"""Scenario files for tests: a good one to change, and what is said about a bad one."""

from pathlib import Path

from autoscaler.errors import ScenarioInvalid
from autoscaler.rulebook.rendering import as_text
from autoscaler.simulation.scenario.model import Scenario
from autoscaler.simulation.scenario.reading import parse_scenario

SECTIONS = {
    "duration": "10h",
    "arrivals": "{rate: 0.1}",
    "agents": "[{count: 20, limit: 3}]",
    "service": "{solo_chat: 400s, slowdown: linear}",
}


def text(**changes: str | None) -> str:
    """A good file with some keys changed, added, or (None) left out."""
    return "".join(f"{key}: {value}\n" for key, value in {**SECTIONS, **changes}.items() if value is not None)


def scenario(folder: Path = Path(), **changes: str | None) -> Scenario:
    """The scenario of that file."""
    return parse_scenario(text(**changes), "a.yaml", folder)


def findings(written: str, folder: Path = Path(), name: str = "a.yaml") -> str:
    """Everything said about a file, "" for nothing."""
    try:
        parse_scenario(written, name, folder)
    except ScenarioInvalid as error:
        return as_text(error.diagnostics)
    return ""
