"""One figure of a benchmark: what was measured, what it is held against, and how the two stand."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Result"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A figure, in the form `make bench` prints.

    Attributes:
        name: Unique among all benchmarks.
        value: What was measured, in `unit`.
        unit: As "ms" or "MB".
        limit: What the value is held against, in the same unit: a promise, or something measured in the same run.
        ratio: value / limit.
    """

    name: str
    value: float
    unit: str
    limit: float
    ratio: float

    @classmethod
    def against(cls, name: str, value: float, unit: str, limit: float) -> Result:
        """The figure with its ratio worked out."""
        return cls(name=name, value=round(value, 4), unit=unit, limit=round(limit, 4), ratio=round(value / limit, 4))
