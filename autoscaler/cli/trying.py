"""`autoscaler test`: run rule tests."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from autoscaler.cli.exits import Exit
from autoscaler.cli.findings import show_findings
from autoscaler.clock import SystemClock
from autoscaler.errors import UsageError
from autoscaler.rulebook.diagnostics import as_json, has_errors
from autoscaler.rulebook.trials import (
    as_lines,
    coverage_lines,
    load_trials,
    report_to_json,
    run_all,
    to_junit,
)

__all__ = ["HELP", "add_arguments", "run"]

HELP = {
    "test": (
        (
            "Run rule tests: *.test.yaml beside the rule files. Every test plays readings through the same decision "
            "as the daemon and compares what comes of it."
        ),
        (
            "exit codes: 0 all passed, 1 failures or bad files\n\nexamples:\n  autoscaler test\n"
            "  autoscaler test rules/webchat.test.yaml --coverage\n  autoscaler test rules --junit rule-tests.xml"
        ),
    )
}


def add_arguments(parser: argparse.ArgumentParser, _verb: str) -> None:
    """What the verb takes."""
    parser.add_argument(
        "paths", nargs="*", default=["rules"], metavar="PATH", help="test files, rule files or folders (rules)"
    )
    parser.add_argument("--coverage", action="store_true", help="which rules and parts of conditions were exercised")
    parser.add_argument("--junit", metavar="FILE", help="write the results as JUnit XML as well")
    parser.add_argument("--format", choices=("table", "json"), default="table")


def run(options: argparse.Namespace, _verb: str) -> int:
    """Load, run, print, and say how it went."""
    loaded = load_trials(*options.paths)
    show_findings(loaded.diagnostics)
    report = run_all(loaded.files, with_coverage=options.coverage, monotonic=SystemClock().monotonic)
    if options.format == "json":
        json.dump({**report_to_json(report), "diagnostics": as_json(loaded.diagnostics)}, sys.stdout, indent=1)
        print()
    else:
        for one in report.ran:
            print("\n".join(as_lines(one)))
        for coverage in report.coverage:
            print("\n".join(["", *coverage_lines(coverage)]))
        passed, failed = len(report.ran) - report.failed, report.failed
        unread = loaded.found - len(loaded.files)
        bad = f", {unread} of {loaded.found} files could not be run" if unread else ""
        print(f"\n{passed} passed, {failed} failed{bad}", file=sys.stderr)
    if options.junit is not None:
        _write(Path(options.junit), to_junit(report, loaded.diagnostics))
    return Exit.FINDINGS if report.failed or has_errors(loaded.diagnostics) else Exit.OK


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise UsageError(
            f"can't be written: {error.strerror}", place=str(path), help="Give a file in a folder that exists."
        ) from error
