"""How fast slots move: what bounds correct and what rules wish share one budget of rates."""

from __future__ import annotations

import pytest

from autoscaler.core.book import Limits, Rule, Smoothing, Stability
from autoscaler.core.readings import AgentState

from .staging import (
    ALWAYS,
    LOAD,
    Floor,
    Person,
    group,
    lowering,
    over,
    people,
    raising,
    rate,
    share,
    slots,
    under,
    wanted,
)

LIFTED = Rule(name="lunch", when=ALWAYS, floor=4)
CROWDED = Rule(name="crowd", when=ALWAYS, cap=4)
UP, DOWN = raising(slots(9)), lowering(slots(9))


def rising(*amounts: object) -> Stability:
    return Stability(raises=Smoothing(at_most=tuple(rate(one, 60.0) for one in amounts)))


def falling(*amounts: object) -> Stability:
    return Stability(lowers=Smoothing(at_most=tuple(rate(one, 60.0) for one in amounts)))


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        pytest.param(slots(6), 10, id="two more than the floor gave"),
        pytest.param(slots(4), 8, id="the floor has taken all"),
        pytest.param(slots(2), 8, id="the floor has taken more than all, and nothing turns round"),
        pytest.param(share(1.5), 10, id="a share of the slots from before the floor"),
    ],
)
def test_what_a_floor_gives_is_spent_before_a_rule_may_raise(amount: object, expected: int) -> None:
    plan = Floor.of(group(LIFTED, UP, stability=rising(amount)), people(2, limit=2.0)).tick(0)
    assert (plan.slots.stabilised, plan.slots.wanted) == (expected, expected)


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        pytest.param(slots(6), 6, id="two more than the cap took"),
        pytest.param(slots(4), 8, id="the cap has taken all"),
        pytest.param(share(0.5), 6, id="a share of the slots from before the cap"),
    ],
)
def test_what_a_cap_takes_is_spent_before_a_rule_may_lower(amount: object, expected: int) -> None:
    plan = Floor.of(group(CROWDED, DOWN, stability=falling(amount)), people(2, limit=6.0, load=0.0)).tick(0)
    assert (plan.slots.stabilised, plan.slots.wanted) == (expected, expected)


def test_what_goes_up_beside_it_lets_no_correction_down_any_faster() -> None:
    full = Rule(name="full", when=over(LOAD, 2), per_agent=True, cap=2)
    idle = Rule(name="idle", when=under(LOAD, 1), per_agent=True, floor=5)
    team = [Person(id=1001, limit=5.0), *people(2, first=1002, load=0.0), Person(id=2001, state=AgentState.REST)]
    plan = Floor.of(group(full, idle, stability=falling(slots(2))), team).tick(0)
    assert [wanted(plan)[agent] for agent in (1001, 1002, 1003)] == [3, 5, 5]


def test_a_share_counts_the_slots_of_those_who_take_chats() -> None:
    resting = Person(id=2001, limit=6.0, state=AgentState.REST)
    team = [*people(2, limit=5.0), resting]
    plan = Floor.of(group(UP, stability=rising(share(0.1))), team).tick(0)
    assert wanted(plan) == {1001: 6, 1002: 5, 2001: 6}


def test_a_correction_that_takes_all_the_rates_leaves_is_made_whole() -> None:
    lower = Limits(floor=1, baseline=2, ceiling=4)
    plan = Floor.of(group(limits=lower, stability=falling(slots(4))), people(2, limit=6.0)).tick(0)
    assert wanted(plan) == {1001: 4, 1002: 4}
    plan = Floor.of(group(limits=lower, stability=falling(slots(3))), people(2, limit=6.0)).tick(0)
    assert wanted(plan) == {1001: 4, 1002: 5}
