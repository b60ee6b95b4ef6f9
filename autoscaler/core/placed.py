"""JSON values checked where they stand: whatever is wrong is said with its place and what is allowed there.

A place is a path into the input, as `agents[3].load`. Every error is `ReadingMalformed`.
"""

from __future__ import annotations

import math
from typing import Any

from autoscaler.errors import ReadingMalformed

__all__ = ["a_claim", "a_list", "a_number", "a_text", "a_whole", "an_object", "wrong"]


def an_object(value: Any, place: str, keys: set[str] | None) -> None:
    """An object whose keys are all among `keys`; None allows any."""
    if not isinstance(value, dict):
        raise wrong(place, f"is {_kind(value)}, not an object", "write it as {…}")
    unknown = sorted(set(value) - keys) if keys is not None else []
    if unknown:
        raise wrong(f"{place}.{unknown[0]}", "is not a known key", f"known here: {', '.join(sorted(keys or ()))}")


def a_list(value: Any, place: str) -> list[Any]:
    """A list, which null is not."""
    if not isinstance(value, list):
        raise wrong(place, f"is {_kind(value)}, not a list", "write it as […]")
    return value


def a_claim(value: Any, place: str) -> bool:
    """True or false, and nothing that merely counts as one."""
    if not isinstance(value, bool):
        raise wrong(place, f"is {_kind(value)}, not true or false", "write true or false")
    return value


def a_text(value: Any, place: str) -> str:
    """Text."""
    if not isinstance(value, str):
        raise wrong(place, f"is {_kind(value)}, not text", "write it in quotes")
    return value


def a_number(value: Any, place: str, *, signed: bool = False) -> float:
    """A finite number, >= 0 unless `signed`; null is NaN, no reading."""
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong(place, f"is {_kind(value)}, not a number", "write a number, or null when there is no reading")
    if value < 0 and not signed:
        raise wrong(place, f"{value} is negative", "write 0 or more, or null when there is no reading")
    if math.isinf(value):
        raise wrong(place, "is infinite", "write a number, or null when there is no reading")
    return float(value)


def a_whole(value: Any, place: str, least: int, most: int) -> int:
    """A whole number within least..most."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong(place, f"is {_kind(value)}, not a whole number", f"write a whole number from {least} to {most}")
    if not least <= value <= most:
        raise wrong(place, f"{value} is outside {least}..{most}", f"write a whole number from {least} to {most}")
    return value


def wrong(place: str, message: str, help_: str) -> ReadingMalformed:
    """The error to raise."""
    return ReadingMalformed(message, place=place, help=help_)


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return f"the number {value}"
        case str():
            return "text"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return type(value).__name__
