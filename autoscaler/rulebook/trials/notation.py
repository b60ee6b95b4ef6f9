"""Series in compact notation: `0x4 30x8` is 0 four times, then 30 eight times; `1+2x3` is 1 3 5 7.

`_` is a missing reading, `stale` the last value grown too old, `error` a source that failed, `late(30s)` the last
value, thirty seconds old. Every one of them takes `xN`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from autoscaler.core.readings import AgentState
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.measures import in_seconds, share_value
from autoscaler.rulebook.nodes import Scalar
from autoscaler.rulebook.positions import offsets_of
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.source import Span
from autoscaler.rulebook.suggestions import did_you_mean, joined, quoted
from autoscaler.rulebook.trials.trial import Answer, AnswerKind, Sample, Series
from autoscaler.rulebook.vocabulary import STATES

__all__ = ["MOST_TICKS", "answers", "numbers", "states"]

T = TypeVar("T")

MOST_TICKS = 20_000
"""Ticks of one test."""

_RUN = re.compile(r"(.+?)(?:x([0-9]{1,9}))?")
_STEPS = re.compile(r"(-?[0-9][0-9a-z.%]*)([+-])([0-9][0-9a-z.%]*)")
_PLAIN = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,9})?")
_LATE = re.compile(r"late\(([^()]*)\)")
_MARKS = {"_": Sample(math.nan), "error": Sample(math.nan, math.nan)}
_ANSWERS = {kind.value: Answer(kind) for kind in AnswerKind}


@dataclass(frozen=True, slots=True)
class _Run:
    word: str
    times: int | None
    span: Span


def numbers(scalar: Scalar, reporter: Reporter, *, whole: bool = False, signed: bool = False) -> Series[Sample] | None:
    """Numbers, durations (as seconds) and percentages (as ratios).

    Args:
        scalar: The text.
        reporter: Of its file.
        whole: Only whole numbers make sense.
        signed: Numbers below 0 make sense.

    Returns:
        The series; None after reporting.
    """

    def values(run: _Run, last: Sample | None) -> list[Sample] | None:
        steps = _STEPS.fullmatch(run.word)
        start, step = _number(steps[1] if steps else run.word), _number(steps[3]) if steps else 0.0
        if steps and run.times is None:
            help_ = f"write {run.word}x3 for three further ticks"
            reporter.report(
                Code.NOT_A_SERIES, run.span, f"{quoted(run.word)} does not say how often it is repeated", help_
            )
            return None
        if start is None or step is None:
            return _marked(run, last, reporter, 'write a number as in "0x4 30x8", _, stale, error or late(30s)')
        step = -step if steps and steps[2] == "-" else step
        count = 1 if run.times is None else run.times + (1 if steps else 0)
        found = [start + step * index for index in range(count)]
        if not signed and found and min(found[0], found[-1]) < 0:
            reporter.report(Code.OUT_OF_RANGE, run.span, f"{quoted(run.word)} goes below 0", "write numbers from 0 up")
            return None
        if whole and any(value % 1 for value in found):
            reporter.report(
                Code.NOT_A_NUMBER,
                run.span,
                f"{quoted(run.word)} is not whole",
                "write whole numbers of chats or agents",
            )
            return None
        return [Sample(value) for value in found]

    return _series(scalar, reporter, values)


def states(scalar: Scalar, reporter: Reporter) -> Series[Sample] | None:
    """Agent states by name, with or without quotes; their samples hold `AgentState` codes."""

    def values(run: _Run, last: Sample | None) -> list[Sample] | None:
        word = run.word.strip("\"'")
        if word in STATES:
            return [Sample(float(AgentState[word.upper()]))] * (1 if run.times is None else run.times)
        close = did_you_mean(word, STATES)
        return _marked(run, last, reporter, f"did you mean {quoted(close)}?" if close else f"write {joined(STATES)}")

    return _series(scalar, reporter, values)


def answers(scalar: Scalar, reporter: Reporter) -> Series[Answer] | None:
    """What the gateway answers: applied, rejected, failed, unknown or late(30s)."""

    def values(run: _Run, _last: Answer | None) -> list[Answer] | None:
        times = 1 if run.times is None else run.times
        if run.word in _ANSWERS:
            return [_ANSWERS[run.word]] * times
        if (late := _LATE.fullmatch(run.word)) and (delay := in_seconds(late[1])) is not None:
            return [Answer(AnswerKind.APPLIED, delay)] * times
        known = [*_ANSWERS, "late(30s)"]
        close = did_you_mean(run.word, known)
        help_ = f"did you mean {quoted(close)}?" if close else f"write {joined(known)}"
        reporter.report(Code.NOT_A_SERIES, run.span, f"the gateway can't answer {quoted(run.word)}", help_)
        return None

    return _series(scalar, reporter, values)


def _series(scalar: Scalar, reporter: Reporter, values: Callable[[_Run, T | None], list[T] | None]) -> Series[T] | None:
    found: list[T] = []
    is_right = True
    for run in _runs(scalar, reporter):
        if len(found) + (run.times or 1) > MOST_TICKS:
            help_ = f"a test has at most {MOST_TICKS} ticks; the last value is kept on without being repeated"
            reporter.report(Code.TOO_MUCH, run.span, f"the series is longer than {MOST_TICKS} ticks", help_)
            return None
        if run.times == 0 and "+" not in run.word[1:] and "-" not in run.word[1:]:
            reporter.report(Code.NOT_A_SERIES, run.span, f"{quoted(run.word)} is repeated 0 times", "leave it out")
            is_right = False
            continue
        more = values(run, found[-1] if found else None)
        if more is None:
            is_right = False
        else:
            found += more
    if is_right and not found:
        reporter.report(Code.NOT_A_SERIES, scalar.span, "the series is empty", 'write one as "0x4 30x8"')
    return Series(tuple(found)) if is_right and found else None


def _runs(scalar: Scalar, reporter: Reporter) -> Iterable[_Run]:
    offsets = offsets_of(scalar, reporter.source.text)
    for match in re.finditer(r"\S+", scalar.value):
        span = Span(offsets[match.start()], offsets[match.end() - 1] + 1)
        parts = _RUN.fullmatch(match[0])
        assert parts is not None  # any text matches
        yield _Run(parts[1], None if parts[2] is None else int(parts[2]), span)


def _marked(run: _Run, last: Sample | None, reporter: Reporter, help_: str) -> list[Sample] | None:
    times = 1 if run.times is None else run.times
    if run.word in _MARKS:
        return [_MARKS[run.word]] * times
    value = math.nan if last is None else last.value
    if run.word == "stale":
        return [Sample(value, math.inf)] * times
    if late := _LATE.fullmatch(run.word):
        age = in_seconds(late[1])
        if age is None:
            message = f"{quoted(late[1])} is not a duration"
            reporter.report(Code.NOT_A_SERIES, run.span, message, "write how old the reading is, as in late(30s)")
            return None
        if last is None:
            message = "nothing stands before it that could be late"
            reporter.report(Code.NOT_A_SERIES, run.span, message, f'write the value first, as in "20 {run.word}"')
            return None
        return [Sample(value, age)] * times
    reporter.report(Code.NOT_A_SERIES, run.span, f"{quoted(run.word)} can't stand in this series", help_)
    return None


def _number(word: str) -> float | None:
    if _PLAIN.fullmatch(word):
        return float(word)
    seconds = in_seconds(word)
    return share_value(word) if seconds is None else seconds
