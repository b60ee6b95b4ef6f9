"""CC-CMS over HTTP: HTTP 401 without a good signature, else HTTP 200 whatever the resultCode."""

from __future__ import annotations

from typing import Any

import orjson
from aiohttp import web

from autoscaler.errors import UsageError
from autoscaler.simulation.cms_calls import AGENTS_BY_SKILLS, BASE, CMS_INTERFACES, cms_answer, cms_body
from autoscaler.simulation.cms_signature import is_signed
from autoscaler.simulation.faults import Target
from autoscaler.simulation.front import HttpAnswer, pass_through
from autoscaler.simulation.world import World

__all__ = ["CmsServer"]


class CmsServer:
    """The handler of CC-CMS's port."""

    def __init__(self, world: World) -> None:
        """Serve `world`."""
        self._world = world

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one HTTP request."""
        world = self._world
        interface = self._interface(request.path)
        if interface is None:
            return web.Response(status=404)
        if request.method != "POST":
            return web.Response(status=405, headers={"Allow": "POST"})
        sent = await request.read()
        at_s = world.now_s()

        async def apply() -> HttpAnswer:
            return self._apply(request, interface, sent)

        response, outcome = await pass_through(
            world,
            request,
            target=Target.CMS,
            interface=interface,
            agent=None,
            apply=apply,
            refusal=lambda code: orjson.dumps(cms_body(code, "refused")),
        )
        world.audit.add(
            at_s=at_s,
            server=Target.CMS,
            interface=interface,
            agent=None,
            guid="",
            outcome=outcome,
            media_type="",
            callnums="",
        )
        return response

    def _interface(self, path: str) -> str | None:
        if path == self._world.config.cms.agents_by_skills_path:
            return AGENTS_BY_SKILLS
        interface = path.removeprefix(BASE)
        return interface if interface != path and interface in CMS_INTERFACES - {AGENTS_BY_SKILLS} else None

    def _apply(self, request: web.BaseRequest, interface: str, sent: bytes) -> HttpAnswer:
        world = self._world
        cms = world.config.cms
        is_good = is_signed(
            cms.signer,
            access_key=cms.access_key,
            secret_key=cms.secret_key,
            method=request.method,
            path=request.rel_url.raw_path,
            query=request.rel_url.raw_query_string,
            headers=request.headers,
            body=sent,
        )
        if not is_good:
            return HttpAnswer(body=b"", outcome="http 401", status=401)
        world.advance()
        try:
            members = cms_answer(world, interface, _object(sent))
        except UsageError as refusal:
            members = cms_body(cms.refusal_code, refusal.message)
        return HttpAnswer(body=orjson.dumps(members), outcome=members["resultCode"])


def _object(sent: bytes) -> dict[str, Any]:
    try:
        body = orjson.loads(sent)
    except orjson.JSONDecodeError as error:
        raise UsageError("the body is not JSON") from error
    if not isinstance(body, dict):
        raise UsageError("the body is not an object")
    return body
