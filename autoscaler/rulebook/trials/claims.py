"""What a rule test can expect: claims about one tick or many, each with its place in the file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from autoscaler.core.expressions import Expression
from autoscaler.core.verdicts import VerdictKind

__all__ = [
    "AgentLimit",
    "AtMost",
    "Because",
    "Change",
    "ChangeKind",
    "Claim",
    "Expectation",
    "Holds",
    "RuleVerdict",
    "SlotStage",
    "SlotsAre",
    "When",
]


class SlotStage(Enum):
    """Which of a plan's sums is meant, by the key that names it in a test."""

    OBSERVED = "observed"
    PROPOSED = "proposed"
    SLOTS = "slots"
    WANTED = "wanted"


class ChangeKind(Enum):
    """Which limits a tick changes."""

    NONE = "none"
    SOME = "some"
    RAISE = "raise"
    LOWER = "lower"


class When(Enum):
    """How the ticks of an expectation are meant."""

    AT = "at"
    BETWEEN = "between"
    ALWAYS = "always"
    NEVER = "never"
    FINALLY = "finally"


@dataclass(frozen=True, slots=True)
class SlotsAre:
    """A sum of slots."""

    stage: SlotStage
    slots: int


@dataclass(frozen=True, slots=True)
class Change:
    """What the tick changes: a kind, or a number of agents."""

    wanted: ChangeKind | int


@dataclass(frozen=True, slots=True)
class AgentLimit:
    """An agent's limit after the tick."""

    agent: int
    limit: int


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """How a rule stands."""

    rule: str
    verdict: VerdictKind


@dataclass(frozen=True, slots=True)
class Because:
    """Words that the tick's explanation holds, of one agent or (None) of the group."""

    words: str
    agent: int | None


@dataclass(frozen=True, slots=True)
class Holds:
    """An expression over what is in force after the tick: it is true of everybody, or (`is_true` False) of nobody."""

    expression: Expression
    text: str
    is_true: bool


@dataclass(frozen=True, slots=True)
class AtMost:
    """No more than `count` changes (or calls) in any `period_s` seconds."""

    count: int
    calls: bool
    period_s: float


Claim = SlotsAre | Change | AgentLimit | RuleVerdict | Because | Holds | AtMost


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One entry of `expect`.

    Attributes:
        line, column: Where it stands, from 1.
        source_line: That line, for messages.
        when: How its ticks are meant.
        first, last: Ticks it speaks of, both included.
        claims: All of them must hold at each of these ticks.
    """

    line: int
    column: int
    source_line: str
    when: When
    first: int
    last: int
    claims: tuple[Claim, ...]
