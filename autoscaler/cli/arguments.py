"""What people type as arguments, checked before anything is asked or opened.

Each function takes the text and returns the value, or raises what argparse turns into a sentence and exit code 2.
"""

from __future__ import annotations

from argparse import ArgumentTypeError

from autoscaler.rulebook.measures import in_seconds

__all__ = ["agent_id", "count", "limit", "reason", "span"]

LONGEST_S = 366 * 86_400.0
LONGEST_REASON = 500


def agent_id(text: str) -> int:
    """An agent id of the gateway, 101..999999."""
    number = _whole(text)
    if number is None or not 101 <= number <= 999_999:
        raise ArgumentTypeError(f"{text!r} is no agent id: they run from 101 to 999999")
    return number


def limit(text: str) -> int:
    """A limit of concurrent chats, 1..60."""
    number = _whole(text)
    if number is None or not 1 <= number <= 60:
        raise ArgumentTypeError(f"{text!r} is no limit: write a whole number from 1 to 60")
    return number


def count(text: str) -> int:
    """How many, 1 to a billion."""
    number = _whole(text)
    if number is None or not 1 <= number <= 1_000_000_000:
        raise ArgumentTypeError(f"{text!r} is no count: write a whole number from 1 up")
    return number


def span(text: str) -> float:
    """Seconds of a duration, up to a year."""
    seconds = in_seconds(text)
    if not seconds:
        raise ArgumentTypeError(f"{text!r} is no duration: write it with its unit, as 90s, 30m, 2h or 1d")
    if seconds > LONGEST_S:
        raise ArgumentTypeError(f"{text!r} is more than a year")
    return seconds


def reason(text: str) -> str:
    """Why a person orders something: words on one line."""
    words = " ".join(text.split())
    if not words or not words.isprintable():
        raise ArgumentTypeError('a reason is missing: say why, as "training on the floor"')
    if len(words) > LONGEST_REASON:
        raise ArgumentTypeError(f"the reason is longer than {LONGEST_REASON} characters")
    return words


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 12 else None
