"""Makes wanted limits confirmed ones: the reconciler between the plan and CC-Gateway.

The newest wanted limit of an agent wins, no agent has two calls in flight for one media type, every order ends
exactly once, and a limit counts as confirmed only after retcode "0" in the agent's present sign-in. Sending a
limit twice does no harm, for it is absolute; so whatever went unanswered is sent again until the deadline.

Everything here runs on the loop's thread, in callbacks: no task is made for a call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoscaler.clock import Clock
from autoscaler.errors import AutoscalerError, GatewayNonsense
from autoscaler.gateway.actuation import ActuatorSettings, ActuatorStatus
from autoscaler.gateway.breaker import Breaker, BreakerState
from autoscaler.gateway.limits import LimitTable
from autoscaler.gateway.line import Line
from autoscaler.gateway.order import Order, OrderStage
from autoscaler.gateway.pace import BEAT_S, Pace
from autoscaler.gateway.ports import Answer, Calls, NoAnswer, OutcomeKind, Outcomes, Sessions
from autoscaler.gateway.retcodes import SUCCESS, Advice, advice
from autoscaler.gateway.wire import read_reply, read_retcode, refusal, setcallnums_request

__all__ = ["Actuator"]


_FLYING: Final = OrderStage.FLYING  # looked up once: through the enum each use costs ten times as much
_APPLIED: Final = OutcomeKind.APPLIED


class Actuator:
    """Drives confirmed limits to wanted ones; `order.Order` draws the way of an order."""

    def __init__(
        self,
        *,
        settings: ActuatorSettings,
        sessions: Sessions,
        calls: Calls,
        limits: LimitTable,
        outcomes: Outcomes,
        clock: Clock,
        random: Random,
    ) -> None:
        """Start with nothing ordered.

        Args:
            settings: How hard the gateway is worked.
            sessions: Who holds the Guids.
            calls: Who carries the calls.
            limits: The table that is kept up to date.
            outcomes: Hears of each ended order.
            clock: For pace, pauses, deadlines and latencies.
            random: Spreads the pauses.
        """
        self._settings = settings
        self._most = settings.max_in_flight
        self._sessions = sessions
        self._calls = calls
        self._limits = limits
        self._outcomes = outcomes
        self._clock = clock
        self._random = random
        self._pace = Pace(calls_per_second=settings.calls_per_second, now=clock.monotonic())
        self._breaker = Breaker(random=random, threshold=settings.breaker_threshold, pauses=settings.probe)
        self._line = Line()
        self._media_types: set[int] = set()
        self._in_flight = 0
        self._applied = 0  # apart from the other counts: finding an enum in a dict costs more than all else here
        self._counts = dict.fromkeys(OutcomeKind, 0)
        self._last_error: str | None = None
        self._is_draining = False
        self._has_work = asyncio.Event()
        self._is_quiet = asyncio.Event()
        self._is_quiet.set()

    def order(self, media_type: int, agents: NDArray[np.int64], callnums: NDArray[np.int16], first_order: int) -> None:
        """Want these limits from now on, and start to send them.

        Each order ends in one outcome, some possibly before this returns. An order for an agent takes the place of
        an earlier one that is not in flight, and waits for one that is.

        Args:
            media_type: Wire number.
            agents: Agent ids, 101..999999, shape (n,); of equal ids the last row wins.
            callnums: Limits, 1..60, shape (n,).
            first_order: Number of the first row's order; row i is first_order + i.

        Raises:
            ValueError: The shapes differ, or a limit is out of range; nothing was ordered.
            IndexError: An agent id is out of range; nothing was ordered.
        """
        if agents.shape != callnums.shape or agents.ndim != 1:
            raise ValueError(f"agents have shape {agents.shape}, callnums {callnums.shape}; both must be (n,)")
        if callnums.size and not 1 <= callnums.min() <= callnums.max() <= 60:
            raise ValueError("limits run from 1 to 60")
        self._limits.want(media_type, agents, callnums)
        self._media_types.add(media_type)
        now = self._clock.monotonic()
        deadline = now + self._settings.order_deadline_s
        orders = [
            Order(number, agent, media_type, limit, deadline)
            for number, (agent, limit) in enumerate(zip(agents.tolist(), callnums.tolist(), strict=True), first_order)
        ]
        self._line.remember_deadline(deadline, orders)
        for order in orders:
            self._admit(order, now)
        self._has_work.set()
        self._pump(now)

    def forget(self, agent: int) -> None:
        """Make the agent's limits unknown: it has signed in anew, which also undoes what is in flight."""
        self._limits.forget(agent)
        for media_type in self._media_types:
            order = self._line.of(media_type, agent)
            if order is not None:
                order.sign_in = -1

    def withdraw(self, why: str, *, media_type: int | None = None, agents: Collection[int] | None = None) -> None:
        """Send nothing more of what is ordered now; what is in flight is waited for and not repeated.

        Args:
            why: One sentence for the outcomes.
            media_type, agents: Whose orders; None: everybody's.
        """
        now = self._clock.monotonic()
        for order in self._line.living():
            if media_type not in (None, order.media_type) or (agents is not None and order.agent not in agents):
                continue
            if order.stage is _FLYING:
                order.deadline = now
            else:
                order.error = why
                self._end(order, order.ending, now)

    async def run(self) -> None:
        """Send what pace, pauses and breaker held back, and end what is past its deadline; never returns."""
        while True:
            await self._has_work.wait()
            self._tend(self._clock.monotonic())
            if self._line.is_empty:
                self._line.tidy()
                self._has_work.clear()
            await self._clock.sleep(BEAT_S)

    async def drain(self, deadline_s: float) -> None:
        """Send nothing more, wait for what is in flight, end everything.

        Args:
            deadline_s: Real seconds to wait for calls in flight; what then flies ends as unknown.
        """
        self._is_draining = True
        now = self._clock.monotonic()
        for order in self._line.living():
            if order.stage is not _FLYING:
                order.error = (
                    order.error or "the program stopped before the limit was sent; the next start decides anew"
                )
                self._end(order, order.ending, now)
        self._settle()
        try:
            async with asyncio.timeout(deadline_s):
                await self._is_quiet.wait()
        except TimeoutError:
            for order in self._line.living():
                order.is_doubtful = True
                order.error = "the program stopped before the gateway answered; the next start sets the limit again"
                self._end(order, OutcomeKind.UNKNOWN, self._clock.monotonic())

    def status(self) -> ActuatorStatus:
        """Say how things stand."""
        return ActuatorStatus(
            in_flight=self._in_flight,
            queued=self._line.at_rest,
            breaker=self._breaker.state,
            counts={**self._counts, _APPLIED: self._applied},
            last_error=self._last_error,
            is_draining=self._is_draining,
        )

    def _admit(self, order: Order, now: float) -> None:
        if self._is_draining:
            order.error = "the program is stopping and sends no more limits; the next start decides anew"
            self._report(order, OutcomeKind.FAILED, now)
            return
        superseded = self._line.admit(order)
        if superseded is not None:
            self._report_superseded(superseded, now)

    def _pump(self, now: float) -> None:
        line = self._line
        while self._in_flight < self._most and line.has_next() and self._pace.allows(now) and self._breaker.allows(now):
            order = line.next()
            if order is not None:
                self._send(order, now)

    def _send(self, order: Order, now: float) -> None:
        credentials = self._sessions.credentials(order.agent)
        if order.attempts and (credentials is None or (order.is_refused and credentials.guid == order.guid)):
            self._line.wait(order, now + self._settings.guid_poll_s)
            return
        if credentials is None:
            order.error = (
                f"no session for agent {order.agent}; sign it in, or have its desktop hand over the current Guid"
            )
            self._end(order, OutcomeKind.FAILED, now)
            return
        try:
            path, headers, body = setcallnums_request(order.agent, order.media_type, order.callnums, credentials)
            self._calls.post(path, headers, body, order, self._landed)
        except AutoscalerError as error:  # values that can't be put into a request: no retry will mend them
            order.error = _sentence(error)
            self._end(order, OutcomeKind.FAILED, now)
            return
        self._pace.spend()
        order.is_probe = self._breaker.tried()
        order.is_refused = False
        order.stage = _FLYING
        order.guid = credentials.guid
        order.sign_in = credentials.sign_in
        if not order.attempts:
            order.first_sent_at = now
        order.attempts += 1
        self._in_flight += 1

    def _landed(self, order: Order, result: Answer | NoAnswer) -> None:
        now = self._clock.monotonic()
        self._in_flight -= 1
        if isinstance(result, NoAnswer):
            self._unanswered(order, result.error, result.was_sent, now)
        else:
            self._sessions.answered(order.agent, order.guid, result.set_guid, result.set_cookie)
            try:
                retcode = read_retcode(result)
            except GatewayNonsense as error:
                self._unanswered(order, error, True, now)
            else:
                if retcode == SUCCESS:
                    self._breaker.answered()
                    self._succeeded(order, now)
                else:
                    self._refused(order, result, retcode, now)
        if not self._in_flight:
            self._settle()
        self._pump(now)

    def _succeeded(self, order: Order, now: float) -> None:
        credentials = self._sessions.credentials(order.agent)
        if order.stage is not _FLYING:  # a drain's deadline has ended it
            return
        if order.sign_in < 0 or (credentials is not None and credentials.sign_in != order.sign_in):
            self._note(order, "the agent signed in anew while its limit was being set; it is set again", SUCCESS)
            self._again(order, now, now)
            return
        order.retcode = SUCCESS
        order.error = None
        self._limits.confirm(order.media_type, order.agent, order.callnums)
        self._end(order, _APPLIED, now)

    def _refused(self, order: Order, answer: Answer, retcode: str, now: float) -> None:
        if answer.status >= 500:
            self._breaker.failed(now, was_probe=order.is_probe)
            order.is_doubtful = True  # a proxy that gave up does not know what the gateway did
        else:
            self._breaker.answered()
        error = refusal(read_reply(answer), place=f"setcallnums of agent {order.agent}")
        self._note(order, _sentence(error), retcode)
        what = advice(retcode)
        if what.ends_session:
            self._sessions.refused(order.agent, order.guid, retcode)
            order.ending = OutcomeKind.REJECTED
            order.is_refused = True
            pause = self._pause(order) if order.attempts > 1 else 0.0  # a renewed Guid may be there already
            self._again(order, now + pause, now)
        elif what.is_transient:
            order.ending = OutcomeKind.UNKNOWN if order.is_doubtful else OutcomeKind.FAILED
            least = self._settings.busy_retry_s if what is Advice.WAIT else 0.0
            self._again(order, now + max(least, self._pause(order)), now)
        elif order.stage is _FLYING:
            self._end(order, OutcomeKind.REJECTED, now)

    def _unanswered(self, order: Order, error: AutoscalerError, was_sent: bool, now: float) -> None:
        self._breaker.failed(now, was_probe=order.is_probe)
        self._note(order, _sentence(error), None)
        order.is_doubtful |= was_sent
        order.ending = OutcomeKind.UNKNOWN if order.is_doubtful else OutcomeKind.FAILED
        self._again(order, now + self._pause(order), now)

    def _note(self, order: Order, error: str, retcode: str | None) -> None:
        order.error = self._last_error = error
        order.retcode = retcode

    def _again(self, order: Order, due: float, now: float) -> None:
        """Let a landed order wait for its next call, unless it is no longer wanted or out of time."""
        if order.stage is not _FLYING:
            return
        if order.successor is not None:
            self._line.end(order)
            self._report_superseded(order, now)
        elif self._is_draining or now >= order.deadline:
            self._end(order, order.ending, now)
        else:
            self._line.wait(order, due)

    def _pause(self, order: Order) -> float:
        return self._settings.retry.pause(order.attempts, self._random)

    def _tend(self, now: float) -> None:
        late = self._line.expired(now)
        for order in late:
            self._expire(order, now)
        if late:
            self._line.tidy()
        self._line.wake(now)
        self._pump(now)

    def _expire(self, order: Order, now: float) -> None:
        if order.stage in {_FLYING, OrderStage.ENDED}:  # moved on from within another one's outcome
            return
        if order.error is None:
            order.error = (
                f"it was not its turn within {self._settings.order_deadline_s:g} s; "
                "see whether gateway.calls_per_second and gateway.max_in_flight fit the number of agents"
            )
            if self._breaker.state is not BreakerState.CLOSED:
                order.error = (
                    "the gateway did not answer, so no call was made; see the breaker and last error in the status"
                )
        self._end(order, order.ending, now)

    def _end(self, order: Order, kind: OutcomeKind, now: float) -> None:
        self._line.end(order)
        self._report(order, kind, now)

    def _report_superseded(self, order: Order, now: float) -> None:
        order.error = "a newer limit was ordered for this agent"
        self._report(order, OutcomeKind.SUPERSEDED, now)

    def _report(self, order: Order, kind: OutcomeKind, now: float) -> None:
        if order.is_doubtful and kind is not _APPLIED:
            self._limits.doubt(order.media_type, order.agent)
        if order.error is not None and kind is not OutcomeKind.SUPERSEDED:
            self._last_error = order.error
        if kind is _APPLIED:
            self._applied += 1
        else:
            self._counts[kind] += 1
        self._outcomes(order.outcome(kind, now))

    def _settle(self) -> None:
        """Tell a drain that nothing is in flight any more."""
        if self._in_flight:
            self._is_quiet.clear()
        else:
            self._is_quiet.set()


def _sentence(error: AutoscalerError) -> str:
    return f"{error.message}. {error.help}" if error.help else error.message
