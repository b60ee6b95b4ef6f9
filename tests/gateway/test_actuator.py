"""The reconciler, through the real transport and session table, against a real TLS server that misbehaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import numpy as np
import pytest

from autoscaler.clock import ScaledClock
from autoscaler.gateway.actuation import ActuatorSettings
from autoscaler.gateway.actuator import Actuator
from autoscaler.gateway.backoff import Backoff
from autoscaler.gateway.breaker import BreakerState
from autoscaler.gateway.burst import BurstTransport
from autoscaler.gateway.limits import LimitTable
from autoscaler.gateway.ports import Outcome, OutcomeKind
from autoscaler.gateway.sessions import SessionTable

from .misbehaving import Request, Script, Server, http, resets, retcode, says, serving, stays_silent

WEB_CHAT = 51
SETTINGS = ActuatorSettings(
    retry=Backoff(first_s=0.2, most_s=1.0), busy_retry_s=0.5, guid_poll_s=0.2, order_deadline_s=60.0
)
SPEED = 20  # the pauses of a minute pass in three seconds


class Floor:
    """An actuator at work, and what a test asks of it."""

    def __init__(self, server: Server, settings: ActuatorSettings, timeout_s: float) -> None:
        self.server = server
        self.clock = ScaledClock(speed=SPEED, start=datetime(2026, 1, 5, tzinfo=UTC))
        self.sessions = SessionTable(self.clock, guid_life_s=None)
        self.limits = LimitTable()
        self.heard: asyncio.Queue[Outcome] = asyncio.Queue()
        self.transport = BurstTransport(
            host="127.0.0.1", port=server.port, trust=server.trust, connections=8, timeout_s=timeout_s
        )
        self.actuator = Actuator(
            settings=settings,
            sessions=self.sessions,
            calls=self.transport,
            limits=self.limits,
            outcomes=self.heard.put_nowait,
            clock=self.clock,
            random=Random(7),
        )
        self._orders = 0

    def sign_in(self, *agents: int) -> None:
        for agent in agents:
            number = self.sessions.begin(agent, f"guid-{agent}-{self.sessions.sign_ins(agent)}", "")
            if number > 1:
                self.actuator.forget(agent)

    def order(self, *rows: tuple[int, int]) -> None:
        agents, callnums = (np.array(column) for column in zip(*rows, strict=True))
        self.actuator.order(WEB_CHAT, agents.astype(np.int64), callnums.astype(np.int16), self._orders)
        self._orders += len(rows)

    async def outcome(self) -> Outcome:
        async with asyncio.timeout(10):
            return await self.heard.get()

    def confirmed(self, agent: int) -> float | None:
        limit = float(self.limits.confirmed(WEB_CHAT, np.array([agent]))[0])
        return None if np.isnan(limit) else limit


@asynccontextmanager
async def working(
    script: Script, folder: Path, *, settings: ActuatorSettings = SETTINGS, timeout_s: float = 5.0
) -> AsyncIterator[Floor]:
    async with serving(script, folder) as server:
        floor = Floor(server, settings, timeout_s)
        run = asyncio.create_task(floor.actuator.run(), name="actuator")
        try:
            yield floor
        finally:
            run.cancel()
            with pytest.raises(asyncio.CancelledError):  # and not an error of its own before
                await run
            await floor.transport.close()


def in_turn(*scripts: Script) -> Script:
    """One script a request, the last from then on."""
    left = list(scripts)

    async def script(request: Request, writer: asyncio.StreamWriter) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(request, writer)

    return script


async def truncates(_: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(http()[:-5])
    writer.close()


class Gate:
    """Holds answers back until it is opened."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()

    async def __call__(self, _: Request, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(10):
            await self.opened.wait()
        writer.write(http())


async def test_a_success_is_confirmed_and_told_in_full(tmp_path: Path) -> None:
    async with working(says(http()), tmp_path) as floor:
        floor.sign_in(1001)
        floor.order((1001, 4))
        assert floor.confirmed(1001) is None
        outcome = await floor.outcome()
        assert floor.confirmed(1001) == 4
    (request,) = floor.server.requests
    assert request.agent == 1001
    assert json.loads(request.body) == {"mediaType": "51", "callnums": "4"}
    assert "Guid: guid-1001-0" in request.head
    assert outcome == Outcome(
        order=0,
        agent=1001,
        media_type=WEB_CHAT,
        callnums=4,
        kind=OutcomeKind.APPLIED,
        retcode="0",
        latency_ms=outcome.latency_ms,
        attempts=1,
        error=None,
    )
    assert outcome.latency_ms > 0


@pytest.mark.parametrize(
    "fault",
    [
        resets,
        truncates,
        says(http(b"<html>maintenance</html>")),
        says(http(b"", status="503 Service Unavailable")),
        says(http(b"", status="429 Too Many Requests")),
        says(retcode("000-007")),
        says(retcode("100-007")),
        stays_silent,
    ],
    ids=["reset", "truncated", "html", "503", "429", "busy", "exception", "silence"],
)
async def test_a_passing_fault_is_tried_again_until_the_limit_is_confirmed(fault: Script, tmp_path: Path) -> None:
    async with working(in_turn(fault, says(http())), tmp_path, timeout_s=0.3) as floor:
        floor.sign_in(1001)
        floor.order((1001, 4))
        outcome = await floor.outcome()
        assert (outcome.kind, outcome.attempts, outcome.retcode) == (OutcomeKind.APPLIED, 2, "0")
        assert floor.confirmed(1001) == 4


async def test_a_limit_applied_without_an_answer_is_set_again(tmp_path: Path) -> None:
    applied: list[int] = []

    async def applies_and_resets(request: Request, writer: asyncio.StreamWriter) -> None:
        applied.append(int(json.loads(request.body)["callnums"]))
        if len(applied) == 1:
            writer.transport.abort()
        else:
            writer.write(http())

    async with working(applies_and_resets, tmp_path) as floor:
        floor.sign_in(1001)
        floor.order((1001, 4))
        assert (await floor.outcome()).kind is OutcomeKind.APPLIED
    assert applied == [4, 4]


async def test_what_stays_unanswered_is_unknown_at_the_deadline_and_no_longer_confirmed(tmp_path: Path) -> None:
    settings = replace(SETTINGS, order_deadline_s=3.0)
    async with working(says(http()), tmp_path, settings=settings) as floor:
        floor.sign_in(1001)
        floor.order((1001, 4))
        await floor.outcome()
        floor.server.script = resets
        floor.order((1001, 5))
        outcome = await floor.outcome()
        assert (outcome.kind, outcome.retcode, outcome.callnums) == (OutcomeKind.UNKNOWN, None, 5)
        assert outcome.attempts > 1
        assert outcome.error
        assert floor.confirmed(1001) is None


async def test_a_call_that_surely_never_left_fails_and_leaves_the_confirmed_limit(tmp_path: Path) -> None:
    settings = replace(SETTINGS, order_deadline_s=3.0)
    async with working(says(http(headers=("Connection: close",))), tmp_path, settings=settings) as floor:
        floor.sign_in(1001)
        floor.order((1001, 4))
        await floor.outcome()
        floor.server.stop_listening()
        floor.order((1001, 5))
        outcome = await floor.outcome()
        assert outcome.kind is OutcomeKind.FAILED
        assert "gateway.url" in (outcome.error or "")
        assert floor.confirmed(1001) == 4


async def test_a_permanent_no_is_rejected_after_one_call(tmp_path: Path) -> None:
    async with working(says(retcode("106-003")), tmp_path) as floor:
        floor.sign_in(1001)
        floor.order((1001, 4))
        outcome = await floor.outcome()
        assert (outcome.kind, outcome.retcode, outcome.attempts) == (OutcomeKind.REJECTED, "106-003", 1)
        assert floor.confirmed(1001) is None
        assert floor.actuator.status().last_error == outcome.error
    assert len(floor.server.requests) == 1


async def test_without_a_session_nothing_is_called_and_the_outcome_says_what_to_try(tmp_path: Path) -> None:
    async with working(says(http()), tmp_path) as floor:
        floor.order((1001, 4))
        outcome = await floor.outcome()
    assert (outcome.kind, outcome.attempts, outcome.latency_ms) == (OutcomeKind.FAILED, 0, 0.0)
    assert "no session" in (outcome.error or "")
    assert "sign it in" in (outcome.error or "")
    assert floor.server.requests == []


async def test_a_refused_guid_is_not_sent_again_but_the_next_one_is(tmp_path: Path) -> None:
    async def knows_only_the_second(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(http() if "guid-1001-1" in request.head else retcode("100-006"))

    async with working(knows_only_the_second, tmp_path) as floor:
        floor.sign_in(1001)
        floor.order((1001, 4))
        await floor.server.until(lambda: len(floor.server.requests) == 1)
        floor.sign_in(1001)
        outcome = await floor.outcome()
        assert (outcome.kind, outcome.attempts) == (OutcomeKind.APPLIED, 2)
        assert floor.confirmed(1001) == 4
    assert len(floor.server.requests) == 2


async def test_a_refused_guid_without_a_next_one_is_rejected_at_the_deadline_without_its_value(tmp_path: Path) -> None:
    settings = replace(SETTINGS, order_deadline_s=3.0)
    async with working(says(retcode("000-003")), tmp_path, settings=settings) as floor:
        floor.sign_in(1001)
        floor.order((1001, 4))
        outcome = await floor.outcome()
    assert (outcome.kind, outcome.retcode, outcome.attempts) == (OutcomeKind.REJECTED, "000-003", 1)
    assert outcome.error
    assert "guid-1001" not in repr(outcome)


async def test_a_guid_that_cannot_be_a_header_fails_without_a_call_and_without_showing(tmp_path: Path) -> None:
    async with working(says(http()), tmp_path) as floor:
        floor.sessions.begin(1001, "bad\r\nguid", "")
        floor.order((1001, 4))
        outcome = await floor.outcome()
        assert outcome.kind is OutcomeKind.FAILED
        assert "bad" not in repr(outcome)
        assert floor.actuator.status().in_flight == 0
    assert floor.server.requests == []


async def test_a_renewed_guid_in_an_answer_is_used_from_then_on(tmp_path: Path) -> None:
    renewing = says(http(headers=("Set-GUID: JSESSIONID=renewed", "Set-Cookie: elb=7; Path=/")), http())
    async with working(renewing, tmp_path) as floor:
        floor.sign_in(1001)
        for limit in (4, 5):
            floor.order((1001, limit))
            await floor.outcome()
    assert "Guid: renewed" in floor.server.requests[1].head
    assert "Cookie: elb=7" in floor.server.requests[1].head


async def test_a_newer_order_waits_for_the_call_in_flight_and_the_newest_wins(tmp_path: Path) -> None:
    gate = Gate()
    async with working(gate, tmp_path) as floor:
        floor.sign_in(1001)
        floor.order((1001, 3))
        await floor.server.until(lambda: len(floor.server.requests) == 1)
        floor.order((1001, 4))
        floor.order((1001, 5))
        first = await floor.outcome()
        assert (first.callnums, first.kind, first.attempts) == (4, OutcomeKind.SUPERSEDED, 0)
        assert floor.actuator.status().in_flight == 1
        gate.opened.set()
        ended = [await floor.outcome(), await floor.outcome()]
        assert [(outcome.callnums, outcome.kind) for outcome in ended] == [
            (3, OutcomeKind.APPLIED),
            (5, OutcomeKind.APPLIED),
        ]
        assert floor.confirmed(1001) == 5
    assert [json.loads(request.body)["callnums"] for request in floor.server.requests] == ["3", "5"]


async def test_a_failed_call_is_not_repeated_when_a_newer_order_waits(tmp_path: Path) -> None:
    gate = asyncio.Event()

    async def resets_later(request: Request, writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        writer.transport.abort()

    async with working(in_turn(resets_later, says(http())), tmp_path) as floor:
        floor.sign_in(1001)
        floor.order((1001, 3))
        await floor.server.until(lambda: len(floor.server.requests) == 1)
        floor.order((1001, 4))
        gate.set()
        ended = [await floor.outcome(), await floor.outcome()]
    assert [(outcome.callnums, outcome.kind) for outcome in ended] == [
        (3, OutcomeKind.SUPERSEDED),
        (4, OutcomeKind.APPLIED),
    ]


async def test_no_agent_ever_has_two_calls_in_flight(tmp_path: Path) -> None:
    flying: set[int] = set()
    most = 0

    async def watches(request: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal most
        assert request.agent not in flying
        flying.add(request.agent)
        most = max(most, len(flying))
        await asyncio.sleep(0)
        flying.discard(request.agent)
        writer.write(http())

    settings = replace(SETTINGS, max_in_flight=4, calls_per_second=1e6)
    async with working(watches, tmp_path, settings=settings) as floor:
        agents = range(1001, 1021)
        floor.sign_in(*agents)
        for limit in range(1, 6):
            floor.order(*((agent, limit) for agent in agents))
        ended = [await floor.outcome() for _ in range(5 * len(agents))]
        assert {floor.confirmed(agent) for agent in agents} == {5}
    assert {outcome.order for outcome in ended} == set(range(100))
    assert most <= 4


async def test_a_success_from_an_older_sign_in_confirms_nothing_and_the_limit_is_set_again(tmp_path: Path) -> None:
    gate = Gate()
    async with working(in_turn(gate, says(http())), tmp_path) as floor:
        floor.sign_in(1001)
        floor.order((1001, 4))
        await floor.server.until(lambda: len(floor.server.requests) == 1)
        floor.sign_in(1001)
        gate.opened.set()
        outcome = await floor.outcome()
        assert (outcome.kind, outcome.attempts) == (OutcomeKind.APPLIED, 2)
    assert "Guid: guid-1001-1" in floor.server.requests[1].head


async def test_a_new_sign_in_makes_the_confirmed_limit_unknown(tmp_path: Path) -> None:
    async with working(says(http()), tmp_path) as floor:
        floor.sign_in(1001, 1002)
        floor.order((1001, 4), (1002, 4))
        await floor.outcome()
        await floor.outcome()
        floor.sign_in(1001)
        assert (floor.confirmed(1001), floor.confirmed(1002)) == (None, 4)


async def test_after_an_outage_every_waiting_order_is_applied(tmp_path: Path) -> None:
    settings = replace(SETTINGS, breaker_threshold=3, probe=Backoff(first_s=1.0, most_s=2.0))
    async with working(says(http(b"", status="502 Bad Gateway")), tmp_path, settings=settings) as floor:
        agents = range(1001, 1011)
        floor.sign_in(*agents)
        floor.order(*((agent, 4) for agent in agents))
        await floor.server.until(lambda: len(floor.server.requests) >= 8)
        floor.server.script = says(http())
        ended = [await floor.outcome() for _ in agents]
        assert {outcome.kind for outcome in ended} == {OutcomeKind.APPLIED}
        status = floor.actuator.status()
    assert (status.breaker, status.in_flight, status.queued) == (BreakerState.CLOSED, 0, 0)
    assert status.counts[OutcomeKind.APPLIED] == len(agents)
    assert "502" in (status.last_error or "")


async def test_orders_whose_turn_never_comes_end_at_the_deadline(tmp_path: Path) -> None:
    settings = replace(SETTINGS, max_in_flight=1, order_deadline_s=2.0)
    async with working(stays_silent, tmp_path, settings=settings) as floor:
        floor.sign_in(1001, 1002)
        floor.order((1001, 4), (1002, 4))
        outcome = await floor.outcome()
        assert (outcome.agent, outcome.kind, outcome.attempts) == (1002, OutcomeKind.FAILED, 0)
        assert "gateway.calls_per_second" in (outcome.error or "")


async def test_a_drain_waits_for_calls_in_flight_and_sends_no_other(tmp_path: Path) -> None:
    gate = Gate()
    settings = replace(SETTINGS, max_in_flight=1)
    async with working(gate, tmp_path, settings=settings) as floor:
        floor.sign_in(1001, 1002)
        floor.order((1001, 4), (1002, 4))
        floor.order((1001, 5))
        await floor.server.until(lambda: len(floor.server.requests) == 1)
        drain = asyncio.create_task(floor.actuator.drain(3600.0))
        queued = [await floor.outcome(), await floor.outcome()]
        assert {(outcome.agent, outcome.callnums) for outcome in queued} == {(1001, 5), (1002, 4)}
        assert {outcome.kind for outcome in queued} == {OutcomeKind.FAILED}
        assert not drain.done()
        gate.opened.set()
        async with asyncio.timeout(10):
            await drain
        assert (await floor.outcome()).kind is OutcomeKind.APPLIED
        floor.order((1002, 4))
        late = await floor.outcome()
        assert late.kind is OutcomeKind.FAILED
        assert "stopping" in (late.error or "")
        assert floor.actuator.status().is_draining
    assert len(floor.server.requests) == 1


async def test_what_still_flies_at_the_drains_deadline_is_unknown_and_its_late_end_is_not_told(tmp_path: Path) -> None:
    async with working(stays_silent, tmp_path, timeout_s=0.5) as floor:
        floor.sign_in(1001)
        floor.order((1001, 4))
        await floor.server.until(lambda: len(floor.server.requests) == 1)
        await floor.actuator.drain(0.01)
        assert (await floor.outcome()).kind is OutcomeKind.UNKNOWN
        await floor.server.until(lambda: floor.server.open == 0)
        assert floor.heard.empty()
        assert floor.confirmed(1001) is None


async def test_draining_without_work_returns_at_once(tmp_path: Path) -> None:
    async with working(says(http()), tmp_path) as floor:
        await floor.actuator.drain(5.0)
        assert floor.heard.empty()


@pytest.mark.parametrize("callnums", [0, 61, -1])
async def test_a_limit_out_of_range_is_refused_before_anything_is_ordered(callnums: int, tmp_path: Path) -> None:
    async with working(says(http()), tmp_path) as floor:
        floor.sign_in(1001)
        with pytest.raises(ValueError, match="from 1 to 60"):
            floor.order((1001, 4), (1001, callnums))
        assert floor.actuator.status().queued == 0
        assert floor.heard.empty()
