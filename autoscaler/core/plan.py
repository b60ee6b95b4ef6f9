"""The plan: a table with a row an agent and a column a stage, and the memory for the next decision.

`wanted` differs from what is in force only by what the stages to its left say; reading a row left to right is the
explanation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from autoscaler.core.book import Group
from autoscaler.core.memory import Memory
from autoscaler.core.proposals import NO_RULE
from autoscaler.core.readings import Floats, Ints
from autoscaler.core.reasons import Reason, sentence
from autoscaler.core.team import Bools, Columns16
from autoscaler.core.verdicts import Verdict

__all__ = ["Calls", "GroupPlan", "Plan", "Slots", "Stage", "StageRow"]


class Stage(Enum):
    """The plan's columns, left to right."""

    OBSERVED = "observed"
    PROPOSED = "proposed"
    ARBITRATED = "arbitrated"
    STABILISED = "stabilised"
    DISTRIBUTED = "distributed"
    GUARDED = "guarded"
    WANTED = "wanted"

    # a stage is equal to itself alone; Enum hashes the name anew at every look-up, which a tick has dozens of
    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """The group's slots by stage: sums over the agents who take chats."""

    observed: int
    proposed: int
    arbitrated: int
    stabilised: int
    wanted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """What would be sent, shape (c,), sorted by agent."""

    agents: Ints
    callnums: Columns16


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRow:
    """One cell of the table in words."""

    stage: Stage
    limit: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPlan:
    """One group's table.

    Attributes:
        group: The group as decided under.
        ids: Agents, sorted, shape (n,).
        confirmed: Limit the gateway confirmed, NaN unknown.
        counted: Agents who take chats.
        limits: By stage, shape (n,) each; stages that changed nothing share a column.
        reasons: `Reason` codes by stage, uint8, shape (n,).
        rule: The rule behind each row's move, an index into the group's rules, `NO_RULE` where none.
        said_by: By stage: the rule its sentence names, as `rule`; stages that name none are left out.
        slots: Sums.
        verdicts: One a rule, in the file's order.
        held: Sentences on what was held for the group as a whole.
        holds: How many agents were held back, by reason.
        unknown_inputs: Names that were asked for and not known.
        stability: What stability said, for the sentences.
        roster_problem: As in the snapshot.
        forecasts: Sentences on what was forecast for rules, and by what.
        goal: What the goal believes, in a sentence; "" without one.
        calls: What would be sent.
    """

    group: Group
    ids: Ints
    confirmed: Floats
    counted: Bools
    limits: Mapping[Stage, Columns16]
    reasons: Mapping[Stage, NDArray[np.uint8]]
    rule: NDArray[np.int16]
    said_by: Mapping[Stage, NDArray[np.int16]]
    slots: Slots
    verdicts: tuple[Verdict, ...]
    held: tuple[str, ...]
    holds: Mapping[Reason, int]
    unknown_inputs: tuple[str, ...]
    stability: str
    roster_problem: str
    forecasts: tuple[str, ...]
    goal: str
    calls: Calls

    @property
    def changed(self) -> NDArray[np.int64]:
        """Rows whose wanted limit is not the one in force."""
        return np.flatnonzero(self.limits[Stage.WANTED] != self.limits[Stage.OBSERVED])

    def row_of(self, agent: int) -> int | None:
        """The agent's row, None when it is not of this group."""
        row = int(np.searchsorted(self.ids, agent))
        return row if row < len(self.ids) and self.ids[row] == agent else None

    def rule_of(self, row: int) -> str | None:
        """Name of the rule behind the row's move."""
        return self._name(self.rule, row)

    def story(self, row: int) -> Iterator[StageRow]:
        """One agent's row, stage by stage, in words."""
        for stage in Stage:
            reason = Reason(int(self.reasons[stage][row]))
            by = self.said_by.get(stage)
            rule = "" if by is None else self._name(by, row) or ""
            why = sentence(reason, rule=rule, stability=self.stability, roster=self.roster_problem)
            yield StageRow(stage=stage, limit=int(self.limits[stage][row]), why=why)

    def _name(self, by: NDArray[np.int16], row: int) -> str | None:
        index = int(by[row])
        return None if index == NO_RULE else self.group.rules[index].name


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All groups' tables, sorted by name, and the next memory."""

    at: datetime
    rulebook: str
    groups: tuple[GroupPlan, ...]
    memory: Memory
