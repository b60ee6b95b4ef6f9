"""What the servers were asked: every call, and the mistakes a good client never makes.

A Guid appears as a short hash alone: the same for the same Guid, and no way back.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter, deque
from datetime import datetime, timedelta
from typing import Any, NamedTuple

__all__ = ["Audit", "Call"]

KEPT_CALLS = 200_000


class Call(NamedTuple):
    """One call received. A tuple, because there are many.

    Attributes:
        number: Counts from 1.
        at_s: When it came, virtual seconds after the start.
        server: gateway or cms.
        interface: Last word of the URI, or for CC-CMS its path below openapi.
        agent: Of the path; None for CC-CMS.
        guid: Hash of the Guid; "" without one.
        outcome: The retcode answered, or what happened instead: a status, a reset.
        media_type, callnums: As asked of setcallnums; "" elsewhere.
    """

    number: int
    at_s: float
    server: str
    interface: str
    agent: int | None
    guid: str
    outcome: str
    media_type: str
    callnums: str


class Audit:
    """Keeps the newest calls and counts them all."""

    def __init__(self, started_at: datetime) -> None:
        """Begin empty; `started_at` is the virtual wall clock at second 0, aware UTC."""
        self._started_at = started_at
        self._salt = secrets.token_bytes(16)
        self._calls: deque[Call] = deque(maxlen=KEPT_CALLS)
        self._total = 0
        self._by_interface: Counter[str] = Counter()
        self._by_retcode: Counter[str] = Counter()
        self._refused: set[str] = set()
        self._in_flight: Counter[int] = Counter()
        self.forced_sign_ins = 0
        self.second_pollers = 0
        self.dead_guid_reuses = 0
        self.overlapping_limit_calls = 0

    def hash(self, guid: str) -> str:
        """A short name for a Guid, the same for the same Guid within this run."""
        return hashlib.blake2b(guid.encode(), key=self._salt, digest_size=6).hexdigest() if guid else ""

    def add(
        self,
        *,
        at_s: float,
        server: str,
        interface: str,
        agent: int | None,
        guid: str,
        outcome: str,
        media_type: str,
        callnums: str,
    ) -> None:
        """Write a call down; `guid` is the Guid itself."""
        server, interface, outcome = str(server), str(interface), str(outcome)  # enums are no keys of a JSON object
        self._total += 1
        self._by_interface[interface] += 1
        self._by_retcode[outcome] += 1
        self._calls.append(
            Call(self._total, at_s, server, interface, agent, self.hash(guid), outcome, media_type, callnums)
        )

    def refuse(self, guid: str) -> None:
        """Remember that this Guid was refused; sending it once more is a mistake."""
        if not guid:
            return
        name = self.hash(guid)
        if name in self._refused:
            self.dead_guid_reuses += 1
        self._refused.add(name)

    def limit_call_begins(self, agent: int) -> None:
        """Count a setcallnums that comes while another of the same agent is unanswered."""
        self._in_flight[agent] += 1
        if self._in_flight[agent] > 1:
            self.overlapping_limit_calls += 1

    def limit_call_ends(self, agent: int) -> None:
        """The counterpart of `limit_call_begins`."""
        self._in_flight[agent] -= 1
        if not self._in_flight[agent]:
            del self._in_flight[agent]

    def report(self, *, after: int = 0, interface: str | None = None) -> dict[str, Any]:
        """Everything as JSON: counters of the whole run, and the calls kept with a number above `after`."""
        return {
            "counters": {
                "calls": self._total,
                "forced_sign_ins": self.forced_sign_ins,
                "second_pollers": self.second_pollers,
                "dead_guid_reuses": self.dead_guid_reuses,
                "overlapping_limit_calls": self.overlapping_limit_calls,
            },
            "by_interface": dict(self._by_interface),
            "by_retcode": dict(self._by_retcode),
            "calls": [
                {**call._asdict(), "at": (self._started_at + timedelta(seconds=call.at_s)).isoformat()}
                for call in self._calls
                if call.number > after and (interface is None or call.interface == interface)
            ],
        }
