"""`autoscaler explain`: why an agent's limit is what it is, in words."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from autoscaler.cli.arguments import agent_id
from autoscaler.cli.control import add_control, asking
from autoscaler.cli.exits import Exit
from autoscaler.cli.moments import instant, moment, shown, until_words
from autoscaler.cli.stories import is_quiet, settled_by, telling

__all__ = ["HELP", "add_arguments", "run"]

HELP = {
    "explain": (
        (
            "Tell why an agent's limit is what it is: what the rules asked, what held it, who ordered it, and which rules "
            "did not hold. With --at, at the last decision about the agent before that time."
        ),
        (
            "exit codes: 0 told, 1 there is nothing to tell about this agent, 4 the daemon does not run\n\n"
            "examples:\n  autoscaler explain 1007\n  autoscaler explain 1007 --at 2026-11-22T09:30:00Z\n"
            "  autoscaler explain 1007 --at 2h\n  autoscaler explain 1007 --format json    # every stage"
        ),
    )
}


def add_arguments(parser: argparse.ArgumentParser, _verb: str) -> None:
    """What the verb takes."""
    add_control(parser)
    parser.add_argument("agent", type=agent_id, metavar="AGENT", help="agent id")
    parser.add_argument("--at", type=moment, metavar="T", help="a time as 2026-11-22T08:00:00Z, or how long ago as 2h")
    parser.add_argument("--format", choices=("table", "json"), default="table")


def run(options: argparse.Namespace, _verb: str) -> int:
    """Ask and tell."""
    with asking(options) as daemon:
        status = daemon.status()
        at = None if options.at is None else instant(options.at, instant_now(status))
        story = daemon.explain(options.agent, at)
    if options.format == "json":
        json.dump(story, sys.stdout, indent=1)
        print()
        return Exit.OK
    for group in story["groups"]:
        print("\n".join(_told(options.agent, group)))
    if at is None:
        print("\n".join(_orders(options.agent, story["groups"], status)), end="")
    return Exit.OK
