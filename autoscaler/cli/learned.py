"""`autoscaler learned`: what goals have learned of their people and customers, and how sure they are."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from typing import Any

from autoscaler.cli.configured import config_path
from autoscaler.cli.control import add_control, asking
from autoscaler.cli.exits import Exit
from autoscaler.cli.journal_reading import now_by
from autoscaler.cli.lines import print_notes, wrapped
from autoscaler.cli.moments import instant, moment, shown
from autoscaler.daemon.hindsight import learned_then
from autoscaler.daemon.settings import load_settings
from autoscaler.store.sqlite_reader import SqliteReader

__all__ = ["HELP", "add_arguments", "run"]

HELP = {
    "learned": (
        (
            "Show what the running daemon's goals have learned: customers, and by tier how many chats an agent ends in "
            "an hour at each load, with the range it lies in 19 times of 20, how many ended chats that rests on, and "
            "where more chats stop helping. Nothing of it is of a single agent. With --at, what they had learned by "
            "then, from the store, while the daemon runs or not."
        ),
        (
            "exit codes: 0 told, 1 no group has a goal, or there is no such group, 4 the daemon does not run (but with "
            "--at)\n\n"
            "examples:\n  autoscaler learned\n  autoscaler learned webchat\n"
            "  autoscaler learned --at 2026-11-22T09:30:00Z\n  autoscaler learned --at 2h\n"
            "  autoscaler learned --format json"
        ),
    )
}

BAR = 24
"""Characters of the longest bar."""


def add_arguments(parser: argparse.ArgumentParser, _verb: str) -> None:
    """What the verb takes."""
    add_control(parser)
    parser.add_argument("group", nargs="?", metavar="GROUP", help="one group (all that have a goal)")
    parser.add_argument("--at", type=moment, metavar="T", help="a time as 2026-11-22T08:00:00Z, or how long ago as 2h")
    parser.add_argument("--format", choices=("table", "json"), default="table")


def run(options: argparse.Namespace, _verb: str) -> int:
    """Ask and print."""
    if options.at is not None and options.socket is None:
        found = _then(options)
    else:
        with asking(options) as daemon:
            at = None if options.at is None else instant(options.at, datetime.fromisoformat(daemon.status()["now"]))
            found = daemon.learned(options.group, at)
    print_notes(found.pop("notes", []))
    if options.format == "json":
        json.dump(found, sys.stdout, indent=1)
        print()
    else:
        print("\n\n".join("\n".join(_group(group)) for group in found["groups"]))
    return Exit.OK


def _then(options: argparse.Namespace) -> dict[str, Any]:
    """What was learned by a time gone by, which needs no daemon."""
    with SqliteReader(load_settings(config_path(options)).store) as reader:
        groups, notes = learned_then(reader, options.group, instant(options.at, now_by(reader)))
    return {"groups": groups, "notes": notes}


def _group(group: dict[str, Any]) -> list[str]:
    lines = [f"{group['group']}{_as_of(group['at'])}: {_customers(group)}"]
    if group["sentence"]:
        lines.append(f"goal: {group['sentence']}")
    for tier in group["tiers"]:
        lines += ["", *_tier(tier)]
    if group["alarms"]:
        lines.append("")
    lines += [f"noticed {_when(alarm['at'])} UTC: {_change(alarm)}" for alarm in group["alarms"]]
    return [part for line in lines for part in wrapped(line, "  ")]


def _customers(group: dict[str, Any]) -> str:
    arrivals = group["arrivals_per_minute"]
    if arrivals is None:
        return "nothing seen yet"
    customers = f"{arrivals['expected']:.1f} customers a minute ({arrivals['low']:.1f} to {arrivals['high']:.1f})"
    return f"{customers}, {group['left']} left unanswered; the next chat goes {_ROUTING[group['routing']]}"


_ROUTING = {
    "least loaded": "to the least loaded",
    "most loaded": "to the most loaded",
    "not by load": "to anybody, not by load",
}


def _tier(tier: dict[str, Any]) -> list[str]:
    aim = "no limit chosen yet" if tier["aim"] is None else f"limit {round(tier['aim'], 1):g}"
    levels = tier["levels"]
    most = max(level["per_hour"] for level in levels)
    return [
        f"{tier['tier']}, baseline {tier['baseline']}: {aim}, {_peak(tier['peak'])}",
        _FORM.format("chats", "ended an hour", "between", "a chat takes", "seen", "").rstrip(),
        *(_level(level, most) for level in levels),
    ]


_FORM = "{:>7} {:>14} {:>15} {:>13} {:>7}  {}"


def _level(level: dict[str, Any], most: float) -> str:
    return _FORM.format(
        level["chats"],
        f"{level['per_hour']:.1f}",
        f"{level['low']:.1f} to {level['high']:.1f}",
        f"{level['chat_minutes']:.1f} min",
        round(level["seen"]),
        "#" * round(BAR * level["per_hour"] / most),
    ).rstrip()


def _peak(peak: dict[str, Any]) -> str:
    low, high = peak["low"], peak["high"]
    span = f"{low} or more" if high is None else f"{low} to {high}"
    if peak["at"] is None:
        return f"most is done past the ceiling ({span})"
    return f"most is done at {peak['at']}" + ("" if low == high else f" ({span})")


def _change(alarm: dict[str, Any]) -> str:
    chats = f"{alarm['chats']} chat{'' if alarm['chats'] == 1 else 's'}"
    return f"{alarm['tier']} became {'faster' if alarm['faster'] else 'slower'} at {chats}"


def _as_of(at: float | None) -> str:
    return "" if at is None else f", {_when(at)} UTC"


def _when(at: float) -> str:
    return shown(datetime.fromtimestamp(at, UTC))
