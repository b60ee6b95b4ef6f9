"""Conditions that can't be true or can't be false: what is proved is so, whatever the readings are."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoscaler.core.book import Group, InputSpec, Limits, Tier
from autoscaler.core.evaluation import judge
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
    Unit,
    spelt,
)
from autoscaler.rulebook import Code
from autoscaler.rulebook.lint.cases import Effort, TooManyCases, cases_of, impossible, is_implied
from autoscaler.rulebook.lint.domains import Domains

from .lint_files import codes_of

SPEC = InputSpec(name="x", source="p", query="q", max_age_s=60.0, between=(-5.0, 5.0), required=True)
LIMITS = Limits(floor=1, baseline=3, ceiling=6)
GROUP = Group(name="g", queues=(2001,), limits=LIMITS, inputs=(SPEC,), tiers=(Tier(name="a", ids=(), limits=LIMITS),))
DOMAINS = Domains(GROUP)
NUMBERS = (
    Name(Scope.QUEUE, "waiting"),
    Name(Scope.GROUP, "busy"),
    Name(Scope.GROUP, "mean_limit"),
    Name(Scope.INPUT, "x"),
    Name(Scope.GROUP, "occupancy"),
)
WORDS = ("idle", "busy", "talking")
STATE = Name(Scope.AGENT, "state")


class Now:
    """A moment with given values; NaN is unknown."""

    def __init__(self, values: dict[str, float]) -> None:
        self.values = values

    def value(self, name: Name) -> float:
        return self.values[spelt(name)]

    def code(self, name: Name, text: str) -> float:
        return float(WORDS.index(text))

    def over_time(self, expression: OverTime) -> float:
        raise AssertionError("not asked for here")


def numbers() -> st.SearchStrategy[Expression]:
    whole = st.integers(-6, 8).map(lambda value: Literal(float(value), Unit.COUNT))
    leaves: st.SearchStrategy[Expression] = st.one_of(st.sampled_from(NUMBERS), whole)

    def grown(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        return st.one_of(
            st.builds(Arithmetic, st.sampled_from(Operator), inner, inner),
            st.builds(Negate, inner),
            st.builds(lambda one, other: Call(Function.MAX, (one, other)), inner, inner),
            st.builds(lambda one, other: Call(Function.MIN, (one, other)), inner, inner),
            st.builds(lambda one: Call(Function.ABS, (one,)), inner),
            st.builds(lambda one: Call(Function.ROUND, (one,)), inner),
        )

    return st.recursive(leaves, grown, max_leaves=4)


def conditions() -> st.SearchStrategy[Expression]:
    words = st.builds(
        lambda relation, word: Compare(relation, STATE, Literal(word, Unit.TEXT)),
        st.sampled_from((Relation.EQ, Relation.NE)),
        st.sampled_from(WORDS),
    )
    compared = st.builds(Compare, st.sampled_from(Relation), numbers(), numbers())
    simple = st.builds(
        Compare,
        st.sampled_from(Relation),
        st.sampled_from(NUMBERS),
        st.integers(-1, 7).map(lambda value: Literal(float(value), Unit.COUNT)),
    )
    return st.recursive(
        st.one_of(compared, simple, simple, words),
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
            st.builds(Not, inner),
        ),
        max_leaves=6,
    )


@st.composite
def moments(draw: st.DrawFn, *, unknown: bool = False) -> Now:
    def inside(name: Name) -> float:
        low, high, *_ = DOMAINS.of(name)
        high = min(high, 9.0)
        number = st.one_of(st.integers(math.ceil(low), math.floor(high)).map(float), st.floats(low, high))
        return draw(st.one_of(number, st.just(math.nan)) if unknown else number)

    values = {spelt(name): inside(name) for name in NUMBERS}
    state = draw(st.sampled_from((0.0, 1.0, 2.0, math.nan) if unknown else (0.0, 1.0, 2.0)))
    return Now({**values, spelt(STATE): state})


@given(conditions(), moments())
@settings(max_examples=600, deadline=None)
def test_what_is_proved_impossible_never_happens(condition: Expression, now: Now) -> None:
    truth = judge(condition, now)

    assert not (truth.yes and impossible(condition, DOMAINS))
    assert not (truth.no and impossible(condition, DOMAINS, truth=False))


@given(conditions(), conditions(), moments(unknown=True))
@settings(max_examples=600, deadline=None)
def test_what_is_proved_implied_is_true_even_when_readings_are_missing(
    one: Expression, other: Expression, now: Now
) -> None:
    weaker = Or((one, other)) if isinstance(one, Compare) else other
    try:
        given_, otherwise = cases_of(one, DOMAINS), cases_of(weaker, DOMAINS, truth=False)
    except TooManyCases:
        return
    if impossible(weaker, DOMAINS, truth=False) or not _is_plain(weaker):
        return  # reported for itself, and never compared
    if is_implied(given_, otherwise, Effort()) and judge(one, now).yes:
        assert judge(weaker, now).yes


def _is_plain(condition: Expression) -> bool:
    """Whether no part is always or never true, as conditions that are compared must be."""
    if impossible(condition, DOMAINS) or impossible(condition, DOMAINS, truth=False):
        return False
    match condition:
        case And(parts) | Or(parts):
            return all(_is_plain(part) for part in parts)
        case Not(part):
            return _is_plain(part)
        case _:
            return True


@pytest.mark.parametrize(
    "condition",
    [
        "queue.waiting < 0",
        "queue.waiting > 20 and queue.waiting <= 20",
        "not (queue.waiting > 5 or queue.waiting <= 5)",
        "2 * queue.waiting + 4 < 3",
        "queue.waiting - queue.waiting > 1",
        "min(queue.waiting, 5) > 6",
        "abs(group.busy) > 2",
        "round(group.busy) > 1",
        "peak(group.busy, 5m) > 100%",
        "group.mean_limit > 6",
        "agent.limit < 1",
        "agent.state == 'idle' and not agent.state == 'idle'",
        "queue.id != 2001",
        "queue.waiting > group.agents and queue.waiting < group.agents",
        "queue.waiting / (group.agents + 1) < 0",
    ],
)
def test_a_condition_that_cannot_hold_is_said_so(condition: str) -> None:
    assert Code.NEVER in codes_of([f'when: "{condition}", hold: raise'])


@pytest.mark.parametrize(
    "condition",
    [
        "queue.waiting >= 0",
        "group.busy <= 100%",
        "queue.waiting > 5 or queue.waiting < 7",
        "not queue.waiting < 0",
        "agent.limit <= 6",
        "queue.waiting * 2 >= queue.waiting + queue.waiting",
    ],
)
def test_a_condition_that_always_holds_is_said_so(condition: str) -> None:
    assert Code.ALWAYS_TRUE in codes_of([f'when: "{condition}", hold: raise'])


@pytest.mark.parametrize(
    "condition",
    [
        "group.occupancy > 150%",
        "queue.waiting > 5 or queue.waiting < 4",
        "queue.waiting > group.agents and queue.waiting < 2 * group.agents",
        "change(queue.waiting, 5m) < 0",
        "input.x < 0",
        "queue.waiting == 0 and queue.oldest_wait == 0s",
        "agent.limit >= 6",
        "agent.state != 'idle' and agent.state != 'busy'",
        "queue.waiting / group.agents > 3",
        "max(group.occupancy, group.busy) > 100%",
    ],
)
def test_a_condition_that_may_hold_or_not_is_left_alone(condition: str) -> None:
    assert codes_of([f'when: "{condition}", hold: raise'], "inputs: {x: {source: p, query: q}}\n") == []


def test_protected_agents_may_stand_above_the_ceiling() -> None:
    rule = ["when: agent.limit > 6, hold: raise"]

    assert codes_of(rule) == [Code.NEVER]
    assert codes_of(rule, "agents: {protect: [1007]}\n") == []


def test_a_cap_below_the_floor_makes_lower_limits_possible() -> None:
    head = "agents: {limit: {floor: 2}}\n"

    assert codes_of(["when: agent.limit < 2, hold: raise"], head) == [Code.NEVER]
    assert Code.NEVER not in codes_of(["when: agent.limit < 2, hold: raise", "at: sun, cap: 1"], head)


def test_a_condition_of_very_many_cases_is_given_up_in_silence() -> None:
    part = " and ".join(f"(queue.waiting == {n} or queue.oldest_wait > {n}s)" for n in range(1, 12))

    assert codes_of([f"when: {part}, hold: raise"]) == []
