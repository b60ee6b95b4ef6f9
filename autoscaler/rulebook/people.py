"""Agent ids, queue ids and media types as a file writes them."""

from __future__ import annotations

import re

from autoscaler.core.book import IdRange
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.grammar import Kind
from autoscaler.rulebook.nodes import Node
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.scalars import scalar, whole
from autoscaler.rulebook.suggestions import did_you_mean, joined, quoted

__all__ = ["FIRST_AGENT", "LAST_AGENT", "MEDIA_TYPES", "id_range", "in_ids", "media", "queue_id"]

FIRST_AGENT, LAST_AGENT = 101, 999_999

MEDIA_TYPES = {
    "text_chat": 1,
    "click_to_dial": 2,
    "callback": 4,
    "voice": 5,
    "predicted_outbound": 15,
    "previewed_outbound": 16,
    "message_call": 17,
    "video": 19,
    "web_chat": 51,
    "social_chat": 53,
}
"""CC-Gateway's media types by name."""

_RANGE = re.compile(r"([0-9]{1,9})(?: *- *([0-9]{1,9}))?")


def queue_id() -> Kind[int]:
    """A skill queue's id."""
    return whole("a queue id", 1, 999_999_999)


def media() -> Kind[int]:
    """A media type by name or number."""

    def read(node: Node, reporter: Reporter) -> int | None:
        found = scalar(node, reporter, "a media type such as web_chat")
        if found is None:
            return None
        if found.value in MEDIA_TYPES:
            return MEDIA_TYPES[found.value]
        if found.value.isdecimal() and found.value in {str(number) for number in MEDIA_TYPES.values()}:
            return int(found.value)
        close = did_you_mean(found.value, MEDIA_TYPES)
        listed = joined(f"{number} {name}" for name, number in MEDIA_TYPES.items())
        help_ = f"did you mean {quoted(close)}?" if close else f"write one of {listed}"
        reporter.report(Code.NOT_A_CHOICE, found.span, f"there is no media type {quoted(found.value)}", help_)
        return None

    return Kind(read, {"enum": [*MEDIA_TYPES, *MEDIA_TYPES.values()]})


def id_range() -> Kind[IdRange]:
    """One agent id, or `1001-1020` with both ends included."""

    def read(node: Node, reporter: Reporter) -> IdRange | None:
        found = scalar(node, reporter, "an agent id such as 1007, or a range such as 1001-1020")
        if found is None:
            return None
        match = _RANGE.fullmatch(found.value)
        if match is None or found.value.startswith("0"):
            message = f"{quoted(found.value)} is not an agent id or a range of them"
            reporter.report(Code.NOT_IDS, found.span, message, "write 1007, or 1001-1020 for a range")
            return None
        first, last = int(match[1]), int(match[2] or match[1])
        if not FIRST_AGENT <= first <= LAST_AGENT or not FIRST_AGENT <= last <= LAST_AGENT:
            message = f"{quoted(found.value)} is outside the agent ids, {FIRST_AGENT} to {LAST_AGENT}"
            reporter.report(Code.OUT_OF_RANGE, found.span, message, f"write ids from {FIRST_AGENT} to {LAST_AGENT}")
            return None
        if last < first:
            message = f"the range {quoted(found.value)} ends before it starts"
            reporter.report(Code.NOT_IDS, found.span, message, f"write {last}-{first}")
            return None
        return IdRange(first=first, last=last)

    pattern = "^[1-9][0-9]{2,5}( *- *[1-9][0-9]{2,5})?$"
    number = {"type": "integer", "minimum": FIRST_AGENT, "maximum": LAST_AGENT}
    return Kind(read, {"anyOf": [number, {"type": "string", "pattern": pattern}]})


def in_ids(ids: IdRange) -> str:
    """As a file writes it."""
    return str(ids.first) if ids.first == ids.last else f"{ids.first}-{ids.last}"
