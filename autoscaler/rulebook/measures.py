"""Durations, shares, amounts and rates: numbers that carry their unit.

A bare number is never a measure: 30 could be seconds, minutes or slots, so it is refused with the likely spelling.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

from autoscaler.core.book import Amount, AmountKind, Rate
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.grammar import Key, Kind, Section, section
from autoscaler.rulebook.nodes import Node, Scalar, Table
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.scalars import scalar
from autoscaler.rulebook.suggestions import quoted

__all__ = [
    "DAY",
    "HOUR",
    "amount",
    "budget",
    "duration",
    "duration_or",
    "in_seconds",
    "in_words",
    "rate",
    "seconds_hint",
    "share",
    "share_value",
    "target_amount",
    "tolerance",
]

T = TypeVar("T")

HOUR = 3600.0
DAY = 24 * HOUR

_NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
_DURATION = rf"(?:{_NUMBER}d)?(?:{_NUMBER}h)?(?:{_NUMBER}m)?(?:{_NUMBER}s)?"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SPELLINGS = {
    "s": "s",
    "sec": "s",
    "secs": "s",
    "second": "s",
    "seconds": "s",
    "m": "m",
    "min": "m",
    "mins": "m",
    "minute": "m",
}
_SPELLINGS |= {
    "minutes": "m",
    "h": "h",
    "hr": "h",
    "hrs": "h",
    "hour": "h",
    "hours": "h",
    "d": "d",
    "day": "d",
    "days": "d",
}
_COUNTED = re.compile(r"([0-9]{1,9}) +(each|slots?)")
_PER = re.compile(r"(\S.*?) +per +(\S+)")


def in_seconds(text: str) -> float | None:
    """Seconds of `30s`, `5m`, `2h`, `1d` or `1h30m`; None when it is no duration."""
    if not text or re.fullmatch(_DURATION, text) is None:
        return None
    return float(sum(Decimal(number) * _UNITS[unit] for number, unit in re.findall(rf"({_NUMBER})([smhd])", text)))


def seconds_hint(text: str) -> str:
    """How the duration was probably meant to be written."""
    if re.fullmatch(_NUMBER, text):
        return f"write {text}s" if text != "0" else "write 0s"
    if match := re.fullmatch(rf"({_NUMBER})\s*([A-Za-z]+)", text):
        unit = _SPELLINGS.get(match[2].lower())
        if unit is not None:
            return f"write {match[1]}{unit}"
    if match := re.fullmatch(r"([0-9]+):([0-9]+)", text):
        return f"write {match[1]}h{match[2]}m or {match[1]}m{match[2]}s"
    return "write a number with s, m, h or d, such as 30s, 5m or 1h30m"


def in_words(seconds: float) -> str:
    """The shortest spelling of a whole duration: 90s, 5m, 2h."""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{seconds:g}s"


def duration(wanted: str, low: float, high: float) -> Kind[float]:
    """Seconds in low..high."""

    def read(node: Node, reporter: Reporter) -> float | None:
        found = scalar(node, reporter, f"a duration such as {in_words(min(max(low, 30), high))}")
        return None if found is None else _bounded_duration(found, reporter, wanted, low, high)

    return Kind(read, {"type": "string", "pattern": f"^(?=.){_DURATION}$"})


def duration_or(wanted: str, low: float, high: float, word: str, instead: float) -> Kind[float]:
    """Seconds in low..high, or a word that stands for `instead`."""

    def read(node: Node, reporter: Reporter) -> float | None:
        found = scalar(node, reporter, f"a duration, or {word}")
        if found is None:
            return None
        if found.value == word:
            return instead
        if found.is_plain and found.value.lower() in {"no", "off", "none", "false", "n"}:
            message = f"{wanted} is a duration or {word}, not {quoted(found.value)}"
            reporter.report(Code.YAML_TRAP, found.span, message, f"write {word}")
            return None
        return _bounded_duration(found, reporter, wanted, low, high)

    return Kind(read, {"anyOf": [{"type": "string", "pattern": f"^(?=.){_DURATION}$"}, {"const": word}]})


def share_value(text: str) -> float | None:
    """0.15 of `15%`; None when it is no percentage."""
    if re.fullmatch(rf"{_NUMBER}%", text) is None:
        return None
    return float(Decimal(text[:-1]) / 100)


def share(wanted: str, low: float, high: float) -> Kind[float]:
    """A ratio in low..high, written in percent."""

    def read(node: Node, reporter: Reporter) -> float | None:
        found = scalar(node, reporter, "a percentage such as 20%")
        if found is None:
            return None
        value = share_value(found.value)
        if value is None:
            message = f"{wanted} is a percentage, not {quoted(found.value)}"
            reporter.report(Code.NOT_A_SHARE, found.span, message, _share_hint(found.value))
            return None
        if not low <= value <= high:
            message = f"{wanted} is {found.value}, outside {low * 100:g}% to {high * 100:g}%"
            help_ = f"write a percentage from {low * 100:g}% to {high * 100:g}%"
            reporter.report(Code.OUT_OF_RANGE, found.span, message, help_)
            return None
        return value

    return Kind(read, {"type": "string", "pattern": f"^{_NUMBER}%$"})


def tolerance() -> Kind[tuple[float, float]]:
    """Ratios down and up: one percentage for both, or `{down: 5%, up: 10%}`."""
    one = share("tolerance", 0.0, 1.0)

    def read(node: Node, reporter: Reporter) -> tuple[float, float] | None:
        if not isinstance(node, Table):
            value = one.read(node, reporter)
            return None if value is None else (value, value)
        entries = _TOLERANCE.read(node, reporter)
        if entries is None:
            return None
        down, up = entries.get(_DOWN), entries.get(_UP)
        return (0.1 if down is None else down, 0.1 if up is None else up)

    return Kind(read, {"anyOf": [one.schema, _TOLERANCE.schema]})


def amount(wanted: str, most_share: float) -> Kind[Amount]:
    """How far a limit or the group's slots move: `1 each`, `4 slots`, `15%`."""
    return _amount(wanted, "1 each, 4 slots or 15%", most_share)


def target_amount(wanted: str) -> Kind[Amount]:
    """Where to go: `3 each` or `40 slots`."""
    return _amount(wanted, "3 each or 40 slots", 0.0)


def rate(wanted: str) -> Kind[Rate]:
    """At most so many slots, or such a share of them, within a period: `10 slots per 1m`, `20% per 2m`."""

    def make(counted: str, period_s: float) -> Rate | None:
        found = _amount_of(counted)
        if found is None or found.kind is AmountKind.EACH or found.value <= 0:
            return None
        return Rate(amount=found, period_s=period_s)

    return _per(wanted, "10 slots per 1m or 20% per 2m", rf"(?:[0-9]{{1,9}} +slots?|{_NUMBER}%)", make)


def budget(wanted: str) -> Kind[tuple[int, float]]:
    """How many, within how many seconds: `1 per 2m`."""

    def make(counted: str, period_s: float) -> tuple[int, float] | None:
        return (int(counted), period_s) if re.fullmatch("[0-9]{1,6}", counted) and int(counted) > 0 else None

    return _per(wanted, "1 per 2m", "[0-9]{1,6}", make)


def _bounded_duration(found: Scalar, reporter: Reporter, wanted: str, low: float, high: float) -> float | None:
    seconds = in_seconds(found.value)
    if seconds is None:
        is_sexagesimal = found.is_plain and re.fullmatch("[0-9]+(?::[0-9]+)+", found.value) is not None
        code = Code.YAML_TRAP if is_sexagesimal else Code.NOT_A_DURATION
        message = f"{wanted} is a duration, not {quoted(found.value)}"
        if is_sexagesimal:
            message += ", which is a number to base sixty in YAML 1.1"
        reporter.report(code, found.span, message, seconds_hint(found.value))
        return None
    if not low <= seconds <= high:
        message = f"{wanted} is {found.value}, outside {in_words(low)} to {in_words(high)}"
        reporter.report(
            Code.OUT_OF_RANGE, found.span, message, f"write a duration from {in_words(low)} to {in_words(high)}"
        )
        return None
    return seconds


def _share_hint(text: str) -> str:
    if re.fullmatch(r"0\.[0-9]{1,6}", text):
        return f"write {float(Decimal(text) * 100):g}%"
    if re.fullmatch(_NUMBER, text):
        return f"write {text}%"
    if re.fullmatch(rf"{_NUMBER}\s+%", text):
        return f"write {text.replace(' ', '')}"
    return "write a number and %, such as 15%"


def _amount_of(text: str) -> Amount | None:
    if (value := share_value(text)) is not None:
        return Amount(kind=AmountKind.SHARE, value=value)
    if match := _COUNTED.fullmatch(text):
        kind = AmountKind.EACH if match[2] == "each" else AmountKind.SLOTS
        return Amount(kind=kind, value=float(match[1]))
    return None


def _amount(wanted: str, example: str, most_share: float) -> Kind[Amount]:
    def read(node: Node, reporter: Reporter) -> Amount | None:
        found = scalar(node, reporter, example)
        if found is None:
            return None
        value = _amount_of(found.value)
        if value is None or (value.kind is AmountKind.SHARE and not most_share):
            message = f"{wanted} is {example}, not {quoted(found.value)}"
            reporter.report(
                Code.NOT_AN_AMOUNT, found.span, message, _amount_hint(found.value, has_share=bool(most_share))
            )
            return None
        most = {AmountKind.EACH: 60, AmountKind.SLOTS: 3_600_000, AmountKind.SHARE: most_share}[value.kind]
        if not 0 < value.value <= most:
            top = f"{most * 100:g}%" if value.kind is AmountKind.SHARE else f"{most} {value.kind.value}"
            message = f"{wanted} is {found.value}, which is not above 0 and up to {top}"
            reporter.report(Code.OUT_OF_RANGE, found.span, message, f"write {example}")
            return None
        return value

    percent = rf"|{_NUMBER}%" if most_share else ""
    return Kind(read, {"type": "string", "pattern": f"^(?:[0-9]{{1,9}} +(?:each|slots?){percent})$"})


def _amount_hint(text: str, *, has_share: bool) -> str:
    if match := re.fullmatch(r"[+-]?([0-9]{1,9})", text):
        every = f'"{match[1]} each" for every judged agent'
        whole = f'"{match[1]} slots" for the group as a whole'
        return f'write {every}, {whole} or "{match[1]}%" of its slots' if has_share else f"write {every}, or {whole}"
    if match := re.fullmatch(r"([0-9]{1,9})\s*([A-Za-z]+)", text):
        return f"write {match[1]} {'each' if match[2].lower().startswith(('e', 'a')) else 'slots'}"
    if has_share and re.fullmatch(r"[0-9.]+\s+%|0\.[0-9]{1,6}", text):
        return _share_hint(text)
    return "write 1 each, 4 slots or 15%" if has_share else "write 3 each or 40 slots"


def _per_hint(counted: str, period: str) -> str:
    hint = seconds_hint(period)
    if re.fullmatch(_NUMBER, period):
        return f"write {counted} per {period}m or {counted} per {period}s"
    return hint.replace("write ", f"write {counted} per ", 1) if re.search("[0-9]", period) else hint


def _per(wanted: str, example: str, pattern: str, make: Callable[[str, float], T | None]) -> Kind[T]:
    def read(node: Node, reporter: Reporter) -> T | None:
        found = scalar(node, reporter, example)
        if found is None:
            return None
        match = _PER.fullmatch(found.value)
        period_s = in_seconds(match[2]) if match else None
        if match and period_s is None:
            message = f"{quoted(match[2])} in {wanted} is not a duration"
            reporter.report(Code.NOT_A_RATE, found.span, message, _per_hint(match[1], match[2]))
            return None
        if match is None or period_s is None or (value := make(match[1], period_s)) is None:
            message = f"{wanted} is {example}, not {quoted(found.value)}"
            bare = re.fullmatch(r"([0-9]{1,9}) +(per +\S+)", found.value)
            help_ = f"write {bare[1]} slots {bare[2]} or {bare[1]}% {bare[2]}" if bare else f"write it as in {example}"
            reporter.report(Code.NOT_A_RATE, found.span, message, help_)
            return None
        if not 1.0 <= period_s <= DAY:
            message = f"the period {match[2]} in {wanted} is outside 1s to 1d"
            reporter.report(Code.OUT_OF_RANGE, found.span, message, "write a period from 1s to 1d")
            return None
        return value

    return Kind(read, {"type": "string", "pattern": f"^{pattern} +per +{_DURATION}$"})


_DOWN = Key(name="down", kind=share("down", 0.0, 1.0), about="ignored below target, default 10%")
_UP = Key(name="up", kind=share("up", 0.0, 10.0), about="ignored above target, default 10%")
_TOLERANCE = section(Section(noun="tolerance", keys=(_DOWN, _UP)))
