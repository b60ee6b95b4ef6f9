"""A simulated site under a test's clock, and clients that speak to it over TLS."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from autoscaler.simulation.agents import AgentSpec
from autoscaler.simulation.centre import Centre
from autoscaler.simulation.control import control_port
from autoscaler.simulation.customers import Arrivals, Customer, Demand, customers
from autoscaler.simulation.running import RunningSite, running_site
from autoscaler.simulation.site import AgentConfig, RateConfig, SiteConfig, SkillConfig
from autoscaler.simulation.slowdown import Power
from autoscaler.testing.clock import FakeClock

DEADLINE_S = 10
WEB_CHAT, SOCIAL = 51, 53


@dataclass
class Answered:
    """One answer of the gateway, read whole."""

    status: int
    headers: list[tuple[str, str]]
    body: dict[str, Any]

    @property
    def retcode(self) -> str:
        return self.body["retcode"]

    @property
    def guid(self) -> str | None:
        for name, value in self.headers:
            if name.lower() == "set-guid":
                return value.removeprefix("JSESSIONID=")
        return None


@dataclass
class Person:
    """An agent's client: sends the Guid and cookie it was given, learns new ones from answers."""

    http: aiohttp.ClientSession
    base: str
    agent: int
    guid: str = ""
    cookie: str = ""
    forgets_cookie: bool = False

    async def call(self, method: str, path: str, body: Any = None, guid: str | None = None) -> Answered:
        headers = {"guid": self.guid if guid is None else guid}
        if self.cookie and not self.forgets_cookie:
            headers["Cookie"] = f"lang=en; {self.cookie}"
        url = f"{self.base}/agentgateway/resource/{path}"
        async with (
            asyncio.timeout(DEADLINE_S),
            self.http.request(method, url, json=body, headers=headers) as response,
        ):
            members = await response.json()
            answered = Answered(response.status, [(k, v) for k, v in response.headers.items()], members)
            if "Set-Cookie" in response.headers:
                self.cookie = response.headers["Set-Cookie"].partition(";")[0]
        if answered.guid is not None:
            self.guid = answered.guid
        return answered

    async def login(self, how: str = "", password: str = "secret", **more: Any) -> Answered:
        body = {"password": password, "phonenum": "4001", **more}
        return await self.call("PUT", f"onlineagent/{self.agent}{how}", body, guid="")

    async def join(self, skills: str = "2001", autoflag: str = "false") -> Answered:
        path = f"onlineagent/{self.agent}/resetskill/{autoflag}?skillid={skills}&phonelinkage=0"
        return await self.call("POST", path)

    async def set_limit(self, callnums: Any, media_type: Any = "51") -> Answered:
        body = {"mediaType": media_type, "callnums": callnums}
        return await self.call("POST", f"mediacall/{self.agent}/setcallnums", body)

    async def poll(self) -> Answered:
        return await self.call("GET", f"agentevent/{self.agent}")

    async def status(self) -> Answered:
        return await self.call("GET", f"onlineagent/{self.agent}/agentstatus")


@dataclass
class Bench:
    """A running site and everything a test does with it."""

    site: RunningSite
    clock: FakeClock
    control_url: str
    tls: ssl.SSLContext
    http: aiohttp.ClientSession
    stack: AsyncExitStack = field(repr=False)

    async def connection(self) -> aiohttp.ClientSession:
        """A client with connections of its own."""
        connector = aiohttp.TCPConnector(ssl=self.tls)
        return await self.stack.enter_async_context(
            aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        )

    async def person(self, agent: int, *, signed_in: bool = True) -> Person:
        person = Person(await self.connection(), self.site.gateway_url, agent)
        if signed_in:
            assert (await person.login()).retcode == "0"
            assert (await person.join(autoflag="true")).retcode == "0"
        return person

    async def control(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        async with (
            asyncio.timeout(DEADLINE_S),
            self.http.request(method, f"{self.control_url}/sim/{path}", json=body) as response,
        ):
            assert response.status == status
            return await response.json()

    async def fault(self, kind: str, **more: Any) -> None:
        await self.control("POST", "faults", [{"kind": kind, **more}])

    async def limit(self, agent: int, media_type: int = WEB_CHAT) -> int:
        return (await self.control("GET", "limits"))[str(agent)][str(media_type)]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Let the loop run until `holds`."""
        async with asyncio.timeout(DEADLINE_S):
            while not holds():  # noqa: ASYNC110 what is waited for has no event of its own
                await asyncio.sleep(0.001)  # lets sockets be read; the condition decides

    async def polling(self, person: Person) -> asyncio.Task[Answered]:
        """Start a poll and return once the gateway holds it."""
        box = self.site.world.events.get(person.agent)
        before = len(box.waiters) if box else 0
        task = asyncio.create_task(person.poll())
        await self.until(lambda: task.done() or (box is not None and len(box.waiters) > before))
        return task

    async def drain(self, person: Person) -> list[str]:
        """Fetch every event that waits; their types."""
        types = []
        while self.site.world.events[person.agent].events:
            types.append((await person.poll()).body["event"]["eventType"])
        return types


def small_site(**changes: Any) -> SiteConfig:
    """Two desktops, two agents who wait for somebody to sign them in, two queues, no customers."""
    both = (2001, 2002)
    return SiteConfig(
        **{
            "agents": (
                AgentConfig(id=1001, skills=(2001,)),
                AgentConfig(id=1002, skills=both, limits={SOCIAL: 5}),
                AgentConfig(id=1003, skills=both, is_desktop=False, password="secret"),
                AgentConfig(id=1004, skills=(2001,), is_desktop=False, password="secret"),
            ),
            "skills": (
                SkillConfig(id=2001, media_type=WEB_CHAT, arrivals=RateConfig(rate=0)),
                SkillConfig(id=2002, media_type=SOCIAL, arrivals=RateConfig(rate=0)),
            ),
            **changes,
        }
    )


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[Bench]]]:
    """Makes a site from `small_site`'s changes; everything closes at the test's end."""
    async with AsyncExitStack() as stack:

        async def make(config: SiteConfig | None = None, **changes: Any) -> Bench:
            clock = FakeClock()
            config = config or small_site(**changes)
            site = await stack.enter_async_context(running_site(config, clock=clock, directory=tmp_path))
            control_url = await stack.enter_async_context(control_port(site, host="127.0.0.1", port=0))
            tls = ssl.create_default_context(cafile=str(site.ca_file))
            http = await stack.enter_async_context(aiohttp.ClientSession())
            return Bench(site, clock, control_url, tls, http, stack)

        yield make


@pytest.fixture
def centre() -> Callable[..., Centre]:
    """Makes a centre with everybody signed in to queue 2001."""

    def make(
        *,
        agents: int = 3,
        limit: int = 2,
        people: list[Customer] | None = None,
        rate: float = 0.02,
        seed: int = 1,
        alpha: float = 0.785,
        patience_s: float | None = 180.0,
    ) -> Centre:
        demand = Demand(
            queue=2001,
            arrivals=Arrivals.constant(rate),
            solo_chat_s=400.0,
            work_cv=None,
            patience_s=patience_s,
        )
        made = Centre(
            agents=[
                AgentSpec(id=1001 + index, limits={WEB_CHAT: limit}, skills=frozenset({2001}))
                for index in range(agents)
            ],
            media_types={2001: WEB_CHAT},
            customers=customers((demand,), seed) if people is None else iter(people),
            slowdown=Power(alpha=alpha),
            seed=seed,
        )
        for agent in made.agents:
            made.sign_in(agent)
            made.join(agent, [2001])
        return made

    return make
