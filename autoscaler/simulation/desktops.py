"""The desktops of people who are signed in from the start: they poll for events and so learn each renewed Guid.

A desktop knows only the Guid it was handed. One whose session was taken by somebody else stays out, like the person
it belongs to; one whose session the gateway lost signs in again.

    signed in --(poll every 10 s)--> signed in        refused as not signed in, gateway open: sign in again
        |
        +--(sign-out, stop_polling, Guid refused)--> out, until told to sign in
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import assert_never

from autoscaler.simulation.agents import Cti
from autoscaler.simulation.sessions import COOKIE, Door
from autoscaler.simulation.world import World

__all__ = ["Action", "Credentials", "Desktops"]


class Action(Enum):
    """What a person can do at a desktop."""

    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    STOP_POLLING = "stop_polling"
    BUSY = "busy"
    REST = "rest"
    IDLE = "idle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a desktop can hand over.

    Attributes:
        at: When it learnt the Guid, aware UTC.
    """

    guid: str = field(repr=False)
    cookies: dict[str, str] = field(repr=False)
    at: datetime


class Desktops:
    """All desktops; each polls at its own time, so that renewals are spread."""

    def __init__(self, world: World, learnt: Callable[[int, Credentials], None]) -> None:
        """Prepare.

        Args:
            world: The site.
            learnt: Hears of each Guid a desktop learns.
        """
        self._world = world
        self._learnt = learnt
        self._known: dict[int, Credentials] = {}
        self._turns: dict[int, float] = {}  # next poll by agent; an entry of the order that says otherwise is stale
        self._order: list[tuple[float, int]] = []
        self.is_gateway_open = True

    def open(self) -> None:
        """Sign everybody in who has a desktop."""
        for agent in self._world.config.agents:
            if agent.is_desktop:
                self.act(agent.id, Action.SIGN_IN)

    def credentials(self) -> dict[int, Credentials]:
        """What each desktop signed in knows, by agent."""
        return dict(self._known)

    def act(self, agent: int, action: Action) -> None:
        """Do what the person does; on one who is not signed in only SIGN_IN does anything."""
        world = self._world
        now_s = world.advance()
        if action is Action.SIGN_IN:
            self._sign_in(agent, now_s)
            return
        if world.sessions.find(agent) is None:
            return
        match action:
            case Action.SIGN_OUT:
                self._known.pop(agent, None)
                world.sign_out(agent)
            case Action.STOP_POLLING:
                self._known.pop(agent, None)
                world.sessions.stop_desktop(agent, now_s)
            case Action.BUSY:
                world.set_pause(agent, Cti.BUSY)
            case Action.REST:
                world.set_pause(agent, Cti.REST)
            case Action.IDLE:
                world.set_pause(agent, None)
            case _:
                assert_never(action)

    def advance(self, now_s: float) -> None:
        """Let every poll happen whose time has come, each at its own time however late this is called."""
        while self._order and self._order[0][0] <= now_s:
            at_s, agent = heapq.heappop(self._order)
            if agent in self._known and self._turns[agent] == at_s:
                self._poll(agent, at_s)

    def _poll(self, agent: int, at_s: float) -> None:
        world = self._world
        known = self._known[agent]
        again_s = at_s + world.config.poll_wait_s
        match world.sessions.knock(agent, known.guid, known.cookies[COOKIE], at_s):
            case Door.OPEN:
                session = world.sessions.find(agent)
                assert session is not None
                if world.sessions.is_due(session, at_s):
                    self._learn(agent, world.sessions.renew(session, at_s), session.cookie, at_s)
                self._queue(agent, again_s)
            case Door.NOT_SIGNED_IN if self.is_gateway_open:
                self._sign_in(agent, world.now_s())
            case Door.NOT_SIGNED_IN:
                self._queue(agent, again_s)
            case Door.WRONG_GUID | Door.EXPIRED_GUID | Door.WRONG_NODE:
                del self._known[agent]

    def _sign_in(self, agent: int, now_s: float) -> None:
        session = self._world.sign_in(agent, is_desktop=True)
        self._learn(agent, session.guid, session.cookie, now_s)
        splay = agent * 0.618_034 % 1.0
        self._queue(agent, now_s + splay * self._world.config.poll_wait_s)

    def _queue(self, agent: int, at_s: float) -> None:
        self._turns[agent] = at_s
        heapq.heappush(self._order, (at_s, agent))

    def _learn(self, agent: int, guid: str, cookie: str, at_s: float) -> None:
        at = self._world.started_at + timedelta(seconds=at_s)
        self._known[agent] = Credentials(guid=guid, cookies={COOKIE: cookie}, at=at)
        self._learnt(agent, self._known[agent])
