"""Three-valued logic: unknown is neither true nor false, and spreads."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pytest

from autoscaler.core.evaluation import Number, judge, measure
from autoscaler.core.expressions import (
    And,
    Arithmetic,
    Call,
    Compare,
    Expression,
    Function,
    Literal,
    Name,
    Negate,
    Not,
    Operator,
    Or,
    OverTime,
    Relation,
    Scope,
    TimeFunction,
    Unit,
    names_in,
    over_time_in,
    speaks_of_agent,
    spelt,
)

from .staging import UNKNOWN, named, number

X, Y = named("input.x"), named("input.y")
LOAD = named("agent.load")


@dataclass
class Given:
    """A view of fixed values."""

    values: dict[Name, Number] = field(default_factory=dict)

    def value(self, name: Name) -> Number:
        return self.values[name]

    def code(self, name: Name, text: str) -> float:
        return {"talking": 5.0, "idle": 1.0}[text]

    def over_time(self, expression: OverTime) -> float:
        return self.values[expression.argument] * 2  # type: ignore[index, return-value]


# conditions of each truth: X is 1, Y is not known
TRUE = Compare(Relation.GT, X, number(0))
FALSE = Compare(Relation.LT, X, number(0))
MAYBE = Compare(Relation.GT, Y, number(0))
VIEW = Given({X: 1.0, Y: UNKNOWN})


def word(expression: Expression, view: Given = VIEW) -> str:
    truth = judge(expression, view)
    assert not (truth.yes and truth.no), "never both"
    return "true" if truth.yes else "false" if truth.no else "unknown"


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (TRUE, TRUE, "true"),
        (TRUE, FALSE, "false"),
        (TRUE, MAYBE, "unknown"),
        (FALSE, FALSE, "false"),
        (FALSE, MAYBE, "false"),
        (MAYBE, MAYBE, "unknown"),
    ],
)
def test_and_is_false_if_any_part_is_and_else_unknown_if_any_part_is(
    left: Expression, right: Expression, expected: str
) -> None:
    assert word(And((left, right))) == expected
    assert word(And((right, left))) == expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (TRUE, TRUE, "true"),
        (TRUE, FALSE, "true"),
        (TRUE, MAYBE, "true"),
        (FALSE, FALSE, "false"),
        (FALSE, MAYBE, "unknown"),
        (MAYBE, MAYBE, "unknown"),
    ],
)
def test_or_is_true_if_any_part_is_and_else_unknown_if_any_part_is(
    left: Expression, right: Expression, expected: str
) -> None:
    assert word(Or((left, right))) == expected
    assert word(Or((right, left))) == expected


@pytest.mark.parametrize(("part", "expected"), [(TRUE, "false"), (FALSE, "true"), (MAYBE, "unknown")])
def test_not_turns_true_and_false_round_and_leaves_unknown(part: Expression, expected: str) -> None:
    assert word(Not(part)) == expected


@pytest.mark.parametrize(
    ("relation", "below", "equal", "above"),
    [
        (Relation.LT, "true", "false", "false"),
        (Relation.LE, "true", "true", "false"),
        (Relation.EQ, "false", "true", "false"),
        (Relation.NE, "true", "false", "true"),
        (Relation.GE, "false", "true", "true"),
        (Relation.GT, "false", "false", "true"),
    ],
)
def test_comparisons_know_below_equal_and_above_and_claim_nothing_of_the_unknown(
    relation: Relation, below: str, equal: str, above: str
) -> None:
    for value, expected in ((1.0, below), (2.0, equal), (3.0, above), (UNKNOWN, "unknown")):
        assert word(Compare(relation, X, number(2)), Given({X: value})) == expected
    assert word(Compare(relation, number(2), X), Given({X: UNKNOWN})) == "unknown"


@pytest.mark.parametrize(
    ("operator", "expected"), [(Operator.ADD, 8.0), (Operator.SUB, 4.0), (Operator.MUL, 12.0), (Operator.DIV, 3.0)]
)
def test_arithmetic_works_on_numbers_and_hands_the_unknown_on(operator: Operator, expected: float) -> None:
    assert measure(Arithmetic(operator, X, number(2)), Given({X: 6.0})) == expected
    assert math.isnan(float(measure(Arithmetic(operator, X, number(2)), Given({X: UNKNOWN}))))
    assert math.isnan(float(measure(Arithmetic(operator, number(2), X), Given({X: UNKNOWN}))))


@pytest.mark.parametrize("above", [0.0, 6.0, -6.0])
def test_division_by_zero_is_unknown_and_raises_nothing(above: float) -> None:
    halves = Arithmetic(Operator.DIV, number(above), X)
    assert math.isnan(float(measure(halves, Given({X: 0.0}))))
    assert word(Compare(Relation.GT, halves, number(1)), Given({X: 0.0})) == "unknown"


def test_division_by_zero_is_unknown_for_those_agents_alone() -> None:
    halves = Compare(Relation.GT, Arithmetic(Operator.DIV, number(6), LOAD), number(2))
    truth = judge(halves, Given({LOAD: np.array([0.0, 2.0, 6.0])}))
    assert truth.yes.tolist() == [False, True, False]
    assert truth.no.tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("expression", "value", "expected"),
    [
        (Call(Function.MIN, (X, number(4), number(3))), 5.0, 3.0),
        (Call(Function.MAX, (X, number(4), number(3))), 5.0, 5.0),
        (Call(Function.ABS, (X,)), -5.0, 5.0),
        (Call(Function.ROUND, (X,)), 2.5, 3.0),
        (Call(Function.ROUND, (X,)), 2.4, 2.0),
        (Negate(X), 2.5, -2.5),
        (OverTime(TimeFunction.AVG, X, 60.0), 2.5, 5.0),
    ],
)
def test_functions_give_the_same_for_a_number_and_for_a_column(
    expression: Expression, value: float, expected: float
) -> None:
    assert measure(expression, Given({X: value})) == expected
    column = measure(expression, Given({X: np.array([value, UNKNOWN])}))
    assert isinstance(column, np.ndarray)
    assert column[0] == expected
    assert math.isnan(column[1])


@pytest.mark.parametrize("function", list(Function))
def test_a_function_of_the_unknown_is_unknown(function: Function) -> None:
    arguments = (number(1), X) if function in (Function.MIN, Function.MAX) else (X,)
    assert math.isnan(float(measure(Call(function, arguments), Given({X: UNKNOWN}))))


def test_a_text_is_compared_by_what_it_stands_for_on_either_side() -> None:
    state = named("agent.state")
    view = Given({state: np.array([5.0, 1.0, UNKNOWN])})
    talking = Literal("talking", Unit.TEXT)
    for condition in (Compare(Relation.EQ, state, talking), Compare(Relation.EQ, talking, state)):
        truth = judge(condition, view)
        assert truth.yes.tolist() == [True, False, False]
        assert truth.no.tolist() == [False, True, False]


def test_a_group_wide_part_is_mixed_with_what_is_judged_for_every_agent() -> None:
    busy = Compare(Relation.GT, LOAD, number(2))
    view = Given({LOAD: np.array([1.0, 3.0, UNKNOWN]), X: 1.0, Y: UNKNOWN})
    both = judge(And((TRUE, busy)), view)
    assert (both.yes.tolist(), both.no.tolist()) == ([False, True, False], [True, False, False])
    unsure = judge(And((MAYBE, busy)), view)
    assert (unsure.yes.tolist(), unsure.no.tolist()) == ([False, False, False], [True, False, False])


def test_a_value_is_no_condition_and_a_condition_no_value() -> None:
    with pytest.raises(TypeError, match="not a condition"):
        judge(X, VIEW)
    with pytest.raises(TypeError, match="not a value"):
        measure(TRUE, VIEW)


def test_names_are_listed_in_reading_order_and_spelt_as_in_rules() -> None:
    one = Name(Scope.QUEUE, "waiting", queue=2001)
    tree = Not(
        Or((And((Compare(Relation.GT, one, Negate(X)),)), Compare(Relation.LT, Call(Function.MAX, (LOAD, X)), Y)))
    )
    assert [spelt(name) for name in names_in(tree)] == [
        "queue[2001].waiting",
        "input.x",
        "agent.load",
        "input.x",
        "input.y",
    ]
    assert speaks_of_agent(tree)
    assert not speaks_of_agent(TRUE)


def test_functions_over_time_are_found_in_every_part_of_a_tree() -> None:
    one, two = OverTime(TimeFunction.AVG, X, 60.0), OverTime(TimeFunction.PEAK, Y, 30.0)
    for tree in (
        one,
        Negate(one),
        Not(Compare(Relation.GT, one, Y)),
        And((TRUE, Compare(Relation.GT, Y, one))),
        Or((TRUE, Compare(Relation.LT, one, Y))),
        Call(Function.MAX, (X, one)),
        Arithmetic(Operator.ADD, X, one),
    ):
        assert over_time_in(tree) == (one,)
    assert over_time_in(Compare(Relation.GT, two, Arithmetic(Operator.SUB, one, two))) == (two, one, two)
    assert over_time_in(Compare(Relation.GT, X, Y)) == ()
