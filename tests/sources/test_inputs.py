"""Named inputs: over HTTP, from Prometheus, from a file, handed over; and whatever goes wrong with each."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
import trustme
from aiohttp import web

from autoscaler.core.readings import Agents, Input, Queues
from autoscaler.errors import ReadingError, SettingsError, UsageError
from autoscaler.sources.file_inputs import FileInputs
from autoscaler.sources.inputs import InputSource, WithInputs
from autoscaler.sources.ports import Seen, Want, WantedInput
from autoscaler.sources.pushed_inputs import MOST_NAMES, PushedInputs
from autoscaler.sources.web_inputs import HttpInputs, PrometheusInputs
from autoscaler.testing import FakeClock

TOKEN = "a-token-of-the-tests"


@dataclass
class Server:
    """A web server that says what it is told to, by path."""

    url: str = ""
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    answers: dict[str, Any] = field(default_factory=dict)
    queries: list[str] = field(default_factory=list)
    authorisations: list[str | None] = field(default_factory=list)

    async def handle(self, request: web.BaseRequest) -> web.Response:
        self.queries.append(request.query.get("query", ""))
        self.authorisations.append(request.headers.get("Authorization"))
        answer = self.answers.get(request.path)
        if answer is None:
            return web.Response(status=404)
        if isinstance(answer, web.Response):
            return answer
        return web.Response(body=answer if isinstance(answer, bytes) else orjson.dumps(answer))

    def http(self, token: str | None = None) -> HttpInputs:
        return HttpInputs(self.url, tls=self.tls, timeout_s=5.0, token=token, setting="sources.inputs.web.url")

    def prometheus(self) -> PrometheusInputs:
        return PrometheusInputs(self.url, tls=self.tls, timeout_s=5.0, token=None, setting="sources.inputs.prom.url")


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    authority, one = trustme.CA(), Server()
    authority.configure_trust(one.tls)
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(own)
    runner = web.ServerRunner(web.Server(one.handle))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=own)
    await site.start()
    one.url = f"https://127.0.0.1:{runner.addresses[0][1]}"
    yield one
    await runner.cleanup()


async def read(source: InputSource, query: str) -> float:
    """The number read; the source is closed."""
    try:
        return (await source.read(query)).value
    finally:
        await source.close()


async def refused(source: InputSource, query: str) -> str:
    """Why there is none; whoever reads it is told what to try."""
    with pytest.raises(ReadingError) as caught:
        await read(source, query)
    assert caught.value.help
    return caught.value.message


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("/plain", 12.5),
        ("/text", 7.0),
        ("/deep#/queues/1/waiting", 31.0),
        ("/deep#/a~1b", -1.0),
        ("/deep#/c~0d", 2.0),
        ("/deep#/with%20blank", 3.0),
    ],
)
async def test_a_path_and_a_pointer_lead_to_a_number(server: Server, query: str, value: float) -> None:
    deep = {"queues": [{"waiting": 4}, {"waiting": 31}], "a/b": -1, "c~d": 2, "with blank": 3}
    server.answers = {"/plain": 12.5, "/text": "7", "/deep": deep}
    assert await read(server.http(), query) == value


async def test_a_token_is_sent_and_only_over_https(server: Server) -> None:
    server.answers = {"/plain": 1}
    assert await read(server.http(TOKEN), "/plain") == 1.0
    assert server.authorisations == [f"Bearer {TOKEN}"]
    server.url = server.url.replace("https", "http")
    with pytest.raises(SettingsError, match="over https alone") as caught:
        server.http(TOKEN)
    assert TOKEN not in str(caught.value) + caught.value.help


@pytest.mark.parametrize("url", ["", "metrics:9090", "ftp://x", "https://", "https://x/?query=1"])
def test_what_is_no_address_is_a_wrong_setting(url: str) -> None:
    with pytest.raises(SettingsError, match="no address") as caught:
        Server(url=url).http()
    assert caught.value.place == "sources.inputs.web.url"


NOTHING = {
    "/deep#/queues/2": "nothing stands at /queues/2",
    "/deep#/queues/-1": "nothing stands at",
    "/deep#/queues/x": "nothing stands at",
    "/deep#/queues": "/queues is no number",
    "/deep#queues": "'queues' is no JSON pointer",
    "/deep#/truth": "/truth is no number",
    "/deep#/null": "/null is no number",
    "/deep": "the whole answer is no number",
    "/words": "the whole answer is no number",
    "/nan": "the whole answer is no number",
    "/page": "the answer is not JSON",
    "/gone": "answered HTTP 404",
    "/moved": "answered HTTP 302",
    "/long": "more than 1000000 bytes",
    "plain": "'plain' is no path",
}


@pytest.mark.parametrize("query", NOTHING)
async def test_without_a_number_there_is_a_sentence(server: Server, query: str) -> None:
    server.answers = {
        "/deep": {"queues": [1, 2], "truth": True, "null": None},
        "/words": "many",
        "/nan": "nan",
        "/page": b"<html>",
        "/moved": web.Response(status=302, headers={"Location": "/plain"}),
        "/long": b" " * 1_000_001,
        "/plain": 1,
    }
    assert NOTHING[query] in await refused(server.http(), query)


async def test_a_server_that_is_not_there_or_not_trusted_is_named(server: Server) -> None:
    server.answers = {"/plain": 1}
    server.tls = ssl.create_default_context()
    assert "certificate" in (await refused(server.http(), "/plain")).lower()
    server.url = "https://127.0.0.1:1"
    assert (await refused(server.http(), "/plain")).startswith("127.0.0.1:1 could not be asked")


def result(kind: str, value: Any) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": kind, "result": value}}


@pytest.mark.parametrize(
    "answer", [result("scalar", [1e9, "20.5"]), result("vector", [{"metric": {}, "value": [1e9, "20.5"]}])]
)
async def test_prometheus_is_asked_for_one_number_of_now(server: Server, answer: Any) -> None:
    server.answers = {"/api/v1/query": answer}
    query = 'avg(chat_reply_seconds{queue="2001"}) > 3 & 4'
    assert await read(server.prometheus(), query) == 20.5
    assert server.queries == [query]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (result("vector", []), "gives no series, not one"),
        (result("vector", [{"value": [1, "1"]}, {"value": [1, "2"]}]), "gives 2 series, not one"),
        (result("vector", [{}]), "not Prometheus's"),
        (result("vector", [7]), "not Prometheus's"),
        (result("matrix", []), "no number of now"),
        (result("scalar", [1, "NaN"]), "the result is no number"),
        (result("scalar", [1, "+Inf"]), "the result is no number"),
        ({"status": "success"}, "no number of now"),
        ({"status": "error", "error": "parse error at char 4"}, "refuses the query: parse error at char 4"),
        ([], "refuses the query: an answer that is not"),
        (web.Response(status=400, body=b'{"status": "error", "error": "bad"}'), "refuses the query: bad"),
        (web.Response(status=503), "answered HTTP 503"),
        (b"<html>", "the answer is not JSON"),
    ],
)
async def test_what_prometheus_does_not_answer_as_one_number_is_said(server: Server, answer: Any, said: str) -> None:
    server.answers = {"/api/v1/query": answer}
    assert said in await refused(server.prometheus(), "up")


def replaced(path: Path, content: bytes, *, at: float) -> None:
    """As a careful writer does it."""
    new = path.with_suffix(".new")
    new.write_bytes(content)
    os.utime(new, (at, at))
    new.replace(path)


async def test_a_file_is_as_old_as_its_last_change_and_read_anew_each_time(tmp_path: Path) -> None:
    clock, path = FakeClock(), tmp_path / "inputs.json"
    source = FileInputs(path, clock=clock)
    now = clock.now().timestamp()
    replaced(path, b'{"reply": {"seconds": 20}}', at=now - 45)
    assert await source.read("/reply/seconds") == Input(value=20.0, age_s=45.0)
    replaced(path, b'{"reply": {"seconds": "31.5"}}', at=now + 5)
    assert await source.read("/reply/seconds") == Input(value=31.5, age_s=0.0)


async def test_a_file_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    clock, path = FakeClock(), tmp_path / "inputs.json"
    assert f"{path} is no file" in await refused(FileInputs(path, clock=clock), "/a")
    assert "is no file" in await refused(FileInputs(tmp_path, clock=clock), "/a")
    path.write_bytes(b'{"a": 1')
    assert "not JSON" in await refused(FileInputs(path, clock=clock), "/a")
    path.write_bytes(b" " * 1_000_001)
    assert "more than 1000000 bytes" in await refused(FileInputs(path, clock=clock), "/a")


async def test_what_is_handed_over_ages_until_the_next_and_can_be_taken_back() -> None:
    clock = FakeClock()
    source = PushedInputs(clock)
    assert "nobody has handed it over" in await refused(source, "reply")
    source.put("reply", 20.0, age_s=3.0)
    await clock.advance(7.0)
    assert await source.read("reply") == Input(value=20.0, age_s=10.0)
    source.put("reply", 21.0)
    assert await source.read("reply") == Input(value=21.0, age_s=0.0)
    source.put("reply", None)
    source.put("reply", None)
    assert "nobody has handed it over" in await refused(source, "reply")


def test_no_more_than_so_many_names_are_kept() -> None:
    source = PushedInputs(FakeClock())
    for number in range(MOST_NAMES):
        source.put(str(number), 1.0)
    source.put("7", 2.0)
    with pytest.raises(UsageError):
        source.put("one more", 1.0)


class Site:
    """Knows nobody."""

    is_closed = False

    async def observe(self, want: Want, deadline_s: float) -> Seen:
        no_ids, nothing = np.empty(0, np.int64), np.empty(0)
        queues = Queues(
            ids=no_ids,
            waiting=nothing,
            oldest_wait_s=nothing,
            arrivals_per_minute=nothing,
            abandoned_per_minute=nothing,
            age_s=nothing,
        )
        agents = Agents(
            ids=no_ids,
            load={},
            limit={},
            state=np.empty(0, np.int8),
            state_for_s=nothing,
            signed_in_for_s=nothing,
            age_s=nothing,
            queue_ids=no_ids,
            queue_offsets=np.zeros(1, np.int64),
            queues_known=np.empty(0, np.bool_),
        )
        return Seen(queues=queues, agents=agents, problems=("the site's own",))

    async def close(self) -> None:
        self.is_closed = True


class Held:
    """Answers when it is let, and says how old the answer is."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.asked = asyncio.Event()

    async def read(self, query: str) -> Input:
        self.asked.set()
        await self.gate.wait()
        return Input(value=float(query), age_s=2.0)

    async def close(self) -> None:
        self.gate.set()


def wanted(*inputs: tuple[str, str, str]) -> Want:
    named = tuple(WantedInput(name=name, source=source, query=query) for name, source, query in inputs)
    return Want(group="webchat", queues=(2001,), media_type=51, agent_ids=None, inputs=named)


async def observed(inputs: Mapping[str, InputSource], want: Want, *, deadline_s: float = 60.0) -> Seen:
    return await WithInputs(source=Site(), inputs=inputs, clock=FakeClock()).observe(want, deadline_s)


async def test_each_input_is_there_under_its_name_and_what_is_missing_is_said_beside_the_rest() -> None:
    pushed = PushedInputs(FakeClock())
    pushed.put("reply", 20.0)
    want = wanted(("seconds", "push", "reply"), ("mood", "push", "mood"), ("load", "prometheus", "up"))
    seen = await observed({"push": pushed, "web": pushed}, want)
    assert dict(seen.inputs) == {"seconds": Input(value=20.0, age_s=0.0)}
    assert seen.problems == (
        "the site's own",
        "input.mood from push: nobody has handed it over yet",
        "input.load from prometheus: autoscaler.toml has no [sources.inputs.prometheus]; there are: push, web",
    )


async def test_who_does_not_answer_by_the_deadline_is_missing_and_nobody_waits_longer() -> None:
    pushed = PushedInputs(FakeClock())
    pushed.put("reply", 20.0)
    seen = await observed(
        {"push": pushed, "slow": Held()}, wanted(("a", "slow", "1"), ("b", "push", "reply")), deadline_s=0.05
    )
    assert set(seen.inputs) == {"b"}
    assert "input.a from slow: no answer by the deadline" in seen.problems


async def test_the_time_an_answer_takes_counts_as_its_age() -> None:
    clock, held = FakeClock(), Held()
    source = WithInputs(source=Site(), inputs={"slow": held}, clock=clock)
    asking = asyncio.create_task(source.observe(wanted(("a", "slow", "5")), 60.0))
    await held.asked.wait()
    await clock.advance(4.0)
    held.gate.set()
    assert dict((await asking).inputs) == {"a": Input(value=5.0, age_s=6.0)}


async def test_closing_closes_everybody() -> None:
    site, held = Site(), Held()
    await WithInputs(source=site, inputs={"slow": held}, clock=FakeClock()).close()
    assert site.is_closed
    assert held.gate.is_set()
