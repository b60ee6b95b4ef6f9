"""A site at work inside this process: both servers, the desktops, the control port, and the pump that moves time.

A port taken away by a fault comes back with the same number.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import assert_never

from autoscaler.clock import Clock
from autoscaler.simulation.certificates import make_certificates
from autoscaler.simulation.cms_server import CmsServer
from autoscaler.simulation.desktops import Credentials, Desktops
from autoscaler.simulation.faults import Outage, Target
from autoscaler.simulation.gateway_server import GatewayServer
from autoscaler.simulation.https_port import HttpsPort
from autoscaler.simulation.pushing import Pusher
from autoscaler.simulation.site import SiteConfig
from autoscaler.simulation.world import World

__all__ = ["RunningSite", "running_site"]

PUMP_S = 0.5
LEAST_REAL_PUMP_S = 0.02
RESTART_S = 5.0


class RunningSite:
    """The parts, put together."""

    def __init__(self, config: SiteConfig, *, clock: Clock, directory: Path) -> None:
        """Build; nothing listens yet. `running_site` is the way in.

        Raises:
            SettingsError: A series or CA file cannot be used, or the extra `simulation` is missing.
        """
        certificates = make_certificates(directory)
        self.ca_file = certificates.ca_file
        self.world = World(config, clock)
        self.pusher = Pusher(config.push, clock, speed=config.speed) if config.push else None
        self.desktops = Desktops(self.world, self._learnt)
        self.stopping = asyncio.Event()
        tls, host = certificates.server, config.host
        self._ports = {
            Target.GATEWAY: HttpsPort(GatewayServer(self.world).handle, tls=tls, host=host, port=config.gateway_port),
            Target.CMS: HttpsPort(CmsServer(self.world).handle, tls=tls, host=host, port=config.cms_port),
        }
        self._away: dict[Target, asyncio.Task[None]] = {}
        self._tasks: asyncio.TaskGroup | None = None

    @property
    def gateway_url(self) -> str:
        """Base address of CC-Gateway."""
        return self._ports[Target.GATEWAY].url

    @property
    def cms_url(self) -> str:
        """Base address of CC-CMS."""
        return self._ports[Target.CMS].url

    def is_open(self, target: Target) -> bool:
        """Whether a server accepts connections."""
        return self._ports[target].is_open

    def catch_up(self) -> None:
        """Bring everything up to the clock."""
        now_s = self.world.now_s()
        self.desktops.advance(now_s)
        self.world.advance()

    async def take_away(self, outage: Outage) -> None:
        """Cut a server off, and give it back when its time is over; returns once it is cut off."""
        self._cancel_return(outage.target)
        await self._ports[outage.target].close()
        duration_s = outage.duration_s
        match outage.kind:
            case "restart":
                duration_s = duration_s or RESTART_S
                if outage.target is Target.GATEWAY:
                    self.world.advance()
                    self.world.forget_everything()
            case "outage":
                pass
            case _:
                assert_never(outage.kind)
        if outage.target is Target.GATEWAY:
            self.desktops.is_gateway_open = False
        if duration_s is not None:
            assert self._tasks is not None, "opened, so inside running_site"
            waiting = self._tasks.create_task(self._return(outage.target, duration_s), name=f"return-{outage.target}")
            self._away[outage.target] = waiting

    async def give_back(self) -> None:
        """Open both servers that are away."""
        for target in Target:
            self._cancel_return(target)
            await self._open(target)

    async def open(self) -> None:
        """Listen, and sign the desktops in; raises OSError when a port is taken."""
        await self.give_back()
        self.desktops.open()

    def begin(self, tasks: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        """Start what runs for ever; `tasks` also holds the return of servers that are away."""
        self._tasks = tasks
        background = [tasks.create_task(self._pump(), name="site-pump")]
        if self.pusher is not None:
            background.append(tasks.create_task(self.pusher.run(), name="site-pusher"))
        return background

    async def close(self) -> None:
        """Stop listening; a second time does nothing."""
        for target, port in self._ports.items():
            self._cancel_return(target)
            await port.close()

    async def _pump(self) -> None:
        # People act even when nobody calls.
        pause_s = max(PUMP_S, LEAST_REAL_PUMP_S * self.world.config.speed)
        while True:
            self.catch_up()
            await self.world.clock.sleep(pause_s)

    async def _return(self, target: Target, duration_s: float) -> None:
        await self.world.clock.sleep(duration_s)
        del self._away[target]
        await self._open(target)

    async def _open(self, target: Target) -> None:
        await self._ports[target].open()
        if target is Target.GATEWAY:
            self.desktops.is_gateway_open = True

    def _cancel_return(self, target: Target) -> None:
        waiting = self._away.pop(target, None)
        if waiting is not None:
            waiting.cancel()

    def _learnt(self, agent: int, credentials: Credentials) -> None:
        if self.pusher is not None:
            self.pusher.learnt(agent, credentials)


@asynccontextmanager
async def running_site(config: SiteConfig, *, clock: Clock, directory: Path) -> AsyncIterator[RunningSite]:
    """Run a site in this event loop until the block ends.

    Args:
        config: The site; its `speed` and `start` belong to whoever made `clock`.
        clock: Virtual time.
        directory: Where the authority's certificate is written.

    Raises:
        SettingsError: The configuration names something unusable.
        OSError: A port is taken.
    """
    site = RunningSite(config, clock=clock, directory=directory)
    try:
        await site.open()
        async with asyncio.TaskGroup() as tasks:
            background = site.begin(tasks)
            try:
                yield site
            finally:
                for task in background:
                    task.cancel()
                await site.close()
    finally:
        await site.close()
