"""Expressions back to text: reading what is printed gives the same expression."""

from __future__ import annotations

from decimal import Decimal
from typing import assert_never

from autoscaler.core.expressions import (
    And,
    Arithmetic,
    Call,
    Compare,
    Expression,
    Literal,
    Name,
    Negate,
    Not,
    Operator,
    Or,
    OverTime,
    Unit,
)

__all__ = ["in_text", "in_words"]

_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _MINUS, _VALUE = range(8)


def in_text(expression: Expression) -> str:
    """The expression as a rule file writes it, with no bracket it doesn't need."""
    return _print(expression)[0]


def in_words(seconds: float) -> str:
    """The shortest spelling of a whole duration: 90s, 5m, 2h."""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{seconds:g}s"


def _print(expression: Expression) -> tuple[str, int]:
    """Text and how tightly it binds."""
    match expression:
        case Literal(value, unit):
            text = _literal(value, unit)
            return text, _MINUS if text.startswith("-") else _VALUE
        case Name(scope, name, queue):
            return f"{scope.value}.{name}" if queue is None else f"{scope.value}[{queue}].{name}", _VALUE
        case Compare(relation, left, right):
            return f"{_inside(left, _SUM)} {relation.value} {_inside(right, _SUM)}", _COMPARE
        case And(parts):
            return " and ".join(_inside(part, _NOT) for part in parts), _AND
        case Or(parts):
            return " or ".join(_inside(part, _AND) for part in parts), _OR
        case Not(part):
            return f"not {_inside(part, _NOT)}", _NOT
        case Arithmetic(operator, left, right):
            own = _SUM if operator in {Operator.ADD, Operator.SUB} else _PRODUCT
            return f"{_inside(left, own)} {operator.value} {_inside(right, own + 1)}", own
        case Negate(Literal() as part):
            return f"-({_print(part)[0]})", _MINUS  # without brackets it would be read as a negative number
        case Negate(part):
            return f"-{_inside(part, _MINUS)}", _MINUS
        case Call(function, arguments):
            return f"{function.value}({', '.join(in_text(argument) for argument in arguments)})", _VALUE
        case OverTime(time_function, argument, window_s):
            return f"{time_function.value}({in_text(argument)}, {_literal(window_s, Unit.SECONDS)})", _VALUE
        case _:
            assert_never(expression)


def _inside(expression: Expression, least: int) -> str:
    text, binding = _print(expression)
    return text if binding >= least else f"({text})"


def _literal(value: float | str, unit: Unit) -> str:
    if isinstance(value, str):
        return f'"{value}"' if '"' not in value else f"'{value}'"
    sign = "-" if value < 0 else ""
    if unit is Unit.SECONDS:
        return sign + (in_words(abs(value)) if value % 1 == 0 else f"{_plain(Decimal(repr(abs(value))))}s")
    if unit is Unit.RATIO:
        return f"{sign}{_plain(Decimal(repr(abs(value))) * 100)}%"
    return sign + _plain(Decimal(repr(abs(value))))


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
