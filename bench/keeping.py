"""What keeping a tick costs, against deciding it: 60,000 agents, as a site really changes from tick to tick."""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import numpy as np

from autoscaler.clock import SystemClock
from autoscaler.core.engine import decide
from autoscaler.core.memory import Memory
from autoscaler.core.plan import GroupPlan
from autoscaler.core.readings import ANY_MEDIA, Agents, AgentState, Queues, Snapshot
from autoscaler.daemon.keeping import TICKS_A_SEGMENT, Keeper
from autoscaler.errors import StoreUnavailable
from autoscaler.store.location import database_path
from autoscaler.store.sqlite_store import SqliteStore
from bench.decide import START, TICK_S, rulebook
from bench.result import Result

__all__ = ["measure"]

AGENTS = 60_000
TICKS = 2 * TICKS_A_SEGMENT


def measure() -> list[Result]:
    """Milliseconds a tick kept, memories of two segments included, against the decision of the same ticks."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.keeping"], check=True, stdout=subprocess.PIPE, timeout=300, text=True
    )
    here = json.loads(done.stdout)
    return [
        Result.against("keep_tick_60k_mean", here["keep_mean_ms"], "ms", here["decide_mean_ms"]),
        Result.against("keep_tick_60k_median", here["keep_median_ms"], "ms", here["decide_median_ms"]),
        Result.against("keep_tick_60k_size", here["bytes_a_tick"] / 1e3, "kB", here["snapshot_bytes"] / 1e3),
    ]


class _Site:
    """People who come and go, chats that begin and end, clocks that go on."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random
        self._ids = np.arange(1000, 1000 + AGENTS, dtype=np.int64)
        self._is_here = random.uniform(0, 1, AGENTS) < 0.95
        self._load = np.floor(random.uniform(0, 4, AGENTS))
        self._state = np.full(AGENTS, AgentState.IDLE, np.int8)
        self._state_for = np.floor(random.uniform(0, 600, AGENTS))
        self._signed_in_for = np.floor(random.uniform(600, 20_000, AGENTS))
        self._limit = np.full(AGENTS, 3.0)

    def seen(self, tick: int) -> Snapshot:
        """The site at a tick; since the last one a chat began or ended for one agent in eight."""
        random, count = self._random, AGENTS
        self._is_here ^= random.uniform(0, 1, count) < 0.002
        one_more = random.uniform(0, 1, count) < (0.5 if tick // 20 % 2 else 0.6)
        moves = random.uniform(0, 1, count) < 0.12
        self._load = np.where(moves, np.clip(self._load + np.where(one_more, 1, -1), 0, 8), self._load)
        turns = random.uniform(0, 1, count) < 0.08
        other = np.where(self._state == AgentState.TALKING, AgentState.IDLE, AgentState.TALKING)
        self._state = np.where(turns, other, self._state).astype(np.int8)
        self._state_for = np.where(turns, np.floor(random.uniform(0, TICK_S, count)), self._state_for + TICK_S)
        self._signed_in_for = self._signed_in_for + TICK_S
        here = self._is_here
        ids = self._ids[here]
        agents = Agents(
            ids=ids,
            load={ANY_MEDIA: self._load[here]},
            limit={ANY_MEDIA: self._limit[here]},
            state=self._state[here],
            state_for_s=self._state_for[here],
            signed_in_for_s=self._signed_in_for[here],
            age_s=np.repeat(random.uniform(0, 2, AGENTS // 3000), 3000)[here],
            queue_ids=np.full(len(ids), 2001, np.int64),
            queue_offsets=np.arange(len(ids) + 1),
            queues_known=np.ones(len(ids), np.bool_),
            reachable=np.ones(len(ids), np.bool_),
        )
        waiting = 200.0 if tick // 20 % 2 else 0.0
        return Snapshot(queues=_queue(waiting), agents=agents)

    def obey(self, plan: GroupPlan) -> None:
        """The gateway does as it is asked."""
        self._limit = self._limit.copy()
        self._limit[plan.calls.agents - 1000] = plan.calls.callnums


def _queue(waiting: float) -> Queues:
    return Queues(
        ids=np.array([2001]),
        waiting=np.array([waiting]),
        oldest_wait_s=np.array([40.0]),
        arrivals_per_minute=np.array([900.0]),
        abandoned_per_minute=np.array([3.0]),
        age_s=np.array([2.0]),
    )


async def _measure_here() -> dict[str, float]:
    site, book = _Site(np.random.default_rng(7)), rulebook()
    memory = Memory()
    deciding, keeping, raw = [], [], []
    with tempfile.TemporaryDirectory(prefix="bench-keeping-") as folder:
        url = f"sqlite:///{Path(folder)}/bench.db"
        store = await SqliteStore.open(url, clock=SystemClock(), on_lost=_stop)
        keeper = Keeper(store, lambda digest: {"webchat.yaml": digest})
        for tick in range(TICKS):
            seen, at = site.seen(tick), START + timedelta(seconds=tick * TICK_S)
            before = memory.groups.get("webchat")
            began = time.perf_counter()
            plan = decide(book, seen, memory, at)
            decided = time.perf_counter()
            await keeper.keep(f"t{tick}", at, book.digest, plan=plan.groups[0], snapshot=seen, before=before)
            keeping.append(time.perf_counter() - decided)
            deciding.append(decided - began)
            site.obey(plan.groups[0])
            memory = plan.memory
            raw.append(_raw_bytes(seen.agents))
        await store.close(30.0)
        size = database_path(url).stat().st_size
    return {
        "keep_mean_ms": statistics.fmean(keeping) * 1e3,
        "keep_median_ms": statistics.median(keeping) * 1e3,
        "decide_mean_ms": statistics.fmean(deciding) * 1e3,
        "decide_median_ms": statistics.median(deciding) * 1e3,
        "bytes_a_tick": size / TICKS,
        "snapshot_bytes": statistics.fmean(raw),
    }


def _raw_bytes(agents: Agents) -> int:
    columns = (agents.load[ANY_MEDIA], agents.limit[ANY_MEDIA], agents.state_for_s, agents.signed_in_for_s)
    return sum(column.nbytes for column in (agents.ids, agents.age_s, agents.queue_ids, agents.state, *columns))


def _stop(error: StoreUnavailable) -> None:
    raise error


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_measure_here())))
