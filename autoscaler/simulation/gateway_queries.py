"""What CC-Gateway tells about queues and agents: never a limit, never another agent's chats."""

from __future__ import annotations

from typing import Any

from autoscaler.simulation.agents import Agent, Cti
from autoscaler.simulation.gateway_messages import GatewayCall, Reply, whole
from autoscaler.simulation.retcodes import Retcode
from autoscaler.simulation.world import World

__all__ = [
    "agent_by_skill",
    "agent_status",
    "all_agent_status",
    "call_nums",
    "query_acd_stat",
    "skill_wait_num",
    "wait_num",
    "wait_num_by_agent",
]

MOST_ACD_SKILLS = 100
MOST_AGENTS_ASKED = 500
# CC-Gateway's own numbers for the CTI platform's states.
STATUS = {Cti.SIGNED_OUT: 2, Cti.IDLE: 4, Cti.TALKING: 7, Cti.BUSY: 3, Cti.REST: 8}


def agent_status(_: World, __: GatewayCall, agent: Agent) -> Reply:
    """The caller's own state."""
    return Reply(result={"agentState": STATUS[agent.state], "isWorking": agent.load > 0})


def call_nums(_: World, __: GatewayCall, agent: Agent) -> Reply:
    """How many chats the caller holds, of all media types together."""
    return Reply(result=agent.load)


def wait_num(world: World, _: GatewayCall, agent: Agent) -> Reply:
    """How many wait in the queues configured for the caller."""
    return Reply(result=sum(world.live.waiting(skill) for skill in agent.spec.skills))


def wait_num_by_agent(world: World, _: GatewayCall, agent: Agent) -> Reply:
    """How many wait in the queues the caller is signed in to."""
    return Reply(result=sum(world.live.waiting(skill) for skill in agent.queues))


def skill_wait_num(world: World, call: GatewayCall, _: Agent) -> Reply:
    """How many wait in one queue."""
    skill = whole(call.argument)
    if skill not in world.skills:
        return Reply(retcode=Retcode.BAD_PARAMETER, message="unknown skill queue")
    return Reply(result=world.live.waiting(skill))


def all_agent_status(world: World, _: GatewayCall, __: Agent) -> Reply:
    """Every agent of the VDN, signed in or not."""
    return Reply(result=[_agent_row(world, agent) for agent in world.live.agents.values()])


def query_acd_stat(world: World, call: GatewayCall, _: Agent) -> Reply:
    """Up to a hundred queues at once."""
    skills = (call.body or {}).get("skills")
    if not isinstance(skills, list) or not 1 <= len(skills) <= MOST_ACD_SKILLS:
        return Reply(retcode=Retcode.BAD_PARAMETER, message="skills must list 1 to 100 queues")
    rows = []
    for number in map(whole, skills):
        if number not in world.skills:
            return Reply(retcode=Retcode.BAD_PARAMETER, message="unknown skill queue")
        rows.append(
            {
                "pilotNbr": "",
                "deviceNo": number,
                "queueSize": world.live.waiting(number),
                "queueTime": int(world.live.oldest_wait_s(number)),
                "loadFactor": 0,
                "estWaitTime": 0,
                "loggedOnAgents": sum(number in agent.queues for agent in world.live.agents.values()),
                "availAgents": world.live.with_spare(number),
                "transferFlg": 0,
                "skillDescrip": world.skills[number].description,
            }
        )
    return Reply(result=rows)


def agent_by_skill(world: World, call: GatewayCall, _: Agent) -> Reply:
    """The agents signed in to one queue."""
    skill = whole(call.argument)
    if skill not in world.skills:
        return Reply(retcode=Retcode.BAD_PARAMETER, message="unknown skill queue")
    body = call.body or {}
    limit, states = body.get("agentLimit"), body.get("agentStatus")
    if (limit is None) != (states is None):
        return Reply(retcode=Retcode.BAD_PARAMETER, message="agentLimit and agentStatus go together")
    rows = [_agent_row(world, agent) for agent in world.live.agents.values() if skill in agent.queues]
    if limit is not None:
        most = whole(limit)
        if most is None or not 1 <= most <= MOST_AGENTS_ASKED or not isinstance(states, list):
            return Reply(retcode=Retcode.BAD_PARAMETER, message="agentLimit must be 1 to 500")
        asked = {whole(state) for state in states}
        rows = [row for row in rows if row["status"] in asked][:most]
    return Reply(result=rows)


def _agent_row(world: World, agent: Agent) -> dict[str, Any]:
    live = world.live
    began_ms = int((world.started_at.timestamp() + agent.signed_in_at_s) * 1000)
    return {
        "workno": str(agent.spec.id),
        "name": str(agent.spec.id),
        "status": STATUS[agent.state],
        "ctiStatus": int(agent.state),
        "groupid": 1,
        "mediatype": "TTF",
        "vdnid": 1,
        "phonenumber": "",
        "currentstatetime": int(live.now_s - agent.state_since_s),
        "logindate": began_ms if agent.is_signed_in else 0,
        "currentStateReason": 0,
    }
