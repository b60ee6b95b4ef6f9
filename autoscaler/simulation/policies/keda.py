"""`keda`: a KEDA queue trigger with activation and cooldown, over the arithmetic of the HPA.

As KEDA's trigger on SQS does unless told otherwise (`scaleOnInFlight`), it counts what is being worked on besides what
waits.
Source: ../shared/reference/autoscaler-algorithms.md, C4 and C1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from autoscaler.core.tracking import Tolerance, per_unit
from autoscaler.simulation.policies.hpa import Behaviour, behaviour
from autoscaler.simulation.policies.scaling import Group
from autoscaler.simulation.policies.settings import agent_ceiling, agent_floor, number, span, tick, whole

__all__ = ["Keda"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keda:
    """Slots for the length of the queue, an average for each slot; to the floor when nothing was there for long."""

    target: float = number(0.8, 0.01, 60.0, "chats for each slot")
    in_flight: int = whole(1, 0, 1, "1: chats held count with those waiting; 0: only those waiting")
    activation: float = number(0.0, 0.0, 3600.0, "the trigger is active above so many chats")
    cooldown: float = span(300, "back to the floor when inactive for so long")
    tolerance: float = number(0.1, 0.0, 1.0, "deviation of the ratio from 1 that is ignored")
    down_window: float = span(300, "a lower goes no lower than the most slots asked for within this")
    floor: int = agent_floor()
    ceiling: int = agent_ceiling()
    tick: float | None = tick()

    def scaler(self) -> _Trigger:
        """One that has seen nothing yet."""
        calm = behaviour(up_window_s=0, down_window_s=self.down_window, up_percent=100, up_slots=4, down_percent=100)
        return _Trigger(of=self, calm=calm)


@dataclass(slots=True, kw_only=True)
class _Trigger:
    of: Keda
    calm: Behaviour
    active_at: float = math.nan

    def scale(self, group: Group) -> int:
        of = self.of
        total = group.waiting + (group.load if of.in_flight else 0)
        # whoever starts inactive has been active until now, as far as anybody knows
        if total > of.activation or math.isnan(self.active_at):
            self.active_at = group.at
        if group.at - self.active_at > of.cooldown:
            return group.low
        tolerance = Tolerance(down=of.tolerance, up=of.tolerance)
        wanted = per_unit(group.slots, float(total), of.target, tolerance)
        return self.calm.calmed(group.within(wanted), group)
