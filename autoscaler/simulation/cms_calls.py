"""What CC-CMS answers: queues, agents and their chats, as they are this moment.

Success is resultCode "0100000" with the data in resultDesc; the older members result and resultDatas repeat it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autoscaler.errors import UsageError
from autoscaler.simulation.agents import Agent
from autoscaler.simulation.world import World, call_id

__all__ = ["AGENTS_BY_SKILLS", "BASE", "CMS_INTERFACES", "cms_answer", "cms_body"]

BASE = "/rest/cmsapp/v1/openapi/"
AGENTS_BY_SKILLS = "skill/agentsbyskills"
MOST_SKILLS = 1_000
MOST_AGENTS = 3_000
MOST_PAGE = 1_000
SUCCESS = "0100000"
CALL_TALKING = 5
CALL_IN = 0


def cms_body(code: str, data: object) -> dict[str, Any]:
    """The members of an answer; `data` is a description where `code` is no success."""
    result = "0" if code == SUCCESS else code
    return {"resultCode": code, "resultDesc": data, "result": result, "resultDatas": data}


def cms_answer(world: World, interface: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Answer one request.

    Args:
        world: The site, up to date.
        interface: One of CMS_INTERFACES: a path below `BASE`, or AGENTS_BY_SKILLS wherever that is configured to be.
        body: The JSON object sent.

    Raises:
        UsageError: A parameter is missing, wrong or over its documented size.
    """
    ask = _INTERFACES[interface]
    for name, most in (("ccId", 65_535), ("vdn", 5_000)):
        if not _is_within(body.get(name), 1, most):
            raise UsageError(f"{name} must be 1 to {most}")
    return ask(world, body)


def _skill_status(world: World, body: Mapping[str, Any]) -> dict[str, Any]:
    rows = []
    for number in _numbers(body, "skillIds", MOST_SKILLS):
        if number not in world.skills:
            continue  # what CC-CMS says of an unknown queue is not documented
        oldest = world.live.oldest(number)
        rows.append(
            {
                "skillId": number,
                "queueSize": world.live.waiting(number),
                "queueTime": int(world.live.oldest_wait_s(number)),
                "loggedOnAgents": sum(number in agent.queues for agent in world.live.agents.values()),
                "availAgents": world.live.with_spare(number),
                "skillDescrip": world.skills[number].description,
                "callId": call_id(oldest) if oldest else "",
                "maxQueueSize": 10_000,
            }
        )
    return cms_body(SUCCESS, rows)


def _agent_calls(world: World, body: Mapping[str, Any]) -> dict[str, Any]:
    agents = world.live.agents
    asked = (agents[number] for number in _numbers(body, "agentIds", MOST_AGENTS) if number in agents)
    return cms_body(SUCCESS, [{"agentId": agent.spec.id, "callList": _calls(agent)} for agent in asked])


def _calls(agent: Agent) -> list[dict[str, Any]]:
    return [
        {
            "callId": call_id(chat),
            "callStatus": CALL_TALKING,
            "callInOut": CALL_IN,
            "mediaType": chat.media_type,
            "submediaType": 0,
        }
        for chat in agent.chats
    ]


def _agent_states(world: World, _: Mapping[str, Any]) -> dict[str, Any]:
    agents = world.live.agents.values()
    return cms_body(SUCCESS, [{"agentId": agent.spec.id, "state": int(agent.state)} for agent in agents])


def _agent_abstracts(world: World, body: Mapping[str, Any]) -> dict[str, Any]:
    limit, offset = body.get("limit"), body.get("offset")
    if not _is_within(limit, 1, MOST_PAGE):
        raise UsageError(f"limit must be 1 to {MOST_PAGE}")
    if not _is_within(offset, 0, 10_000_000):
        raise UsageError("offset must be limit * (page - 1)")
    assert limit is not None
    assert offset is not None
    live = world.live
    page = list(live.agents.values())[offset : offset + limit]
    rows = [
        {
            "agentId": agent.spec.id,
            "currentState": int(agent.state),
            "currentStateTime": int(live.now_s - agent.state_since_s),
            "locationId": 0,
        }
        for agent in page
    ]
    return {**cms_body(SUCCESS, rows), "count": len(live.agents)}


def _agents_by_skills(world: World, body: Mapping[str, Any]) -> dict[str, Any]:
    rows: dict[int, list[int]] = {number: [] for number in _numbers(body, "skillIds", MOST_SKILLS)}
    for agent in world.live.agents.values():
        for queue in agent.queues:
            if queue in rows:
                rows[queue].append(agent.spec.id)
    return cms_body(SUCCESS, [{"skillId": skill, "agentIds": agents} for skill, agents in rows.items()])


_INTERFACES = {
    "skill/totalskillstatusex3": _skill_status,
    "agentgroup/queryagentcalls": _agent_calls,
    "vdn/totalagentstate": _agent_states,
    "vdn/totalagentabstractex3": _agent_abstracts,
    AGENTS_BY_SKILLS: _agents_by_skills,
}
CMS_INTERFACES = frozenset(_INTERFACES)


def _numbers(body: Mapping[str, Any], name: str, most: int) -> list[int]:
    numbers = body.get(name)
    if not isinstance(numbers, list) or not 1 <= len(numbers) <= most:
        raise UsageError(f"{name} must list 1 to {most} ids")
    if not all(_is_within(number, 1, 2**31) for number in numbers):
        raise UsageError(f"{name} must list numbers")
    return numbers


def _is_within(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
