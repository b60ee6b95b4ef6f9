"""What a choice of limits would cost: the group as a birth and death process of its chats.

One number is followed, chats in the system: up at the rate of arrivals, down at the rate at which that many chats end,
and at which those who wait lose patience. A choice of limits says where waiting begins. No choice is for ever: what
one costs from where the group stands counts on changing to another when that has become cheaper.

What a level beyond those tried would bring is not known. Two cases are as likely as each other, and completions at the
levels at which they differ tell which it is: a choice is worth what it costs till then, and what is best afterwards. So
it pays to try a level where that may be the better one for hours, and only as long as it is not known.

Sources: limited processor sharing (Luo and Zhang 2013); limits that follow the queue (Gupta and Zhang, arXiv
1409.0153); optimal switching by iterated stopping; value of information (Howard 1966); Kelly, Reversibility and
Stochastic Networks (1979).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from autoscaler.core.book import GoalCost
from autoscaler.core.goal.chains import changing, finding_out, stationary, steps
from autoscaler.core.goal.learned import BY_LOAD
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
    going = ending + market.leaving * waiting
    rate = _cost(market, cost, crowding=crowding, excess=excess, waiting=waiting, going=going)
    rises, falls = steps(market.arrivals, going, cell)
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
    filled = _filled(tables, np.array([crew.count for crew in crews]), choices, market)
    load = filled[:, 0]
    # past the limit the floor is as full as it gets, again and again: there is nothing between two such points
    below = np.minimum((load[..., None, :] <= held[..., None]).sum(axis=-1) - 1, load.shape[-1] - 2)
    least, most = (np.take_along_axis(filled, below[:, None] + step, axis=-1) for step in (0, 1))
    width = most[:, 0] - least[:, 0]
    part = np.divide(held - least[:, 0], width, out=np.zeros(below.shape), where=width > 0)
    return np.moveaxis(least[:, 1:] + part[:, None] * (most - least)[:, 1:], 1, 0)


def _filled(tables: list[Floats], counts: Floats, choices: Floats, market: Market) -> Floats:
    """The tables' rows for all agents, as the floor fills up, by how chats are routed; shape (c, 5, k, points)."""
    if market.rank > 1 - BY_LOAD:
        by_tier = [_one_by_one(table, limits) for table, limits in zip(tables, choices.T, strict=True)]
    elif market.rank > BY_LOAD:
        pull = np.concatenate(([0.0], np.geomspace(1e-3, 1e3, 24))) * tables[0][0, 1, 1]
        by_tier = [_at_random(table, limits, pull) for table, limits in zip(tables, choices.T, strict=True)]
    else:
        levels = np.unique(np.concatenate((np.arange(0.0, choices.max() + 0.25, 0.25), choices.ravel())))
        uneven = UNEVEN / math.sqrt(counts.sum())
        by_tier = [_evenly(table, limits, levels, uneven) for table, limits in zip(tables, choices.T, strict=True)]
    filled: Floats = sum(count * one for count, one in zip(counts, by_tier, strict=True))
    return filled


def _evenly(table: Floats, limits: Floats, levels: Floats, uneven: float) -> Floats:
    """Of an agent: every one below its limit holds as many as any other, but for a few.

    Chats are never moved, so when some end loads are uneven for a while: the more so the fewer agents there are.
    """
    level = np.minimum(levels, limits[:, None])
    apart = np.minimum(np.minimum(1.0, level), limits[:, None] - level)
    most, fewer, more = np.moveaxis(_between(table, np.stack((level, level - apart, level + apart))), 2, 0)
    filled: Floats = (1 - 2 * uneven) * most + uneven * (fewer + more)
    return filled


def _one_by_one(table: Floats, limits: Floats) -> Floats:
    """Of an agent: each is filled up before the next gets a chat."""
    return _between(table, np.stack((np.zeros(len(limits)), limits), axis=-1))


def _at_random(table: Floats, limits: Floats, pull: Floats) -> Floats:
    """Of an agent: everybody below the limit gets the next chat with equal chance, so each is a process of its own."""
    growth = np.ones((len(table), len(pull), table.shape[-1]))
    growth[..., 1:] = pull[:, None] / table[:, None, 1, 1:]
    weight = np.cumprod(growth, axis=-1)
    # with 0, up to 1, up to 2, ... chats
    mean = np.cumsum(table[:, :, None] * weight[:, None], axis=-1) / np.cumsum(weight, axis=-1)[:, None]
    return np.swapaxes(_between(mean, limits), -1, -2)


def _between(table: Floats, level: Floats) -> Floats:
    """Columns of a table at levels between whole ones, shape (..., levels)."""
    low = np.minimum(level.astype(np.int64), table.shape[-1] - 2)
    below = table[..., low]
    between: Floats = below + (level - low) * (table[..., low + 1] - below)
    return between


def _cost(
    market: Market, cost: GoalCost, *, crowding: Floats, excess: Floats, waiting: Floats, going: Floats
) -> Floats:
    """Cost a second."""
    late = _late(waiting, going, market.leaving, cost.free_s)
    minute: Floats = late * cost.late_minute + crowding * cost.crowding + excess * cost.excess_chat_minute
    return minute / 60 + waiting * market.leaving * cost.abandoned


def _late(waiting: Floats, going: Floats, leaving: float, free_s: float) -> Floats:
    """Of those who wait, how many have waited for longer than `free_s`.

    A birth and death process runs backwards as it runs forwards (Kelly 1979), and backwards those who came are those
    who go. So of those who wait now a Poisson number came within the free time, of the mean of those who go within it,
    less those who left meanwhile. By arrivals one would count too few: a queue is long when many came just now.

    Args:
        waiting: Customers.
        going: Rate at which one less is there, a second, shape of the broadcast `waiting`.
        leaving: Rate at which one who waits loses patience, a second.
        free_s: Not counted.
    """
    leaving = max(leaving, 1e-9)
    young = going * -math.expm1(-leaving * free_s) / leaving
    # what is expected of a Poisson number's distance below another, but for hundredths
    beyond = waiting - young
    late: Floats = (np.sqrt(beyond**2 + young) + beyond - np.sqrt(young**2 + young) + young) / 2
    return np.clip(late, 0.0, waiting)


def _answered(likely: Floats, ending: Floats, market: Market, waiting: Floats, within_s: float) -> Floats:
    """Share answered in time; a place in the queue moves up as chats end and people leave."""
    moves = np.maximum(ending, 1e-12)
    leaving = max(market.leaving, 1e-9)
    wait_s = np.log1p(leaving * (waiting + 1) / moves) / leaving
    in_time = np.where(waiting <= 0, 1.0, 1 / (1 + (wait_s / within_s) ** 4))
    share: Floats = (likely * in_time).sum(-1)
    return share
