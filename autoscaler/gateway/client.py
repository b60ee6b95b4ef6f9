"""Questions to the gateway in the name of a signed-in agent.

Every answer teaches the agent's session, and a Guid the gateway refuses is reported, so no second call is made with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from autoscaler.errors import GatewayNonsense, SessionExpired, SessionMissing
from autoscaler.gateway.exchange import Request, exchange
from autoscaler.gateway.ports import Sessions, Transport
from autoscaler.gateway.retcodes import SUCCESS, advice, verdict
from autoscaler.gateway.wire import Reply, check_agent, read_reply, refusal

__all__ = ["SKILLS_A_CALL", "GatewayClient"]

SKILLS_A_CALL: Final = 100
"""The most skill ids one `queryacdstat` takes."""


class GatewayClient:
    """Queries over any transport, in sessions somebody else keeps."""

    def __init__(self, transport: Transport, sessions: Sessions, *, timeout_s: float) -> None:
        """Only keep what is given.

        Args:
            transport: Carries the calls.
            sessions: Gives the Guids.
            timeout_s: Real seconds a call.
        """
        self._transport = transport
        self._sessions = sessions
        self._timeout_s = timeout_s

    async def call(self, agent: int, method: str, path: str, body: object = None) -> Reply:
        """Make any call in an agent's name.

        Args:
            agent: Whose session it is made in, 101..999999.
            method: The interface's one HTTP method.
            path: Behind `/agentgateway/resource`, like `/calldata/1001/callnums`.
            body: What becomes JSON; None means no body.

        Returns:
            The reply, whose retcode is "0".

        Raises:
            UsageError: No agent id.
            SessionMissing: There is no live Guid.
            SessionExpired: The gateway no longer takes the Guid.
            GatewayUnreachable, GatewayRefused, GatewayNonsense: As everywhere.
        """
        check_agent(agent)
        place = f"{method} {path.partition('?')[0]}"
        credentials = self._sessions.credentials(agent)
        if credentials is None:
            raise SessionMissing(
                f"there is no live session of agent {agent}",
                place=place,
                help="An owned agent signs in by itself; see its last error. Another's desktop has to push its Guid.",
            )
        request = Request(method=method, path=f"/agentgateway/resource{path}", body=body, place=place)
        answer = await exchange(self._transport, request, credentials, timeout_s=self._timeout_s)
        self._sessions.answered(agent, credentials.guid, answer.set_guid, answer.set_cookie)
        reply = read_reply(answer)
        if reply.retcode == SUCCESS:
            return reply
        if advice(reply.retcode).ends_session:
            self._sessions.refused(agent, credentials.guid, reply.retcode)
            known = verdict(reply.retcode)
            raise SessionExpired(
                f"the gateway no longer takes agent {agent}'s Guid: {reply.retcode}, {known.meaning}",
                place=place,
                help=known.help,
            )
        raise refusal(reply, place=place)

    async def query_acd_stat(self, agent: int, skills: Sequence[int]) -> list[dict[str, object]]:
        """Ask for the statistics of skill queues, 100 a call.

        Returns:
            A row each queue the gateway answered for: `deviceNo` (skill id), `queueSize` (chats waiting), `queueTime`
            (longest wait, s), `loggedOnAgents`, `availAgents`, ...

        Raises:
            As `call`.
        """
        rows: list[dict[str, object]] = []
        for start in range(0, len(skills), SKILLS_A_CALL):
            body = {"skills": list(skills[start : start + SKILLS_A_CALL])}
            reply = await self.call(agent, "POST", f"/queuedevice/{agent}/queryacdstat", body)
            rows += _rows(reply, place=f"queryacdstat as agent {agent}")
        return rows

    async def agents_by_skill(self, agent: int, skill: int) -> list[dict[str, object]]:
        """Ask for the agents signed in to a queue.

        Returns:
            A row each agent: `workno`, `name`, `status`, `ctiStatus`, `currentstatetime` (s), ...

        Raises:
            As `call`.
        """
        reply = await self.call(agent, "GET", f"/agentgroup/{agent}/agentbyskill/{skill}")
        return _rows(reply, place=f"agentbyskill as agent {agent}")

    async def callnums(self, agent: int) -> int:
        """Ask how many chats and calls the agent holds now, of all media together. It is not the limit.

        Raises:
            As `call`.
        """
        reply = await self.call(agent, "GET", f"/calldata/{agent}/callnums")
        text = str(reply.result)  # documented as text, sampled as a number
        if not (text.isascii() and text.isdigit()):
            raise GatewayNonsense(
                "the answer holds no number of calls", place=f"callnums of agent {agent}", help=_WRONG_FORM
            )
        return int(text)

    async def agent_status(self, agent: int) -> dict[str, object]:
        """Ask for the agent's own state.

        Raises:
            As `call`.
        """
        reply = await self.call(agent, "GET", f"/onlineagent/{agent}/agentstatus")
        if not isinstance(reply.result, dict):
            raise GatewayNonsense("the answer holds no state", place=f"agentstatus of agent {agent}", help=_WRONG_FORM)
        return reply.result


_WRONG_FORM: Final = "Compare the gateway's release with the interface's documents."


def _rows(reply: Reply, *, place: str) -> list[dict[str, object]]:
    if reply.result is None:
        return []
    if not isinstance(reply.result, list) or not all(isinstance(row, dict) for row in reply.result):
        raise GatewayNonsense("the answer holds no list of rows", place=place, help=_WRONG_FORM)
    return reply.result
