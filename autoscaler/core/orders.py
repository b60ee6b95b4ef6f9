"""What people ordered by hand, as one group sees it: the strongest word of all.

A freeze stops everything, pins included; a pause stops the rules and leaves pins alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from autoscaler.core.book import Group
from autoscaler.core.readings import ANY_MEDIA, Ints, Overrides, Pin
from autoscaler.core.reasons import Reason
from autoscaler.core.team import Bools, Columns16

__all__ = ["Orders", "orders_for"]

LEAST_LIMIT, MOST_LIMIT = 1, 60
"""What the gateway takes, whoever asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What holds for one group at one time.

    Attributes:
        stop: Why rules move nobody: FROZEN, PAUSED or NO_ROSTER; NONE when they may.
        pin: Pinned limits, shape (n,), 0 not pinned; None when nobody is.
    """

    stop: Reason
    pin: Columns16 | None

    @property
    def pinned(self) -> Bools | None:
        """Who is pinned, shape (n,); None: nobody."""
        return None if self.pin is None else self.pin > 0


def orders_for(group: Group, ids: Ints, overrides: Overrides, at: datetime, *, roster_problem: str) -> Orders:
    """The overrides that are in force for a group.

    Args:
        group: Whose.
        ids: Its roster, sorted.
        overrides: Of all groups, expired ones too.
        at: Aware UTC.
        roster_problem: Why the list of agents can't be trusted; "" when it can.

    Returns:
        The orders; of several pins of one agent the last counts, brought within 1..60.
    """
    stop = Reason.NONE
    if overrides.frozen:
        stop = Reason.FROZEN
    elif any(one.group in (None, group.name) and (one.until is None or one.until > at) for one in overrides.pauses):
        stop = Reason.PAUSED
    elif roster_problem:
        stop = Reason.NO_ROSTER
    pin: Columns16 | None = None
    for one in overrides.pins:
        row = _row(one, group, ids, at)
        if row is not None:
            if pin is None:
                pin = np.zeros(len(ids), np.int16)
            pin[row] = min(max(one.limit, LEAST_LIMIT), MOST_LIMIT)
    return Orders(stop=stop, pin=pin)


def _row(pin: Pin, group: Group, ids: Ints, at: datetime) -> int | None:
    if pin.media_type not in (ANY_MEDIA, group.media_type) or (pin.until is not None and pin.until <= at):
        return None
    row = int(np.searchsorted(ids, pin.agent))
    return row if row < len(ids) and ids[row] == pin.agent else None
