"""What `compare` does: plays all policies on every scenario, prints how they stand, draws what was asked for."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from autoscaler.cli.exits import Exit
from autoscaler.cli.lines import wrapped
from autoscaler.cli.stage import staged
from autoscaler.simulation.judging.pairing import paired
from autoscaler.simulation.judging.playing import Played
from autoscaler.simulation.judging.summary import COST, by_run, to_json
from autoscaler.simulation.judging.tables import cost_table, ratio_table, text_lines
from autoscaler.simulation.judging.words import over_all, verdict
from autoscaler.simulation.policies.naming import read_policy
from autoscaler.simulation.scenario.reading import read_scenario
from autoscaler.simulation.scenario.shipped import find_scenario

__all__ = ["compare"]


def compare(options: argparse.Namespace) -> int:
    """Play and show."""
    paths = [find_scenario(name) for name in dict.fromkeys(options.scenarios)]
    scenarios = [read_scenario(path) for path in paths]
    first = [] if options.baseline is None else [options.baseline]
    names = list(dict.fromkeys([*first, *options.policies]))
    specs = [read_policy(name) for name in names]
    is_table = options.format == "table"
    results: list[list[Played]] = []
    with staged(options) as stage:
        for scenario in scenarios:
            policies = stage.play(scenario, stage.prepared(specs, scenario), names)
            results.append(policies)
            if is_table:
                stage.progress.clear()
                _print_lines(policies, is_first=len(results) == 1)
    overall = over_all(results) if len(results) > 1 else ""
    if is_table and overall:
        print("\n".join(["", *wrapped(overall, "")]))
    if not is_table:
        every = [_as_json(policies) for policies in results]
        json.dump(every[0] if len(every) == 1 else every, sys.stdout)
        print()
    if options.plot is not None or options.report is not None:
        from autoscaler.cli.drawn import draw_costs  # noqa: PLC0415 it brings matplotlib along

        draw_costs(options, paths, names, results, [*map(verdict, results), overall])
    return Exit.OK


def _print_lines(policies: Sequence[Played], *, is_first: bool) -> None:
    runs = len(policies[0].scores)
    head = f"{policies[0].scenario}: {runs} run{'s' if runs > 1 else ''}, seed {policies[0].seed}"
    tables = [*text_lines(ratio_table(policies)), "", *text_lines(cost_table(policies))]
    sentence = verdict(policies)
    print(
        "\n".join([*([] if is_first else [""]), head, "", *tables, *(["", *wrapped(sentence, "")] if sentence else [])])
    )
    sys.stdout.flush()


def _as_json(policies: Sequence[Played]) -> dict[str, Any]:
    baseline = by_run(policies[0])[COST]
    return {
        "scenario": policies[0].scenario,
        "policies": [to_json(played) for played in policies],
        "baseline": policies[0].policy,
        "ratios": [
            {"policy": played.policy, "title": played.title, **asdict(paired(by_run(played)[COST], baseline))}
            for played in policies
        ],
    }
