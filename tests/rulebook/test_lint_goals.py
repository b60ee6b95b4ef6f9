"""A rule that moves limits beside a goal is reported; what only bounds the goal is not."""

import pytest

from autoscaler.rulebook import Code, load_text

from .lint_files import codes_of, file_of

GOAL = "goal: {answer: 80%, within: 30s}\n"
BUSY = "when: queue.waiting > 20"


@pytest.mark.parametrize(
    "moves",
    [
        f"{BUSY}, raise: 15%",
        f"{BUSY} and group.mean_limit > 4, lower: 5%",
        f"{BUSY}, set: 3 each",
        "track: {input: queue.waiting, per: agent, target: 0.5}",
        f"steps: [{{{BUSY}, raise: 5%}}]",
    ],
)
def test_a_rule_that_moves_limits_is_reported(moves: str) -> None:
    assert codes_of([moves], GOAL) == [Code.BESIDE_GOAL]


@pytest.mark.parametrize("bound", ["cap: 3", "floor: 2", "hold: raise", "raise: 15%, mode: observe"])
def test_a_bound_a_veto_and_a_rule_on_trial_may_stand_beside_it(bound: str) -> None:
    assert codes_of([f"{BUSY}, {bound}"], GOAL) == []


def test_it_says_who_wins() -> None:
    (found,) = load_text({"a.yaml": file_of([f"{BUSY}, raise: 15%"], GOAL)}).diagnostics

    assert "the largest raise wins, and the smallest lower" in found.message
