"""The control port: plain HTTP on loopback for whoever runs the simulation, never part of what is simulated.

GET    /sim/state                 virtual time, queues, agents, pushes delivered and failed
GET    /sim/summary               scorecards of the centre and of its twin with the configured limits
GET    /sim/limits                true limits in force, by agent and media type
GET    /sim/audit?after=&interface=   calls received, newest 200,000, and counters of all
GET    /sim/desktops              current Guid and cookies by agent: secrets, for a session source under test
POST   /sim/faults                a list of faults, see `faults`; DELETE ends them all and opens what is away
POST   /sim/agents/{id}           {"action": "sign_in" | "sign_out" | "stop_polling" | "busy" | "rest" | "idle"}
POST   /sim/stop                  end the site
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import orjson
from aiohttp import web
from pydantic import ValidationError

from autoscaler.simulation.desktops import Action
from autoscaler.simulation.faults import FAULTS, CallFault, Outage
from autoscaler.simulation.running import RunningSite
from autoscaler.simulation.scorecard import Scorecard

__all__ = ["control_port"]

CLOSE_DEADLINE_S = 1.0


@asynccontextmanager
async def control_port(site: RunningSite, *, host: str, port: int) -> AsyncIterator[str]:
    """Serve the control port until the block ends; gives its base address.

    Raises:
        OSError: The port is taken.
    """
    app = web.Application()
    control = _Control(site)
    app.add_routes(
        [
            web.get("/sim/state", control.state),
            web.get("/sim/summary", control.summary),
            web.get("/sim/limits", control.limits),
            web.get("/sim/audit", control.audit),
            web.get("/sim/desktops", control.desktops),
            web.post("/sim/faults", control.add_faults),
            web.delete("/sim/faults", control.clear_faults),
            web.post("/sim/agents/{agent:[0-9]{1,6}}", control.act),
            web.post("/sim/stop", control.stop),
        ]
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSE_DEADLINE_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, reuse_address=True).start()
        yield f"http://{host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


class _Control:
    def __init__(self, site: RunningSite) -> None:
        self._site = site
        self._world = site.world

    async def state(self, _: web.Request) -> web.Response:
        self._site.catch_up()
        world, live = self._world, self._world.live
        queues = []
        for queue, media_type in live.media_types.items():
            agents = [agent for agent in live.agents.values() if queue in agent.queues]
            queues.append(
                {
                    "id": queue,
                    "media_type": media_type,
                    "waiting": live.waiting(queue),
                    "oldest_wait_s": live.oldest_wait_s(queue),
                    "agents": len(agents),
                    "slots": sum(agent.limits[media_type] for agent in agents),
                    "load": sum(agent.loads[media_type] for agent in agents),
                }
            )
        rows = [
            {
                "id": number,
                "is_signed_in": agent.is_signed_in,
                "is_desktop": number in self._site.desktops.credentials(),
                "state": agent.state.name.lower(),
                "load": agent.load,
                "loads": {str(media_type): load for media_type, load in agent.loads.items()},
                "limits": {str(media_type): limit for media_type, limit in agent.limits.items()},
                "queues": list(agent.queues),
            }
            for number, agent in live.agents.items()
        ]
        pusher = self._site.pusher
        pushes = asdict(pusher.count) if pusher else {"sent": 0, "failed": 0}
        return _json({**self._when(), "queues": queues, "agents": rows, "pushes": pushes, "speed": world.config.speed})

    async def summary(self, _: web.Request) -> web.Response:
        self._site.catch_up()
        live, twin = (_members(centre.scorecard()) for centre in (self._world.live, self._world.twin))
        return _json({**self._when(), "live": live, "baseline": twin})

    async def limits(self, _: web.Request) -> web.Response:
        self._site.catch_up()
        agents = self._world.live.agents.items()
        return _json(
            {str(number): {str(media): limit for media, limit in agent.limits.items()} for number, agent in agents}
        )

    async def audit(self, request: web.Request) -> web.Response:
        after = request.query.get("after", "0")
        if not (after.isascii() and after.isdigit()):
            return _refuse("after must be the number of a call")
        return _json(self._world.audit.report(after=int(after), interface=request.query.get("interface")))

    async def desktops(self, _: web.Request) -> web.Response:
        self._site.catch_up()
        known = self._site.desktops.credentials()
        return _json(
            {
                str(agent): {"guid": each.guid, "cookies": each.cookies, "at": each.at.isoformat()}
                for agent, each in known.items()
            }
        )

    async def add_faults(self, request: web.Request) -> web.Response:
        try:
            faults = FAULTS.validate_json(await request.read())
        except ValidationError as error:
            return _refuse(str(error))
        self._world.faults.add((fault for fault in faults if isinstance(fault, CallFault)), self._world.now_s())
        for fault in faults:
            if isinstance(fault, Outage):
                await self._site.take_away(fault)
        return _json({"added": len(faults)})

    async def clear_faults(self, _: web.Request) -> web.Response:
        self._world.faults.clear()
        await self._site.give_back()
        return _json({"cleared": True})

    async def act(self, request: web.Request) -> web.Response:
        agent = int(request.match_info["agent"])
        if agent not in self._world.agents:
            return _refuse(f"agent {agent} is not of this site", status=404)
        try:
            action = Action(orjson.loads(await request.read())["action"])
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            return _refuse(f'send {{"action": one of {", ".join(each.value for each in Action)}}}')
        self._site.catch_up()
        self._site.desktops.act(agent, action)
        return _json({"agent": agent, "state": self._world.live.agents[agent].state.name.lower()})

    async def stop(self, _: web.Request) -> web.Response:
        self._site.stopping.set()
        return _json({"stopping": True})

    def _when(self) -> dict[str, Any]:
        elapsed_s = self._world.live.now_s
        return {"now": (self._world.started_at + timedelta(seconds=elapsed_s)).isoformat(), "elapsed_s": elapsed_s}


def _members(card: Scorecard) -> dict[str, Any]:
    members = asdict(card)
    members["service_level"] = {"30": members.pop("service_level_30")}
    return members


def _json(data: object, *, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(data), status=status, content_type="application/json")


def _refuse(message: str, *, status: int = 400) -> web.Response:
    return _json({"error": message}, status=status)
