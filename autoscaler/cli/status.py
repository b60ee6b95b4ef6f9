"""`autoscaler status`: how the running daemon stands."""

from __future__ import annotations

import argparse
import json
import sys

from autoscaler.cli.control import add_control, asking
from autoscaler.cli.exits import Exit
from autoscaler.cli.status_lines import status_lines

__all__ = ["HELP", "add_arguments", "run"]

HELP = {
    "status": (
        "Show how the running daemon stands: groups, slots, what is held and why, people's orders, gateway and store.",
        (
            "exit codes: 0 it answers, 4 it does not run\n\n"
            "examples:\n  autoscaler status\n  autoscaler status --format json"
        ),
    )
}


def add_arguments(parser: argparse.ArgumentParser, _verb: str) -> None:
    """What the verb takes."""
    add_control(parser)
    parser.add_argument("--format", choices=("table", "json"), default="table")


def run(options: argparse.Namespace, _verb: str) -> int:
    """Ask and print."""
    with asking(options) as daemon:
        status = daemon.status()
    if options.format == "json":
        json.dump(status, sys.stdout, indent=1)
        print()
    else:
        print("\n".join(status_lines(status)))
    return Exit.OK
