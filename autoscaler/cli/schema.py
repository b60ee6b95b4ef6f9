"""`autoscaler schema`: the rule files' JSON Schema."""

from __future__ import annotations

import argparse
import json
import sys

from autoscaler.cli.exits import Exit
from autoscaler.rulebook.schema import schema

__all__ = ["HELP", "add_arguments", "run"]

HELP = {
    "schema": (
        "Print the rule files' JSON Schema (draft 2020-12), for editors that complete and check while typing.",
        (
            "example:\n  autoscaler schema > rules.schema.json\n"
            "  # then, as the first line of a rule file:\n  # yaml-language-server: $schema=rules.schema.json"
        ),
    )
}


def add_arguments(_parser: argparse.ArgumentParser, _verb: str) -> None:
    """The verb takes nothing."""


def run(_options: argparse.Namespace, _verb: str) -> int:
    """Print it."""
    json.dump(schema(), sys.stdout, indent=2)
    print()
    return Exit.OK
