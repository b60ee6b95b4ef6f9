"""One number out of a JSON text: the whole of it, or where a JSON pointer (RFC 6901) leads."""

from __future__ import annotations

import math
from typing import Any

import orjson

from autoscaler.errors import ReadingMalformed

__all__ = ["as_number", "number_at", "parsed"]

_POINTER = 'a pointer begins with "/" and names keys and list places, as /queues/0/waiting'


def parsed(text: bytes) -> Any:
    """JSON values.

    Raises:
        ReadingMalformed: It is no JSON.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ReadingMalformed("the answer is not JSON", help="give an address that answers in JSON") from error


def number_at(value: Any, pointer: str) -> float:
    """The number a pointer leads to.

    Args:
        value: JSON values.
        pointer: RFC 6901; "" is the whole.

    Raises:
        ReadingMalformed: It leads nowhere, or not to a finite number.
    """
    if pointer and not pointer.startswith("/"):
        raise ReadingMalformed(f"{pointer!r} is no JSON pointer", help=_POINTER)
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isascii() and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            raise ReadingMalformed(f"nothing stands at {pointer}", help=_POINTER)
    return as_number(value, pointer or "the whole answer")


def as_number(value: Any, place: str) -> float:
    """A finite number, written as one or as text.

    Raises:
        ReadingMalformed: It is none.
    """
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            value = None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ReadingMalformed(f"{place} is no number", help="name a place that holds one")
    return float(value)
