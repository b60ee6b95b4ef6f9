"""Single values of a scenario file: numbers within bounds, times of day, moments and shifts."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import pairwise

from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.grammar import Kind
from autoscaler.rulebook.measures import in_seconds
from autoscaler.rulebook.nodes import Items, Node, Scalar
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.scalars import scalar
from autoscaler.rulebook.suggestions import quoted
from autoscaler.simulation.scenario.model import Window

__all__ = ["DAY_S", "length_of", "moment", "number", "number_or_duration", "parsed_moment", "shift", "time_of_day"]

DAY_S = 86_400

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,30})?")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2})?")
_TIME = re.compile(r"([0-9]{2}):([0-9]{2})")
_WINDOW = re.compile(r"([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})")


def number(wanted: str, low: float, high: float, *, above: bool = False) -> Kind[float]:
    """A number in low..high, or above low and up to high."""
    bounds = f"above {low:.9g} and up to {high:.9g}" if above else f"{low:.9g} to {high:.9g}"

    def read(node: Node, reporter: Reporter) -> float | None:
        found = scalar(node, reporter, f"{wanted}, {bounds}")
        if found is None:
            return None
        if not found.is_plain or _NUMBER.fullmatch(found.value) is None:
            _not_a_number(found, wanted, reporter)
            return None
        value = float(found.value)
        if not low <= value <= high or (above and value == low):
            message = (
                f"{wanted} is {found.value}, not {bounds}" if above else f"{wanted} is {found.value}, outside {bounds}"
            )
            reporter.report(
                Code.OUT_OF_RANGE, found.span, message, f"write a number {bounds if above else 'from ' + bounds}"
            )
            return None
        return value

    return Kind(read, {"type": "number", "exclusiveMinimum" if above else "minimum": low, "maximum": high})


def number_or_duration(wanted: str) -> Kind[tuple[float, bool]]:
    """A number of 0 or more or seconds of a duration, and whether it is one; for values whose ratio alone matters."""
    plain = number(wanted, 0, 1_000_000)

    def read(node: Node, reporter: Reporter) -> tuple[float, bool] | None:
        seconds = in_seconds(node.value) if isinstance(node, Scalar) else None
        value = plain.read(node, reporter) if seconds is None else seconds
        return None if value is None else (value, seconds is not None)

    return Kind(read, {"type": ["number", "string"]})


def time_of_day() -> Kind[float]:
    """Seconds after midnight of `"12:00"`."""

    def read(node: Node, reporter: Reporter) -> float | None:
        found = scalar(node, reporter, 'a time of day such as "12:00"')
        if found is None:
            return None
        seconds = _seconds_of_day(found.value)
        if seconds is None or seconds == DAY_S:
            message = f"{quoted(found.value)} is not a time of day from 00:00 to 23:59"
            reporter.report(Code.NOT_A_WINDOW, found.span, message, 'write hours and minutes, as in "09:00"')
            return None
        if found.is_plain:
            message = f"{found.value} without quotes is a number to base sixty in YAML 1.1"
            reporter.report(Code.YAML_TRAP, found.span, message, f'put it in quotes: "{found.value}"')
            return None
        return float(seconds)

    return Kind(read, {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"})


def moment() -> Kind[datetime]:
    """A date and time without a zone."""

    def read(node: Node, reporter: Reporter) -> datetime | None:
        found = scalar(node, reporter, 'a date and time such as "2026-03-02 09:00"')
        if found is None:
            return None
        value = parsed_moment(found.value) if _MOMENT.fullmatch(found.value) else None
        if value is None:
            message = f"{quoted(found.value)} is not a date and time without a zone"
            reporter.report(Code.NOT_A_MOMENT, found.span, message, 'write it as "2026-03-02 09:00"')
        return value

    return Kind(read, {"type": "string", "pattern": f"^{_MOMENT.pattern}$"})


def parsed_moment(text: str) -> datetime | None:
    """ISO date and time, aware or not; None when it is none, or so far off that a calendar would end under it."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return None
    return value if 1900 <= value.year < 9000 else None


def shift() -> Kind[tuple[Window, ...]]:
    """Windows of a day, `"09:00-12:00 13:00-17:00"` or a list of them, in order of their start."""

    def read(node: Node, reporter: Reporter) -> tuple[Window, ...] | None:
        if isinstance(node, Items):
            if not node.nodes:
                help_ = "leave shift out where they are always there"
                reporter.report(Code.NOT_A_WINDOW, node.span, "the shift is empty", help_)
            return _windows([(found, found.value) for one in node.nodes if (found := _text(one, reporter))], reporter)
        found = _text(node, reporter)
        return None if found is None else _windows([(found, word) for word in found.value.split()], reporter)

    return Kind(read, {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})


def length_of(window: Window) -> float:
    """Seconds, above 0 and up to a day."""
    return window.end_s - window.start_s + (DAY_S if window.end_s <= window.start_s else 0)


def _text(node: Node, reporter: Reporter) -> Scalar | None:
    return scalar(node, reporter, 'times of a shift such as "09:00-17:00"')


def _windows(words: list[tuple[Scalar, str]], reporter: Reporter) -> tuple[Window, ...] | None:
    found: list[tuple[Window, Scalar, str]] = []
    for place, word in words:
        match = _WINDOW.fullmatch(word)
        start, end = (_seconds_of_day(part) for part in match.groups()) if match else (None, None)
        if start is None or end is None or start in {end, DAY_S}:
            message = f"{quoted(word)} is not part of a shift"
            help_ = 'write times of day from 00:00 to 24:00, as in "09:00-12:00 13:00-17:00" or "22:00-06:00"'
            reporter.report(Code.NOT_A_WINDOW, place.span, message, help_)
            return None
        found.append((Window(start_s=float(start), end_s=float(end)), place, word))
    found.sort(key=lambda one: one[0].start_s)
    for (early, _, first), (late, place, second) in pairwise([*found, *found[:1]] if len(found) > 1 else found):
        if (late.start_s - early.start_s) % DAY_S < length_of(early):
            message = f"{quoted(first)} and {quoted(second)} of one shift overlap"
            reporter.report(Code.CONFLICT, place.span, message, "write each time once; an agent is there once")
            return None
    if not found:
        return None
    return tuple(window for window, _, _ in found)


def _seconds_of_day(text: str) -> int | None:
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    hours, minutes = int(match[1]), int(match[2])
    return hours * 3600 + minutes * 60 if minutes < 60 and (hours < 24 or (hours, minutes) == (24, 0)) else None


def _not_a_number(found: Scalar, wanted: str, reporter: Reporter) -> None:
    help_ = "write digits, with a point before decimals"
    if not found.is_plain and _NUMBER.fullmatch(found.value):
        help_ = f"write {found.value} without quotes"
    elif re.fullmatch(r"[0-9]+,[0-9]+", found.value):
        help_ = f"write {found.value.replace(',', '.')}"
    elif re.fullmatch(r"-?\.[0-9]+", found.value):
        help_ = f"write {found.value.replace('.', '0.')}"
    elif re.fullmatch(r"-?[0-9.]{1,20}[eE][+-]?[0-9]{1,2}", found.value):
        help_ = "write it without an exponent; YAML readers disagree about those"
    reporter.report(Code.NOT_A_NUMBER, found.span, f"{wanted} is a number, not {quoted(found.value)}", help_)
