"""The lean transport against a real TLS server that answers well and badly."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from autoscaler.errors import GatewayError, GatewayNonsense, GatewayUnreachable
from autoscaler.gateway.burst import BurstTransport
from autoscaler.gateway.framing import MAX_BODY_BYTES, MAX_HEAD_BYTES
from autoscaler.gateway.ports import Answer, NoAnswer
from autoscaler.gateway.tls import trust_ca_file

from .misbehaving import SUCCESS, Request, Script, Server, http, resets, says, serving, stays_silent

HEADERS = [("Content-Type", "application/json; charset=UTF-8"), ("Guid", "the-guid.AgentGateway0")]
PATH = "/agentgateway/resource/mediacall/1001/setcallnums"
BODY = b'{"mediaType":"51","callnums":"4"}'


@asynccontextmanager
async def transport_to(
    script: Script, folder: Path, *, connections: int = 4, timeout_s: float = 5.0, idle_s: float = 15.0
) -> AsyncIterator[tuple[BurstTransport, Server]]:
    async with serving(script, folder) as server:
        transport = BurstTransport(
            host="127.0.0.1",
            port=server.port,
            trust=server.trust,
            connections=connections,
            timeout_s=timeout_s,
            idle_s=idle_s,
        )
        try:
            yield transport, server
        finally:
            await transport.close()


async def test_a_call_arrives_as_written_and_its_answer_comes_back_whole(tmp_path: Path) -> None:
    async with transport_to(says(http()), tmp_path) as (transport, server):
        answer = await transport.send("POST", PATH, HEADERS, BODY)
    assert answer == Answer(status=200, set_guid=None, set_cookie=(), body=SUCCESS)
    (request,) = server.requests
    assert request.body == BODY
    lines = request.head.split("\r\n")
    assert lines[0] == f"POST {PATH} HTTP/1.1"
    assert set(lines[1:-2]) == {
        f"Host: 127.0.0.1:{server.port}",
        f"Content-Length: {len(BODY)}",
        "Content-Type: application/json; charset=UTF-8",
        "Guid: the-guid.AgentGateway0",
    }


async def test_a_connection_is_kept_and_used_again(tmp_path: Path) -> None:
    async with transport_to(says(http()), tmp_path) as (transport, server):
        for _ in range(3):
            await transport.send("POST", PATH, HEADERS, BODY)
    assert server.connections == 1


async def test_a_renewed_guid_and_cookies_are_kept_in_any_letter_case(tmp_path: Path) -> None:
    renewed = http(headers=("sEt-gUID: JSESSIONID=new.AgentGateway1", "Set-Cookie: elb=1; Path=/", "set-cookie: a=b"))
    async with transport_to(says(renewed, http()), tmp_path) as (transport, _):
        first = await transport.send("POST", PATH, HEADERS, BODY)
        second = await transport.send("POST", PATH, HEADERS, BODY)
    assert (first.set_guid, first.set_cookie) == ("new.AgentGateway1", ("elb=1; Path=/", "a=b"))
    assert (second.set_guid, second.set_cookie) == (None, ())


async def test_connections_stay_within_the_bound_and_no_call_waits_behind_a_silent_one(tmp_path: Path) -> None:
    async def script(request: Request, writer: asyncio.StreamWriter) -> None:
        if b"silent" not in request.body:
            writer.write(http())

    async with transport_to(script, tmp_path, connections=2) as (transport, server):
        silent = asyncio.create_task(transport.send("POST", PATH, HEADERS, b"silent"))
        await server.until(lambda: len(server.requests) == 1)
        answers = await asyncio.gather(*(transport.send("POST", PATH, HEADERS, BODY) for _ in range(10)))
        silent.cancel()
        with pytest.raises(asyncio.CancelledError):
            await silent
    assert [answer.body for answer in answers] == [SUCCESS] * 10
    assert server.connections == 2


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (resets, GatewayUnreachable),
        (says(b"HTTP/1.1 200 OK\r\nContent-Length: 35\r\n\r\n{"), GatewayUnreachable),
        (says(b"SSH-2.0-OpenSSH\r\n\r\n"), GatewayNonsense),
        (says(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}"), GatewayNonsense),
        (says(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), GatewayNonsense),
        (says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}"), GatewayNonsense),
        (says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), GatewayNonsense),
        (says(b"HTTP/1.1 200 OK\r\n folded\r\n\r\n"), GatewayNonsense),
        (says(b"HTTP/1.1 200 OK\r\nX: " + b"x" * (MAX_HEAD_BYTES + 1)), GatewayNonsense),
        (says(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1)), GatewayNonsense),
        (says(b"HTTP/1.1 101 Switching Protocols\r\n\r\n"), GatewayNonsense),
    ],
)
async def test_no_whole_answer_is_an_error_and_the_next_call_gets_a_connection_of_its_own(
    script: Script, error: type[GatewayError], tmp_path: Path
) -> None:
    async def then_hangs_up(request: Request, writer: asyncio.StreamWriter) -> None:
        await script(request, writer)
        if writer.can_write_eof() or not writer.transport.is_closing():
            writer.close()

    async with transport_to(then_hangs_up, tmp_path) as (transport, server):
        with pytest.raises(error) as raised:
            await transport.send("POST", PATH, HEADERS, BODY)
        assert raised.value.help
        server.script = says(http())
        assert (await transport.send("POST", PATH, HEADERS, BODY)).status == 200
    assert [request.connection for request in server.requests] == [1, 2]


@pytest.mark.parametrize(
    "answer",
    [
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\n{"me\r\n3\r\nss"\r\n0\r\nTrailer: 1\r\n\r\n',
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + http(b'{"mess"'),
    ],
)
async def test_chunked_and_interim_answers_are_read_whatever_pieces_they_come_in(answer: bytes, tmp_path: Path) -> None:
    async def in_single_bytes(_: Request, writer: asyncio.StreamWriter) -> None:
        for byte in answer:
            writer.write(bytes([byte]))
            await writer.drain()

    async with transport_to(says(answer), tmp_path) as (transport, server):
        whole = await transport.send("POST", PATH, HEADERS, BODY)
        server.script = in_single_bytes
        pieces = await transport.send("POST", PATH, HEADERS, BODY)
    assert whole.body == pieces.body == b'{"mess"'
    assert server.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        http(headers=("Connection: close",)),
        http().replace(b"HTTP/1.1", b"HTTP/1.0"),
        http() + b"HTTP/1.1 200 OK\r\n",
    ],
    ids=["close", "HTTP/1.0", "more than one answer"],
)
async def test_a_connection_that_will_not_go_on_is_not_used_again(answer: bytes, tmp_path: Path) -> None:
    async with transport_to(says(answer), tmp_path) as (transport, server):
        for _ in range(2):
            assert (await transport.send("POST", PATH, HEADERS, BODY)).body == SUCCESS
    assert server.connections == 2


async def test_an_answer_without_a_length_ends_with_the_connection(tmp_path: Path) -> None:
    async def until_close(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>")
        writer.close()

    async with transport_to(until_close, tmp_path) as (transport, _):
        answer = await transport.send("POST", PATH, HEADERS, BODY)
    assert (answer.status, answer.body) == (502, b"<html>")


async def test_a_call_that_takes_too_long_ends_and_its_late_answer_reaches_nobody(tmp_path: Path) -> None:
    async with transport_to(stays_silent, tmp_path, timeout_s=0.2) as (transport, server):
        with pytest.raises(GatewayUnreachable, match="in time"):
            await transport.send("POST", PATH, HEADERS, BODY)
        await server.until(lambda: server.open == 0)
        server.script = says(http())
        assert (await transport.send("POST", PATH, HEADERS, BODY)).status == 200


async def test_a_call_waiting_for_a_connection_times_out_unsent(tmp_path: Path) -> None:
    ended: asyncio.Queue[tuple[str, Answer | NoAnswer]] = asyncio.Queue()
    async with transport_to(stays_silent, tmp_path, connections=1, timeout_s=0.2) as (transport, server):
        for tag in ("first", "second"):
            transport.post(PATH, HEADERS, BODY, tag, lambda tag, result: ended.put_nowait((tag, result)))
        async with asyncio.timeout(5):
            results = dict([await ended.get(), await ended.get()])
    assert {tag: result.was_sent for tag, result in results.items() if isinstance(result, NoAnswer)} == {
        "first": True,
        "second": False,
    }
    assert len(server.requests) == 1


async def test_a_cancelled_call_takes_its_connection_with_it(tmp_path: Path) -> None:
    async with transport_to(stays_silent, tmp_path) as (transport, server):
        call = asyncio.create_task(transport.send("POST", PATH, HEADERS, BODY))
        await server.until(lambda: len(server.requests) == 1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await server.until(lambda: server.open == 0)


async def test_a_gateway_that_closes_an_idle_connection_is_noticed_before_the_next_call(tmp_path: Path) -> None:
    async def answer_and_close(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(http())
        writer.close()

    async with transport_to(answer_and_close, tmp_path) as (transport, server):
        for _ in range(5):
            assert (await transport.send("POST", PATH, HEADERS, BODY)).status == 200
            await server.until(lambda: server.open == 0)
    assert server.connections == 5


async def test_idle_connections_are_closed_after_their_time(tmp_path: Path) -> None:
    async with transport_to(says(http()), tmp_path, idle_s=0.1) as (transport, server):
        await transport.send("POST", PATH, HEADERS, BODY)
        await server.until(lambda: server.open == 0)


async def test_nobody_listening_is_unreachable_and_surely_not_sent() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        authority = trustme.CA()
        with authority.cert_pem.tempfile() as ca_file:
            trust = trust_ca_file(Path(ca_file))
        transport = BurstTransport(
            host="localhost", port=reserved.getsockname()[1], trust=trust, connections=1, timeout_s=5
        )
        ended: asyncio.Future[Answer | NoAnswer] = asyncio.get_running_loop().create_future()
        transport.post(PATH, HEADERS, BODY, None, lambda _, result: ended.set_result(result))
        async with asyncio.timeout(5):
            result = await ended
        await transport.close()
    assert isinstance(result, NoAnswer)
    assert not result.was_sent
    assert "gateway.url" in result.error.help


async def test_a_certificate_nobody_vouches_for_ends_the_call_before_a_byte_of_it_is_sent(tmp_path: Path) -> None:
    async with serving(says(http()), tmp_path) as server:
        stranger = trustme.CA()
        with stranger.cert_pem.tempfile() as ca_file:
            trust = trust_ca_file(Path(ca_file))
        transport = BurstTransport(host="127.0.0.1", port=server.port, trust=trust, connections=1, timeout_s=5)
        with pytest.raises(GatewayUnreachable, match="not trusted"):
            await transport.send("POST", PATH, HEADERS, BODY)
        await transport.close()
    assert server.requests == []


async def test_a_name_is_looked_up_and_compared_with_the_certificate(tmp_path: Path) -> None:
    async with serving(says(http()), tmp_path) as server:
        transport = BurstTransport(host="localhost", port=server.port, trust=server.trust, connections=2, timeout_s=5)
        answers = await asyncio.gather(*(transport.send("POST", PATH, HEADERS, BODY) for _ in range(2)))
        await transport.close()
    assert [answer.status for answer in answers] == [200, 200]


@pytest.mark.parametrize(
    ("path", "guid"),
    [
        (PATH, "x\r\nEvil: 1"),
        (PATH, "x\nEvil: 1"),
        (PATH, "x\rEvil: 1"),
        (PATH, "x\0"),
        (PATH, "é"),
        ("/a\r\nEvil: 1", "x"),
        ("/a HTTP/1.1", "x"),
    ],
)
async def test_no_value_brings_a_line_of_its_own_into_a_request(path: str, guid: str, tmp_path: Path) -> None:
    async with transport_to(says(http()), tmp_path) as (transport, server):
        with pytest.raises(GatewayError) as raised:
            await transport.send("POST", path, [("Guid", guid)], BODY)
    assert guid not in str(raised.value)
    assert raised.value.__cause__ is None
    assert server.requests == []


async def test_closing_ends_calls_under_way_and_later_ones(tmp_path: Path) -> None:
    async with transport_to(stays_silent, tmp_path) as (transport, server):
        call = asyncio.create_task(transport.send("POST", PATH, HEADERS, BODY))
        await server.until(lambda: len(server.requests) == 1)
        await transport.close()
        with pytest.raises(GatewayUnreachable, match="given up"):
            await call
        with pytest.raises(GatewayUnreachable, match="given up"):
            await transport.send("POST", PATH, HEADERS, BODY)
        await server.until(lambda: server.open == 0)


async def test_a_request_larger_than_the_socket_takes_at_once_arrives_whole(tmp_path: Path) -> None:
    body = bytes(range(256)) * 20_000
    async with transport_to(says(http()), tmp_path) as (transport, server):
        for _ in range(2):
            await transport.send("POST", PATH, HEADERS, body)
    assert [request.body == body for request in server.requests] == [True, True]
