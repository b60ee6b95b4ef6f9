"""The compact notation of series: what it means, and that everything wrong with it is said where it stands."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscaler.core.readings import AgentState
from autoscaler.rulebook.nodes import Scalar
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.source import Source, Span
from autoscaler.rulebook.trials.notation import MOST_TICKS, answers, numbers, states
from autoscaler.rulebook.trials.trial import Answer, AnswerKind, Sample

NAN, INF = math.nan, math.inf


def written(text: str) -> tuple[Scalar, Reporter]:
    source = f'"{text}"'
    return Scalar(text, '"', Span(0, len(source))), Reporter(Source("t.yaml", source))


def values_of(text: str, **more: bool) -> list[float]:
    scalar, reporter = written(text)
    series = numbers(scalar, reporter, **more)
    assert series is not None, reporter.diagnostics
    return [sample.value for sample in series.values]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("30", [30]),
        ("0x4 30x2", [0, 0, 0, 0, 30, 30]),
        ("1+2x3", [1, 3, 5, 7]),
        ("10-5x2", [10, 5, 0]),
        ("0.5x2", [0.5, 0.5]),
        ("30s+15sx2 1m", [30, 45, 60, 60]),
        ("80%x2", [0.8, 0.8]),
        ("5+1x0", [5]),
    ],
)
def test_numbers_repeat_and_step(text: str, values: list[float]) -> None:
    assert values_of(text) == pytest.approx(values)


def test_inputs_may_be_negative() -> None:
    assert values_of("-3x2 -1-1x2", signed=True) == [-3, -3, -1, -2, -3]


def test_marks_say_how_a_reading_is_missing() -> None:
    scalar, reporter = written("20 _x2 stale error late(30s)x2")
    series = numbers(scalar, reporter)
    assert series is not None
    assert str(series.values) == str(
        (
            Sample(20.0),
            Sample(NAN),
            Sample(NAN),
            Sample(NAN, INF),
            Sample(NAN, NAN),
            Sample(NAN, 30.0),
            Sample(NAN, 30.0),
        )
    )


def test_late_and_stale_repeat_the_last_value() -> None:
    scalar, reporter = written("20 late(30s) stale")
    series = numbers(scalar, reporter)
    assert series is not None
    assert series.values == (Sample(20.0), Sample(20.0, 30.0), Sample(20.0, INF))


def test_the_last_value_is_kept_on() -> None:
    scalar, reporter = written("1 2")
    series = numbers(scalar, reporter)
    assert series is not None
    assert [series.at(tick).value for tick in range(4)] == [1, 2, 2, 2]


def test_states_are_named_with_or_without_quotes() -> None:
    scalar, reporter = written("idle 'talking'x2 _")
    series = states(scalar, reporter)
    assert series is not None
    assert [sample.value for sample in series.values[:3]] == [AgentState.IDLE, AgentState.TALKING, AgentState.TALKING]
    assert math.isnan(series.values[3].value)


def test_answers_name_outcomes() -> None:
    scalar, reporter = written("appliedx2 rejected failed unknown late(30s)")
    series = answers(scalar, reporter)
    assert series is not None
    assert series.values[1:] == (
        Answer(AnswerKind.APPLIED),
        Answer(AnswerKind.REJECTED),
        Answer(AnswerKind.FAILED),
        Answer(AnswerKind.UNKNOWN),
        Answer(AnswerKind.APPLIED, 30.0),
    )


@pytest.mark.parametrize(
    ("text", "label", "column", "words"),
    [
        ("0x4 30y8", "E601", 6, "can't stand"),
        ("1+2", "E601", 2, "how often"),
        ("-3", "E117", 2, "below 0"),
        ("3-2x4", "E117", 2, "below 0"),
        ("x4", "E601", 2, "can't stand"),
        ("late(30s)", "E601", 2, "nothing stands before"),
        ("1 late(30)", "E601", 4, "not a duration"),
        ("5x0", "E601", 2, "0 times"),
        ("1x999999999", "E103", 2, "longer than"),
        ("stael", "E601", 2, "can't stand"),
    ],
)
def test_everything_wrong_is_said_where_it_stands(text: str, label: str, column: int, words: str) -> None:
    scalar, reporter = written(text)
    assert numbers(scalar, reporter) is None
    (found,) = reporter.diagnostics
    assert (found.code.label, found.column) == (label, column)
    assert words in found.message
    assert found.help


def test_whole_numbers_are_asked_for_where_chats_are_counted() -> None:
    scalar, reporter = written("1.5")
    assert numbers(scalar, reporter, whole=True) is None
    assert reporter.diagnostics[0].code.label == "E116"


@pytest.mark.parametrize("text", ["talkin", "5", "failed"])
def test_what_is_no_state_is_refused(text: str) -> None:
    scalar, reporter = written(text)
    assert states(scalar, reporter) is None
    assert reporter.diagnostics


@given(st.lists(st.tuples(st.integers(0, 999), st.integers(1, 50)), min_size=1, max_size=20))
def test_a_series_is_as_long_as_its_repetitions(runs: list[tuple[int, int]]) -> None:
    values = values_of(" ".join(f"{value}x{times}" for value, times in runs))
    assert values == [float(value) for value, times in runs for _ in range(times)]


@given(st.text(alphabet="0123456789x+-._ %smh()latestr", max_size=40))
def test_any_text_is_a_series_or_a_diagnostic(text: str) -> None:
    scalar, reporter = written(text)
    series = numbers(scalar, reporter, signed=True)
    assert (series is None) == bool(reporter.diagnostics)
    assert series is None or 0 < len(series) <= MOST_TICKS
