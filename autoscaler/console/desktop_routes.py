"""What the TCP side offers: sessions from desktops, inputs, the status, metrics and the page; no orders.

Without the token nobody hands a session or an input over, or reads who ordered what. The page alone is open to this
machine, as far as the request says by its `Host` that it comes from here and not through a proxy or a foreign name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from autoscaler.console.access import TokenGate, is_loopback
from autoscaler.console.answers import failures, problem
from autoscaler.console.asking import Asking
from autoscaler.console.bodies import BODY_LIMIT, InputBody, SessionBody, agent_of, input_of, read_body
from autoscaler.console.page import SECURITY_HEADERS, render_page

__all__ = ["desktop_app"]

_Handler = Callable[[web.Request], Awaitable[web.Response]]


def desktop_app(asking: Asking, gate: TokenGate, *, is_local: bool) -> web.Application:
    """The application behind the TCP address.

    Args:
        asking: The daemon.
        gate: Who may ask.
        is_local: Whether the address can be reached from this machine alone.
    """
    app = web.Application(middlewares=[failures], client_max_size=BODY_LIMIT)
    routes = _DesktopRoutes(asking, gate, is_local=is_local)
    app.add_routes(
        [
            web.get("/", routes.page),
            web.get("/metrics", asking.metrics),
            web.get("/v1/status", routes.guarded(asking.status)),
            web.put("/v1/sessions/{agentid}", routes.guarded(routes.put_session)),
            web.delete("/v1/sessions/{agentid}", routes.guarded(routes.delete_session)),
            web.put("/v1/inputs/{name}", routes.guarded(routes.put_input)),
        ]
    )
    return app


class _DesktopRoutes:
    """One method a route."""

    def __init__(self, asking: Asking, gate: TokenGate, *, is_local: bool) -> None:
        self._asking = asking
        self._control = asking.control
        self._gate = gate
        self._is_local = is_local

    def guarded(self, handler: _Handler) -> _Handler:
        """The handler, for whoever carries the token."""

        async def answer(request: web.Request) -> web.Response:
            if not self._gate.admits(request.headers.get(hdrs.AUTHORIZATION)):
                return self._not_admitted(request, "Bearer")
            return await handler(request)

        return answer

    async def put_session(self, request: web.Request) -> web.Response:
        agent = agent_of(request)
        body = await read_body(request, SessionBody)
        await self._asking.bounded(self._control.put_session(agent, body.guid, body.cookies, body.signed_in_at))
        return web.Response(status=204)

    async def delete_session(self, request: web.Request) -> web.Response:
        agent = agent_of(request)
        if await self._asking.bounded(self._control.delete_session(agent)):
            return web.Response(status=204)
        return problem(
            404,
            f"no session of agent {agent} is known",
            place="agentid",
            help="Nothing is left to do: it was never handed over, or it is over already.",
        )

    async def put_input(self, request: web.Request) -> web.Response:
        name = input_of(request)
        body = await read_body(request, InputBody)
        await self._asking.bounded(self._control.put_input(name, body.value, body.age_s))
        return web.Response(status=204)

    async def page(self, request: web.Request) -> web.Response:
        if not (self._is_local and is_loopback(_host_of(request))) and not self._gate.admits(
            request.headers.get(hdrs.AUTHORIZATION)
        ):
            return self._not_admitted(request, "Basic")  # what a browser can ask a person for
        status = await self._asking.bounded(self._control.status())
        return web.Response(text=render_page(status), content_type="text/html", headers=SECURITY_HEADERS)

    def _not_admitted(self, request: web.Request, scheme: str) -> web.Response:
        if not self._gate.is_set:
            return problem(
                403,
                "no token is set, so nobody is let in here",
                place="console.token_file",
                help="Write a token into a file and name it in the settings: docs/operate/install.md.",
            )
        is_there = hdrs.AUTHORIZATION in request.headers
        return problem(
            401,
            "the token is not the right one" if is_there else "a token is needed",
            place="Authorization",
            help='Send "Authorization: Bearer TOKEN" with the content of console.token_file.'
            if scheme == "Bearer"
            else "Give the content of console.token_file as the password; the user name does not matter.",
            headers={hdrs.WWW_AUTHENTICATE: f'{scheme} realm="autoscaler"'},
        )


def _host_of(request: web.Request) -> str:
    host, colon, port = request.host.rpartition(":")
    return host if colon and port.isdecimal() and not host.endswith(":") else request.host
