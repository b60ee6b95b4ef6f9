"""Sign-ins of the simulated gateway and their Guids.

One agent has one session at most, and what it was before a forced sign-in opens no door any more.

    sign-in --> signed in --(poll at GUIDINTERVAL)--> new Guid, the old one good until GUIDTIMEOUT of its own
                  |  |
                  |  +--(sign-out, forced sign-in, node restart)--> gone
                  +-----(no request for MAXTIME)------------------> gone
"""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from autoscaler.simulation.site import Authentication

__all__ = ["COOKIE", "Door", "Session", "Sessions"]

COOKIE = "ELBSESSION"


class Door(Enum):
    """What the gateway thinks of a call's credentials."""

    OPEN = "open"
    NOT_SIGNED_IN = "not signed in"
    WRONG_GUID = "wrong guid"
    EXPIRED_GUID = "expired guid"
    WRONG_NODE = "cookie missing or of another session"


@dataclass(slots=True, kw_only=True, eq=False)
class Session:
    """One sign-in.

    Attributes:
        guid: The newest Guid.
        issued: When each Guid still remembered was issued.
        cookie: The load balancer's cookie, which must come back.
        is_desktop: A desktop polls inside the simulation, so silence never ends it.
        seen_s: When the last request came.
    """

    agent: int
    guid: str = field(repr=False)
    issued: dict[str, float] = field(repr=False)
    cookie: str = field(repr=False)
    is_desktop: bool
    signed_in_s: float
    seen_s: float

    @property
    def issued_s(self) -> float:
        """When the newest Guid was issued."""
        return self.issued[self.guid]


class Sessions:
    """All sign-ins."""

    def __init__(
        self, *, authentication: Authentication, interval_s: float, timeout_s: float, max_time_s: float
    ) -> None:
        """Begin with nobody; times in virtual seconds, see `SiteConfig`."""
        self._authentication = authentication
        self._interval_s = interval_s
        self._timeout_s = timeout_s
        self._max_time_s = max_time_s
        self._all: dict[int, Session] = {}
        self._by_silence: OrderedDict[int, Session] = OrderedDict()  # longest silent first, desktops left out

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self._all.values()))

    def find(self, agent: int) -> Session | None:
        """The agent's session, or None."""
        return self._all.get(agent)

    def sign_in(self, agent: int, now_s: float, *, is_desktop: bool = False) -> Session:
        """Begin a session, ending the one there is."""
        self.sign_out(agent)
        guid = _new_guid()
        session = Session(
            agent=agent,
            guid=guid,
            issued={guid: now_s},
            cookie=uuid.uuid4().hex,
            is_desktop=is_desktop,
            signed_in_s=now_s,
            seen_s=now_s,
        )
        self._all[agent] = session
        if not is_desktop:
            self._by_silence[agent] = session
        return session

    def sign_out(self, agent: int) -> Session | None:
        """End the agent's session; returns it, or None when there was none."""
        self._by_silence.pop(agent, None)
        return self._all.pop(agent, None)

    def stop_desktop(self, agent: int, now_s: float) -> None:
        """Let the desktop stop polling; from now on silence ends the session."""
        session = self._all[agent]
        session.is_desktop = False
        session.seen_s = now_s
        self._by_silence[agent] = session

    def knock(self, agent: int, guid: str, cookie: str | None, now_s: float) -> Door:
        """Judge a call's credentials; a good call breaks the silence.

        Args:
            agent: Of the call's path.
            guid: The `Guid` header, "" when absent.
            cookie: The load balancer's cookie as it came back; None when cookies are not looked at.
            now_s: Virtual seconds after the start.
        """
        session = self._all.get(agent)
        if session is None:
            return Door.NOT_SIGNED_IN
        if cookie is not None and cookie != session.cookie:
            return Door.WRONG_NODE
        issued_s = session.issued.get(guid)
        if issued_s is None:
            return Door.WRONG_GUID
        if self._authentication is Authentication.DYNAMIC and now_s - issued_s >= self._timeout_s:
            return Door.EXPIRED_GUID
        self.touch(session, now_s)
        return Door.OPEN

    def touch(self, session: Session, now_s: float) -> None:
        """Break the silence of a session."""
        session.seen_s = now_s
        if session.agent in self._by_silence:
            self._by_silence.move_to_end(session.agent)

    def is_due(self, session: Session, now_s: float) -> bool:
        """Whether an event poll that comes now is to be given a new Guid."""
        return self._authentication is Authentication.DYNAMIC and now_s - session.issued_s >= self._interval_s

    def renew(self, session: Session, now_s: float, *, ends_old: bool = False) -> str:
        """Issue a new Guid; earlier ones live on to the end of their own time, or with `ends_old` die now."""
        if ends_old:
            session.issued.clear()
        else:
            gone = [guid for guid, issued_s in session.issued.items() if now_s - issued_s >= 2 * self._timeout_s]
            for guid in gone:
                del session.issued[guid]
        session.guid = _new_guid()
        session.issued[session.guid] = now_s
        return session.guid

    def expire(self, now_s: float) -> list[Session]:
        """Sign out whoever was silent for MAXTIME; returns them."""
        silent: list[Session] = []
        while self._by_silence:
            session = next(iter(self._by_silence.values()))
            if now_s - session.seen_s < self._max_time_s:
                break
            self.sign_out(session.agent)
            silent.append(session)
        return silent


def _new_guid() -> str:
    return f"{uuid.uuid4()}.AgentGateway1"
