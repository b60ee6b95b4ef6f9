"""Expressions: what text means, and that printing and reading are each other's inverse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscaler.core.expressions import (
    NAMES,
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
from autoscaler.core.readings import AgentState
from autoscaler.rulebook import Code, Diagnostic, Severity, in_text
from autoscaler.rulebook.checking import compile_condition
from autoscaler.rulebook.nodes import Scalar
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.source import Source, Span
from autoscaler.rulebook.vocabulary import STATES, Vocabulary

VOCABULARY = Vocabulary(queues=frozenset({2001, 2002}), inputs=("reply", "spare_seats"), tiers=("seniors",))
WAITING = Name(Scope.QUEUE, "waiting")
OCCUPANCY = Name(Scope.GROUP, "occupancy")


def read(text: str) -> tuple[Expression | None, tuple[Diagnostic, ...]]:
    reporter = Reporter(Source("a.yaml", text))
    expression = compile_condition(Scalar(text, "", Span(0, len(text))), VOCABULARY, reporter)
    return expression, reporter.diagnostics


def more(value: Expression, than: float, unit: Unit = Unit.COUNT) -> Compare:
    return Compare(Relation.GT, value, Literal(than, unit))


A, B, C = more(WAITING, 1.0), more(Name(Scope.GROUP, "load"), 2.0), more(Name(Scope.GROUP, "slots"), 3.0)
TEXT_A, TEXT_B, TEXT_C = "queue.waiting > 1", "group.load > 2", "group.slots > 3"


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        (f"{TEXT_A} and {TEXT_B} or {TEXT_C}", Or((And((A, B)), C))),
        (f"{TEXT_A} and ({TEXT_B} or {TEXT_C})", And((A, Or((B, C))))),
        (f"not {TEXT_A} and {TEXT_B}", And((Not(A), B))),
        (f"not ({TEXT_A} and {TEXT_B})", Not(And((A, B)))),
        ("queue.waiting - 1 - 2 > 1", more(_ := Arithmetic(
            Operator.SUB, Arithmetic(Operator.SUB, WAITING, Literal(1.0, Unit.COUNT)), Literal(2.0, Unit.COUNT)), 1.0)),
        ("queue.waiting + 2 * 3 > 1", more(Arithmetic(
            Operator.ADD, WAITING, Arithmetic(Operator.MUL, Literal(2.0, Unit.COUNT), Literal(3.0, Unit.COUNT))), 1.0)),
        ("-queue.waiting > -3", more(Negate(WAITING), -3.0)),
        ("queue[2001].waiting > 1", more(Name(Scope.QUEUE, "waiting", 2001), 1.0)),
        ("queue.oldest_wait > 1h30m", more(Name(Scope.QUEUE, "oldest_wait"), 5400.0, Unit.SECONDS)),
        ("group.occupancy > 12.5%", more(OCCUPANCY, 0.125, Unit.RATIO)),
        ("agent.state == 'talking'", Compare(
            Relation.EQ, Name(Scope.AGENT, "state"), Literal("talking", Unit.TEXT))),
        ("max(queue.waiting, 3) > 1", more(Call(Function.MAX, (WAITING, Literal(3.0, Unit.COUNT))), 1.0)),
        ("avg(queue.waiting, 5m) > 1", more(OverTime(TimeFunction.AVG, WAITING, 300.0), 1.0)),
        ("forecast(queue.waiting, 1m) > 1", more(OverTime(TimeFunction.FORECAST, WAITING, 60.0), 1.0)),
        ("forecast(queue.waiting, 4h) > 1", more(OverTime(TimeFunction.FORECAST, WAITING, 14_400.0), 1.0)),
    ],
)  # fmt: skip
def test_text_means(text: str, expression: Expression) -> None:
    assert read(text) == (expression, ())


@pytest.mark.parametrize(
    "text",
    [
        "queue.waiting / group.agents > 0.5",
        "group.load / group.slots > 85%",
        "queue.waiting > group.slots * 20%",
        "queue.oldest_wait > 2 * 30s",
        "queue.oldest_wait / 30s > 2",
        "input.reply > 60s and input.reply > 60 and input.reply > 20%",
        "input.reply * 2 + queue.waiting > 3",
        "group.occupancy > 0.85 and group.occupancy < 1",
        "queue.oldest_wait > 0",
        "abs(change(queue.oldest_wait, 5m)) > 10s",
        "min(queue.oldest_wait, 90s) >= 60s",
        'agent.tier != "seniors" and agent.state_for > 5m',
        "queue.waiting >= 0",
    ],
)
def test_units_that_fit_pass_in_silence(text: str) -> None:
    expression, diagnostics = read(text)

    assert expression is not None
    assert diagnostics == ()


@pytest.mark.parametrize(
    ("text", "code", "marked"),
    [
        ("queue.waiting > 20 and queue.waiting + 30s > 3", Code.WRONG_UNIT, "queue.waiting + 30s"),
        ("group.occupancy > 85", Code.BARE_SHARE, "85"),
        ("max(queue.oldest_wait, 30) > 10s", Code.BARE_SECONDS, "30"),
        ("max(queue.oldest_wait, group.load) > 10s", Code.WRONG_UNIT, "max(queue.oldest_wait, group.load)"),
        ("1 + 1 > 3", Code.CONSTANT, "1 + 1 > 3"),
        ("avg(3, 5m) > 2", Code.CONSTANT, "3"),
        ("avg(agent.load, 5m) > 2", Code.FUNCTION, "agent.load"),
        ("avg(avg(queue.waiting, 5m), 5m) > 2", Code.FUNCTION, "avg(queue.waiting, 5m)"),
        ("avg(queue.waiting, 5) > 2", Code.FUNCTION, "5"),
        ("forecast(queue.arrivals_per_minute, 59s) > 2", Code.FUNCTION, "59s"),
        ("forecast(queue.arrivals_per_minute, 14401s) > 2", Code.FUNCTION, "14401s"),
        ("avg(queue.waiting) > 2", Code.FUNCTION, "avg(queue.waiting)"),
        ("abs(queue.waiting, 2) > 2", Code.FUNCTION, "abs(queue.waiting, 2)"),
        ("input.repl > 2", Code.UNKNOWN_NAME, "input.repl"),
        ("queue[2003].waiting > 2", Code.FOREIGN_QUEUE, "2003"),
        ("queue['a'].waiting > 2", Code.SYNTAX, "'a'"),
        ("queue[2001] > 2", Code.SYNTAX, ">"),
        ("queue. > 2", Code.SYNTAX, ">"),
        ("agent.tier == seniors", Code.UNKNOWN_NAME, "seniors"),
        ("queue.waiting ≥ 2", Code.FOREIGN_OPERATOR, "≥"),
        ("queue.waiting === 2", Code.FOREIGN_OPERATOR, "==="),
        ("queue.waiting > 1_000", Code.SYNTAX, "1_000"),
        ("queue.waiting > 2 ? 3 : 4", Code.SYNTAX, "?"),
        ("__import__('os') > 2", Code.FUNCTION, "__import__"),
    ],
)
def test_a_slip_is_marked_where_it_stands(text: str, code: Code, marked: str) -> None:
    _, diagnostics = read(text)

    assert [(found.code, text[found.column - 1 : found.end_column - 1]) for found in diagnostics][:1] == [
        (code, marked)
    ]


def test_the_states_are_the_cores() -> None:
    assert list(STATES) == [state.name.lower() for state in AgentState if state is not AgentState.UNKNOWN]


def names() -> st.SearchStrategy[Expression]:
    readings = [
        Name(scope, name) for scope, found in NAMES.items() for name, unit in found.items() if unit is Unit.COUNT
    ]
    readings += [Name(Scope.QUEUE, "waiting", 2001), Name(Scope.INPUT, "reply"), Name(Scope.INPUT, "spare_seats")]
    return st.sampled_from(readings)


def literals() -> st.SearchStrategy[Expression]:
    whole = st.integers(-999, 999).map(float)
    exact = st.integers(-99999, 99999).map(lambda number: number / 1000)
    return st.one_of(whole, exact).map(lambda value: Literal(value + 0.0, Unit.COUNT))


def numbers() -> st.SearchStrategy[Expression]:
    def larger(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        return st.one_of(
            st.builds(Arithmetic, st.sampled_from([Operator.ADD, Operator.SUB, Operator.MUL]), inner, inner),
            st.builds(Negate, inner),
            st.builds(Call, st.just(Function.MIN), st.lists(inner, min_size=2, max_size=3).map(tuple)),
            st.builds(Call, st.just(Function.ABS), st.tuples(inner)),
        )

    return st.recursive(st.one_of(names(), literals()), larger, max_leaves=6)


def conditions() -> st.SearchStrategy[Expression]:
    shares = st.integers(0, 100_000).map(lambda number: Literal(number / 100_000, Unit.RATIO))
    seconds = st.integers(0, 100_000).map(lambda number: Literal(float(number), Unit.SECONDS))
    halves = st.integers(0, 999).map(lambda number: Literal(number / 2, Unit.SECONDS))
    relations = st.sampled_from(Relation)
    words = st.sampled_from([Relation.EQ, Relation.NE])
    leaves = st.one_of(
        st.builds(Compare, relations, names(), numbers()),
        st.builds(Compare, relations, st.just(OCCUPANCY), shares),
        st.builds(Compare, relations, st.one_of(seconds, halves), st.just(Name(Scope.QUEUE, "oldest_wait"))),
        st.builds(Compare, words, st.just(Name(Scope.AGENT, "state")), st.sampled_from(STATES).map(
            lambda state: Literal(state, Unit.TEXT))),
        st.builds(Compare, relations, st.builds(
            OverTime, st.sampled_from(TimeFunction), st.just(WAITING), st.integers(60, 14_400).map(float)), literals()),
    )  # fmt: skip

    def larger(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        several = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return st.one_of(st.builds(And, several), st.builds(Or, several), st.builds(Not, inner))

    return st.recursive(leaves, larger, max_leaves=6)


@given(conditions())
def test_what_is_printed_reads_as_the_same_expression(expression: Expression) -> None:
    again, diagnostics = read(in_text(expression))

    assert [found for found in diagnostics if found.severity is Severity.ERROR] == []
    assert again == expression
