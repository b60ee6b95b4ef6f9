"""A CC-CMS made of canned answers, behind real TLS on loopback."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
import trustme
from aiohttp import web

from autoscaler.sources.cms import CmsSource
from autoscaler.sources.cms_client import CmsSettings
from autoscaler.sources.signing import PlainKey
from autoscaler.testing import FakeClock

BASE = "/rest/cmsapp/v1/openapi/"
Given = Callable[[dict[str, Any]], Any]


def good(data: object) -> dict[str, object]:
    return {"resultCode": "0100000", "resultDesc": data}


@dataclass(kw_only=True)
class Site:
    """What it answers, by the path's end, and what it was asked.

    An answer is JSON, bytes as they stand, a `web.Response`, or a function of the request's JSON that gives one of
    these. `gate` holds every answer back until it is set; `entered` counts the requests that came.
    """

    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    entered: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    now: int = 0
    most: int = 0
    url: str = ""

    def asked_for(self, end: str) -> list[dict[str, Any]]:
        return [body for path, body in self.asked if path == end]

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = orjson.loads(await request.read())
        path = request.path.removeprefix(BASE)
        self.asked.append((path, body))
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        self.now += 1
        self.most = max(self.most, self.now)
        self.entered.release()
        try:
            await self.gate.wait()
        finally:
            self.now -= 1
        answer = self.answers.get(path, web.Response(status=404))
        if callable(answer):
            answer = answer(body)
        if isinstance(answer, web.Response):
            return answer
        return web.Response(body=answer if isinstance(answer, bytes) else orjson.dumps(answer))


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
async def site(authority: trustme.CA) -> AsyncIterator[Site]:
    site = Site()
    site.gate.set()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    runner = web.ServerRunner(web.Server(site.handle), shutdown_timeout=0.1)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await listener.start()
    site.url = f"https://127.0.0.1:{runner.addresses[0][1]}"
    yield site
    site.gate.set()
    await runner.cleanup()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def open_cms(site: Site, tls: ssl.SSLContext, clock: FakeClock) -> AsyncIterator[Callable[..., CmsSource]]:
    """Makes sources over the site; settings by keyword."""
    opened: list[CmsSource] = []

    def make(**settings: Any) -> CmsSource:
        source = CmsSource(
            CmsSettings(**{"url": site.url, "cc_id": 1, "vdn": 2, **settings}),
            signer=PlainKey(access_key="AK-of-the-test"),
            tls=tls,
            clock=clock,
        )
        opened.append(source)
        return source

    yield make
    for source in opened:
        await source.close()


@pytest.fixture
def usual(site: Site) -> Site:
    """Queue 2001 with agents 1001 to 1003: 1003 is signed out, 1002 is talking with two chats and a call."""
    site.answers |= {
        "skill/totalskillstatusex3": lambda body: good(
            [{"skillId": one, "queueSize": one - 1990, "queueTime": 44} for one in body["skillIds"]]
        ),
        "vdn/totalagentstate": good(
            [{"agentId": 1003, "state": 0}, {"agentId": 1001, "state": 1}, {"agentId": 1002, "state": 5}]
        ),
        "skill/agentsbyskills": good([{"skillId": 2001, "agentIds": [1002, 1001, 1003]}]),
        "agentgroup/queryagentcalls": lambda body: good(
            [
                row
                for row in (
                    {"agentId": 1001, "callList": []},
                    {"agentId": 1002, "callList": [{"mediaType": 51}, {"mediaType": "51"}, {"mediaType": 5}]},
                )
                if row["agentId"] in body["agentIds"]
            ]
        ),
    }
    return site
