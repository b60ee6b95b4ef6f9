"""The URIs of CC-Gateway that the simulation answers.

`/agentgateway/resource/{group}/{agentid}/{operation}`, each with exactly one method.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Interface", "Route", "find_route"]

PREFIX = "/agentgateway/resource/"


class Interface(StrEnum):
    """What can be asked, by the word in the URI."""

    LOGIN = "login"
    FORCE_LOGIN = "forcelogin"
    LOGOUT = "logout"
    FORCE_LOGOUT = "forcelogout"
    RESET_SKILL = "resetskill"
    UPDATE_GUID = "updateGuid"
    HANDSHAKE = "handshake"
    AGENT_STATUS = "agentstatus"
    AGENT_EVENT = "agentevent"
    SET_CALL_NUMS = "setcallnums"
    QUERY_ACD_STAT = "queryacdstat"
    WAIT_NUM = "waitnum"
    WAIT_NUM_BY_AGENT = "waitnumbyagent"
    SKILL_WAIT_NUM = "skillwaitnum"
    AGENT_BY_SKILL = "agentbyskill"
    ALL_AGENT_STATUS = "allagentstatus"
    CALL_NUMS = "callnums"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a path leads.

    Attributes:
        method: The one method it takes.
        agent: The agent id as written.
        argument: What follows the operation, "" when nothing does.
    """

    interface: Interface
    method: str
    agent: str
    argument: str


_ROUTES: dict[tuple[str, str], tuple[str, Interface]] = {
    ("onlineagent", ""): ("PUT", Interface.LOGIN),
    ("onlineagent", "forcelogin"): ("PUT", Interface.FORCE_LOGIN),
    ("onlineagent", "logout"): ("DELETE", Interface.LOGOUT),
    ("onlineagent", "forcelogout"): ("DELETE", Interface.FORCE_LOGOUT),
    ("onlineagent", "resetskill"): ("POST", Interface.RESET_SKILL),
    ("onlineagent", "updateGuid"): ("PUT", Interface.UPDATE_GUID),
    ("onlineagent", "handshake"): ("POST", Interface.HANDSHAKE),
    ("onlineagent", "agentstatus"): ("GET", Interface.AGENT_STATUS),
    ("agentevent", ""): ("GET", Interface.AGENT_EVENT),
    ("mediacall", "setcallnums"): ("POST", Interface.SET_CALL_NUMS),
    ("queuedevice", "queryacdstat"): ("POST", Interface.QUERY_ACD_STAT),
    ("queuedevice", "waitnum"): ("GET", Interface.WAIT_NUM),
    ("queuedevice", "waitnumbyagent"): ("GET", Interface.WAIT_NUM_BY_AGENT),
    ("queuedevice", "skillwaitnum"): ("GET", Interface.SKILL_WAIT_NUM),
    ("agentgroup", "agentbyskill"): ("GET", Interface.AGENT_BY_SKILL),
    ("agentgroup", "allagentstatus"): ("GET", Interface.ALL_AGENT_STATUS),
    ("calldata", "callnums"): ("GET", Interface.CALL_NUMS),
}
_WITH_ARGUMENT = {Interface.RESET_SKILL, Interface.SKILL_WAIT_NUM, Interface.AGENT_BY_SKILL}


def find_route(path: str) -> Route | None:
    """Where `path` leads, whatever the method; None for a path CC-Gateway, as simulated, does not know."""
    if not path.startswith(PREFIX):
        return None
    group, _, rest = path[len(PREFIX) :].partition("/")
    agent, _, rest = rest.partition("/")
    operation, _, argument = rest.partition("/")
    found = _ROUTES.get((group, operation))
    if found is None or bool(argument) != (found[1] in _WITH_ARGUMENT):
        return None
    return Route(interface=found[1], method=found[0], agent=agent, argument=argument)
