"""Durations and shares: numbers that carry their unit.

A bare number is never a measure: 30 could be seconds, minutes or slots, so it is refused with the likely spelling.
"""

from __future__ import annotations

import re
from decimal import Decimal

from autoscaler.core.printing import in_words
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.grammar import Key, Kind, Section, section
from autoscaler.rulebook.nodes import Node, Scalar, Table
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.scalars import scalar
from autoscaler.rulebook.suggestions import quoted

__all__ = [
    "DAY",
    "DURATION",
    "HOUR",
    "NUMBER",
    "duration",
    "duration_or",
    "in_seconds",
    "seconds_hint",
    "share",
    "share_hint",
    "share_value",
    "tolerance",
]

HOUR = 3600.0
DAY = 24 * HOUR

NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
DURATION = rf"(?:{NUMBER}d)?(?:{NUMBER}h)?(?:{NUMBER}m)?(?:{NUMBER}s)?"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SPELLINGS = {
    spelling: unit
    for unit, spellings in {
        "s": "s sec secs second seconds",
        "m": "m min mins minute minutes",
        "h": "h hr hrs hour hours",
        "d": "d day days",
    }.items()
    for spelling in spellings.split()
}


def in_seconds(text: str) -> float | None:
    """Seconds of `30s`, `5m`, `2h`, `1d` or `1h30m`; None when it is no duration."""
    if not text or re.fullmatch(DURATION, text) is None:
        return None
    return float(sum(Decimal(number) * _UNITS[unit] for number, unit in re.findall(rf"({NUMBER})([smhd])", text)))


def seconds_hint(text: str) -> str:
    """How the duration was probably meant to be written."""
    if re.fullmatch(NUMBER, text):
        return f"write {text}s" if text != "0" else "write 0s"
    if match := re.fullmatch(rf"({NUMBER})\s*([A-Za-z]+)", text):
        unit = _SPELLINGS.get(match[2].lower())
        if unit is not None:
            return f"write {match[1]}{unit}"
    if match := re.fullmatch(r"([0-9]+):([0-9]+)", text):
        return f"write {match[1]}h{match[2]}m or {match[1]}m{match[2]}s"
    return "write a number with s, m, h or d, such as 30s, 5m or 1h30m"


def duration(wanted: str, low: float, high: float) -> Kind[float]:
    """Seconds in low..high."""

    def read(node: Node, reporter: Reporter) -> float | None:
        found = scalar(node, reporter, f"a duration such as {in_words(min(max(low, 30), high))}")
        return None if found is None else _bounded_duration(found, reporter, wanted, low, high)

    return Kind(read, {"type": "string", "pattern": f"^(?=.){DURATION}$"})


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

    return Kind(read, {"anyOf": [{"type": "string", "pattern": f"^(?=.){DURATION}$"}, {"const": word}]})


def share_value(text: str) -> float | None:
    """0.15 of `15%`; None when it is no percentage."""
    if re.fullmatch(rf"{NUMBER}%", text) is None:
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
            reporter.report(Code.NOT_A_SHARE, found.span, message, share_hint(found.value))
            return None
        if not low <= value <= high:
            message = f"{wanted} is {found.value}, outside {low * 100:g}% to {high * 100:g}%"
            help_ = f"write a percentage from {low * 100:g}% to {high * 100:g}%"
            reporter.report(Code.OUT_OF_RANGE, found.span, message, help_)
            return None
        return value

    return Kind(read, {"type": "string", "pattern": f"^{NUMBER}%$"})


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


def share_hint(text: str) -> str:
    if re.fullmatch(r"0\.[0-9]{1,6}", text):
        return f"write {float(Decimal(text) * 100):g}%"
    if re.fullmatch(NUMBER, text):
        return f"write {text}%"
    if re.fullmatch(rf"{NUMBER}\s+%", text):
        return f"write {text.replace(' ', '')}"
    return "write a number and %, such as 15%"


_DOWN = Key(name="down", kind=share("down", 0.0, 1.0), about="ignored below target, default 10%")
_UP = Key(name="up", kind=share("up", 0.0, 10.0), about="ignored above target, default 10%")
_TOLERANCE = section(Section(noun="tolerance", keys=(_DOWN, _UP)))
