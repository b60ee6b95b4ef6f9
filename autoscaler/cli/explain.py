"""`autoscaler explain`: why an agent's limit is what it is, stage by stage."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from autoscaler.cli.control import add_control, asking
from autoscaler.cli.exits import Exit
from autoscaler.cli.journal import since_time

__all__ = ["HELP", "add_arguments", "run"]

HELP = {
    "explain": (
        (
            "Tell an agent's story at the last tick, stage by stage; with --at, at the last decision about the agent "
            "before that time."
        ),
        (
            "examples:\n  autoscaler explain 1007\n  autoscaler explain 1007 --at 2026-11-22T09:30:00Z\n"
            "  autoscaler explain 1007 --at 2h"
        ),
    )
}


def add_arguments(parser: argparse.ArgumentParser, _verb: str) -> None:
    """What the verb takes."""
    add_control(parser)
    parser.add_argument("agent", type=int, metavar="AGENT", help="agent id")
    parser.add_argument("--at", metavar="T", help="a time as 2026-11-22T08:00:00Z, or how long ago as 2h")
    parser.add_argument("--format", choices=("table", "json"), default="table")


def run(options: argparse.Namespace, _verb: str) -> int:
    """Ask and tell."""
    at = since_time(options.at) if options.at else None
    with asking(options) as daemon:
        story = daemon.explain(options.agent, at)
    if options.format == "json":
        json.dump(story, sys.stdout, indent=1)
        print()
    else:
        print("\n".join(line for group in story["groups"] for line in told(options.agent, group)))
    return Exit.OK


def told(agent: int, group: dict[str, Any]) -> list[str]:
    """One group's part of the story, as lines."""
    stages = group["stages"]
    first, last = stages[0]["limit"], stages[-1]["limit"]
    what = f"stays at {last}" if first == last else f"goes from {first} to {last}"
    rule = f" by rule '{group['rule']}'" if group.get("rule") else ""
    lines = [f"agent {agent} of {group['group']} {what}{rule}  ({group['at'][:19].replace('T', ' ')} UTC)"]
    before = None
    for stage in stages:
        mark = "  " if before in (None, stage["limit"]) else "->"
        lines.append(f"  {stage['stage']:<12} {mark} {stage['limit']:>2}  {stage['why']}")
        before = stage["limit"]
    lines += [f"  the group: {sentence}" for sentence in group["held"]]
    quiet = [name for name, verdict in group["rules"].items() if verdict == "false"]
    if quiet:
        lines.append(f"  rules that do not hold: {', '.join(quiet)}")
    waiting = [name for name, verdict in group["rules"].items() if verdict == "waiting"]
    if waiting:
        lines.append(f"  rules that have not held long enough: {', '.join(waiting)}")
    unknown = [name for name, verdict in group["rules"].items() if verdict == "unknown"]
    if unknown:
        inputs = ", ".join(group.get("unknown_inputs", [])) or "a reading of the agent"
        lines.append(f"  rules nobody can judge: {', '.join(unknown)} (not known: {inputs})")
    return lines
