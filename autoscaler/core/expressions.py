"""Conditions as trees of values; `core.evaluation` gives them meaning, `rulebook` makes them from text.

A tree never holds text to be run, only names of the closed list below.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import assert_never

__all__ = [
    "LEAST_AHEAD_S",
    "MOST_AHEAD_S",
    "NAMES",
    "And",
    "Arithmetic",
    "Call",
    "Compare",
    "Expression",
    "Function",
    "Literal",
    "Name",
    "Negate",
    "Not",
    "Operator",
    "Or",
    "OverTime",
    "Relation",
    "Scope",
    "TimeFunction",
    "Unit",
    "names_in",
    "over_time_in",
    "speaks_of_agent",
    "spelt",
]


class Scope(Enum):
    """Whose reading a name is."""

    QUEUE = "queue"
    GROUP = "group"
    AGENT = "agent"
    INPUT = "input"

    # a scope is equal to itself alone; Enum hashes the name anew whenever a reading is looked up
    __hash__ = object.__hash__


class Unit(Enum):
    """What a value counts. COUNT is any plain number (chats, agents, rates)."""

    COUNT = "number"
    SECONDS = "seconds"
    RATIO = "ratio"
    TEXT = "text"
    TRUTH = "condition"
    ANY = "any number"


class Relation(Enum):
    """Comparisons."""

    LT = "<"
    LE = "<="
    EQ = "=="
    NE = "!="
    GE = ">="
    GT = ">"


class Operator(Enum):
    """Arithmetic."""

    ADD = "+"
    SUB = "-"
    MUL = "*"
    DIV = "/"


class Function(Enum):
    """Functions of values."""

    MIN = "min"
    MAX = "max"
    ABS = "abs"
    ROUND = "round"


class TimeFunction(Enum):
    """Functions of a value's recent past."""

    AVG = "avg"
    PEAK = "peak"
    TROUGH = "trough"
    CHANGE = "change"
    FORECAST = "forecast"


LEAST_AHEAD_S, MOST_AHEAD_S = 60.0, 4 * 3600.0
"""How far `forecast` may look ahead."""

NAMES: dict[Scope, dict[str, Unit]] = {
    Scope.QUEUE: {
        "waiting": Unit.COUNT,
        "oldest_wait": Unit.SECONDS,
        "arrivals_per_minute": Unit.COUNT,
        "abandoned_per_minute": Unit.COUNT,
        "id": Unit.COUNT,
    },
    Scope.GROUP: {
        "agents": Unit.COUNT,
        "slots": Unit.COUNT,
        "load": Unit.COUNT,
        "spare": Unit.COUNT,
        "occupancy": Unit.RATIO,
        "busy": Unit.RATIO,
        "waiting_per_agent": Unit.COUNT,
        "mean_limit": Unit.COUNT,
    },
    Scope.AGENT: {
        "id": Unit.COUNT,
        "tier": Unit.TEXT,
        "load": Unit.COUNT,
        "limit": Unit.COUNT,
        "spare": Unit.COUNT,
        "occupancy": Unit.RATIO,
        "state": Unit.TEXT,
        "state_for": Unit.SECONDS,
        "signed_in_for": Unit.SECONDS,
        "above_baseline_for": Unit.SECONDS,
    },
}
"""Every name but `input.*`, whose names a rule file declares."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A number in base units (30s is 30.0, 85% is 0.85) or a text."""

    value: float | str
    unit: Unit


@dataclass(frozen=True, slots=True)
class Name:
    """A reading; `queue` picks one of a group's queues, None means all of them together."""

    scope: Scope
    name: str
    queue: int | None = None


@dataclass(frozen=True, slots=True)
class Compare:
    """left relation right; unknown when either side is."""

    relation: Relation
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class And:
    """False if any part is false, else unknown if any part is unknown."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """True if any part is true, else unknown if any part is unknown."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Unknown stays unknown."""

    part: Expression


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """left operator right; unknown when either side is, and on division by zero."""

    operator: Operator
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Negate:
    """-part."""

    part: Expression


@dataclass(frozen=True, slots=True)
class Call:
    """A function of values; unknown when any argument is."""

    function: Function
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class OverTime:
    """A function of a group-wide value over the last `window_s` seconds (forecast: that far ahead)."""

    function: TimeFunction
    argument: Expression
    window_s: float


Expression = Literal | Name | Compare | And | Or | Not | Arithmetic | Negate | Call | OverTime


def names_in(expression: Expression) -> tuple[Name, ...]:
    """Every name in reading order, repeats kept."""
    match expression:
        case Literal():
            return ()
        case Name():
            return (expression,)
        case Compare(_, left, right) | Arithmetic(_, left, right):
            return names_in(left) + names_in(right)
        case And(parts) | Or(parts) | Call(_, parts):
            return tuple(name for part in parts for name in names_in(part))
        case Not(part) | Negate(part) | OverTime(_, part, _):
            return names_in(part)
        case _:
            assert_never(expression)


def over_time_in(expression: Expression) -> tuple[OverTime, ...]:
    """Every function over time in reading order, repeats kept."""
    match expression:
        case OverTime():
            return (expression,)
        case Literal() | Name():
            return ()
        case Compare(_, left, right) | Arithmetic(_, left, right):
            return over_time_in(left) + over_time_in(right)
        case And(parts) | Or(parts) | Call(_, parts):
            return tuple(one for part in parts for one in over_time_in(part))
        case Not(part) | Negate(part):
            return over_time_in(part)
        case _:
            assert_never(expression)


def spelt(name: Name) -> str:
    """The name as rules spell it."""
    queue = "" if name.queue is None else f"[{name.queue}]"
    return f"{name.scope.value}{queue}.{name.name}"


def speaks_of_agent(expression: Expression) -> bool:
    """Whether it is judged for every agent instead of once for the group."""
    return any(name.scope is Scope.AGENT for name in names_in(expression))
