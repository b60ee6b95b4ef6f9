"""What a choice of limits would cost: the group as a birth and death process of its chats.

One number is followed, chats in the system: up at the rate of arrivals, down at the rate at which that many chats end,
and at which those who wait lose patience. A choice of limits says where waiting begins. No choice is for ever: what
one costs from where the group stands counts on changing to another when that has become cheaper.

What a level beyond those tried would bring is not known. Two cases are as likely as each other, and completions at the
levels at which they differ tell which it is: a choice is worth what it costs till then, and what is best afterwards. So
it pays to try a level where that may be the better one for hours, and only as long as it is not known.

Sources: limited processor sharing (Luo and Zhang 2013); limits that follow the queue (Gupta and Zhang, arXiv
1409.0153); optimal switching by iterated stopping; value of information (Howard 1966).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from autoscaler.core.book import GoalCost
from autoscaler.core.goal.chains import changing, finding_out, stationary, steps
from autoscaler.core.readings import Floats

__all__ = ["Crew", "Forecast", "Market", "predict", "switch_price"]

AHEAD_S = 7200.0
"""Later costs fade with this time, about as long as arrivals stay as they are. To let a queue in pays once, and is paid
for as long as limits stay above the best ones."""
RETHINK_S = 300.0
"""Mean time between changes that are counted on; oftener would count on what limits that are lowered do at once."""
RETHINKS = 4
"""Changes looked ahead to."""
TOLD = 2.0
"""Evidence, in nats, after which it is known which of two cases it is: about one time in eight wrongly."""
UNEVEN = 0.45
"""Share of agents who hold one chat more than others, and as many one less, over the root of the number of agents."""
CELLS = 90
"""Points of the lattice at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """One tier's agents: how many, their baseline, and completions a second holding 0..J chats.

    Attributes:
        rates: What they may be, as likely as each other: one case, or a poorer and a richer one, shape (c, J + 1).
    """

    count: float
    baseline: int
    rates: Floats

    def table(self, solo_s: float) -> Floats:
        """One agent with 0..J chats in each case, shape (c, 5, J + 1).

        Chats, completions a second, crowding, chats in excess, and evidence a second on which case it is, in nats.

        A chat lasts, exponentially, `stretch` times as long as alone; the share of that which is past the time alone is
        exp(-1/stretch). Evidence is the mean divergence of two Poisson counts.
        """
        table = np.empty((len(self.rates), 5, self.rates.shape[1]))
        held = np.arange(float(self.rates.shape[1]))
        stretch = held / np.maximum(self.rates * solo_s, 1e-9)
        poorer, richer = np.maximum(self.rates[[0, -1]], 1e-12)
        table[:, 0] = held
        table[:, 1] = self.rates
        table[:, 2] = np.maximum(held - self.baseline, 0.0) ** 2
        table[:, 3] = held * np.exp(-1 / np.maximum(stretch, 0.05))
        table[:, 4] = (richer - poorer) * np.log(richer / poorer) / 2
        return table


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What customers do.

    Attributes:
        arrivals: A second.
        leaving: Rate at which one who waits loses patience, a second.
        solo_s: Mean of a chat alone.
        rank: Share of agents with fewer chats whom the routing passes over: 0 least loaded first, 1 most loaded first.
    """

    arrivals: float
    leaving: float
    solo_s: float
    rank: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """By choice, shape (k,).

    Attributes:
        cost: Expected cost from now on, fading, where limits may be changed later.
        answered: Share answered within the goal's time in the long run, if all stays as it is.
        stretch: Time of a chat in the long run, against one alone.
    """

    cost: Floats
    answered: Floats
    stretch: Floats


def predict(
    crews: tuple[Crew, ...], choices: Floats, market: Market, cost: GoalCost, *, now: float, within_s: float | None
) -> Forecast:
    """Expected cost and service of each choice.

    Args:
        crews: The tiers.
        choices: Mean limit of each tier's agents by choice, shape (k, t).
        market: Customers.
        cost: Weights.
        now: Chats held and waiting now.
        within_s: The goal's time to answer; None: half a minute.
    """
    counts = np.array([crew.count for crew in crews], np.float64)
    slots = choices @ counts
    room = max(now - slots.min(), 0.0) * 1.2 + market.arrivals * 900 + 12
    top = slots.max() + room
    cell = max(1.0, top / CELLS)
    x = np.arange(0.0, top + cell, cell)
    held = np.minimum(x, slots[:, None])
    waiting = x - held
    # by case, choice and point
    ending, crowding, excess, tells = _floor(crews, choices, market, held)
    rate = _cost(market, cost, crowding=crowding, excess=excess, waiting=waiting)
    rises, falls = steps(market.arrivals, ending + market.leaving * waiting, cell)
    price = switch_price(choices[:, None, :], choices, counts, cost)
    value = changing(rises, falls, rate, price, fade_s=AHEAD_S, every_s=RETHINK_S, times=RETHINKS)
    if len(value) > 1:
        learning = tells[0] / TOLD
        value = finding_out(
            rises, falls, rate, price, learning, value, fade_s=AHEAD_S, every_s=RETHINK_S, times=RETHINKS
        )
    at = min(now / cell, len(x) - 1.0)
    low = int(at)
    high = min(low + 1, len(x) - 1)
    expected = value.mean(axis=0)
    likely = stationary(rises, falls)
    stretch = (likely * held).sum(-1) / np.maximum((likely * ending).sum(-1) * market.solo_s, 1e-12)
    in_time = _answered(likely, ending, market, waiting, 30.0 if within_s is None else within_s)
    return Forecast(
        cost=expected[:, low] + (at - low) * (expected[:, high] - expected[:, low]),
        answered=in_time.mean(axis=0),
        stretch=stretch.mean(axis=0),
    )


def switch_price(here: Floats, there: Floats, counts: Floats, cost: GoalCost) -> Floats:
    """What it costs to change the limits of all tiers, shape of the broadcast limits less their last axis (t,)."""
    moved: Floats = np.minimum(np.abs(there - here), 1.0) @ counts * cost.limit_change
    return moved


def _floor(crews: tuple[Crew, ...], choices: Floats, market: Market, held: Floats) -> Floats:
    """With `held` chats, shape (4, c, k, x): completions a second, squares above baseline, excess, evidence."""
    tables = [crew.table(market.solo_s) for crew in crews]
    counts = np.array([crew.count for crew in crews])
    floor = np.empty((4, len(tables[0]), *held.shape))
    for row, limits in enumerate(choices):
        for case, (load, *rest) in enumerate(_filled(tables, counts, limits, market)):
            for index, column in enumerate(rest):
                floor[index, case, row] = np.interp(held[row], load, column)
    return floor


def _filled(tables: list[Floats], counts: Floats, limits: Floats, market: Market) -> Floats:
    """The tables' rows for all agents, shape (c, 5, points), as the floor fills up, by how chats are routed."""
    if market.rank > 0.75:
        return _filled_one_by_one(tables, counts, limits)
    if market.rank > 0.25:
        return _filled_at_random(tables, counts, limits)
    return _filled_evenly(tables, counts, limits)


def _filled_evenly(tables: list[Floats], counts: Floats, limits: Floats) -> Floats:
    """Every agent below its limit holds as many as any other, but for a few.

    Chats are never moved, so when some end loads are uneven for a while: the more so the fewer agents there are.
    """
    levels = np.unique(np.concatenate((np.arange(0.0, limits.max() + 0.25, 0.25), limits)))
    filled = np.zeros((*tables[0].shape[:2], len(levels)))
    share = UNEVEN / math.sqrt(counts.sum())
    for table, count, limit in zip(tables, counts, limits, strict=True):
        level = np.minimum(levels, limit)
        apart = np.minimum(np.minimum(1.0, level), limit - level)
        for moved, part in ((0.0, 1 - 2 * share), (-1.0, share), (1.0, share)):
            filled += count * part * _between(table, level + moved * apart)
    rises = np.concatenate(([True], np.diff(filled[0, 0]) > 0))
    return np.compress(rises, filled, axis=-1)


def _filled_one_by_one(tables: list[Floats], counts: Floats, limits: Floats) -> Floats:
    """An agent is filled up before the next gets a chat."""
    filled = np.zeros((*tables[0].shape[:2], 2))
    for table, count, limit in zip(tables, counts, limits, strict=True):
        filled += count * _between(table, np.array([0.0, limit]))
    return filled


def _filled_at_random(tables: list[Floats], counts: Floats, limits: Floats) -> Floats:
    """Everybody below the limit gets the next chat with equal chance: each agent is a process of its own."""
    pull = np.concatenate(([0.0], np.geomspace(1e-3, 1e3, 24)))[:, None] * tables[0][0, 1, 1]
    filled = np.zeros((*tables[0].shape[:2], len(pull)))
    for table, count, limit in zip(tables, counts, limits, strict=True):
        for whole, share in ((math.floor(limit), 1 - limit % 1), (math.ceil(limit), limit % 1)):
            if share > 0:
                growth = pull / table[:, None, 1, 1 : whole + 1]
                chance = np.cumprod(np.pad(growth, ((0, 0), (0, 0), (1, 0)), constant_values=1.0), axis=-1)
                chance /= chance.sum(-1, keepdims=True)
                filled += count * share * (table[..., : whole + 1] @ np.swapaxes(chance, 1, 2))
    return filled


def _between(table: Floats, level: Floats) -> Floats:
    """Columns of a table at levels between whole ones."""
    low = np.minimum(level.astype(np.int64), table.shape[-1] - 2)
    below = table[..., low]
    between: Floats = below + (level - low) * (table[..., low + 1] - below)
    return between


def _cost(market: Market, cost: GoalCost, *, crowding: Floats, excess: Floats, waiting: Floats) -> Floats:
    """Cost a second."""
    # who came within the free time is not late yet: about arrivals x free of those who wait
    late = waiting**2 / (waiting + market.arrivals * cost.free_s + 1e-9)
    minute: Floats = late * cost.late_minute + crowding * cost.crowding + excess * cost.excess_chat_minute
    return minute / 60 + waiting * market.leaving * cost.abandoned


def _answered(likely: Floats, ending: Floats, market: Market, waiting: Floats, within_s: float) -> Floats:
    """Share answered in time; a place in the queue moves up as chats end and people leave."""
    moves = np.maximum(ending, 1e-12)
    leaving = max(market.leaving, 1e-9)
    wait_s = np.log1p(leaving * (waiting + 1) / moves) / leaving
    in_time = np.where(waiting <= 0, 1.0, 1 / (1 + (wait_s / within_s) ** 4))
    share: Floats = (likely * in_time).sum(-1)
    return share
