"""What CC-Gateway answers to one call, event polls aside: sign-ins, queues, limits.

Retcodes are strings in a body that comes with HTTP 200, whatever went wrong; no interface reads a limit back.
"""

from __future__ import annotations

from collections.abc import Callable

from autoscaler.simulation import gateway_queries as queries
from autoscaler.simulation.agents import Agent, Cti
from autoscaler.simulation.gateway_messages import GatewayCall, Reply, is_text, whole
from autoscaler.simulation.gateway_routes import Interface
from autoscaler.simulation.retcodes import Retcode
from autoscaler.simulation.sessions import Door, Session
from autoscaler.simulation.world import World

__all__ = ["answer", "enter"]

MOST_SKILL_TEXT = 4_000
MOST_PASSWORD = 32
MOST_PHONE = 24
BUSY_AT_SIGN_IN = 3
MEDIA_TYPES = frozenset({1, 2, 4, 5, 15, 16, 17, 19, 51, 53})


def answer(world: World, call: GatewayCall) -> Reply:
    """Apply one call, no event poll, to the world and say what comes back."""
    if call.interface is Interface.LOGIN or call.interface is Interface.FORCE_LOGIN:
        return _login(world, call, is_forced=call.interface is Interface.FORCE_LOGIN)
    session = enter(world, call)
    if isinstance(session, Reply):
        return session
    return _SIGNED_IN[call.interface](world, call, world.live.agents[call.agent])


def enter(world: World, call: GatewayCall) -> Session | Reply:
    """Check the call's credentials; the session, or the refusal."""
    cookie = call.cookie if world.config.requires_cookie else None
    door = world.sessions.knock(call.agent, call.guid, cookie, world.now_s())
    match door:
        case Door.OPEN:
            session = world.sessions.find(call.agent)
            assert session is not None
            return session
        case Door.NOT_SIGNED_IN:
            world.audit.refuse(call.guid)
            return Reply(retcode=Retcode.NOT_SIGNED_IN, message="agent not signed in")
        case Door.WRONG_GUID | Door.EXPIRED_GUID:
            world.audit.refuse(call.guid)
            return Reply(
                retcode=Retcode.NO_PERMISSION, message="no right to invite resouce"
            )  # spelt as the vendor does
        case Door.WRONG_NODE:
            # Inferred: without its cookie a call reaches a node that does not know the agent.
            return Reply(retcode=Retcode.NOT_SIGNED_IN, message="agent not signed in")


def _login(world: World, call: GatewayCall, *, is_forced: bool) -> Reply:
    agent = world.agents.get(call.agent)
    body = call.body
    if body is None or not is_text(body.get("password"), MOST_PASSWORD):
        return Reply(retcode=Retcode.SIGN_IN_PARAMETER, message="sign-in parameter empty or invalid")
    phone = body.get("phonenum", None if world.config.requires_phone else "")
    if not is_text(phone, MOST_PHONE):
        return Reply(retcode=Retcode.SIGN_IN_PARAMETER, message="sign-in parameter empty or invalid")
    if agent is None or agent.password != body["password"]:
        return Reply(retcode=Retcode.WRONG_PASSWORD, message="wrong user name or password")
    if world.sessions.find(call.agent) is not None:
        if not is_forced:
            return Reply(retcode=Retcode.ALREADY_SIGNED_IN, message="agent already signed in")
        if not world.config.allows_forced_sign_in:
            return Reply(retcode=Retcode.MAY_NOT_BE_FORCED, message="agent may not be forced out")
        world.audit.forced_sign_ins += 1
    pause = Cti.BUSY if whole(body.get("status", 4)) == BUSY_AT_SIGN_IN else None
    session = world.sign_in(call.agent, pause=pause)
    result = {
        "vdnid": 1,
        "workno": str(call.agent),
        "mediatype": "TTF",
        "loginTime": str(int(world.clock.now().timestamp() * 1000)),
        "isForceChange": "false",
        "serverName": "AgentGateway",
        "timeRemaining": "",
    }
    return Reply(result=result, guid=session.guid, cookie=session.cookie)


def _set_call_nums(world: World, call: GatewayCall, agent: Agent) -> Reply:
    body = call.body or {}
    media_type, limit = whole(body.get("mediaType")), whole(body.get("callnums"))
    if media_type not in MEDIA_TYPES or limit is None or limit < 1:
        return Reply(retcode=Retcode.BAD_PARAMETER, message="invalid parameter")
    if limit > 60:
        return Reply(retcode=Retcode.OVER_SIXTY, message="number of sessions exceeds the maximum")
    if all(world.skills[skill].media_type != media_type for skill in agent.queues):
        return Reply(
            retcode=Retcode.NO_SUCH_QUEUE_SIGNED_IN,
            message="not signed in to a skill queue of this media type",
        )
    world.live.set_limit(call.agent, media_type, limit)
    return Reply(message="success")


def _reset_skill(world: World, call: GatewayCall, agent: Agent) -> Reply:
    text = call.query.get("skillid", "")
    if len(text) > MOST_SKILL_TEXT:
        return Reply(retcode=Retcode.BAD_PARAMETER, message="skillid is too long")
    if call.argument == "true":
        world.join(call.agent, tuple(agent.spec.skills))
        return Reply()
    skills = [whole(part) for part in text.split(";") if part.strip()]
    if None in skills:
        return Reply(retcode=Retcode.BAD_PARAMETER, message="skillid is not a list of numbers")
    world.join(call.agent, [skill for skill in skills if skill is not None])
    return Reply()


def _logout(world: World, call: GatewayCall, _: Agent) -> Reply:
    world.sign_out(call.agent)
    return Reply(result=None)


def _update_guid(world: World, call: GatewayCall, _: Agent) -> Reply:
    session = world.sessions.find(call.agent)
    assert session is not None, "the call has just entered"
    guid = world.sessions.renew(session, world.now_s(), ends_old=world.config.update_guid_ends_old)
    return Reply(message="success", result={"guid": guid})


def _handshake(_: World, __: GatewayCall, ___: Agent) -> Reply:
    return Reply()  # having entered is all it is for


_SIGNED_IN: dict[Interface, Callable[[World, GatewayCall, Agent], Reply]] = {
    Interface.LOGOUT: _logout,
    Interface.FORCE_LOGOUT: _logout,
    Interface.RESET_SKILL: _reset_skill,
    Interface.UPDATE_GUID: _update_guid,
    Interface.HANDSHAKE: _handshake,
    Interface.SET_CALL_NUMS: _set_call_nums,
    Interface.AGENT_STATUS: queries.agent_status,
    Interface.QUERY_ACD_STAT: queries.query_acd_stat,
    Interface.WAIT_NUM: queries.wait_num,
    Interface.WAIT_NUM_BY_AGENT: queries.wait_num_by_agent,
    Interface.SKILL_WAIT_NUM: queries.skill_wait_num,
    Interface.AGENT_BY_SKILL: queries.agent_by_skill,
    Interface.ALL_AGENT_STATUS: queries.all_agent_status,
    Interface.CALL_NUMS: queries.call_nums,
}
