"""Sessions the daemon holds itself, for agents no person sits behind.

Each agent has one keeper and one task; credentials are given out only while the agent is signed in and in its queues
(docs/decisions/0002-sessions.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from random import Random

import numpy as np
import structlog
from numpy.typing import NDArray

from autoscaler.clock import Clock
from autoscaler.errors import UsageError
from autoscaler.gateway.keeper import Keeper, Keeping
from autoscaler.gateway.owned_status import OwnedStatus
from autoscaler.gateway.ports import Credentials
from autoscaler.gateway.roster import OwnedAgent
from autoscaler.gateway.session_calls import SessionCalls
from autoscaler.gateway.sessions import SessionTable

__all__ = ["OwnedSessions"]

log = structlog.get_logger(__name__)


class OwnedSessions:
    """`ports.Sessions` for agents the daemon signs in."""

    def __init__(
        self,
        agents: Sequence[OwnedAgent],
        calls: SessionCalls,
        clock: Clock,
        random: Random,
        *,
        guid_life_s: float | None,
        force_sign_in: bool = False,
        concurrent_sign_ins: int = 16,
        on_sign_in: Callable[[int], None] | None = None,
        on_change: Callable[[OwnedStatus], None] | None = None,
    ) -> None:
        """Sign nobody in yet.

        Args:
            agents: Whom to hold.
            calls: The gateway.
            clock: For every wait that is not the network's.
            random: For pauses.
            guid_life_s: As `sessions.guid_life` gives it.
            force_sign_in: Throw out whoever holds an agent's session.
            concurrent_sign_ins: The most sign-ins and sign-outs under way, >= 1.
            on_sign_in: Told of each new sign-in once the agent is in its queues; must not block.
            on_change: Told whenever a session has come to another state; must not block.
        """
        self._table = SessionTable(clock, guid_life_s=guid_life_s)
        keeping = Keeping(
            calls=calls,
            table=self._table,
            clock=clock,
            random=random,
            gate=asyncio.Semaphore(concurrent_sign_ins),
            force_sign_in=force_sign_in,
            on_live=on_sign_in if on_sign_in is not None else _nobody_listens,
            on_change=on_change if on_change is not None else _nobody_watches,
        )
        self._keepers = {agent.agent: Keeper(agent, keeping) for agent in agents}
        self._is_running = False
        self._ended = asyncio.Event()

    def credentials(self, agent: int) -> Credentials | None:
        """As `ports.Sessions`."""
        keeper = self._keepers.get(agent)
        return self._table.credentials(agent) if keeper is not None and keeper.is_live else None

    def answered(self, agent: int, guid: str, set_guid: str | None, set_cookie: Sequence[str]) -> None:
        """As `ports.Sessions`."""
        self._table.answered(agent, guid, set_guid, set_cookie)

    def refused(self, agent: int, guid: str, retcode: str) -> None:
        """As `ports.Sessions`; the agent signs in again after the poll under way, which may bring a newer Guid."""
        self._table.refused(agent, guid, retcode)

    def live_among(self, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which agents could be called now, shape (n,)."""
        return np.isin(ids, self.live_agents())

    def live_agents(self) -> list[int]:
        """Agents that could be called now."""
        return [agent for agent in self._keepers if self.credentials(agent) is not None]

    def status(self) -> tuple[OwnedStatus, ...]:
        """Every agent's session for the console, by agent id."""
        return tuple(self._keepers[agent].status for agent in sorted(self._keepers))

    def retry(self, agent: int) -> None:
        """Try a stopped agent again, since a person has acted.

        Raises:
            UsageError: The agent is not in the roster.
        """
        keeper = self._keepers.get(agent)
        if keeper is None:
            raise UsageError(f"agent {agent} is not in the roster", help="Add it to sessions.agents_file.")
        keeper.retry()

    async def run(self) -> None:
        """Hold every session until `close`; meant to be a task of the caller's group.

        Each agent has a named task of its own. Cancelling ends them without signing out.
        """
        self._is_running = True
        try:
            async with asyncio.TaskGroup() as group:
                for agent, keeper in self._keepers.items():
                    group.create_task(keeper.keep(), name=f"session_{agent}")
        finally:
            self._is_running = False
            self._ended.set()

    async def close(self, deadline_s: float) -> None:
        """Sign everybody out and let `run` end.

        Args:
            deadline_s: Real seconds; what is not signed out by then is left to the gateway's own time-out.
        """
        for keeper in self._keepers.values():
            keeper.close()
        if not self._is_running:
            return
        try:
            async with asyncio.timeout(deadline_s):
                await self._ended.wait()
        except TimeoutError:
            log.warning("sign_outs_abandoned", deadline_s=deadline_s)
            for keeper in self._keepers.values():
                keeper.abandon()
            await self._ended.wait()  # nothing outside is waited for any more


def _nobody_listens(agent: int) -> None:
    """Let a new sign-in pass."""


def _nobody_watches(status: OwnedStatus) -> None:
    """Let a change of state pass."""
