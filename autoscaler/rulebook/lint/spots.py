"""Where each part of a condition stands: it is read again, and both trees are walked side by side."""

from __future__ import annotations

from dataclasses import dataclass

from autoscaler.core.expressions import And, Expression, Not, Or
from autoscaler.rulebook.nodes import Scalar
from autoscaler.rulebook.parsing import parse
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.source import Span
from autoscaler.rulebook.syntax import Inversion, Junction, Syntax

__all__ = ["Spot", "spot_of"]


@dataclass(frozen=True, slots=True)
class Spot:
    """A condition and its place; `parts` are those it is joined from, () for a comparison."""

    expression: Expression
    span: Span
    parts: tuple[Spot, ...] = ()


def spot_of(text: Scalar, expression: Expression, reporter: Reporter) -> Spot:
    """The condition that `text` was compiled to, with the places of its parts."""
    syntax = parse(text, reporter)
    return Spot(expression, text.span) if syntax is None else _spot(expression, syntax)


def _spot(expression: Expression, syntax: Syntax) -> Spot:
    parts: tuple[Spot, ...] = ()
    match expression, syntax:
        case (And(inner) | Or(inner), Junction(_, written)):
            parts = tuple(_spot(part, place) for part, place in zip(inner, written, strict=True))
        case (Not(inside), Inversion(place)):
            parts = (_spot(inside, place),)
        case _:
            pass
    return Spot(expression, syntax.span, parts)
