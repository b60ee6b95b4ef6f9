"""`hpa`: the Kubernetes HorizontalPodAutoscaler on the utilisation of slots.

The arithmetic is the core's own, which the worked cases of the HPA check: `tracking` for the ratio, `stability` for
windows and rates. Source: ../shared/reference/autoscaler-algorithms.md, C1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from autoscaler.core.book import Amount, AmountKind, Rate, Smoothing
from autoscaler.core.memory import Ledger
from autoscaler.core.stability import raise_limit, recorded, shrink_limit, two_window
from autoscaler.core.tracking import Tolerance, from_total
from autoscaler.simulation.policies.scaling import Group
from autoscaler.simulation.policies.settings import agent_ceiling, agent_floor, number, span, tick, whole

__all__ = ["Behaviour", "Hpa", "behaviour", "utilisation_percent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hpa:
    """Slots in proportion to utilisation, load over slots, eager up and slow down."""

    target: float = number(0.8, 0.01, 1.0, "utilisation (load over slots) to keep")
    tolerance: float = number(0.1, 0.0, 1.0, "deviation of the ratio from 1 that is ignored")
    down_window: float = span(300, "a lower goes no lower than the most slots asked for within this")
    up_window: float = span(0, "a raise goes no higher than the fewest slots asked for within this")
    up_percent: int = whole(100, 0, 1000, "growth of slots allowed each 15 s, in percent")
    up_slots: int = whole(4, 0, 3600, "growth of slots allowed each 15 s in any case")
    down_percent: int = whole(100, 0, 100, "shrinkage of slots allowed each 15 s, in percent")
    floor: int = agent_floor()
    ceiling: int = agent_ceiling()
    tick: float | None = tick()

    def scaler(self) -> _Tracking:
        """One that has seen nothing yet."""
        return _Tracking(
            target_percent=100 * self.target,
            tolerance=Tolerance(down=self.tolerance, up=self.tolerance),
            calm=behaviour(
                up_window_s=self.up_window,
                down_window_s=self.down_window,
                up_percent=self.up_percent,
                up_slots=self.up_slots,
                down_percent=self.down_percent,
            ),
        )


@dataclass(slots=True, kw_only=True)
class Behaviour:
    """Stabilisation and rates of one autoscaler during one run: what was asked for, and what was done.

    Attributes:
        raises, lowers: Windows and rates of each direction.
        asked: Raw recommendations; the slots in force come first, as after a restart.
        grown, shrunk: Changes made.
    """

    raises: Smoothing
    lowers: Smoothing
    asked: Ledger = ()
    grown: Ledger = ()
    shrunk: Ledger = ()

    def calmed(self, wanted: int, group: Group) -> int:
        """Slots after windows, then rates, then bounds; all of it is remembered.

        Source: C1.7 and C1.8.
        """
        at, slots = group.at, group.slots
        window = max(self.raises.window_s, self.lowers.window_s)
        if not self.asked:
            self.asked = ((at, slots),)
        up_s, down_s = self.raises.window_s, self.lowers.window_s
        stable = two_window(wanted, slots, self.asked, at=at, up_s=up_s, down_s=down_s)
        self.asked = (*(entry for entry in self.asked if at - entry[0] < window), (at, wanted))
        if stable > slots:
            stable = int(min(stable, raise_limit(slots, self.raises, self.grown, self.shrunk, at=at)))
        elif stable < slots:
            stable = int(max(stable, shrink_limit(slots, self.lowers, self.grown, self.shrunk, at=at)))
        stable = group.within(stable)
        keep_s = max(rate.period_s for rate in self.raises.at_most + self.lowers.at_most)
        self.grown = recorded(self.grown, at, max(stable - slots, 0), keep_s=keep_s)
        self.shrunk = recorded(self.shrunk, at, max(slots - stable, 0), keep_s=keep_s)
        return stable


def behaviour(
    *, up_window_s: float, down_window_s: float, up_percent: int, up_slots: int, down_percent: int
) -> Behaviour:
    """A behaviour block as the default one: growth by percent or slots, whichever is more, shrinkage by percent."""
    return Behaviour(
        raises=Smoothing(
            window_s=up_window_s, at_most=(_rate(AmountKind.SHARE, up_percent / 100), _rate(AmountKind.SLOTS, up_slots))
        ),
        lowers=Smoothing(window_s=down_window_s, at_most=(_rate(AmountKind.SHARE, down_percent / 100),)),
    )


def utilisation_percent(load: int, slots: int) -> int:
    """Use in whole percent of what there is, rounded down; `slots` > 0. Source: C1.2."""
    return math.floor(100 * load / slots)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tracking:
    target_percent: float
    tolerance: Tolerance
    calm: Behaviour

    def scale(self, group: Group) -> int:
        percent = utilisation_percent(group.load, group.slots)
        wanted = from_total(group.slots, group.slots, percent, self.target_percent, self.tolerance)
        return self.calm.calmed(group.within(wanted), group)


def _rate(kind: AmountKind, value: float) -> Rate:
    return Rate(amount=Amount(kind=kind, value=value), period_s=15.0)
