"""Which rules match now: conditions, held for as long as `for:` asks, over what was known.

A rule whose condition rests on a missing reading is neither true nor false: it abstains. Unknown breaks a `for:`,
since nobody can say that it held.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from autoscaler.core.book import Direction, Group, Mode, Rule
from autoscaler.core.calendars import is_open
from autoscaler.core.evaluation import Claim, Number, Truth, judge, measure
from autoscaler.core.expressions import Expression, Name, Scope, spelt
from autoscaler.core.holding import agents_held, group_held
from autoscaler.core.memory import AgentMemory, GroupMemory
from autoscaler.core.readings import Floats, Ints
from autoscaler.core.scope import GroupView
from autoscaler.core.team import Bools, remembered

__all__ = ["Verdict", "VerdictKind", "judge_rules", "vetoes"]


class VerdictKind(Enum):
    """How a rule stands. WAITING: true, but not yet for long enough. For agent rules, of any agent."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One rule at one tick.

    Attributes:
        rule: The rule.
        kind: How it stands.
        matched: Agents it matches, shape (n,); None for a group-wide rule.
        unknown: Agents of whom its condition is not known; None for a group-wide rule.
        held_s: How long a group-wide condition has held, 0.0 when it does not.
        since: What memory keeps: a time or None, or a column of times.
        engaged: What memory keeps of a rule with `keep_for` or `until`: a time or None, or a column of times.
        may_veto: Not known, and not for want of optional inputs alone: the safe side is taken.
        missing: Group-wide names it asked for in vain, as rules spell them.
        step: The step that acts: an index, or one an agent with -1 for none; None without steps.
        reading: What a `track` rule reads, a number or one an agent; None without.
        is_closed: Outside its windows.
    """

    rule: Rule
    kind: VerdictKind
    matched: Bools | None = None
    unknown: Bools | None = None
    held_s: float = 0.0
    since: float | Floats | None = None
    engaged: float | Floats | None = None
    may_veto: bool = False
    missing: tuple[str, ...] = ()
    step: int | NDArray[np.int16] | None = None
    reading: Number | None = None
    is_closed: bool = False


def judge_rules(
    group: Group,
    view: GroupView,
    memory: GroupMemory,
    agents: AgentMemory,
    rows: Ints | None,
    at: datetime,
) -> tuple[Verdict, ...]:
    """Judge every rule of a group, in the file's order.

    Args:
        group: Whose rules.
        view: Where names get their values.
        memory: Since when group-wide conditions hold, as remembered.
        agents: Memory of agents, for rules judged for each.
        rows: The roster's rows in it.
        at: Now, aware.

    Returns:
        One verdict a rule.
    """
    judge_one = _Judge(
        view=view,
        memory=memory,
        agents=agents,
        rows=rows,
        optional=frozenset(spec.name for spec in group.inputs if not spec.required),
        now=at.timestamp(),
    )
    return tuple(
        judge_one.closed(rule)
        if rule.at and not is_open(rule.at, group.calendar, at)
        else judge_one.for_agents(rule)
        if rule.per_agent
        else judge_one.for_group(rule)
        for rule in group.rules
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judge:
    view: GroupView
    memory: GroupMemory
    agents: AgentMemory
    rows: Ints | None
    optional: frozenset[str]
    now: float

    def closed(self, rule: Rule) -> Verdict:
        """Outside its windows a rule abstains and forgets; what functions over time ask for is sampled all the same."""
        truth, _ = _condition(rule, self.view)
        self._unsure(rule)
        nobody = np.zeros_like(truth.yes, np.bool_) if rule.per_agent else None
        return Verdict(rule=rule, kind=VerdictKind.FALSE, matched=nobody, unknown=nobody, is_closed=True)

    def for_group(self, rule: Rule) -> Verdict:
        truth, step = _condition(rule, self.view)
        since = None
        held, holds = 0.0, False
        if truth.yes:
            earlier = self.memory.since.get(rule.name)
            since = self.now if earlier is None else min(earlier, self.now)
            held = self.now - since
            holds = held >= rule.for_s
        unknown = not truth.yes and not truth.no
        engaged = self.memory.engaged.get(rule.name)
        in_force, unsure, engaged = group_held(
            holds=holds,
            unknown=unknown,
            engaged=engaged,
            keep_for_s=rule.keep_for_s,
            leave=None if rule.until is None else judge(rule.until, self.view),
            at=self.now,
        )
        reading = None if rule.track is None else measure(rule.track.input, self.view)
        if in_force and isinstance(reading, float) and math.isnan(reading):
            in_force, unsure = False, True
        if in_force:
            kind = VerdictKind.TRUE
        elif unsure:
            kind = VerdictKind.UNKNOWN
        else:
            kind = VerdictKind.WAITING if truth.yes and not holds else VerdictKind.FALSE
        missing = self._missing(rule) if unsure else ()
        return Verdict(
            rule=rule,
            kind=kind,
            held_s=held,
            since=since,
            engaged=engaged,
            may_veto=unsure and _needs_required((*missing, *self._unsure(rule)), self.optional),
            missing=tuple(spelt(name) for name in missing),
            step=step,
            reading=reading,
        )

    def for_agents(self, rule: Rule) -> Verdict:
        truth, step = _condition(rule, self.view)
        yes: Bools = truth.yes
        unknown: Bools = ~(truth.yes | truth.no)
        holds, since, engaged = yes, None, None
        if rule.for_s > 0:
            earlier = self.agents.since.get(rule.name)
            start = np.full(len(yes), self.now) if earlier is None else np.fmin(self._mine(earlier), self.now)
            since = np.where(yes, start, np.nan)
            holds = self.now - since >= rule.for_s  # NaN compares false: not held
        matched = holds
        if rule.keep_for_s or rule.until is not None:
            earlier = self.agents.engaged.get(rule.name)
            matched, unknown, engaged = agents_held(
                holds=holds,
                unknown=unknown,
                engaged=np.full(len(yes), np.nan) if earlier is None else self._mine(earlier),
                keep_for_s=rule.keep_for_s,
                leave=None if rule.until is None else judge(rule.until, self.view),
                at=self.now,
            )
        reading = None if rule.track is None else measure(rule.track.input, self.view)
        if isinstance(reading, float) and math.isnan(reading):
            matched, unknown = np.zeros_like(matched), matched | unknown
        if matched.any():
            kind = VerdictKind.TRUE
        elif (yes & ~holds).any():
            kind = VerdictKind.WAITING
        elif unknown.any():
            kind = VerdictKind.UNKNOWN
        else:
            kind = VerdictKind.FALSE
        missing = self._missing(rule) if unknown.any() else ()
        return Verdict(
            rule=rule,
            kind=kind,
            matched=matched,
            unknown=unknown,
            since=since,
            engaged=engaged,
            may_veto=_needs_required((*missing, *self._unsure(rule)), self.optional),
            missing=tuple(spelt(name) for name in missing),
            step=step,
            reading=reading,
        )

    def _mine(self, column: Floats) -> Floats:
        return remembered(column, self.rows)

    def _missing(self, rule: Rule) -> tuple[Name, ...]:
        return tuple(dict.fromkeys(name for one in _asked(rule) for name in self.view.missing_of(one)))

    def _unsure(self, rule: Rule) -> tuple[Name, ...]:
        return tuple(name for one in _asked(rule) for name in self.view.unsure_of(one))


def _asked(rule: Rule) -> tuple[Expression, ...]:
    """All that a rule asks of the readings."""
    tracked = None if rule.track is None else rule.track.input
    asked = (rule.when, rule.until, *(step.when for step in rule.steps), tracked)
    return tuple(one for one in asked if one is not None)


def _condition(rule: Rule, view: GroupView) -> tuple[Truth, int | NDArray[np.int16] | None]:
    """The truth of `when` and of any step together, and which step acts: the last that is known to match."""
    truth = Truth(True, False) if rule.when is None else judge(rule.when, view)
    if rule.per_agent and isinstance(truth.yes, bool):
        everybody = np.ones(view.agents, np.bool_)
        truth = Truth(everybody & truth.yes, everybody & truth.no)
    if not rule.steps:
        return truth, None
    any_yes: Claim = False
    all_no: Claim = True
    step: int | NDArray[np.int16] = np.full(view.agents, -1, np.int16) if rule.per_agent else -1
    for index, one in enumerate(rule.steps):
        own = judge(one.when, view)
        any_yes, all_no = any_yes | own.yes, all_no & own.no
        if not isinstance(step, int):
            step = np.where(own.yes, np.int16(index), step)
        elif own.yes:
            step = index
    return Truth(truth.yes & any_yes, truth.no | all_no), step


def _needs_required(missing: tuple[Name, ...], optional: frozenset[str]) -> bool:
    """Whether an unknown rests on more than inputs marked `required: false`.

    With nothing group-wide in doubt it rests on an agent's own reading, or on a division by zero.
    """
    return not missing or any(name.scope is not Scope.INPUT or name.name not in optional for name in missing)


def vetoes(verdict: Verdict, direction: Direction) -> bool:
    """Whether a group-wide hold, known or possible, forbids moves of `direction`."""
    rule = verdict.rule
    if rule.per_agent or rule.mode is Mode.OBSERVE or rule.hold not in (direction, Direction.BOTH):
        return False
    return verdict.kind is VerdictKind.TRUE or verdict.may_veto
