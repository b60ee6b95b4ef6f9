"""Owned sessions against the simulated gateway: renewal, loss, lockout, sign-out. The gateway's audit is the judge."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
import structlog
import structlog.testing

from autoscaler.errors import GatewayRefused
from autoscaler.gateway.address import parse_address
from autoscaler.gateway.burst import BurstTransport
from autoscaler.gateway.owned import OwnedSessions
from autoscaler.gateway.owned_status import OwnedState, OwnedStatus
from autoscaler.gateway.ports import Credentials
from autoscaler.gateway.rare import RareTransport
from autoscaler.gateway.roster import OwnedAgent
from autoscaler.gateway.session_calls import SessionCalls, SignedIn, SignIn
from autoscaler.gateway.tls import trust_ca_file
from autoscaler.simulation.process import SiteProcess, open_site
from autoscaler.simulation.site import AgentConfig, RateConfig, SiteConfig, SkillConfig

QUEUE = 2001
PASSWORD = "right-Password1"
SPEED = 20.0
LIFE_S = 400.0
"""Of a Guid, in the site's time: 20 real seconds, which no busy machine takes from one poll to the next."""

SHORT_LIFE_S = 100.0
"""Where a test waits until the gateway has forgotten somebody."""

INTERVAL_S = 20.0
"""From one Guid to the next."""

PATIENCE_S = 60.0
"""Real seconds; far more than anything here takes."""


def forgetful(agents: Iterable[int], **changes: Any) -> SiteConfig:
    """A site that soon forgets who is silent."""
    return site_of(agents, **{"guid_timeout_s": SHORT_LIFE_S, "max_time_s": SHORT_LIFE_S, **changes})


def site_of(agents: Iterable[int], **changes: Any) -> SiteConfig:
    return SiteConfig(
        **{
            "agents": tuple(
                AgentConfig(id=agent, skills=(QUEUE,), is_desktop=False, password=PASSWORD) for agent in agents
            ),
            "skills": (SkillConfig(id=QUEUE, arrivals=RateConfig(rate=0.0)),),
            "speed": SPEED,
            "guid_interval_s": INTERVAL_S,
            "guid_timeout_s": LIFE_S,
            "max_time_s": LIFE_S,
            "poll_wait_s": 4.0,
            **changes,
        }
    )


@dataclass(eq=False)
class Watch:
    """Hears of every change and lets a test wait for one."""

    sign_ins: list[int] = field(default_factory=list)
    states: list[OwnedStatus] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def on_sign_in(self, agent: int) -> None:
        self.sign_ins.append(agent)
        self._changed.set()

    def on_change(self, status: OwnedStatus) -> None:
        self.states.append(status)
        self._changed.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    def last_error(self) -> str:
        return next((status.last_error for status in reversed(self.states) if status.last_error), "")


@dataclass(eq=False)
class Stage:
    """A site, and the calls to it."""

    site: SiteProcess
    calls: SessionCalls
    folder: Path
    control: httpx.AsyncClient

    def agent(self, agent: int, password: str = PASSWORD, skills: tuple[int, ...] = (QUEUE,)) -> OwnedAgent:
        file = self.folder / f"{agent}.password"
        file.write_text(password + "\n")
        return OwnedAgent(agent=agent, password_file=file, phonenum=str(agent), skills=skills)

    @asynccontextmanager
    async def owning(
        self, *agents: OwnedAgent, force: bool = False, life_s: float = LIFE_S
    ) -> AsyncIterator[tuple[OwnedSessions, Watch]]:
        watch = Watch()
        sessions = OwnedSessions(
            agents,
            self.calls,
            self.site.clock(),
            Random(7),
            guid_life_s=life_s,
            force_sign_in=force,
            on_sign_in=watch.on_sign_in,
            on_change=watch.on_change,
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(sessions.run(), name="owned_sessions")
            try:
                yield sessions, watch
            finally:
                await sessions.close(deadline_s=10)

    async def audit(self, interface: str = "") -> dict[str, Any]:
        answer = await self.control.get("/sim/audit", params={"interface": interface} if interface else {})
        report: dict[str, Any] = answer.json()
        return report

    async def calls_of(self, interface: str) -> list[str]:
        """The outcomes of all calls of one interface, oldest first."""
        return [call["outcome"] for call in (await self.audit(interface))["calls"]]

    async def fault(self, **fault: Any) -> None:
        (await self.control.post("/sim/faults", json=[fault])).raise_for_status()

    async def signed_in(self) -> set[int]:
        rows = (await self.control.get("/sim/state")).json()["agents"]
        return {row["id"] for row in rows if row["is_signed_in"]}

    async def clean(self) -> None:
        """No client mistake was seen."""
        counters = (await self.audit())["counters"]
        assert counters["second_pollers"] == 0
        assert counters["dead_guid_reuses"] == 0


@asynccontextmanager
async def staged(config: SiteConfig, folder: Path) -> AsyncIterator[Stage]:
    site = await open_site(config, folder)
    with site:
        address = parse_address(site.gateway_url)
        trust = trust_ca_file(site.ca_file)
        rare = RareTransport(address, trust)
        polls = BurstTransport(
            host=address.host, port=address.port, trust=trust, connections=len(config.agents), timeout_s=15
        )
        calls = SessionCalls(rare, polls=polls, timeout_s=5)
        async with httpx.AsyncClient(base_url=site.control_url, trust_env=False) as control:
            try:
                yield Stage(site=site, calls=calls, folder=folder, control=control)
            finally:
                await polls.close()
                await rare.close()


@pytest.mark.parametrize("header", ["Set-GUID", "set-guid"])
async def test_sessions_outlive_many_guids_on_one_sign_in_each(tmp_path: Path, header: str) -> None:
    agents = range(60_001, 60_006)
    life_s = 10 * INTERVAL_S
    config = site_of(agents, set_guid_header=header, guid_timeout_s=life_s, max_time_s=life_s)
    async with staged(config, tmp_path) as stage:
        clock = stage.site.clock()
        async with stage.owning(*map(stage.agent, agents), life_s=life_s) as (sessions, watch):
            await watch.until(lambda: len(watch.sign_ins) == len(agents))
            guids: dict[int, set[str]] = {agent: set() for agent in agents}
            over = clock.monotonic() + life_s
            async with asyncio.timeout(PATIENCE_S):
                while clock.monotonic() < over or min(map(len, guids.values())) < 6:
                    await clock.sleep(2)
                    for agent in agents:
                        credentials = sessions.credentials(agent)
                        assert credentials is not None
                        assert credentials.sign_in == 1
                        guids[agent].add(credentials.guid)
            assert {status.state for status in sessions.status()} == {OwnedState.LIVE}
            assert sorted(watch.sign_ins) == list(agents)
        assert await stage.calls_of("login") == ["0"] * len(agents)
        assert await stage.calls_of("logout") == ["0"] * len(agents)
        assert await stage.signed_in() == set()
        assert set((await stage.audit())["by_retcode"]) == {"0"}, "cookies and Guids were each agent's own"
        await stage.clean()


async def test_a_gateway_restart_leads_to_a_new_sign_in_that_is_told(tmp_path: Path) -> None:
    async with staged(site_of([60_001]), tmp_path) as stage:
        async with stage.owning(stage.agent(60_001)) as (sessions, watch):
            await watch.until(lambda: watch.sign_ins == [60_001])
            await stage.fault(kind="restart", duration_s=10)
            await watch.until(lambda: watch.sign_ins == [60_001, 60_001])
            credentials = sessions.credentials(60_001)
            assert credentials is not None
            assert credentials.sign_in == 2
        await stage.clean()


async def test_an_agent_signed_out_for_its_silence_signs_in_again(tmp_path: Path) -> None:
    async with staged(forgetful([60_001]), tmp_path) as stage:
        async with stage.owning(stage.agent(60_001), life_s=SHORT_LIFE_S) as (sessions, watch):
            await watch.until(lambda: watch.sign_ins == [60_001])
            await stage.fault(kind="outage", duration_s=2 * SHORT_LIFE_S)
            await watch.until(lambda: any(status.state is OwnedState.SIGNED_OUT for status in watch.states))
            assert sessions.credentials(60_001) is None, "an old Guid is not handed out"
            await watch.until(lambda: len(watch.sign_ins) >= 2)
        await stage.clean()


async def test_a_short_outage_costs_no_sign_in(tmp_path: Path) -> None:
    async with staged(site_of([60_001], guid_timeout_s=600, max_time_s=600), tmp_path) as stage:
        async with stage.owning(stage.agent(60_001)) as (sessions, watch):
            await watch.until(lambda: watch.sign_ins == [60_001])
            polls = len(await stage.calls_of("agentevent"))
            for kind in ("reset_before", "html", "truncated", "status"):
                await stage.fault(kind=kind, interface="agentevent", count=1)
            async with asyncio.timeout(PATIENCE_S):
                while len(await stage.calls_of("agentevent")) < polls + 6:
                    await stage.site.clock().sleep(1)
            assert sessions.credentials(60_001) is not None
            assert watch.sign_ins == [60_001]
        assert await stage.calls_of("login") == ["0"]


async def test_whoever_holds_the_session_already_is_not_thrown_out(tmp_path: Path) -> None:
    async with staged(site_of([60_001], max_time_s=20), tmp_path) as stage:
        await stage.calls.sign_in(60_001, SignIn(password=PASSWORD, phonenum="1"))
        async with stage.owning(stage.agent(60_001)) as (_, watch):
            await watch.until(lambda: "100-002" in watch.last_error())
            assert not watch.sign_ins
            await watch.until(lambda: watch.sign_ins == [60_001])  # the other one has gone silent
        assert (await stage.audit())["counters"]["forced_sign_ins"] == 0
        assert "100-002" in await stage.calls_of("login")
        await stage.clean()


async def test_the_session_is_forced_only_when_the_settings_say_so(tmp_path: Path) -> None:
    async with staged(site_of([60_001]), tmp_path) as stage:
        await stage.calls.sign_in(60_001, SignIn(password=PASSWORD, phonenum="1"))
        async with stage.owning(stage.agent(60_001), force=True) as (_, watch):
            await watch.until(lambda: watch.sign_ins == [60_001])
        assert (await stage.audit())["counters"]["forced_sign_ins"] == 1


async def test_where_forcing_is_forbidden_the_agent_stops(tmp_path: Path) -> None:
    async with staged(site_of([60_001], allows_forced_sign_in=False), tmp_path) as stage:
        await stage.calls.sign_in(60_001, SignIn(password=PASSWORD, phonenum="1"))
        async with stage.owning(stage.agent(60_001), force=True) as (sessions, watch):
            await watch.until(lambda: sessions.status()[0].state is OwnedState.STOPPED)
            assert "100-015" in watch.last_error()


async def test_a_wrong_password_is_sent_once_until_a_person_has_put_it_right(tmp_path: Path) -> None:
    async with staged(site_of([60_001, 60_002]), tmp_path) as stage:
        wrong = stage.agent(60_001, "hunter2")
        async with stage.owning(wrong, stage.agent(60_002)) as (sessions, watch):
            await watch.until(lambda: sessions.status()[0].state is OwnedState.STOPPED and bool(watch.sign_ins))
            assert watch.sign_ins == [60_002], "others go on"
            error = sessions.status()[0].last_error
            assert error is not None
            assert "100-004" in error
            assert "hunter2" not in error
            clock = stage.site.clock()
            await clock.sleep(60)
            assert (await stage.calls_of("login")).count("100-004") == 1
            wrong.password_file.write_text(PASSWORD)
            sessions.retry(60_001)
            await watch.until(lambda: watch.sign_ins == [60_002, 60_001])
        await stage.clean()


@pytest.mark.parametrize("retcode", ["110-016", "110-021"])
async def test_a_locked_account_stops_the_agent(tmp_path: Path, retcode: str) -> None:
    async with staged(site_of([60_001]), tmp_path) as stage:
        await stage.fault(kind="retcode", interface="login", retcode=retcode)
        async with stage.owning(stage.agent(60_001)) as (sessions, watch):
            await watch.until(lambda: sessions.status()[0].state is OwnedState.STOPPED)
            await stage.site.clock().sleep(60)
        assert await stage.calls_of("login") == [retcode]


async def test_a_refused_guid_is_never_sent_again(tmp_path: Path) -> None:
    async with staged(forgetful([60_001]), tmp_path) as stage:
        async with stage.owning(stage.agent(60_001)) as (sessions, watch):
            await watch.until(lambda: watch.sign_ins == [60_001])
            before = sessions.credentials(60_001)
            assert before is not None
            await stage.fault(kind="retcode", interface="agentevent", retcode="000-003", count=1)
            await watch.until(lambda: any(status.state is OwnedState.SIGNED_OUT for status in watch.states[3:]))
            assert sessions.credentials(60_001) is None
            await watch.until(lambda: len(watch.sign_ins) >= 2)  # once the gateway has forgotten the old one
            after = sessions.credentials(60_001)
            assert after is not None
            assert after.guid != before.guid
        await stage.clean()
        assert (await stage.audit())["counters"]["forced_sign_ins"] == 0


async def test_a_guid_that_another_call_saw_refused_is_not_polled_with(tmp_path: Path) -> None:
    async with staged(forgetful([60_001], guid_interval_s=50), tmp_path) as stage:
        async with stage.owning(stage.agent(60_001)) as (sessions, watch):
            await watch.until(lambda: watch.sign_ins == [60_001])
            credentials = sessions.credentials(60_001)
            assert credentials is not None
            sessions.refused(60_001, credentials.guid, "100-006")
            assert sessions.credentials(60_001) is None
            await watch.until(lambda: len(watch.sign_ins) >= 2)
        hashes = [call["guid"] for call in (await stage.audit("agentevent"))["calls"]]
        first = hashes[0]
        last_use = len(hashes) - 1 - hashes[::-1].index(first)
        assert set(hashes[: last_use + 1]) == {first}, "once replaced, it never came back"


async def test_queues_that_cant_be_joined_at_once_are_joined_between_polls(tmp_path: Path) -> None:
    async with staged(site_of([60_001]), tmp_path) as stage:
        await stage.fault(kind="retcode", interface="resetskill", retcode="100-007", count=3)
        async with stage.owning(stage.agent(60_001)) as (_, watch):
            await watch.until(lambda: watch.sign_ins == [60_001])
        assert await stage.calls_of("resetskill") == ["100-007"] * 3 + ["0"]
        assert await stage.calls_of("login") == ["0"]


async def test_queues_the_gateway_refuses_stop_the_agent_and_sign_it_out(tmp_path: Path) -> None:
    async with staged(site_of([60_001]), tmp_path) as stage:
        await stage.fault(kind="retcode", interface="resetskill", retcode="000-002")
        async with stage.owning(stage.agent(60_001)) as (sessions, watch):
            await watch.until(lambda: OwnedState.SIGNING_OUT in [status.state for status in watch.states])
            await watch.until(lambda: sessions.status()[0].state is OwnedState.STOPPED)
            assert sessions.credentials(60_001) is None
            assert "000-002" in watch.last_error()
        assert await stage.calls_of("logout") == ["0"]


async def test_a_session_lost_again_and_again_stops_the_agent(tmp_path: Path) -> None:
    async with staged(site_of([60_001], max_time_s=1, guid_interval_s=0.5, guid_timeout_s=1), tmp_path) as stage:
        await stage.fault(kind="retcode", interface="agentevent", retcode="100-006")
        async with stage.owning(stage.agent(60_001)) as (sessions, watch):
            await watch.until(lambda: sessions.status()[0].state is OwnedState.STOPPED)
            assert "8 times in a row" in watch.last_error()
        assert (await stage.calls_of("login")).count("0") == 8


async def test_a_sign_in_under_way_is_waited_for_and_signed_out_at_the_end(tmp_path: Path) -> None:
    async with staged(site_of([60_001]), tmp_path) as stage:
        await stage.fault(kind="delay", interface="login", delay_s=20)
        async with stage.owning(stage.agent(60_001)) as (_, watch):
            await watch.until(lambda: bool(watch.states) and watch.states[-1].state is OwnedState.SIGNING_IN)
        assert await stage.calls_of("login") == ["0"]
        assert await stage.calls_of("logout") == ["0"]


async def test_closing_ends_at_its_deadline_when_the_gateway_is_silent(tmp_path: Path) -> None:
    async with staged(site_of([60_001]), tmp_path) as stage, stage.owning(stage.agent(60_001)) as (sessions, watch):
        await watch.until(lambda: watch.sign_ins == [60_001])
        await stage.fault(kind="delay", interface="logout", delay_s=3600)
        async with asyncio.timeout(10):
            await sessions.close(deadline_s=0.2)
        assert sessions.status()[0].state is OwnedState.SIGNED_OUT


async def test_no_secret_reaches_the_log_or_a_status(tmp_path: Path) -> None:
    async with staged(forgetful([60_001, 60_002]), tmp_path) as stage:
        guids: set[str] = set()
        with structlog.testing.capture_logs() as lines:
            async with stage.owning(stage.agent(60_001), stage.agent(60_002, "hunter2")) as (sessions, watch):
                await watch.until(lambda: sessions.status()[1].state is OwnedState.STOPPED and bool(watch.sign_ins))
                credentials = sessions.credentials(60_001)
                assert credentials is not None
                guids.add(credentials.guid.partition(".")[0])
                await stage.fault(kind="retcode", interface="agentevent", retcode="100-006", count=1)
                await watch.until(lambda: len(watch.sign_ins) >= 2)
        assert {line["event"] for line in lines} >= {"session_signed_in", "session_stopped", "session_lost"}
        text = f"{lines} {watch.states} {stage.agent(60_001)}"
        assert not any(secret in text for secret in {*guids, PASSWORD, "hunter2"})


async def test_renewing_by_hand_brings_a_guid_that_works(tmp_path: Path) -> None:
    async with staged(site_of([60_001], update_guid_ends_old=True), tmp_path) as stage:
        signed_in = await stage.calls.sign_in(60_001, SignIn(password=PASSWORD, phonenum="1"))
        assert signed_in.takes_chats is True
        old = _credentials(signed_in)
        new = Credentials(guid=await stage.calls.update_guid(60_001, old), cookie=old.cookie, sign_in=1)
        with pytest.raises(GatewayRefused) as raised:
            await stage.calls.update_guid(60_001, old)
        assert raised.value.help
        await stage.calls.sign_out(60_001, new)
        assert await stage.signed_in() == set()


def _credentials(signed_in: SignedIn) -> Credentials:
    return Credentials(guid=signed_in.guid, cookie=signed_in.cookie, sign_in=1)
