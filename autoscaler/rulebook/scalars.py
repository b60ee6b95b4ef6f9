"""Single values: text, names, whole numbers, numbers, truth values and choices, with YAML 1.1's traps told apart.

Only plain (unquoted) text can be a number or a truth value; what other YAML readers would change is refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.grammar import Kind
from autoscaler.rulebook.nodes import Items, Node, Scalar
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.suggestions import did_you_mean, joined, quoted

__all__ = ["choice", "decimal", "scalar", "short_name", "text", "truth", "verbatim", "whole", "whole_number"]

E = TypeVar("E", bound=Enum)

_TRUTHS = {"y", "n", "yes", "no", "on", "off", "true", "false"}
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?")
_NUMBER_LIKE = re.compile(
    r"[+-]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9]+)?|0[xob][0-9a-fA-F_]+|\.[0-9]+)|[+-]?\.(?:inf|nan)"
)
_SEXAGESIMAL = re.compile(r"[+-]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_DATE_LIKE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?")


def scalar(node: Node, reporter: Reporter, wanted: str) -> Scalar | None:
    """The node as a single value that is not empty; else None after saying that `wanted` belongs here."""
    if not isinstance(node, Scalar):
        got = "a list" if isinstance(node, Items) else "a mapping"
        reporter.report(Code.WRONG_SHAPE, node.span, f"expected {wanted}, but this is {got}", f"write {wanted}")
        return None
    if node.is_null or not node.value.strip():
        reporter.report(Code.NO_VALUE, node.span, f"expected {wanted}, but there is nothing", f"write {wanted}")
        return None
    return node


def text(wanted: str, *, longest: int) -> Kind[str]:
    """Free text of one or more lines."""

    def read(node: Node, reporter: Reporter) -> str | None:
        found = scalar(node, reporter, wanted)
        if found is None or _is_trap(found, reporter):
            return None
        if len(found.value) > longest:
            message = f"{wanted} has {len(found.value)} characters, more than {longest}"
            reporter.report(Code.OUT_OF_RANGE, found.span, message, "shorten it")
            return None
        return found.value

    return Kind(read, {"type": "string", "minLength": 1, "maxLength": longest})


def short_name(
    wanted: str, *, pattern: str = r"[^\s](?:.*[^\s])?", advice: str = "use one line of plain words"
) -> Kind[str]:
    """Short text of one line that matches `pattern`."""
    shape = re.compile(pattern)
    plain = text(wanted, longest=64)

    def read(node: Node, reporter: Reporter) -> str | None:
        found = plain.read(node, reporter)
        if found is not None and (shape.fullmatch(found) is None or not found.isprintable()):
            reporter.report(Code.NOT_A_NAME, node.span, f"{quoted(found)} can't be {wanted}", advice)
            return None
        return found

    return Kind(read, {"type": "string", "minLength": 1, "maxLength": 64, "pattern": f"^{pattern}$"})


def verbatim(wanted: str) -> Kind[Scalar]:
    """The characters themselves, for text with a grammar of its own."""
    return Kind(
        lambda node, reporter: scalar(node, reporter, wanted), {"type": ["string", "number", "integer", "boolean"]}
    )


def whole_number(node: Node, reporter: Reporter, wanted: str, low: int, high: int) -> int | None:
    """A plain whole number in low..high; else None after reporting."""
    found = scalar(node, reporter, f"{wanted}, {low} to {high}" if low != high else f"{wanted}, {low}")
    if found is None:
        return None
    value = found.value
    if not found.is_plain:
        help_ = f"write {value} without quotes" if _WHOLE.fullmatch(value) else f"write a number from {low} to {high}"
        reporter.report(Code.NOT_A_NUMBER, found.span, f"{wanted} is a whole number, but this is text", help_)
        return None
    if _WHOLE.fullmatch(value) is None or re.match(r"[+-]?0[0-9]", value):
        _not_whole(found, reporter, wanted, low, high)
        return None
    if not low <= int(value) <= high:
        message = f"{wanted} is {value}, outside {low} to {high}" if low != high else f"{wanted} is {value}, not {low}"
        help_ = f"write a number from {low} to {high}" if low != high else f"write {low}"
        reporter.report(Code.OUT_OF_RANGE, found.span, message, help_)
        return None
    return int(value)


def whole(wanted: str, low: int, high: int) -> Kind[int]:
    """A whole number in low..high."""
    schema = {"type": "integer", "minimum": low, "maximum": high}
    return Kind(lambda node, reporter: whole_number(node, reporter, wanted, low, high), schema)


def decimal(wanted: str, low: float = -math.inf, high: float = math.inf) -> Kind[float]:
    """A number in low..high, with or without decimals."""

    def read(node: Node, reporter: Reporter) -> float | None:
        found = scalar(node, reporter, wanted)
        if found is None:
            return None
        if not found.is_plain or _DECIMAL.fullmatch(found.value) is None or re.match(r"-?0[0-9]", found.value):
            help_ = "write digits, with a point before decimals"
            reporter.report(Code.NOT_A_NUMBER, found.span, f"expected {wanted}, not {quoted(found.value)}", help_)
            return None
        value = float(found.value)
        if not low <= value <= high:
            message = f"{wanted} is {found.value}, outside {low:g} to {high:g}"
            reporter.report(Code.OUT_OF_RANGE, found.span, message, f"write a number from {low:g} to {high:g}")
            return None
        return value

    bounds = {"minimum": low, "maximum": high}
    return Kind(read, {"type": "number", **{name: bound for name, bound in bounds.items() if math.isfinite(bound)}})


def truth(wanted: str) -> Kind[bool]:
    """`true` or `false`; YAML 1.1's other spellings are refused."""

    def read(node: Node, reporter: Reporter) -> bool | None:
        found = scalar(node, reporter, "true or false")
        if found is None:
            return None
        if not found.is_plain or found.value not in {"true", "false"}:
            is_trap = found.is_plain and found.value.lower() in _TRUTHS
            yes = found.value.lower() in {"y", "yes", "on", "true"}
            help_ = f"write {'true' if yes else 'false'}" if found.value.lower() in _TRUTHS else "write true or false"
            code = Code.YAML_TRAP if is_trap else Code.NOT_A_CHOICE
            reporter.report(code, found.span, f"{wanted} is true or false, not {quoted(found.value)}", help_)
            return None
        return found.value == "true"

    return Kind(read, {"type": "boolean"})


def choice(wanted: str, words: Mapping[str, E]) -> Kind[E]:
    """One of a few words."""

    def read(node: Node, reporter: Reporter) -> E | None:
        found = scalar(node, reporter, joined(words))
        if found is None:
            return None
        if found.value in words:
            return words[found.value]
        if found.is_plain and found.value.lower() in _TRUTHS:
            message = f"{wanted} is {joined(words)}; {quoted(found.value)} is a truth value to YAML"
            reporter.report(Code.YAML_TRAP, found.span, message, f"write {joined(words)}")
            return None
        close = did_you_mean(found.value, words)
        help_ = f"did you mean {quoted(close)}?" if close else f"write {joined(words)}"
        reporter.report(Code.NOT_A_CHOICE, found.span, f"{wanted} is {joined(words)}, not {quoted(found.value)}", help_)
        return None

    return Kind(read, {"enum": list(words)})


def _is_trap(found: Scalar, reporter: Reporter) -> bool:
    """Whether plain text is a truth value, number or date to YAML readers; says so."""
    value = found.value
    if not found.is_plain:
        return False
    if value.lower() in _TRUTHS:
        taken = "a truth value"
    elif _NUMBER_LIKE.fullmatch(value) or _SEXAGESIMAL.fullmatch(value):
        taken = "a number"
    elif _DATE_LIKE.fullmatch(value):
        taken = "a date"
    else:
        return False
    message = f"text belongs here, but {quoted(value)} without quotes is {taken} to YAML"
    reporter.report(Code.YAML_TRAP, found.span, message, f'put it in quotes: "{value}"')
    return True


def _not_whole(found: Scalar, reporter: Reporter, wanted: str, low: int, high: int) -> None:
    value, code = found.value, Code.YAML_TRAP
    if re.fullmatch(r"[+-]?0[0-9_]+", value):
        digits = value.lstrip("+-0").replace("_", "") or "0"
        octal = f", and {int(value.replace('_', ''), 8)} to YAML 1.1" if set(value) <= set("01234567") else ""
        message, help_ = f"{quoted(value)} starts with a zero: {digits} to a person{octal}", f"write {digits}"
    elif _SEXAGESIMAL.fullmatch(value):
        message = f"{quoted(value)} is a number to base sixty in YAML 1.1"
        help_ = f"write a number from {low} to {high}"
    elif re.fullmatch(r"[+-]?[0-9]+(?:_[0-9]*)+", value):
        message, help_ = f"{wanted} with underscores", f"write {value.replace('_', '')}"
    elif re.fullmatch(r"[+-]?0[xob][0-9a-fA-F_]+", value):
        message, help_ = (
            f"{wanted} is written in decimal digits, not as {quoted(value)}",
            f"write a number from {low} to {high}",
        )
    elif value.lower() in _TRUTHS:
        message = f"{wanted} is a whole number, but {quoted(value)} is a truth value to YAML"
        help_ = f"write a number from {low} to {high}"
    else:
        code = Code.NOT_A_NUMBER
        message, help_ = f"{wanted} is a whole number, not {quoted(value)}", f"write a number from {low} to {high}"
    reporter.report(code, found.span, message, help_)
