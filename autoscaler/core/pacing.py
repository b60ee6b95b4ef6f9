"""How fast the group's slots move: what bounds correct and what rules wish, under one budget of rates.

Bounds correct upward at once and downward at the pace of the lower rates; rules get what is left.
"""

from __future__ import annotations

import numpy as np

from autoscaler.core.arbitration import Settled
from autoscaler.core.distribution import lower_units
from autoscaler.core.memory import Ledger
from autoscaler.core.stability import Calm, calm_down, raise_limit, shrink_limit
from autoscaler.core.team import Bools, Columns16, slots_of
from autoscaler.core.tick import Tick

__all__ = ["calmed", "paced_down", "slots_at"]


def paced_down(tick: Tick, base: Columns16) -> Columns16:
    """Bound corrections downward, no faster than the lower rates allow; those furthest above baseline go first.

    Pins and people who can't be touched are nobody's pace.

    Returns:
        Limits between `base` and the limits in force; `base` itself where there are no rates.
    """
    team, lowers = tick.team, tick.group.stability.lowers
    if not lowers.at_most or base is team.force:
        return base
    over = np.where(_paced(tick), np.maximum(team.force - base, 0), 0).astype(np.int16)
    total = int(over.sum(dtype=np.int64))
    if not total:
        return base
    slots = team.slots
    allowed = slots - int(shrink_limit(slots, lowers, tick.memory.grown, tick.memory.shrunk, at=tick.at))
    if total <= allowed:
        return base
    taken = lower_units(
        allowed, limit=team.force, room=over, load=team.load, baseline=team.baseline, account=tick.account
    )
    return np.where(over > 0, team.force - taken, base)


def slots_at(tick: Tick, base: Columns16) -> int:
    """Slots once bounds have moved whom they can."""
    team = tick.team
    if base is team.force:
        return team.slots
    return slots_of(np.where(tick.touchable, base, team.force), team.counted)


def calmed(tick: Tick, settled: Settled, base: Columns16, history: Ledger, current: int) -> tuple[Calm, Calm]:
    """What stability lets rules do, upward and downward.

    Args:
        tick: The group.
        settled: What arbitration let through.
        base: Limits inside the bounds, from `paced_down`.
        history: Earlier recommendations, in today's slots.
        current: From `slots_at`.

    Returns:
        Slots to go up to, and slots to go down to.
    """
    asked_up, asked_down = settled.ups.units, settled.downs.units
    if not asked_up and not asked_down:
        still = Calm(slots=current)
        return still, still
    up_most, down_most = _left_by_rates(tick, base, current)

    def calm(wanted: int, rates_allow: float) -> Calm:
        return calm_down(
            wanted,
            current,
            tick.group.stability,
            history=history,
            rates_allow=rates_allow,
            raised_at=tick.memory.raised_at,
            lowered_at=tick.memory.lowered_at,
            at=tick.at,
        )

    return calm(current + asked_up, up_most), calm(current - asked_down, down_most)


def _left_by_rates(tick: Tick, base: Columns16, current: int) -> tuple[float, float]:
    """Slots that rules may still move up and down, after what bounds move in this tick.

    Either way is counted from before the bounds' moves: a guard may yet hold those back, and a correction that
    does not come must have made no room.
    """
    memory, stability = tick.memory, tick.group.stability
    step = np.where(_paced(tick), base - tick.team.force, 0)
    up = int(np.maximum(step, 0).sum(dtype=np.int64))
    down = int(np.maximum(-step, 0).sum(dtype=np.int64))
    start = current - up + down
    most = raise_limit(start, stability.raises, memory.grown, memory.shrunk, at=tick.at)
    least = shrink_limit(start, stability.lowers, memory.grown, memory.shrunk, at=tick.at)
    return max(most - start - up, 0), max(start - least - down, 0)


def _paced(tick: Tick) -> Bools:
    """Whose moves the rates count: people who take chats and whom bounds and rules can move, pins left out."""
    counts = tick.team.counted & tick.touchable
    return counts if tick.orders.pinned is None else counts & ~tick.orders.pinned
