"""What people order: `pause resume pin unpin freeze reload`."""

from __future__ import annotations

import argparse
import sys

from autoscaler.cli.arguments import agent_id, limit, reason, span
from autoscaler.cli.control import add_control, asking
from autoscaler.cli.exits import Exit
from autoscaler.cli.lines import wrapped
from autoscaler.cli.moments import in_force, until_words
from autoscaler.console.client import ControlClient
from autoscaler.errors import ControlRefused

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
        (
            "exit codes: 0 taken, 1 refused: the rules before stay in force, 4 the daemon does not run\n\n"
            "example:\n  autoscaler check /etc/autoscaler/rules && autoscaler reload"
        ),
    ),
}


MOST_FINDINGS = 5


def add_arguments(parser: argparse.ArgumentParser, verb: str) -> None:
    """What the verb takes."""
    add_control(parser)
    if verb in {"pin", "unpin"}:
        parser.add_argument("agent", type=agent_id, metavar="AGENT", help="agent id")
    if verb == "pin":
        parser.add_argument("limit", type=limit, metavar="LIMIT", help="1 to 60")
    if verb in {"pause", "resume"}:
        parser.add_argument("--group", metavar="NAME", help="one group (all)")
    if verb in {"pause", "pin"}:
        parser.add_argument("--for", dest="span", type=span, metavar="D", help="so long, as 30m or 2h (until ended)")
    if verb in {"pause", "pin", "freeze"}:
        parser.add_argument("--reason", type=reason, required=True, metavar="R", help="why; it is kept in the journal")


def run(options: argparse.Namespace, verb: str) -> int:
    """Give the order, and say what became of it."""
    with asking(options) as daemon:
        if verb == "reload":
            return _reloaded(daemon)
        print("\n".join(wrapped(_ordered(daemon, options, verb), "  ")))
    return Exit.OK


def _ordered(daemon: ControlClient, options: argparse.Namespace, verb: str) -> str:
    match verb:
        case "pause":
            answer = daemon.pause(group=options.group, for_s=options.span, reason=options.reason)
            return f"{options.group or 'everything'} is paused {until_words(answer['until'])}"
        case "resume":
            daemon.resume(group=options.group)
            return f"{options.group or 'everything'} is resumed{_still_stopped(daemon)}"
        case "pin":
            answer = daemon.pin(agent=options.agent, limit=options.limit, for_s=options.span, reason=options.reason)
            words = f"agent {options.agent} is pinned to {options.limit} {until_words(answer['until'])}"
            return f"{words}; {_when_a_pin_acts(daemon, options.agent)}"
        case "unpin":
            daemon.unpin(options.agent)
            return f"agent {options.agent} is under the rules again, from the next tick"
        case _:
            daemon.freeze(reason=options.reason)
            return "frozen: nothing is called until 'autoscaler resume'"


def _still_stopped(daemon: ControlClient) -> str:
    status = daemon.status()
    if status["frozen"]:
        return "; everything is still frozen: 'autoscaler resume' ends that"
    left = [one["group"] or "everything" for one in in_force(status["pauses"], status["now"])]
    return f"; still paused: {', '.join(left)}" if left else ""


def _when_a_pin_acts(daemon: ControlClient, agent: int) -> str:
    status = daemon.status()
    if status["frozen"]:
        return "frozen now, so it acts after 'autoscaler resume'"
    try:
        groups = {group["group"] for group in daemon.explain(agent)["groups"]}
    except ControlRefused:
        return "no group has it now, so it acts when one does"
    modes = {group["mode"] for group in status["groups"] if group["group"] in groups}
    return "the group only observes, so nothing is called" if modes == {"observe"} else "it acts at the next tick"


def _reloaded(daemon: ControlClient) -> int:
    answer = daemon.reload()
    if answer["taken"]:
        print(f"taken; in force: {answer['rulebook'][:19]}")
        return Exit.OK
    print(f"Error: refused: {answer['problem']}", file=sys.stderr)
    for one in daemon.status()["findings"][:MOST_FINDINGS]:
        print(f"  {one['path']}:{one['line']}: {one['message']} [{one['code']}]", file=sys.stderr)
    print(
        "Try: 'autoscaler check' with that folder shows every finding; mend them, then reload again.", file=sys.stderr
    )
    return Exit.FINDINGS
