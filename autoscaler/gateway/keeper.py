"""One owned agent's session: signed in, in its queues, polled, renewed, signed in again, signed out.

One task drives it, so there is exactly one poller, no sign-in beside an unanswered sign-in or sign-out, and no Guid is
sent after its refusal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final, assert_never

import structlog

from autoscaler.clock import Clock
from autoscaler.errors import AutoscalerError, GatewayError, GatewayRefused, SettingsError, UsageError
from autoscaler.gateway.backoff import Backoff
from autoscaler.gateway.exchange import accepted
from autoscaler.gateway.leash import Leash, Pulled
from autoscaler.gateway.owned_status import OwnedState, OwnedStatus
from autoscaler.gateway.ports import Credentials
from autoscaler.gateway.retcodes import Advice, advice
from autoscaler.gateway.roster import OwnedAgent, read_password
from autoscaler.gateway.session_calls import SessionCalls, SignedIn, SignIn
from autoscaler.gateway.sessions import SessionTable

__all__ = ["Keeper", "Keeping"]

log = structlog.get_logger(__name__)

POLL_PAUSE_S: Final = (0.2, 0.5)
"""The documented wait between a poll's answer and the next poll."""

SIGN_IN_BACKOFF: Final = Backoff(first_s=1.0, most_s=60.0)
POLL_BACKOFF: Final = Backoff(first_s=0.5, most_s=10.0)
"""Shorter: the gateway forgets an agent that is silent for two minutes."""

SHORT_LIFE_S: Final = 60.0
MOST_SHORT_LIVES: Final = 8
"""So many sessions in a row that ended within `SHORT_LIFE_S` mean that something else is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """What all keepers share.

    Attributes:
        calls: The gateway.
        table: Where Guids are kept.
        clock: For every wait that is not the network's.
        random: For pauses.
        gate: Bounds sign-ins and sign-outs under way.
        force_sign_in: Throw out whoever holds the session.
        on_live: Told of each sign-in once it is of use; must not block.
        on_change: Told whenever a session has come to another state; must not block.
    """

    calls: SessionCalls
    table: SessionTable
    clock: Clock
    random: Random
    gate: asyncio.Semaphore
    force_sign_in: bool
    on_live: Callable[[int], None]
    on_change: Callable[[OwnedStatus], None]


class Keeper:
    """Drives one session until it is closed.

                     ┌──────────── refused, expired ─────────────┐
                     ▼                                           │
    ┌──────────► SIGNED_OUT ──► SIGNING_IN ──► JOINING ──► LIVE ─┤
    │ backoff        ▲              │             │         ▲ │  │
    └────────────────┼──────────────┤             │         └─┘ poll
                     │ retry        ▼             ▼
                     └─────────  STOPPED ◄────────┴── wrong password, locked, a refusal no repeat can cure

    close: any state ──► SIGNING_OUT ──► SIGNED_OUT
    """

    def __init__(self, agent: OwnedAgent, keeping: Keeping) -> None:
        """Do nothing yet."""
        self._agent = agent
        self._id = agent.agent
        self._keeping = keeping
        self._state = OwnedState.SIGNED_OUT
        self._since = keeping.clock.now()
        self._signed_in_at = 0.0
        self._last_error: str | None = None
        self._failures = 0
        self._short_lives = 0
        self._used_guid = ""
        self._retried = asyncio.Event()
        self._politely = Leash()
        self._at_once = Leash()
        self._log = log.bind(agent_id=self._id)

    @property
    def is_live(self) -> bool:
        """Whether the agent's limit can be set."""
        return self._state is OwnedState.LIVE

    @property
    def status(self) -> OwnedStatus:
        """For the console."""
        return OwnedStatus(
            agent=self._id,
            state=self._state,
            since=self._since,
            sign_ins=self._keeping.table.sign_ins(self._id),
            last_error=self._last_error,
        )

    def retry(self) -> None:
        """Try a stopped agent again, since a person has acted."""
        self._retried.set()

    def close(self) -> None:
        """Poll no more and sign out; a sign-in under way is waited for."""
        self._politely.pull()

    def abandon(self) -> None:
        """End at once, whatever is under way."""
        self._politely.pull()
        self._at_once.pull()

    async def keep(self) -> None:
        """Hold the session until `close` or `abandon`, then sign out."""
        try:
            while not self._politely.is_pulled:
                pause = await self._guarded_step()
                if self._state is OwnedState.STOPPED:
                    await self._sign_out(then=OwnedState.STOPPED)
                    await self._politely.wait(self._retried.wait())
                    self._failures = self._short_lives = 0
                    self._enter(OwnedState.SIGNED_OUT)
                else:
                    await self._politely.wait(self._keeping.clock.sleep(pause))
        except Pulled:
            pass  # closing; whichever wait it was, what is left is the sign-out
        await self._sign_out(then=OwnedState.SIGNED_OUT)

    async def _guarded_step(self) -> float:
        """Make one step and turn its failure into a pause, in seconds, or a stop."""
        try:
            return await self._step()
        except GatewayRefused as error:
            return self._take_refusal(error)
        except GatewayError as error:  # no answer, or nonsense: nothing is known, the Guid may still be good
            return self._fail(error)
        except (SettingsError, UsageError) as error:
            return self._stop(error)

    async def _step(self) -> float:
        credentials = self._keeping.table.credentials(self._id)
        if credentials is None:
            if self._state in (OwnedState.JOINING, OwnedState.LIVE):
                return self._lose("the Guid expired or was refused")
            await self._sign_in()
            return 0.0
        if self._state is OwnedState.JOINING:
            await self._join(credentials)
        return await self._poll()

    async def _sign_in(self) -> None:
        how = SignIn(password=read_password(self._agent), phonenum=self._agent.phonenum)
        await self._politely.wait(self._keeping.gate.acquire())
        try:
            self._enter(OwnedState.SIGNING_IN)
            signed_in = await self._at_once.wait(self._enter_gateway(how))
        finally:
            self._keeping.gate.release()
        number = self._keeping.table.begin(self._id, signed_in.guid, signed_in.cookie)
        self._signed_in_at = self._keeping.clock.monotonic()
        self._enter(OwnedState.JOINING)
        self._log.info("session_signed_in", sign_in=number)
        if signed_in.takes_chats is False:
            self._last_error = "signed in without the media server, so chat limits won't hold: check the agent's type"
            self._log.warning("session_without_media_server")

    async def _enter_gateway(self, how: SignIn) -> SignedIn:
        calls = self._keeping.calls
        try:
            return await calls.sign_in(self._id, how)
        except GatewayRefused as error:
            if not self._keeping.force_sign_in or advice(error.retcode) is not Advice.FORCE_BY_POLICY:
                raise
        self._log.warning("sign_in_forced")
        return await calls.force_sign_in(self._id, how)

    async def _join(self, credentials: Credentials) -> None:
        """Join the queues; what may pass by itself leaves the state as it is, so that polling goes on meanwhile."""
        self._used_guid = credentials.guid
        try:
            answer = await self._politely.wait(
                self._keeping.calls.reset_skill(self._id, credentials, self._agent.skills)
            )
            self._keeping.table.answered(self._id, credentials.guid, answer.set_guid, answer.set_cookie)
            accepted(answer, place=f"joining queues as agent {self._id}")
        except GatewayError as error:
            if isinstance(error, GatewayRefused) and not advice(error.retcode).is_transient:
                raise
            self._note(error)
            self._log.warning("queues_not_joined", error=self._last_error)
            return
        self._enter(OwnedState.LIVE)
        self._keeping.on_live(self._id)

    async def _poll(self) -> float:
        credentials = self._keeping.table.credentials(self._id)
        if credentials is None:
            return 0.0
        self._used_guid = credentials.guid
        answer = await self._politely.wait(self._keeping.calls.poll_event(self._id, credentials))
        self._keeping.table.answered(self._id, credentials.guid, answer.set_guid, answer.set_cookie)
        accepted(answer, place=f"poll of agent {self._id}")
        self._failures = 0
        if self._state is OwnedState.LIVE:
            self._last_error = None
            if self._keeping.clock.monotonic() - self._signed_in_at > SHORT_LIFE_S:
                self._short_lives = 0
        return self._keeping.random.uniform(*POLL_PAUSE_S)

    def _take_refusal(self, error: GatewayRefused) -> float:
        what = advice(error.retcode)
        match what:
            case Advice.REFRESH_GUID | Advice.SIGN_IN_AGAIN | Advice.SIGNED_OUT:
                if self._state is OwnedState.SIGNING_IN:
                    return self._fail(error)
                self._keeping.table.refused(self._id, self._used_guid, error.retcode)
                if self._keeping.table.credentials(self._id) is not None:
                    return 0.0  # a newer Guid came while this call was under way
                self._note(error)
                return self._lose(error.message)
            case Advice.RETRY | Advice.WAIT | Advice.FORCE_BY_POLICY:
                return self._fail(error)
            case Advice.STOP | Advice.DO_NOT_RETRY | Advice.DONE:
                return self._stop(error)
            case _:
                assert_never(what)

    def _lose(self, why: str) -> float:
        """The session is gone: sign in again, unless that has happened too often in a row."""
        lived = self._keeping.clock.monotonic() - self._signed_in_at
        self._short_lives = self._short_lives + 1 if lived <= SHORT_LIFE_S else 0
        self._log.warning("session_lost", why=why, lived_s=round(lived, 1))
        if self._short_lives >= MOST_SHORT_LIVES:
            return self._stop(
                GatewayError(
                    f"the session was lost {self._short_lives} times in a row within a minute: {why}",
                    place=f"agent {self._id}",
                    help="See who else signs this agent in, then retry the agent by hand.",
                )
            )
        self._enter(OwnedState.SIGNED_OUT)
        return SIGN_IN_BACKOFF.pause(max(self._short_lives, 1), self._keeping.random)

    def _fail(self, error: AutoscalerError) -> float:
        self._note(error)
        self._failures += 1
        is_signed_in = self._state in (OwnedState.JOINING, OwnedState.LIVE)
        if not is_signed_in:
            self._enter(OwnedState.SIGNED_OUT)
        if self._failures == 1:  # once: thousands of agents fail together when the gateway is down
            self._log.warning("session_call_failed", error=self._last_error)
        return (POLL_BACKOFF if is_signed_in else SIGN_IN_BACKOFF).pause(self._failures, self._keeping.random)

    def _stop(self, error: AutoscalerError) -> float:
        self._note(error)
        self._enter(OwnedState.STOPPED)
        self._retried.clear()
        self._log.error("session_stopped", error=self._last_error)
        return 0.0

    async def _sign_out(self, *, then: OwnedState) -> None:
        """Sign out if there is a session; a failure is only logged, since the gateway forgets silent agents."""
        credentials = self._keeping.table.credentials(self._id)
        if credentials is not None:
            self._enter(OwnedState.SIGNING_OUT)
            try:
                await self._at_once.wait(self._leave_gateway(credentials))
                self._log.info("session_signed_out")
            except Pulled:
                self._log.warning("sign_out_abandoned")
            except GatewayError as error:
                self._log.warning("sign_out_failed", error=str(error))
        self._keeping.table.end(self._id)
        self._enter(then)

    async def _leave_gateway(self, credentials: Credentials) -> None:
        async with self._keeping.gate:
            await self._keeping.calls.sign_out(self._id, credentials)

    def _enter(self, state: OwnedState) -> None:
        if state is not self._state:
            self._state = state
            self._since = self._keeping.clock.now()
            self._keeping.on_change(self.status)

    def _note(self, error: AutoscalerError) -> None:
        self._last_error = f"{error}. {error.help}".rstrip()
