"""What holds for the reconciler whatever is ordered and whatever the gateway does, in the fake clock's time.

The calls are carried by hand here, because only so each can end at a chosen moment, in any order.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoscaler.errors import GatewayUnreachable
from autoscaler.gateway.actuation import ActuatorSettings
from autoscaler.gateway.actuator import Actuator
from autoscaler.gateway.backoff import Backoff
from autoscaler.gateway.breaker import BreakerState
from autoscaler.gateway.limits import LimitTable
from autoscaler.gateway.ports import Answer, NoAnswer, Outcome, OutcomeKind
from autoscaler.gateway.sessions import SessionTable
from autoscaler.testing.clock import FakeClock

WEB_CHAT = 51
AGENTS = (1001, 1002, 1003)
QUICK = ActuatorSettings(
    max_in_flight=2,
    calls_per_second=1e6,
    order_deadline_s=1e6,
    retry=Backoff(first_s=0.1, most_s=0.2),
    busy_retry_s=0.2,
    guid_poll_s=0.1,
    breaker_threshold=3,
    probe=Backoff(first_s=0.1, most_s=0.2),
)


def says(body: bytes, status: int = 200) -> Answer:
    return Answer(status=status, set_guid=None, set_cookie=(), body=body)


SUCCESS = says(b'{"message":"success","retcode":"0"}')
UNREACHABLE = GatewayUnreachable("nobody there", help="Look.")
FAULTS: dict[str, Answer | NoAnswer] = {
    "refused": NoAnswer(error=UNREACHABLE, was_sent=False),
    "lost": NoAnswer(error=UNREACHABLE, was_sent=True),
    "busy": says(b'{"retcode":"000-007"}'),
    "expired": says(b'{"retcode":"100-006"}'),
    "html": says(b"<html>"),
    "503": says(b"", 503),
    "429": says(b"", 429),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call under way."""

    agent: int
    callnums: int
    guid: str
    end: Callable[[Answer | NoAnswer], None]


class HandCalls:
    """`ports.Calls` whose calls end when a test says so."""

    def __init__(self) -> None:
        self.flying: list[Call] = []
        self.count = 0

    def post(
        self,
        path: str,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        tag: Any,
        done: Callable[[Any, Answer | NoAnswer], None],
    ) -> None:
        self.count += 1
        agent = int(path.split("/")[4])
        assert agent not in {call.agent for call in self.flying}, "two calls in flight for one agent"
        callnums = int(body.split(b'"')[7])
        self.flying.append(
            Call(agent=agent, callnums=callnums, guid=dict(headers)["Guid"], end=lambda result: done(tag, result))
        )

    def end(self, index: int, result: Answer | NoAnswer) -> Call:
        call = self.flying.pop(index % len(self.flying))
        call.end(result)
        return call


class World:
    """An actuator, a gateway that remembers what it applied, and a clock under the test's hand."""

    def __init__(self, chosen: ActuatorSettings) -> None:
        self.clock = FakeClock()
        self.sessions = SessionTable(self.clock, guid_life_s=None)
        self.limits = LimitTable()
        self.calls = HandCalls()
        self.outcomes: list[Outcome] = []
        self.applied: dict[int, int] = {}
        self.wanted: dict[int, int] = {}
        self.orders = 0
        self.orders_within_outcomes: list[tuple[int, int]] = []
        self.actuator = Actuator(
            settings=chosen,
            sessions=self.sessions,
            calls=self.calls,
            limits=self.limits,
            outcomes=self.hear,
            clock=self.clock,
            random=Random(3),
        )
        for agent in AGENTS:
            self.sign_in(agent)

    def hear(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        if self.orders_within_outcomes:
            self.order([self.orders_within_outcomes.pop(0)])

    def sign_in(self, agent: int) -> None:
        number = self.sessions.begin(agent, f"guid-{agent}-{self.sessions.sign_ins(agent)}", "")
        self.applied.pop(agent, None)
        if number > 1:
            self.actuator.forget(agent)

    def order(self, rows: Sequence[tuple[int, int]]) -> None:
        agents = np.array([agent for agent, _ in rows], dtype=np.int64)
        callnums = np.array([limit for _, limit in rows], dtype=np.int16)
        self.wanted.update(rows)
        first, self.orders = self.orders, self.orders + len(rows)
        self.actuator.order(WEB_CHAT, agents, callnums, first)

    def end(self, index: int, fault: str | None, was_applied: bool) -> None:
        """End a call in flight; only one that did not fail, or whose answer was lost, can have been applied."""
        if not self.calls.flying:
            return
        call = self.calls.flying[index % len(self.calls.flying)]
        current = self.sessions.credentials(call.agent)
        is_current = current is not None and current.guid == call.guid
        if is_current and (fault is None or (fault in {"lost", "html", "503"} and was_applied)):
            self.applied[call.agent] = call.callnums
        self.calls.end(index, SUCCESS if fault is None else FAULTS[fault])

    async def end_faults(self) -> None:
        for _ in range(200):
            for agent in AGENTS:
                if self.sessions.credentials(agent) is None:
                    self.sign_in(agent)
            while self.calls.flying:
                self.end(0, None, True)
            status = self.actuator.status()
            if not status.in_flight and not status.queued:
                return
            await self.clock.advance(0.2)
        raise AssertionError("the orders never ended")

    def confirmed(self) -> dict[int, int]:
        limits = self.limits.confirmed(WEB_CHAT, np.array(AGENTS))
        return {agent: int(limit) for agent, limit in zip(AGENTS, limits, strict=True) if not np.isnan(limit)}


@asynccontextmanager
async def world(chosen: ActuatorSettings = QUICK) -> AsyncIterator[World]:
    made = World(chosen)
    run = asyncio.create_task(made.actuator.run(), name="actuator")
    try:
        yield made
    finally:
        run.cancel()
        with pytest.raises(asyncio.CancelledError):  # and not an error of its own before
            await run


AGENT = st.sampled_from(AGENTS)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("order"), st.lists(st.tuples(AGENT, st.integers(1, 60)), min_size=1, max_size=4)),
        st.tuples(st.just("end"), st.tuples(st.integers(0, 5), st.sampled_from([None, *FAULTS]), st.booleans())),
        st.tuples(st.just("advance"), st.floats(0, 0.4)),
        st.tuples(st.just("sign in"), AGENT),
    ),
    max_size=25,
)


async def play(made: World, steps: list[tuple[str, Any]]) -> None:
    for step, value in steps:
        match step:
            case "order":
                made.order(value)
            case "end":
                made.end(*value)
            case "advance":
                await made.clock.advance(value)
            case _:
                made.sign_in(value)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_once_faults_end_the_last_wanted_limit_is_applied_and_confirmed(steps: list[tuple[str, Any]]) -> None:
    async def story() -> None:
        async with world() as made:
            await play(made, steps)
            await made.end_faults()
            lost = {agent: limit for agent, limit in made.wanted.items() if made.applied.get(agent) != limit}
            made.order(list(lost.items()))  # the next cycle asserts what a new sign-in has undone
            await made.end_faults()
            assert made.applied == made.wanted
            assert made.confirmed() == made.wanted
            assert Counter(outcome.order for outcome in made.outcomes) == dict.fromkeys(range(made.orders), 1)

    asyncio.run(story())


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_a_limit_is_confirmed_only_if_the_gateway_holds_it_once_no_order_lives(steps: list[tuple[str, Any]]) -> None:
    async def story() -> None:
        async with world() as made:
            made.order([(agent, 30) for agent in AGENTS])
            await made.end_faults()
            for step in steps:
                await play(made, [step])
                status = made.actuator.status()
                if not status.in_flight and not status.queued:
                    assert made.confirmed().items() <= made.applied.items()
            await made.actuator.drain(0.0)
            assert made.confirmed().items() <= made.applied.items()
            assert Counter(outcome.order for outcome in made.outcomes) == dict.fromkeys(range(made.orders), 1)

    asyncio.run(story())


@settings(max_examples=40, deadline=None)
@given(STEPS, st.floats(0.05, 1.0))
def test_every_order_ends_once_whatever_its_deadline(steps: list[tuple[str, Any]], deadline_s: float) -> None:
    chosen = ActuatorSettings(
        max_in_flight=2,
        calls_per_second=20,
        order_deadline_s=deadline_s,
        retry=QUICK.retry,
        busy_retry_s=0.2,
        guid_poll_s=0.1,
        breaker_threshold=2,
        probe=QUICK.probe,
    )

    async def story() -> None:
        async with world(chosen) as made:
            await play(made, steps)
            await made.end_faults()
            assert Counter(outcome.order for outcome in made.outcomes) == dict.fromkeys(range(made.orders), 1)
            assert sum(made.actuator.status().counts.values()) == made.orders
            assert all(outcome.error for outcome in made.outcomes if outcome.kind is not OutcomeKind.APPLIED)

    asyncio.run(story())


async def test_the_breaker_stops_calls_and_lets_one_probe_out_after_its_pause() -> None:
    chosen = ActuatorSettings(
        max_in_flight=1, calls_per_second=1e6, breaker_threshold=3, probe=Backoff(first_s=10.0, most_s=20.0)
    )
    async with world(chosen) as made:
        made.order([(agent, 4) for agent in AGENTS])
        for _ in range(3):
            made.calls.end(0, FAULTS["lost"])
        assert made.actuator.status().breaker is BreakerState.OPEN
        await made.clock.advance(4.9)
        assert made.calls.flying == []
        await made.clock.advance(5.2)
        assert made.actuator.status().breaker is BreakerState.HALF_OPEN
        assert len(made.calls.flying) == 1
        made.calls.end(0, FAULTS["refused"])
        await made.clock.advance(9.9)
        assert made.calls.flying == []
        await made.clock.advance(10.2)
        made.calls.end(0, SUCCESS)
        assert made.actuator.status().breaker is BreakerState.CLOSED


async def test_an_open_breaker_says_so_in_what_fails_at_the_deadline() -> None:
    chosen = ActuatorSettings(
        max_in_flight=1, breaker_threshold=1, order_deadline_s=5.0, probe=Backoff(first_s=60, most_s=60)
    )
    async with world(chosen) as made:
        made.order([(1001, 4), (1002, 4)])
        made.calls.end(0, FAULTS["refused"])
        await made.clock.advance(5.1)
        kinds = {outcome.agent: (outcome.kind, outcome.error) for outcome in made.outcomes}
    assert kinds[1001] == (OutcomeKind.FAILED, "nobody there. Look.")
    assert kinds[1002][0] is OutcomeKind.FAILED
    assert "breaker" in (kinds[1002][1] or "")


async def test_calls_go_out_no_faster_than_the_pace() -> None:
    chosen = ActuatorSettings(max_in_flight=64, calls_per_second=4.0)
    async with world(chosen) as made:
        sent: list[int] = []
        for _ in range(20):
            made.order([(agent, 4) for agent in AGENTS])
            await made.clock.advance(0.5)
            while made.calls.flying:
                made.calls.end(0, SUCCESS)
            sent.append(made.calls.count)
    assert all(count <= 1.4 + 4 * 0.5 * turn for turn, count in enumerate(sent, 1))
    assert sent[-1] >= 38


@pytest.mark.parametrize("has_session", [True, False])
async def test_a_new_sign_in_told_of_while_a_call_flies_keeps_its_success_from_confirming(has_session: bool) -> None:
    async with world() as made:
        made.order([(1001, 4)])
        made.actuator.forget(1001)
        if not has_session:
            made.sessions.end(1001)
        made.calls.end(0, SUCCESS)
        assert made.confirmed() == {}
        made.sign_in(1001)
        await made.clock.advance(0.1)
        made.calls.end(0, SUCCESS)
        assert made.confirmed() == {1001: 4}
    assert [outcome.attempts for outcome in made.outcomes] == [2]


@pytest.mark.parametrize(
    ("fault", "kind", "confirmed"),
    [
        ("refused", OutcomeKind.FAILED, {1001: 3}),
        ("lost", OutcomeKind.UNKNOWN, {}),
        ("html", OutcomeKind.UNKNOWN, {}),
        ("503", OutcomeKind.UNKNOWN, {}),
        ("429", OutcomeKind.FAILED, {1001: 3}),
        ("busy", OutcomeKind.FAILED, {1001: 3}),
        ("expired", OutcomeKind.REJECTED, {1001: 3}),
    ],
)
async def test_a_call_that_lands_after_the_deadline_ends_its_order(
    fault: str, kind: OutcomeKind, confirmed: dict[int, int]
) -> None:
    async with world(replace(QUICK, order_deadline_s=5.0)) as made:
        made.order([(1001, 3)])
        made.calls.end(0, SUCCESS)
        made.order([(1001, 4)])
        await made.clock.advance(6.0)
        made.calls.end(0, FAULTS[fault])
        assert [outcome.kind for outcome in made.outcomes] == [OutcomeKind.APPLIED, kind]
        assert made.confirmed() == confirmed


@pytest.mark.parametrize("fault", ["busy", "429"])
async def test_a_gateway_that_is_busy_is_left_alone_for_longer_than_after_a_fault(fault: str) -> None:
    async with world(replace(QUICK, busy_retry_s=5.0)) as made:
        made.order([(1001, 4), (1002, 4)])
        made.calls.end(0, FAULTS[fault])
        made.calls.end(0, FAULTS["lost"])
        await made.clock.advance(4.9)
        assert [call.agent for call in made.calls.flying] == [1002]
        await made.clock.advance(0.2)
        assert [call.agent for call in made.calls.flying] == [1002, 1001]


async def test_an_order_given_while_others_expire_is_sent_once_and_what_it_lets_out_does_not_expire() -> None:
    agents = range(2001, 2013)
    chosen = ActuatorSettings(max_in_flight=64, calls_per_second=80.0, order_deadline_s=0.04)
    async with world(chosen) as made:
        for agent in agents:
            made.sign_in(agent)
        made.orders_within_outcomes = [(2010, 7)]
        made.order([(agent, 4) for agent in agents])
        assert len(made.calls.flying) == 9  # a full bucket
        await made.clock.advance(0.05)  # the first in line expires, and by then there are tokens for all the others
        assert [(call.agent, call.callnums) for call in made.calls.flying[9:]] == [(2010, 7), (2011, 4), (2012, 4)]
        while made.calls.flying:
            made.end(0, None, True)
    assert Counter(outcome.kind for outcome in made.outcomes) == {OutcomeKind.FAILED: 1, OutcomeKind.APPLIED: 12}


async def test_a_superseded_order_gives_its_place_in_line_to_the_newer_one() -> None:
    async with world(ActuatorSettings(max_in_flight=1, calls_per_second=1e6)) as made:
        made.order([(1001, 4), (1002, 4), (1003, 4)])
        made.order([(1002, 5)])
        went: list[tuple[int, int]] = []
        while made.calls.flying:
            call = made.calls.end(0, SUCCESS)
            went.append((call.agent, call.callnums))
    assert went == [(1001, 4), (1002, 5), (1003, 4)]


async def test_an_outcomes_listener_may_order_again_at_once() -> None:
    async with world() as made:
        made.orders_within_outcomes = [(1001, 7)]
        made.order([(1001, 6)])
        while made.calls.flying:
            made.end(0, None, True)
        assert made.confirmed()[1001] == 7
    assert [(outcome.callnums, outcome.kind) for outcome in made.outcomes] == [
        (6, OutcomeKind.APPLIED),
        (7, OutcomeKind.APPLIED),
    ]


@pytest.mark.parametrize("retcode", ["000-003", "100-006", "105-001", "105-006"])
async def test_each_refusal_of_a_guid_ends_its_use(retcode: str) -> None:
    async with world() as made:
        made.order([(1001, 4)])
        made.calls.end(0, says(b'{"retcode":"%s"}' % retcode.encode()))
        assert made.sessions.credentials(1001) is None
        await made.clock.advance(1.0)
        assert made.calls.flying == []
        made.sign_in(1001)
        await made.clock.advance(1.0)
        assert [call.guid for call in made.calls.flying] == ["guid-1001-1"]
