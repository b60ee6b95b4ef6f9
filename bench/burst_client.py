"""The burst's client: the parts the daemon wires together, in a process of their own.

`python -m bench.burst_client PORT CA_FILE FOLDER [--journal]` leaves its figure in FOLDER/result.json. The time runs
from the order to the last outcome; with `--journal`, where each decision goes to stdout and into the store as it
does in the daemon, to the commit of the last line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import numpy as np
import uvloop

from autoscaler.clock import SystemClock
from autoscaler.core.book import Amount, AmountKind, Group, IdRange, Limits, Rule, Rulebook
from autoscaler.core.engine import decide
from autoscaler.core.expressions import Compare, Literal, Name, Relation, Scope, Unit
from autoscaler.core.memory import Memory
from autoscaler.core.plan import GroupPlan
from autoscaler.core.readings import ANY_MEDIA, Agents, AgentState, Queues, Snapshot
from autoscaler.daemon.garbage import settle_collector
from autoscaler.daemon.logs import JournalStream
from autoscaler.daemon.orders import OrderBook
from autoscaler.daemon.records import Decisions
from autoscaler.daemon.scribe import Scribe
from autoscaler.errors import StoreUnavailable
from autoscaler.gateway.actuation import ActuatorSettings
from autoscaler.gateway.actuator import Actuator
from autoscaler.gateway.burst import BurstTransport
from autoscaler.gateway.limits import LimitTable
from autoscaler.gateway.ports import Outcome, OutcomeKind
from autoscaler.gateway.sessions import DYNAMIC_GUID_LIFE_S, SessionTable
from autoscaler.gateway.tls import trust_ca_file
from autoscaler.store.sqlite_store import SqliteStore

WEB_CHAT = 51
AGENTS = np.arange(1000, 61_000, dtype=np.int64)
IN_FLIGHT = 100
WARM_UP = 2000  # connections made, interpreter warm: as wrk's are for nearly all of its time
RULEBOOK = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"


class Burst:
    """The actuator and what it works with; outcomes are kept, and passed on while a journal listens."""

    def __init__(self, port: int, ca_file: Path) -> None:
        self.clock = SystemClock()
        sessions = SessionTable(self.clock, guid_life_s=DYNAMIC_GUID_LIFE_S)
        for agent in AGENTS.tolist():
            sessions.begin(agent, f"279fe21d-2caa-4437-84c3-{agent:012d}.AgentGateway0", "")
        self.transport = BurstTransport(
            host="127.0.0.1", port=port, trust=trust_ca_file(ca_file), connections=IN_FLIGHT, timeout_s=5.0
        )
        self.actuator = Actuator(
            settings=ActuatorSettings(max_in_flight=IN_FLIGHT, calls_per_second=1e9),
            sessions=sessions,
            calls=self.transport,
            limits=LimitTable(),
            outcomes=self._hear,
            clock=self.clock,
            random=Random(1),
        )
        self._outcomes: list[Outcome] = []
        self._journal: OrderBook | None = None
        self._ended = asyncio.Event()
        self._count = 0

    async def change(self, agents: np.ndarray, callnums: int) -> None:
        """Change the limits of these agents, and return when all are applied."""
        self._expect(len(agents), None)
        self.actuator.order(WEB_CHAT, agents, np.full(len(agents), callnums, dtype=np.int16), 0)
        await self._all_applied()

    async def carry_out(self, plan: GroupPlan, decisions: Decisions, journal: OrderBook) -> None:
        """Change what a plan changes; each outcome becomes a journal line."""
        self._expect(len(plan.calls.agents), journal)
        journal.place(plan, decisions, self.actuator)
        await self._all_applied()

    def _expect(self, count: int, journal: OrderBook | None) -> None:
        self._outcomes.clear()
        self._ended.clear()
        self._count = count
        self._journal = journal

    async def _all_applied(self) -> None:
        await self._ended.wait()
        if any(outcome.kind is not OutcomeKind.APPLIED for outcome in self._outcomes):
            raise RuntimeError(f"not every limit was applied: {self.actuator.status()}")

    def _hear(self, outcome: Outcome) -> None:
        self._outcomes.append(outcome)
        if self._journal is not None:
            self._journal.ended(outcome)
        if len(self._outcomes) == self._count:
            self._ended.set()


def plan_for_everybody(at: datetime) -> tuple[GroupPlan, Snapshot]:
    """A plan that raises every agent from 3 to 4."""
    count = len(AGENTS)
    snapshot = Snapshot(
        queues=Queues(
            ids=np.array([2001]),
            waiting=np.array([900.0]),
            oldest_wait_s=np.array([44.0]),
            arrivals_per_minute=np.array([900.0]),
            abandoned_per_minute=np.array([3.0]),
            age_s=np.array([2.0]),
        ),
        agents=Agents(
            ids=AGENTS,
            load={ANY_MEDIA: np.full(count, 3.0)},
            limit={ANY_MEDIA: np.full(count, 3.0)},
            state=np.full(count, AgentState.IDLE, np.int8),
            state_for_s=np.full(count, 60.0),
            signed_in_for_s=np.full(count, 3600.0),
            age_s=np.full(count, 2.0),
            queue_ids=np.full(count, 2001, np.int64),
            queue_offsets=np.arange(count + 1, dtype=np.int64),
            queues_known=np.ones(count, np.bool_),
        ),
        inputs={},
    )
    surge = Rule(
        name="surge",
        when=Compare(Relation.GT, Name(Scope.QUEUE, "waiting"), Literal(20.0, Unit.COUNT)),
        raise_by=Amount(kind=AmountKind.EACH, value=1),
    )
    group = Group(
        name="webchat",
        queues=(2001,),
        limits=Limits(floor=1, baseline=3, ceiling=6),
        protect=(IdRange(first=1, last=100),),
        rules=(surge,),
    )
    (plan,) = decide(Rulebook(groups=(group,), digest=RULEBOOK), snapshot, Memory(), at).groups
    if len(plan.calls.agents) != count:
        raise RuntimeError(f"the plan calls {len(plan.calls.agents)} of {count} agents: this run measures nothing")
    return plan, snapshot


async def measure(port: int, ca_file: Path, folder: Path, is_journalled: bool) -> float:
    """Limits changed a second."""
    burst = Burst(port, ca_file)
    async with asyncio.TaskGroup() as tasks:
        acting = tasks.create_task(burst.actuator.run(), name="actuator")
        await burst.change(AGENTS[:WARM_UP], 3)
        took = await (_journalled(burst, folder, tasks) if is_journalled else _plain(burst))
        await burst.actuator.drain(5.0)
        await burst.transport.close()
        acting.cancel()
    return len(AGENTS) / took


async def _plain(burst: Burst) -> float:
    began = time.perf_counter()
    await burst.change(AGENTS, 4)
    return time.perf_counter() - began


async def _journalled(burst: Burst, folder: Path, tasks: asyncio.TaskGroup) -> float:
    at = datetime.now(UTC)
    plan, snapshot = plan_for_everybody(at)
    store = await SqliteStore.open(f"sqlite:///{folder / 'journal.db'}", clock=burst.clock, on_lost=_lost)
    scribe = Scribe(store, JournalStream(enabled=True))
    running = [
        tasks.create_task(store.run(), name="store"),
        tasks.create_task(scribe.run(), name="scribe"),
    ]
    began = time.perf_counter()
    decisions = Decisions("118", plan, at, RULEBOOK, snapshot)
    await burst.carry_out(plan, decisions, OrderBook(burst.clock, scribe.note))
    await scribe.flush()
    await store.flush()
    took = time.perf_counter() - began
    for task in running:
        task.cancel()
    await store.close(10.0)
    return took


def _lost(error: StoreUnavailable) -> None:
    sys.exit(f"journal lines were lost: {error}")


def main(arguments: Sequence[str]) -> None:
    """Measure, and leave the figure."""
    parser = argparse.ArgumentParser(prog="python -m bench.burst_client")
    parser.add_argument("port", type=int)
    parser.add_argument("ca_file", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--journal", action="store_true")
    given = parser.parse_args(arguments)
    settle_collector()  # as the daemon does
    rate = uvloop.run(measure(given.port, given.ca_file, given.folder, given.journal))
    (given.folder / "result.json").write_text(json.dumps({"limits_per_second": rate}))


if __name__ == "__main__":
    main(sys.argv[1:])
