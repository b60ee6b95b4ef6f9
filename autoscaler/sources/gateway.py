"""Readings from CC-Gateway, asked in the name of agents whose sessions the daemon has.

The gateway tells an agent's chats to that agent alone, and as one number for all media types; the rest is missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import orjson

from autoscaler.clock import Clock
from autoscaler.core.readings import Ints
from autoscaler.errors import GatewayError, SessionMissing
from autoscaler.sources.asking import Part, caught, chunks, side_by_side, within
from autoscaler.sources.columns import Readings
from autoscaler.sources.gateway_rows import AgentRows, read_agents, rows_of
from autoscaler.sources.gateway_seen import Answers, candidates, seen
from autoscaler.sources.plausible import some, whole
from autoscaler.sources.ports import Seen, Want
from autoscaler.sources.queue_rows import QueueRows, read_queues

__all__ = ["GatewayCalls", "GatewaySource"]

QUEUES_PER_REQUEST = 100
MOST_CHATS = 1_000
ASKERS = 3

_QUEUES = "queues from CC-Gateway"
_LOADS = "chats held, from CC-Gateway"


class GatewayCalls(Protocol):
    """Calls in an agent's name, as the gateway room makes them."""

    async def call(self, agent: int, method: str, path: str, body: bytes | None) -> dict[str, Any]:
        """Make one call.

        Args:
            agent: Whose session.
            method: GET or POST.
            path: Below `/agentgateway/resource/`, no slash before it: `queuedevice/1001/queryacdstat`.
            body: JSON; None for none.

        Returns:
            The whole answer, its retcode "0".

        Raises:
            GatewayError: Any other outcome.
        """
        ...

    def agents_with_session(self) -> Sequence[int]:
        """Whose sessions are live now."""
        ...


class GatewaySource:
    """A `sources.ports.Source` over CC-Gateway."""

    def __init__(self, calls: GatewayCalls, *, clock: Clock, max_in_flight: int = 32) -> None:
        """Ask nothing yet.

        Args:
            calls: Makes the calls.
            clock: Measures ages.
            max_in_flight: Calls at once, >= 1.
        """
        self._calls = calls
        self._clock = clock
        self._max_in_flight = max_in_flight
        self._slots = asyncio.Semaphore(max_in_flight)
        self._asker = 0  # the agent that answered last is asked first

    async def observe(self, want: Want, deadline_s: float) -> Seen:
        by = asyncio.get_running_loop().time() + deadline_s
        skills = sorted(set(want.queues))
        async with asyncio.TaskGroup() as group:
            queues = group.create_task(
                side_by_side(
                    within(_QUEUES, by, caught(_QUEUES, self._ask_queues(piece)))
                    for piece in chunks(np.array(skills, np.int64), QUEUES_PER_REQUEST)
                ),
                name="gateway-queues",
            )
            rosters = group.create_task(
                side_by_side(self._roster(skill, by) for skill in skills), name="gateway-rosters"
            )
        sessions = np.unique(np.array(self._calls.agents_with_session(), np.int64))
        answers = Answers(
            queues=queues.result(), rosters=dict(zip(skills, rosters.result(), strict=True)), sessions=sessions
        )
        ids = candidates(want, answers)
        loads = await self._loads(np.intersect1d(ids, sessions), by)
        return seen(want, answers, ids, loads, self._clock.monotonic())

    async def close(self) -> None:
        """Nothing to close: the calls belong to the gateway room."""

    async def _roster(self, skill: int, by: float) -> Part[AgentRows]:
        what = f"agents of queue {skill} from CC-Gateway"
        return await within(what, by, caught(what, self._ask_roster(skill)))

    async def _ask_queues(self, skills: Ints) -> tuple[QueueRows, list[str]]:
        body = orjson.dumps({"skills": skills.tolist()})
        asked_at, answer = await self._ask("POST", "queuedevice/{agent}/queryacdstat", body)
        return read_queues(rows_of(answer, "queryacdstat"), "deviceNo", skills, asked_at)

    async def _ask_roster(self, skill: int) -> tuple[AgentRows, list[str]]:
        asked_at, answer = await self._ask("GET", f"agentgroup/{{agent}}/agentbyskill/{skill}", None)
        return read_agents(rows_of(answer, "agentbyskill"), asked_at, self._clock.now())

    async def _ask(self, method: str, path: str, body: bytes | None) -> tuple[float, dict[str, Any]]:
        """Ask in the name of one agent after another, three at most; the last one's refusal counts."""
        failure: GatewayError = SessionMissing(
            "no agent has a session to ask with", help="sign an agent in, or have a desktop hand over its Guid"
        )
        for agent in self._askers():
            async with self._slots:
                asked_at = self._clock.monotonic()
                try:
                    answer = await self._calls.call(agent, method, path.format(agent=agent), body)
                except GatewayError as error:
                    failure = error
                    continue
            self._asker = agent
            return asked_at, answer
        raise failure

    def _askers(self) -> list[int]:
        """The agent that answered last, then those after it."""
        agents = self._calls.agents_with_session()
        start = agents.index(self._asker) if self._asker in agents else 0
        return [agents[(start + step) % len(agents)] for step in range(min(ASKERS, len(agents)))]

    async def _loads(self, agents: Ints, by: float) -> Part[Readings]:
        """Ask each agent for its own number; those who answered by the deadline count."""
        heard: list[tuple[int, float, float]] = []
        problems: list[str] = []
        failed: list[int] = []
        why = ""
        waiting = iter(agents.tolist())

        async def ask_on() -> None:
            nonlocal why
            for agent in waiting:
                asked_at = self._clock.monotonic()
                try:
                    async with self._slots:
                        answer = await self._calls.call(agent, "GET", f"calldata/{agent}/callnums", None)
                except GatewayError as error:
                    failed.append(agent)
                    why = error.message
                    continue
                heard.append((agent, whole(answer.get("result"), 0, MOST_CHATS), asked_at))

        try:
            async with asyncio.timeout_at(by):
                await side_by_side(ask_on() for _ in range(min(self._max_in_flight, agents.size)))
        except TimeoutError:
            silent = agents.size - len(heard) - len(failed)
            problems.append(f"{_LOADS}: {silent} of {agents.size} agents not heard by the deadline")
        if failed:
            problems.append(f"{_LOADS}: agent {some(sorted(failed))}: {why}")
        columns = np.array(sorted(heard), np.float64).reshape(-1, 3)
        senseless = columns[np.isnan(columns[:, 1]), 0]
        if senseless.size:
            problems.append(f"{_LOADS}: agent {some(senseless)}: the number makes no sense")
        return Part(
            value=Readings(ids=columns[:, 0].astype(np.int64), values=columns[:, 1], taken_at=columns[:, 2]),
            problems=tuple(problems),
        )
