"""One call to the gateway: sent within a deadline, its answer judged.

Sending and judging are two steps, so that a session learns from every answer, a refusal or nonsense too.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import orjson

from autoscaler.errors import GatewayUnreachable
from autoscaler.gateway.ports import Answer, Credentials, Transport
from autoscaler.gateway.retcodes import SUCCESS
from autoscaler.gateway.wire import Reply, read_reply, refusal, request_headers

__all__ = ["Request", "accepted", "exchange"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A call, spelled but for the session it is made in.

    Attributes:
        method: HTTP method; each interface takes exactly one.
        path: From `/agentgateway` on, with the query.
        body: What becomes JSON; None means no body. May hold a password, so it never shows.
        place: Which call for which agent, for messages.
    """

    method: str
    path: str
    body: object
    place: str

    def __repr__(self) -> str:
        return f"Request({self.method} {self.path})"


async def exchange(
    transport: Transport, request: Request, credentials: Credentials | None, *, timeout_s: float
) -> Answer:
    """Send one call and bring its answer, whatever it says.

    Args:
        transport: Carries it.
        request: The call.
        credentials: Of the agent it is made for; None only for a sign-in.
        timeout_s: Real seconds for the whole of it.

    Raises:
        GatewayUnreachable: No answer in time; whether the gateway applied the call is unknown.
    """
    body = b"" if request.body is None else orjson.dumps(request.body)
    try:
        async with asyncio.timeout(timeout_s):
            return await transport.send(request.method, request.path, request_headers(credentials), body)
    except TimeoutError as error:
        raise GatewayUnreachable(
            f"no answer within {timeout_s:g} s",
            place=request.place,
            help="Check that the gateway is up and not overloaded; gateway.timeout sets the wait.",
        ) from error


def accepted(answer: Answer, *, place: str) -> Reply:
    """Read an answer that has to say yes.

    Raises:
        GatewayRefused: It says no.
        GatewayNonsense: It is not what the gateway documents.
    """
    reply = read_reply(answer)
    if reply.retcode != SUCCESS:
        raise refusal(reply, place=place)
    return reply
