"""What an expression says of a snapshot: true, false or unknown, for the group or for every agent at once.

A truth is a pair (yes, no) of claims that are never both true; neither means unknown. Numbers are floats or columns,
and NaN is the unknown number: every comparison with it claims nothing, so unknown spreads by itself.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Protocol, assert_never

import numpy as np
from numpy.typing import NDArray

from autoscaler.core.expressions import (
    And,
    Arithmetic,
    Call,
    Compare,
    Expression,
    Function,
    Literal,
    Name,
    Negate,
    Not,
    Operator,
    Or,
    OverTime,
    Relation,
)
from autoscaler.core.readings import Floats

__all__ = ["Claim", "Number", "Truth", "View", "judge", "measure"]

Number = float | Floats
Claim = Any
"""`bool` for the group, a bool column for agents; `&` and `|` mean the same on both."""


class Truth(NamedTuple):
    """A three-valued truth: what is known to hold, what is known not to."""

    yes: Claim
    no: Claim


class View(Protocol):
    """Where names get their values from."""

    def value(self, name: Name) -> Number:
        """A float, or a column of one float an agent; NaN unknown."""
        ...

    def code(self, name: Name, text: str) -> float:
        """The number that stands for `text` among the values of a text name."""
        ...

    def over_time(self, expression: OverTime) -> float:
        """The function of the value's recent past; NaN unknown."""
        ...


def judge(expression: Expression, view: View) -> Truth:
    """Judge a condition.

    Args:
        expression: A condition, as the rulebook has checked.
        view: Where its names get their values.

    Returns:
        The truth, of bools when no agent is spoken of, else of columns.
    """
    match expression:
        case Compare(relation, left, right):
            return _compare(relation, _side(left, right, view), _side(right, left, view))
        case And(parts):
            yes: Claim = True
            no: Claim = False
            for part in parts:
                truth = judge(part, view)
                yes = yes & truth.yes
                no = no | truth.no
            return Truth(yes, no)
        case Or(parts):
            yes, no = False, True
            for part in parts:
                truth = judge(part, view)
                yes = yes | truth.yes
                no = no & truth.no
            return Truth(yes, no)
        case Not(part):
            truth = judge(part, view)
            return Truth(truth.no, truth.yes)
        case _:
            raise TypeError(f"{type(expression).__name__} is a value, not a condition")


def measure(expression: Expression, view: View) -> Number:
    """Measure a number; NaN where unknown."""
    match expression:
        case Literal(value, _):
            return float(value)
        case Name():
            return view.value(expression)
        case Arithmetic(operator, left, right):
            return _arithmetic(operator, measure(left, view), measure(right, view))
        case Negate(part):
            return -measure(part, view)
        case Call(function, arguments):
            return _call(function, [measure(argument, view) for argument in arguments])
        case OverTime():
            return view.over_time(expression)
        case _:
            raise TypeError(f"{type(expression).__name__} is a condition, not a value")


def _side(side: Expression, other: Expression, view: View) -> Number:
    if isinstance(side, Literal) and isinstance(side.value, str) and isinstance(other, Name):
        return view.code(other, side.value)
    return measure(side, view)


def _compare(relation: Relation, left: Number, right: Number) -> Truth:
    match relation:
        case Relation.LT:
            return Truth(left < right, left >= right)
        case Relation.LE:
            return Truth(left <= right, left > right)
        case Relation.GT:
            return Truth(left > right, left <= right)
        case Relation.GE:
            return Truth(left >= right, left < right)
        case Relation.EQ:
            return Truth(left == right, _differ(left, right))
        case Relation.NE:
            return Truth(_differ(left, right), left == right)
        case _:
            assert_never(relation)


def _differ(left: Number, right: Number) -> Claim:
    # not `!=`: NaN differs from everything there, and would make unknown a fact
    return (left < right) | (left > right)


def _arithmetic(operator: Operator, left: Number, right: Number) -> Number:
    match operator:
        case Operator.ADD:
            return left + right
        case Operator.SUB:
            return left - right
        case Operator.MUL:
            return left * right
        case Operator.DIV:
            if isinstance(right, float):
                return left / right if right != 0 else left * math.nan
            return left / np.where(right == 0, np.nan, right)
        case _:
            assert_never(operator)


def _call(function: Function, arguments: list[Number]) -> Number:
    first = arguments[0]
    match function:
        case Function.MIN | Function.MAX:
            smaller = function is Function.MIN
            for other in arguments[1:]:
                first = _extreme(first, other, smaller=smaller)
            return first
        case Function.ABS:
            return _extreme(first, -first, smaller=False)
        case Function.ROUND:
            return _whole(first + 0.5)
        case _:
            assert_never(function)


def _extreme(left: Number, right: Number, *, smaller: bool) -> Number:
    if isinstance(left, float) and isinstance(right, float):
        if math.isnan(left) or math.isnan(right):
            return math.nan
        return min(left, right) if smaller else max(left, right)
    # np.minimum and np.maximum hand NaN on
    column: NDArray[np.float64] = np.minimum(left, right) if smaller else np.maximum(left, right)
    return column


def _whole(value: Number) -> Number:
    if isinstance(value, np.ndarray):
        column: Floats = np.floor(value)
        return column
    return math.nan if math.isnan(value) else float(math.floor(value))
