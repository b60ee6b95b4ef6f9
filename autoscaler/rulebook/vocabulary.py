"""The names an expression of one group may use, and the words its texts may be compared with."""

from __future__ import annotations

from dataclasses import dataclass

from autoscaler.core.expressions import NAMES

__all__ = ["STATES", "Vocabulary"]

STATES = (
    "signed_out",
    "idle",
    "pre_occupied",
    "occupied",
    "answering",
    "talking",
    "wrap_up",
    "busy",
    "rest",
    "study",
    "adjusting",
)
"""What `agent.state` can be when somebody said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What one group declares; None where its declaration is wrong, so nothing is said about it twice.

    Attributes:
        queues: The group's queue ids.
        inputs: Names under `inputs:`.
        tiers: Names under `agents.tiers`.
    """

    queues: frozenset[int] | None
    inputs: tuple[str, ...] | None
    tiers: tuple[str, ...] | None

    def known(self) -> list[str]:
        """Every name as it is written."""
        fixed = [f"{scope.value}.{name}" for scope, names in NAMES.items() for name in names]
        return fixed + [f"input.{name}" for name in self.inputs or ()]
