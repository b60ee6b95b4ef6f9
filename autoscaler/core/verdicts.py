"""Which rules match now: conditions, held for as long as `for:` asks, over what was known.

A rule whose condition rests on a missing reading is neither true nor false: it abstains. Unknown breaks a `for:`,
since nobody can say that it held.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np

from autoscaler.core.book import Direction, Group, Mode, Rule
from autoscaler.core.evaluation import Truth, judge
from autoscaler.core.expressions import Name, Scope, spelt
from autoscaler.core.memory import AgentMemory
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
        may_veto: Not known, and not for want of optional inputs alone: the safe side is taken.
        missing: Group-wide names it asked for in vain, as rules spell them.
    """

    rule: Rule
    kind: VerdictKind
    matched: Bools | None = None
    unknown: Bools | None = None
    held_s: float = 0.0
    since: float | Floats | None = None
    may_veto: bool = False
    missing: tuple[str, ...] = ()


def judge_rules(
    group: Group, view: GroupView, since: Mapping[str, float], agents: AgentMemory, rows: Ints | None, *, at: float
) -> tuple[Verdict, ...]:
    """Judge every rule of a group, in the file's order.

    Args:
        group: Whose rules.
        view: Where names get their values.
        since: Since when group-wide conditions hold, as remembered.
        agents: Memory of agents, for rules judged for each.
        rows: The roster's rows in it.
        at: Now, POSIX seconds.

    Returns:
        One verdict a rule.
    """
    optional = frozenset(spec.name for spec in group.inputs if not spec.required)
    return tuple(
        _for_agents(rule, view, agents, rows, optional, at=at)
        if rule.per_agent
        else _for_group(rule, view, since.get(rule.name), optional, at=at)
        for rule in group.rules
    )


def _for_group(rule: Rule, view: GroupView, since: float | None, optional: frozenset[str], *, at: float) -> Verdict:
    truth = Truth(True, False) if rule.when is None else judge(rule.when, view)
    if truth.yes or rule.when is None:
        start = at if since is None else min(since, at)
        held = at - start
        kind = VerdictKind.TRUE if held >= rule.for_s else VerdictKind.WAITING
        return Verdict(rule=rule, kind=kind, held_s=held, since=start)
    if truth.no:
        return Verdict(rule=rule, kind=VerdictKind.FALSE)
    missing = view.missing_of(rule.when)
    return Verdict(
        rule=rule,
        kind=VerdictKind.UNKNOWN,
        may_veto=_needs_required(missing, optional),
        missing=tuple(spelt(name) for name in missing),
    )


def _for_agents(
    rule: Rule, view: GroupView, agents: AgentMemory, rows: Ints | None, optional: frozenset[str], *, at: float
) -> Verdict:
    assert rule.when is not None
    truth = judge(rule.when, view)
    yes: Bools = truth.yes
    unknown: Bools = ~(truth.yes | truth.no)
    matched, since = yes, None
    if rule.for_s > 0:
        earlier = agents.since.get(rule.name)
        start = np.full(len(yes), at) if earlier is None else np.fmin(remembered(earlier, rows), at)
        since = np.where(yes, start, np.nan)
        matched = at - since >= rule.for_s  # NaN compares false: not held
    if matched.any():
        kind = VerdictKind.TRUE
    elif yes.any():
        kind = VerdictKind.WAITING
    elif unknown.any():
        kind = VerdictKind.UNKNOWN
    else:
        kind = VerdictKind.FALSE
    missing = view.missing_of(rule.when) if unknown.any() else ()
    return Verdict(
        rule=rule,
        kind=kind,
        matched=matched,
        unknown=unknown,
        since=since,
        may_veto=_needs_required(missing, optional),
        missing=tuple(spelt(name) for name in missing),
    )


def _needs_required(missing: tuple[Name, ...], optional: frozenset[str]) -> bool:
    """Whether an unknown rests on more than inputs marked `required: false`.

    With nothing group-wide missing it rests on an agent's own reading, or on a division by zero.
    """
    return not missing or any(name.scope is not Scope.INPUT or name.name not in optional for name in missing)


def vetoes(verdict: Verdict, direction: Direction) -> bool:
    """Whether a group-wide hold, known or possible, forbids moves of `direction`."""
    rule = verdict.rule
    if rule.per_agent or rule.mode is Mode.OBSERVE or rule.hold not in (direction, Direction.BOTH):
        return False
    return verdict.kind is VerdictKind.TRUE or verdict.may_veto
