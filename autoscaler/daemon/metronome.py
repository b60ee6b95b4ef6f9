"""When each group is due: APScheduler as a metronome, and nothing more.

A beat never does work; it only calls back. Groups are splayed over their interval by a hash of their name, so equal
intervals do not beat together, and the same name beats at the same phase after every start.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

__all__ = ["Metronome", "splay"]

GRACE_S = 60
"""A beat up to this late still beats; the scheduler's default of one second would drop it in silence."""


class Metronome:
    """One trigger a group, in real time."""

    def __init__(self, *, speed: float = 1.0) -> None:
        """Beat for nobody yet.

        Args:
            speed: Seconds of the daemon's clock a real second; 1.0 outside demos.
        """
        self._speed = speed
        self._scheduler = AsyncIOScheduler(timezone=UTC)

    def start(self) -> None:
        """Begin to beat; needs a running loop."""
        self._scheduler.start()

    def beat(self, group: str, every_s: float, due: Callable[[], None]) -> None:
        """Call `due` on the loop every `every_s` seconds of the daemon's clock, no longer as the group beat before."""

        async def beat() -> None:  # a plain function would be called in a thread of the scheduler's pool
            due()

        every = every_s / self._speed
        first = datetime.now(UTC) + timedelta(seconds=splay(group, every_s) / self._speed)
        self._scheduler.add_job(
            beat,
            IntervalTrigger(seconds=every, timezone=UTC),
            id=group,
            next_run_time=first,
            coalesce=True,
            misfire_grace_time=GRACE_S,
            max_instances=1,
            replace_existing=True,
        )

    def silence(self, group: str) -> None:
        """Stop beating for a group."""
        self._scheduler.remove_job(group)

    def stop(self) -> None:
        """Stop beating at all; a beat has no work under way that could be cut."""
        self._scheduler.shutdown(wait=False)


def splay(group: str, every_s: float) -> float:
    """Seconds into its interval at which a group beats, 0 <= splay < every_s."""
    digest = hashlib.sha256(group.encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64 * every_s
