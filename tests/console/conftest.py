"""A daemon's side that writes down what it is asked, behind real sockets."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from autoscaler.console.client import ControlClient
from autoscaler.console.ports import Json
from autoscaler.console.server import Console

TOKEN = "correct-horse-battery-staple"

Start = Callable[..., Awaitable[Console]]
Ask = Callable[..., Awaitable[Any]]


class RecordingControl:
    """Answers what a test told it to, and keeps the questions."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.sessions: dict[int, tuple[str, dict[str, str]]] = {}
        self.answer: Json = {"state": "running", "groups": []}
        self.fault: Exception | None = None
        self.heard = asyncio.Event()
        self.carried_out: list[str] = []
        self.did = asyncio.Event()
        self.release: asyncio.Event | None = None

    async def status(self) -> Json:
        return await self._heard("status")

    async def explain(self, agent: int, at: datetime | None) -> Json:
        return await self._heard("explain", agent=agent, at=at)

    async def learned(self, group: str | None, at: datetime | None) -> Json:
        return await self._heard("learned", group=group, at=at)

    async def pause(self, *, group: str | None, for_s: float | None, reason: str, by: str) -> Json:
        return await self._heard("pause", group=group, for_s=for_s, reason=reason, by=by)

    async def resume(self, *, group: str | None, by: str) -> Json:
        return await self._heard("resume", group=group, by=by)

    async def pin(self, *, agent: int, limit: int, for_s: float | None, reason: str, by: str) -> Json:
        return await self._heard("pin", agent=agent, limit=limit, for_s=for_s, reason=reason, by=by)

    async def unpin(self, *, agent: int, by: str) -> Json:
        return await self._heard("unpin", agent=agent, by=by)

    async def freeze(self, *, reason: str, by: str) -> Json:
        return await self._heard("freeze", reason=reason, by=by)

    async def reload(self, *, by: str) -> Json:
        return await self._heard("reload", by=by)

    async def put_session(
        self, agent: int, guid: str, cookies: Mapping[str, str], signed_in_at: datetime | None
    ) -> None:
        await self._heard("put_session", agent=agent, signed_in_at=signed_in_at)
        self.sessions[agent] = (guid, dict(cookies))

    async def put_input(self, name: str, value: float | None, age_s: float) -> None:
        await self._heard("put_input", name=name, value=value, age_s=age_s)

    async def delete_session(self, agent: int) -> bool:
        await self._heard("delete_session", agent=agent)
        return self.sessions.pop(agent, None) is not None

    def metrics(self) -> str:
        return "# TYPE autoscaler_frozen gauge\nautoscaler_frozen 0\n"

    async def _heard(self, question: str, **said: Any) -> Json:
        self.asked.append((question, said))
        self.heard.set()
        if self.release is not None:
            await self.release.wait()
        if self.fault is not None:
            raise self.fault
        self.carried_out.append(question)
        self.did.set()
        return self.answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One answer, as its bytes came."""

    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture
def control() -> RecordingControl:
    return RecordingControl()


@pytest.fixture
def token() -> str:
    return TOKEN


@pytest.fixture
def socket_path() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="console"))  # short: a socket's path has at most 107 bytes
    yield folder / "control.sock"
    shutil.rmtree(folder)


@pytest.fixture
async def start(control: RecordingControl) -> AsyncIterator[Start]:
    """Start a console over `control`; it is closed when the test ends."""
    async with AsyncExitStack() as stack:

        async def started(**wanted: Any) -> Console:
            console = Console(control, **{"socket_path": None, "listen": None, "token": TOKEN, **wanted})
            await console.start()
            stack.push_async_callback(console.close)
            return console

        yield started


@pytest.fixture
async def local(start: Start, socket_path: Path) -> Path:
    """The path of a listening local socket."""
    await start(socket_path=socket_path)
    return socket_path


@pytest.fixture
async def tcp(start: Start) -> str:
    """The address of a listening TCP side."""
    url = (await start(listen="127.0.0.1:0")).addresses.url
    assert url is not None
    return url


@pytest.fixture
def by_client() -> Ask:
    """Ask through the commands' own client, in a thread, as a command would be another process."""

    async def ask(socket_path: Path, question: Callable[[ControlClient], Any], **more: Any) -> Any:
        def whole() -> Any:
            with ControlClient(socket_path, **more) as client:
                return question(client)

        async with asyncio.timeout(20):
            return await asyncio.to_thread(whole)

    return ask


def host_and_port(url: str) -> tuple[str, int]:
    host, _, port = url.partition("://")[2].rpartition(":")
    return host.strip("[]"), int(port)


@pytest.fixture
def raw() -> Ask:
    """Send bytes as they are, and read one answer."""

    async def send(address: Path | str, request: bytes, *, tls: ssl.SSLContext | None = None) -> Answered:
        async with asyncio.timeout(10):
            if isinstance(address, Path):
                reader, writer = await asyncio.open_unix_connection(address)
            else:
                reader, writer = await asyncio.open_connection(*host_and_port(address), ssl=tls)
            try:
                writer.write(request)
                await writer.drain()
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                first, *lines = head.rstrip().split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                return Answered(status=int(first.split(" ")[1]), headers=headers, body=body)
            finally:
                writer.close()
                await writer.wait_closed()

    return send


@pytest.fixture
def call(raw: Ask, token: str) -> Ask:
    """One well-formed request with the token, unless `headers` says otherwise."""

    async def send(
        address: Path | str,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        headers: Mapping[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> Answered:
        said = {"Host": "127.0.0.1", "Authorization": f"Bearer {token}"} if headers is None else headers
        lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        head = f"{method} {path} HTTP/1.1\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
        return await raw(address, head.encode("utf-8") + body, tls=tls)

    return send
