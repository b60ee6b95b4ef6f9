"""`nomad-threshold`: two checks of the Nomad Autoscaler's threshold strategy, one for high and one for low occupancy.

Source: ../shared/reference/autoscaler-algorithms.md, C2; plugins/builtin/strategy/threshold of nomad-autoscaler.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from autoscaler.simulation.policies.scaling import Group
from autoscaler.simulation.policies.settings import agent_ceiling, agent_floor, number, span, tick, whole

__all__ = ["Action", "NomadThreshold", "chosen", "threshold"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NomadThreshold:
    """A step up when occupancy was high in enough samples of the window, a step down when it was low."""

    high: float = number(0.9, 0.0, 60.0, "occupancy (load over slots) from which a sample counts as high")
    low: float = number(0.5, 0.0, 60.0, "occupancy below which a sample counts as low")
    trigger: int = whole(5, 1, 1000, "samples inside the bounds that make a check act")
    window: float = span(120, "samples as old as this are looked at", low=1)
    percent: int = whole(10, 1, 100, "slots a step changes, in percent, rounded up")
    cooldown: float = span(300, "nothing is done for so long after a step")
    floor: int = agent_floor()
    ceiling: int = agent_ceiling()
    tick: float | None = tick()

    def scaler(self) -> _Checks:
        """One that has seen nothing yet."""
        return _Checks(of=self)


class Action(Enum):
    """What a check does when it acts."""

    DELTA = "delta"
    PERCENTAGE = "percentage"
    VALUE = "value"


def threshold(
    count: int,
    samples: Sequence[float],
    action: Action,
    amount: float,
    *,
    lower: float = -math.inf,
    upper: float = math.inf,
    trigger: int = 5,
) -> int | None:
    """The count after one check.

    Args:
        count: In force, >= 0.
        samples: Of the window, any order.
        action, amount: Units to add, percent to add (rounded up), or the count itself.
        lower, upper: A sample counts from `lower` on and below `upper`.
        trigger: Samples that must count.

    Returns:
        The count wanted, >= 0; None: nothing to do.

    Source: C2, threshold.
    """
    if sum(lower <= sample < upper for sample in samples) < trigger:
        return None
    match action:
        case Action.DELTA:
            wanted = count + int(amount)
        case Action.PERCENTAGE:
            wanted = math.ceil(round(count * (1 + amount / 100), 9))
        case Action.VALUE:
            wanted = int(amount)
    wanted = max(wanted, 0)
    return None if wanted == count else wanted


def chosen(count: int, votes: Sequence[int | None]) -> int | None:
    """One of several checks' counts: up before none before down, and the higher of one direction.

    Source: C2, one policy. Checks of one group: "none" counts only when all say so.
    """
    acting = [vote for vote in votes if vote is not None and vote != count]
    return max(acting, default=None)


@dataclass(slots=True, kw_only=True)
class _Checks:
    of: NomadThreshold
    samples: tuple[tuple[float, float], ...] = ()
    rests_until: float = -math.inf

    def scale(self, group: Group) -> int:
        of = self.of
        kept = tuple(sample for sample in self.samples if group.at - sample[0] < of.window)
        self.samples = (*kept, (group.at, group.load / group.slots))
        if group.at < self.rests_until:
            return group.slots
        values = [value for _, value in self.samples]
        up = threshold(group.slots, values, Action.PERCENTAGE, of.percent, lower=of.high, trigger=of.trigger)
        down = threshold(group.slots, values, Action.PERCENTAGE, -of.percent, upper=of.low, trigger=of.trigger)
        wanted = chosen(group.slots, (up, down))
        slots = group.slots if wanted is None else group.within(wanted)
        if slots != group.slots:
            self.rests_until = group.at + of.cooldown
        return slots
