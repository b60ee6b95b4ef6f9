"""One run of a goal, and what it believes at the end held against the truth, which the simulator alone knows.

A belief is held against its own uncertainty, as `autoscaler learned` tells it: of arrivals, of a curve at levels seen
often, and of its peak. A peak counts as found where the interval holds a level whose rate is within 1 % of the highest:
nobody can tell these apart.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from math import inf

import numpy as np
from numpy.typing import NDArray

from autoscaler.core.book import Group
from autoscaler.core.goal.curves import OFTEN
from autoscaler.core.goal.learned import Learned
from autoscaler.core.goal.pursuing import NO_TIER
from autoscaler.core.goal.telling import EVERYBODY, told
from autoscaler.core.memory import from_json, to_json
from autoscaler.simulation.floor.ports import Seen
from autoscaler.simulation.floor.run import play
from autoscaler.simulation.floor.score import score
from autoscaler.simulation.judging.summary import COST
from autoscaler.simulation.policies.production import FIRST_ID, GoalPolicy, Production
from autoscaler.simulation.scenario.model import AgentEntry, Scenario

__all__ = ["Belief", "Kind", "Lived", "live"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RESTARTS_A_DAY = 10
AS_GOOD = 0.99
"""Share of the highest rate from which a level counts as the peak."""
DAY_S, HOUR_S = 86_400.0, 3600.0


class Kind(Enum):
    """What a belief is about."""

    ARRIVALS = "arrivals"
    CURVE = "curve"
    PEAK = "peak"


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """One belief and the truth.

    Attributes:
        about: The tier, "" for all.
        level: Chats held, of a curve; else 0.
        mean, low, high: As believed; arrivals and curves a second, peaks in chats.
        true: Of a peak the lowest level that is as good as the best, or the best one if that lies within.
        above_baseline: Levels above the tier's baseline.
    """

    kind: Kind
    about: str
    level: int
    mean: float
    low: float
    high: float
    true: float
    above_baseline: int = 0

    @property
    def is_within(self) -> bool:
        """Whether the truth lies where the belief says."""
        return self.low <= self.true <= self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """A run.

    Attributes:
        beliefs: At the end of its arrivals.
        cost: Of a chat.
        restarted: The same, where the controller was killed and started again.
    """

    beliefs: tuple[Belief, ...]
    cost: float
    restarted: float


def live(scenario: Scenario, seed: int, away_s: float, index: int) -> Lived:
    """Play a run, once as it is and once with restarts, each of which takes so long."""
    kept, broken = _Kept(), _Kept(restarts_a_day=RESTARTS_A_DAY, away_s=away_s)
    floor, _ = play(scenario, kept, seed=seed, index=index)
    beliefs = tuple(_beliefs(scenario, kept.last, floor.agents["speed"], came=len(floor.customers)))
    cost = score(floor, scenario).metrics[COST]
    floor, _ = play(scenario, broken, seed=seed, index=index)
    return Lived(beliefs=beliefs, cost=cost, restarted=score(floor, scenario).metrics[COST])


@dataclass(slots=True, kw_only=True)
class _Kept:
    """A goal whose controllers can be looked at after the run."""

    restarts_a_day: int = 0
    away_s: float = 0.0
    runs: list[_Restarted] = field(default_factory=list)

    @property
    def name(self) -> str:
        return "goal"

    @property
    def last(self) -> _Restarted:
        return self.runs[-1]

    def start_limits(self, scenario: Scenario) -> None:
        """As configured."""

    def controller(self, scenario: Scenario, *, seed: int, index: int) -> _Restarted:
        self.runs.append(_Restarted(scenario, seed, index, self.restarts_a_day, self.away_s))
        return self.last


class _Restarted:
    """The production decision, killed at times; what it knows goes on as the text of its memory."""

    def __init__(self, scenario: Scenario, seed: int, index: int, restarts_a_day: int, away_s: float) -> None:
        self._make = lambda: GoalPolicy().controller(scenario, seed=seed, index=index)
        self._inner: Production = self._make()
        self._until_s = scenario.duration_s
        self._every_s = DAY_S / restarts_a_day if restarts_a_day else inf
        # not at its end, which would fall on whole hours
        self._due = self._every_s / 3
        self._away_s = away_s
        self._back_s = 0.0
        self._tick_s = scenario.every_s
        self.at_s = 0.0
        self.group = self._inner.group
        self.learned = Learned()

    def first_tick(self) -> float:
        return self._inner.first_tick()

    def tick(self, seen: Seen) -> tuple[Ints | None, float]:
        if seen.now_s < self._back_s:
            return None, seen.now_s + self._tick_s  # rates go on being read, and nobody looks at them
        wanted, due = self._inner.tick(seen)
        if seen.now_s <= self._until_s:
            self.at_s = seen.now_s
            (memory,) = self._inner.memory.groups.values()
            self.learned = memory.learned or Learned()
        if seen.now_s >= self._due:
            self._due += self._every_s
            text = json.dumps(to_json(self._inner.memory))
            self._inner = self._make()
            self._inner.memory = from_json(json.loads(text))
            self._back_s = seen.now_s + self._away_s
        return wanted, due


def _beliefs(scenario: Scenario, run: _Restarted, speed: Floats, *, came: int) -> Iterator[Belief]:
    found = told(run.learned, run.group)
    yield _arrivals(scenario, found["arrivals_per_minute"], run.at_s, came)
    people = _people(run.group, len(speed))
    levels = len(next(iter(run.learned.tiers.values())).done)
    for tier in found["tiers"]:
        name, baseline = tier["tier"], tier["baseline"]
        true = _curve(scenario, speed, people[name], run.at_s)
        for level in tier["levels"]:
            if level["seen"] < OFTEN:
                continue
            yield Belief(
                kind=Kind.CURVE,
                about=name,
                level=level["chats"],
                mean=level["per_hour"] / HOUR_S,
                low=level["low"] / HOUR_S,
                high=level["high"] / HOUR_S,
                true=float(true[level["chats"] - 1]),
                above_baseline=level["chats"] - baseline,
            )
        if tier["aim"] is not None:  # else nobody of the tier was ever there when limits were chosen
            yield _peak(name, tier["peak"], true[:levels], baseline)


def _arrivals(scenario: Scenario, found: dict[str, float], at_s: float, came: int) -> Belief:
    arrivals = scenario.arrivals
    place = min(int((at_s - 1e-3) / arrivals.step_s), len(arrivals.expected) - 1)
    true = float(arrivals.expected[place]) / arrivals.step_s
    if arrivals.day_factor_cv:  # the day's own factor, which many hundred customers show
        true *= came / float(arrivals.expected.sum())
    mean, low, high = (found[name] / 60 for name in ("expected", "low", "high"))
    return Belief(kind=Kind.ARRIVALS, about="", level=0, mean=mean, low=low, high=high, true=true)


def _people(group: Group, agents: int) -> dict[str, Ints]:
    """Rows of each tier's agents."""
    rows = {
        tier.name: np.concatenate([np.arange(one.first, one.last + 1) - FIRST_ID for one in tier.ids])
        for tier in group.tiers
    }
    rest = np.setdiff1d(np.arange(agents), np.concatenate([*rows.values(), np.empty(0, np.int64)]))
    return {**rows, NO_TIER if rows else EVERYBODY: rest}


def _curve(scenario: Scenario, speed: Floats, rows: Ints, at_s: float) -> Floats:
    """Completions a second of one of these agents by chats held, at that time: the mean over them."""
    ends = np.cumsum([entry.count for entry in scenario.agents])
    entries = np.searchsorted(ends, rows, side="right")
    rates = [
        speed[row] * _factors(scenario, scenario.agents[entry], at_s) for row, entry in zip(rows, entries, strict=True)
    ]
    mean: Floats = np.mean(rates, axis=0) / scenario.service.solo.mean_s
    return mean


def _factors(scenario: Scenario, entry: AgentEntry, at_s: float) -> Floats:
    curves = entry.curves or scenario.service.curves
    clock_s = (scenario.clock_s + at_s - 1e-3) % DAY_S
    return ([curve for curve in curves if curve.from_s <= clock_s] or [curves[0]])[-1].factors


def _peak(name: str, found: dict[str, float | None], true: Floats, baseline: int) -> Belief:
    # past the last level, wherever that is
    mean, low, high = (inf if level is None else level for level in (found["at"], found["low"], found["high"]))
    good = np.flatnonzero(true >= AS_GOOD * true.max()) + 1
    inside = good[(good >= low) & (good <= high)]
    best = float(np.argmax(true) + 1)
    nearest = float(inside[0]) if len(inside) and not low <= best <= high else best
    return Belief(
        kind=Kind.PEAK,
        about=name,
        level=0,
        mean=mean,
        low=low,
        high=high,
        true=nearest,
        above_baseline=int(nearest) - baseline,
    )
