"""The gateway's request and answer forms, as bytes and back.

Nothing outside the documented ranges is ever built, and no text of an answer's body reaches an error but its
`message`, with anything that looks like a Guid struck out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

import orjson

from autoscaler.errors import GatewayNonsense, GatewayRefused, UsageError
from autoscaler.gateway.ports import Answer, Credentials
from autoscaler.gateway.retcodes import SUCCESS, http_retcode, verdict

__all__ = [
    "AGENT_IDS",
    "CALLNUMS",
    "MediaType",
    "Reply",
    "answer_from",
    "check_agent",
    "guid_from_header",
    "is_header_safe",
    "merged_cookie",
    "read_reply",
    "read_retcode",
    "refusal",
    "request_headers",
    "setcallnums_request",
]

AGENT_IDS: Final = range(101, 1_000_000)
"""Agent ids of the newest edition; older ones end at 59999."""

CALLNUMS: Final = range(1, 61)


class MediaType(IntEnum):
    """What `setcallnums` limits, by wire number."""

    TEXT_CHAT = 1
    CLICK_TO_DIAL = 2
    CALLBACK = 4
    VOICE = 5
    PREDICTED_OUTBOUND = 15
    PREVIEWED_OUTBOUND = 16
    MESSAGE_CALL = 17
    VIDEO = 19
    WEB_CHAT = 51
    SOCIAL_CHAT = 53


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer's body, read.

    Attributes:
        retcode: "0", `NNN-NNN`, anything else the gateway wrote, or `http-NNN`.
        message: The gateway's text; "" when it gave none.
        result: Decoded JSON; None when absent.
        event: Decoded JSON of a poll's event; None when absent.
    """

    retcode: str
    message: str
    result: object = field(repr=False)  # may hold a Guid
    event: object


def setcallnums_request(
    agent: int, media_type: int, callnums: int, credentials: Credentials
) -> tuple[str, list[tuple[str, str]], bytes]:
    """Form the call that sets one agent's limit for one media type.

    Args:
        agent: 101..999999.
        media_type: Wire number of a `MediaType`.
        callnums: 1..60.
        credentials: Of this agent.

    Returns:
        Path, headers and body of a POST.

    Raises:
        UsageError: An argument outside its range.
    """
    body = _LIMITS.get((media_type, callnums))
    if body is None or not 101 <= agent <= 999_999:
        raise _out_of_range(agent, media_type, callnums)
    return f"/agentgateway/resource/mediacall/{agent}/setcallnums", request_headers(credentials), body


def request_headers(credentials: Credentials | None) -> list[tuple[str, str]]:
    """Form the headers of a call; a sign-in has no credentials and sends no Guid."""
    if credentials is None:
        return [_CONTENT_TYPE]
    if credentials.cookie:
        return [_CONTENT_TYPE, ("Guid", credentials.guid), ("Cookie", credentials.cookie)]
    return [_CONTENT_TYPE, ("Guid", credentials.guid)]


def check_agent(agent: int) -> None:
    """Raise UsageError when `agent` is no agent id."""
    if agent not in AGENT_IDS:
        raise UsageError(
            f"agent id {agent} is outside 101..999999", help="Check the agent ids of the rule file or the roster."
        )


def answer_from(status: int, headers: Iterable[tuple[str, str]], body: bytes) -> Answer:
    """Keep of an HTTP answer what the gateway's protocol uses; header names in any letter case."""
    set_guid: str | None = None
    set_cookie: list[str] = []
    for name, value in headers:
        match name.lower():
            case "set-guid":
                set_guid = guid_from_header(value)
            case "set-cookie":
                set_cookie.append(value)
            case _:
                pass
    return Answer(status=status, set_guid=set_guid, set_cookie=tuple(set_cookie), body=body)


def guid_from_header(value: str) -> str | None:
    """Take the Guid out of a `Set-GUID` value.

    `JSESSIONID=` goes only from its front. None when nothing is left, or what could not be sent back as a header.
    """
    guid = value.partition(";")[0].strip().removeprefix("JSESSIONID=")
    return guid if guid and is_header_safe(guid) else None


def is_header_safe(text: str) -> bool:
    """Whether `text` can stand in a header: printable ASCII, so no line break either."""
    return text.isascii() and text.isprintable()


def merged_cookie(cookie: str, set_cookie: Sequence[str]) -> str:
    """Merge `Set-Cookie` values into a `Cookie` header.

    Args:
        cookie: The header so far; "" when there is none.
        set_cookie: Each value as sent; only `name=value` before the first `;` counts, a later one replaces an earlier.

    Returns:
        The new header.
    """
    if not set_cookie:
        return cookie
    pairs = dict(part.split("=", 1) for part in cookie.split("; ") if "=" in part)
    for value in set_cookie:
        name, equals, content = value.partition(";")[0].partition("=")
        if equals and name.strip() and is_header_safe(name + content):
            pairs[name.strip()] = content.strip()
    return "; ".join(f"{name}={content}" for name, content in pairs.items())


def read_retcode(answer: Answer) -> str:
    """Read only how a call ended.

    Returns:
        As `Reply.retcode`.

    Raises:
        GatewayNonsense: As `read_reply`.
    """
    if answer.status == 200 and answer.body in _PLAIN_SUCCESS:
        return SUCCESS
    return read_reply(answer).retcode


def read_reply(answer: Answer) -> Reply:
    """Read an answer's body, tolerantly: `message` or `msg`, a retcode as text or number.

    An HTTP status other than 200 is a retcode of its own, unless the body brings one that says no.

    Raises:
        GatewayNonsense: HTTP 200 whose body is no JSON object with a retcode.
    """
    fields = _json_object(answer.body)
    retcode = None if fields is None else _text_retcode(fields.get("retcode"))
    if answer.status != 200 and (retcode is None or retcode == SUCCESS):
        return Reply(retcode=http_retcode(answer.status), message="", result=None, event=None)
    if fields is None or retcode is None:
        raise GatewayNonsense(
            f"the gateway answered {_kind(answer.body, fields)} instead of a JSON object with a retcode",
            help="Check that gateway.url leads to CC-Gateway and not to a proxy's or another server's page.",
        )
    message = fields.get("message") or fields.get("msg")
    return Reply(
        retcode=retcode,
        message=message if isinstance(message, str) else "",
        result=fields.get("result"),
        event=fields.get("event"),
    )


def refusal(reply: Reply, *, place: str) -> GatewayRefused:
    """Turn a reply that says no into an error; `place` names the call and the agent."""
    known = verdict(reply.retcode)
    text = _GUID.sub("<guid>", reply.message)
    said = f' ("{text}")' if text and text != "success" else ""
    return GatewayRefused(
        f"the gateway refused with {reply.retcode}: {known.meaning}{said}",
        retcode=reply.retcode,
        place=place,
        help=known.help,
    )


_CONTENT_TYPE: Final = ("Content-Type", "application/json; charset=UTF-8")

# the interface documents both fields as strings; a table is the cheapest check of both ranges at once
_LIMITS: Final[dict[tuple[int, int], bytes]] = {
    (media_type, callnums): b'{"mediaType":"%d","callnums":"%d"}' % (media_type, callnums)
    for media_type in MediaType
    for callnums in CALLNUMS
}

_PLAIN_SUCCESS: Final = frozenset(
    {b'{"message":"success","retcode":"0"}', b'{"message":"","retcode":"0"}', b'{"retcode":"0","message":"success"}'}
)

_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?:\.\w+)?")


def _out_of_range(agent: int, media_type: int, callnums: int) -> UsageError:
    if callnums not in CALLNUMS:
        return UsageError(f"limit {callnums} of agent {agent} is outside 1..60", help="Check the rule's bounds.")
    if media_type not in MediaType.__members__.values():
        known = ", ".join(f"{member.value} {member.name.lower()}" for member in MediaType)
        return UsageError(f"media type {media_type} is none of the gateway's", help=f"Use one of: {known}.")
    return UsageError(f"agent id {agent} is outside 101..999999", help="Check the agent ids of the rule file.")


def _json_object(body: bytes) -> dict[str, object] | None:
    try:
        value = orjson.loads(body.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _text_retcode(value: object) -> str | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return value.strip() or None
    return None


def _kind(body: bytes, fields: dict[str, object] | None) -> str:
    if fields is not None:
        return "a JSON object without a retcode"
    if not body.strip():
        return "an empty body"
    if body.lstrip()[:1] == b"<":
        return f"{len(body)} bytes of HTML"
    return f"{len(body)} bytes that are no JSON object"
