"""`autoscaler simulate`: a scenario under rules, a limit or a policy, run after run.

Nothing that takes long to import is imported before it is known that it is there and needed.
"""

from __future__ import annotations

import argparse

from autoscaler.cli.arguments import limit
from autoscaler.cli.simulating import add_playing, checked

__all__ = ["HELP", "add_arguments", "run"]

HELP = {
    "simulate": (
        (
            "Play a scenario, a file or a shipped one, while rules by the production decision, or another policy, set "
            "the limits; show what customers and agents went through and what it cost. Calls nobody. Without --rules, "
            "--limit and --policy everybody keeps the limit the scenario gives."
        ),
        (
            "exit codes: 0 played, 1 mistakes in the scenario or the rules, 2 usage\n\n"
            "examples:\n  autoscaler simulate weekday --rules rules/webchat.yaml\n"
            "  autoscaler simulate my-site.yaml --limit 4 --runs 40 --seed 7\n"
            "  autoscaler simulate flash-crowd --policy hpa:target=0.8 --plot day.png --report day.html\n"
            "  autoscaler simulate weekday --rules rules/ --format json"
        ),
    )
}


def add_arguments(parser: argparse.ArgumentParser, _verb: str) -> None:
    """What the verb takes."""
    parser.add_argument("scenario", metavar="SCENARIO", help="a scenario file, or the name of a shipped one")
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--rules", metavar="PATH", help="a rule file or folder sets the limits")
    who.add_argument("--limit", type=limit, metavar="N", help="everybody has this limit, 1..60")
    who.add_argument("--policy", metavar="P", help="any policy of 'autoscaler compare', as hpa or limit:3.5")
    add_playing(parser)


def run(options: argparse.Namespace, _verb: str) -> int:
    """Check, play and show."""
    checked(options)
    from autoscaler.cli.simulated import simulate  # noqa: PLC0415 it brings numba along

    return simulate(options)
