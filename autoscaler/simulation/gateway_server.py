"""CC-Gateway over HTTP: takes calls apart, lets them through faults, writes them down."""

from __future__ import annotations

from typing import Any

import orjson
from aiohttp import web

from autoscaler.simulation.faults import Target
from autoscaler.simulation.front import HttpAnswer, pass_through
from autoscaler.simulation.gateway_calls import answer
from autoscaler.simulation.gateway_messages import GatewayCall, Reply
from autoscaler.simulation.gateway_routes import Interface, Route, find_route
from autoscaler.simulation.polling import Polls
from autoscaler.simulation.retcodes import Retcode
from autoscaler.simulation.sessions import COOKIE
from autoscaler.simulation.world import World

__all__ = ["GatewayServer"]

LEAST_AGENT, MOST_AGENT = 101, 999_999


class GatewayServer:
    """The handler of the gateway's port."""

    def __init__(self, world: World) -> None:
        """Serve `world`."""
        self._world = world
        self._polls = Polls(world)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one HTTP request."""
        route = find_route(request.path)
        if route is None:
            return web.Response(status=404)
        if request.method != route.method:  # the status of a wrong method is not documented
            return web.Response(status=405, headers={"Allow": route.method})
        call = _call(request, route, await request.read())
        world = self._world
        at_s = world.now_s()

        async def apply() -> HttpAnswer:
            world.advance()
            return self._written(await self._reply(call, request))

        is_limit_call = call.interface is Interface.SET_CALL_NUMS
        if is_limit_call:
            world.audit.limit_call_begins(call.agent)
        try:
            response, outcome = await pass_through(
                world,
                request,
                target=Target.GATEWAY,
                interface=call.interface,
                agent=call.agent,
                apply=apply,
                refusal=lambda code: orjson.dumps({"message": "", "retcode": code}),
            )
        finally:
            if is_limit_call:
                world.audit.limit_call_ends(call.agent)
        asked = call.body if is_limit_call and call.body else {}
        world.audit.add(
            at_s=at_s,
            server=Target.GATEWAY,
            interface=call.interface,
            agent=call.agent,
            guid=call.guid,
            outcome=outcome,
            media_type=str(asked.get("mediaType", "")),
            callnums=str(asked.get("callnums", "")),
        )
        return response

    async def _reply(self, call: GatewayCall, request: web.BaseRequest) -> Reply:
        if not LEAST_AGENT <= call.agent <= MOST_AGENT:
            return Reply(retcode=Retcode.BAD_PARAMETER, message="agentid is out of range")
        if call.interface is Interface.AGENT_EVENT:
            return await self._polls.poll(call, lambda: request.transport is None or request.transport.is_closing())
        return answer(self._world, call)

    def _written(self, reply: Reply) -> HttpAnswer:
        headers: dict[str, str] = {}
        if reply.guid is not None:
            headers[self._world.config.set_guid_header] = f"JSESSIONID={reply.guid}"
        if reply.cookie is not None:
            headers["Set-Cookie"] = f"{COOKIE}={reply.cookie}; Path=/; Secure; HttpOnly"
        return HttpAnswer(body=orjson.dumps(reply.members()), outcome=str(reply.retcode), headers=headers)


def _call(request: web.BaseRequest, route: Route, sent: bytes) -> GatewayCall:
    return GatewayCall(
        interface=route.interface,
        agent=int(route.agent) if route.agent.isascii() and route.agent.isdigit() and len(route.agent) <= 6 else 0,
        argument=route.argument,
        query=request.query if request.query_string else {},
        guid=request.headers.get("Guid", ""),
        cookie=_cookie(request.headers.getall("Cookie", [])),
        body=_object(sent),
    )


def _cookie(headers: list[str]) -> str:
    for header in headers:
        for part in header.split(";"):
            name, _, value = part.strip().partition("=")
            if name == COOKIE:
                return value
    return ""


def _object(sent: bytes) -> dict[str, Any] | None:
    try:
        body = orjson.loads(sent) if sent else None
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None
