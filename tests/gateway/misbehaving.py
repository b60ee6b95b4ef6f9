"""A real TLS server whose every answer is written by hand, byte for byte."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trustme

from autoscaler.gateway.tls import Trust, trust_ca_file

SUCCESS = b'{"message":"success","retcode":"0"}'


def http(body: bytes = SUCCESS, *, status: str = "200 OK", headers: tuple[str, ...] = ()) -> bytes:
    """Spell a plain answer."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def retcode(code: str) -> bytes:
    """Spell an answer with a result code."""
    return http(b'{"message":"","retcode":"%s"}' % code.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What came: the connection's number, the head's lines, the body."""

    connection: int
    head: str
    body: bytes

    @property
    def agent(self) -> int:
        return int(self.head.split("/")[4])


Script = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]
"""Answers one request, or does not, or closes."""


@dataclass(slots=True)
class Server:
    """The running server.

    Attributes:
        port: On 127.0.0.1.
        trust: That trusts it.
        script: What it does with the next request; may be changed at any time.
        requests: What came, in order.
        came: Notified with each request and each closed connection.
        open: How many connections are open.
        listener: What takes connections.
    """

    port: int
    trust: Trust
    script: Script
    requests: list[Request] = field(default_factory=list)
    came: asyncio.Condition = field(default_factory=asyncio.Condition)
    connections: int = 0
    open: int = 0
    listener: asyncio.Server | None = None

    def stop_listening(self) -> None:
        """Refuse further connections."""
        assert self.listener is not None
        self.listener.close()

    async def until(self, claim: Callable[[], bool]) -> None:
        """Wait until something that came makes `claim` true."""
        async with asyncio.timeout(5), self.came:
            await self.came.wait_for(claim)


def says(*answers: bytes) -> Script:
    """Give these answers in turn, and the last one from then on."""
    left = list(answers)

    async def script(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(left.pop(0) if len(left) > 1 else left[0])

    return script


async def resets(_: Request, writer: asyncio.StreamWriter) -> None:
    """Cut the connection without an answer."""
    writer.transport.abort()


async def stays_silent(_: Request, writer: asyncio.StreamWriter) -> None:
    """Never answer."""


@asynccontextmanager
async def serving(script: Script, folder: Path) -> AsyncIterator[Server]:
    """Serve on a port of its own until the block ends."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    writers: set[asyncio.StreamWriter] = set()
    tasks: set[asyncio.Task[None]] = set()
    server = Server(port=0, trust=trust_ca_file(ca_file), script=script)

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        server.open += 1
        number = server.connections
        writers.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
                request = Request(connection=number, head=head, body=await reader.readexactly(length))
                async with server.came:
                    server.requests.append(request)
                    server.came.notify_all()
                await server.script(request, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass  # the client left
        finally:
            writers.discard(writer)
            writer.close()
            server.open -= 1
            async with server.came:
                server.came.notify_all()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(converse(reader, writer), name="converse")
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listener = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
    server.listener = listener
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for writer in tuple(writers):
            writer.transport.abort()
        if tasks:
            await asyncio.wait(tasks, timeout=5)
