"""Handing Guids over: `PUT {url}/v1/sessions/{agent}` for each one a desktop learns.

Only the newest Guid of an agent is worth sending; one that could not be delivered is sent again until a newer comes.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass

import aiohttp
import orjson

from autoscaler.clock import Clock
from autoscaler.errors import SettingsError
from autoscaler.simulation.desktops import Credentials
from autoscaler.simulation.site import PushConfig

__all__ = ["Pusher"]

WORKERS = 8
DEADLINE_S = 5.0
PAUSE_S = 1.0
LEAST_REAL_PAUSE_S = 0.1


@dataclass(slots=True, kw_only=True)
class PushCount:
    """Attempts so far: delivered, and answered otherwise or not at all."""

    sent: int = 0
    failed: int = 0


class Pusher:
    """Sends what `learnt` hears of, a few at a time."""

    def __init__(self, config: PushConfig, clock: Clock, *, speed: float) -> None:
        """Prepare.

        Raises:
            SettingsError: The CA file cannot be used.
        """
        self.count = PushCount()
        self._config = config
        self._clock = clock
        self._pause_s = max(PAUSE_S, LEAST_REAL_PAUSE_S * speed)
        self._tls = _tls(config)
        self._newest: dict[int, Credentials] = {}
        self._waiting: asyncio.Queue[tuple[int, Credentials]] = asyncio.Queue()

    def learnt(self, agent: int, credentials: Credentials) -> None:
        """Send this soon, in place of an older one not sent yet."""
        self._newest[agent] = credentials
        self._waiting.put_nowait((agent, credentials))

    async def run(self) -> None:
        """Send for ever."""
        headers = {"Authorization": f"Bearer {self._config.token}", "Content-Type": "application/json"}
        connector = aiohttp.TCPConnector(ssl=self._tls, limit=WORKERS)
        timeout = aiohttp.ClientTimeout(total=DEADLINE_S)
        async with (
            aiohttp.ClientSession(connector=connector, headers=headers, timeout=timeout) as session,
            asyncio.TaskGroup() as tasks,
        ):
            for number in range(WORKERS):
                tasks.create_task(self._work(session), name=f"push-{number}")

    async def _work(self, session: aiohttp.ClientSession) -> None:
        while True:
            agent, credentials = await self._waiting.get()
            if self._newest[agent] is not credentials:
                continue
            if await self._put(session, agent, credentials):
                self.count.sent += 1
                continue
            self.count.failed += 1
            await self._clock.sleep(self._pause_s)
            self._waiting.put_nowait((agent, credentials))

    async def _put(self, session: aiohttp.ClientSession, agent: int, credentials: Credentials) -> bool:
        body = orjson.dumps({"guid": credentials.guid, "cookies": credentials.cookies})
        url = f"{self._config.url.rstrip('/')}/v1/sessions/{agent}"
        try:
            async with session.put(url, data=body) as response:
                await response.read()
                return response.status < 300
        except (aiohttp.ClientError, TimeoutError):
            return False  # counted, and sent again


def _tls(config: PushConfig) -> ssl.SSLContext | bool:
    if config.ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=str(config.ca_file))
    except OSError as error:
        raise SettingsError(
            "cannot be used as a CA file", place=str(config.ca_file), help="name a PEM file with a certificate"
        ) from error
