"""What callers send, checked before anybody acts on it.

A refusal names the field and what to write; it never repeats the value, which may be a Guid.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from aiohttp import web
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from autoscaler.errors import UsageError

__all__ = [
    "BODY_LIMIT",
    "FreezeBody",
    "InputBody",
    "PauseBody",
    "PinBody",
    "ReloadBody",
    "ResumeBody",
    "SessionBody",
    "agent_of",
    "input_of",
    "instant_of",
    "read_body",
]

BODY_LIMIT = 16 * 1024
"""Bytes; a Guid and its cookies fit many times."""

BODY_DEADLINE_S = 10.0
LEAST_AGENT, MOST_AGENT = 101, 999_999
LONGEST_S = 366 * 86_400.0


def _line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("must be one line of text that is not empty")
    return text.strip()


def _header_safe(text: str) -> str:
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise ValueError("must be printable ASCII without blanks")
    return text


Agent = Annotated[int, Field(ge=LEAST_AGENT, le=MOST_AGENT)]
Reason = Annotated[str, Field(max_length=500), AfterValidator(_line)]
Name = Annotated[str, Field(max_length=200), AfterValidator(_line)]
LengthS = Annotated[float, Field(gt=0, le=LONGEST_S, allow_inf_nan=False)]


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class PauseBody(_Body):
    """POST /v1/pause; `group` None: all, `for_s` None: until resumed."""

    group: Name | None = None
    for_s: LengthS | None = None
    reason: Reason


class ResumeBody(_Body):
    """POST /v1/resume; `group` None: every pause, and the freeze."""

    group: Name | None = None


class PinBody(_Body):
    """POST /v1/pins; `for_s` None: until unpinned."""

    agent: Agent
    limit: Annotated[int, Field(ge=1, le=60)]
    for_s: LengthS | None = None
    reason: Reason


class FreezeBody(_Body):
    """POST /v1/freeze."""

    reason: Reason


class ReloadBody(_Body):
    """POST /v1/reload says nothing more."""


class SessionBody(_Body):
    """PUT /v1/sessions/{agentid}; `signed_in_at` None: the desktop does not say."""

    guid: Annotated[str, Field(min_length=1, max_length=199), AfterValidator(_header_safe)] = Field(repr=False)
    cookies: Annotated[dict[str, str], Field(max_length=50)] = Field(default_factory=dict, repr=False)
    signed_in_at: AwareDatetime | None = None


class InputBody(_Body):
    """PUT /v1/inputs/{name}; `value` None: there is none any more."""

    value: Annotated[float, Field(allow_inf_nan=False)] | None
    age_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0


Body = TypeVar("Body", bound=_Body)

_SHAPES: dict[type[_Body], str] = {
    PauseBody: '{"reason": "...", "group": "webchat", "for_s": 3600}; group and for_s may be left out',
    ResumeBody: '{"group": "webchat"}; group may be left out',
    PinBody: '{"agent": 1001, "limit": 3, "reason": "...", "for_s": 3600}; for_s may be left out',
    FreezeBody: '{"reason": "..."}',
    ReloadBody: "{} or nothing",
    InputBody: '{"value": 12.5, "age_s": 0}; value may be null, age_s may be left out',
    SessionBody: '{"guid": "...", "cookies": {}, "signed_in_at": "2026-11-22T10:00:00Z"}; only guid is needed',
}


async def read_body(request: web.Request, shape: type[Body]) -> Body:
    """Read a request's body as `shape`; an empty one counts as {}.

    Raises:
        web.HTTPBadRequest: Not JSON.
        web.HTTPRequestEntityTooLarge: More than `BODY_LIMIT` bytes.
        web.HTTPRequestTimeout: It did not come within `BODY_DEADLINE_S`.
        UsageError: JSON of another shape; every wrong field is named.
    """
    try:
        async with asyncio.timeout(BODY_DEADLINE_S):
            raw = await request.read()
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
    except web.RequestPayloadError as error:  # broken chunks, broken compression
        raise web.HTTPBadRequest(reason="the body could not be read") from error
    try:
        return shape.model_validate_json(raw or b"{}")
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        if problems[0]["type"] == "json_invalid":
            where = problems[0]["msg"].removeprefix("Invalid JSON: ")
            raise web.HTTPBadRequest(reason=f"the body is not JSON: {where}") from None
        first, *others = ((_place(one["loc"]), _sentence(one["msg"])) for one in problems)
        raise UsageError(
            "; ".join([first[1], *(f"{place}: {sentence}" for place, sentence in others)]),
            place=first[0],
            help=f"Send {_SHAPES[shape]}.",
        ) from None  # the cause would carry what was sent


def agent_of(request: web.Request) -> int:
    """The agent id of the path.

    Raises:
        UsageError: Not a whole number of 101..999999.
    """
    text = request.match_info["agentid"]
    if not (text.isascii() and text.isdecimal() and len(text) <= 6 and LEAST_AGENT <= int(text) <= MOST_AGENT):
        raise UsageError(
            f"the path names no agent id of {LEAST_AGENT}..{MOST_AGENT}",
            place="agentid",
            help="Use the agent's id, as /v1/sessions/1001.",
        )
    return int(text)


def input_of(request: web.Request) -> str:
    """The input's name of the path.

    Raises:
        UsageError: Not 1 to 64 printable characters.
    """
    name = request.match_info["name"].strip()
    if not 1 <= len(name) <= 64 or not name.isprintable():
        raise UsageError(
            "the path names no input",
            place="name",
            help="Use what the rule file asks for, as /v1/inputs/reply_seconds.",
        )
    return name


def instant_of(request: web.Request) -> datetime | None:
    """The query's `at`, aware UTC; None where it is missing.

    Raises:
        UsageError: Not ISO 8601 with an offset.
    """
    text = request.query.get("at")
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise UsageError(
            "is no instant with an offset",
            place="at",
            help='Write it like "2026-11-22T10:00:00Z"; a plus sign in a query is written %2B.',
        )
    return at.astimezone(UTC)


def _place(loc: tuple[int | str, ...]) -> str:
    # below a known field may stand what the caller made up
    return str(loc[0]) if loc and loc[0] in _FIELDS else "body"


def _sentence(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return message[0].lower() + message[1:]


_FIELDS = frozenset(field for shape in _SHAPES for field in shape.model_fields)
