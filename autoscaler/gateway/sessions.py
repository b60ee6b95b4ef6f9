"""Every agent's Guid as the daemon knows it, and how long it may be used.

A refused Guid is never handed out again, an old one neither, and an answer teaches only the sign-in it belongs to
(docs/decisions/0002-sessions.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from autoscaler.clock import Clock
from autoscaler.gateway.ports import Credentials
from autoscaler.gateway.wire import merged_cookie

__all__ = ["DYNAMIC_GUID_LIFE_S", "Authentication", "SessionTable", "guid_life"]

DYNAMIC_GUID_LIFE_S = 120.0
"""GUIDTIMEOUT of a gateway nobody changed."""


_AGENT_IDS = 1_000_000  # ids run to 999999


class Authentication(Enum):
    """The gateway's AUTHMODE."""

    STATIC = "static"
    """One Guid for the life of the sign-in."""
    DYNAMIC = "dynamic"
    """A Guid renewed about every minute."""


def guid_life(authentication: Authentication) -> float | None:
    """Say how many seconds a Guid may be used; None means as long as the sign-in."""
    return DYNAMIC_GUID_LIFE_S if authentication is Authentication.DYNAMIC else None


class SessionTable:
    """`ports.Sessions` over a table in memory; whoever owns it says when a sign-in begins and ends."""

    def __init__(self, clock: Clock, *, guid_life_s: float | None) -> None:
        """Start empty.

        Args:
            clock: For the Guids' age.
            guid_life_s: Seconds, > 0; None means that a Guid does not age.
        """
        self._clock = clock
        self._guid_life_s = guid_life_s
        self._rows: dict[int, _Row] = {}
        # when each agent's live Guid was issued, by agent id: a tick asks for everybody at once
        self._issued = np.full(_AGENT_IDS, -np.inf)

    def credentials(self, agent: int) -> Credentials | None:
        """As `ports.Sessions`."""
        row = self._rows.get(agent)
        if row is None or row.credentials is None:
            return None
        if self._guid_life_s is not None and self._clock.monotonic() - row.arrived > self._guid_life_s:
            return None
        return row.credentials

    def answered(self, agent: int, guid: str, set_guid: str | None, set_cookie: Sequence[str]) -> None:
        """As `ports.Sessions`."""
        if set_guid is None and not set_cookie:
            return
        row = self._rows.get(agent)
        now = None if row is None else row.credentials or row.lost
        if row is None or now is None or guid not in (now.guid, row.previous):
            return
        cookie = merged_cookie(now.cookie, set_cookie)
        if set_guid is not None and set_guid != row.refused:
            row.take(Credentials(guid=set_guid, cookie=cookie, sign_in=now.sign_in), self._clock.monotonic())
            self._issued[agent] = row.arrived
        elif row.credentials is not None and cookie != now.cookie:
            row.credentials = Credentials(guid=now.guid, cookie=cookie, sign_in=now.sign_in)

    def refused(self, agent: int, guid: str, retcode: str) -> None:  # noqa: ARG002 the port's shape; the Guid decides
        """As `ports.Sessions`; a Guid that has been replaced meanwhile changes nothing."""
        row = self._rows.get(agent)
        if row is not None and row.credentials is not None and row.credentials.guid == guid:
            row.refused = guid
            row.lost = row.credentials
            row.credentials = None
            self._issued[agent] = -np.inf

    def begin(self, agent: int, guid: str, cookie: str, *, age_s: float = 0.0) -> int:
        """Start a new sign-in.

        Args:
            agent: Agent id.
            guid: Its first Guid.
            cookie: Its `Cookie` header; "" when there is none.
            age_s: How long ago the Guid was issued, >= 0.

        Returns:
            The sign-in's number, from 1.
        """
        row = self._rows.setdefault(agent, _Row())
        row.sign_ins += 1
        row.credentials = row.previous = None
        row.take(Credentials(guid=guid, cookie=cookie, sign_in=row.sign_ins), self._clock.monotonic() - age_s)
        self._issued[agent] = row.arrived
        return row.sign_ins

    def renew(self, agent: int, guid: str, cookie: str, *, age_s: float = 0.0) -> None:
        """Go on with the present sign-in under a newer Guid (or the same one, said to be current); as `begin`."""
        row = self._rows.setdefault(agent, _Row())
        row.take(Credentials(guid=guid, cookie=cookie, sign_in=row.sign_ins), self._clock.monotonic() - age_s)
        self._issued[agent] = row.arrived

    def end(self, agent: int) -> bool:
        """Forget the agent's Guid, and say whether there was one."""
        row = self._rows.get(agent)
        if row is None:
            return False
        had_one = row.credentials is not None
        row.credentials = row.lost = row.previous = None
        self._issued[agent] = -np.inf
        return had_one

    def was_refused(self, agent: int, guid: str) -> bool:
        """Whether the gateway's last refusal for this agent was of this Guid."""
        row = self._rows.get(agent)
        return row is not None and row.refused == guid

    def sign_ins(self, agent: int) -> int:
        """How many sign-ins of this agent were seen."""
        row = self._rows.get(agent)
        return 0 if row is None else row.sign_ins

    def live_among(self, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which agents could be called now, shape (n,)."""
        life = np.inf if self._guid_life_s is None else self._guid_life_s
        issued = self._issued[ids]
        live: NDArray[np.bool_] = (issued > -np.inf) & (self._clock.monotonic() - issued <= life)
        return live

    def live_agents(self) -> list[int]:
        """Agents that could be called now, in the order they were first seen."""
        return [agent for agent in self._rows if self.credentials(agent) is not None]


class _Row:
    """One agent's sign-in.

    Attributes:
        credentials: What may be sent; None when there is nothing.
        lost: What could be sent until the gateway refused it; a poll under way may still bring its successor.
        previous: The Guid before the current one.
        refused: The last Guid the gateway refused, of whichever sign-in.
        arrived: Monotonic seconds at which the current Guid was issued.
        sign_ins: How many there were.
    """

    __slots__ = ("arrived", "credentials", "lost", "previous", "refused", "sign_ins")

    def __init__(self) -> None:
        self.credentials: Credentials | None = None
        self.lost: Credentials | None = None
        self.previous: str | None = None
        self.refused: str | None = None
        self.arrived = 0.0
        self.sign_ins = 0

    def take(self, credentials: Credentials, arrived: float) -> None:
        if self.credentials is not None and self.credentials.guid != credentials.guid:
            self.previous = self.credentials.guid
        self.credentials = credentials
        self.lost = None
        self.arrived = arrived
