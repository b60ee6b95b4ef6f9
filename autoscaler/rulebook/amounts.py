"""Amounts, rates and budgets: how far a limit moves, and how much of that within a while.

A bare number is none of them: 4 could be slots, limits or percent, so it is refused with the likely spelling.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from autoscaler.core.book import Amount, AmountKind, Rate
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.grammar import Kind
from autoscaler.rulebook.measures import DAY, DURATION, NUMBER, in_seconds, seconds_hint, share_hint, share_value
from autoscaler.rulebook.nodes import Node
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.scalars import scalar
from autoscaler.rulebook.suggestions import quoted

__all__ = ["amount", "budget", "rate", "target_amount"]

T = TypeVar("T")

_COUNTED = re.compile(r"([0-9]{1,9}) +(each|slots?)")
_PER = re.compile(r"(\S.*?) +per +(\S+)")


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

    return _per(wanted, "10 slots per 1m or 20% per 2m", rf"(?:[0-9]{{1,9}} +slots?|{NUMBER}%)", make)


def budget(wanted: str) -> Kind[tuple[int, float]]:
    """How many, within how many seconds: `1 per 2m`."""

    def make(counted: str, period_s: float) -> tuple[int, float] | None:
        return (int(counted), period_s) if re.fullmatch("[0-9]{1,6}", counted) and int(counted) > 0 else None

    return _per(wanted, "1 per 2m", "[0-9]{1,6}", make)


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

    percent = rf"|{NUMBER}%" if most_share else ""
    return Kind(read, {"type": "string", "pattern": f"^(?:[0-9]{{1,9}} +(?:each|slots?){percent})$"})


def _amount_hint(text: str, *, has_share: bool) -> str:
    if match := re.fullmatch(r"[+-]?([0-9]{1,9})", text):
        every = f'"{match[1]} each" for every judged agent'
        whole = f'"{match[1]} slots" for the group as a whole'
        return f'write {every}, {whole} or "{match[1]}%" of its slots' if has_share else f"write {every}, or {whole}"
    if match := re.fullmatch(r"([0-9]{1,9})\s*([A-Za-z]+)", text):
        return f"write {match[1]} {'each' if match[2].lower().startswith(('e', 'a')) else 'slots'}"
    if has_share and re.fullmatch(r"[0-9.]+\s+%|0\.[0-9]{1,6}", text):
        return share_hint(text)
    return "write 1 each, 4 slots or 15%" if has_share else "write 3 each or 40 slots"


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

    return Kind(read, {"type": "string", "pattern": f"^{pattern} +per +{DURATION}$"})


def _per_hint(counted: str, period: str) -> str:
    hint = seconds_hint(period)
    if re.fullmatch(NUMBER, period):
        return f"write {counted} per {period}m or {counted} per {period}s"
    return hint.replace("write ", f"write {counted} per ", 1) if re.search("[0-9]", period) else hint
