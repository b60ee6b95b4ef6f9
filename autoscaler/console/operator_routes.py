"""What the local socket offers: questions and orders, each order with the name of who gave it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from autoscaler.console.answers import failures, json_answer
from autoscaler.console.asking import Asking
from autoscaler.console.bodies import (
    BODY_LIMIT,
    FreezeBody,
    PauseBody,
    PinBody,
    ReloadBody,
    ResumeBody,
    agent_of,
    instant_of,
    read_body,
)
from autoscaler.console.peer import peer_name
from autoscaler.console.ports import Json

__all__ = ["operator_app"]


def operator_app(asking: Asking) -> web.Application:
    """The application behind the local socket."""
    app = web.Application(middlewares=[failures], client_max_size=BODY_LIMIT)
    routes = _OperatorRoutes(asking)
    app.add_routes(
        [
            web.get("/v1/status", asking.status),
            web.get("/v1/explain/{agentid}", routes.explain),
            web.get("/v1/learned", routes.learned),
            web.post("/v1/pause", _answered(routes.pause)),
            web.post("/v1/resume", _answered(routes.resume)),
            web.post("/v1/pins", _answered(routes.pin)),
            web.delete("/v1/pins/{agentid}", _answered(routes.unpin)),
            web.post("/v1/freeze", _answered(routes.freeze)),
            web.post("/v1/reload", _answered(routes.reload)),
            web.get("/metrics", asking.metrics),
        ]
    )
    return app


class _OperatorRoutes:
    """One method a route."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._control = asking.control

    async def explain(self, request: web.Request) -> web.Response:
        at = instant_of(request)
        return json_answer(await self._asking.bounded(self._control.explain(agent_of(request), at)))

    async def learned(self, request: web.Request) -> web.Response:
        group, at = request.query.get("group"), instant_of(request)
        return json_answer(await self._asking.bounded(self._control.learned(group, at)))

    async def pause(self, request: web.Request) -> Json:
        body = await read_body(request, PauseBody)
        by = await peer_name(request)
        return await self._asking.bounded(
            self._control.pause(group=body.group, for_s=body.for_s, reason=body.reason, by=by)
        )

    async def resume(self, request: web.Request) -> Json:
        body = await read_body(request, ResumeBody)
        return await self._asking.bounded(self._control.resume(group=body.group, by=await peer_name(request)))

    async def pin(self, request: web.Request) -> Json:
        body = await read_body(request, PinBody)
        by = await peer_name(request)
        return await self._asking.bounded(
            self._control.pin(agent=body.agent, limit=body.limit, for_s=body.for_s, reason=body.reason, by=by)
        )

    async def unpin(self, request: web.Request) -> Json:
        agent = agent_of(request)
        return await self._asking.bounded(self._control.unpin(agent=agent, by=await peer_name(request)))

    async def freeze(self, request: web.Request) -> Json:
        body = await read_body(request, FreezeBody)
        return await self._asking.bounded(self._control.freeze(reason=body.reason, by=await peer_name(request)))

    async def reload(self, request: web.Request) -> Json:
        await read_body(request, ReloadBody)
        return await self._asking.bounded(self._control.reload(by=await peer_name(request)))


def _answered(order: Callable[[web.Request], Awaitable[Json]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        return json_answer(await order(request))

    return answer
