"""`nomad`: the Nomad Autoscaler's target-value strategy on the utilisation of slots, with its cooldown.

Source: ../shared/reference/autoscaler-algorithms.md, C2; plugins/builtin/strategy/target-value of nomad-autoscaler.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from autoscaler.simulation.policies.scaling import Group
from autoscaler.simulation.policies.settings import agent_ceiling, agent_floor, number, span, tick, whole

__all__ = ["Nomad", "target_value"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Nomad:
    """Slots times utilisation over target, then nothing at all for the cooldown."""

    target: float = number(0.8, 0.01, 1.0, "utilisation (load over slots) to keep")
    threshold: float = number(0.01, 0.0, 1.0, "deviation of the ratio from 1 that is ignored")
    max_scale_up: int = whole(0, 0, 3600, "most slots a step adds; 0: any number")
    max_scale_down: int = whole(0, 0, 3600, "most slots a step takes away; 0: any number")
    cooldown: float = span(300, "nothing is done for so long after a step")
    floor: int = agent_floor()
    ceiling: int = agent_ceiling()
    tick: float | None = tick()

    def scaler(self) -> _TargetValue:
        """One that has seen nothing yet."""
        return _TargetValue(of=self)


def target_value(
    count: int,
    samples: Sequence[float],
    target: float,
    *,
    threshold: float = 0.01,
    max_scale_up: int | None = None,
    max_scale_down: int | None = None,
) -> int | None:
    """The count that brings the newest sample to its target.

    Args:
        count: In force, >= 0.
        samples: Oldest first; only the newest counts.
        target: 0: the sample itself is the factor.
        threshold: Hold while the factor is within 1 ± threshold.
        max_scale_up, max_scale_down: Most a step may change the count; None: any.

    Returns:
        The count wanted; None: nothing to do.

    Source: C2, target-value.
    """
    if not samples:
        return None
    factor = samples[-1] / target if target else samples[-1]
    if count == 0:
        if factor <= 0:
            return None
        wanted = math.ceil(factor)
    elif 1 - threshold <= factor <= 1 + threshold:
        return None
    else:
        wanted = math.ceil(count * factor)
    if max_scale_up is not None:
        wanted = min(wanted, count + max_scale_up)
    if max_scale_down is not None:
        wanted = max(wanted, count - max_scale_down)
    return None if wanted == count else wanted


@dataclass(slots=True, kw_only=True)
class _TargetValue:
    of: Nomad
    rests_until: float = -math.inf

    def scale(self, group: Group) -> int:
        if group.at < self.rests_until:
            return group.slots
        of = self.of
        wanted = target_value(
            group.slots,
            (group.load / group.slots,),
            of.target,
            threshold=of.threshold,
            max_scale_up=of.max_scale_up or None,
            max_scale_down=of.max_scale_down or None,
        )
        slots = group.slots if wanted is None else group.within(wanted)
        if slots != group.slots:
            self.rests_until = group.at + of.cooldown
        return slots
