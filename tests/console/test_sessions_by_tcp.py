"""Desktops that hand their Guids over, and everybody else who tries."""

from __future__ import annotations

import asyncio
import base64
import logging
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
import structlog
import trustme
from hypothesis import given
from hypothesis import strategies as st

from autoscaler.console.access import TokenGate, is_loopback
from autoscaler.console.listening import parse_listen
from autoscaler.errors import ControlRefused, SessionExpired, SessionMissing, SettingsError, StoreUnavailable

GUID = "0b3e6c56-1111-4222-8333-944445555666.AgentGateway1"
PUSH = orjson.dumps({"guid": GUID, "cookies": {"elb": "a1"}})


async def test_a_desktop_hands_its_guid_over_and_takes_it_back(control: Any, tcp: str, call: Any) -> None:
    assert (await call(tcp, "PUT", "/v1/sessions/1001", PUSH)).status == 204
    assert control.sessions == {1001: (GUID, {"elb": "a1"})}
    assert (await call(tcp, "DELETE", "/v1/sessions/1001")).status == 204
    assert control.sessions == {}


async def test_cookies_may_be_left_out(control: Any, tcp: str, call: Any) -> None:
    assert (await call(tcp, "PUT", "/v1/sessions/999999", orjson.dumps({"guid": GUID}))).status == 204
    assert control.sessions == {999_999: (GUID, {})}


async def test_a_desktop_may_say_when_its_agent_signed_in(control: Any, tcp: str, call: Any) -> None:
    body = orjson.dumps({"guid": GUID, "signed_in_at": "2026-11-22T11:00:00+01:00"})
    assert (await call(tcp, "PUT", "/v1/sessions/1001", body)).status == 204
    at = datetime(2026, 11, 22, 10, tzinfo=UTC)
    assert control.asked == [("put_session", {"agent": 1001, "signed_in_at": at})]


async def test_a_session_that_is_not_known_is_nothing_to_end(tcp: str, call: Any) -> None:
    answer = await call(tcp, "DELETE", "/v1/sessions/1001")
    assert answer.status == 404
    assert orjson.loads(answer.body)["error"]["help"]


@pytest.mark.parametrize(
    ("sent", "name", "value", "age_s"),
    [
        ({"value": 3.5}, "mood", 3.5, 0.0),
        ({"value": 3, "age_s": 20}, "reply%20seconds", 3.0, 20.0),
        ({"value": None}, "mood", None, 0.0),
    ],
)
async def test_an_input_is_handed_over_with_its_age(
    sent: Any, name: str, value: float | None, age_s: float, control: Any, tcp: str, call: Any
) -> None:
    assert (await call(tcp, "PUT", f"/v1/inputs/{name}", orjson.dumps(sent))).status == 204
    assert control.asked == [("put_input", {"name": name.replace("%20", " "), "value": value, "age_s": age_s})]


NO_INPUT = {
    "no body": ("mood", b"", "value"),
    "text": ("mood", b'{"value": "3"}', "value"),
    "no number": ("mood", b'{"value": NaN}', "value"),
    "true": ("mood", b'{"value": true}', "value"),
    "an age before its time": ("mood", b'{"value": 3, "age_s": -1}', "age_s"),
    "an unprintable name": ("mo%00od", b'{"value": 3}', "name"),
    "a long name": ("m" * 65, b'{"value": 3}', "name"),
}


@pytest.mark.parametrize("name", NO_INPUT)
async def test_what_is_no_input_is_refused_with_its_place(name: str, control: Any, tcp: str, call: Any) -> None:
    path, body, place = NO_INPUT[name]
    answer = await call(tcp, "PUT", f"/v1/inputs/{path}", body)
    assert (answer.status, orjson.loads(answer.body)["error"]["place"]) == (422, place)
    assert control.asked == []


WRONG = {
    "missing": {},
    "another": {"Authorization": "Bearer wrong"},
    "empty": {"Authorization": "Bearer "},
    "no scheme": {"Authorization": "correct-horse-battery-staple"},
    "another scheme": {"Authorization": "Digest correct-horse-battery-staple"},
    "part of it": {"Authorization": "Bearer correct-horse-battery"},
    "more than it": {"Authorization": "Bearer correct-horse-battery-staple-x"},
    "no base64": {"Authorization": "Basic %%%"},
    "not ASCII": {"Authorization": "Bearer pässword"},
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/v1/sessions/1001"), ("DELETE", "/v1/sessions/1001"), ("GET", "/v1/status"), ("PUT", "/v1/inputs/mood")],
)
async def test_without_the_token_nothing_is_taken_or_shown(
    name: str, method: str, path: str, control: Any, tcp: str, call: Any
) -> None:
    answer = await call(tcp, method, path, PUSH, headers={"Host": "127.0.0.1", **WRONG[name]})
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="autoscaler"'
    error = orjson.loads(answer.body)["error"]
    assert error["place"] == "Authorization"
    assert "console.token_file" in error["help"]
    assert control.asked == []


async def test_where_no_token_is_set_sessions_are_refused(control: Any, start: Any, call: Any) -> None:
    console = await start(listen="127.0.0.1:0", token=None)
    answer = await call(console.addresses.url, "PUT", "/v1/sessions/1001", PUSH)
    assert answer.status == 403
    assert orjson.loads(answer.body)["error"]["place"] == "console.token_file"
    assert control.asked == []


@pytest.mark.parametrize("agent", ["100", "1000000", "0", "-1001", "1001.0", "x", "%C2%B2001", "00001001"])
async def test_what_is_no_agent_id_is_refused(agent: str, control: Any, tcp: str, call: Any) -> None:
    answer = await call(tcp, "PUT", f"/v1/sessions/{agent}", PUSH)
    assert answer.status == 422
    assert orjson.loads(answer.body)["error"]["place"] == "agentid"
    assert control.asked == []


MALFORMED = {
    "no body": (b"", 422, "guid"),
    "no JSON": (f"guid={GUID}".encode(), 400, "body"),
    "no Guid": (b'{"cookies": {}}', 422, "guid"),
    "an empty Guid": (b'{"guid": ""}', 422, "guid"),
    "a Guid that splits a header": (b'{"guid": "abc\\r\\nX: y"}', 422, "guid"),
    "a Guid of another kind": (b'{"guid": 7}', 422, "guid"),
    "a long Guid": (orjson.dumps({"guid": "x" * 200}), 422, "guid"),
    "cookies as text": (orjson.dumps({"guid": GUID, "cookies": "elb=a1"}), 422, "cookies"),
    "a cookie that is no text": (orjson.dumps({"guid": GUID, "cookies": {"elb": 1}}), 422, "cookies"),
    "too many cookies": (orjson.dumps({"guid": GUID, "cookies": {str(i): "" for i in range(51)}}), 422, "cookies"),
    "a sign-in without a zone": (orjson.dumps({"guid": GUID, "signed_in_at": "2026-11-22T10:00"}), 422, "signed_in_at"),
    "a sign-in as a number": (orjson.dumps({"guid": GUID, "signed_in_at": 1_000_000_000}), 422, "signed_in_at"),
    "another letter case": (orjson.dumps({"Guid": GUID}), 422, "guid"),
    "too much": (orjson.dumps({"guid": GUID, "cookies": {"elb": "x" * 20_000}}), 413, "body"),
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_a_malformed_session_is_refused_with_its_place_and_without_its_guid(
    name: str, control: Any, tcp: str, call: Any
) -> None:
    body, status, place = MALFORMED[name]
    answer = await call(tcp, "PUT", "/v1/sessions/1001", body)
    assert answer.status == status
    error = orjson.loads(answer.body)["error"]
    assert error["place"] == place
    assert error["help"]
    assert GUID.encode() not in answer.body
    assert control.asked == []


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (ControlRefused("sessions are owned here", help='Set sessions.kind = "pushed".'), 409),
        (SessionMissing("none of agent 1001", help="Push one."), 404),
        (SessionExpired("older than its life", help="Push the newest."), 410),
        (StoreUnavailable("the disk is full", help="Free the disk."), 503),
    ],
)
async def test_what_the_daemon_says_becomes_a_status_and_keeps_its_help(
    fault: Any, status: int, control: Any, tcp: str, call: Any
) -> None:
    control.fault = fault
    answer = await call(tcp, "PUT", "/v1/sessions/1001", PUSH)
    assert answer.status == status
    assert orjson.loads(answer.body) == {"error": {"message": fault.message, "place": "", "help": fault.help}}


async def test_no_order_is_taken_over_tcp(control: Any, tcp: str, call: Any) -> None:
    for method, path in (("POST", "/v1/freeze"), ("POST", "/v1/pause"), ("POST", "/v1/pins"), ("POST", "/v1/reload")):
        answer = await call(tcp, method, path, b'{"reason": "x"}')
        assert answer.status == 404
        assert "local socket" in orjson.loads(answer.body)["error"]["help"]
    assert control.asked == []


async def test_metrics_need_no_token(tcp: str, call: Any) -> None:
    answer = await call(tcp, "GET", "/metrics", headers={"Host": "monitoring"})
    assert answer.status == 200
    assert answer.body.endswith(b"autoscaler_frozen 0\n")


async def test_the_status_comes_with_the_token(control: Any, tcp: str, call: Any) -> None:
    answer = await call(tcp, "GET", "/v1/status")
    assert orjson.loads(answer.body) == control.answer
    assert answer.headers["cache-control"] == "no-store"


async def test_nothing_secret_is_logged_whatever_is_sent(
    control: Any, tcp: str, call: Any, raw: Any, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bearer = f"Authorization: Bearer {token}"
    with structlog.testing.capture_logs() as logs:
        await call(tcp, "PUT", "/v1/sessions/1001", PUSH)
        await call(tcp, "PUT", "/v1/sessions/1001", PUSH, headers={"Host": "x", "Authorization": f"Basic {token}"})
        control.fault = StoreUnavailable("the disk is full")
        await call(tcp, "PUT", "/v1/sessions/1001", PUSH)
        await call(tcp, "PUT", f"/v1/sessions/{GUID}", PUSH)
        malformed = (
            f"PUT /v1/sessions/1001 HTTP/1.1\r\nHost: x\r\n{bearer}\x00\r\n\r\n",
            f"PUT /v1/sessions/1001 HTTP/1.1\r\nHost: x\r\n{GUID}\r\n\r\n",
            f"PUT /v1/sessions/1001 {GUID}\r\n{bearer}\r\n\r\n",
            f"GET /{GUID} HTTP/1.1\r\nHost: x\r\n{bearer}{'x' * 9000}\r\n\r\n",
        )
        for request in malformed:
            assert (await raw(tcp, request.encode())).status == 400
    logged = [repr(line) for line in logs] + [
        f"{record.getMessage()} {record.exc_text} {record.exc_info}" for record in caplog.records
    ]
    assert any("console_request_failed" in line for line in logged)
    assert any("no HTTP" in line for line in logged)
    assert not [line for line in logged if token in line or GUID in line]


async def test_many_desktops_push_at_once(control: Any, tcp: str, call: Any) -> None:
    async with asyncio.TaskGroup() as group:
        for agent in range(1001, 1101):
            group.create_task(call(tcp, "PUT", f"/v1/sessions/{agent}", orjson.dumps({"guid": f"g{agent}"})))
    assert control.sessions == {agent: (f"g{agent}", {}) for agent in range(1001, 1101)}


async def test_over_tls_it_may_listen_where_others_reach_it(
    control: Any, start: Any, call: Any, tmp_path: Path
) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    cert_file, key_file = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert_file.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    key_file.write_bytes(issued.private_key_pem.bytes())
    console = await start(listen="0.0.0.0:0", cert_file=cert_file, key_file=key_file)
    assert console.addresses.url.startswith("https://0.0.0.0:")
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    url = f"https://127.0.0.1:{console.addresses.url.rpartition(':')[2]}"
    assert (await call(url, "PUT", "/v1/sessions/1001", PUSH, tls=trust)).status == 204
    page = await call(url, "GET", "/", headers={"Host": "127.0.0.1"}, tls=trust)
    assert page.status == 401
    assert page.headers["www-authenticate"] == 'Basic realm="autoscaler"'


@pytest.mark.parametrize("listen", ["0.0.0.0:8787", "[::]:8787", "10.0.0.5:8787", "console.example:8787"])
async def test_beyond_this_machine_there_is_no_listening_without_tls(listen: str, start: Any) -> None:
    with pytest.raises(SettingsError, match="no TLS") as caught:
        await start(listen=listen)
    assert "console.cert_file" in caught.value.help


@pytest.mark.parametrize(
    "listen", ["8787", ":8787", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:65536", "::1:8787", "[]:1", ""]
)
def test_an_address_of_another_form_is_refused(listen: str) -> None:
    with pytest.raises(SettingsError, match="is no host:port") as caught:
        parse_listen(listen)
    assert caught.value.place == "console.listen"


def test_an_ipv6_address_stands_in_brackets() -> None:
    assert parse_listen("[::1]:8787") == ("::1", 8787)
    assert parse_listen("localhost:0") == ("localhost", 0)


async def test_it_listens_over_ipv6(control: Any, start: Any, call: Any) -> None:
    console = await start(listen="[::1]:0")
    assert console.addresses.url.startswith("http://[::1]:")
    assert (await call(console.addresses.url, "PUT", "/v1/sessions/1001", PUSH)).status == 204


@pytest.mark.parametrize("there", ["cert_file", "key_file"])
async def test_a_certificate_without_its_key_is_refused(there: str, start: Any, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"though {there} is"):
        await start(listen="127.0.0.1:0", **{there: tmp_path / "x.pem"})


@pytest.mark.parametrize("content", [None, b"no certificate"])
async def test_a_certificate_that_is_none_is_refused(content: bytes | None, start: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match="can't be used") as caught:
        await start(listen="127.0.0.1:0", cert_file=path, key_file=path)
    assert caught.value.place == "console.cert_file"


async def test_an_empty_token_is_no_token_to_start_with(start: Any) -> None:
    with pytest.raises(SettingsError, match="empty"):
        await start(listen="127.0.0.1:0", token=" ")


@given(token=st.text(min_size=1), offered=st.text())
def test_only_the_very_token_passes(token: str, offered: str) -> None:
    gate = TokenGate(token)
    assert gate.admits(f"Bearer {offered}") == (offered.strip() == token)


@given(token=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_the_token_passes_as_a_password_too_and_shows_in_no_repr(token: str) -> None:
    gate = TokenGate(token)
    assert gate.admits("Basic " + base64.b64encode(f"anybody:{token}".encode()).decode())
    assert repr(gate).startswith("<autoscaler.console.access.TokenGate object at")


@pytest.mark.parametrize(
    ("host", "is_here"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("[::1]", True), ("localhost", True), ("LOCALHOST", True),
     ("0.0.0.0", False), ("::", False), ("10.0.0.5", False), ("localhost.example", False), ("", False)],
)  # fmt: skip
def test_only_this_machine_is_loopback(host: str, is_here: bool) -> None:
    assert is_loopback(host) == is_here
