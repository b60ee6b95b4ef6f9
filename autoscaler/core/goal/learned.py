"""What a group has learned of its people and customers: a value, part of the group's memory."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from autoscaler.core.cells import nullable
from autoscaler.core.readings import Floats, Ints

__all__ = ["BY_LOAD", "Learned", "TierLearned", "Watch", "from_json", "to_json"]

BY_LOAD = 0.25
"""Mean rank up to which routing goes to the least loaded, and from 1 less that on to the most loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A cumulative sum that watches for a change one way, by chats held, shape (J,) each (Page 1954).

    Attributes:
        score: Evidence so far, 0 when there is none.
        done, spent_s: Completions and agent-seconds since it was last 0: what holds now, should the change be real.
        lasted_s: Seconds since then.
    """

    score: Floats
    done: Floats
    spent_s: Floats
    lasted_s: Floats

    @classmethod
    def blank(cls, levels: int) -> Watch:
        """Nothing seen."""
        return cls(**{one.name: np.zeros(levels) for one in fields(cls)})


@dataclass(frozen=True, slots=True, kw_only=True)
class TierLearned:
    """One tier, by chats held 1..J, shape (J,) each.

    Attributes:
        done, spent_s: Completions at the level, and agent-seconds spent at it, since things last changed.
        rate: Completions a second last believed.
        falls, rises: Whether the level has become slower, or faster.
        aim: Mean limit of its agents last aimed at, NaN none yet.
    """

    done: Floats
    spent_s: Floats
    rate: Floats
    falls: Watch
    rises: Watch
    aim: float = np.nan

    @classmethod
    def blank(cls, rate: Floats) -> TierLearned:
        """Nothing seen."""
        none = np.zeros(len(rate))
        return cls(done=none, spent_s=none, rate=rate, falls=Watch.blank(len(rate)), rises=Watch.blank(len(rate)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """Everything a goal rests on.

    Attributes:
        at: When the group was last looked at, POSIX seconds; None: never.
        ids, load, limit: Agents then, sorted, their chats and limits; NaN unknown.
        waiting: Chats waiting then, NaN unknown.
        owed: Completions counted too many so far, because load and arrivals are not of one moment.
        arrived, watched_s: Arrivals, and seconds over which they were counted, both fading within minutes.
        arrived_slow, watched_slow_s: The same, fading within the hour.
        counted_at: When arrivals were last reported, None never.
        left, waited_s: Customers who left unanswered, and customer-seconds of waiting.
        rank, ranked: Sum of where by load, 0 to 1, agents stood who got a chat, and how many; fading.
        tiers: By name.
        planned_at: When limits were last chosen.
        said: What was believed then, in a sentence.
        alarms: Changes noticed: when, tier, chats held, whether it became faster; newest last.
    """

    at: float | None = None
    ids: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    load: Floats = field(default_factory=lambda: np.empty(0))
    limit: Floats = field(default_factory=lambda: np.empty(0))
    waiting: float = np.nan
    owed: float = 0.0
    arrived: float = 0.0
    watched_s: float = 0.0
    arrived_slow: float = 0.0
    watched_slow_s: float = 0.0
    counted_at: float | None = None
    left: float = 0.0
    waited_s: float = 0.0
    rank: float = 0.0
    ranked: float = 0.0
    tiers: Mapping[str, TierLearned] = field(default_factory=dict)
    planned_at: float | None = None
    said: str = ""
    alarms: tuple[tuple[float, str, int, bool], ...] = ()

    @property
    def arrivals(self) -> float:
        """Arrivals a second: the last hour's, corrected towards the last minutes' as far as these differ clearly."""
        if not self.watched_s:
            return 0.0
        slow = max(self.arrived_slow, 0.5) / self.watched_slow_s
        fast = self.arrived / self.watched_s
        # squared distance in standard deviations of the faster count, less what chance would bring (James, Stein)
        far = (fast - slow) ** 2 * self.watched_s / slow
        return slow + max(0.0, 1 - 1.5 / max(far, 1e-9)) * (fast - slow)

    @property
    def mean_rank(self) -> float:
        """Where by load, 0 to 1, whoever gets the next chat stands; least loaded first (0.1) until seen otherwise."""
        return (0.4 + self.rank) / (4.0 + self.ranked)


def to_json(learned: Learned) -> dict[str, Any]:
    """JSON values; NaN as null."""
    return {
        **{name: getattr(learned, name) for name in ("at", "planned_at", "counted_at", "said")},
        **{name: float(getattr(learned, name)) for name in _NUMBERS},
        "ids": learned.ids.tolist(),
        "load": nullable(learned.load),
        "limit": nullable(learned.limit),
        "waiting": _cell(learned.waiting),
        "tiers": {name: _tier_to_json(tier) for name, tier in learned.tiers.items()},
        "alarms": [list(alarm) for alarm in learned.alarms],
    }


def from_json(value: Mapping[str, Any]) -> Learned:
    """What `to_json` gave.

    Raises:
        ValueError: It is not that; the message names the key.
    """
    try:
        plain = {name: float(value[name]) for name in _NUMBERS}
        return Learned(
            **plain,
            at=_time(value["at"]),
            planned_at=_time(value["planned_at"]),
            counted_at=_time(value["counted_at"]),
            said=str(value["said"]),
            ids=np.array(value["ids"], np.int64),
            load=_column(value["load"]),
            limit=_column(value["limit"]),
            waiting=_number(value["waiting"]),
            tiers={str(name): _tier_from_json(tier) for name, tier in value["tiers"].items()},
            alarms=tuple((float(at), str(tier), int(level), bool(up)) for at, tier, level, up in value["alarms"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"learned: not what an earlier decision gave ({type(error).__name__}: {error})") from error


_NUMBERS = ("owed", "arrived", "watched_s", "arrived_slow", "watched_slow_s", "left", "waited_s", "rank", "ranked")
_WATCH = tuple(one.name for one in fields(Watch))


def _tier_to_json(tier: TierLearned) -> dict[str, Any]:
    return {
        **{name: getattr(tier, name).tolist() for name in ("done", "spent_s", "rate")},
        **{name: {part: getattr(getattr(tier, name), part).tolist() for part in _WATCH} for name in ("falls", "rises")},
        "aim": _cell(tier.aim),
    }


def _tier_from_json(value: Mapping[str, Any]) -> TierLearned:
    return TierLearned(
        done=_column(value["done"]),
        spent_s=_column(value["spent_s"]),
        rate=_column(value["rate"]),
        falls=_watch(value["falls"]),
        rises=_watch(value["rises"]),
        aim=_number(value["aim"]),
    )


def _watch(value: Any) -> Watch:
    # memory kept before watches knew how long they last begins to count now
    known = {"lasted_s": [0.0] * len(value["score"]), **value}
    return Watch(**{part: _column(known[part]) for part in _WATCH})


def _time(value: Any) -> float | None:
    return None if value is None else float(value)


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def _column(cells: Any) -> Floats:
    return np.array(cells, np.float64)


def _cell(value: float) -> float | None:
    return None if math.isnan(value) else value
