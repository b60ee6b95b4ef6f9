"""What a tick decided, as columns: enough to say of any other decision where it differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from autoscaler.core.plan import GroupPlan, Slots, Stage
from autoscaler.core.readings import Ints
from autoscaler.core.team import Bools, Columns16

__all__ = ["Wanted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One group's decision, a row an agent.

    Attributes:
        ids: Agents, sorted, shape (n,).
        force: Limit in force before, as far as is known: confirmed, else last wanted; 1..60.
        limit: Limit wanted, 1..60.
        rule: The rule behind a move, an index into the group's rules, -1 none.
        called: Whose limit was to be sent.
        slots: Sums.
    """

    ids: Ints
    force: Columns16
    limit: Columns16
    rule: NDArray[np.int16]
    called: Bools
    slots: Slots

    @classmethod
    def of(cls, plan: GroupPlan) -> Self:
        """The columns of a plan."""
        called = np.zeros(len(plan.ids), np.bool_)
        called[np.searchsorted(plan.ids, plan.calls.agents)] = True
        return cls(
            ids=plan.ids,
            force=plan.limits[Stage.OBSERVED],
            limit=plan.limits[Stage.WANTED],
            rule=plan.rule,
            called=called,
            slots=plan.slots,
        )
