"""Judging conditions beside a group's own rules, through `decide` itself, so that they mean what they mean there.

Probes are rules in observe mode after the group's own: they are judged and reported, and move nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from autoscaler.core.book import Direction, Mode, Rule, Rulebook
from autoscaler.core.engine import decide
from autoscaler.core.expressions import Expression, speaks_of_agent
from autoscaler.core.memory import Memory
from autoscaler.core.readings import Snapshot
from autoscaler.core.team import Bools
from autoscaler.core.verdicts import Verdict, VerdictKind

__all__ = ["Probes", "false_of", "is_false_of_any", "is_known", "is_true_of_any"]


class Probes:
    """Some conditions of one group."""

    def __init__(self, book: Rulebook, conditions: Sequence[Expression]) -> None:
        """Probe `conditions` in the one group of `book`."""
        (group,) = book.groups
        probes = tuple(
            Rule(
                name=f"\0{index}",
                when=condition,
                per_agent=speaks_of_agent(condition),
                hold=Direction.BOTH,
                mode=Mode.OBSERVE,
            )
            for index, condition in enumerate(conditions)
        )
        self._own = len(group.rules)
        self._book = replace(book, groups=(replace(group, rules=(*group.rules, *probes)),)) if probes else None

    def judge(self, snapshot: Snapshot, memory: Memory, at: datetime) -> tuple[Verdict, ...]:
        """One verdict a condition, over what `decide` would see."""
        if self._book is None:
            return ()
        return decide(self._book, snapshot, memory, at).groups[0].verdicts[self._own :]


def is_true_of_any(verdict: Verdict) -> bool:
    """Whether a probe is known to be true, of the group or of some agent."""
    return verdict.kind is VerdictKind.TRUE


def is_false_of_any(verdict: Verdict) -> bool:
    """Whether a probe is known to be false, of the group or of some agent."""
    if verdict.matched is None:
        return verdict.kind is VerdictKind.FALSE
    return bool(false_of(verdict).any())


def is_known(verdict: Verdict) -> bool:
    """Whether a probe is true or false at all."""
    return is_true_of_any(verdict) or is_false_of_any(verdict)


def false_of(verdict: Verdict) -> Bools:
    """Agents of whom a probe is known to be false, shape (n,)."""
    assert verdict.matched is not None
    assert verdict.unknown is not None
    return np.asarray(~(verdict.matched | verdict.unknown))
