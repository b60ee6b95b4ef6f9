"""`python -m bench.control`: how near a goal comes to somebody who knows all but the customers, scenario by scenario.

Every policy meets the same customers; a figure is its cost of a chat beside the oracle's in the same runs. What a goal
promises is held against its limits: the geometric mean over all scenarios, the worst one, and the mean of those whose
best limit moves during the day. The latter two are played in more runs: the worst of many noisy figures looks too bad.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from statistics import fmean, geometric_mean

from autoscaler.cli.arguments import count
from autoscaler.cli.simulating import seed
from autoscaler.cli.stage import Stage, staged
from autoscaler.errors import AutoscalerError
from autoscaler.simulation.floor.ports import Policy
from autoscaler.simulation.judging.pairing import paired
from autoscaler.simulation.judging.playing import Played
from autoscaler.simulation.judging.summary import COST, by_run
from autoscaler.simulation.judging.tables import Table, text_lines
from autoscaler.simulation.policies.naming import read_policy
from autoscaler.simulation.scenario.fresh import fresh
from autoscaler.simulation.scenario.model import Scenario
from autoscaler.simulation.scenario.reading import read_scenario
from autoscaler.simulation.scenario.shipped import find_scenario, shipped
from bench.result import Result

__all__ = ["main"]

POLICIES = ("limit:3", "best-fixed", "hpa", "nomad", "aws-step", "keda", "two-tier", "goal")
ORACLE = "oracle"
RUNS = 12
RUNS_TO_BE_SURE = 40
SUSPECTS = 3
"""So many scenarios with the worst figures are played again in more runs, to find the worst one."""

GEO, WORST, MOVING = 1.03, 1.10, 1.06
"""What the goal promises: cost beside the oracle's, at most."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Judged:
    """A scenario under all policies.

    Attributes:
        ready: The policies by name.
        cost: Of a chat, by policy.
        ratios: To the oracle, by policy; empty where the oracle costs nothing.
    """

    scenario: Scenario
    ready: dict[str, Policy]
    cost: dict[str, float]
    ratios: dict[str, float]

    @property
    def is_moving(self) -> bool:
        """Whether some agents' best limit moves during the day."""
        return any(
            len(curves) > 1 for curves in (self.scenario.service.curves, *(e.curves for e in self.scenario.agents))
        )


def main(arguments: Sequence[str]) -> int:
    """Play, print, and say what was missed.

    Returns:
        Exit code: 0; 1 when a limit is missed; 2 when it was called wrongly.
    """
    options = _parser().parse_args(arguments)
    names = list(dict.fromkeys([*(name for name in options.policies if name != ORACLE), ORACLE]))
    try:
        scenarios = _scenarios(options)
        with staged(options) as stage:
            every = [
                _judge(stage, scenario, names, at=f"{place} of {len(scenarios)}")
                for place, scenario in enumerate(scenarios, 1)
            ]
            sure = replace(stage, runs=max(options.runs, options.sure))
            promised = _promised(sure, every, options.judged)
    except AutoscalerError as error:
        print(f"error: {error}" + (f"\n{error.help}" if error.help else ""), file=sys.stderr)
        return 2
    if options.format == "json":
        print(json.dumps([asdict(result) for result in [*_results(every), *promised]], indent=1))
    else:
        promises = ["", *text_lines(_promises(promised))] if promised else []
        print("\n".join([*text_lines(_table(every, names)), *promises]))
    missed = [result for result in promised if result.value > result.limit]
    for result in missed:
        print(
            f"missed: {result.name} is {result.value}, {result.value - result.limit:.3f} above {result.limit}",
            file=sys.stderr,
        )
    return 1 if missed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.control", description=__doc__, allow_abbrev=False)
    parser.add_argument("--runs", type=count, default=RUNS, metavar="N", help=f"runs of every policy ({RUNS})")
    parser.add_argument(
        "--sure",
        type=count,
        default=RUNS_TO_BE_SURE,
        metavar="N",
        help=f"of the worst and the moving ({RUNS_TO_BE_SURE})",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--scenario", dest="scenarios", nargs="+", metavar="NAME", help="files or shipped ones (all shipped)"
    )
    where.add_argument(
        "--fresh", type=seed, metavar="SEED", help="scenarios nobody has tuned to, drawn under this seed"
    )
    parser.add_argument("--count", type=count, default=20, metavar="N", help="how many fresh ones (20)")
    parser.add_argument("--policy", dest="policies", nargs="+", default=POLICIES, metavar="P", help="policies (all)")
    parser.add_argument("--judged", default="goal", metavar="P", help="the policy that is held to the promise (goal)")
    parser.add_argument("--seed", type=seed, metavar="N", help="of the runs (each scenario's)")
    parser.add_argument("--jobs", type=count, metavar="N", help="runs at a time (as many as there are cores)")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    return parser


def _scenarios(options: argparse.Namespace) -> list[Scenario]:
    if options.fresh is not None:
        return fresh(options.fresh, options.count)
    return [read_scenario(find_scenario(name)) for name in options.scenarios or shipped()]


def _judge(stage: Stage, scenario: Scenario, names: Sequence[str], *, at: str) -> _Judged:
    ready = stage.prepared([read_policy(name) for name in names], scenario)
    results = stage.play(scenario, ready, names)
    ratios = _ratios(results)
    stage.progress.clear()
    told = ", ".join(f"{name} {ratio:.3f}" for name, ratio in ratios.items())
    print(f"bench: {at}, {scenario.name}: {told}", file=sys.stderr, flush=True)
    cost = {played.policy: float(by_run(played)[COST].mean()) for played in results}
    return _Judged(scenario=scenario, ready=dict(zip(names, ready, strict=True)), cost=cost, ratios=ratios)


def _ratios(results: Sequence[Played]) -> dict[str, float]:
    """To the last one, the oracle."""
    *others, oracle = results
    pairs = {played.policy: paired(by_run(played)[COST], by_run(oracle)[COST]).ratio for played in others}
    return {name: ratio for name, ratio in pairs.items() if ratio is not None}


def _promised(stage: Stage, every: Sequence[_Judged], name: str) -> list[Result]:
    """What the judged policy promises, each with its limit."""
    known = [one for one in every if name in one.ratios]
    if not known:
        return []
    moving = [one for one in known if one.is_moving]
    suspects = sorted(known, key=lambda one: one.ratios[name], reverse=True)[:SUSPECTS]
    sure = {one: _for_sure(stage, one, name) for one in dict.fromkeys([*moving, *suspects])}
    results = [
        Result.against("control_geometric_mean", geometric_mean([one.ratios[name] for one in known]), "x", GEO),
        Result.against("control_worst_scenario", max(sure.values()), "x", WORST),
    ]
    if moving:
        results.append(Result.against("control_moving_peaks", fmean(sure[one] for one in moving), "x", MOVING))
    return results


def _for_sure(stage: Stage, one: _Judged, name: str) -> float:
    """The ratio to the oracle in as many runs as it takes to be sure of it."""
    names = [name, ORACLE]
    ratio = _ratios(stage.play(one.scenario, [one.ready[each] for each in names], names))[name]
    stage.progress.clear()
    print(f"bench: {one.scenario.name}: {name} {ratio:.3f} in {stage.runs} runs", file=sys.stderr, flush=True)
    return ratio


def _results(every: Sequence[_Judged]) -> list[Result]:
    """Each policy's cost against the oracle's, by scenario."""
    return [
        Result.against(f"control_{name}_on_{one.scenario.name}", one.cost[name], "a chat", one.cost[ORACLE])
        for one in every
        for name in one.ratios
    ]


def _table(every: Sequence[_Judged], names: Sequence[str]) -> Table:
    """Ratios to the oracle."""
    others = [name for name in names if name != ORACLE]
    rows = [
        (one.scenario.name, *(f"{one.ratios[name]:.3f}" if name in one.ratios else "-" for name in others))
        for one in every
    ]
    means = []
    for name in others:
        known = [one.ratios[name] for one in every if name in one.ratios]
        means.append(f"{geometric_mean(known):.3f}" if known else "-")
    return Table(
        title=f"cost beside the {ORACLE}'s", head=("scenario", *others), rows=(*rows, ("geometric mean", *means))
    )


def _promises(results: Sequence[Result]) -> Table:
    rows = [
        (one.name, f"{one.value:.3f}", f"{one.limit:.2f}", "missed" if one.value > one.limit else "kept")
        for one in results
    ]
    return Table(title="", head=("promise", "measured", "limit", ""), rows=tuple(rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
