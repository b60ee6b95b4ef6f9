"""`autoscaler check`: load and lint rule files."""

from __future__ import annotations

import argparse
import json
import sys

from autoscaler.cli.exits import Exit
from autoscaler.cli.findings import show_findings
from autoscaler.rulebook.diagnostics import as_json, has_errors
from autoscaler.rulebook.loading import load_folder
from autoscaler.rulebook.rendering import summary

__all__ = ["HELP", "add_arguments", "run"]

HELP = {
    "check": (
        "Load and lint rule files; every finding shows file:line:column, the line, a caret and what to try.",
        (
            "exit codes: 0 good, 1 errors, 3 warnings only\n\nexamples:\n  autoscaler check\n"
            "  autoscaler check rules/webchat.yaml\n  autoscaler check /etc/autoscaler/rules --format json"
        ),
    )
}


def add_arguments(parser: argparse.ArgumentParser, _verb: str) -> None:
    """What the verb takes."""
    parser.add_argument("paths", nargs="*", default=["rules"], metavar="PATH", help="files or folders (rules)")
    parser.add_argument("--format", choices=("table", "json"), default="table")


def run(options: argparse.Namespace, _verb: str) -> int:
    """Check, print, and say how it went."""
    loaded = load_folder(*options.paths)
    if options.format == "json":
        json.dump(as_json(loaded.diagnostics), sys.stdout, indent=1)
        print()
    else:
        show_findings(loaded.diagnostics)
        print(summary(loaded.diagnostics, len(loaded.files)), file=sys.stderr)
    if has_errors(loaded.diagnostics):
        return Exit.FINDINGS
    return Exit.WARNINGS if loaded.diagnostics else Exit.OK
