"""Event polls of the simulated gateway: one event an answer, and the only answer that carries a renewed Guid.

A poll answers at once when an event waits, else when one comes, else after the poll's longest wait. A poll that comes
at GUIDINTERVAL or later is given a new Guid, and nobody is told it a second time. Two polls of one agent share its
events between them: each event goes to one of the two alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from autoscaler.simulation.gateway_calls import enter
from autoscaler.simulation.gateway_messages import GatewayCall, Reply
from autoscaler.simulation.sessions import Session
from autoscaler.simulation.world import EventBox, World

__all__ = ["Polls"]


class Polls:
    """The polls under way."""

    def __init__(self, world: World) -> None:
        """Begin with none."""
        self._world = world
        self._polling: dict[int, list[Callable[[], bool]]] = {}

    async def poll(self, call: GatewayCall, is_gone: Callable[[], bool]) -> Reply:
        """Answer one poll.

        Args:
            call: An AGENT_EVENT call.
            is_gone: Whether the client has hung up; such a poll takes no event and no Guid.
        """
        world = self._world
        session = enter(world, call)
        if isinstance(session, Reply):
            return session
        is_due = world.sessions.is_due(session, world.now_s())
        others = self._polling.setdefault(call.agent, [])
        world.audit.second_pollers += session.is_desktop or any(not other() for other in others)
        others.append(is_gone)
        box = world.events.get(call.agent) or EventBox()  # a desktop of the simulation takes its events itself
        try:
            if not box.events:
                await self._wait(box, is_gone)
        finally:
            others.remove(is_gone)
            if not others:
                del self._polling[call.agent]
        now_s = world.advance()
        if is_gone():
            return Reply()
        if world.sessions.find(call.agent) is not session:
            return _ended(enter(world, call))
        world.sessions.touch(session, now_s)
        is_still_due = is_due and world.sessions.is_due(session, now_s)
        guid = world.sessions.renew(session, now_s) if is_still_due else None
        event = box.events.popleft() if box.events else None
        return Reply(event=event, guid=guid)

    async def _wait(self, box: EventBox, is_gone: Callable[[], bool]) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def wake() -> bool:
            if woken.done() or is_gone():
                return False
            woken.set_result(None)
            return True

        box.waiters.append(wake)
        timer = asyncio.create_task(self._world.clock.sleep(self._world.config.poll_wait_s), name="event-poll-wait")
        try:
            await asyncio.wait({timer, woken}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
            woken.cancel()
            if wake in box.waiters:
                box.waiters.remove(wake)


def _ended(entered: Session | Reply) -> Reply:
    assert isinstance(entered, Reply), "the session this poll began in is over"
    return entered
