"""Settings to parts: the only place where sources, gateway, sessions and secrets meet.

Whatever is wrong with a setting shows here, before anything is called.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from random import SystemRandom
from typing import Any, assert_never

import numpy as np
import orjson
from numpy.typing import NDArray

from autoscaler.clock import Clock
from autoscaler.core.readings import Ints
from autoscaler.daemon.settings import PUSH, CmsSettings, SessionsSettings, Settings, read_secret
from autoscaler.errors import GatewayNonsense
from autoscaler.gateway.actuation import ActuatorSettings
from autoscaler.gateway.actuator import Actuator
from autoscaler.gateway.address import Address, parse_address
from autoscaler.gateway.backoff import Backoff
from autoscaler.gateway.burst import BurstTransport
from autoscaler.gateway.client import GatewayClient
from autoscaler.gateway.handed import Rows
from autoscaler.gateway.limits import LimitTable
from autoscaler.gateway.owned import OwnedSessions
from autoscaler.gateway.ports import Outcomes
from autoscaler.gateway.pushed import PushedSessions
from autoscaler.gateway.rare import RareTransport
from autoscaler.gateway.roster import read_roster
from autoscaler.gateway.session_calls import SessionCalls
from autoscaler.gateway.session_feed import SessionFeed
from autoscaler.gateway.session_file import SessionFile
from autoscaler.gateway.session_table import USUAL_QUERY, SessionTableRows
from autoscaler.gateway.tls import Trust, trust_ca_file, trust_pin, trust_system
from autoscaler.sources import cms_client
from autoscaler.sources.cms import CmsSource
from autoscaler.sources.file_inputs import FileInputs
from autoscaler.sources.gateway import GatewaySource
from autoscaler.sources.inputs import InputSource, WithInputs
from autoscaler.sources.ports import Source
from autoscaler.sources.pushed_inputs import PushedInputs
from autoscaler.sources.signing import find_signer
from autoscaler.sources.web_inputs import HttpInputs, PrometheusInputs
from autoscaler.store.location import database_path

__all__ = ["GatewayParts", "build_cms", "build_gateway", "build_inputs", "build_source"]

POLL_TIMEOUT_S = 15.0
"""A poll is held for ten seconds by the gateway."""

PROBE = Backoff(first_s=1.0, most_s=5.0)
"""One call a few seconds costs a gateway in trouble nothing, and limits are right soon after it is back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayParts:
    """The gateway room, put together.

    Attributes:
        sessions: Who holds the Guids.
        limits: What the gateway has confirmed.
        actuator: Carries orders out.
        client: Asks questions in agents' names.
        transports: To be closed at the end.
        feed: Reads what others wrote down, where sessions are neither owned nor pushed.
        place: Host and port, for messages.
    """

    sessions: OwnedSessions | PushedSessions
    limits: LimitTable
    actuator: Actuator
    client: GatewayClient
    transports: tuple[RareTransport | BurstTransport, ...]
    feed: SessionFeed | None
    place: str

    def reachable(self, ids: Ints) -> NDArray[np.bool_]:
        """Which agents have live credentials now, shape (n,)."""
        return self.sessions.live_among(ids)


async def build_gateway(
    settings: Settings, clock: Clock, *, outcomes: Outcomes, on_sign_in: Callable[[int], None]
) -> GatewayParts:
    """Put the gateway room together; nothing is called but, for a pin, one handshake.

    Raises:
        SettingsError: A setting makes no sense.
        GatewayUnreachable: A pinned certificate could not be fetched.
    """
    own = settings.gateway
    address = parse_address(own.url)
    trust = await _trust(own.ca_file, own.pin_sha256, address, "gateway")
    rare = RareTransport(address, trust)
    burst = BurstTransport(
        host=address.host, port=address.port, trust=trust, connections=own.max_in_flight, timeout_s=own.timeout
    )
    limits = LimitTable()
    random = SystemRandom()
    told = [on_sign_in]

    def signed_in(agent: int) -> None:
        for hear in told:
            hear(agent)

    guid_life = own.guid_life if own.authentication == "dynamic" else None
    transports: list[RareTransport | BurstTransport] = [rare, burst]
    sessions: OwnedSessions | PushedSessions
    feed: SessionFeed | None = None
    match settings.sessions.kind:
        case "pushed":
            sessions = PushedSessions(clock, guid_life_s=guid_life, on_sign_in=signed_in)
        case "file" | "table":
            sessions = PushedSessions(clock, guid_life_s=guid_life, on_sign_in=signed_in)
            feed = SessionFeed(_rows(settings.sessions), sessions, clock, every_s=settings.sessions.every)
        case "owned":
            assert settings.sessions.agents_file is not None
            agents = read_roster(settings.sessions.agents_file)
            polls = BurstTransport(
                host=address.host,
                port=address.port,
                trust=trust,
                connections=len(agents) + 1,
                timeout_s=POLL_TIMEOUT_S,
            )
            transports.append(polls)
            calls = SessionCalls(rare, polls=polls, timeout_s=own.timeout, poll_timeout_s=POLL_TIMEOUT_S)
            sessions = OwnedSessions(
                agents,
                calls,
                clock,
                random,
                guid_life_s=guid_life,
                force_sign_in=settings.sessions.force_sign_in,
                on_sign_in=signed_in,
            )
        case _:
            assert_never(settings.sessions.kind)
    actuator = Actuator(
        settings=ActuatorSettings(
            max_in_flight=own.max_in_flight,
            calls_per_second=own.calls_per_second,
            order_deadline_s=own.order_deadline,
            probe=PROBE,
        ),
        sessions=sessions,
        calls=burst,
        limits=limits,
        outcomes=outcomes,
        clock=clock,
        random=random,
    )
    told.append(actuator.forget)
    return GatewayParts(
        sessions=sessions,
        limits=limits,
        actuator=actuator,
        client=GatewayClient(rare, sessions, timeout_s=own.timeout),
        transports=tuple(transports),
        feed=feed,
        place=address.netloc,
    )


def _rows(settings: SessionsSettings) -> Rows:
    if settings.kind == "file":
        assert settings.path is not None
        return SessionFile(settings.path)
    assert settings.url is not None
    return SessionTableRows(
        database_path(settings.url, setting="sessions.url"), USUAL_QUERY if settings.query is None else settings.query
    )


async def build_source(settings: Settings, clock: Clock, gateway: GatewayParts, pushed: PushedInputs) -> Source:
    """Make the source of readings, named inputs included.

    Raises:
        SettingsError: A setting makes no sense.
        GatewayUnreachable: A pinned certificate of CC-CMS could not be fetched.
    """
    inputs = build_inputs(settings, clock, pushed)
    return WithInputs(source=await _build_site(settings, clock, gateway), inputs=inputs, clock=clock)


def build_inputs(settings: Settings, clock: Clock, pushed: PushedInputs) -> dict[str, InputSource]:
    """Make whom rule files may ask for inputs, by name.

    Raises:
        SettingsError: A setting makes no sense.
    """
    inputs: dict[str, InputSource] = {PUSH: pushed}
    for name, own in settings.sources.inputs.items():
        place = f"sources.inputs.{name}"
        if own.kind == "file":
            assert own.path is not None
            inputs[name] = FileInputs(own.path, clock=clock)
            continue
        assert own.url is not None
        trust = trust_system() if own.ca_file is None else trust_ca_file(own.ca_file, setting=f"{place}.ca_file")
        token = None if own.token_file is None else read_secret(own.token_file, f"{place}.token_file")
        kind = HttpInputs if own.kind == "http" else PrometheusInputs
        timeout_s = settings.sources.readings.deadline
        inputs[name] = kind(own.url, tls=trust.context, timeout_s=timeout_s, token=token, setting=f"{place}.url")
    return inputs


async def _build_site(settings: Settings, clock: Clock, gateway: GatewayParts) -> Source:
    match settings.sources.readings.kind:
        case "cms":
            assert settings.cms is not None
            return await build_cms(settings.cms, settings.sources.readings.deadline, clock)
        case "gateway":
            return GatewaySource(_InAgentsNames(gateway), clock=clock)
        case _:
            assert_never(settings.sources.readings.kind)


class _InAgentsNames:
    """`sources.gateway.GatewayCalls` over the gateway room."""

    def __init__(self, gateway: GatewayParts) -> None:
        self._gateway = gateway

    async def call(self, agent: int, method: str, path: str, body: bytes | None) -> dict[str, Any]:
        content = None if body is None else orjson.loads(body)
        reply = await self._gateway.client.call(agent, method, f"/{path}", content)
        if reply.result is not None and not isinstance(reply.result, dict | list | str | int | float):
            raise GatewayNonsense("the answer holds no result", place=f"{method} {path}")
        return {"retcode": reply.retcode, "message": reply.message, "result": reply.result}

    def agents_with_session(self) -> list[int]:
        return self._gateway.sessions.live_agents()


async def build_cms(settings: CmsSettings, deadline_s: float, clock: Clock) -> CmsSource:
    """Make the source over CC-CMS, which needs nobody's session; errors as `build_source`."""
    address = parse_address(settings.url, setting="cms.url")
    trust = await _trust(settings.ca_file, settings.pin_sha256, address, "cms")
    secret = "" if settings.signer == "plain" else read_secret(settings.secret_key_file, "cms.secret_key_file")
    own = cms_client.CmsSettings(url=settings.url, cc_id=settings.cc_id, vdn=settings.vdn, request_timeout_s=deadline_s)
    if settings.roster_path is not None:
        own = replace(own, roster_path=settings.roster_path)
    signer = find_signer(settings.signer, access_key=settings.access_key, secret_key=secret)
    return CmsSource(own, signer=signer, tls=trust.context, clock=clock)


async def _trust(ca_file: Path | None, pin: str | None, address: Address, section: str) -> Trust:
    if pin is not None:
        return await trust_pin(
            pin, host=address.host, port=address.port, timeout_s=10.0, setting=f"{section}.pin_sha256"
        )
    if ca_file is not None:
        return trust_ca_file(ca_file, setting=f"{section}.ca_file")
    return trust_system()
