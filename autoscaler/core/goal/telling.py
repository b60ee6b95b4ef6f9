"""What a goal has learned and how sure it is: JSON values for who asks, and for who holds them against the truth.

Intervals hold the truth in about 19 cases of 20.
"""

from __future__ import annotations

import math
from typing import Any

from autoscaler.core.book import Group
from autoscaler.core.goal.curves import Curve, believed, tried
from autoscaler.core.goal.learned import BY_LOAD, Learned, TierLearned
from autoscaler.core.goal.pursuing import NO_TIER

__all__ = ["EVERYBODY", "told"]

EVERYBODY = "everybody"
"""What the people of a group without tiers are called."""
DEVIATIONS = 2.0
"""Standard deviations either side of what is believed of a curve."""


def told(learned: Learned, group: Group) -> dict[str, Any]:
    """What was learned of a group: rates an hour and agent, arrivals a minute.

    Args:
        learned: Of the group; a fresh one tells what is believed before anything was seen.
        group: Its tiers and baselines.
    """
    baselines = {NO_TIER: group.limits.baseline, **{tier.name: tier.limits.baseline for tier in group.tiers}}
    tiers = {name: tier for name, tier in learned.tiers.items() if name in baselines}
    # people in no tier are of interest where there are any, or no tiers
    if group.tiers and NO_TIER in tiers and not tiers[NO_TIER].spent_s.any():
        del tiers[NO_TIER]
    return {
        "at": learned.at,
        "sentence": learned.said,
        "arrivals_per_minute": _arrivals(learned),
        "left": round(learned.left),
        "routing": _routing(learned),
        "tiers": [
            {"tier": _name(name, group), "baseline": baselines[name], **_tier(tier, baselines[name])}
            for name, tier in tiers.items()
        ],
        "alarms": [
            {"at": at, "tier": _name(tier, group), "chats": level, "faster": faster}
            for at, tier, level, faster in learned.alarms
        ],
    }


def _name(tier: str, group: Group) -> str:
    return tier if group.tiers else EVERYBODY


def _arrivals(learned: Learned) -> dict[str, float] | None:
    if learned.watched_s <= 0:
        return None
    arrivals, watched_s = float(learned.arrivals), float(learned.watched_s)
    low, high = _poisson(arrivals * watched_s)
    return {"expected": arrivals * 60, "low": low * 60 / watched_s, "high": high * 60 / watched_s}


def _poisson(count: float) -> tuple[float, float]:
    """The 95 % interval of a mean of which so many were counted, > 0.

    Source: E. B. Wilson and M. M. Hilferty (1931), the cube root of a gamma variable, as used for exact intervals.
    """
    low = count * max(1 - 1 / (9 * count) - 1.96 / (3 * math.sqrt(count)), 0.0) ** 3
    more = count + 1
    return low, more * (1 - 1 / (9 * more) + 1.96 / (3 * math.sqrt(more))) ** 3


def _routing(learned: Learned) -> str:
    """Whom the next chat goes to, as far as it was seen."""
    if learned.mean_rank <= BY_LOAD:
        return "least loaded"
    return "most loaded" if learned.mean_rank >= 1 - BY_LOAD else "not by load"


def _tier(tier: TierLearned, baseline: int) -> dict[str, Any]:
    curve = believed(tier.done, tier.spent_s, baseline=baseline)
    low, high = curve.peak_range
    levels = len(curve.mean)
    return {
        "aim": None if math.isnan(tier.aim) else tier.aim,
        # the last level is one above the ceiling: what lies there lies past what may be used
        "peak": {
            "at": None if curve.peak >= levels else curve.peak,
            "low": low,
            "high": None if high >= levels else high,
        },
        "levels": [_level(curve, tier, place) for place in range(min(tried(tier.done, baseline) + 1, levels))],
    }


def _level(curve: Curve, tier: TierLearned, place: int) -> dict[str, float]:
    """What is done an hour at a level, how long a chat takes there, and how many completions that rests on."""
    rate, off = float(curve.mean[place]), DEVIATIONS * float(curve.sd[place])
    return {
        "chats": place + 1,
        "per_hour": rate * 3600,
        "low": max(rate - off, 0.0) * 3600,
        "high": (rate + off) * 3600,
        "chat_minutes": (place + 1) / (rate * 60),
        "seen": float(tier.done[place]),
    }
