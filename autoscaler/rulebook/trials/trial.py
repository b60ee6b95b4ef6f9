"""A rule test as values: who is there, what is seen tick by tick, what the gateway answers, what must come of it.

The reader has refused everything that makes no sense, so the runner trusts these: series are never empty, ticks of a
scope lie inside the test, every rule and agent named is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Generic, TypeVar

import numpy as np

from autoscaler.core.book import IdRange, Rulebook
from autoscaler.core.readings import Floats, Ints
from autoscaler.rulebook.trials.claims import Expectation

__all__ = [
    "ASSUMED",
    "Answer",
    "AnswerKind",
    "Cast",
    "Order",
    "OrderKind",
    "Quantity",
    "Sample",
    "Series",
    "Trial",
    "Trials",
]

T = TypeVar("T")

ASSUMED = -1.0
"""Limit of a cast's agent of whom the test says none: its baseline."""


@dataclass(frozen=True, slots=True)
class Series(Generic[T]):
    """One value a tick; the last is kept on."""

    values: tuple[T, ...]

    def at(self, tick: int) -> T:
        """The value at a tick, from 0."""
        return self.values[min(tick, len(self.values) - 1)]

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading: `value` NaN is missing; `age_s` inf is stale, NaN is a source that gave an error."""

    value: float
    age_s: float = 0.0


class AnswerKind(Enum):
    """What becomes of a call; APPLIED with a delay is late."""

    APPLIED = "applied"
    REJECTED = "rejected"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """How the gateway answers a call, and after how many seconds (0: before the next tick)."""

    kind: AnswerKind
    delay_s: float = 0.0


class OrderKind(Enum):
    """What a person can order."""

    PAUSE = "pause"
    FREEZE = "freeze"
    PIN = "pin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A person's order, in force from `from_s` up to `until_s` (inf: to the end); only PIN has agent and limit."""

    kind: OrderKind
    from_s: float
    until_s: float
    agent: int = 0
    limit: int = 0


class Quantity(Enum):
    """What a series of an agent says."""

    LOAD = "load"
    STATE = "state"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The agents of a test at its start, shape (n,) each, sorted by id; limit NaN is unknown."""

    ids: Ints
    limit: Floats
    load: Floats
    state: Floats
    state_for_s: Floats
    signed_in_for_s: Floats

    def rows(self, ids: IdRange) -> slice:
        """The agents of a range."""
        first, last = np.searchsorted(self.ids, (ids.first, ids.last + 1))
        return slice(int(first), int(last))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One test.

    Attributes:
        name: Unique in its file.
        line: Where it stands, from 1.
        start: Aware UTC, the first tick's time.
        every_s: Seconds between ticks.
        ticks: How many, >= 1.
        cast: Who may be there.
        roster: How many of them are signed in, lowest ids first; None: all.
        queues: By queue id and column of `Queues`.
        inputs: By name.
        agents: By what, in the file's order: whom, and the series. Later ones win.
        answers: As `agents`; whoever is in none is applied at once.
        orders: What people ordered.
        expect: What must come of it.
    """

    name: str
    line: int
    start: datetime
    every_s: float
    ticks: int
    cast: Cast
    roster: Series[Sample] | None
    queues: Mapping[tuple[int, str], Series[Sample]]
    inputs: Mapping[str, Series[Sample]]
    agents: tuple[tuple[Quantity, IdRange, Series[Sample]], ...]
    answers: tuple[tuple[IdRange, Series[Answer]], ...]
    orders: tuple[Order, ...]
    expect: tuple[Expectation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """One test file: path as named, the rules under test with their file's path and text, the tests."""

    path: str
    book: Rulebook
    rules_path: str
    rules_text: str
    trials: tuple[Trial, ...]
