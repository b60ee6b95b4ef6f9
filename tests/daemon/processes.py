"""The daemon as the process it is in service, and a site as another: started, asked, signalled, seen off."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from autoscaler.console.client import ControlClient
from autoscaler.errors import ControlError
from autoscaler.simulation.process import SiteProcess, open_site
from autoscaler.simulation.site import SiteConfig

from .stage import Paths

PATIENCE_S = 30.0
COMMAND = Path(sys.executable).with_name("autoscaler")


async def until_asked(
    is_so: Callable[[], Awaitable[bool]], *, within_s: float = PATIENCE_S, every_s: float = 0.1
) -> None:
    """Wait for a state that another process has to be asked for, a bounded while."""
    async with asyncio.timeout(within_s):
        while not await is_so():  # noqa: ASYNC110 another process has no event for us
            await asyncio.sleep(every_s)


@dataclass
class Service:
    """One run of `autoscaler run`."""

    process: asyncio.subprocess.Process
    paths: Paths
    supervisor: Supervisor

    @property
    def out(self) -> list[bytes]:
        return (self.paths.directory / "stdout").read_bytes().splitlines()

    @property
    def err(self) -> str:
        return (self.paths.directory / "stderr").read_text()

    @property
    def is_alive(self) -> bool:
        return self.process.returncode is None

    def events(self, name: str) -> list[dict[str, Any]]:
        """Log lines with this event."""
        lines = [json.loads(line) for line in self.err.splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("event") == name]

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def end(self, within_s: float = PATIENCE_S) -> int:
        """Wait for the end; the exit code, negative for a signal."""
        async with asyncio.timeout(within_s):
            return await self.process.wait()

    async def stop(self) -> int:
        self.signal(signal.SIGTERM)
        return await self.end()

    async def ask(self, question: Callable[[ControlClient], Any]) -> Any:
        def asked() -> Any:
            with ControlClient(self.paths.socket) as client:
                return question(client)

        return await asyncio.to_thread(asked)

    async def status(self) -> dict[str, Any]:
        status: dict[str, Any] = await self.ask(lambda client: client.status())
        return status

    async def says(self, word: str) -> None:
        """Wait until the status's sentence holds a word."""

        async def is_said() -> bool:
            try:
                return word in (await self.status())["sentence"]
            except ControlError:  # not up yet
                return False

        await until_asked(is_said)

    async def ready(self) -> None:
        await self.supervisor.hears("READY=1", self)


@dataclass
class Supervisor:
    """systemd's end of NOTIFY_SOCKET."""

    path: Path
    _socket: socket.socket = field(init=False, repr=False)
    heard: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(self.path))

    def listen(self) -> None:
        """Take in what has come."""
        while True:
            try:
                message = self._socket.recv(65_536).decode()
            except BlockingIOError:
                return
            self.heard += message.split("\n")

    async def hears(self, start: str, service: Service, *, after: int = 0, holding: str = "") -> str:
        """Wait for a line that begins so and holds some words, among those after the first `after`."""

        async def is_heard() -> bool:
            self.listen()
            assert service.is_alive or self._find(start, after, holding), service.err
            return self._find(start, after, holding) is not None

        await until_asked(is_heard, every_s=0.02)
        found = self._find(start, after, holding)
        assert found is not None
        return found

    def _find(self, start: str, after: int, holding: str) -> str | None:
        return next((line for line in self.heard[after:] if line.startswith(start) and holding in line), None)

    def close(self) -> None:
        self._socket.close()
        self.path.unlink()


@asynccontextmanager
async def service(
    paths: Paths,
    *,
    environment: Mapping[str, str] | None = None,
    watchdog_s: float | None = None,
    stdout: int | None = None,
) -> AsyncIterator[Service]:
    """Start the daemon; whatever is left of it at the end is killed."""
    supervisor = Supervisor(paths.directory / "notify.sock")
    env = {**os.environ, "NOTIFY_SOCKET": str(supervisor.path), **(environment or {})}
    if watchdog_s is not None:
        env["WATCHDOG_USEC"] = str(int(watchdog_s * 1e6))
    try:
        with (paths.directory / "stdout").open("wb") as out, (paths.directory / "stderr").open("wb") as err:
            process = await asyncio.create_subprocess_exec(
                COMMAND, "run", "--config", paths.config, stdout=out if stdout is None else stdout, stderr=err, env=env
            )
        try:
            yield Service(process=process, paths=paths, supervisor=supervisor)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    finally:
        supervisor.close()


@dataclass
class Site:
    """A simulated site in a process of its own, asked through its control port."""

    process: SiteProcess
    http: httpx.AsyncClient

    async def get(self, path: str) -> Any:
        response = await self.http.get(f"/sim/{path}")
        assert response.status_code == 200, response.text
        return response.json()

    async def limits(self, media_type: int = 51) -> dict[int, int]:
        limits = await self.get("limits")
        return {int(agent): each[str(media_type)] for agent, each in limits.items()}

    async def audit(self) -> dict[str, Any]:
        audit: dict[str, Any] = await self.get("audit")
        return audit

    async def elapsed_s(self) -> float:
        return float((await self.get("state"))["elapsed_s"])

    async def fault(self, *faults: dict[str, Any]) -> None:
        response = await self.http.post("/sim/faults", json=list(faults))
        assert response.status_code == 200, response.text

    async def heal(self) -> None:
        assert (await self.http.delete("/sim/faults")).status_code == 200

    async def act(self, agent: int, action: str) -> None:
        assert (await self.http.post(f"/sim/agents/{agent}", json={"action": action})).status_code == 200


@asynccontextmanager
async def site(config: SiteConfig, directory: Path) -> AsyncIterator[Site]:
    """Start a site and end it."""
    process = await open_site(config, directory)
    try:
        async with httpx.AsyncClient(base_url=process.control_url, timeout=10.0, trust_env=False) as http:
            yield Site(process=process, http=http)
    finally:
        await asyncio.to_thread(process.stop)
