"""`aws-step`: AWS step scaling on the occupancy of slots: two alarms, bands of breach, cooldowns.

The bands are those of AWS's own example around its threshold: 10 above it +10 %, 20 above it +30 %, and the same below.
Source: ../shared/reference/autoscaler-algorithms.md, C3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from autoscaler.simulation.policies.scaling import Group
from autoscaler.simulation.policies.settings import agent_ceiling, agent_floor, number, span, tick, whole

__all__ = ["Adjustment", "AwsStep", "Cooldown", "Step", "adjusted", "step_for"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsStep:
    """Steps in percent of slots by how far the mean occupancy of the last minutes lies from a threshold."""

    threshold: float = number(0.7, 0.01, 1.0, "occupancy (load over slots) from which breaches are counted")
    band: float = number(0.1, 0.01, 0.5, "width of a band; the innermost on either side does nothing")
    small: int = whole(10, 1, 100, "slots a step changes in the second band, in percent")
    large: int = whole(30, 1, 100, "slots a step changes beyond it, in percent")
    min_magnitude: int = whole(1, 1, 3600, "fewest slots a step changes")
    period: float = span(60, "an alarm looks at the mean of so long", low=1)
    periods: int = whole(2, 1, 60, "periods in a row that must breach")
    up_cooldown: float = span(300, "a raise counts what raises have added within this")
    down_cooldown: float = span(300, "no further lower for so long after one")
    floor: int = agent_floor()
    ceiling: int = agent_ceiling()
    tick: float | None = tick()

    def scaler(self) -> _Alarms:
        """One that has seen nothing yet."""
        return _Alarms(of=self, cooldown=Cooldown(up_s=self.up_cooldown, down_s=self.down_cooldown))


class Adjustment(Enum):
    """How a step's amount is meant."""

    CHANGE = "change in capacity"
    EXACT = "exact capacity"
    PERCENT = "percent change in capacity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An amount for breaches from `lower` to `upper`; None is an open end."""

    lower: float | None
    upper: float | None
    amount: float


def step_for(breach: float, steps: Sequence[Step]) -> Step | None:
    """The step whose band holds a breach, the metric less the threshold.

    Of bands above the threshold the lower bound is inside, of those below it the upper one. Source: C3.
    """
    for step in steps:
        lower = -math.inf if step.lower is None else step.lower
        upper = math.inf if step.upper is None else step.upper
        if lower <= breach < upper if breach >= 0 and upper > 0 else lower < breach <= upper:
            return step
    return None


def adjusted(capacity: int, kind: Adjustment, amount: float, *, min_magnitude: int = 1) -> int:
    """Capacity after a step, before bounds.

    A percentage beyond one unit loses its fraction; one short of a unit is a whole one. Source: C3.

    Args:
        capacity: In force.
        kind, amount: The step's.
        min_magnitude: Least change that a percentage which is not 0 makes.
    """
    match kind:
        case Adjustment.CHANGE:
            return capacity + int(amount)
        case Adjustment.EXACT:
            return int(amount)
        case Adjustment.PERCENT:
            change = round(capacity * amount / 100, 9)
            size = max(math.trunc(abs(change)), min_magnitude) if change else 0
            return capacity + (size if change > 0 else -size)


@dataclass(slots=True, kw_only=True)
class Cooldown:
    """What running cooldowns leave of a step.

    After a raise a further one counts only as far as it exceeds what the running cooldown has added. After a lower no
    other lower; a raise goes through at once and ends that cooldown. Source: C3.
    """

    up_s: float
    down_s: float
    raised_at: float = -math.inf
    added: int = 0
    lowered_at: float = -math.inf

    def allows(self, change: int, *, at: float) -> int:
        """The part of a change that may be made at `at`."""
        if change > 0:
            return max(change - self._running(at), 0)
        return 0 if at - self.lowered_at < self.down_s else change

    def made(self, change: int, *, at: float) -> None:
        """Remember a change that was made."""
        if change > 0:
            self.added = self._running(at) + change
            self.raised_at, self.lowered_at = at, -math.inf
        elif change < 0:
            self.added, self.lowered_at = 0, at

    def _running(self, at: float) -> int:
        return self.added if at - self.raised_at < self.up_s else 0


@dataclass(slots=True, kw_only=True)
class _Alarms:
    """Mean occupancy of the last whole periods; both alarms are evaluated when a period ends."""

    of: AwsStep
    cooldown: Cooldown
    sum: float = 0.0
    samples: int = 0
    ends: float = 0.0
    means: list[float] = field(default_factory=list)

    def scale(self, group: Group) -> int:
        self.sum += group.load / group.slots
        self.samples += 1
        if not self.ends:
            self.ends = group.at + self.of.period - 1e-9
        if group.at < self.ends:
            return group.slots
        self.means = [*self.means, self.sum / self.samples][-self.of.periods :]
        self.sum, self.samples, self.ends = 0.0, 0, group.at + self.of.period - 1e-9
        step = self._breached()
        if step is None:
            return group.slots
        target = adjusted(group.slots, Adjustment.PERCENT, step.amount, min_magnitude=self.of.min_magnitude)
        change = self.cooldown.allows(target - group.slots, at=group.at)
        slots = group.within(group.slots + change)
        self.cooldown.made(slots - group.slots, at=group.at)
        return slots

    def _breached(self) -> Step | None:
        of = self.of
        breaches = [round(mean - of.threshold, 9) for mean in self.means]
        if len(breaches) < of.periods:
            return None
        if all(breach >= 0 for breach in breaches):
            return step_for(breaches[-1], _bands(of, 1))
        if all(breach <= 0 for breach in breaches):
            return step_for(breaches[-1], _bands(of, -1))
        return None


def _bands(of: AwsStep, sign: int) -> tuple[Step, ...]:
    edges = (0.0, of.band, 2 * of.band)
    if sign > 0:
        return (
            Step(lower=edges[0], upper=edges[1], amount=0),
            Step(lower=edges[1], upper=edges[2], amount=of.small),
            Step(lower=edges[2], upper=None, amount=of.large),
        )
    return (
        Step(lower=-edges[1], upper=-edges[0], amount=0),
        Step(lower=-edges[2], upper=-edges[1], amount=-of.small),
        Step(lower=None, upper=-edges[2], amount=-of.large),
    )
