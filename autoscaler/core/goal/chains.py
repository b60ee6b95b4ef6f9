"""Birth and death chains on a line, many at once: long-run chances, and what they cost where one may change chains.

Chains are rows, shape (..., k, x): `rises` and `falls` are a second's rates of going one point up and one down. Systems
are tridiagonal and dominated by their diagonal: cyclic reduction solves them without pivots, all points at once.

Sources: exponentially fitted differences (Scharfetter and Gummel 1969), which keep drift and variance right however
coarse the lattice is; parallel cyclic reduction (Hockney and Jesshope 1981).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autoscaler.core.readings import Floats

__all__ = ["changing", "finding_out", "stationary", "steps"]


def steps(arrivals: float, down: Floats, cell: float) -> tuple[Floats, Floats]:
    """Rates of going one cell up and one down, shape (..., x) each.

    Args:
        arrivals: A second.
        down: Rate at which one chat less is left, shape (..., x).
        cell: Chats between two points of the lattice, >= 1.
    """
    if cell == 1.0:
        rises, falls = np.full_like(down, arrivals), down.copy()
    else:
        spread = (arrivals + down) / 2
        bend = (arrivals - down) * cell / np.maximum(spread, 1e-12)
        scale = spread / cell**2
        rises, falls = scale * _bernoulli(-bend), scale * _bernoulli(bend)
    falls[..., 0] = 0.0
    rises[..., -1] = 0.0
    return rises, falls


def stationary(rises: Floats, falls: Floats) -> Floats:
    """Long-run chances of each point, shape (..., x)."""
    ratio = np.log(np.maximum(rises[..., :-1], 1e-300)) - np.log(np.maximum(falls[..., 1:], 1e-300))
    log = np.concatenate((np.zeros((*ratio.shape[:-1], 1)), np.cumsum(ratio, axis=-1)), axis=-1)
    chance = np.exp(log - log.max(axis=-1, keepdims=True))
    total: Floats = chance / chance.sum(axis=-1, keepdims=True)
    return total


def changing(
    rises: Floats, falls: Floats, rate: Floats, price: Floats, *, fade_s: float, every_s: float, times: int
) -> Floats:
    """Expected cost from each point of each chain, where a cheaper chain may be changed to later, shape (..., k, x).

    From the cost of staying for ever follows that of changing once where it pays, from that the cost of changing
    twice, and so on.

    Args:
        rises, falls: Of each chain.
        rate: Cost a second.
        price: Of changing from a chain (row) to another, shape (k, k).
        fade_s: Time with which later costs fade.
        every_s: Mean time between chances to change.
        times: Changes that are looked ahead to.
    """
    cost = _solver(1 / fade_s + rises + falls, rises, falls)(rate)
    solve = _solver(1 / fade_s + 1 / every_s + rises + falls, rises, falls)
    for _ in range(times if len(price) > 1 else 0):
        cost = solve(rate + _cheapest(cost, price) / every_s)
    return cost


def finding_out(
    rises: Floats,
    falls: Floats,
    rate: Floats,
    price: Floats,
    learning: Floats,
    known: Floats,
    *,
    fade_s: float,
    every_s: float,
    times: int,
) -> Floats:
    """As `changing`, where it is not known in which of several cases one is, shape (c, k, x).

    What is changed to must be the same in all cases, as likely as each other, until it comes out which of them it is.

    Args:
        rises, falls, rate: In each case, shape (c, k, x).
        price: Of changing from a chain (row) to another, shape (k, k).
        learning: Rate at which it comes out, shape (k, x).
        known: What is to be paid from then on, before the best change, shape (c, k, x).
        fade_s, every_s, times: As of `changing`.
    """
    rate = rate + learning * _cheapest(known, price)
    leaving = 1 / fade_s + learning + rises + falls
    cost = _solver(leaving, rises, falls)(rate)
    solve = _solver(leaving + 1 / every_s, rises, falls)
    for _ in range(times if len(price) > 1 else 0):
        to = (cost.mean(axis=0) + price[:, :, None]).argmin(axis=1)
        paid = np.take_along_axis(price, to, axis=1)
        cost = solve(rate + (np.take_along_axis(cost, to[None], axis=1) + paid) / every_s)
    return cost


def _cheapest(cost: Floats, price: Floats) -> Floats:
    """What it costs to change at once to the chain that is cheapest then, shape (..., k, x)."""
    least: Floats = (cost[..., None, :, :] + price[:, :, None]).min(axis=-2)
    return least


def _solver(middle: Floats, up: Floats, down: Floats) -> Callable[[Floats], Floats]:
    """Solves middle[x] v[x] - up[x] v[x+1] - down[x] v[x-1] = right[x] for any right side.

    Each round puts the neighbours' equations into every equation, so that what is coupled is twice as far apart. Points
    come first meanwhile: a shift along them is then one piece of memory.
    """
    middle, up, down = (np.moveaxis(one, -1, 0).copy() for one in (middle, up, down))
    rounds = []
    apart = 1
    while apart < len(middle):
        below = down[apart:] / middle[:-apart]
        above = up[:-apart] / middle[apart:]
        rounds.append((apart, below, above))
        middle = middle.copy()
        middle[apart:] -= below * up[:-apart]
        middle[:-apart] -= above * down[apart:]
        if 2 * apart < len(middle):
            nearer, further = np.zeros_like(down), np.zeros_like(up)
            nearer[apart:] = below * down[:-apart]
            further[:-apart] = above * up[apart:]
            down, up = nearer, further
        apart *= 2

    def solve(right: Floats) -> Floats:
        right = np.moveaxis(right, -1, 0).copy()
        for apart, below, above in rounds:
            gathered = right.copy()
            gathered[apart:] += below * right[:-apart]
            gathered[:-apart] += above * right[apart:]
            right = gathered
        return np.moveaxis(right / middle, 0, -1).copy()

    return solve


def _bernoulli(z: Floats) -> Floats:
    z = np.clip(z, -200.0, 200.0)
    small = np.abs(z) < 1e-6
    return np.where(small, 1 - z / 2, z / np.where(small, 1.0, np.expm1(z)))
