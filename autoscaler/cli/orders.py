"""What people order: `pause resume pin unpin freeze reload`."""

from __future__ import annotations

import argparse

from autoscaler.cli.control import add_control, asking, span_of
from autoscaler.cli.exits import Exit
from autoscaler.console.client import ControlClient

__all__ = ["HELP", "add_arguments", "run"]

HELP = {
    "pause": (
        (
            "Stop every change, of one group or of all, until resumed or for a while. Limits stay as they are; "
            "pins still act."
        ),
        (
            'examples:\n  autoscaler pause --for 2h --reason "system test"\n'
            '  autoscaler pause --group webchat --reason "new IVR"'
        ),
    ),
    "resume": (
        "End the pause of one group, or every pause and the freeze.",
        "examples:\n  autoscaler resume\n  autoscaler resume --group webchat",
    ),
    "pin": (
        "Fix one agent's limit, until unpinned or for a while; no rule moves it meanwhile.",
        (
            'examples:\n  autoscaler pin 1007 2 --reason "first day back"\n'
            '  autoscaler pin 1007 1 --for 4h --reason "coaching"'
        ),
    ),
    "unpin": ("Give a pinned agent back to the rules.", "example:\n  autoscaler unpin 1007"),
    "freeze": (
        "The kill switch: from now on nothing is called for anybody, until 'autoscaler resume'.",
        'example:\n  autoscaler freeze --reason "customers report wrong routing"',
    ),
    "reload": (
        "Read the rule folder again, all or nothing; rules with errors change nothing.",
        "exit codes: 0 taken, 1 refused\n\nexample:\n  autoscaler check && autoscaler reload",
    ),
}


def add_arguments(parser: argparse.ArgumentParser, verb: str) -> None:
    """What the verb takes."""
    add_control(parser)
    if verb in {"pin", "unpin"}:
        parser.add_argument("agent", type=int, metavar="AGENT", help="agent id")
    if verb == "pin":
        parser.add_argument("limit", type=int, metavar="LIMIT", help="1 to 60")
    if verb in {"pause", "resume"}:
        parser.add_argument("--group", metavar="NAME", help="one group (all)")
    if verb in {"pause", "pin"}:
        parser.add_argument("--for", dest="span", metavar="D", help="so long, as 30m or 2h (until ended)")
    if verb in {"pause", "pin", "freeze"}:
        parser.add_argument("--reason", required=True, metavar="R", help="why; it is kept in the journal")


def run(options: argparse.Namespace, verb: str) -> int:
    """Give the order, and say what became of it."""
    with asking(options) as daemon:
        print(_ordered(daemon, options, verb))
        if verb == "reload":
            return _reloaded(daemon)
    return Exit.OK


def _ordered(daemon: ControlClient, options: argparse.Namespace, verb: str) -> str:
    match verb:
        case "pause":
            answer = daemon.pause(group=options.group, for_s=span_of(options.span), reason=options.reason)
            return f"{options.group or 'everything'} is paused {_until(answer['until'])}"
        case "resume":
            daemon.resume(group=options.group)
            return f"{options.group or 'everything'} is resumed"
        case "pin":
            answer = daemon.pin(
                agent=options.agent, limit=options.limit, for_s=span_of(options.span), reason=options.reason
            )
            until = _until(answer["until"])
            return f"agent {options.agent} is pinned to {options.limit} {until}; it acts at the next tick"
        case "unpin":
            daemon.unpin(options.agent)
            return f"agent {options.agent} is under the rules again"
        case "freeze":
            daemon.freeze(reason=options.reason)
            return "frozen: nothing is called until 'autoscaler resume'"
        case _:
            return "reading the rules again"


def _reloaded(daemon: ControlClient) -> int:
    answer = daemon.reload()
    if answer["taken"]:
        print(f"in force: {answer['rulebook']}")
        return Exit.OK
    print(f"refused: {answer['problem']}")
    print("'autoscaler check' shows every finding")
    return Exit.FINDINGS


def _until(until: str | None) -> str:
    return f"until {until[:16].replace('T', ' ')} UTC" if until else "until ended by a person"
