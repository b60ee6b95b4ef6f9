"""`autoscaler status`: how the running daemon stands."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from autoscaler.cli.control import add_control, asking
from autoscaler.cli.exits import Exit

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
        print("\n".join(_lines(status)))
    return Exit.OK


def _lines(status: dict[str, Any]) -> list[str]:
    lines = [f"{status['state']}: {status['sentence']}", f"rules {status['rulebook'][:19]}", ""]
    form = "{:<14} {:>7} {:>6} {:>6} {:>9} {:>7}  {}"
    lines.append(form.format("group", "agents", "slots", "load", "occupancy", "waiting", "rules that hold"))
    for group in status["groups"]:
        lines += _group(group, form)
    lines += ["", *_orders(status)]
    gateway = status["gateway"]
    outcomes = ", ".join(f"{count} {name}" for name, count in gateway["outcomes"].items() if count) or "no calls yet"
    sessions = ", ".join(f"{count} {name}" for name, count in gateway["sessions"].items())
    lines.append(f"gateway {gateway['place']}: breaker {gateway['breaker']}, {outcomes}; sessions: {sessions}")
    if gateway["last_error"]:
        lines.append(f"  last error: {gateway['last_error']}")
    lines += [f"  agent {one['agent']}: {one['error']}" for one in gateway["session_problems"]]
    store = status["store"]
    error = f"; {store['last_error']}" if store["last_error"] else ""
    lines.append(f"store: {store['backlog']} lines waiting, {store['lost']} lost{error}")
    return lines


def _group(group: dict[str, Any], form: str) -> list[str]:
    if group["at"] is None:
        return [f"{group['group']:<14} waits for its first tick"]
    slots = group["slots"]
    moving = (
        f"{slots['observed']}" if slots["observed"] == slots["wanted"] else f"{slots['observed']}>{slots['wanted']}"
    )
    rules = ", ".join(f"{name} {verdict}" for name, verdict in group["rules"].items() if verdict != "false") or "none"
    occupancy = f"{group['occupancy']:.0%}" if group["occupancy"] is not None else "?"
    name = group["group"] if group["mode"] == "enforce" else f"{group['group']} (observe)"
    first = form.format(
        name, group["agents"], moving, _known(group["load"]), occupancy, _known(group["waiting"]), rules
    )
    lines = [first]
    lines += [f"  held: {sentence}" for sentence in group["held"]]
    lines += [f"  held: {count} agents, {reason.replace('_', ' ')}" for reason, count in group["holds"].items()]
    lines += [f"  not known: {name}" for name in group["unknown_inputs"]]
    lines += [f"  problem: {problem}" for problem in group["problems"]]
    skipped, failed = group["ticks"]["skipped"], group["ticks"]["failed"]
    if skipped or failed:
        lines.append(f"  ticks: {skipped} skipped, {failed} failed of {sum(group['ticks'].values())}")
    return lines


def _orders(status: dict[str, Any]) -> list[str]:
    lines = ["FROZEN: nothing is called"] if status["frozen"] else []
    for pause in status["pauses"]:
        until = f" until {pause['until'][:16]}" if pause["until"] else ""
        lines.append(f"paused: {pause['group'] or 'everything'}{until} by {pause['by']}: {pause['reason']}")
    for pin in status["pins"]:
        until = f" until {pin['until'][:16]}" if pin["until"] else ""
        lines.append(f"pinned: agent {pin['agent']} to {pin['limit']}{until} by {pin['by']}: {pin['reason']}")
    return [*lines, ""] if lines else []


def _known(value: float | None) -> str:
    return "?" if value is None else f"{value:g}"
