"""Rules that move limits where a goal is there to do that."""

from __future__ import annotations

from autoscaler.core.book import Mode
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.group import Draft
from autoscaler.rulebook.rules import MOVES

__all__ = ["check_beside_goal"]


def check_beside_goal(draft: Draft) -> None:
    """Report raise, lower, set, track and steps in a file with a goal; caps, floors and holds may bound it."""
    if draft.group.goal is None:
        return
    for placed in draft.rules:
        written = next((key for key in MOVES if placed.entries.has(key)), None)
        if written is None or placed.rule.mode is Mode.OBSERVE:
            continue
        message = (
            f"{written.name} stands beside a goal, which is one more that asks: of several the largest raise wins, "
            "and the smallest lower"
        )
        help_ = "a goal is meant instead of thresholds; keep cap, floor and hold, or try the rule with mode: observe"
        draft.reporter.report(Code.BESIDE_GOAL, placed.entries.key_span(written), message, help_)
