"""What the console may ask of the running daemon.

Answers are JSON values, so the socket, the page and the commands all show the same. Requests that make no sense raise
`ControlRefused` with a sentence and what to try.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

__all__ = ["Control", "Json"]

Json = dict[str, Any]


class Control(Protocol):
    """The daemon's side of the console."""

    async def status(self) -> Json:
        """How everything stands: {"state": "running", "mode", "rulebook", "rules_problem", "groups": [...], ...}."""
        ...

    async def explain(self, agent: int, at: datetime | None) -> Json:
        """The agent's row at the last tick at or before `at` (None: the latest), stage by stage."""
        ...

    async def learned(self, group: str | None, at: datetime | None) -> Json:
        """What the group's goal (None: every group's that has one) had learned by `at` (None: now), and how sure."""
        ...

    async def pause(self, *, group: str | None, for_s: float | None, reason: str, by: str) -> Json:
        """Stop changes of one group or of all; `for_s` None: until resumed."""
        ...

    async def resume(self, *, group: str | None, by: str) -> Json:
        """End pauses of the group (None: every pause, and the freeze)."""
        ...

    async def pin(self, *, agent: int, limit: int, for_s: float | None, reason: str, by: str) -> Json:
        """Fix one agent's limit; `for_s` None: until unpinned."""
        ...

    async def unpin(self, *, agent: int, by: str) -> Json:
        """Give the agent back to the rules."""
        ...

    async def freeze(self, *, reason: str, by: str) -> Json:
        """The kill switch: nothing is called until resumed."""
        ...

    async def reload(self, *, by: str) -> Json:
        """Read the rules again, all or nothing."""
        ...

    async def put_session(
        self, agent: int, guid: str, cookies: Mapping[str, str], signed_in_at: datetime | None
    ) -> None:
        """Take a Guid handed over by the agent's desktop; `signed_in_at` aware, None where it does not say."""
        ...

    async def delete_session(self, agent: int) -> bool:
        """The desktop's session ended; False when none was known."""
        ...

    async def put_input(self, name: str, value: float | None, age_s: float) -> None:
        """Take an input's value that somebody hands over, `age_s` old already; None: there is none any more."""
        ...

    def metrics(self) -> str:
        """Counters and gauges in the Prometheus text format."""
        ...
