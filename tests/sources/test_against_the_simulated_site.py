"""Both sources over the wire against a whole simulated site that holds still once every agent is full."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson
import pytest

from autoscaler.clock import SystemClock
from autoscaler.core.readings import ANY_MEDIA
from autoscaler.errors import GatewayRefused
from autoscaler.simulation.process import SiteProcess, open_site
from autoscaler.simulation.site import AgentConfig, RateConfig, SiteConfig, SkillConfig
from autoscaler.sources.cms import CmsSource
from autoscaler.sources.cms_client import CmsSettings
from autoscaler.sources.gateway import GatewaySource
from autoscaler.sources.ports import Seen, Source, Want
from autoscaler.sources.signing import find_signer

AGENTS = (1001, 1002, 1003)
CHATS = Want(group="webchat", queues=(2001,), media_type=51, agent_ids=None)
FULL = [2.0, 3.0, 1.0]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[SiteProcess]:
    config = SiteConfig(
        agents=tuple(
            AgentConfig(id=agent, skills=(2001,), limit=int(limit)) for agent, limit in zip(AGENTS, FULL, strict=True)
        ),
        skills=(SkillConfig(id=2001, arrivals=RateConfig(rate=5.0), solo_chat_s=1e7, patience_s=None),),
        speed=20.0,
    )
    running = await open_site(config, tmp_path)
    yield running
    await asyncio.to_thread(running.stop)


class Desktops:
    """`GatewayCalls` with the Guids and cookies the simulated desktops hold."""

    def __init__(self, site: SiteProcess, http: httpx.AsyncClient) -> None:
        self._site = site
        self._http = http
        self._held: dict[str, Any] = {}

    async def refresh(self) -> None:
        self._held = (await self._http.get(f"{self._site.control_url}/sim/desktops")).json()

    def agents_with_session(self) -> Sequence[int]:
        return sorted(map(int, self._held))

    async def call(self, agent: int, method: str, path: str, body: bytes | None) -> dict[str, Any]:
        held = self._held[str(agent)]
        answer = await self._http.request(
            method,
            f"{self._site.gateway_url}/agentgateway/resource/{path}",
            content=body,
            headers={
                "Guid": held["guid"],
                "Content-Type": "application/json; charset=UTF-8",
                "Cookie": "; ".join(f"{name}={value}" for name, value in held["cookies"].items()),
            },
        )
        members: dict[str, Any] = orjson.loads(answer.content)
        if members["retcode"] != "0":
            raise GatewayRefused(f"refused with retcode {members['retcode']}", retcode=members["retcode"])
        return members


async def observed_full(source: Source, media: int) -> Seen:
    """Observe until every agent holds all the chats it may."""
    async with asyncio.timeout(20):
        while True:
            seen = await source.observe(CHATS, 5)
            assert seen.problems == ()
            if seen.agents.load[media].tolist() == FULL and seen.queues.waiting.tolist()[0] > 0:
                return seen


async def test_cms_tells_what_the_site_holds(site: SiteProcess) -> None:
    source = CmsSource(
        CmsSettings(url=site.cms_url, cc_id=1, vdn=1, state_durations=True),
        signer=find_signer("sdk-hmac-sha256", access_key="AKSIMULATED", secret_key="SKSIMULATED"),
        tls=ssl.create_default_context(cafile=site.ca_file),
        clock=SystemClock(),
    )
    try:
        seen = await observed_full(source, 51)
    finally:
        await source.close()
    assert seen.roster_problem == ""
    assert seen.agents.ids.tolist() == list(AGENTS)
    assert seen.agents.queue_ids.tolist() == [2001] * 3
    assert not np.isnan(seen.agents.state_for_s).any()
    assert ((seen.agents.age_s >= 0) & (seen.agents.age_s < 5)).all()
    assert seen.queues.oldest_wait_s[0] >= 0


async def test_cms_with_a_wrong_key_says_what_to_check(site: SiteProcess) -> None:
    source = CmsSource(
        CmsSettings(url=site.cms_url, cc_id=1, vdn=1),
        signer=find_signer("sdk-hmac-sha256", access_key="AKSIMULATED", secret_key="wrong"),
        tls=ssl.create_default_context(cafile=site.ca_file),
        clock=SystemClock(),
    )
    try:
        seen = await source.observe(CHATS, 5)
    finally:
        await source.close()
    assert all("HTTP 401" in problem for problem in seen.problems)
    assert len(seen.problems) == 3
    assert "HTTP 401" in seen.roster_problem


async def test_the_gateway_tells_what_the_site_holds(site: SiteProcess) -> None:
    context = ssl.create_default_context(cafile=site.ca_file)
    async with httpx.AsyncClient(verify=context, trust_env=False) as http:
        desktops = Desktops(site, http)
        await desktops.refresh()
        seen = await observed_full(GatewaySource(desktops, clock=SystemClock()), ANY_MEDIA)
    assert seen.roster_problem == ""
    assert seen.agents.ids.tolist() == list(AGENTS)
    assert not np.isnan(seen.agents.state_for_s).any()
    assert (seen.agents.signed_in_for_s >= 0).all()
