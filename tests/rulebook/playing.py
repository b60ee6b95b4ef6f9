"""Rule tests in a line: rules and one test go into a folder, what came of it comes out."""

from pathlib import Path
from typing import Any

import yaml

from autoscaler.rulebook import as_text
from autoscaler.rulebook.trials import load_trials, run_all
from autoscaler.rulebook.trials.report import Report

SURGE = {"name": "surge", "when": "queue.waiting > 20 and group.occupancy > 85%", "for": "30s", "raise": "15%"}


def rules(*listed: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A rule file of queue 2001."""
    return {"queues": [2001], "timezone": "Europe/Lisbon", "every": "15s", **more, "rules": list(listed)}


def played(folder: Path, book: dict[str, Any], *tests: dict[str, Any], with_coverage: bool = False) -> Report:
    """Run tests; each may leave out name and agents (twenty of limit and load 3)."""
    (folder / "g.yaml").write_text(yaml.safe_dump(book, sort_keys=False))
    usual = {"agents": {"count": 20, "limit": 3, "load": 3}}
    listed = [{"name": f"test {index}"} | usual | test for index, test in enumerate(tests)]
    (folder / "g.test.yaml").write_text(yaml.safe_dump({"rules": "g.yaml", "tests": listed}, sort_keys=False))
    loaded = load_trials(folder)
    assert loaded.files, as_text(loaded.diagnostics)
    return run_all(loaded.files, with_coverage=with_coverage, monotonic=lambda: 0.0)


def failures(folder: Path, book: dict[str, Any], **test: Any) -> list[tuple[str, str]]:
    """Expected and got of every unmet claim of one test."""
    (ran,) = played(folder, book, test).ran
    return [(one.expected, one.got) for one in ran.verdicts.failures]
