"""What the goal's parts give in a few cases, as figures: those it was judged with on the scenarios.

The numbers in `core/goal` were chosen on whole scenarios, in hours of simulation. So a change of any figure here is a
change of what was judged, and is judged anew by `make bench-control` and `make bench-goal` before it is noted here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from itertools import product
from typing import Any

import numpy as np

from autoscaler.core.book import Goal, GoalCost, IdRange, Limits, Tier
from autoscaler.core.goal.aiming import Squad, aim
from autoscaler.core.goal.curves import believed
from autoscaler.core.goal.learned import Learned, TierLearned, to_json
from autoscaler.core.goal.observing import Sight, observe
from autoscaler.core.goal.predicting import Crew, Market, predict
from autoscaler.core.goal.saying import sentence

from .sites import T0, Site, lived, peaked, power, pursuing

__all__ = ["PARTS", "figures"]

LEVELS = 7
NAMES = ("newcomers", "seniors")


def _seen(*counts: float, solo_s: float = 400.0, alpha: float = 0.6) -> tuple[np.ndarray, np.ndarray]:
    done = np.array([*counts, *[0.0] * (LEVELS - len(counts))])
    return done, done * solo_s / np.arange(1.0, LEVELS + 1) ** alpha


SEEN = {
    "nothing": _seen(),
    "a little of a few": _seen(3, 9, 14),
    "just often": _seen(15, 15, 15, 15),
    "a lot of most": _seen(40, 260, 700, 330, 12),
    "a peak that was passed": _seen(30, 200, 400, 400, 200, alpha=-0.2),
    "seconds without an end": (np.zeros(LEVELS), np.array([0.0, 900.0, 4000.0, 300.0, 0.0, 0.0, 0.0])),
}


def curves() -> dict[str, Any]:
    return {
        f"{name}, baseline {baseline}": asdict(believed(*seen, baseline=baseline))
        for (name, seen), baseline in product(SEEN.items(), (1, 3))
    }


CREWS = {
    "one tier": (Crew(count=10, baseline=2, rates=np.stack((power(0.7),))),),
    "two tiers": (
        Crew(count=5, baseline=1, rates=np.stack((peaked(2), power(0.5)))),
        Crew(count=9, baseline=3, rates=np.stack((power(0.6, solo_s=240.0), power(0.8, solo_s=240.0)))),
    ),
    "a large team": (Crew(count=120, baseline=3, rates=np.stack((peaked(4), peaked(5)))),),
}
CHOICES = np.array([[1.0, 1.0], [2.0, 3.0], [2.5, 3.5], [4.0, 6.0]])


def predictions() -> dict[str, Any]:
    cost = GoalCost(late_minute=1.5, free_s=20.0, abandoned=4.0, excess_chat_minute=0.2, crowding=0.3)
    found = {}
    for (name, crews), rank, load in product(CREWS.items(), (0.1, 0.25, 0.5, 0.75, 1.0), (0.4, 1.1)):
        people = sum(crew.count for crew in crews)
        market = Market(arrivals=load * people * 0.006, leaving=1 / 150, solo_s=280.0, rank=rank)
        for now, within_s in ((0.0, None), (2.5 * people, 45.0), (9.0 * people, 20.0)):
            forecast = predict(crews, CHOICES[:, : len(crews)], market, cost, now=now, within_s=within_s)
            found[f"{name}, rank {rank}, load {load}, {now:g} chats now"] = asdict(forecast)
    return found


GOALS = {
    "least cost": Goal(),
    "a target": Goal(answer=0.8, within_s=30.0),
    "a stretch": Goal(chat_stretch_below=1.6),
    "both, and dear changes": Goal(
        answer=0.95, within_s=10.0, chat_stretch_below=2.5, cost=GoalCost(limit_change=2.0, crowding=0.5)
    ),
}


def _squads(*names: str, limit: float) -> tuple[Squad, ...]:
    return tuple(
        Squad(
            name=tier,
            count=count,
            floor=floor,
            baseline=2,
            ceiling=6,
            limit=limit,
            curve=believed(*SEEN[name], baseline=2),
            done=SEEN[name][0],
        )
        for name, tier, count, floor in zip(names, NAMES, (12, 7), (1, 2), strict=False)
    )


def choices() -> dict[str, Any]:
    found = {}
    teams = (("nothing",), ("a lot of most",), ("a peak that was passed", "a lot of most"), ("just often", "nothing"))
    for (wish, goal), team, limit, arrivals in product(GOALS.items(), teams, (2.0, 4.0), (0.02, 0.07, 0.3)):
        squads = _squads(*team, limit=limit)
        market = Market(arrivals=arrivals, leaving=1 / 200, solo_s=400.0, rank=0.1)
        aimed = aim(goal, squads, market, held=30.0, waiting=5.0 if arrivals > 0.05 else 0.0)
        found[f"{wish}, {' and '.join(team)}, from {limit:g}, {arrivals} a second"] = {
            "limits": aimed.limits,
            "choices": len(aimed.choices),
            "cost": aimed.forecast.cost[aimed.chosen],
            "more_agents": aimed.more_agents,
            "said": sentence(goal, squads, aimed, profile="weekday" if limit > 2 else ""),
        }
    return found


def _sights(seed: int) -> Iterator[Sight]:
    """A floor on which anything happens: people come and go, hold more than they may, are not known; half way all ends
    less often."""
    rng = np.random.default_rng(seed)
    ids = np.arange(1001, 1013)
    load = rng.integers(0, 4, len(ids)).astype(float)
    waiting = 0.0
    for number in range(240):
        pace = 0.35 if number < 150 else 0.12
        ended = np.minimum(load, rng.binomial(2, pace / 2, len(ids)))
        limit = rng.choice([2.0, 3.0, 4.0], len(ids), p=[0.1, 0.2, 0.7])
        load = load - ended
        got = (load < limit) & (rng.random(len(ids)) < 0.4)
        load = load + got
        queue = max(waiting + rng.integers(-2, 3), 0.0) if rng.random() < 0.4 else 0.0
        left = float(rng.random() < 0.2)
        arrived = got.sum() + queue - waiting + left + rng.integers(0, 3)
        waiting = queue
        here = rng.random(len(ids)) < 0.97
        yield Sight(
            at=T0 + number * 15.0 + (4000.0 if number > 200 else 0.0),
            ids=ids[here],
            load=np.where(rng.random(here.sum()) < 0.03, np.nan, load[here]),
            limit=np.where(rng.random(here.sum()) < 0.03, np.nan, limit[here]),
            tier=ids[here] % 2,
            waiting=np.nan if rng.random() < 0.02 else waiting,
            arrivals=np.nan if rng.random() < 0.1 else max(arrived, 0.0) / 15.0,
            leaving=np.nan if rng.random() < 0.02 else left / 15.0,
        )


def sights() -> dict[str, Any]:
    """What a floor teaches, where chats are routed to few, anybody or many."""
    found = {}
    rate = believed(*SEEN["nothing"], baseline=3).mean
    for seed, (routing, rank) in enumerate((("fewest", 0.1), ("anybody", 0.5), ("most", 0.95))):
        learned = Learned(
            tiers={name: TierLearned.blank(rate * pace) for name, pace in zip(NAMES, (0.8, 1.3), strict=True)},
            rank=rank * 500,
            ranked=500.0,
        )
        for number, sight in enumerate(_sights(seed), 1):
            learned = observe(learned, sight, NAMES)
            if number % 30 == 0:
                told = to_json(learned)
                figures = {"arrivals": learned.arrivals, "mean_rank": learned.mean_rank}
                kept = {key: told[key] for key in told if key not in {"ids", "load", "limit", "said"}}
                found[f"{routing}, {number} ticks"] = kept | figures
                tiers = {
                    name: replace(tier, rate=believed(tier.done, tier.spent_s, baseline=3).mean)
                    for name, tier in learned.tiers.items()
                }
                learned = replace(learned, tiers=tiers)
    return found


NEW = Tier(name="new", ids=(IdRange(first=1001, last=1004),), limits=Limits(floor=1, baseline=2, ceiling=4))


def hours() -> dict[str, Any]:
    """What is said, wanted and known in an hour of a site at work, whose ceilings a reload moves half way."""
    found: dict[str, Any] = {}
    of_two = pursuing(tiers=(NEW,), goal=Goal(answer=0.8, within_s=30.0))
    for name, rules in (("one tier", pursuing()), ("two tiers and a target", of_two)):
        site = Site.of(power(0.7), 12, arrivals=0.09)
        for number, (pursued, _) in enumerate(lived(site, rules, 1.0)):
            if number in {100, 180}:
                ceiling = 8 if number == 100 else 5
                pursued.rules = replace(rules, limits=replace(rules.limits, ceiling=ceiling))
            if number % 12 == 4:
                tiers = {
                    tier: {"rate": known.rate, "done": known.done, "spent_s": known.spent_s, "aim": f"{known.aim:g}"}
                    for tier, known in pursued.learned.tiers.items()
                }
                told = {"said": pursued.learned.said, "limits": pursued.limits, "tiers": tiers}
                found[f"{name}, tick {number}"] = told
    return found


PARTS: Mapping[str, Callable[[], dict[str, Any]]] = {
    part.__name__: part for part in (curves, predictions, choices, sights, hours)
}


def _written(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return _written(value.tolist())
    if isinstance(value, dict):
        return {key: _written(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_written(one) for one in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value


def figures(part: str) -> Any:
    """Of one part, as JSON has them."""
    return _written(PARTS[part]())
