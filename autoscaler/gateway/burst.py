"""The lean way to the gateway: many small calls at once over kept TLS connections, without a task for each.

At most `connections` connections exist, each carries one call at a time, and every call ends exactly once: with a
whole answer, or with why there is none. No call is ever sent twice here; sending again is its caller's decision.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

from autoscaler.errors import GatewayError, GatewayUnreachable
from autoscaler.gateway.connection import Address, Connection, Done, Stage
from autoscaler.gateway.framing import request_bytes
from autoscaler.gateway.ports import Answer, NoAnswer
from autoscaler.gateway.tls import Trust, unreachable

__all__ = ["BurstTransport"]

T = TypeVar("T")


class BurstTransport:
    """A bounded pool of connections; implements `ports.Transport` and `ports.Calls`."""

    def __init__(
        self, *, host: str, port: int, trust: Trust, connections: int, timeout_s: float, idle_s: float = 15.0
    ) -> None:
        """Connect to nothing yet; needs a running loop.

        Args:
            host: Name or IP address, as the gateway's certificate has it.
            port: TCP port.
            trust: Whose certificates are good.
            connections: The most that are open at once, >= 1.
            timeout_s: Real seconds a call may take from its start on, waiting, connecting and TLS included, > 0.
            idle_s: Real seconds after which an unused connection is closed; shorter than the gateway's own patience,
                so that a call seldom meets a connection that is just being closed.
        """
        self.host = host
        self.place = f"{host}:{port}"
        self.trust = trust
        self._port = port
        self._host_header = f"[{host}]:{port}" if ":" in host else self.place
        self._most = connections
        self._timeout_s = timeout_s
        self._idle_s = idle_s
        self._loop = asyncio.get_running_loop()
        self._addresses = _literal(host, port)
        self._connections: set[Connection] = set()
        self._idle: dict[Connection, None] = {}  # an ordered set, the warmest last
        self._waiting: deque[tuple[bytes, object, Done, float]] = deque()
        self._nameless: list[Connection] = []  # to be dialled once the name is looked up
        self._lookup: asyncio.Task[None] | None = None
        self._sweeper: asyncio.TimerHandle | None = None
        self._is_closed = False

    def post(
        self,
        path: str,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        tag: T,
        done: Callable[[T, Answer | NoAnswer], None],
    ) -> None:
        """Send one POST; `done(tag, answer)` follows within the timeout, never from inside this call.

        Raises:
            GatewayError: The request can't be spelled as HTTP; nothing was sent and `done` stays silent.
        """
        self._start(request_bytes("POST", path, self._host_header, headers, body), tag, done)

    async def send(self, method: str, path: str, headers: Sequence[tuple[str, str]], body: bytes) -> Answer:
        """Send one request and wait for its answer, no longer than the timeout.

        Raises:
            GatewayUnreachable: No answer.
            GatewayNonsense: An answer that is no HTTP.
            GatewayError: The request can't be spelled as HTTP.
        """
        result: asyncio.Future[Answer | NoAnswer] = self._loop.create_future()
        self._start(request_bytes(method, path, self._host_header, headers, body), result, _settle)
        try:
            ended = await result
        except asyncio.CancelledError:
            self._give_up(result)
            raise
        if isinstance(ended, NoAnswer):
            raise ended.error
        return ended

    async def close(self) -> None:
        """Close every connection; calls under way end without an answer."""
        self._is_closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        if self._lookup is not None:
            self._lookup.cancel()
            await asyncio.wait([self._lookup])
        waiting, self._waiting = self._waiting, deque()
        for _, tag, done, _ in waiting:
            done(tag, NoAnswer(error=_closed(), was_sent=False))
        for connection in tuple(self._connections):
            if connection.stage is Stage.IDLE:
                connection.close()
            else:
                connection.fail(_closed())

    def idle(self, connection: Connection) -> None:
        """Take a connection back (`connection.Owner`)."""
        if not self._waiting:
            self._idle[connection] = None
            return
        waiting = self._waiting.popleft()
        if not connection.carry(*waiting):  # it has closed, which makes room for another
            self._waiting.appendleft(waiting)
            self._open_for_waiting()

    def gone(self, connection: Connection) -> None:
        """Drop a closed connection (`connection.Owner`)."""
        self._connections.discard(connection)
        self._idle.pop(connection, None)
        self._open_for_waiting()

    def _start(self, request: bytes, tag: object, done: Done) -> None:
        since = self._loop.time()
        idle = self._idle
        while idle:
            connection, _ = idle.popitem()
            if connection.carry(request, tag, done, since):
                return
        if self._is_closed:
            self._loop.call_soon(done, tag, NoAnswer(error=_closed(), was_sent=False))
        elif len(self._connections) < self._most:
            self._open(request, tag, done, since)
        else:
            self._waiting.append((request, tag, done, since))

    def _open_for_waiting(self) -> None:
        while self._waiting and len(self._connections) < self._most:
            self._open(*self._waiting.popleft())

    def _open(self, request: bytes, tag: object, done: Done, since: float) -> None:
        connection = Connection(
            owner=self, peer=self, loop=self._loop, request=request, tag=tag, done=done, since=since
        )
        self._connections.add(connection)
        if self._sweeper is None:
            self._sweep_later()
        if self._addresses:
            self._loop.call_soon(connection.dial, self._addresses)
            return
        self._nameless.append(connection)
        if self._lookup is None:
            self._lookup = self._loop.create_task(self._look_up(), name="gateway_name_lookup")

    async def _look_up(self) -> None:
        """Look the name up once for every connection that waits for it."""
        addresses: list[Address] = []
        failure: GatewayUnreachable | None = None
        try:
            async with asyncio.timeout(self._timeout_s):
                found = await self._loop.getaddrinfo(self.host, self._port, type=socket.SOCK_STREAM)
            addresses = [(socket.AddressFamily(family), address) for family, _, _, _, address in found]
        except OSError as error:
            failure = unreachable(error, address=self.place, trust=self.trust)
        finally:
            self._lookup = None
        nameless, self._nameless = self._nameless, []
        for connection in nameless:
            if failure is None:
                connection.dial(addresses)
            else:
                connection.fail(failure)

    def _give_up(self, tag: object) -> None:
        """Close the connection whose call nobody waits for any more; its answer must not reach the next call."""
        self._waiting = deque(waiting for waiting in self._waiting if waiting[1] is not tag)
        for connection in tuple(self._connections):
            if connection.tag is tag:
                connection.fail(_closed())

    def _sweep_later(self) -> None:
        self._sweeper = self._loop.call_later(min(self._timeout_s, self._idle_s) / 20, self._sweep)

    def _sweep(self) -> None:
        """End what has taken too long. One timer for all: one for each call would cost as much as its TLS."""
        now = self._loop.time()
        while self._waiting and now - self._waiting[0][3] >= self._timeout_s:
            _, tag, done, _ = self._waiting.popleft()
            done(tag, NoAnswer(error=self._late(), was_sent=False))
        for connection in tuple(self._connections):
            if connection.stage is Stage.IDLE:
                if now - connection.since >= self._idle_s:
                    connection.close()
            elif now - connection.since >= self._timeout_s:
                connection.fail(self._late())
        self._sweeper = None
        if self._connections and not self._is_closed:
            self._sweep_later()

    def _late(self) -> GatewayError:
        return unreachable(TimeoutError(), address=self.place, trust=self.trust)


def _literal(host: str, port: int) -> list[Address]:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return []
    if address.version == 4:
        return [(socket.AF_INET, (host, port))]
    return [(socket.AF_INET6, (host, port, 0, 0))]


def _settle(result: asyncio.Future[Answer | NoAnswer], ended: Answer | NoAnswer) -> None:
    if not result.done():
        result.set_result(ended)


def _closed() -> GatewayUnreachable:
    return GatewayUnreachable("the call was given up", help="Send it again when the program has started anew.")
