"""The seams inside the gateway room: who holds a Guid, who carries bytes, who hears the outcome.

A Guid never shows in a repr, so it can't reach a log or a traceback.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol, TypeVar

from autoscaler.errors import GatewayError

__all__ = ["Answer", "Calls", "Credentials", "NoAnswer", "Outcome", "OutcomeKind", "Outcomes", "Sessions", "Transport"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a call in an agent's name needs.

    Attributes:
        guid: The session's current Guid, `<uuid>.AgentGatewayN`.
        cookie: The `Cookie` header of this agent's jar; "" when it is empty.
        sign_in: Counts this agent's sign-ins as seen here; a new number means the limit is unknown.
    """

    guid: str = field(repr=False)
    cookie: str = field(repr=False)
    sign_in: int


class Sessions(Protocol):
    """Who holds the Guids."""

    def credentials(self, agent: int) -> Credentials | None:
        """The agent's live credentials, or None when there are none or they are older than a Guid's life."""
        ...

    def answered(self, agent: int, guid: str, set_guid: str | None, set_cookie: Sequence[str]) -> None:
        """Learn from any answer to a call made with `guid`: a renewed Guid and cookies, whatever the interface."""
        ...

    def refused(self, agent: int, guid: str, retcode: str) -> None:
        """Hear that the gateway no longer takes `guid`; it must not be sent again."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer, read whole.

    Attributes:
        status: HTTP status.
        set_guid: Value of `Set-GUID` in any letter case, without `JSESSIONID=`; None when absent.
        set_cookie: Each `Set-Cookie` value as sent.
        body: The body's bytes.
    """

    status: int
    set_guid: str | None = field(repr=False)
    set_cookie: tuple[str, ...] = field(repr=False)
    body: bytes = field(repr=False)


class Transport(Protocol):
    """Carries one request to the gateway and brings the answer back.

    Raises:
        GatewayUnreachable: No complete answer; whether the gateway applied the call is unknown.
    """

    async def send(self, method: str, path: str, headers: Sequence[tuple[str, str]], body: bytes) -> Answer:
        """Send one request; the caller bounds the wait."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """A call that brought no answer.

    Attributes:
        error: Why: `GatewayUnreachable`, or `GatewayNonsense` for bytes that are no answer.
        was_sent: Bytes of it may have reached the gateway, which may have applied it; False: surely not applied.
    """

    error: GatewayError
    was_sent: bool


class Calls(Protocol):
    """Carries many requests at once, without a task for each."""

    def post(
        self,
        path: str,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        tag: T,
        done: Callable[[T, Answer | NoAnswer], None],
    ) -> None:
        """Send one POST; `done(tag, answer)` follows in bounded time, exactly once, never from inside this call.

        Raises:
            GatewayError: The request can't be spelled as HTTP; nothing was sent and `done` stays silent.
        """
        ...


class OutcomeKind(Enum):
    """How an order ended; the journal's words."""

    APPLIED = "applied"
    REJECTED = "rejected"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one ordered limit.

    Attributes:
        order: The number its orderer gave it.
        agent: Agent id, 101..999999.
        media_type: Wire number.
        callnums: The limit asked for, 1..60.
        kind: How it ended.
        retcode: As the gateway wrote it; None without an answer.
        latency_ms: From the first attempt's start to the end; 0.0 when never sent.
        attempts: Calls made.
        error: One sentence without secrets; None when applied.
    """

    order: int
    agent: int
    media_type: int
    callnums: int
    kind: OutcomeKind
    retcode: str | None
    latency_ms: float
    attempts: int
    error: str | None


class Outcomes(Protocol):
    """Hears of each ended order, in the order they end; must not block."""

    def __call__(self, outcome: Outcome, /) -> None:
        """Take one."""
        ...
