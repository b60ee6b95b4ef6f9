"""What stands between a call and its answer on both servers: faults, and the audit's note of what came out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from aiohttp import web

from autoscaler.simulation.faults import CallFault, Target, Trouble
from autoscaler.simulation.world import World

__all__ = ["HttpAnswer", "pass_through"]

JSON = "application/json; charset=UTF-8"
ERROR_PAGE = b"<html><head><title>Error</title></head><body><h1>The page cannot be displayed</h1></body></html>"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """An answer ready to send.

    Attributes:
        outcome: For the audit: the retcode, or what happened instead.
    """

    body: bytes = field(repr=False)
    outcome: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


async def pass_through(
    world: World,
    request: web.BaseRequest,
    *,
    target: Target,
    interface: str,
    agent: int | None,
    apply: Callable[[], Awaitable[HttpAnswer]],
    refusal: Callable[[str], bytes],
) -> tuple[web.StreamResponse, str]:
    """Send one call through the faults in force.

    Args:
        world: The site.
        request: The call.
        target, interface, agent: What faults are chosen by.
        apply: Does what the call asks.
        refusal: The body of an answer with the given code that did nothing.

    Returns:
        What to give to the HTTP server, and the outcome for the audit.
    """
    delay_s, fault = world.faults.meet(target, interface, agent, world.now_s())
    if delay_s:
        await world.clock.sleep(delay_s)
    if fault is None:
        answer = await apply()
        return _response(answer), answer.outcome
    match fault.kind:
        case Trouble.RESET_BEFORE:
            _abort(request)
            return web.Response(), "reset before"
        case Trouble.RESET_AFTER:
            await apply()
            _abort(request)
            return web.Response(), "reset after"
        case Trouble.TRUNCATED:
            return await _truncated(request, await apply()), "truncated"
        case Trouble.STATUS | Trouble.HTML | Trouble.RETCODE:
            answer = _instead(fault, refusal)
            return _response(answer), answer.outcome
        case Trouble.DELAY:
            raise AssertionError("delays are summed up apart")
        case _:
            assert_never(fault.kind)


def _instead(fault: CallFault, refusal: Callable[[str], bytes]) -> HttpAnswer:
    if fault.kind is Trouble.RETCODE:
        return HttpAnswer(body=refusal(fault.retcode), outcome=fault.retcode)
    html = {"Content-Type": "text/html"}
    if fault.kind is Trouble.HTML:
        return HttpAnswer(body=ERROR_PAGE, outcome="html", headers=html)
    return HttpAnswer(body=ERROR_PAGE, outcome=f"http {fault.status}", status=fault.status, headers=html)


def _response(answer: HttpAnswer) -> web.Response:
    headers = {"Content-Type": JSON, **answer.headers}
    return web.Response(body=answer.body, status=answer.status, headers=headers)


async def _truncated(request: web.BaseRequest, answer: HttpAnswer) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers={"Content-Type": JSON, **answer.headers})
    response.content_length = len(answer.body)
    await response.prepare(request)
    await response.write(answer.body[: len(answer.body) // 2])
    transport = request.transport
    if transport is not None:
        transport.close()  # sends what is buffered; the promised rest never comes
    await asyncio.sleep(0)
    return response


def _abort(request: web.BaseRequest) -> None:
    if request.transport is not None:
        request.transport.abort()
