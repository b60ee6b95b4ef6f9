"""The commands' client, the local socket and the daemon's side, end to end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
import uvloop

from autoscaler.console.client import ControlClient
from autoscaler.console.server import Console
from autoscaler.errors import ControlError, ControlRefused, DaemonNotRunning, RulesInvalid, StoreUnavailable

ME = pwd.getpwuid(os.getuid()).pw_name
AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)

QUESTIONS = [
    (lambda client: client.status(), ("status", {})),
    (lambda client: client.explain(1007), ("explain", {"agent": 1007, "at": None})),
    (lambda client: client.learned(), ("learned", {"group": None, "at": None})),
    (lambda client: client.learned("web chat", AT), ("learned", {"group": "web chat", "at": AT})),
    (lambda client: client.explain(1007, AT), ("explain", {"agent": 1007, "at": AT})),
    (
        lambda client: client.pause(reason="training", group="webchat", for_s=1800.0),
        ("pause", {"group": "webchat", "for_s": 1800.0, "reason": "training", "by": ME}),
    ),
    (lambda client: client.pause(reason="x"), ("pause", {"group": None, "for_s": None, "reason": "x", "by": ME})),
    (lambda client: client.resume(group="webchat"), ("resume", {"group": "webchat", "by": ME})),
    (lambda client: client.resume(), ("resume", {"group": None, "by": ME})),
    (
        lambda client: client.pin(agent=1007, limit=2, reason="new here", for_s=60),
        ("pin", {"agent": 1007, "limit": 2, "for_s": 60.0, "reason": "new here", "by": ME}),
    ),
    (lambda client: client.unpin(1007), ("unpin", {"agent": 1007, "by": ME})),
    (lambda client: client.freeze(reason="gateway upgrade"), ("freeze", {"reason": "gateway upgrade", "by": ME})),
    (lambda client: client.reload(), ("reload", {"by": ME})),
]


@pytest.mark.parametrize(("question", "heard"), QUESTIONS, ids=[heard[0] for _, heard in QUESTIONS])
async def test_each_question_reaches_the_daemon_as_it_was_asked_and_its_answer_comes_back(
    question: Any, heard: tuple[str, dict[str, Any]], control: Any, local: Path, by_client: Any
) -> None:
    control.answer = {"it": "is", "so": [1, 2.5, None]}
    assert await by_client(local, question) == {"it": "is", "so": [1, 2.5, None]}
    assert control.asked == [heard]


async def test_metrics_come_as_text(local: Path, by_client: Any, call: Any) -> None:
    assert "autoscaler_frozen 0\n" in await by_client(local, lambda client: client.metrics())
    answer = await call(local, "GET", "/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


async def test_nobody_can_claim_another_name(control: Any, local: Path, call: Any) -> None:
    body = orjson.dumps({"reason": "x", "by": "somebody else"})
    answer = await call(local, "POST", "/v1/freeze", body)
    assert answer.status == 422
    assert control.asked == []


async def test_a_refusal_comes_with_its_help(control: Any, local: Path, by_client: Any) -> None:
    control.fault = ControlRefused("there is no group 'x'", place="group", help="Groups: webchat.")
    with pytest.raises(ControlRefused) as caught:
        await by_client(local, lambda client: client.pause(reason="x", group="x"))
    assert (caught.value.message, caught.value.place, caught.value.help) == (
        "there is no group 'x'",
        "group",
        "Groups: webchat.",
    )


async def test_a_value_out_of_range_is_refused_before_the_daemon_hears_it(
    control: Any, local: Path, by_client: Any
) -> None:
    with pytest.raises(ControlRefused, match="limit") as caught:
        await by_client(local, lambda client: client.pin(agent=1007, limit=61, reason="x"))
    assert '"limit": 3' in caught.value.help
    with pytest.raises(ControlRefused, match="agent"):
        await by_client(local, lambda client: client.pin(agent=100, limit=3, reason="x"))
    with pytest.raises(ControlRefused, match="101"):
        await by_client(local, lambda client: client.unpin(1_000_000))
    assert control.asked == []


async def test_a_failure_inside_is_an_error_and_no_refusal(control: Any, local: Path, by_client: Any) -> None:
    control.fault = StoreUnavailable("the disk is full", place="autoscaler.db", help="Free the disk.")
    with pytest.raises(ControlError, match="the disk is full") as caught:
        await by_client(local, lambda client: client.freeze(reason="x"))
    assert not isinstance(caught.value, ControlRefused)
    assert caught.value.help == "Free the disk."


async def test_bad_rules_refuse_a_reload(control: Any, local: Path, by_client: Any) -> None:
    control.fault = RulesInvalid("3 errors", diagnostics=(), place="rules", help="autoscaler check")
    with pytest.raises(ControlRefused, match="3 errors"):
        await by_client(local, lambda client: client.reload())


async def test_a_daemon_that_does_not_answer_is_given_up_in_time(
    control: Any, start: Any, socket_path: Path, by_client: Any
) -> None:
    control.release = asyncio.Event()
    await start(socket_path=socket_path, deadline_s=0.05)
    with pytest.raises(ControlError, match=r"within 0\.05 s") as caught:
        await by_client(socket_path, lambda client: client.status())
    assert not isinstance(caught.value, ControlRefused)


async def test_the_client_gives_up_by_itself_where_no_answer_ever_comes(
    control: Any, local: Path, by_client: Any
) -> None:
    control.release = asyncio.Event()
    try:
        with pytest.raises(ControlError, match="in time"):
            await by_client(local, lambda client: client.status(), timeout_s=0.05)
    finally:
        control.release.set()


async def test_an_order_is_carried_out_though_its_giver_hung_up(control: Any, local: Path, by_client: Any) -> None:
    control.release = asyncio.Event()
    with pytest.raises(ControlError):
        await by_client(local, lambda client: client.freeze(reason="x"), timeout_s=0.05)
    assert control.carried_out == []
    control.release.set()
    async with asyncio.timeout(5):
        await control.did.wait()
    assert control.carried_out == ["freeze"]


async def test_no_daemon_is_said_plainly(socket_path: Path, by_client: Any) -> None:
    with pytest.raises(DaemonNotRunning) as caught:
        await by_client(socket_path, lambda client: client.status())
    assert str(socket_path) in str(caught.value)
    assert "systemctl status autoscaler" in caught.value.help


async def test_a_dead_daemons_socket_is_no_daemon(socket_path: Path, by_client: Any) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(socket_path))
    with pytest.raises(DaemonNotRunning):
        await by_client(socket_path, lambda client: client.status())


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n{}",
        b"SSH-2.0\r\n",
    ],
    ids=["no JSON", "no error object", "no HTTP"],
)
async def test_something_else_on_the_socket_is_an_error_with_help(
    answer: bytes, socket_path: Path, by_client: Any
) -> None:
    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):  # the client knocks first, and hangs up
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_unix_server(reply, socket_path)
    try:
        with pytest.raises(ControlError) as caught:
            await by_client(socket_path, lambda client: client.status())
        assert caught.value.help
        assert not isinstance(caught.value, ControlRefused | DaemonNotRunning)
    finally:
        server.close()
        await server.wait_closed()


MALFORMED = {
    "no JSON": (b'{"reason": ', 400, "body"),
    "an array": (b'["x"]', 422, "body"),
    "no reason": (b"{}", 422, "reason"),
    "an empty reason": (b'{"reason": "  "}', 422, "reason"),
    "a reason of two lines": (b'{"reason": "a\\nb"}', 422, "reason"),
    "a long reason": (orjson.dumps({"reason": "x" * 501}), 422, "reason"),
    "a negative time": (b'{"reason": "x", "for_s": -1}', 422, "for_s"),
    "an endless time": (b'{"reason": "x", "for_s": 1e300}', 422, "for_s"),
    "no number": (b'{"reason": "x", "for_s": NaN}', 422, "for_s"),
    "a time in words": (b'{"reason": "x", "for_s": "1h"}', 422, "for_s"),
    "a field too many": (b'{"reason": "x", "colour": "grey"}', 422, "body"),
    "no UTF-8": (b'{"reason": "\xff"}', 400, "body"),
    "too much": (b'{"reason": "' + b"x" * 20_000 + b'"}', 413, "body"),
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_a_malformed_body_is_refused_with_its_place_and_what_to_send(
    name: str, control: Any, local: Path, call: Any
) -> None:
    body, status, place = MALFORMED[name]
    answer = await call(local, "POST", "/v1/pause", body)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/json"
    error = orjson.loads(answer.body)["error"]
    assert error["place"] == place
    assert error["message"]
    assert not error["message"].startswith(place), "the place stands beside the message"
    assert error["help"]
    assert control.asked == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v2/status", 404),
        ("PUT", "/v1/sessions/1001", 404),
        ("POST", "/v1/status", 405),
        ("GET", "/v1/explain/100", 422),
        ("GET", "/v1/explain/10%C2%B21", 422),
        ("GET", "/v1/explain/1001?at=yesterday", 422),
        ("GET", "/v1/explain/1001?at=2026-11-22T10:00:00", 422),
        ("DELETE", "/v1/pins/me", 422),
    ],
)
async def test_what_is_not_offered_is_refused_as_json(
    method: str, path: str, status: int, control: Any, local: Path, call: Any
) -> None:
    answer = await call(local, method, path)
    assert answer.status == status
    error = orjson.loads(answer.body)["error"]
    assert error["message"]
    assert error["place"]
    assert error["help"]
    assert control.asked == []


async def test_a_wrong_method_is_told_the_right_ones(local: Path, call: Any) -> None:
    assert (await call(local, "PUT", "/v1/pause")).headers["allow"] == "POST"


async def test_resume_and_reload_need_no_body(control: Any, local: Path, call: Any) -> None:
    assert (await call(local, "POST", "/v1/resume")).status == 200
    assert (await call(local, "POST", "/v1/reload")).status == 200
    assert [question for question, _ in control.asked] == ["resume", "reload"]


def test_it_works_on_the_daemons_event_loop(control: Any, socket_path: Path) -> None:
    async def whole() -> Any:
        console = Console(control, socket_path=socket_path, listen="127.0.0.1:0", token="x")
        await console.start()
        try:
            async with asyncio.timeout(20):
                return await asyncio.to_thread(ask)
        finally:
            await console.close()

    def ask() -> Any:
        with ControlClient(socket_path) as client:
            return client.freeze(reason="a rehearsal")

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(whole()) == control.answer
    assert control.asked == [("freeze", {"reason": "a rehearsal", "by": ME})]
    assert not socket_path.exists()
