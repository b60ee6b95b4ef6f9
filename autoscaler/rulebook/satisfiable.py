"""Conditions that can't become true whatever is read: the plain cases, a reading against a constant."""

from __future__ import annotations

import math
from collections.abc import Iterable

from autoscaler.core.expressions import Compare, Expression, Literal, Name, Relation
from autoscaler.rulebook.vocabulary import Interval, range_of

__all__ = ["never_together", "never_true"]

_MIRRORED = {
    Relation.LT: Relation.GT,
    Relation.LE: Relation.GE,
    Relation.EQ: Relation.EQ,
    Relation.NE: Relation.NE,
    Relation.GE: Relation.LE,
    Relation.GT: Relation.LT,
}


def never_true(compare: Compare) -> str | None:
    """Why one comparison can't be true, or None when it might."""
    found = _bound(compare)
    if found is None or isinstance(found[1], str):
        return None
    name, low, high = found[0], *range_of(found[0])
    allowed = _interval(found[2], found[1])
    if _meet((low, high), allowed) is not None:
        return None
    if math.isinf(high):
        return f"{_written(name)} is never below {low:g}"
    return f"{_written(name)} is {low:g} to {high:g}"


def never_together(parts: Iterable[Expression]) -> str | None:
    """The reading that would need two values at once for all parts to hold, or None."""
    ranges: dict[Name, Interval] = {}
    words: dict[Name, str] = {}
    for part in parts:
        found = _bound(part)
        if found is None:
            continue
        name, value, relation = found
        if isinstance(value, str):
            if relation is Relation.EQ and words.setdefault(name, value) != value:
                return _written(name)
            continue
        met = _meet(ranges.get(name, (-math.inf, math.inf)), _interval(relation, value))
        if met is None:
            return _written(name)
        ranges[name] = met
    return None


def _bound(part: Expression) -> tuple[Name, float | str, Relation] | None:
    match part:
        case Compare(relation, Name() as name, Literal(value)):
            return name, value, relation
        case Compare(relation, Literal(value), Name() as name):
            return name, value, _MIRRORED[relation]
        case _:
            return None


def _interval(relation: Relation, value: float) -> Interval:
    """Closed interval of the values allowed; an open end is the next float."""
    match relation:
        case Relation.LT:
            return -math.inf, math.nextafter(value, -math.inf)
        case Relation.LE:
            return -math.inf, value
        case Relation.EQ:
            return value, value
        case Relation.GE:
            return value, math.inf
        case Relation.GT:
            return math.nextafter(value, math.inf), math.inf
        case Relation.NE:
            return -math.inf, math.inf


def _meet(one: Interval, other: Interval) -> Interval | None:
    low, high = max(one[0], other[0]), min(one[1], other[1])
    return (low, high) if low <= high else None


def _written(name: Name) -> str:
    scope = name.scope.value if name.queue is None else f"{name.scope.value}[{name.queue}]"
    return f"{scope}.{name.name}"
