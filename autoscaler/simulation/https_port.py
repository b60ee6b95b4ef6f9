"""A TLS port that can be taken away in mid-call and given back with the same number."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable

from aiohttp import web

__all__ = ["Handler", "HttpsPort"]

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
BACKLOG = 4_096
CLOSE_DEADLINE_S = 1.0


class HttpsPort:
    """One listening socket and the connections on it."""

    def __init__(self, handler: Handler, *, tls: ssl.SSLContext, host: str, port: int) -> None:
        """Prepare; port 0 takes any free one when opened first, and keeps it."""
        self.port = port
        self._handler = handler
        self._tls = tls
        self._host = host
        self._runner: web.ServerRunner | None = None
        self._opening: object | None = None
        self._turn = asyncio.Lock()  # opening and closing one after the other, never into each other
        self._in_flight: set[asyncio.Task[object]] = set()

    @property
    def url(self) -> str:
        """Base address."""
        return f"https://{self._host}:{self.port}"

    @property
    def is_open(self) -> bool:
        """Whether connections are accepted."""
        return self._runner is not None

    async def open(self) -> None:
        """Accept connections; raises OSError when the port is taken."""
        async with self._turn:
            if self._runner is None:
                await self._open()

    async def close(self) -> None:
        """Refuse connections, cut those there are, and drop calls under way."""
        async with self._turn:
            await self._close()

    async def _open(self) -> None:
        # A delayed call is applied even when its client has hung up, as a servlet would: no handler_cancellation.
        opening = self._opening = object()

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            if opening is self._opening:
                return await self._handle(request)
            if request.transport is not None:  # its handshake ended after the port was closed; nobody is there
                request.transport.abort()
            return web.Response(status=503)

        runner = web.ServerRunner(web.Server(handle, access_log=None), shutdown_timeout=CLOSE_DEADLINE_S)
        await runner.setup()
        self._runner = runner
        site = web.TCPSite(runner, self._host, self.port, ssl_context=self._tls, backlog=BACKLOG, reuse_address=True)
        try:
            await site.start()
        except OSError:
            await self._close()
            raise
        self.port = int(runner.addresses[0][1])

    async def _close(self) -> None:
        runner, self._runner = self._runner, None
        if runner is None:
            return
        self._opening = None
        for site in tuple(runner.sites):
            await site.stop()  # first, so that nobody who is cut off comes back at once
        for connection in runner.server.connections if runner.server else ():
            if connection.transport is not None:
                connection.transport.abort()
        under_way = list(self._in_flight)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        task = asyncio.current_task()
        assert task is not None
        self._in_flight.add(task)
        try:
            return await self._handler(request)
        finally:
            self._in_flight.discard(task)
