"""`python -m bench.goal`: whether what a goal believes is so, whether restarts harm it, and how long a tick takes.

The simulator knows the truth that a goal has to learn. What it believes at the end of each run is held against its own
uncertainty, and nine of ten runs is the promise; `bench/beliefs.py` says what is counted. Then the same runs with the
controller killed and started again ten times a day, as text its memory survives. A restart misses no tick unless
`--away` says how long it takes; then runs go other ways from there, and it takes many to tell harm from chance.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from statistics import fmean, geometric_mean, median

import numpy as np

from autoscaler.cli.arguments import count, span
from autoscaler.cli.simulating import seed
from autoscaler.errors import AutoscalerError
from autoscaler.simulation.floor.ports import Seen
from autoscaler.simulation.floor.run import run
from autoscaler.simulation.judging.pairing import paired
from autoscaler.simulation.judging.playing import cores
from autoscaler.simulation.judging.tables import Table, text_lines
from autoscaler.simulation.policies.production import GoalPolicy, Production
from autoscaler.simulation.scenario.fresh import fresh
from autoscaler.simulation.scenario.model import Scenario
from autoscaler.simulation.scenario.reading import read_scenario
from autoscaler.simulation.scenario.shipped import find_scenario, shipped
from bench.beliefs import Belief, Kind, Lived, live
from bench.result import Result

__all__ = ["main", "measure"]

RUNS = 6
PROMISED = 0.9
"""Share of beliefs that hold."""
RESTARTS = 1.01
"""Cost with restarts, against the same runs without, at most."""
TICK_MS = {20: 5.0, 400: 5.0}
"""Longest median by number of agents, a three-thousandth of the 15 s between ticks."""
TIMED_RUNS = 3


def measure() -> Iterator[Result]:
    """Milliseconds of a tick with a goal: those that choose limits anew, once a minute, and all of them."""
    scenario = read_scenario(find_scenario("weekday"))
    for agents, limit_ms in TICK_MS.items():
        policy = _Timed()
        run(_larger(scenario, agents), policy, seed=1, index=0)
        for index in range(TIMED_RUNS):
            run(_larger(scenario, agents), policy, seed=1, index=index)
        # of each run its median, of the runs the fastest: others share the core
        chosen = min(median(made.choosing_ms) for made in policy.made[1:])
        every = min(median(made.choosing_ms + made.other_ms) for made in policy.made[1:])
        yield Result.against(f"goal_tick_{agents}_choosing", chosen, "ms", limit_ms)
        yield Result.against(f"goal_tick_{agents}_median", every, "ms", limit_ms)


def main(arguments: Sequence[str]) -> int:
    """Play, print, and say what was missed.

    Returns:
        Exit code: 0; 1 when a promise is missed; 2 when it was called wrongly.
    """
    options = _parser().parse_args(arguments)
    try:
        scenarios = _scenarios(options)
    except AutoscalerError as error:
        print(f"error: {error}" + (f"\n{error.help}" if error.help else ""), file=sys.stderr)
        return 2
    every: dict[str, list[Lived]] = {}
    # fresh interpreters: forking one in which numpy has started threads may leave locks that nobody opens
    with ProcessPoolExecutor(options.jobs or cores(), multiprocessing.get_context("spawn")) as workers:
        for scenario in scenarios:
            which = scenario.seed if options.seed is None else options.seed
            every[scenario.name] = list(workers.map(partial(live, scenario, which, options.away), range(options.runs)))
            print(f"bench: {scenario.name}: {_told(every[scenario.name])}", file=sys.stderr, flush=True)
    promised = _promised(every)
    if options.format == "json":
        print(json.dumps([asdict(result) for result in promised], indent=1))
    else:
        shown = [_held(every), _curves(every), _missed_curves(every), _missed_peaks(every), _promises(promised)]
        print("\n\n".join("\n".join(text_lines(table)) for table in shown if table.rows))
    return 1 if any(_is_missed(result) for result in promised) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.goal", description=__doc__, allow_abbrev=False)
    parser.add_argument("--runs", type=count, default=RUNS, metavar="N", help=f"runs of every scenario ({RUNS})")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--scenario", dest="scenarios", nargs="+", metavar="NAME", help="files or shipped ones (all shipped)"
    )
    where.add_argument(
        "--fresh", type=seed, metavar="SEED", help="scenarios nobody has tuned to, drawn under this seed"
    )
    parser.add_argument("--count", type=count, default=20, metavar="N", help="how many fresh ones (20)")
    parser.add_argument("--away", type=span, default=0.0, metavar="TIME", help="how long a restart takes, as 60s (0)")
    parser.add_argument("--seed", type=seed, metavar="N", help="of the runs (each scenario's)")
    parser.add_argument("--jobs", type=count, metavar="N", help="runs at a time (as many as there are cores)")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    return parser


def _scenarios(options: argparse.Namespace) -> list[Scenario]:
    if options.fresh is not None:
        return fresh(options.fresh, options.count)
    return [read_scenario(find_scenario(name)) for name in options.scenarios or shipped()]


def _promised(every: dict[str, list[Lived]]) -> list[Result]:
    results = []
    for kind in Kind:
        beliefs = list(_of(kind, (one for lives in every.values() for one in lives)))
        if beliefs:
            results.append(Result.against(f"goal_believes_{kind.value}", _share(beliefs), "share", PROMISED))
    ratios = [ratio for ratio in map(_restarted, every.values()) if ratio]
    if ratios:
        results.append(Result.against("goal_restarted", geometric_mean(ratios), "x", RESTARTS))
    return results


def _is_missed(result: Result) -> bool:
    return result.value > result.limit if result.unit == "x" else result.value < result.limit


def _of(kind: Kind, lives: Iterable[Lived]) -> Iterator[Belief]:
    return (belief for one in lives for belief in one.beliefs if belief.kind is kind)


def _share(beliefs: Sequence[Belief]) -> float:
    return sum(belief.is_within for belief in beliefs) / len(beliefs)


def _restarted(lives: Sequence[Lived]) -> float | None:
    """Mean cost with restarts against that without, in the same runs."""
    return paired(np.array([one.restarted for one in lives]), np.array([one.cost for one in lives])).ratio


def _told(lives: Sequence[Lived]) -> str:
    shares = [f"{kind.value} {_shown_share(list(_of(kind, lives)))}" for kind in Kind]
    return ", ".join([*shares, f"restarted {_ratio(_restarted(lives))}"])


def _shown_share(beliefs: Sequence[Belief]) -> str:
    return f"{_share(beliefs):.0%} of {len(beliefs)}" if beliefs else "-"


def _ratio(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.4f}"


def _held(every: dict[str, list[Lived]]) -> Table:
    rows = [
        (name, *(_shown_share(list(_of(kind, lives))) for kind in Kind), _ratio(_restarted(lives)))
        for name, lives in every.items()
    ]
    everybody = [one for lives in every.values() for one in lives]
    ratios = [ratio for ratio in map(_restarted, every.values()) if ratio]
    total = ("all", *(_shown_share(list(_of(kind, everybody))) for kind in Kind))
    return Table(
        title="beliefs that hold at the end of a run, and the cost with restarts against that without",
        head=("scenario", *(kind.value for kind in Kind), "restarted"),
        rows=(*rows, (*total, _ratio(geometric_mean(ratios) if ratios else None))),
    )


def _curves(every: dict[str, list[Lived]]) -> Table:
    """How far curves are off, by how far the level is from the tier's baseline."""
    beliefs = list(_of(Kind.CURVE, (one for lives in every.values() for one in lives)))
    rows = []
    for above in sorted({belief.above_baseline for belief in beliefs}):
        some = [belief for belief in beliefs if belief.above_baseline == above]
        off = np.array([belief.mean / belief.true - 1 for belief in some])
        sds = np.array([(belief.mean - belief.true) / ((belief.high - belief.mean) / 2) for belief in some])
        rows.append(
            (
                f"{above:+d}" if above else "baseline",
                _shown_share(some),
                f"{off.mean():+.1%}",
                f"{off.std():.1%}",
                f"{sds.mean():+.2f}",
                f"{sds.std():.2f}",
            )
        )
    head = ("level", "within 2 sd", "mean off", "spread", "mean, in sd", "spread, in sd")
    return Table(title="curves at levels seen often, believed against true", head=head, rows=tuple(rows))


def _missed_curves(every: dict[str, list[Lived]]) -> Table:
    """Where fewer than promised hold."""
    rows = []
    for name, lives in every.items():
        beliefs = list(_of(Kind.CURVE, lives))
        for about, level in sorted({(belief.about, belief.level) for belief in beliefs}):
            some = [belief for belief in beliefs if (belief.about, belief.level) == (about, level)]
            if _share(some) < PROMISED:
                off = [belief.mean / belief.true - 1 for belief in some]
                rows.append((name, about, str(level), _shown_share(some), f"{fmean(off):+.1%}"))
    head = ("scenario", "tier", "level", "within 2 sd", "mean off")
    return Table(title="levels that fewer runs than promised know", head=head, rows=tuple(rows))


def _missed_peaks(every: dict[str, list[Lived]]) -> Table:
    rows: dict[tuple[str, ...], int] = {}
    for name, lives in every.items():
        for belief in _of(Kind.PEAK, lives):
            if not belief.is_within:
                said = f"{belief.low:g} to {belief.high:g}"
                row = (name, belief.about, f"{belief.true:g}", said.replace(" to inf", " or more"))
                rows[row] = rows.get(row, 0) + 1
    return Table(
        title="peaks missed",
        head=("scenario", "tier", "true", "said", "runs"),
        rows=tuple((*row, str(runs)) for row, runs in rows.items()),
    )


def _promises(results: Sequence[Result]) -> Table:
    rows = [
        (one.name, f"{one.value:.4f}", f"{one.limit:.2f}", "missed" if _is_missed(one) else "kept") for one in results
    ]
    return Table(title="", head=("promise", "measured", "limit", ""), rows=tuple(rows))


@dataclass(frozen=True, slots=True)
class _Tick:
    """Milliseconds of one run's ticks: those at which limits were chosen anew, and the others."""

    choosing_ms: list[float]
    other_ms: list[float]


class _Timed:
    """A goal whose ticks are timed."""

    name = "goal"

    def __init__(self) -> None:
        self.made: list[_Tick] = []

    def start_limits(self, scenario: Scenario) -> None:
        """As configured."""

    def controller(self, scenario: Scenario, *, seed: int, index: int) -> _TimedController:
        self.made.append(_Tick([], []))
        return _TimedController(GoalPolicy().controller(scenario, seed=seed, index=index), self.made[-1])


class _TimedController:
    def __init__(self, inner: Production, took: _Tick) -> None:
        self._inner, self._took = inner, took
        self._planned_at: float | None = None

    def first_tick(self) -> float:
        return self._inner.first_tick()

    def tick(self, seen: Seen) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.int64]] | None, float]:
        began = time.perf_counter()
        answer = self._inner.tick(seen)
        took_ms = 1e3 * (time.perf_counter() - began)
        (memory,) = self._inner.memory.groups.values()
        planned_at = None if memory.learned is None else memory.learned.planned_at
        (self._took.other_ms if planned_at == self._planned_at else self._took.choosing_ms).append(took_ms)
        self._planned_at = planned_at
        return answer


def _larger(scenario: Scenario, agents: int) -> Scenario:
    """The scenario's first two hours with so many people and as many more customers."""
    (entry,) = scenario.agents
    arrivals = replace(scenario.arrivals, expected=scenario.arrivals.expected * agents / entry.count)
    few = replace(scenario, duration_s=7200.0, warm_up_s=0.0, arrivals=arrivals)
    return replace(few, agents=(replace(entry, count=agents),))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
