"""Rules and steps that make no difference are reported; those that do are not."""

import pytest

from autoscaler.rulebook import Code

from .lint_files import codes_of

MILD, STRICT = "{when: queue.waiting > 5, raise: 5%}", "{when: queue.waiting > 9, raise: 9%}"
WIDE, NARROW = "when: queue.waiting > 20", "when: queue.waiting > 40 and group.busy > 50%"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"{WIDE}, raise: 15%", f"{NARROW}, raise: 10%"),
        (f"{WIDE}, hold: both", f"{NARROW}, hold: lower"),
        (f"{WIDE}, cap: 2", f"{NARROW}, cap: 4"),
        (f"{WIDE}, cap: 2", "when: queue.waiting > 30 and agent.load > 3, cap: 4"),
        (f"{WIDE}, floor: 4", f"{NARROW}, floor: 2"),
        (f"{WIDE}, for: 10m, raise: 15%", f"{NARROW}, for: 20m, raise: 15%"),
        (f"{WIDE}, raise: 15%", f"{NARROW}, at: sat, raise: 10%"),
        (f"{WIDE}, at: [sat, sun], raise: 15%", f"{NARROW}, at: sat, raise: 10%"),
        (f"{WIDE} and group.mean_limit > 4, lower: 5%", f"{NARROW} and group.mean_limit > 5, lower: 20%"),
    ],
)
def test_the_outdone_rule_is_reported_wherever_it_stands(one: str, other: str) -> None:
    assert codes_of([one, other]) == [Code.OVERRIDDEN]
    assert codes_of([other, one]) == [Code.OVERRIDDEN]


def test_of_two_equal_rules_the_later_is_reported() -> None:
    assert codes_of([f"{WIDE}, raise: 15%"] * 3) == [Code.OVERRIDDEN] * 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"{WIDE}, raise: 10%", f"{NARROW}, raise: 15%"),
        (f"{WIDE}, raise: 10 slots", f"{NARROW}, raise: 5%"),
        (f"{WIDE}, raise: 15%, cooldown: 5m", f"{NARROW}, raise: 10%"),
        (f"{WIDE}, raise: 15%, for: 5m", f"{NARROW}, raise: 10%"),
        (f"{WIDE}, raise: 15%, at: sat", f"{NARROW}, raise: 10%"),
        (f"{WIDE}, raise: 15%, mode: observe", f"{NARROW}, raise: 10%"),
        (f"{WIDE}, raise: 15%, until: group.busy > 90%", f"{NARROW}, raise: 10%"),
        (f"{WIDE}, raise: 15%", f"{NARROW}, raise: 10%, keep_for: 5m"),
        (f"{WIDE}, raise: 15%", f"{NARROW}, raise: 10%, mode: observe"),
        (f"{WIDE}, raise: 15%", f"{NARROW}, raise: 10%, hold: lower"),
        ("when: queue.waiting > 20 and input.x > 0, raise: 15%", f"{NARROW}, raise: 10%"),
        ("when: agent.load > 2, raise: 2 each", "when: queue.waiting > 5, raise: 1 each"),
        (f"{WIDE}, cap: 4", f"{NARROW}, cap: 2"),
        (f"{WIDE} and group.mean_limit > 4, lower: 20%", f"{NARROW} and group.mean_limit > 5, lower: 5%"),
    ],
)
def test_a_rule_that_makes_a_difference_is_left_alone(one: str, other: str) -> None:
    assert codes_of([one, other], "inputs: {x: {source: p, query: q}}\n") == []


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        (f"[{STRICT}, {MILD}]", [Code.OVERRIDDEN]),
        (f"[{MILD}, {STRICT}]", []),
        (f"[{MILD}, {STRICT}, {{when: queue.waiting <= 9, raise: 1%}}]", [Code.OVERRIDDEN]),
        (f"[{STRICT}, {{when: queue.oldest_wait > 5s, raise: 9%}}]", []),
    ],
)
def test_a_step_that_a_later_one_hides_is_reported(steps: str, found: list[Code]) -> None:
    assert codes_of([f"steps: {steps}"]) == found


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        (f"{NARROW}, raise: 5%", f"{WIDE}, hold: raise", [Code.POWERLESS]),
        (f"{NARROW}, raise: 5%", f"{WIDE}, hold: both", [Code.POWERLESS]),
        (f"{NARROW}, raise: 5%", f"{WIDE}, hold: lower", []),
        (f"{NARROW}, raise: 5%", f"{WIDE}, hold: raise, for: 1m", []),
        (f"{NARROW}, raise: 5%", f"{WIDE}, hold: raise, mode: observe", []),
        (f"{WIDE}, raise: 5%", f"{NARROW}, hold: raise", []),
        (f"{NARROW}, lower: 5%", f"{WIDE}, raise: 5%", [Code.POWERLESS]),
        (f"{NARROW}, lower: 5%", f"{WIDE}, raise: 5%, cooldown: 1m", []),
        ("when: agent.load > 3, raise: 1 each", "when: agent.load > 2, hold: raise", [Code.POWERLESS]),
    ],
)
def test_a_move_that_never_comes_through_is_reported(one: str, other: str, found: list[Code]) -> None:
    assert codes_of([one, other]) == found


def test_a_raise_that_may_be_vetoed_beats_no_lower_for_certain() -> None:
    veto = "when: group.busy > 90%, hold: raise"

    assert codes_of([f"{NARROW}, lower: 5%", f"{WIDE}, raise: 5%", veto]) == []
