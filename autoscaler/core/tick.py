"""What one group's decision works on: the rules, the agents, and what was remembered of them."""

from __future__ import annotations

from dataclasses import dataclass

from autoscaler.core.book import Group
from autoscaler.core.memory import AgentMemory, GroupMemory
from autoscaler.core.orders import Orders
from autoscaler.core.readings import Floats, Ints
from autoscaler.core.team import Bools, Team, remembered

__all__ = ["Tick"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One group at one time.

    Attributes:
        group: The rules.
        team: The roster's columns, shape (n,).
        memory: What the last tick left.
        agents: Its agent columns, aligned: they hold every row of the roster.
        rows: The roster's rows in `agents`; None: one to one.
        account: What each of the roster has carried above baseline in this shift, shape (n,).
        orders: What people ordered.
        touchable: Whom a call of this group may concern: signed in, reachable, not protected, not contested.
        movable: Whom rules may move: touchable, taking chats, not pinned, and nobody while the group is stopped.
        contested: Whom another group of the same media type claims too; None: nobody.
        at: Now, POSIX seconds.
    """

    group: Group
    team: Team
    memory: GroupMemory
    agents: AgentMemory
    rows: Ints | None
    account: Floats
    orders: Orders
    touchable: Bools
    movable: Bools
    contested: Bools | None
    at: float

    def remembered(self, column: Floats) -> Floats:
        """The roster's rows of one of `agents`' columns."""
        return remembered(column, self.rows)
