"""The burst's client: the real actuator, transport, session table and store, in a process of their own.

`python -m bench.burst_client PORT CA_FILE FOLDER [--journal]` prints one JSON object. The time runs from the order to
the last outcome; with `--journal`, to the commit of the last decision.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from random import Random

import numpy as np
import orjson
import uvloop

from autoscaler.clock import SystemClock
from autoscaler.gateway.actuation import ActuatorSettings
from autoscaler.gateway.actuator import Actuator
from autoscaler.gateway.burst import BurstTransport
from autoscaler.gateway.limits import LimitTable
from autoscaler.gateway.ports import Outcome, OutcomeKind
from autoscaler.gateway.sessions import DYNAMIC_GUID_LIFE_S, SessionTable
from autoscaler.gateway.tls import trust_ca_file
from autoscaler.store.journal import JournalEvent
from autoscaler.store.sqlite_store import SqliteStore

WEB_CHAT = 51
AGENTS = np.arange(1000, 61_000, dtype=np.int64)
IN_FLIGHT = 100
WARM_UP = 2000  # connections made, interpreter warm: as wrk's are for nearly all of its time
BATCH_S = 0.02
STAGES = [
    {"stage": "observed", "limit": 3, "why": "confirmed in this sign-in"},
    {"stage": "proposed", "limit": 4, "why": "surge"},
    {"stage": "stabilised", "limit": 4, "why": "inside 20% per 2m"},
    {"stage": "guarded", "limit": 4, "why": "within agents_per_tick"},
]
INPUTS = {"queue.waiting": 31.0, "queue.oldest_wait": 44.0, "group.occupancy": 0.91}


class Journal:
    """Every outcome as a decision line: in a file, as on stdout, and in the store."""

    def __init__(self, file: FileIO, store: SqliteStore) -> None:
        self._file = file
        self._store = store
        self._taken = 0

    async def run(self, outcomes: list[Outcome], until: int) -> None:
        """Write outcomes as they come, `until` so many are taken, and commit them."""
        while self._taken < until:
            await asyncio.sleep(BATCH_S)
            some = outcomes[self._taken :]
            self._taken += len(some)
            at = datetime.now(UTC)
            lines = [decision_line(outcome, at) for outcome in some]
            self._file.write(b"\n".join([*lines, b""]))
            await self._store.append(
                [
                    JournalEvent(schema="autoscaler.decision/1", at=at, group="webchat", agent=outcome.agent, line=line)
                    for outcome, line in zip(some, lines, strict=True)
                ]
            )
        await self._store.flush()


def decision_line(outcome: Outcome, at: datetime) -> bytes:
    """One decision, in the journal's form."""
    return orjson.dumps(
        {
            "schema": "autoscaler.decision/1",
            "id": f"webchat-118-{outcome.order}",
            "tick": 118,
            "at": at,
            "group": "webchat",
            "rulebook": "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
            "rule": "surge",
            "mode": "enforce",
            "agent": outcome.agent,
            "media_type": outcome.media_type,
            "from": 3,
            "to": outcome.callnums,
            "direction": "raise",
            "stages": STAGES,
            "inputs": INPUTS,
            "outcome": outcome.kind.value,
            "retcode": outcome.retcode,
            "latency_ms": outcome.latency_ms,
            "attempts": outcome.attempts,
            "error": outcome.error,
        }
    )


class Burst:
    """The actuator, and what it has said."""

    def __init__(self, port: int, ca_file: Path) -> None:
        clock = SystemClock()
        sessions = SessionTable(clock, guid_life_s=DYNAMIC_GUID_LIFE_S)
        for agent in AGENTS.tolist():
            sessions.begin(agent, f"279fe21d-2caa-4437-84c3-{agent:012d}.AgentGateway0", "")
        self.outcomes: list[Outcome] = []
        self.limits = LimitTable()
        self.transport = BurstTransport(
            host="127.0.0.1", port=port, trust=trust_ca_file(ca_file), connections=IN_FLIGHT, timeout_s=5.0
        )
        self.actuator = Actuator(
            settings=ActuatorSettings(max_in_flight=IN_FLIGHT, calls_per_second=1e9),
            sessions=sessions,
            calls=self.transport,
            limits=self.limits,
            outcomes=self._hear,
            clock=clock,
            random=Random(1),
        )
        self._ended = asyncio.Event()
        self._count = 0

    async def change(self, agents: np.ndarray, callnums: int, journal: Journal | None) -> None:
        """Change the limits of these agents, and return when all are confirmed, and journalled."""
        self.outcomes.clear()
        self._ended.clear()
        self._count = len(agents)
        self.actuator.order(WEB_CHAT, agents, np.full(len(agents), callnums, dtype=np.int16), 0)
        if journal is not None:
            await journal.run(self.outcomes, self._count)
        await self._ended.wait()
        if any(outcome.kind is not OutcomeKind.APPLIED for outcome in self.outcomes):
            raise RuntimeError(f"not every limit was applied: {self.actuator.status()}")
        if not (self.limits.confirmed(WEB_CHAT, agents) == callnums).all():
            raise RuntimeError("not every applied limit is confirmed")

    def _hear(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        if len(self.outcomes) == self._count:
            self._ended.set()


async def measure(port: int, ca_file: Path, folder: Path, is_journalled: bool) -> float:
    """Limits changed a second."""
    burst = Burst(port, ca_file)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(burst.actuator.run(), name="actuator")]
        await burst.change(AGENTS[:WARM_UP], 3, None)
        if is_journalled:
            store = await SqliteStore.open(
                f"sqlite:///{folder / 'journal.db'}", clock=SystemClock(), on_lost=lambda error: sys.exit(str(error))
            )
            running.append(tasks.create_task(store.run(), name="store"))
            with FileIO(folder / "stdout", "w") as file:
                began = time.perf_counter()
                await burst.change(AGENTS, 4, Journal(file, store))
                took = time.perf_counter() - began
            await store.close(10.0)
        else:
            began = time.perf_counter()
            await burst.change(AGENTS, 4, None)
            took = time.perf_counter() - began
        await burst.actuator.drain(5.0)
        await burst.transport.close()
        for task in running:
            task.cancel()
    return len(AGENTS) / took


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.burst_client")
    parser.add_argument("port", type=int)
    parser.add_argument("ca_file", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--journal", action="store_true")
    given = parser.parse_args(arguments)
    rate = uvloop.run(measure(given.port, given.ca_file, given.folder, given.journal))
    print(json.dumps({"limits_per_second": rate}))


if __name__ == "__main__":
    main(sys.argv[1:])
