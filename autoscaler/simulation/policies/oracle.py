"""`oracle`: the best half-hour schedule of a limit for each tier, knowing rates and curve but not the customers.

It is found by simulation on runs of its own, apart from those it is judged by, so what it gains is no hindsight. How
much it simulates follows from the scenario's size, never from a clock, so that it finds the same schedule everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoscaler.simulation.policies.block_costs import block_costs
from autoscaler.simulation.policies.descent import Descent, Measured
from autoscaler.simulation.policies.foresight import as_schedule, constants, followed, tiers_of
from autoscaler.simulation.policies.measuring import Play
from autoscaler.simulation.policies.schedule import Schedule
from autoscaler.simulation.policies.settings import span, whole
from autoscaler.simulation.scenario.model import Scenario

__all__ = ["FIRST_RUN", "Oracle", "oracle"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FIRST_RUN = 1_000_000
"""Training runs have numbers from here on; nobody is judged by so many."""
TABLES = 100
"""So many tables should be affordable in all training runs; a large scenario, whose runs vary less, has fewer runs."""
FEWEST_RUNS = 8
"""As many training runs there are in any case, where as many are wanted."""
SCREENED_BY = 5
"""One in so many of the training runs, three at least, looks for starts and screens moves."""
PAYS = 4
"""A start follows a cheaper constant where that pays the change so many times: a few runs exaggerate what it saves."""
WORSE = 1.5
"""A constant whose mean cost is so many times the best of its family's..."""
PATIENCE = 3
"""...or just that of the one before: after as many in a row the family is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Oracle:
    """A search for the best schedule."""

    floor: int = whole(1, 1, 60, "lowest limit")
    ceiling: int = whole(60, 1, 60, "highest limit")
    runs: int = whole(32, 2, 1000, "most training runs a schedule is played in")
    effort: float = span(30, "about how long one core searches", low=1)


def oracle(of: Oracle, scenario: Scenario, *, seed: int, play: Play) -> Schedule:
    """Search for the schedule.

    Starts are the cheapest constant table and the one that follows the cheapest constant from half hour to half hour;
    both are bettered by whole limits, then by halves, then so again with every move screened by all training runs. Runs
    that no search has seen say which is taken.

    Args:
        of: How hard, and between which limits.
        scenario: What is known: all but its customers.
        seed: Of the order in which moves are tried.
        play: Gives costs.
    """
    tiers = tiers_of(scenario)
    left = int(of.effort / _seconds(scenario))
    runs = min(of.runs, max(left // TABLES, FEWEST_RUNS))
    few = min(runs, max(runs // SCREENED_BY, 3))
    training = range(FIRST_RUN, FIRST_RUN + runs)
    unseen = range(training.stop, training.stop + runs)

    def measured_in(runs: range) -> Measured:
        return lambda table, count: play(block_costs, [as_schedule(table, tiers)], runs[:count])[0]

    measured = measured_in(training)
    tables, costs = _constants(of, scenario, tiers, measured, few)
    starts = [tables[int(costs.sum(axis=1).argmin())], followed(tables, costs, PAYS * _moving(scenario, tiers))]
    left -= few * len(tables) + 2 * len(starts) * runs
    random = np.random.default_rng((seed, FIRST_RUN))
    found = list(starts)
    for place, start in enumerate(starts):
        budget = left // (len(starts) - place)
        descent = Descent(measured=measured, floor=of.floor, ceiling=of.ceiling, table=start, runs=runs, budget=budget)
        for screening in (few, runs):
            for step in (1.0, 0.5):
                descent.improve(step, random, few=screening)
        left -= budget - descent.budget
        found.append(descent.table)
    measured = measured_in(unseen)
    proved = [float(measured(table, runs).sum(axis=1).mean()) for table in found]
    return as_schedule(found[int(np.argmin(proved))], tiers)


def _constants(of: Oracle, scenario: Scenario, tiers: Ints, measured: Measured, runs: int) -> tuple[Floats, Floats]:
    """Constant tables, shape (k, blocks, tiers), and their costs by half hour, shape (k, blocks)."""
    tables: list[Floats] = []
    costs: list[Floats] = []
    best: dict[str, float] = {}
    before: dict[str, float] = {}
    worse: dict[str, int] = {}
    for family, table in constants(scenario, tiers, floor=of.floor, ceiling=of.ceiling):
        if worse.get(family, 0) >= PATIENCE or any(np.array_equal(table, other) for other in tables):
            continue
        cost = measured(table, runs).mean(axis=0)
        total = float(cost.sum())
        best[family] = min(best.get(family, np.inf), total)
        is_worse = total > WORSE * best[family] or total == before.get(family)
        worse[family] = worse.get(family, 0) + 1 if is_worse else 0
        before[family] = total
        tables.append(table)
        costs.append(cost)
    return np.array(tables), np.array(costs)


def _moving(scenario: Scenario, tiers: Ints) -> Floats:
    """Cost per chat of changing the limit of everybody in a tier by one."""
    scored = scenario.arrivals.expected.sum() * (1 - scenario.warm_up_s / scenario.duration_s)
    people = np.bincount(tiers, weights=[entry.count for entry in scenario.agents])
    return np.asarray(people * scenario.cost.limit_change / max(scored, 1.0))


def _seconds(scenario: Scenario) -> float:
    """About how long one core plays one run: a constant, customers, and their routing over agents."""
    agents = sum(entry.count for entry in scenario.agents)
    return 1.2e-3 + float(scenario.arrivals.expected.sum()) * (5e-7 + 2e-9 * agents)
