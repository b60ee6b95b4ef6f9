"""The seam between the daemon and whatever knows queues and agents.

A source never guesses: what it could not read is NaN in the columns and a sentence in `problems`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from autoscaler.core.readings import Agents, Input, Ints, Queues

__all__ = ["Seen", "Source", "Want", "WantedInput"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedInput:
    """An input that a rule file names.

    Attributes:
        name: As used in `input.NAME`.
        source: Whom to ask, as named in the settings.
        query: What to ask.
    """

    name: str
    source: str
    query: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """What one group needs to know.

    Attributes:
        group: Its name, for messages.
        queues: Skill queue ids; may be ().
        media_type: Wire number whose chats count as load.
        agent_ids: The ids the rule file names, sorted; None means the agents signed in to `queues`.
        inputs: The inputs it names.
    """

    group: str
    queues: tuple[int, ...]
    media_type: int
    agent_ids: Ints | None
    inputs: tuple[WantedInput, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a source saw for one group.

    Attributes:
        queues: A row for each queue that answered.
        agents: Signed-in agents; `limit` is empty, since no source can read it.
        problems: One sentence for each thing that could not be read, without secrets.
        roster_problem: Why the list of agents is not to be trusted; "" when it is.
        inputs: Named inputs that answered.
    """

    queues: Queues
    agents: Agents
    problems: tuple[str, ...] = ()
    roster_problem: str = ""
    inputs: Mapping[str, Input] = field(default_factory=dict)


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
