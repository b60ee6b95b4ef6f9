"""What each reading of one group can be, whatever the day brings.

Limits are taken to stand inside the bounds the file gives, though a person's pin can put one outside. Protected agents
keep what they have, so a group that protects agents is taken to hold any limit.
"""

from __future__ import annotations

import math

from autoscaler.core.book import Group
from autoscaler.core.expressions import Function, Name, Scope, TimeFunction
from autoscaler.rulebook.lint.intervals import EVERYTHING, NOT_NEGATIVE, Interval, hull, scaled
from autoscaler.rulebook.people import FIRST_AGENT, LAST_AGENT
from autoscaler.rulebook.vocabulary import STATES

__all__ = ["NO_TIER", "Domains", "lowest_limit", "of_call", "over_time"]

NO_TIER = ""
"""Stands for the tier of an agent that is in none."""

_LIMITS = Interval(1.0, 60.0)
_SHARES = Interval(0.0, 1.0)


class Domains:
    """The ranges of one group's readings."""

    def __init__(self, group: Group) -> None:
        """Read the bounds off the group's limits, tiers, rules and inputs."""
        limits = [group.limits, *(tier.limits for tier in group.tiers)]
        highest = max(limit.ceiling for limit in limits)
        self._limit = _LIMITS if group.protect else Interval(float(lowest_limit(group)), float(highest))
        self._inputs = {spec.name: Interval(*spec.between) for spec in group.inputs if spec.between is not None}
        self._queues = group.queues
        self._ids = Interval(float(FIRST_AGENT), float(LAST_AGENT))
        if group.agent_ids:
            first, last = min(ids.first for ids in group.agent_ids), max(ids.last for ids in group.agent_ids)
            self._ids = Interval(float(first), float(last))
        self._words = {"state": frozenset(STATES), "tier": frozenset({NO_TIER, *(tier.name for tier in group.tiers)})}

    def of(self, name: Name) -> Interval:
        """Lowest and highest value of a number."""
        match name.scope:
            case Scope.INPUT:
                return self._inputs.get(name.name, EVERYTHING)
            case Scope.QUEUE:
                return self._queue(name.queue) if name.name == "id" else NOT_NEGATIVE
            case Scope.GROUP:
                return {"busy": _SHARES, "mean_limit": self._limit}.get(name.name, NOT_NEGATIVE)
            case Scope.AGENT:
                return {"limit": self._limit, "id": self._ids}.get(name.name, NOT_NEGATIVE)

    def words(self, name: Name) -> frozenset[str]:
        """Every text a reading can be."""
        return self._words[name.name]

    def _queue(self, one: int | None) -> Interval:
        ids = self._queues if one is None else (one,)
        return Interval(float(min(ids)), float(max(ids))) if ids else NOT_NEGATIVE


def over_time(function: TimeFunction, argument: Interval) -> Interval:
    """What a function of a value's past can be."""
    match function:
        case TimeFunction.AVG | TimeFunction.PEAK | TimeFunction.TROUGH:
            return argument
        case TimeFunction.CHANGE:
            width = argument.high - argument.low
            return Interval(-width, width)
        case TimeFunction.FORECAST:
            return NOT_NEGATIVE if argument.low >= 0 else EVERYTHING


def of_call(function: Function, arguments: list[Interval]) -> Interval:
    """What a function of values can be, ends included."""
    match function:
        case Function.MIN:
            return Interval(min(one.low for one in arguments), min(one.high for one in arguments))
        case Function.MAX:
            return Interval(max(one.low for one in arguments), max(one.high for one in arguments))
        case Function.ABS:
            mirrored = hull(arguments[0], scaled(arguments[0], -1.0))
            nearest = 0.0 if arguments[0].low <= 0 <= arguments[0].high else min(map(abs, arguments[0][:2]))
            return Interval(nearest, mirrored.high)
        case Function.ROUND:
            return Interval(_rounded(arguments[0].low), _rounded(arguments[0].high))


def lowest_limit(group: Group) -> int:
    """The lowest limit any rule or bound of the file can bring an agent to: a cap counts before a floor."""
    floors = [group.limits.floor, *(tier.limits.floor for tier in group.tiers)]
    caps = [rule.cap for rule in group.rules if rule.cap is not None]
    warm = [] if group.warm_up is None else [group.warm_up.start]
    return min(floors + caps + warm)


def _rounded(value: float) -> float:
    return value if math.isinf(value) else float(math.floor(value + 0.5))
