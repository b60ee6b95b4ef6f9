"""What an expression says, as a tree with places; `parsing` makes it, `checking` says whether it makes sense."""

from __future__ import annotations

from dataclasses import dataclass

from autoscaler.core.expressions import Operator, Relation, Unit
from autoscaler.rulebook.source import Span

__all__ = [
    "Calculation",
    "Calling",
    "Comparison",
    "Inversion",
    "Junction",
    "Minus",
    "Number",
    "Reading",
    "Syntax",
    "Text",
]


@dataclass(frozen=True, slots=True)
class Number:
    """In base units; `unit` is COUNT for a bare number."""

    value: float
    unit: Unit
    text: str
    span: Span
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Text:
    """Between quotes."""

    value: str
    span: Span
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Reading:
    """`scope.name` or `scope[queue].name`; scope "" for a bare word."""

    scope: str
    name: str
    queue: int | None
    span: Span
    queue_span: Span
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """left relation right."""

    relation: Relation
    left: Syntax
    right: Syntax
    span: Span
    depth: int


@dataclass(frozen=True, slots=True)
class Junction:
    """Two or more parts joined by `and`, or by `or`."""

    is_and: bool
    parts: tuple[Syntax, ...]
    span: Span
    depth: int


@dataclass(frozen=True, slots=True)
class Inversion:
    """not part."""

    part: Syntax
    span: Span
    depth: int


@dataclass(frozen=True, slots=True)
class Calculation:
    """left operator right."""

    operator: Operator
    left: Syntax
    right: Syntax
    span: Span
    depth: int


@dataclass(frozen=True, slots=True)
class Minus:
    """-part."""

    part: Syntax
    span: Span
    depth: int


@dataclass(frozen=True, slots=True)
class Calling:
    """name(arguments)."""

    name: str
    arguments: tuple[Syntax, ...]
    span: Span
    name_span: Span
    depth: int


Syntax = Number | Text | Reading | Comparison | Junction | Inversion | Calculation | Minus | Calling
