"""Which functions over time a condition asks for."""

from __future__ import annotations

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
    Or,
    OverTime,
)

__all__ = ["over_time_in"]


def over_time_in(expression: Expression) -> tuple[OverTime, ...]:
    """Every `avg(…)`, `peak(…)` and so on in reading order; one stands in no other."""
    match expression:
        case OverTime():
            return (expression,)
        case Literal() | Name():
            return ()
        case Compare(_, left, right) | Arithmetic(_, left, right):
            return over_time_in(left) + over_time_in(right)
        case And(parts) | Or(parts) | Call(_, parts):
            return tuple(found for part in parts for found in over_time_in(part))
        case Not(part) | Negate(part):
            return over_time_in(part)
