"""What `simulate` does: plays one policy, prints what it came to, draws and writes what was asked for."""

from __future__ import annotations

import argparse
import json
import sys

from autoscaler.cli.exits import Exit
from autoscaler.cli.lines import wrapped
from autoscaler.cli.stage import own_limits, staged
from autoscaler.simulation.judging.playing import Played
from autoscaler.simulation.judging.summary import COST, by_run, to_json, worst_run
from autoscaler.simulation.judging.tables import figure_table, text_lines
from autoscaler.simulation.judging.words import cost_told
from autoscaler.simulation.policies.naming import PolicySpec, read_policy
from autoscaler.simulation.scenario.reading import read_scenario
from autoscaler.simulation.scenario.shipped import find_scenario

__all__ = ["simulate"]


def simulate(options: argparse.Namespace) -> int:
    """Play and show."""
    path = find_scenario(options.scenario)
    scenario = read_scenario(path)
    spec = _asked(options)
    with staged(options) as stage:
        policy = own_limits(scenario) if spec is None else stage.prepared([spec], scenario)[0]
        (played,) = stage.play(scenario, [policy], [policy.name if spec is None else spec.text])
    sentences = [_told(played)]
    if options.format == "json":
        json.dump(to_json(played), sys.stdout)
        print()
    else:
        table = text_lines(figure_table(played))
        print("\n".join([_heading(played), "", *table, ""]))
        print("\n".join(line for sentence in sentences for line in wrapped(sentence, "")))
    if options.plot is not None or options.report is not None:
        from autoscaler.cli.drawn import draw_course  # noqa: PLC0415 it brings matplotlib along

        draw_course(options, path, scenario, policy, played, sentences)
    return Exit.OK


def _asked(options: argparse.Namespace) -> PolicySpec | None:
    if options.rules is not None:
        return read_policy(f"rules:{options.rules}")
    if options.limit is not None:
        return read_policy(f"limit:{options.limit}")
    return None if options.policy is None else read_policy(options.policy)


def _heading(played: Played) -> str:
    runs = len(played.scores)
    return f"{played.scenario}, {played.title}: {runs} run{'s' if runs > 1 else ''}, seed {played.seed}"


def _told(played: Played) -> str:
    worst = worst_run(played)
    if worst is None or len(played.scores) == 1:
        return cost_told(played)
    cost = by_run(played)[COST]
    return f"{cost_told(played)} The dearest run was number {worst} with {cost[worst]:.3f}."
