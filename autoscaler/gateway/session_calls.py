"""The calls that make, keep and end a session.

Their caller owns the session: each takes the credentials it is made with and hands back what was learned, and none
remembers anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from autoscaler.errors import GatewayNonsense, UsageError
from autoscaler.gateway.exchange import Request, accepted, exchange
from autoscaler.gateway.ports import Answer, Credentials, Transport
from autoscaler.gateway.retcodes import SUCCESS, Advice, advice
from autoscaler.gateway.wire import check_agent, is_header_safe, merged_cookie, read_reply, refusal

__all__ = ["SessionCalls", "SignIn", "SignedIn"]

_GROUP: Final = "/agentgateway/resource/onlineagent"
_SKILLS_LENGTH: Final = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """What an agent signs in with.

    Attributes:
        password: As the gateway wants it; enciphered already where the site demands that.
        phonenum: Softphone number, at most 24 characters; "" where the site needs none.
    """

    password: str = field(repr=False)
    phonenum: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A fresh session.

    Attributes:
        guid: Its first Guid.
        cookie: Its `Cookie` header; "" when there is none.
        takes_chats: Whether the media server knows the agent; without it limits of chats can't work.
            None when the gateway did not say.
    """

    guid: str = field(repr=False)
    cookie: str = field(repr=False)
    takes_chats: bool | None


class SessionCalls:
    """Sign-in, queues, polls, renewal, sign-out."""

    def __init__(
        self,
        transport: Transport,
        *,
        polls: Transport,
        timeout_s: float,
        sign_in_timeout_s: float = 30.0,
        poll_timeout_s: float = 15.0,
    ) -> None:
        """Only keep what is given.

        Args:
            transport: Carries everything but polls.
            polls: Carries the polls: as many in flight as there are owned agents.
            timeout_s: Real seconds for a call.
            sign_in_timeout_s: For a sign-in, which must not be repeated before it is answered: long.
            poll_timeout_s: For a poll, > 10: the gateway holds it for up to ten seconds.

        Raises:
            UsageError: A poll timeout that ends polls before the gateway answers them.
        """
        if poll_timeout_s <= 10:
            raise UsageError(f"a poll timeout of {poll_timeout_s:g} s is too short", help="Use more than 10 s.")
        self._transport = transport
        self._polls = polls
        self._timeout_s = timeout_s
        self._sign_in_timeout_s = sign_in_timeout_s
        self._poll_timeout_s = poll_timeout_s

    async def sign_in(self, agent: int, how: SignIn) -> SignedIn:
        """Sign `agent` in.

        Raises:
            UsageError: No agent id.
            GatewayUnreachable: No answer; the agent may be signed in all the same.
            GatewayRefused: 100-002 when the agent is signed in already, 100-004 for a wrong password, ...
            GatewayNonsense: An answer without a Guid.
        """
        return await self._enter(agent, how, operation="")

    async def force_sign_in(self, agent: int, how: SignIn) -> SignedIn:
        """Sign `agent` in and throw out whoever holds its session; as `sign_in`, 100-015 when that is not allowed."""
        return await self._enter(agent, how, operation="/forcelogin")

    async def sign_out(self, agent: int, credentials: Credentials) -> None:
        """Sign `agent` out; being signed out already is fine.

        Raises:
            GatewayUnreachable, GatewayRefused, GatewayNonsense: As everywhere.
        """
        request = Request(
            method="DELETE", path=f"{_GROUP}/{agent}/logout", body=None, place=f"sign-out of agent {agent}"
        )
        answer = await exchange(self._transport, request, credentials, timeout_s=self._timeout_s)
        reply = read_reply(answer)
        if reply.retcode != SUCCESS and advice(reply.retcode) is not Advice.SIGNED_OUT:
            raise refusal(reply, place=request.place)

    async def reset_skill(self, agent: int, credentials: Credentials, skills: Sequence[int]) -> Answer:
        """Join skill queues, a precondition of setting a limit.

        Args:
            agent: Agent id.
            credentials: Of the agent.
            skills: Queue ids; the gateway leaves out those not configured for the agent. () joins every configured one.

        Returns:
            The answer, whatever it says.

        Raises:
            UsageError: More ids than the gateway reads.
            GatewayUnreachable: No answer.
        """
        ids = ";".join(map(str, skills))
        if len(ids) > _SKILLS_LENGTH:
            raise UsageError(
                f"the skill list of agent {agent} is longer than {_SKILLS_LENGTH} characters",
                help="Leave it empty to join every configured queue.",
            )
        query = f"false?skillid={ids}&phonelinkage=0" if skills else "true?phonelinkage=0"
        request = Request(
            method="POST",
            path=f"{_GROUP}/{agent}/resetskill/{query}",
            body=None,
            place=f"joining queues as agent {agent}",
        )
        return await exchange(self._transport, request, credentials, timeout_s=self._timeout_s)

    async def poll_event(self, agent: int, credentials: Credentials) -> Answer:
        """Wait up to ten seconds for the agent's next event.

        Returns:
            The answer, whatever it says.

        Raises:
            GatewayUnreachable: No answer.
        """
        request = Request(
            method="GET",
            path=f"/agentgateway/resource/agentevent/{agent}",
            body=None,
            place=f"poll of agent {agent}",
        )
        return await exchange(self._polls, request, credentials, timeout_s=self._poll_timeout_s)

    async def update_guid(self, agent: int, credentials: Credentials) -> str:
        """Ask for a new Guid with one that is still good; whether the old one dies at once is not documented.

        Raises:
            GatewayUnreachable, GatewayRefused, GatewayNonsense: As everywhere.
        """
        request = Request(
            method="PUT", path=f"{_GROUP}/{agent}/updateGuid", body={}, place=f"renewal of agent {agent}'s Guid"
        )
        answer = await exchange(self._transport, request, credentials, timeout_s=self._timeout_s)
        reply = accepted(answer, place=request.place)
        guid = reply.result.get("guid") if isinstance(reply.result, dict) else None
        if not isinstance(guid, str) or not guid or not is_header_safe(guid):
            raise GatewayNonsense("the answer holds no Guid", place=request.place, help="Sign the agent in again.")
        return guid

    async def _enter(self, agent: int, how: SignIn, *, operation: str) -> SignedIn:
        check_agent(agent)
        request = Request(
            method="PUT",
            path=f"{_GROUP}/{agent}{operation}",
            body={"password": how.password, "phonenum": how.phonenum},
            place=f"sign-in of agent {agent}",
        )
        answer = await exchange(self._transport, request, None, timeout_s=self._sign_in_timeout_s)
        reply = accepted(answer, place=request.place)
        if answer.set_guid is None:
            raise GatewayNonsense(
                "the gateway signed the agent in without a Set-GUID header",
                place=request.place,
                help="See whether a proxy between here and the gateway removes it.",
            )
        media = reply.result.get("mediatype") if isinstance(reply.result, dict) else None
        return SignedIn(
            guid=answer.set_guid,
            cookie=merged_cookie("", answer.set_cookie),
            takes_chats=media[1] == "T" if isinstance(media, str) and len(media) == 3 else None,
        )
