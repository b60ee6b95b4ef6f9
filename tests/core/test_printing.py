"""Expressions as text: brackets only where they change what is read, numbers and durations as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
)
from autoscaler.core.printing import in_text, in_words

from .staging import LOAD, OCCUPANCY, STATE, WAITING, number, over

FREE = Name(Scope.INPUT, "free")


def sum_of(left: Expression, right: Expression) -> Arithmetic:
    return Arithmetic(Operator.ADD, left, right)


def less(left: Expression, right: Expression) -> Arithmetic:
    return Arithmetic(Operator.SUB, left, right)


def times(left: Expression, right: Expression) -> Arithmetic:
    return Arithmetic(Operator.MUL, left, right)


def by(left: Expression, right: Expression) -> Arithmetic:
    return Arithmetic(Operator.DIV, left, right)


BUSY, LONG = over(OCCUPANCY, 1), over(WAITING, 2)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (less(less(LOAD, FREE), LOAD), "agent.load - input.free - agent.load"),
        (less(LOAD, less(FREE, LOAD)), "agent.load - (input.free - agent.load)"),
        (by(by(LOAD, FREE), LOAD), "agent.load / input.free / agent.load"),
        (by(LOAD, times(FREE, LOAD)), "agent.load / (input.free * agent.load)"),
        (sum_of(times(LOAD, FREE), LOAD), "agent.load * input.free + agent.load"),
        (sum_of(LOAD, times(LOAD, FREE)), "agent.load + agent.load * input.free"),
        (times(LOAD, sum_of(LOAD, FREE)), "agent.load * (agent.load + input.free)"),
        (times(sum_of(LOAD, FREE), LOAD), "(agent.load + input.free) * agent.load"),
        (times(less(LOAD, FREE), LOAD), "(agent.load - input.free) * agent.load"),
        (times(LOAD, Negate(FREE)), "agent.load * -input.free"),
        (Negate(Negate(FREE)), "--input.free"),
        (Negate(times(LOAD, FREE)), "-(agent.load * input.free)"),
        (Negate(number(3)), "-(3)"),
        (Negate(number(-3)), "-(-3)"),
        (times(number(-3), LOAD), "-3 * agent.load"),
    ],
)
def test_brackets_stand_only_where_arithmetic_needs_them(expression: Expression, text: str) -> None:
    assert in_text(expression) == text


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (And((BUSY, LONG)), "group.occupancy > 1 and queue.waiting > 2"),
        (Or((And((BUSY, LONG)), LONG)), "group.occupancy > 1 and queue.waiting > 2 or queue.waiting > 2"),
        (And((Or((BUSY, LONG)), LONG)), "(group.occupancy > 1 or queue.waiting > 2) and queue.waiting > 2"),
        (And((And((BUSY, LONG)), LONG)), "(group.occupancy > 1 and queue.waiting > 2) and queue.waiting > 2"),
        (Or((Or((BUSY, LONG)), LONG)), "(group.occupancy > 1 or queue.waiting > 2) or queue.waiting > 2"),
        (And((Not(BUSY), LONG)), "not group.occupancy > 1 and queue.waiting > 2"),
        (Not(Not(BUSY)), "not not group.occupancy > 1"),
        (Not(And((BUSY, LONG))), "not (group.occupancy > 1 and queue.waiting > 2)"),
        (Not(Or((BUSY, LONG))), "not (group.occupancy > 1 or queue.waiting > 2)"),
        (Compare(Relation.LE, sum_of(LOAD, FREE), LOAD), "agent.load + input.free <= agent.load"),
        (Compare(Relation.NE, LOAD, less(FREE, LOAD)), "agent.load != input.free - agent.load"),
    ],
)
def test_brackets_stand_only_where_conditions_need_them(expression: Expression, text: str) -> None:
    assert in_text(expression) == text


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (Name(Scope.QUEUE, "waiting", 2001), "queue[2001].waiting"),
        (Call(Function.MAX, (LOAD, number(2))), "max(agent.load, 2)"),
        (times(Call(Function.ABS, (sum_of(LOAD, FREE),)), FREE), "abs(agent.load + input.free) * input.free"),
        (OverTime(TimeFunction.PEAK, WAITING, 300.0), "peak(queue.waiting, 5m)"),
        (
            by(OverTime(TimeFunction.AVG, sum_of(WAITING, FREE), 90.0), FREE),
            "avg(queue.waiting + input.free, 90s) / input.free",
        ),
        (Compare(Relation.EQ, STATE, Literal("ready", Unit.TEXT)), 'agent.state == "ready"'),
        (Compare(Relation.EQ, STATE, Literal('a "b"', Unit.TEXT)), "agent.state == 'a \"b\"'"),
    ],
)
def test_names_calls_and_texts_are_written_as_rules_write_them(expression: Expression, text: str) -> None:
    assert in_text(expression) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (3.0, Unit.COUNT, "3"),
        (100.0, Unit.COUNT, "100"),
        (0.0, Unit.COUNT, "0"),
        (-2.5, Unit.COUNT, "-2.5"),
        (1e-7, Unit.COUNT, "0.0000001"),
        (1e22, Unit.COUNT, "10000000000000000000000"),
        (0.5, Unit.RATIO, "50%"),
        (-0.125, Unit.RATIO, "-12.5%"),
        (0.07, Unit.RATIO, "7%"),
        (2.0, Unit.RATIO, "200%"),
        (90.0, Unit.SECONDS, "90s"),
        (-300.0, Unit.SECONDS, "-5m"),
        (0.0, Unit.SECONDS, "0s"),
        (1.0, Unit.SECONDS, "1s"),
        (7200.0, Unit.SECONDS, "2h"),
        (2.5, Unit.SECONDS, "2.5s"),
        (-0.25, Unit.SECONDS, "-0.25s"),
    ],
)
def test_numbers_are_written_out_in_their_unit(value: float, unit: Unit, text: str) -> None:
    assert in_text(Literal(value, unit)) == text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1s"),
        (59, "59s"),
        (60, "1m"),
        (61, "61s"),
        (90, "90s"),
        (3540, "59m"),
        (3600, "1h"),
        (5400, "90m"),
        (82_800, "23h"),
        (86_400, "1d"),
        (172_800, "2d"),
        (90_000, "25h"),
    ],
)
def test_a_duration_is_spelled_in_the_largest_unit_that_is_whole(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


SIZES = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@given(st.integers(1, 1000), st.sampled_from([*SIZES]))
def test_words_say_the_same_duration(count: int, unit: str) -> None:
    words = in_words(float(count * SIZES[unit]))
    assert int(words[:-1]) * SIZES[words[-1]] == count * SIZES[unit]
