"""How the console answers: JSON, and every failure as {"error": {"message", "place", "help"}}.

What a caller sent is never repeated in an answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
import structlog
from aiohttp import web

from autoscaler.errors import (
    AutoscalerError,
    ControlRefused,
    RulesInvalid,
    SessionExpired,
    SessionMissing,
    UsageError,
)

__all__ = ["failures", "json_answer", "problem"]

log = structlog.get_logger(__name__)

_HELP = {
    404: "Ask for one of the paths in docs/operate; orders like pause are taken on the local socket only.",
    405: "Use a method of the Allow header.",
    413: "Send less.",
}


def json_answer(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """One JSON value as an answer that nobody stores."""
    return web.Response(
        body=orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def problem(
    status: int,
    message: str,
    *,
    place: str = "",
    help: str = "",  # noqa: A002 the diagnostics' own word
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """A failure: what happened, at which place, and what to try."""
    return json_answer({"error": {"message": message, "place": place, "help": help}}, status=status, headers=headers)


@web.middleware
async def failures(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Turn what was raised on purpose into an answer; the rest is a bug and becomes a 500."""
    try:
        return await handler(request)
    except AutoscalerError as error:
        status = _status_of(error)
        if status >= 500:
            log.warning("console_request_failed", path=_pattern(request), status=status, error=type(error).__name__)
        return problem(status, error.message, place=error.place, help=error.help)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        allow = error.headers.get("Allow")
        return problem(
            error.status,
            f"{error.reason}",
            place=request.method if error.status == 405 else "path" if error.status == 404 else "body",
            help=_HELP.get(error.status, "See docs/operate."),
            headers=None if allow is None else {"Allow": allow},
        )


def _status_of(error: AutoscalerError) -> int:
    match error:
        case ControlRefused():
            return 409
        case SessionMissing():
            return 404
        case SessionExpired():
            return 410
        case UsageError() | RulesInvalid():
            return 422
        case _:
            return 503


def _pattern(request: web.Request) -> str:
    """The route, not the path: what a caller wrote there is not ours to log."""
    resource = request.match_info.route.resource
    return "" if resource is None else resource.canonical
