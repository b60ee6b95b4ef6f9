"""What keeping costs: journal lines a second into a file that is not empty, and a big snapshot into bytes and back."""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from autoscaler.clock import SystemClock
from autoscaler.core.readings import Agents, Queues, Snapshot
from autoscaler.errors import StoreUnavailable
from autoscaler.store.journal import JournalEvent, JournalQuery
from autoscaler.store.snapshot_blob import pack_snapshot, unpack_snapshot
from autoscaler.store.sqlite_store import SqliteStore
from bench.result import Result

__all__ = ["measure"]

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AGENTS = 60_000
LINES = 300_000
LINE_BYTES = 700
"""A decision of seven stages."""


def measure() -> list[Result]:
    """Microseconds a journal line against 40,000 lines a second, and milliseconds a snapshot."""
    snapshot = _snapshot(np.random.default_rng(7))
    blob = pack_snapshot(snapshot)
    return [
        Result.against("store_append", asyncio.run(_append_us()), "us/line", 25.0),
        Result.against("snapshot_pack_60k", _median_ms(lambda: pack_snapshot(snapshot)), "ms", 10.0),
        Result.against("snapshot_unpack_60k", _median_ms(lambda: unpack_snapshot(blob)), "ms", 10.0),
        Result.against("snapshot_size_60k", len(blob) / 1e6, "MB", _raw_bytes(snapshot.agents) / 1e6),
    ]


async def _append_us() -> float:
    """Append a tick's lines at a time, as a floor of 60,000 gives them, and wait for the last commit.

    The first half fills the file and is not measured.
    """
    ticks = [_lines(tick) for tick in range(2 * LINES // AGENTS)]
    with tempfile.TemporaryDirectory(prefix="bench-store-") as folder:
        store = await SqliteStore.open(f"sqlite:///{Path(folder)}/bench.db", clock=SystemClock(), on_lost=_stop)
        writing = asyncio.create_task(store.run(), name="bench-store")
        began = 0.0
        for number, lines in enumerate(ticks):
            if number == len(ticks) // 2:
                await store.flush()
                began = time.perf_counter()
            await store.append(lines)
        await store.flush()
        took = time.perf_counter() - began
        (last,) = await store.read(JournalQuery(limit=1))
        if last.seq != 2 * LINES:
            raise RuntimeError(f"line {last.seq} is the last of {2 * LINES}: this run measures nothing")
        writing.cancel()
        await asyncio.wait([writing])
        await store.close(30.0)
    return took / LINES * 1e6


def _lines(tick: int) -> Sequence[JournalEvent]:
    at = START + timedelta(seconds=15 * tick)
    padding = b"x" * (LINE_BYTES - 60)
    return [
        JournalEvent(
            schema="autoscaler.decision/1",
            at=at,
            group="webchat",
            agent=agent,
            line=b'{"schema":"autoscaler.decision/1","agent":%06d,"p":"%s"}' % (agent, padding),
        )
        for agent in range(1000, 1000 + AGENTS)
    ]


def _stop(error: StoreUnavailable) -> None:
    raise error


def _snapshot(random: np.random.Generator) -> Snapshot:
    """A floor where one reading in fifty is missing and answers came three thousand agents at a time."""

    def holed(column: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.where(random.uniform(0, 1, AGENTS) < 0.02, np.nan, column)

    agents = Agents(
        ids=np.sort(random.choice(np.arange(101, 200_000), AGENTS, replace=False)).astype(np.int64),
        load={51: holed(random.poisson(2.0, AGENTS).astype(np.float64))},
        limit={51: holed(random.integers(1, 9, AGENTS).astype(np.float64))},
        state=random.integers(1, 8, AGENTS).astype(np.int8),
        state_for_s=holed(np.floor(random.exponential(200.0, AGENTS))),
        signed_in_for_s=random.uniform(0, 28_800, AGENTS),
        age_s=np.repeat(random.uniform(0, 2, AGENTS // 3000), 3000),
        queue_ids=random.integers(2001, 2050, AGENTS),
        queue_offsets=np.arange(AGENTS + 1),
        queues_known=np.ones(AGENTS, np.bool_),
    )
    return Snapshot(queues=Queues.none(), agents=agents)


def _raw_bytes(agents: Agents) -> int:
    columns = (
        agents.ids,
        agents.load[51],
        agents.limit[51],
        agents.state,
        agents.state_for_s,
        agents.signed_in_for_s,
        agents.age_s,
        agents.queue_ids,
        agents.queue_offsets,
        agents.queues_known,
    )
    return sum(column.nbytes for column in columns)


def _median_ms(work: Callable[[], object]) -> float:
    took = []
    for _ in range(21):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return statistics.median(took) * 1e3


if __name__ == "__main__":
    for result in measure():
        print(result, file=sys.stdout)
