"""A small chat floor whose truth is known: people of one pace by chats held, customers who come, wait and leave."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from autoscaler.core.book import Goal, Group, Limits, Rule, Rulebook, Safety
from autoscaler.core.engine import decide
from autoscaler.core.goal.learned import Learned
from autoscaler.core.goal.rule import GOAL_RULE
from autoscaler.core.memory import Memory
from autoscaler.core.plan import GroupPlan, Stage
from autoscaler.core.readings import Overrides, Queues, Snapshot
from tests.core.staging import T0, UNKNOWN, Person, agents, at

QUEUE = 2001
NO_TIER = "no tier"


def power(alpha: float, *, solo_s: float = 300.0) -> np.ndarray:
    """Completions a second holding 0..12 chats."""
    return np.concatenate(([0.0], np.arange(1.0, 13.0) ** alpha)) / solo_s


def peaked(at: int, *, solo_s: float = 300.0) -> np.ndarray:
    """As above; past `at` chats an agent ends a quarter less with each one more."""
    chats = np.arange(1.0, 13.0)
    factors = np.minimum(chats, at) ** 0.8 * 0.75 ** np.maximum(chats - at, 0)
    return np.concatenate(([0.0], factors)) / solo_s


def pursuing(*rules: Rule, goal: Goal | None = None, **more: Any) -> Group:
    """A group with a goal, whose guards hold nothing back unless told to."""
    settings: dict[str, Any] = {
        "name": "webchat",
        "queues": (QUEUE,),
        "limits": Limits(floor=1, baseline=3, ceiling=6),
        "safety": Safety(agents_per_tick=1.0),
    }
    return Group(**(settings | more), rules=(*rules, GOAL_RULE), goal=goal or Goal())


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a tick sees of the queue; NaN unknown."""

    waiting: float = 0.0
    arrivals_per_minute: float = 0.0
    abandoned_per_minute: float = 0.0


def snapshot(
    team: Iterable[Person],
    view: View,
    *,
    overrides: Overrides = Overrides(),  # noqa: B008 it is frozen
) -> Snapshot:
    one = np.ones(1)
    return Snapshot(
        queues=Queues(
            ids=np.array([QUEUE]),
            waiting=one * view.waiting,
            oldest_wait_s=np.zeros(1),
            arrivals_per_minute=one * view.arrivals_per_minute,
            abandoned_per_minute=one * view.abandoned_per_minute,
            age_s=np.zeros(1),
        ),
        agents=agents(list(team)),
        overrides=overrides,
    )


@dataclass(slots=True)
class Pursued:
    """A group with a goal, decided tick after tick; the gateway does what it is asked, at once."""

    rules: Group
    people: dict[int, Person]
    memory: Memory = field(default_factory=Memory)

    @classmethod
    def of(cls, rules: Group, team: Iterable[Person]) -> Pursued:
        return cls(rules=rules, people={one.id: one for one in team})

    def tick(self, seconds: float, view: View, *, overrides: Overrides = Overrides()) -> GroupPlan:  # noqa: B008
        book = Rulebook(groups=(self.rules,), digest="sha256:test")
        seen = snapshot(self.people.values(), view, overrides=overrides)
        plan = decide(book, seen, self.memory, at(seconds))
        self.memory = plan.memory
        (mine,) = plan.groups
        for agent, limit in zip(mine.calls.agents.tolist(), mine.calls.callnums.tolist(), strict=True):
            self.people[agent] = replace(self.people[agent], limit=float(limit))
        return mine

    def loads(self, loads: Mapping[int, float]) -> None:
        for agent, load in loads.items():
            self.people[agent] = replace(self.people[agent], load=float(load))

    @property
    def limits(self) -> list[float]:
        return [one.limit for one in self.people.values()]

    @property
    def learned(self) -> Learned:
        learned = self.memory.groups[self.rules.name].learned
        assert learned is not None
        return learned


@dataclass(slots=True)
class Site:
    """The truth: chats go to whoever below the limit holds fewest, first come first served.

    Attributes:
        rates: Completions a second of an agent holding 0..J chats.
        arrivals, leaving: Rates a second, of the site, and of one who waits.
    """

    rates: np.ndarray
    arrivals: float
    leaving: float
    load: np.ndarray
    limit: np.ndarray
    rng: np.random.Generator
    waiting: int = 0
    ended: int = 0

    @classmethod
    def of(cls, rates: np.ndarray, count: int, *, arrivals: float, leaving: float = 1 / 180, seed: int = 1) -> Site:
        return cls(
            rates=rates,
            arrivals=arrivals,
            leaving=leaving,
            load=np.zeros(count, np.int64),
            limit=np.full(count, 3),
            rng=np.random.default_rng(seed),
        )

    def advance(self, seconds: float) -> View:
        """Let time pass, and see the queue after it."""
        arrived = left = 0
        end = seconds
        self._serve()
        while True:
            ending = self.rates[self.load]
            total = self.arrivals + self.leaving * self.waiting + ending.sum()
            end -= self.rng.exponential(1 / total)
            if end < 0:
                break
            what = self.rng.random() * total - self.arrivals
            if what < 0:
                self.waiting += 1
                arrived += 1
            elif what < self.leaving * self.waiting:
                self.waiting -= 1
                left += 1
            else:
                agent = int(np.searchsorted(np.cumsum(ending), what - self.leaving * self.waiting, side="right"))
                self.load[min(agent, len(self.load) - 1)] -= 1
                self.ended += 1
            self._serve()
        return View(
            waiting=float(self.waiting),
            arrivals_per_minute=arrived * 60 / seconds,
            abandoned_per_minute=left * 60 / seconds,
        )

    def _serve(self) -> None:
        while self.waiting:
            free = np.flatnonzero(self.load < self.limit)
            if not len(free):
                return
            least = free[self.load[free] == self.load[free].min()]
            self.load[self.rng.choice(least)] += 1
            self.waiting -= 1


Keep = Callable[[int, Memory], Memory]
"""What becomes of the memory between two ticks, by the tick's number."""


def lived(
    site: Site, rules: Group, hours: float, *, keep: Keep | None = None, every_s: float = 15.0
) -> Iterator[tuple[Pursued, GroupPlan]]:
    """Decide at every tick of a site's hours, and obey."""
    pursued = Pursued.of(rules, [Person(id=1001 + row, load=0.0, limit=3.0) for row in range(len(site.load))])
    for number in range(1, math.ceil(hours * 3600 / every_s) + 1):
        view = site.advance(every_s)
        pursued.loads(dict(enumerate(site.load.tolist(), start=1001)))
        plan = pursued.tick(number * every_s, view)
        site.limit[:] = pursued.limits
        if keep is not None:
            pursued.memory = keep(number, pursued.memory)
        yield pursued, plan


def wanted(plan: GroupPlan) -> list[int]:
    return plan.limits[Stage.WANTED].tolist()


__all__ = [
    "NO_TIER",
    "QUEUE",
    "T0",
    "UNKNOWN",
    "Keep",
    "Person",
    "Pursued",
    "Site",
    "View",
    "lived",
    "peaked",
    "power",
    "pursuing",
    "snapshot",
    "wanted",
]
