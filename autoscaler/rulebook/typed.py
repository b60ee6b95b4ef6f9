"""A checked part of an expression with what the checks above it need to know."""

from __future__ import annotations

from dataclasses import dataclass

from autoscaler.core.expressions import Expression, Unit
from autoscaler.rulebook.source import Span

__all__ = ["TypedPart"]


@dataclass(frozen=True, slots=True)
class TypedPart:
    """One part.

    Attributes:
        expression: As the core knows it.
        unit: What it counts; TRUTH for a condition.
        span: Where it stands.
        value: Its number when it rests on no reading; None otherwise, and for text.
        bare: The same when it was written without any unit.
        is_constant: Whether it rests on no reading.
    """

    expression: Expression
    unit: Unit
    span: Span
    value: float | None = None
    bare: float | None = None
    is_constant: bool = False

    def __post_init__(self) -> None:
        if self.value is not None:
            object.__setattr__(self, "is_constant", True)
