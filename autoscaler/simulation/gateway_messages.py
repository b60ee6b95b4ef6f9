"""One call to CC-Gateway taken apart, and one answer before it is written.

The vendor's samples mix numbers and strings; both are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from autoscaler.simulation.gateway_routes import Interface
from autoscaler.simulation.retcodes import Retcode

__all__ = ["GatewayCall", "Omitted", "Reply", "is_text", "whole"]


class Omitted(Enum):
    """A member the answer leaves out."""

    MEMBER = "member"


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayCall:
    """One call, its path taken apart.

    Attributes:
        argument: What follows the operation in the path.
        guid: The `Guid` header, "" when absent.
        cookie: The load balancer's cookie, "" when absent.
        body: The JSON object sent; None when there is none or it is no object.
    """

    interface: Interface
    agent: int
    argument: str
    query: Mapping[str, str]
    guid: str = field(repr=False)
    cookie: str = field(repr=False)
    body: dict[str, Any] | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer.

    Attributes:
        result, event: Left out of the body when omitted.
        guid: For the Set-GUID header.
        cookie: For the Set-Cookie header.
    """

    retcode: str = Retcode.OK
    message: str = ""
    result: Any = Omitted.MEMBER
    event: Any = Omitted.MEMBER
    guid: str | None = field(default=None, repr=False)
    cookie: str | None = field(default=None, repr=False)

    def members(self) -> dict[str, Any]:
        """The body."""
        members = {"message": self.message, "retcode": str(self.retcode), "result": self.result, "event": self.event}
        return {name: value for name, value in members.items() if value is not Omitted.MEMBER}


def whole(value: object) -> int | None:
    """A whole number written as number or string, as the vendor's own samples mix them; else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and len(value) <= 9:
        text = value.strip()
        return int(text) if text.isascii() and text.removeprefix("-").isdigit() else None
    return None


def is_text(value: object, most: int) -> bool:
    """Whether `value` is a text of at most `most` characters."""
    return isinstance(value, str) and len(value) <= most
