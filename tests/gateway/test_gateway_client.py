"""Queries in an agent's session, against the simulated gateway and a server that notes what it is sent."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import trustme

from autoscaler.errors import (
    GatewayError,
    GatewayNonsense,
    GatewayRefused,
    GatewayUnreachable,
    SessionExpired,
    SessionMissing,
    UsageError,
)
from autoscaler.gateway.address import Address, parse_address
from autoscaler.gateway.client import GatewayClient
from autoscaler.gateway.exchange import Request, exchange
from autoscaler.gateway.ports import Credentials
from autoscaler.gateway.pushed import PushedSessions
from autoscaler.gateway.rare import RareTransport
from autoscaler.gateway.session_calls import SessionCalls, SignIn
from autoscaler.gateway.tls import trust_ca_file
from autoscaler.simulation.process import open_site
from autoscaler.simulation.site import AgentConfig, RateConfig, SiteConfig, SkillConfig
from autoscaler.testing import FakeClock

SKILLS = tuple(range(2001, 2151))
OK = b'{"message":"","retcode":"0"}'


@dataclass(eq=False)
class Site:
    """The simulated gateway with two agents signed in by hand."""

    client: GatewayClient
    sessions: PushedSessions
    calls: SessionCalls
    control: httpx.AsyncClient

    async def audit(self, interface: str) -> list[dict[str, Any]]:
        answer = await self.control.get("/sim/audit", params={"interface": interface})
        calls: list[dict[str, Any]] = answer.json()["calls"]
        return calls

    async def fault(self, **fault: Any) -> None:
        (await self.control.post("/sim/faults", json=[fault])).raise_for_status()


@asynccontextmanager
async def simulated(folder: Path) -> AsyncIterator[Site]:
    config = SiteConfig(
        agents=tuple(AgentConfig(id=agent, skills=SKILLS, is_desktop=False, password="p") for agent in (1001, 1002)),
        skills=tuple(SkillConfig(id=skill, arrivals=RateConfig(rate=0.0)) for skill in SKILLS),
    )
    with await open_site(config, folder) as site:
        transport = RareTransport(parse_address(site.gateway_url), trust_ca_file(site.ca_file))
        calls = SessionCalls(transport, polls=transport, timeout_s=5)
        sessions = PushedSessions(FakeClock(), guid_life_s=120)
        async with httpx.AsyncClient(base_url=site.control_url, trust_env=False) as control:
            try:
                for agent in (1001, 1002):
                    signed_in = await calls.sign_in(agent, SignIn(password="p", phonenum="1"))
                    cookies = dict(pair.split("=", 1) for pair in signed_in.cookie.split("; "))
                    sessions.put(agent, signed_in.guid, cookies)
                    credentials = sessions.credentials(agent)
                    assert credentials is not None
                    await calls.reset_skill(agent, credentials, ())
                yield Site(GatewayClient(transport, sessions, timeout_s=5), sessions, calls, control)
            finally:
                await transport.close()


async def test_queue_statistics_are_asked_for_a_hundred_at_a_time(tmp_path: Path) -> None:
    async with simulated(tmp_path) as site:
        rows = await site.client.query_acd_stat(1001, SKILLS)
        assert sorted(int(str(row["deviceNo"])) for row in rows) == list(SKILLS)
        assert len(await site.audit("queryacdstat")) == 2
        assert await site.client.query_acd_stat(1001, ()) == []


async def test_agents_states_and_loads_are_read(tmp_path: Path) -> None:
    async with simulated(tmp_path) as site:
        rows = await site.client.agents_by_skill(1001, 2001)
        assert sorted(int(str(row["workno"])) for row in rows) == [1001, 1002]
        assert await site.client.callnums(1002) == 0
        assert await site.client.agent_status(1002)


async def test_without_a_session_nothing_is_sent(tmp_path: Path) -> None:
    async with simulated(tmp_path) as site:
        site.sessions.delete(1001)
        with pytest.raises(SessionMissing, match="1001") as raised:
            await site.client.callnums(1001)
        assert raised.value.help
        with pytest.raises(UsageError):
            await site.client.callnums(7)
        assert await site.audit("callnums") == []


@pytest.mark.parametrize("retcode", ["100-006", "000-003", "105-006"])
async def test_a_guid_the_gateway_refuses_is_sent_no_second_time(tmp_path: Path, retcode: str) -> None:
    async with simulated(tmp_path) as site:
        await site.fault(kind="retcode", retcode=retcode, interface="callnums")
        with pytest.raises(SessionExpired, match=retcode):
            await site.client.callnums(1001)
        with pytest.raises(SessionMissing):
            await site.client.callnums(1001)
        assert len(await site.audit("callnums")) == 1


async def test_other_refusals_leave_the_session_alone(tmp_path: Path) -> None:
    async with simulated(tmp_path) as site:
        await site.fault(kind="retcode", retcode="300-001", interface="callnums", count=1)
        with pytest.raises(GatewayRefused, match="300-001") as raised:
            await site.client.callnums(1001)
        assert raised.value.retcode == "300-001"
        await site.fault(kind="status", status=503, interface="callnums", count=1)
        with pytest.raises(GatewayRefused, match="HTTP 503"):
            await site.client.callnums(1001)
        await site.fault(kind="html", interface="callnums", count=1)
        with pytest.raises(GatewayNonsense):
            await site.client.callnums(1001)
        await site.fault(kind="reset_before", interface="callnums", count=1)
        with pytest.raises(GatewayUnreachable):
            await site.client.callnums(1001)
        assert await site.client.callnums(1001) == 0


@dataclass(eq=False)
class Notes:
    """A gateway that answers what it is told to and notes every request's head."""

    answers: list[bytes] = field(default_factory=list)
    heads: list[dict[str, str]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
                self.lines.append(head[0])
                self.heads.append(fields)
                self.bodies.append(await reader.readexactly(int(fields.get("content-length", "0"))))
                if not self.answers:
                    continue  # silence
                writer.write(self.answers.pop(0))
        except (asyncio.IncompleteReadError, OSError):
            pass  # the client has gone
        finally:
            writer.transport.abort()


def http(body: bytes, *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@asynccontextmanager
async def noting(folder: Path, *answers: bytes) -> AsyncIterator[tuple[Notes, RareTransport]]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    notes = Notes(answers=list(answers))
    async with await asyncio.start_server(notes.serve, "127.0.0.1", 0, ssl=context) as listening:
        address = Address(host="127.0.0.1", port=listening.sockets[0].getsockname()[1])
        transport = RareTransport(address, trust_ca_file(folder / "ca.pem"), max_connections=1)
        try:
            yield notes, transport
        finally:
            await transport.close()


async def test_one_agents_cookies_never_go_along_with_anothers_call(tmp_path: Path) -> None:
    answers = [http(OK, "Set-Cookie: ELB=first; Path=/"), http(OK, "Set-Cookie: ELB=second"), http(OK), http(OK)]
    async with noting(tmp_path, *answers) as (notes, transport):
        sessions = PushedSessions(FakeClock(), guid_life_s=120)
        client = GatewayClient(transport, sessions, timeout_s=5)
        for agent in (1001, 1002, 1001, 1002):
            if sessions.credentials(agent) is None:
                sessions.put(agent, f"guid{agent}")
            await client.call(agent, "GET", f"/calldata/{agent}/statistics")
        assert [head.get("cookie") for head in notes.heads] == [None, None, "ELB=first", "ELB=second"]
        assert [head["guid"] for head in notes.heads] == ["guid1001", "guid1002", "guid1001", "guid1002"]


async def test_a_guid_on_any_answer_is_used_from_then_on(tmp_path: Path) -> None:
    answers = [http(OK, "sEt-gUiD: JSESSIONID=g2"), http(b"<html>", "Set-GUID: JSESSIONID=g3"), http(OK)]
    async with noting(tmp_path, *answers) as (notes, transport):
        sessions = PushedSessions(FakeClock(), guid_life_s=120)
        sessions.put(1001, "g1")
        client = GatewayClient(transport, sessions, timeout_s=5)
        await client.call(1001, "GET", "/x")
        with pytest.raises(GatewayNonsense):
            await client.call(1001, "GET", "/x")
        await client.call(1001, "GET", "/x")
        assert [head["guid"] for head in notes.heads] == ["g1", "g2", "g3"]


async def test_a_sign_in_sends_no_guid_and_the_documented_body(tmp_path: Path) -> None:
    body = orjson.dumps({"message": "", "retcode": "0", "result": {"mediatype": "TFF"}})
    async with noting(tmp_path, http(body, "set-guid: JSESSIONID=g1", "Set-Cookie: ELB=a; Secure")) as (
        notes,
        transport,
    ):
        calls = SessionCalls(transport, polls=transport, timeout_s=5)
        signed_in = await calls.sign_in(1001, SignIn(password="p", phonenum="8001"))
        assert (signed_in.guid, signed_in.cookie, signed_in.takes_chats) == ("g1", "ELB=a", False)
        assert notes.lines == ["PUT /agentgateway/resource/onlineagent/1001 HTTP/1.1"]
        assert "guid" not in notes.heads[0]
        assert notes.heads[0]["content-type"] == "application/json; charset=UTF-8"
        assert orjson.loads(notes.bodies[0]) == {"password": "p", "phonenum": "8001"}
        assert "g1" not in repr(signed_in)


async def test_a_sign_in_answered_without_a_guid_is_nonsense(tmp_path: Path) -> None:
    async with noting(tmp_path, http(OK)) as (_, transport):
        with pytest.raises(GatewayNonsense, match="Set-GUID"):
            await SessionCalls(transport, polls=transport, timeout_s=5).sign_in(1001, SignIn(password="p", phonenum=""))


@pytest.mark.parametrize(
    ("skills", "path"),
    [
        ((2001, 2002), "resetskill/false?skillid=2001;2002&phonelinkage=0"),
        ((), "resetskill/true?phonelinkage=0"),
    ],
)
async def test_queues_are_joined_by_name_or_all(tmp_path: Path, skills: tuple[int, ...], path: str) -> None:
    async with noting(tmp_path, http(OK)) as (notes, transport):
        credentials = Credentials(guid="g1", cookie="", sign_in=1)
        await SessionCalls(transport, polls=transport, timeout_s=5).reset_skill(1001, credentials, skills)
        assert notes.lines == [f"POST /agentgateway/resource/onlineagent/1001/{path} HTTP/1.1"]


async def test_a_skill_list_longer_than_the_gateway_reads_is_refused(tmp_path: Path) -> None:
    async with noting(tmp_path) as (notes, transport):
        credentials = Credentials(guid="g1", cookie="", sign_in=1)
        with pytest.raises(UsageError, match="4000"):
            await SessionCalls(transport, polls=transport, timeout_s=5).reset_skill(
                1001, credentials, range(1000, 1900)
            )
        assert notes.lines == []


async def test_signing_out_one_who_is_out_already_is_fine(tmp_path: Path) -> None:
    credentials = Credentials(guid="g1", cookie="", sign_in=1)
    answers = [http(b'{"message":"","retcode":"100-008"}'), http(b'{"message":"","retcode":"100-010"}')]
    async with noting(tmp_path, *answers) as (_, transport):
        calls = SessionCalls(transport, polls=transport, timeout_s=5)
        await calls.sign_out(1001, credentials)
        with pytest.raises(GatewayRefused, match="100-010"):
            await calls.sign_out(1001, credentials)


@pytest.mark.parametrize("result", [b"null", b'"x"', b"true", b"-1", b'{"a":1}', b"1.5"])
async def test_a_count_that_is_none_is_nonsense(tmp_path: Path, result: bytes) -> None:
    async with noting(tmp_path, http(b'{"retcode":"0","result":' + result + b"}")) as (_, transport):
        sessions = PushedSessions(FakeClock(), guid_life_s=120)
        sessions.put(1001, "g1")
        with pytest.raises(GatewayNonsense) as raised:
            await GatewayClient(transport, sessions, timeout_s=5).callnums(1001)
        assert raised.value.help


async def test_a_header_that_cant_be_sent_is_told_without_its_text(tmp_path: Path) -> None:
    async with noting(tmp_path) as (_, transport):
        with pytest.raises(GatewayError, match="spelled") as raised:
            await transport.send("GET", "/x", [("Guid", "secret\nguid")], b"")
        assert "secret" not in f"{raised.value!r} {raised.value.__cause__!r}"
        assert raised.value.__suppress_context__


async def test_silence_ends_at_the_deadline(tmp_path: Path) -> None:
    async with noting(tmp_path) as (_, transport):
        request = Request(method="GET", path="/x", body={"password": "p"}, place="a test")
        with pytest.raises(GatewayUnreachable, match=r"within 0\.05 s") as raised:
            await exchange(transport, request, None, timeout_s=0.05)
        assert raised.value.help
        assert "password" not in repr(request)


async def test_a_poll_timeout_shorter_than_the_gateways_wait_is_refused(tmp_path: Path) -> None:
    async with noting(tmp_path) as (_, transport):
        with pytest.raises(UsageError, match="10"):
            SessionCalls(transport, polls=transport, timeout_s=5, poll_timeout_s=10)
