"""Numbers of an expression as sums: factors of what is read, and a constant.

What is no sum (a product of two readings, `max`, a function over time) counts as one reading of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from autoscaler.core.expressions import (
    Arithmetic,
    Call,
    Expression,
    Literal,
    Name,
    Negate,
    Operator,
    OverTime,
    names_in,
    spelt,
)
from autoscaler.core.printing import in_text
from autoscaler.rulebook.lint.domains import Domains, of_call, over_time
from autoscaler.rulebook.lint.intervals import EVERYTHING, Interval, added, divided, multiplied, scaled

__all__ = ["Sum", "Term", "as_sum", "range_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Something with a value of its own.

    Attributes:
        key: As a rule file writes it.
        domain: What it can be.
        names: The readings it rests on.
        name: The reading itself; None when it is more than one.
    """

    key: str
    domain: Interval
    names: frozenset[str]
    name: Name | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """`constant` and each term times its factor; factors are not zero, terms in the order of their keys."""

    terms: tuple[tuple[Term, float], ...]
    constant: float


def as_sum(expression: Expression, domains: Domains) -> Sum:
    """A number of an expression as a sum."""
    factors: dict[str, float] = {}
    terms: dict[str, Term] = {}
    constant = _collect(expression, 1.0, factors, terms, domains)
    kept = tuple((terms[key], factors[key]) for key in sorted(factors) if factors[key] != 0)
    return Sum(terms=kept, constant=constant)


def range_of(expression: Expression, domains: Domains) -> Interval:
    """What a number can be, with every reading anywhere in its own range."""
    match expression:
        case Literal(value, _):
            return EVERYTHING if isinstance(value, str) else Interval(value, value)
        case Name():
            return domains.of(expression)
        case Negate(part):
            return scaled(range_of(part, domains), -1.0)
        case Arithmetic(operator, left, right):
            return _range_of_two(operator, range_of(left, domains), range_of(right, domains))
        case Call(function, arguments):
            return of_call(function, [range_of(argument, domains) for argument in arguments])
        case OverTime(function, argument, _):
            return over_time(function, range_of(argument, domains))
        case _:
            return EVERYTHING


def _range_of_two(operator: Operator, left: Interval, right: Interval) -> Interval:
    match operator:
        case Operator.ADD:
            return added(left, right)
        case Operator.SUB:
            return added(left, scaled(right, -1.0))
        case Operator.MUL:
            return multiplied(left, right)
        case Operator.DIV:
            return divided(left, right)


def _collect(
    expression: Expression, factor: float, factors: dict[str, float], terms: dict[str, Term], domains: Domains
) -> float:
    """Add `factor` times the expression to `factors`; the constant part is returned."""
    match expression:
        case Literal(float() as value, _):
            return factor * value
        case Negate(part):
            return _collect(part, -factor, factors, terms, domains)
        case Arithmetic(Operator.ADD | Operator.SUB as operator, left, right):
            other = factor if operator is Operator.ADD else -factor
            first = _collect(left, factor, factors, terms, domains)
            return first + _collect(right, other, factors, terms, domains)
        case Arithmetic(Operator.MUL | Operator.DIV as operator, left, right):
            number = _constant(right, domains)
            if number is not None and (number != 0 or operator is Operator.MUL):
                by = number if operator is Operator.MUL else 1.0 / number
                return _collect(left, factor * by, factors, terms, domains)
            number = _constant(left, domains) if operator is Operator.MUL else None
            if number is not None:
                return _collect(right, factor * number, factors, terms, domains)
        case _:
            pass
    term = _term(expression, domains)
    terms[term.key] = term
    factors[term.key] = factors.get(term.key, 0.0) + factor
    return 0.0


def _constant(expression: Expression, domains: Domains) -> float | None:
    if names_in(expression):
        return None
    ends = range_of(expression, domains)
    return ends.low if ends.low == ends.high else None


def _term(expression: Expression, domains: Domains) -> Term:
    if isinstance(expression, Name):
        key = spelt(expression)
        return Term(key=key, domain=domains.of(expression), names=frozenset({key}), name=expression)
    names = frozenset(spelt(name) for name in names_in(expression))
    return Term(key=in_text(expression), domain=range_of(expression, domains), names=names, name=None)
