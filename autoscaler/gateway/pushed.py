"""Sessions handed over by whoever polls: a desktop over the control API, a file, a table.

What arrives is checked before it is kept, so nothing that could split a header ever reaches a call. What counts as a
new sign-in is written down in docs/decisions/0002-sessions.md.

        put, no live Guid: new sign-in
    ┌──────┐ ──────────────────────► ┌──────┐ ──┐ put, live Guid: renewal
    │ none │                         │ live │   │
    └──────┘ ◄────────────────────── └──────┘ ◄─┘
        expired, deleted, refused
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from autoscaler.clock import Clock
from autoscaler.errors import UsageError
from autoscaler.gateway.ports import Credentials
from autoscaler.gateway.sessions import SessionTable
from autoscaler.gateway.wire import check_agent, is_header_safe

__all__ = ["Pushed", "PushedSessions"]


class Pushed(Enum):
    """What a handed-over Guid was."""

    NEW_SIGN_IN = "new_sign_in"
    RENEWED = "renewed"
    REFUSED_BEFORE = "refused_before"
    """The gateway refused this very Guid; the agent waits for a different one."""


class PushedSessions:
    """`ports.Sessions` for agents at a desktop."""

    def __init__(
        self,
        clock: Clock,
        *,
        guid_life_s: float | None,
        known: Collection[int] | None = None,
        on_sign_in: Callable[[int], None] | None = None,
    ) -> None:
        """Start empty.

        Args:
            clock: For the Guids' age.
            guid_life_s: As `sessions.guid_life` gives it.
            known: Agents a session may be handed over for; None means any.
            on_sign_in: Told of each new sign-in; must not block.
        """
        self._table = SessionTable(clock, guid_life_s=guid_life_s)
        self._known = known
        self._on_sign_in = on_sign_in
        self._signed_in_at: dict[int, datetime] = {}
        self._handed_cookie: dict[int, str] = {}  # as the desktop sent it: answers to our own calls change the table's

    def credentials(self, agent: int) -> Credentials | None:
        """As `ports.Sessions`."""
        return self._table.credentials(agent)

    def answered(self, agent: int, guid: str, set_guid: str | None, set_cookie: Sequence[str]) -> None:
        """As `ports.Sessions`."""
        self._table.answered(agent, guid, set_guid, set_cookie)

    def refused(self, agent: int, guid: str, retcode: str) -> None:
        """As `ports.Sessions`."""
        self._table.refused(agent, guid, retcode)

    def live_among(self, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which agents could be called now, shape (n,)."""
        return self._table.live_among(ids)

    def live_agents(self) -> list[int]:
        """Agents that could be called now."""
        return self._table.live_agents()

    def put(
        self,
        agent: int,
        guid: str,
        cookies: Mapping[str, str] | None = None,
        *,
        signed_in_at: datetime | None = None,
        age_s: float = 0.0,
    ) -> Pushed:
        """Take the agent's current Guid.

        Args:
            agent: 101..999999.
            guid: Printable ASCII without blanks, 1..199 characters; a leading `JSESSIONID=` is dropped.
            cookies: The agent's cookies by name; None means none.
            signed_in_at: When the agent signed in, aware, if the desktop knows.
            age_s: How long ago the Guid was issued, >= 0, if the bringer knows.

        Raises:
            UsageError: Something is out of range; nothing was changed.
        """
        self._check(agent, signed_in_at, age_s)
        guid = _checked_guid(agent, guid)
        cookie = _checked_cookie(agent, cookies or {})
        if self._table.was_refused(agent, guid):
            return Pushed.REFUSED_BEFORE
        is_new = self._is_new_sign_in(agent, signed_in_at, cookie)
        self._handed_cookie[agent] = cookie
        if signed_in_at is not None:
            self._signed_in_at[agent] = signed_in_at
        elif is_new:
            self._signed_in_at.pop(agent, None)
        if not is_new:
            self._table.renew(agent, guid, cookie, age_s=age_s)
            return Pushed.RENEWED
        self._table.begin(agent, guid, cookie, age_s=age_s)
        if self._on_sign_in is not None:
            self._on_sign_in(agent)
        return Pushed.NEW_SIGN_IN

    def delete(self, agent: int) -> bool:
        """Forget the agent's Guid, since the agent signed out; say whether there was one.

        Raises:
            UsageError: `agent` is no known agent.
        """
        self._check(agent, None, 0.0)
        return self._table.end(agent)

    def _check(self, agent: int, signed_in_at: datetime | None, age_s: float) -> None:
        check_agent(agent)
        if self._known is not None and agent not in self._known:
            raise UsageError(f"agent {agent} is in no group", help="Check the agent ids of the rule files.")
        if signed_in_at is not None and signed_in_at.tzinfo is None:
            raise UsageError(
                f"signed_in_at of agent {agent} has no time zone", help="Write it like 2026-11-22T10:00:00Z."
            )
        if not age_s >= 0:  # NaN too
            raise UsageError(f"the Guid of agent {agent} has a negative age", help="Compare the hosts' clocks.")

    def _is_new_sign_in(self, agent: int, signed_in_at: datetime | None, cookie: str) -> bool:
        if self._table.sign_ins(agent) == 0:
            return True
        last = self._signed_in_at.get(agent)
        if signed_in_at is not None and last is not None:
            return signed_in_at != last
        # a sign-in is what gives a desktop its cookie, so another cookie tells of one, as after a gateway's restart
        return self._table.credentials(agent) is None or cookie != self._handed_cookie.get(agent, cookie)


def _checked_guid(agent: int, guid: str) -> str:
    guid = guid.removeprefix("JSESSIONID=")
    if not guid:
        raise UsageError(f"the Guid of agent {agent} is empty", help="Send the value of the last Set-GUID header.")
    if len(guid) >= 200 or not is_header_safe(guid) or " " in guid:
        raise UsageError(
            f"the Guid of agent {agent} is not printable ASCII of fewer than 200 characters",
            help="Send the value of the last Set-GUID header as it came.",
        )
    return guid


def _checked_cookie(agent: int, cookies: Mapping[str, str]) -> str:
    for name, value in cookies.items():
        # the types may be a wish where this came from JSON
        sane = isinstance(name, str) and isinstance(value, str) and is_header_safe(name) and is_header_safe(value)
        if not sane or not name or ";" in name + value or set(name) & set("= ,"):
            raise UsageError(
                f"a cookie of agent {agent} has a name or value that no Cookie header can carry",
                help="Send each cookie's name and value as text without line breaks and semicolons.",
            )
    return "; ".join(f"{name}={value}" for name, value in cookies.items())
