"""What one tick shows: arrivals, patience, routing, and completions by chats held.

Completions are not reported; they follow. Who holds fewer chats than a tick ago has ended some, at the levels in
between. Of those whose free slot was filled again within the tick the count follows from the flow: who came, less who
left and who waits longer, started a chat; started less the growth of all loads ended. They are shared out in proportion
to what each level should have ended.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from autoscaler.core.goal.learned import Learned, TierLearned, Watch
from autoscaler.core.readings import Floats, Ints

__all__ = ["Sight", "observe"]

LONGEST_S = 300.0
"""After a longer gap loads are not compared."""
FADE_S, SLOW_FADE_S = 480.0, 2400.0
"""Times with which the two rates of arrivals fade."""
RANKS_FADE = 0.995
STRICTLY_BY_LOAD = 0.125
"""Mean rank up to which the least loaded gets the next chat each time, and from 1 less that on the most loaded. Chats
that go by who has been idle longest stand between that and no order at all: an idle agent holds none, but among those
who hold some it is as good as chance which one is refilled."""
SLOWER, FASTER = 0.8, 1.25
"""Changes of a level's rate that are watched for."""
ALARM = 4.0
"""Evidence from which a change is believed."""
LASTING_S = 900.0
"""For so long it must have come together: what a few long chats or late calls make of counts is over sooner."""
MATURE = 40.0
"""Completions a level must have shown before a change of it can be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What is seen of a group at a tick.

    Attributes:
        at: POSIX seconds.
        ids: Agents taking chats, sorted, shape (n,).
        load, limit: Of them, NaN unknown.
        tier: Index of each one's tier.
        waiting: NaN unknown.
        arrivals, leaving: A second since the last tick, NaN unknown.
    """

    at: float
    ids: Ints
    load: Floats
    limit: Floats
    tier: Ints
    waiting: float
    arrivals: float
    leaving: float


def observe(learned: Learned, seen: Sight, names: tuple[str, ...]) -> Learned:
    """Learn from a tick.

    Args:
        learned: As it was.
        seen: This tick.
        names: Of the tiers, in the order of `seen.tier`; `learned` knows them all.
    """
    tiers = dict(learned.tiers)
    rates = np.stack([tiers[name].rate for name in names])
    now = replace(
        learned,
        at=seen.at,
        ids=seen.ids,
        load=seen.load,
        limit=seen.limit,
        waiting=seen.waiting,
        tiers=tiers,
        counted_at=learned.counted_at if np.isnan(seen.arrivals) else seen.at,
    )
    elapsed = 0.0 if learned.at is None else seen.at - learned.at
    if not 0 < elapsed <= LONGEST_S:
        return replace(now, owed=0.0)
    here, there = _both(seen.ids, learned.ids)
    known = ~np.isnan(seen.load[here]) & ~np.isnan(learned.load[there])
    here, there = here[known], there[known]
    if not len(here):
        return replace(_customers(now, learned, seen, elapsed, counted=math.nan), owed=0.0)
    before, after = learned.load[there].astype(np.int64), seen.load[here].astype(np.int64)
    now = _routing(now, before, after, learned.limit[there])
    tier = seen.tier[here]
    done = _dropped(before, after, tier, shape=rates.shape)
    spent = _spent(before, after, tier, elapsed, shape=rates.shape)
    queued = not (seen.waiting == 0 and learned.waiting == 0)
    now = _customers(now, learned, seen, elapsed, counted=_came(learned, seen, before, after, done, rates * spent))
    arrived, gone = seen.arrivals * elapsed, seen.leaving * elapsed
    started = arrived - gone - (seen.waiting - learned.waiting)
    if np.isnan(started):
        # a slot freed and filled again can't be told from one held on to, and that happens only while somebody waits
        if queued:
            return replace(now, owed=0.0)
        hidden = 0.0
    else:
        hidden = learned.owed + started - float((after - before).sum()) - float(done.sum())
    owed = min(hidden, 0.0)
    if hidden > 0:
        starts = max(float(np.nan_to_num(started)), 0.0)
        limit = learned.limit[there]
        chance = _refilled(before, tier, limit, rates, rank=now.mean_rank, starts=starts, queued=queued)
        if not chance.any():
            chance = rates * spent
        total = float(chance.sum())
        if total > 0:
            done = done + hidden * chance / total
    alarms = list(now.alarms)
    for index, name in enumerate(names):
        tiers[name], noticed = _learn(tiers[name], done[index], spent[index], elapsed)
        alarms += [(seen.at, name, level + 1, faster) for level, faster in noticed]
    return replace(now, owed=max(owed, -10.0), tiers=tiers, alarms=tuple(alarms[-5:]))


def _came(learned: Learned, seen: Sight, before: Ints, after: Ints, done: Floats, expected: Floats) -> float:
    """Customers who came within the tick, where nobody counts arrivals; NaN where the queue is not known either.

    Each started a chat, waits, or left. Chats started are the growth of loads and what ended; while somebody waits a
    freed slot is filled unseen, so that what should have ended is taken for what did.
    """
    ended = float(done.sum())
    if not (seen.waiting == 0 and learned.waiting == 0):
        ended = max(ended, float(expected.sum()))
    return max(float((after - before).sum()) + ended + seen.waiting - learned.waiting, 0.0)


def _customers(now: Learned, before: Learned, seen: Sight, elapsed: float, *, counted: float) -> Learned:
    """Rates of customers; `counted` are those who came as far as loads and the queue tell."""
    fade = np.exp(-elapsed / FADE_S)
    came = counted if np.isnan(seen.arrivals) else seen.arrivals * elapsed
    if not np.isnan(came):
        arrived = now.arrived * fade + came
        now = replace(now, arrived=arrived, watched_s=now.watched_s * fade + elapsed)
        fade = np.exp(-elapsed / SLOW_FADE_S)
        arrived = now.arrived_slow * fade + came
        now = replace(now, arrived_slow=arrived, watched_slow_s=now.watched_slow_s * fade + elapsed)
    waited = (seen.waiting + before.waiting) / 2 * elapsed
    if not np.isnan(seen.leaving) and not np.isnan(waited):
        now = replace(now, left=now.left + seen.leaving * elapsed, waited_s=now.waited_s + waited)
    return now


def _both(here: Ints, there: Ints) -> tuple[Ints, Ints]:
    """Rows of those who are in both sorted lists."""
    if np.array_equal(here, there):
        rows = np.arange(len(here))
        return rows, rows
    _, first, second = np.intersect1d(here, there, assume_unique=True, return_indices=True)
    return first, second


def _routing(now: Learned, before: Ints, after: Ints, limit: Floats) -> Learned:
    """Where agents who got a chat stood among those who could have, by load: 0 the fewest there were, 1 the most."""
    could = before < limit
    loads, got = before[could], (after > before)[could]
    many = int(np.count_nonzero(got))
    if not many:
        return now
    ordered = np.sort(loads)
    # how many hold less, and half of the others who hold as many
    ranks = (np.searchsorted(ordered, ordered) + np.searchsorted(ordered, ordered, side="right") - 1) / 2
    fewest, most = ranks[:many].mean(), ranks[-many:].mean()
    if fewest == most:
        return now
    found = ranks[np.searchsorted(ordered, loads[got])].mean()
    fade = RANKS_FADE**many
    return replace(
        now,
        rank=now.rank * fade + many * float((found - fewest) / (most - fewest)),
        ranked=now.ranked * fade + many,
    )


def _dropped(before: Ints, after: Ints, tier: Ints, *, shape: tuple[int, ...]) -> Floats:
    """Completions that show: who went from 5 to 3 ended one at 5 and one at 4."""
    done = np.zeros(shape)
    level, rows = before, np.flatnonzero(after < before)
    while len(rows):
        np.add.at(done, (tier[rows], np.minimum(level[rows], shape[1]) - 1), 1.0)
        level = level - 1
        rows = rows[level[rows] > after[rows]]
    return done


def _refilled(
    before: Ints, tier: Ints, limit: Floats, rates: Floats, *, rank: float, starts: float, queued: bool
) -> Floats:
    """Where completions happened whose slot was filled again within the tick, in proportion; shape (t, J).

    While somebody waits every freed slot is filled at once; who holds more than the limit frees none, so completions
    there all show. Else it takes one of the tick's new chats for the agent: after the completion, when it holds one
    less than before, or before it, when it then held one more.
    """
    shape = rates.shape
    level = np.minimum(before, shape[1])
    counts = np.zeros((shape[0], shape[1] + 2))
    could = before < limit
    if queued or not could.any():
        np.add.at(counts, (tier, level), ~(before > limit))  # an unknown limit keeps nobody out
        return counts[:, 1:-1] * rates
    held = np.bincount(level[could], minlength=shape[1] + 1).astype(np.float64)
    gets = _chances(held, starts, rank=rank, highest=int(limit[could].max()))
    np.add.at(counts, (tier, level), gets[level])
    np.add.at(counts, (tier[could], level[could] + 1), gets[level[could] + 1])
    return counts[:, 1:-1] * rates


def _chances(held: Floats, starts: float, *, rank: float, highest: int) -> Floats:
    """Chance that an agent with one chat less than the index gets a chat in part of a tick, shape (J + 2,).

    Args:
        held: Agents who can get one, by chats held.
        starts: Chats started in the tick.
        rank: Mean rank by load of who gets the next.
        highest: Highest limit.
    """
    if STRICTLY_BY_LOAD < rank < 1 - STRICTLY_BY_LOAD:
        return np.full(len(held) + 1, min(1.0, starts / 2 / held.sum()))
    levels = np.arange(len(held))
    if rank <= STRICTLY_BY_LOAD:
        # all who hold fewer are first filled up to as many
        others = np.maximum(levels[:, None] - levels, 0) @ held
    else:
        others = np.where(levels > levels[:, None], np.maximum(highest - levels, 0), 0) @ held
    # a completion falls anywhere in the tick, so of the chats started any part comes on the right side of it
    part = starts * np.array([0.125, 0.375, 0.625, 0.875])
    chance = np.clip((part - others[:, None]) / (held + 1)[:, None], 0.0, 1.0).mean(1)
    return np.concatenate(([0.0], chance))


def _spent(before: Ints, after: Ints, tier: Ints, elapsed: float, *, shape: tuple[int, ...]) -> Floats:
    spent = np.zeros((shape[0], shape[1] + 1))
    for load in (before, after):
        np.add.at(spent, (tier, np.minimum(load, shape[1])), elapsed / 2)
    return spent[:, 1:]


def _learn(
    tier: TierLearned, done: Floats, spent: Floats, elapsed: float
) -> tuple[TierLearned, list[tuple[int, bool]]]:
    # a level is held against its own past: what the family makes of it may be off without anything having changed
    is_told = (tier.done >= MATURE) & (tier.spent_s > 0)
    past = np.divide(tier.done, tier.spent_s, out=tier.rate.copy(), where=is_told)
    falls = _watched(tier.falls, done, spent, elapsed, past, tier.done, SLOWER)
    rises = _watched(tier.rises, done, spent, elapsed, past, tier.done, FASTER)
    tier = replace(tier, done=tier.done + done, spent_s=tier.spent_s + spent, falls=falls, rises=rises)
    noticed = []
    for watch, faster in ((falls, False), (rises, True)):
        for level in np.flatnonzero((watch.score > ALARM) & (watch.lasted_s >= LASTING_S)):
            tier = _anew(tier, watch, int(level))
            noticed.append((int(level), faster))
    return tier, noticed


def _watched(
    watch: Watch, done: Floats, spent: Floats, elapsed: float, rate: Floats, seen: Floats, change: float
) -> Watch:
    """Add the tick's log-likelihood ratio of a rate changed by the factor against an unchanged one."""
    score = watch.score + np.where(seen >= MATURE, done * np.log(change) + (1 - change) * rate * spent, 0.0)
    on = score > 0
    return Watch(
        score=np.where(on, score, 0.0),
        done=np.where(on, watch.done + done, 0.0),
        spent_s=np.where(on, watch.spent_s + spent, 0.0),
        lasted_s=np.where(on, watch.lasted_s + elapsed, 0.0),
    )


def _anew(tier: TierLearned, watch: Watch, level: int) -> TierLearned:
    """The level is not what it was: only what came since counts; of those above nothing, of those below little."""
    levels = np.arange(len(tier.done))
    keep = np.where(levels < level, np.minimum(1.0, KEPT_BELOW / np.maximum(tier.done, 1e-9)), 0.0)
    done, spent = tier.done * keep, tier.spent_s * keep
    done[level], spent[level] = watch.done[level], watch.spent_s[level]
    blank = Watch.blank(len(levels))
    return replace(tier, done=done, spent_s=spent, falls=blank, rises=blank)


KEPT_BELOW = 30.0
"""Completions that levels below one that changed may still speak for."""
