"""One ordered limit on its way to the gateway.

An order ends exactly once, and its stage says who holds it: the line, the wire, the waiting room, or nobody.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from autoscaler.gateway.ports import Outcome, OutcomeKind

__all__ = ["Order", "OrderStage", "order_key"]


class OrderStage(Enum):
    """Where an order stands."""

    QUEUED = "queued"
    FLYING = "flying"
    WAITING = "waiting"
    HELD = "held"
    ENDED = "ended"


_QUEUED: Final = OrderStage.QUEUED  # looked up once: through the enum each use costs ten times as much
_FAILED: Final = OutcomeKind.FAILED


class Order:
    """What was ordered, and what has happened to it; changed by the actuator alone.

                     order()                 order() while a call for the same agent flies
                        │                                     │
                        ▼          the earlier one ended      ▼
        ┌──────────► QUEUED ◄───────────────────────────── HELD ──┐
        │               │                                         │
        │ its time,     │ a slot in flight, a token,              │
        │ or a new      │ a closed breaker, a Guid                │
        │ Guid          ▼                                         │
        │            FLYING ──── retcode "0" in the ──► APPLIED   │
        │               │        present sign-in                  │
        │               ├─────── a permanent no ──────► REJECTED  │
        │               │                                         │
        │               │ no answer, a passing no,                │
        │               ▼ a Guid that is no longer taken          │
        └──────────  WAITING                                      │
                        │                                         │
         QUEUED, WAITING, HELD ◄──────────────────────────────────┘
                        ├─────── a newer order ───────► SUPERSEDED (a FLYING one too, once it is back without success)
                        └─────── the deadline ────────► UNKNOWN    when a call went unanswered
                                                        REJECTED   when the Guid was refused and no other came
                                                        FAILED     otherwise

    Attributes:
        number: Its orderer's.
        agent, media_type, callnums: What is wanted.
        key: Agent and media type as one number.
        deadline: Clock seconds after which it is not sent again.
        stage: Where it stands.
        due: Clock seconds of the next try; while WAITING.
        attempts: Calls made.
        first_sent_at: Clock seconds of the first call's start.
        guid: Of the last call; never shown.
        sign_in: Of the last call; -1 when the agent has signed in since.
        is_probe: The last call tests whether the gateway is back.
        is_refused: The gateway no longer takes `guid`.
        is_doubtful: A call went unanswered, so the gateway may have applied it.
        ending: How it ends at the deadline if nothing changes.
        retcode, error: Of the last call.
        successor: The HELD order behind it; None when there is none.
    """

    __slots__ = (
        "agent",
        "attempts",
        "callnums",
        "deadline",
        "due",
        "ending",
        "error",
        "first_sent_at",
        "guid",
        "is_doubtful",
        "is_probe",
        "is_refused",
        "key",
        "media_type",
        "number",
        "retcode",
        "sign_in",
        "stage",
        "successor",
    )

    def __init__(self, number: int, agent: int, media_type: int, callnums: int, deadline: float) -> None:
        """Stand in line."""
        self.number = number
        self.agent = agent
        self.media_type = media_type
        self.callnums = callnums
        self.key = order_key(media_type, agent)
        self.deadline = deadline
        self.stage = _QUEUED
        self.due = 0.0
        self.attempts = 0
        self.first_sent_at = 0.0
        self.guid = ""
        self.sign_in = -1
        self.is_probe = False
        self.is_refused = False
        self.is_doubtful = False
        self.ending = _FAILED
        self.retcode: str | None = None
        self.error: str | None = None
        self.successor: Order | None = None

    def outcome(self, kind: OutcomeKind, now: float) -> Outcome:
        """Say how it ended at `now`, clock seconds."""
        return Outcome(
            order=self.number,
            agent=self.agent,
            media_type=self.media_type,
            callnums=self.callnums,
            kind=kind,
            retcode=self.retcode,
            latency_ms=(now - self.first_sent_at) * 1e3 if self.attempts else 0.0,
            attempts=self.attempts,
            error=self.error,
        )


def order_key(media_type: int, agent: int) -> int:
    """Agent and media type as one number: a dict finds it faster than a pair."""
    return media_type * 1_000_000 + agent
