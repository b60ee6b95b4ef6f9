"""The seam between the daemon and whatever knows queues and agents.

A source never guesses: what it could not read is NaN in the columns and a sentence in `problems`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from autoscaler.core.readings import Agents, Ints, Queues

__all__ = ["Seen", "Source", "Want"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """What one group needs to know.

    Attributes:
        group: Its name, for messages.
        queues: Skill queue ids; may be ().
        media_type: Wire number whose chats count as load.
        agent_ids: The ids the rule file names, sorted; None means the agents signed in to `queues`.
    """

    group: str
    queues: tuple[int, ...]
    media_type: int
    agent_ids: Ints | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a source saw for one group.

    Attributes:
        queues: A row for each queue that answered.
        agents: Signed-in agents; `limit` is empty, since no source can read it.
        problems: One sentence for each thing that could not be read, without secrets.
        roster_problem: Why the list of agents is not to be trusted; "" when it is.
    """

    queues: Queues
    agents: Agents
    problems: tuple[str, ...] = ()
    roster_problem: str = ""


class Source(Protocol):
    """One technology that readings come from."""

    async def observe(self, want: Want, deadline_s: float) -> Seen:
        """Read once.

        Args:
            want: What for.
            deadline_s: Real seconds; what has not answered by then is missing.

        Returns:
            What was seen; partial answers are kept. An outside failure is a problem in it, never an error.
        """
        ...

    async def close(self) -> None:
        """Close connections."""
        ...
