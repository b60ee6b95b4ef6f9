"""Which limits to aim at: the cheapest choice that the evidence allows, and that is worth the change."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from autoscaler.core.book import Goal
from autoscaler.core.goal.curves import Curve, tried
from autoscaler.core.goal.predicting import AHEAD_S, Crew, Forecast, Market, predict, switch_price
from autoscaler.core.readings import Floats

__all__ = ["Aim", "Squad", "aim"]

CALM_S = 30.0
"""Seconds of what staying costs that a change must save beside its own cost: less than that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Squad:
    """A tier as the choice sees it: its agents, bounds, what is believed and how much of it was seen."""

    name: str
    count: int
    floor: int
    baseline: int
    ceiling: int
    limit: float
    curve: Curve
    done: Floats

    @property
    def crew(self) -> Crew:
        """Its agents, in the poorer case and in the richer one."""
        return Crew(count=self.count, baseline=self.baseline, rates=np.pad(self.curve.cases, ((0, 0), (1, 0))))

    @property
    def expected(self) -> Crew:
        """Its agents as they are expected to be."""
        return Crew(count=self.count, baseline=self.baseline, rates=np.pad(self.curve.mean[None], ((0, 0), (1, 0))))

    @property
    def tried(self) -> int:
        """The highest level that was seen often, the baseline at least."""
        return tried(self.done, self.baseline)

    @property
    def highest(self) -> int:
        """The level it may go to: one above those tried, not past the peak of the richer case."""
        peak = int(np.argmax(self.curve.cases[1])) + 1
        return max(self.floor, min(self.ceiling, self.tried + 1, peak))


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """The choice.

    Attributes:
        limits: Mean limit by tier, shape (t,).
        choices: What was compared, shape (k, t); the last one was to stay.
        chosen: Which of them.
        forecast: What was expected of each.
        market: Of which customers.
        more_agents: How many more would meet the goal where no limit does, without targets 80 % within half a minute
            where not half are; None: a limit does, or nobody can say.
    """

    limits: Floats
    choices: Floats
    chosen: int
    forecast: Forecast
    market: Market
    more_agents: int | None


def aim(goal: Goal, squads: tuple[Squad, ...], market: Market, *, held: float, waiting: float) -> Aim:
    """Choose."""
    crews = tuple(squad.crew for squad in squads)
    counts = np.array([squad.count for squad in squads])
    current = np.array([squad.limit for squad in squads])
    choices = _choices(squads, goal, market)
    forecast = predict(crews, choices, market, goal.cost, now=held + waiting, within_s=goal.within_s)
    short = _short(goal, forecast)
    # whoever stays need not meet a target by a hair
    short[-1] = max(short[-1] - EASE, 0.0)
    has_targets = goal.answer is not None or goal.chat_stretch_below is not None
    is_met = has_targets and bool(short.min() <= EASE)
    # a target that is met asks for no more: of those who meet it, the fewest slots
    price = (choices @ counts) * SLOT if is_met else forecast.cost
    changes = switch_price(current, choices, counts, goal.cost)
    is_change = (choices != current).any(axis=1)
    price = price + changes + np.where(is_change, price[-1] * CALM_S / AHEAD_S, 0.0)
    best = int(np.lexsort((price, short - short.min() > EASE))[0])
    is_hopeless = short[best] > EASE if has_targets else forecast.answered[best] < HOPELESS
    return Aim(
        limits=choices[best],
        choices=choices,
        chosen=best,
        forecast=forecast,
        market=market,
        more_agents=_more_agents(_usual(goal), squads, choices[best], market) if is_hopeless else None,
    )


HOPELESS = 0.5
"""Share answered in time below which a goal without targets says how many people are missing."""
SLOT = 0.02
"""What a slot weighs against a limit change where a target decides."""
EASE = 0.02
"""Shares of a target within which two choices are as good."""


def _usual(goal: Goal) -> Goal:
    """A goal without targets, with those one would set: 80 % within half a minute."""
    if goal.answer is not None or goal.chat_stretch_below is not None:
        return goal
    return replace(goal, answer=0.8, within_s=30.0)


def _short(goal: Goal, forecast: Forecast) -> Floats:
    """By how much each choice misses the targets: the stretch weighs first, since people come before queues."""
    short = np.zeros(len(forecast.cost))
    if goal.chat_stretch_below is not None:
        short += 10 * np.maximum(forecast.stretch / goal.chat_stretch_below - 1, 0.0)
    if goal.answer is not None:
        short += np.maximum(goal.answer - forecast.answered, 0.0)
    return short


def _more_agents(goal: Goal, squads: tuple[Squad, ...], limits: Floats, market: Market) -> int | None:
    """How many agents more, alike those there are, would meet the goal at these limits."""
    crews = tuple(squad.expected for squad in squads)
    people = sum(squad.count for squad in squads)
    low, high = 0, 1
    while True:
        scale = (people + high) / people
        more = tuple(replace(crew, count=crew.count * scale) for crew in crews)
        found = predict(more, limits[None, :], market, goal.cost, now=0.0, within_s=goal.within_s)
        if _short(goal, found)[0] > EASE:
            low, high = high, 2 * high
            if high > 8 * people:
                return None
        elif high - low <= max(1, people // 20):
            return high
        else:
            high = (low + high) // 2


def _choices(squads: tuple[Squad, ...], goal: Goal, market: Market) -> Floats:
    """Limits worth comparing, shape (k, t); the last one is to stay."""
    highest = np.array([squad.highest for squad in squads], np.float64)
    floor = np.array([squad.floor for squad in squads], np.float64)
    stay = np.clip([squad.limit for squad in squads], floor, np.maximum(highest, 1))
    rows = [np.full(len(squads), level) for level in np.arange(floor.min(), highest.max() + 0.5, 0.5)]
    if len(squads) > 1:
        rows += list(np.stack([_worth(squad, goal, market) for squad in squads], axis=1))
        near = np.round(stay * 2) / 2
        rows += [near + step * tier for tier in np.eye(len(squads)) for step in (-1.0, -0.5, 0.5, 1.0)]
    return np.vstack((np.unique(np.clip(rows, floor, highest), axis=0), stay))


PRICES = np.geomspace(0.1, 60.0, 24)
"""What a chat ended may be worth, from next to nothing to much more than one lost."""


def _worth(squad: Squad, goal: Goal, market: Market) -> Floats:
    """The tier's best level at each price of a chat ended, full as it is, shape (prices,).

    Between tiers the same price holds: nobody should be crowded for a chat that another tier would end for less.
    """
    _, rate, over, excess, _ = squad.expected.table(market.solo_s)[0, :, squad.floor : squad.highest + 1]
    cost = (over * goal.cost.crowding + excess * goal.cost.excess_chat_minute) / 60
    best: Floats = np.argmax(PRICES[:, None] * rate - cost, axis=1) + float(squad.floor)
    return best
