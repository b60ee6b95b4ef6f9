"""`autoscaler explain`: why an agent's limit is what it is, in words."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime
from typing import Any

from autoscaler.cli.arguments import agent_id
from autoscaler.cli.configured import config_path
from autoscaler.cli.control import add_control, asking
from autoscaler.cli.exits import Exit
from autoscaler.cli.journal_reading import now_by
from autoscaler.cli.lines import beliefs, print_notes, wrapped
from autoscaler.cli.moments import in_force, instant, moment, shown, until_words
from autoscaler.cli.stories import is_quiet, settled_by, telling
from autoscaler.daemon.hindsight import told_then
from autoscaler.daemon.settings import load_settings
from autoscaler.errors import ControlRefused
from autoscaler.store.sqlite_reader import SqliteReader

__all__ = ["HELP", "add_arguments", "run"]

HELP = {
    "explain": (
        (
            "Tell why an agent's limit is what it is: what the rules asked, what held it, who ordered it, and "
            "which rules did not hold. With --at, at the last tick before that time, from the store, while the daemon "
            "runs or not."
        ),
        (
            "exit codes: 0 told, 1 there is nothing to tell about this agent, 4 the daemon does not run (but with "
            "--at)\n\n"
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
    status = None
    if options.at is not None and options.socket is None:
        story = _then(options)
    else:
        with asking(options) as daemon:
            status = daemon.status()
            at = None if options.at is None else instant(options.at, datetime.fromisoformat(status["now"]))
            story = daemon.explain(options.agent, at)
        print_notes(story.pop("notes", []))
    if options.format == "json":
        json.dump(story, sys.stdout, indent=1)
        print()
        return Exit.OK
    groups = story["groups"]
    lines = [line for group in groups for line in _told(options.agent, group)]
    if status is not None and options.at is None:
        lines += _ordered(options.agent, {group["group"] for group in groups}, status)
    print("\n".join(lines))
    return Exit.OK


def _then(options: argparse.Namespace) -> dict[str, Any]:
    """The story of a time gone by, which needs no daemon.

    Raises:
        ControlRefused: Nothing of the agent is kept from before.
    """
    with SqliteReader(load_settings(config_path(options)).store) as reader:
        at = instant(options.at, now_by(reader))
        groups, notes = told_then(reader, options.agent, at)
    print_notes(notes)
    if not groups:
        raise ControlRefused(
            f"no decision about agent {options.agent} is kept from before {at.isoformat()}, and no tick that had it",
            help="'autoscaler journal --agent' shows what is kept.",
        )
    return {"agent": options.agent, "groups": groups}


def _told(agent: int, group: dict[str, Any]) -> list[str]:
    """One group's part of the story, as lines."""
    stages = group["stages"]
    lines = [f"agent {agent} of {group['group']} {_outcome(group)}  ({shown(group['at'])} UTC)"]
    if not is_quiet(stages):
        for stage in telling(stages):
            lines += wrapped(f"  {stage['stage']:<12} {stage['limit']:>2}  {stage['why']}", " " * 19)
    lines += [f"  {words}" for words in beliefs(group)]
    lines += [f"  the group: {sentence}" for sentence in group["held"]]
    for verdict, words in _VERDICTS.items():
        names = ", ".join(name for name, one in group["rules"].items() if one == verdict)
        if names:
            lines.append(f"  {words}: {names}")
    if group.get("unknown_inputs"):
        lines.append(f"  not known: {', '.join(group['unknown_inputs'])}")
    return [part for line in lines for part in wrapped(line, "      ")]


_VERDICTS = {
    "true": "rules that hold",
    "waiting": "rules that have not held long enough yet",
    "false": "rules that do not hold",
    "unknown": "rules nobody can judge",
}


def _outcome(group: dict[str, Any]) -> str:
    stages, rule = group["stages"], group.get("rule")
    first, last = stages[0]["limit"], stages[-1]["limit"]
    if is_quiet(stages):
        return f"stays at {last}: no rule asks for a change of this agent"
    if first == last:
        return f"stays at {last}: {settled_by(stages, rule)}"
    return f"goes from {first} to {last}: {settled_by(stages, rule)}"


def _ordered(agent: int, groups: set[str], status: dict[str, Any]) -> list[str]:
    """What people have ordered that touches this agent now."""
    lines = [
        f"pinned to {pin['limit']} by {pin['by']} {until_words(pin['until'])}: {pin['reason']}"
        for pin in in_force(status["pins"], status["now"])
        if pin["agent"] == agent
    ]
    lines += [
        f"{pause['group'] or 'everything'} is paused by {pause['by']} {until_words(pause['until'])}: {pause['reason']}"
        for pause in in_force(status["pauses"], status["now"])
        if pause["group"] is None or pause["group"] in groups
    ]
    if status["frozen"]:
        lines.append("everything is frozen: nothing is called until 'autoscaler resume'")
    return lines
