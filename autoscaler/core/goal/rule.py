"""The rule that stands for a goal among a group's rules: judged, vetoed, journalled and explained as any other."""

from __future__ import annotations

from autoscaler.core.book import Rule
from autoscaler.core.expressions import Compare, Literal, Name, Relation, Scope, Unit

__all__ = ["GOAL_RULE"]

GOAL_RULE = Rule(
    name="goal",
    # always true where it is known: a queue that is not known makes the goal abstain
    when=Compare(Relation.GE, Name(Scope.QUEUE, "waiting"), Literal(0.0, Unit.COUNT)),
    pursues=True,
)
"""Goes last in the group's rules."""
