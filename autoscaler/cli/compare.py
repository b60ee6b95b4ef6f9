"""`autoscaler compare`: several policies on the same customers.

Nothing that takes long to import is imported before it is known that it is there and needed.
"""

from __future__ import annotations

import argparse

from autoscaler.cli.simulating import add_playing, checked

__all__ = ["HELP", "add_arguments", "run"]

HELP = {
    "compare": (
        (
            "Play scenarios under several policies, run by run with the same customers and agents, and show what each "
            "costs relative to the first, with the interval in which the ratio lies. Calls nobody."
        ),
        (
            "policies: limit:N, rules:PATH, goal, hpa, nomad, nomad-threshold, aws-step, keda, two-tier,\n"
            "best-fixed, oracle (docs/rules/policies.md); settings after a colon, as hpa:ceiling=6,target=0.8\n\n"
            "exit codes: 0 played, 1 mistakes in a scenario or in rules, 2 usage\n\n"
            "examples:\n  autoscaler compare weekday --policy limit:3 --policy rules:rules/webchat.yaml\n"
            "  autoscaler compare weekday flash-crowd --policy limit:3 best-fixed hpa --runs 40 --plot costs.svg\n"
            "  autoscaler compare my-site.yaml --policy goal keda --baseline limit:3 --report compared.html"
        ),
    )
}


def add_arguments(parser: argparse.ArgumentParser, _verb: str) -> None:
    """What the verb takes."""
    parser.add_argument("scenarios", nargs="+", metavar="SCENARIO", help="scenario files, or names of shipped ones")
    parser.add_argument(
        "--policy",
        dest="policies",
        action="extend",
        nargs="+",
        required=True,
        metavar="P",
        help="one policy or several; the option may be given again",
    )
    parser.add_argument("--baseline", metavar="P", help="what the others are held against (the first policy)")
    add_playing(parser)


def run(options: argparse.Namespace, _verb: str) -> int:
    """Check, play and show."""
    checked(options)
    from autoscaler.cli.compared import compare  # noqa: PLC0415 it brings numba along

    return compare(options)
