"""Which units may meet: seconds with seconds, shares with shares, plain numbers with plain numbers.

A number without a unit meets everything, with a warning where a unit was probably forgotten; so does `input.*`.
"""

from __future__ import annotations

from autoscaler.core.expressions import Arithmetic, Operator, Unit
from autoscaler.core.printing import in_words
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.source import Span
from autoscaler.rulebook.typed import TypedPart

__all__ = ["combined", "common_unit", "comparable"]

_HIGHEST_SHARE = 1.5
"""A bare number above it against a share was probably meant in percent."""

_WORDS = {Unit.COUNT: "a plain number", Unit.SECONDS: "seconds", Unit.RATIO: "a share", Unit.ANY: "any number"}


def comparable(left: TypedPart, right: TypedPart, span: Span, reporter: Reporter) -> bool:
    """Whether two numbers may be compared; reports it when not, warns where a unit seems forgotten."""
    return common_unit(left, right, span, reporter, "compared with") is not None


def common_unit(left: TypedPart, right: TypedPart, span: Span, reporter: Reporter, verb: str) -> Unit | None:
    """The unit both count, or None after reporting after `verb` what is wrong."""
    for one, other in ((left, right), (right, left)):
        if one.bare is not None:
            _warn_bare(one, other.unit, reporter)
            return other.unit
        if one.unit is Unit.ANY:
            return other.unit
    if left.unit is right.unit:
        return left.unit
    message = f"{_WORDS[left.unit]} {'is' if left.unit is not Unit.SECONDS else 'are'} {verb} {_WORDS[right.unit]}"
    reporter.report(Code.WRONG_UNIT, span, message, _advice(left, right))
    return None


def combined(operator: Operator, left: TypedPart, right: TypedPart, span: Span, reporter: Reporter) -> TypedPart | None:
    """left operator right with its unit, or None after reporting."""
    match operator:
        case Operator.ADD:
            unit = common_unit(left, right, span, reporter, "added to")
        case Operator.SUB:
            unit = common_unit(left, right, span, reporter, "combined with")
        case Operator.MUL:
            unit = _product(left, right)
            if unit is None:
                help_ = "multiply by a plain number or a share"
                reporter.report(Code.WRONG_UNIT, span, "seconds are multiplied by seconds", help_)
        case Operator.DIV:
            unit = _quotient(left, right)
    if unit is None:
        return None
    value = _constant(operator, left.value, right.value)
    is_bare = left.bare is not None and right.bare is not None
    expression = Arithmetic(operator, left.expression, right.expression)
    return TypedPart(expression, unit, span, value, value if is_bare else None)


def _product(left: TypedPart, right: TypedPart) -> Unit | None:
    units = (left.unit, right.unit)
    if units == (Unit.SECONDS, Unit.SECONDS):
        return None
    for unit in (Unit.SECONDS, Unit.ANY):
        if unit in units:
            return unit
    if left.bare is not None or right.bare is not None:
        return right.unit if left.bare is not None else left.unit
    return Unit.RATIO if units == (Unit.RATIO, Unit.RATIO) else Unit.COUNT


def _quotient(left: TypedPart, right: TypedPart) -> Unit:
    if right.bare is not None or right.unit is Unit.RATIO:
        return left.unit if left.unit is not Unit.RATIO or right.bare is not None else Unit.ANY
    if left.unit is right.unit or right.unit in {Unit.ANY, Unit.SECONDS}:
        return Unit.ANY  # chats by slots is a share, seconds by seconds a plain number: both readings make sense
    return left.unit


def _constant(operator: Operator, left: float | None, right: float | None) -> float | None:
    if left is None or right is None:
        return None
    match operator:
        case Operator.ADD:
            return left + right
        case Operator.SUB:
            return left - right
        case Operator.MUL:
            return left * right
        case Operator.DIV:
            return left / right


def _warn_bare(number: TypedPart, unit: Unit, reporter: Reporter) -> None:
    value = number.bare
    if value is None or value == 0:
        return
    if unit is Unit.SECONDS:
        message = f"{value:g} without a unit against seconds"
        reporter.report(Code.BARE_SECONDS, number.span, message, f"write {value:g}s")
    elif unit is Unit.RATIO and value > _HIGHEST_SHARE:
        message = f"a share is compared with {value:g}, which is {value * 100:g} %"
        reporter.report(Code.BARE_SHARE, number.span, message, f"write {value:g}%")


def _advice(left: TypedPart, right: TypedPart) -> str:
    for one, other in ((left, right), (right, left)):
        if one.value is None:
            continue
        if other.unit is Unit.COUNT:
            number = one.value if one.unit is Unit.SECONDS else one.value * 100
            return f"write a plain number without a unit, such as {number:g}"
        if other.unit is Unit.SECONDS:
            return f"write a duration, such as {in_words(30)}"
        if other.unit is Unit.RATIO:
            return "write a percentage, such as 85%"
    return "use two readings that count the same"
