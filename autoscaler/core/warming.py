"""Warm-up: after sign-in an agent's ceiling starts low and grows step by step.

Nobody is warmed up who was there when remembering began: a restart of the daemon is nobody's sign-in.
"""

from __future__ import annotations

import numpy as np

from autoscaler.core.book import WarmUp
from autoscaler.core.readings import Floats
from autoscaler.core.team import Columns16
from autoscaler.core.tick import Tick

__all__ = ["arrived", "signed_in_for", "warm_ceiling"]


def arrived(tick: Tick) -> Floats:
    """When each of the roster came into it, POSIX seconds, NaN: was there when remembering began; shape (n,)."""
    known = tick.remembered(tick.agents.arrived)
    if tick.memory.at is None:
        return known
    return np.where(np.isnan(tick.remembered(tick.agents.seen_at)), tick.at, known)


def signed_in_for(tick: Tick) -> Floats:
    """Seconds since sign-in: as read, else since the agent came into the roster; NaN: not known. Shape (n,)."""
    read = tick.team.signed_in_for_s
    return np.where(np.isnan(read), tick.at - arrived(tick), read)


def warm_ceiling(warm_up: WarmUp, signed_in_for_s: Floats) -> Columns16:
    """The ceiling of the moment: `start`, and `add` more for every `every_s` since sign-in; 60 where not known."""
    # a clock set back makes no negative time
    steps = np.floor(np.maximum(np.where(np.isnan(signed_in_for_s), np.inf, signed_in_for_s), 0) / warm_up.every_s)
    ceiling: Columns16 = np.minimum(warm_up.start + np.minimum(steps, 60) * warm_up.add, 60).astype(np.int16)
    return ceiling
