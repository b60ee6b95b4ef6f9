"""What the customers and agents of a centre went through, in a few numbers.

Nobody is left out: a customer still in the queue counts with the wait so far.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["ANSWER_WITHIN_S", "Scorecard", "Tally"]

ANSWER_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """A centre's results from its start to now.

    Attributes:
        arrived, served, abandoned, waiting, in_chat: Customers; the first is the sum of the others.
        mean_wait_s: Seconds in the queue over all who arrived, abandoned ones included; None before the first.
        p_wait: Share of those arrived who waited at all; None before the first.
        service_level_30: Answered within 30 s / (answered + gave up or still waiting after 30 s); None before any.
        mean_concurrency: Time average of chats held by a signed-in agent; None before anyone signed in.
        mean_chat_s: Mean length of an ended chat in seconds; None before the first.
    """

    arrived: int
    served: int
    abandoned: int
    waiting: int
    in_chat: int
    mean_wait_s: float | None
    p_wait: float | None
    service_level_30: float | None
    mean_concurrency: float | None
    mean_chat_s: float | None


@dataclass(slots=True, kw_only=True)
class Tally:
    """Running sums of one centre; its event loop adds to them."""

    arrived: int = 0
    served: int = 0
    abandoned: int = 0
    waited: int = 0
    answered: int = 0
    answered_in_time: int = 0
    gave_up_late: int = 0
    wait_s: float = 0.0
    chat_s: float = 0.0
    chat_seconds: float = 0.0
    agent_seconds: float = 0.0

    def answer(self, wait_s: float) -> None:
        """Count a customer who found an agent after `wait_s`."""
        self.answered += 1
        self.wait_s += wait_s
        if wait_s <= ANSWER_WITHIN_S:
            self.answered_in_time += 1

    def give_up(self, wait_s: float) -> None:
        """Count a customer who left the queue after `wait_s`."""
        self.abandoned += 1
        self.wait_s += wait_s
        if wait_s > ANSWER_WITHIN_S:
            self.gave_up_late += 1

    def scorecard(self, waits_s: Iterable[float]) -> Scorecard:
        """Add those still waiting, `waits_s` so far, and divide."""
        still = list(waits_s)
        late = self.gave_up_late + sum(wait_s > ANSWER_WITHIN_S for wait_s in still)
        return Scorecard(
            arrived=self.arrived,
            served=self.served,
            abandoned=self.abandoned,
            waiting=len(still),
            in_chat=self.answered - self.served,
            mean_wait_s=_ratio(self.wait_s + sum(still), self.arrived),
            p_wait=_ratio(self.waited, self.arrived),
            service_level_30=_ratio(self.answered_in_time, self.answered + late),
            mean_concurrency=_ratio(self.chat_seconds, self.agent_seconds),
            mean_chat_s=_ratio(self.chat_s, self.served),
        )


def _ratio(over: float, under: float) -> float | None:
    return over / under if under else None
