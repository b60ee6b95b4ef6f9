"""What a choice of limits would cost over the next half hour: the group as a birth and death process of its chats.

One number is followed, chats in the system: up at the rate of arrivals, down at the rate at which that many chats end,
and at which those who wait lose patience. A choice of limits says where waiting begins. The expected discounted cost
from where the group stands solves a tridiagonal system, for all choices at once.

Sources: limited processor sharing (Luo and Zhang 2013; Gupta and Zhang, arXiv 1409.0153); exponentially fitted
differences (Scharfetter and Gummel 1969), which keep drift and variance right however coarse the lattice is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from autoscaler.core.book import GoalCost
from autoscaler.core.readings import Floats

__all__ = ["Crew", "Forecast", "Market", "predict"]

AHEAD_S = 1800.0
"""How far the cost looks ahead: later costs fade with this time."""
UNEVEN = 0.45
"""Share of agents who hold one chat more than others, and as many one less, over the root of the number of agents."""
CELLS = 120
"""Points of the lattice at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """One tier's agents: how many, their baseline, and completions a second holding 0..J chats, shape (J + 1,)."""

    count: float
    baseline: int
    rate: Floats


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
        cost: Expected cost of the next half hour.
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
    ending, crowding = _floor(crews, choices, market, held)
    down = ending + market.leaving * waiting
    rate = _cost(market, cost, ending=ending, crowding=crowding, held=held, waiting=waiting)
    rises, falls = _steps(market.arrivals, down, cell)
    value = _discounted(rises, falls, rate)
    at = min(now / cell, len(x) - 1.0)
    low = int(at)
    high = min(low + 1, len(x) - 1)
    expected = value[:, low] + (at - low) * (value[:, high] - value[:, low])
    likely = _stationary(rises, falls)
    return Forecast(
        cost=expected,
        answered=_answered(likely, ending, market, waiting, 30.0 if within_s is None else within_s),
        stretch=(likely * held).sum(1) / np.maximum((likely * ending).sum(1) * market.solo_s, 1e-12),
    )


def _floor(crews: tuple[Crew, ...], choices: Floats, market: Market, held: Floats) -> tuple[Floats, Floats]:
    """Completions a second, and the sum of squares above baseline, with `held` chats, shape (k, x) both."""
    ending, crowding = np.empty_like(held), np.empty_like(held)
    for row, limits in enumerate(choices):
        load, ends, crowd = _filled(crews, limits, market)
        ending[row] = np.interp(held[row], load, ends)
        crowding[row] = np.interp(held[row], load, crowd)
    return ending, crowding


def _filled(crews: tuple[Crew, ...], limits: Floats, market: Market) -> tuple[Floats, Floats, Floats]:
    """Chats held, completions a second and crowding as the floor fills up, by how chats are routed."""
    if market.rank > 0.75:
        return _filled_one_by_one(crews, limits)
    if market.rank > 0.25:
        return _filled_at_random(crews, limits)
    return _filled_evenly(crews, limits)


def _filled_evenly(crews: tuple[Crew, ...], limits: Floats) -> tuple[Floats, Floats, Floats]:
    """Every agent below its limit holds as many as any other, but for a few.

    Chats are never moved, so when some end loads are uneven for a while: the more so the fewer agents there are.
    """
    levels = np.unique(np.concatenate((np.arange(0.0, limits.max() + 0.25, 0.25), limits)))
    load, ends, crowd = (np.zeros(len(levels)) for _ in range(3))
    share = UNEVEN / math.sqrt(sum(crew.count for crew in crews))
    for crew, limit in zip(crews, limits, strict=True):
        level = np.minimum(levels, limit)
        apart = np.minimum(np.minimum(1.0, level), limit - level)
        load += crew.count * level
        for moved, part in ((0.0, 1 - 2 * share), (-1.0, share), (1.0, share)):
            ends += crew.count * part * _between(crew.rate, level + moved * apart)
            crowd += crew.count * part * _between(_crowding(crew), level + moved * apart)
    keep = np.concatenate(([True], np.diff(load) > 0))
    return load[keep], ends[keep], crowd[keep]


def _filled_one_by_one(crews: tuple[Crew, ...], limits: Floats) -> tuple[Floats, Floats, Floats]:
    """An agent is filled up before the next gets a chat."""
    share = np.array([0.0, 1.0])
    load = sum(crew.count * limit for crew, limit in zip(crews, limits, strict=True))
    ends = sum(crew.count * float(_between(crew.rate, limit)) for crew, limit in zip(crews, limits, strict=True))
    crowd = sum(crew.count * float(_between(_crowding(crew), limit)) for crew, limit in zip(crews, limits, strict=True))
    return share * load, share * ends, share * crowd


def _filled_at_random(crews: tuple[Crew, ...], limits: Floats) -> tuple[Floats, Floats, Floats]:
    """Everybody below the limit gets the next chat with equal chance: each agent is a process of its own."""
    pull = np.concatenate(([0.0], np.geomspace(1e-3, 1e3, 24)))[:, None] * crews[0].rate[1]
    load, ends, crowd = (np.zeros(len(pull)) for _ in range(3))
    for crew, limit in zip(crews, limits, strict=True):
        for whole, share in ((int(np.floor(limit)), 1 - limit % 1), (int(np.ceil(limit)), limit % 1)):
            if share > 0:
                j = np.arange(whole + 1)
                growth = np.concatenate((np.ones((len(pull), 1)), pull / crew.rate[1 : whole + 1]), axis=1)
                chance = np.cumprod(growth, axis=1)
                chance /= chance.sum(1, keepdims=True)
                load += crew.count * share * (chance @ j)
                ends += crew.count * share * (chance @ crew.rate[: whole + 1])
                crowd += crew.count * share * (chance @ _crowding(crew)[: whole + 1])
    return load, ends, crowd


def _crowding(crew: Crew) -> Floats:
    over: Floats = np.maximum(np.arange(len(crew.rate)) - crew.baseline, 0.0) ** 2
    return over


def _between(table: Floats, level: Floats) -> Floats:
    return np.interp(level, np.arange(len(table)), table)


def _cost(market: Market, cost: GoalCost, *, ending: Floats, crowding: Floats, held: Floats, waiting: Floats) -> Floats:
    """Cost a second."""
    # who came within the free time is not late yet: about arrivals x free of those who wait
    late = waiting**2 / (waiting + market.arrivals * cost.free_s + 1e-9)
    alone = ending * market.solo_s
    stretch = held / np.maximum(alone, 1e-9)
    # of exponential times with mean `stretch` x solo, what exceeds solo
    excess = held * np.exp(-1 / np.maximum(stretch, 0.05))
    minute: Floats = late * cost.late_minute + crowding * cost.crowding + excess * cost.excess_chat_minute
    return minute / 60 + waiting * market.leaving * cost.abandoned


def _steps(arrivals: float, down: Floats, cell: float) -> tuple[Floats, Floats]:
    """Rates of going one cell up and one down."""
    if cell == 1.0:
        rises, falls = np.full_like(down, arrivals), down.copy()
        falls[:, 0] = 0.0
        rises[:, -1] = 0.0
        return rises, falls
    spread = (arrivals + down) / 2
    bend = (arrivals - down) * cell / np.maximum(spread, 1e-12)
    scale = spread / cell**2
    rises, falls = scale * _bernoulli(-bend), scale * _bernoulli(bend)
    falls[:, 0] = 0.0
    rises[:, -1] = 0.0
    return rises, falls


def _bernoulli(z: Floats) -> Floats:
    z = np.clip(z, -200.0, 200.0)
    small = np.abs(z) < 1e-6
    return np.where(small, 1 - z / 2, z / np.where(small, 1.0, np.expm1(z)))


def _discounted(rises: Floats, falls: Floats, rate: Floats) -> Floats:
    """Expected discounted cost from each point: (1/T + up + down) v(x) = c(x) + up v(x+1) + down v(x-1)."""
    middle = (1 / AHEAD_S + rises + falls).T.copy()
    up, down, right = rises.T.copy(), falls.T.copy(), rate.T.copy()
    for row in range(1, len(middle)):
        share = down[row] / middle[row - 1]
        middle[row] -= share * up[row - 1]
        right[row] += share * right[row - 1]
    right[-1] /= middle[-1]
    for row in range(len(middle) - 2, -1, -1):
        right[row] = (right[row] + up[row] * right[row + 1]) / middle[row]
    return right.T


def _stationary(rises: Floats, falls: Floats) -> Floats:
    """Long-run chances of each point."""
    steps = np.log(np.maximum(rises[:, :-1], 1e-300)) - np.log(np.maximum(falls[:, 1:], 1e-300))
    log = np.concatenate((np.zeros((len(rises), 1)), np.cumsum(steps, axis=1)), axis=1)
    chance = np.exp(log - log.max(axis=1, keepdims=True))
    total: Floats = chance / chance.sum(axis=1, keepdims=True)
    return total


def _answered(likely: Floats, ending: Floats, market: Market, waiting: Floats, within_s: float) -> Floats:
    """Share answered in time; a place in the queue moves up as chats end and people leave."""
    moves = np.maximum(ending, 1e-12)
    leaving = max(market.leaving, 1e-9)
    wait_s = np.log1p(leaving * (waiting + 1) / moves) / leaving
    in_time = np.where(waiting <= 0, 1.0, 1 / (1 + (wait_s / within_s) ** 4))
    share: Floats = (likely * in_time).sum(1)
    return share
