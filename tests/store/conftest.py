"""Stores in a folder of the test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from autoscaler.errors import StoreUnavailable
from autoscaler.store.journal import JournalEvent
from autoscaler.store.limits import StoreLimits
from autoscaler.store.sqlite_store import SqliteStore
from autoscaler.testing import FakeClock

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OpenStore = Callable[..., AbstractAsyncContextManager[SqliteStore]]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/autoscaler.db"


@pytest.fixture
def lost() -> list[StoreUnavailable]:
    """What `on_lost` heard."""
    return []


@pytest.fixture
def open_store(url: str, clock: FakeClock, lost: list[StoreUnavailable]) -> OpenStore:
    """Opens the test's store and closes it."""

    @asynccontextmanager
    async def opened(limits: StoreLimits | None = None) -> AsyncIterator[SqliteStore]:
        store = await SqliteStore.open(url, clock=clock, on_lost=lost.append, limits=limits)
        try:
            yield store
        finally:
            await store.close(5.0)

    return opened


@pytest.fixture
def events() -> Callable[..., Sequence[JournalEvent]]:
    """Makes `count` lines, a second apart from `first` on, of agents 1000 to 1009 by turns."""

    def make(count: int, *, first: int = 0, group: str = "webchat", padding: int = 0) -> list[JournalEvent]:
        return [
            JournalEvent(
                schema="autoscaler.decision/1",
                at=START + timedelta(seconds=number),
                group=group,
                agent=1000 + number % 10,
                line=b'{"n":%d,"p":"%s"}' % (number, b"x" * padding),
            )
            for number in range(first, first + count)
        ]

    return make
