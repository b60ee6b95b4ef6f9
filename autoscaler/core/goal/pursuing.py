"""A group's goal at one tick: learn from what is seen, choose limits anew once a minute, say who should carry them.

Between two choices the last one stands, so that what could not be done at once (budgets, failed calls, people who just
came) is done later. Where the queue is not known, or arrivals have just been lost, nothing is chosen. Where nobody
counts arrivals they follow from loads and the queue, and completions are learned only while nobody waits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from autoscaler.core.book import Goal
from autoscaler.core.expressions import Name, Scope
from autoscaler.core.forecasting import Forecast
from autoscaler.core.goal.aiming import Squad, aim
from autoscaler.core.goal.curves import believed
from autoscaler.core.goal.learned import Learned, TierLearned, Watch
from autoscaler.core.goal.observing import Sight, observe
from autoscaler.core.goal.predicting import Market
from autoscaler.core.goal.saying import sentence
from autoscaler.core.readings import Floats, Ints
from autoscaler.core.scope import GroupView
from autoscaler.core.team import Columns16
from autoscaler.core.tick import Tick

__all__ = ["Pursuit", "pursue"]

EVERY_S = 60.0
"""How often limits are chosen anew."""

ARRIVALS = Name(Scope.QUEUE, "arrivals_per_minute")
AHEAD_S = (900.0, 1800.0)
"""How far ahead arrivals are foretold."""

LOST_S = 3600.0
"""For so long arrivals that were counted may come back; then they are taken to be counted no more."""

PATIENCE_S = 200.0
"""Mean patience before anybody was seen to leave."""

NO_TIER = "no tier"
"""What agents in no tier are called among tiers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pursuit:
    """What a goal asks for, and what it learned.

    Attributes:
        limits: Shape (n,), the one in force where it asks for nothing.
        learned: This tick included.
    """

    limits: Columns16
    learned: Learned


def pursue(goal: Goal, tick: Tick, view: GroupView) -> Pursuit:
    """Pursue a goal for one tick."""
    team = tick.team
    here = np.flatnonzero(team.counted & team.signed_in)
    names = (*(tier.name for tier in tick.group.tiers), NO_TIER)
    tier = team.tier[here].astype(np.int64) % len(names)  # -1, in no tier, is the last
    baselines = [_of_tier(team.baseline[here], tier, index, tick) for index in range(len(names))]
    learned = _known(tick, names, baselines)
    waiting = _number(view, "waiting")
    seen = Sight(
        at=tick.at,
        ids=team.ids[here],
        load=np.where(team.usable[here], team.load[here], np.nan),
        limit=team.force[here].astype(np.float64),
        tier=tier,
        waiting=waiting,
        arrivals=_number(view, "arrivals_per_minute") / 60,
        leaving=_number(view, "abandoned_per_minute") / 60,
    )
    learned = observe(learned, seen, names)
    ahead = view.forecast(ARRIVALS, AHEAD_S)
    due = learned.planned_at is None or not 0 <= tick.at - learned.planned_at < EVERY_S
    lost = math.isnan(seen.arrivals) and learned.counted_at is not None and tick.at - learned.counted_at < LOST_S
    if due and len(here) and learned.watched_s > 0 and not (math.isnan(waiting) or lost):
        learned = _choose(goal, tick, learned, seen, names, baselines, ahead)
    limits = team.force.copy()
    for index, name in enumerate(names):
        rows = here[tier == index]
        if len(rows) and not math.isnan(learned.tiers[name].aim):
            limits[rows] = _shared_out(learned.tiers[name].aim, team.force[rows], tick.account[rows])
    return Pursuit(limits=limits, learned=learned)


def _arrivals(learned: Learned, ahead: Forecast) -> float:
    """Arrivals a second over the next half hour: as they are, unless the profile of such days foretells them better."""
    if not ahead.is_profile.all():
        return learned.arrivals
    return float(np.mean([learned.arrivals, *(np.maximum(ahead.mean, 0.0) / 60)]))


def _number(view: GroupView, name: str) -> float:
    return float(view.value(Name(Scope.QUEUE, name)))


def _of_tier(baseline: Columns16, tier: Ints, index: int, tick: Tick) -> int:
    """The tier's baseline: its agents', else the file's."""
    rows = np.flatnonzero(tier == index)
    if len(rows):
        return int(baseline[rows[0]])
    tiers = tick.group.tiers
    return (tiers[index].limits if index < len(tiers) else tick.group.limits).baseline


def _known(tick: Tick, names: tuple[str, ...], baselines: list[int]) -> Learned:
    """What was learned, of the tiers and levels there are now."""
    group = tick.group
    ceilings = [group.limits.ceiling, *(tier.limits.ceiling for tier in group.tiers)]
    levels = min(max(ceilings) + 1, 60)
    learned = tick.memory.learned or Learned()
    tiers = dict(learned.tiers)
    for name, baseline in zip(names, baselines, strict=True):
        tier = learned.tiers.get(name)
        if tier is None:
            none = np.zeros(levels)
            tier = TierLearned.blank(believed(none, none, baseline=baseline).mean)
        elif len(tier.rate) != levels:
            done, spent = _sized(tier.done, levels), _sized(tier.spent_s, levels)
            rate = believed(done, spent, baseline=baseline).mean
            blank = Watch.blank(levels)
            tier = replace(tier, done=done, spent_s=spent, rate=rate, falls=blank, rises=blank)
        tiers[name] = tier
    return replace(learned, tiers=tiers)


def _sized(column: Floats, levels: int) -> Floats:
    return np.concatenate((column[:levels], np.zeros(max(levels - len(column), 0))))


def _choose(
    goal: Goal,
    tick: Tick,
    learned: Learned,
    seen: Sight,
    names: tuple[str, ...],
    baselines: list[int],
    ahead: Forecast,
) -> Learned:
    team = tick.team
    where = np.searchsorted(team.ids, seen.ids)
    tiers = dict(learned.tiers)
    squads = []
    for index, name in enumerate(names):
        rows = where[seen.tier == index]
        tier = tiers[name]
        curve = believed(tier.done, tier.spent_s, baseline=baselines[index])
        tiers[name] = replace(tier, rate=curve.mean)
        if len(rows):
            squads.append(
                Squad(
                    name=name,
                    count=len(rows),
                    floor=int(team.floor[rows].min()),
                    baseline=baselines[index],
                    ceiling=int(team.ceiling[rows].max()),
                    # who is pinned or capped does not follow, and is no reason to want less of the others
                    limit=float(team.force[rows].mean()) if math.isnan(tier.aim) else tier.aim,
                    curve=curve,
                    done=tier.done,
                )
            )
    counts = [squad.count for squad in squads]
    market = Market(
        arrivals=_arrivals(learned, ahead),
        leaving=(1 + learned.left) / (PATIENCE_S + learned.waited_s),
        solo_s=1 / float(np.average([squad.curve.mean[0] for squad in squads], weights=counts)),
        rank=learned.mean_rank,
    )
    held = float(np.nansum(seen.load))
    chosen = aim(goal, tuple(squads), market, held=held, waiting=seen.waiting)
    for squad, limit in zip(squads, chosen.limits.tolist(), strict=True):
        tiers[squad.name] = replace(tiers[squad.name], aim=limit)
    said = sentence(goal, tuple(squads), chosen, profile=ahead.days[-1] if ahead.is_profile.all() else "")
    return replace(learned, tiers=tiers, planned_at=tick.at, said=said)


def _shared_out(level: float, force: Columns16, account: Floats) -> Columns16:
    """A mean limit as whole ones: who has the higher one keeps it, then who carried least above baseline so far."""
    low = math.floor(level)
    limits = np.full(len(force), low, np.int16)
    more = round((level - low) * len(force))
    if more:
        first = np.lexsort((account, -force.astype(np.int64)))
        limits[first[:more]] += np.int16(1)
    return limits
