"""A simulated site and the daemon against it in this process, twenty times as fast as life, over TLS all the same."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from autoscaler.clock import ScaledClock
from autoscaler.console.client import ControlClient
from autoscaler.core.plan import Stage as PlanStage
from autoscaler.daemon.report import status_json
from autoscaler.daemon.service import Daemon
from autoscaler.daemon.service_state import ServiceState
from autoscaler.daemon.settings import load_settings
from autoscaler.gateway.pushed import PushedSessions
from autoscaler.simulation.desktops import Action
from autoscaler.simulation.faults import FAULTS, CallFault, Outage
from autoscaler.simulation.running import RunningSite, running_site
from autoscaler.simulation.site import AgentConfig, PushConfig, RateConfig, SiteConfig, SkillConfig

from .journals import Journal

SPEED = 20.0
EVERY_S = 10.0
PATIENCE_S = 20.0
"""Real seconds; far more than anything here takes."""

QUEUE, WEB_CHAT = 2001, 51
FIRST, AGENTS = 1001, 6
TOKEN = secrets.token_urlsafe(16)

STEADY = """\
version: 1
group: webchat
queues: [2001]
media_type: web_chat
every: 10s
agents:
  limit: {floor: 1, baseline: 4, ceiling: 40}
safety: {agents_per_tick: 100%, calls_per_minute: 6000}
"""
"""Nothing moves by itself: everybody has 4."""

SURGING = f"""{STEADY}
rules:
  - {{name: surge, when: queue.waiting > 0, raise: 1 each}}
stability:
  raise: {{cooldown: 0s}}
"""
"""While anybody waits, every tick raises."""


def _ports() -> Iterator[int]:
    """Ports below those that the kernel gives to outgoing connections, apart for each worker of pytest-xdist."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 20_000 + worker * 3_000
    for number in count(os.getpid()):
        port = first + number % 3_000
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        yield port


free_ports = _ports()


@dataclass
class Paths:
    """Where a daemon keeps what."""

    directory: Path
    rules: Path = field(init=False)
    database: Path = field(init=False)
    socket: Path = field(init=False)
    config: Path = field(init=False)

    def __post_init__(self) -> None:
        self.rules = self.directory / "rules"
        self.database = self.directory / "autoscaler.db"
        self.socket = self.directory / "control.sock"
        self.config = self.directory / "autoscaler.toml"
        self.rules.mkdir(exist_ok=True)

    def secret(self, name: str, content: str) -> Path:
        path = self.directory / name
        path.touch(mode=0o600)
        path.write_text(f"{content}\n")
        return path

    def write_rules(self, text: str, name: str = "webchat") -> None:
        (self.rules / f"{name}.yaml").write_text(text)

    def write_settings(self, **sections: dict[str, Any]) -> Path:
        """Tables by name; `top` holds what stands above them."""
        top = {"rules": str(self.rules), "store": f"sqlite:///{self.database}", **sections.pop("top", {})}
        lines = [f"{key} = {json.dumps(value)}" for key, value in top.items()]
        for name, table in sections.items():
            lines += [
                f"[{name.replace('__', '.')}]",
                *(f"{key} = {json.dumps(value)}" for key, value in table.items() if value is not None),
            ]
        self.config.write_text("\n".join(lines) + "\n")
        return self.config

    def journal(self) -> Journal:
        return Journal(self.database)


def a_floor(**changes: Any) -> SiteConfig:
    """Six desktops at one queue where nobody comes; Guids live twelve seconds, limits are 3."""
    return SiteConfig(
        **{
            "agents": tuple(AgentConfig(id=FIRST + i, skills=(QUEUE,), limit=3) for i in range(AGENTS)),
            "skills": (SkillConfig(id=QUEUE, media_type=WEB_CHAT, arrivals=RateConfig(rate=0.0), patience_s=None),),
            "speed": SPEED,
            "guid_interval_s": 4.0,
            "guid_timeout_s": 12.0,
            "poll_wait_s": 2.0,
            **changes,
        }
    )


def crowded(rate: float = 2.0) -> tuple[SkillConfig, ...]:
    """More people than any limit can serve: somebody always waits."""
    return (SkillConfig(id=QUEUE, media_type=WEB_CHAT, arrivals=RateConfig(rate=rate), patience_s=None),)


async def until(is_so: Callable[[], bool], *, within_s: float = PATIENCE_S) -> None:
    """Wait for a state, a bounded while."""
    async with asyncio.timeout(within_s):
        while not is_so():  # noqa: ASYNC110 the site and its audit have no event for this
            await asyncio.sleep(0.005)


@dataclass
class Stage:
    """The site, the daemon, and what a test asks of both."""

    site: RunningSite
    paths: Paths
    clock: ScaledClock
    daemon: Daemon

    @property
    def state(self) -> ServiceState:
        assert self.daemon.state is not None
        return self.daemon.state

    @property
    def status(self) -> dict[str, Any]:
        return status_json(self.state)

    @property
    def sentence(self) -> str:
        return str(self.status["sentence"])

    @property
    def audit(self) -> dict[str, Any]:
        return self.site.world.audit.report()

    def limits(self, media_type: int = WEB_CHAT) -> dict[int, int]:
        """True limits of those who have one of this kind."""
        agents = self.site.world.live.agents
        return {number: agent.limits[media_type] for number, agent in agents.items() if media_type in agent.limits}

    def wanted(self, group: str = "webchat") -> dict[int, int]:
        """What the last plan wanted."""
        plan = self.state.cycle.last[group].plan
        return dict(zip(plan.ids.tolist(), plan.limits[PlanStage.WANTED].tolist(), strict=True))

    def is_right(self, group: str = "webchat") -> bool:
        wanted = self.wanted(group)
        return len(wanted) > 0 and {agent: self.limits()[agent] for agent in wanted} == wanted

    def ticked(self, group: str = "webchat") -> int:
        return self.state.crew.workers[group].counts["completed"]

    async def ticks(self, more: int, group: str = "webchat") -> None:
        """Wait for so many complete ticks that have not begun yet."""
        worker = self.state.crew.workers[group]
        async with asyncio.timeout(PATIENCE_S):
            await worker.idle()
        before = self.ticked(group)
        await until(lambda: self.ticked(group) >= before + more)

    async def right_before_the_next_tick(self, group: str = "webchat") -> None:
        """Wait until the gateway has what the last plan wants; a plan after that one is too late."""
        tick = self.state.cycle.last[group].tick
        await until(lambda: self.is_right(group) or self.state.cycle.last[group].tick != tick)
        assert self.is_right(group), (self.wanted(group), self.limits())
        assert self.state.cycle.last[group].tick == tick

    async def right_of(self, group: str, media_type: int) -> None:
        """As `right`, for another media type."""
        await until(lambda: group in self.state.cycle.last and self.limits(media_type) == self.wanted(group))

    async def right_but(self, agent: int, group: str = "webchat") -> None:
        """As `right`, whatever this one has."""
        others = [one for one in self.site.world.agents if one != agent]
        await until(
            lambda: (
                group in self.state.cycle.last
                and all(self.limits()[one] == self.wanted(group).get(one) for one in others)
            )
        )

    async def everybody_live(self) -> None:
        """Wait until every agent can be called."""
        everybody = len(self.site.world.agents)
        await until(lambda: len(self.state.gateway.sessions.live_agents()) == everybody)

    async def calm(self) -> None:
        """Wait until no order is open."""
        await until(lambda: self.state.orders.open == 0)

    async def right(self, group: str = "webchat") -> None:
        """Wait until the gateway has what the last plan wants."""
        await until(lambda: group in self.state.cycle.last and self.is_right(group))

    async def fault(self, *faults: dict[str, Any]) -> None:
        for fault in FAULTS.validate_python(faults):
            if isinstance(fault, Outage):
                await self.site.take_away(fault)
            else:
                assert isinstance(fault, CallFault)
                self.site.world.faults.add([fault], self.site.world.now_s())

    async def heal(self) -> None:
        self.site.world.faults.clear()
        await self.site.give_back()

    def act(self, agent: int, action: str) -> None:
        self.site.catch_up()
        self.site.desktops.act(agent, Action(action))

    def hand_over_without_cookies(self) -> None:
        """What desktops do that know of no load balancer."""
        sessions = self.state.gateway.sessions
        assert isinstance(sessions, PushedSessions)
        for agent, known in self.site.desktops.credentials().items():
            sessions.put(agent, known.guid)

    async def ask(self, question: Callable[[ControlClient], Any]) -> Any:
        """Ask over the local socket, as the commands do."""

        def asked() -> Any:
            with ControlClient(self.paths.socket) as client:
                return question(client)

        return await asyncio.to_thread(asked)

    async def pin(self, agent: int, limit: int) -> None:
        await self.ask(lambda client: client.pin(agent=agent, limit=limit, reason="a test"))


@asynccontextmanager
async def living(daemon: Daemon) -> AsyncIterator[Daemon]:
    """A daemon from READY to its orderly end."""
    async with asyncio.timeout(120), asyncio.TaskGroup() as tasks:
        life = tasks.create_task(daemon.run())
        ready = tasks.create_task(daemon.is_ready.wait())
        await asyncio.wait({life, ready}, return_when=asyncio.FIRST_COMPLETED)
        if life.done():
            ready.cancel()
            life.result()
        try:
            yield daemon
        finally:
            daemon.stop()
            async with asyncio.timeout(30):
                await life


@asynccontextmanager
async def on_stage(
    directory: Path,
    *,
    site: SiteConfig,
    rules: str | dict[str, str] = STEADY,
    token: str = TOKEN,
    **sections: dict[str, Any],
) -> AsyncIterator[Stage]:
    """A site with pushed sessions, and a daemon with CC-CMS's readings; `sections` change the settings.

    The desktops send `TOKEN`; the daemon wants `token`.
    """
    paths = Paths(directory)
    for name, text in ({"webchat": rules} if isinstance(rules, str) else rules).items():
        paths.write_rules(text, name)
    port = next(free_ports)
    clock = ScaledClock(speed=site.speed, start=datetime(2026, 3, 2, 9, tzinfo=UTC))
    site = site.model_copy(update={"push": PushConfig(url=f"http://127.0.0.1:{port}", token=TOKEN)})
    async with running_site(site, clock=clock, directory=directory) as running:
        write_settings(paths, running.gateway_url, running.cms_url, running.ca_file, port, **sections)
        daemon = Daemon(load_settings(paths.config), clock=clock, speed=site.speed, token=token)
        async with living(daemon):
            yield Stage(site=running, paths=paths, clock=clock, daemon=daemon)


def write_settings(
    paths: Paths, gateway: str, cms: str, ca_file: Path, port: int, /, **sections: dict[str, Any]
) -> None:
    """Settings for a site; what `sections` hold goes first."""
    usual: dict[str, dict[str, Any]] = {
        "gateway": {"url": gateway, "ca_file": str(ca_file), "guid_life": "12s", "timeout": "1s"},
        "cms": {
            "url": cms,
            "ca_file": str(ca_file),
            "access_key": "AKSIMULATED",
            "secret_key_file": str(paths.secret("cms-secret", "SKSIMULATED")),
        },
        "sessions": {"kind": "pushed"},
        "sources__readings": {"kind": "cms", "deadline": "2s"},
        "console": {
            "listen": f"127.0.0.1:{port}",
            "socket": str(paths.socket),
            "token_file": str(paths.secret("console-token", TOKEN)),
        },
        "journal": {"stdout": False},
    }
    names = {**usual, **sections}
    paths.write_settings(**{name: {**usual.get(name, {}), **sections.get(name, {})} for name in names})
