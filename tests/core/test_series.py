"""Functions over time: known when their window has been lived through, exact, and the same after a restart."""

from __future__ import annotations

import math

import pytest

from autoscaler.core.book import Direction, InputSpec, Per, Rule, Track, Weekly
from autoscaler.core.expressions import Arithmetic, Compare, Expression, Operator, OverTime, Relation, TimeFunction
from autoscaler.core.readings import Input
from autoscaler.core.series import Series, known_over, sampled
from autoscaler.core.verdicts import VerdictKind

from .staging import START, UNKNOWN, WAITING, Floor, calls, group, named, number, over, people, raising, slots

AVG, PEAK, TROUGH, CHANGE = TimeFunction.AVG, TimeFunction.PEAK, TimeFunction.TROUGH, TimeFunction.CHANGE
LIVED = [AVG, PEAK, TROUGH, CHANGE]
MINUTE = 60.0


def of(function: TimeFunction, window_s: float = MINUTE, argument: Expression = WAITING) -> OverTime:
    return OverTime(function, argument, window_s)


def lived(*samples: tuple[float, float], window_s: float = MINUTE) -> Series:
    series: Series = ()
    for when, value in samples:
        series = sampled(series, value, at=when, window_s=window_s)
    return series


def every(step: float, *values: float) -> list[tuple[float, float]]:
    return [(index * step, value) for index, value in enumerate(values)]


def said(
    function: TimeFunction, *samples: tuple[float, float], window_s: float = MINUTE, every_s: float = 15.0
) -> float:
    series = lived(*samples, window_s=window_s)
    return known_over(of(function, window_s), series, at=samples[-1][0], every_s=every_s)


@pytest.mark.parametrize(("function", "expected"), [(AVG, 5.0), (PEAK, 9.0), (TROUGH, 2.0), (CHANGE, -14.0)])
def test_a_function_speaks_of_the_samples_of_its_window(function: TimeFunction, expected: float) -> None:
    # the sample of sixty seconds ago is no longer in the window; a change is counted from it
    assert said(function, *every(15, 20, 3, 9, 2, 6)) == expected


@pytest.mark.parametrize("function", LIVED)
def test_nothing_is_known_before_the_window_has_been_lived_through(function: TimeFunction) -> None:
    assert math.isnan(said(function, *every(15, 1, 2, 3, 4)))
    assert math.isnan(said(function, (0, 1), (15, 2), (30, 3), (45, 4), (59.9, 5)))
    assert not math.isnan(said(function, *every(15, 1, 2, 3, 4, 5)))


@pytest.mark.parametrize("function", LIVED)
def test_the_newest_sample_must_be_known(function: TimeFunction) -> None:
    assert math.isnan(said(function, *every(15, 1, 2, 3, 4, UNKNOWN)))


@pytest.mark.parametrize(("function", "expected"), [(AVG, 5.0), (PEAK, 7.0), (TROUGH, 3.0), (CHANGE, 4.0)])
def test_half_of_the_samples_are_enough(function: TimeFunction, expected: float) -> None:
    assert said(function, *every(15, UNKNOWN, 3, UNKNOWN, UNKNOWN, 7)) == expected


@pytest.mark.parametrize("function", LIVED)
def test_fewer_than_half_of_the_samples_are_too_few(function: TimeFunction) -> None:
    assert math.isnan(said(function, *every(15, 5, UNKNOWN, UNKNOWN, UNKNOWN, 7)))
    assert math.isnan(said(function, *every(12, 5, 5, UNKNOWN, UNKNOWN, UNKNOWN, 7)))


def test_ticks_that_come_early_or_late_count_by_their_own_times() -> None:
    jittery = [(0.0, 8.0), (13.9, 1.0), (31.0, 2.0), (44.9, 6.0), (60.4, 3.0), (74.1, 4.0)]
    assert said(AVG, *jittery) == pytest.approx((2 + 6 + 3 + 4) / 4)
    assert said(CHANGE, *jittery) == 3.0
    assert said(TROUGH, *jittery) == 2.0


def test_a_sample_exactly_as_old_as_the_window_is_out_of_it() -> None:
    assert said(PEAK, (0, 50), (30, 1), (60, 2)) == 2.0
    assert said(PEAK, (0.1, 50), (30, 1), (60, 2), (60.05, 3)) != 50.0
    assert said(PEAK, (-1, 4), (0.1, 50), (30, 1), (60, 2)) == 50.0


@pytest.mark.parametrize("function", LIVED)
def test_time_in_which_nobody_looked_for_long_was_not_lived_through(function: TimeFunction) -> None:
    before = every(15, 1, 2, 3, 4, 5)
    assert math.isnan(said(function, *before, (3600, 9)))
    assert math.isnan(said(function, *before, (60 + 30.5, 9)))
    assert not math.isnan(said(function, *before, (60 + 30, 9)))
    again = [(3600 + after, 9.0) for after in (0, 15, 30, 45, 59)]
    assert math.isnan(said(function, *before, *again))
    assert not math.isnan(said(function, *before, *again, (3660, 9.0)))


def test_two_ticks_are_no_long_time_however_short_the_window() -> None:
    assert said(PEAK, (0, 1), (30, 2), window_s=20) == 2.0
    assert math.isnan(said(PEAK, (0, 1), (30.5, 2), window_s=20))
    assert said(PEAK, (0, 1), (120, 2), window_s=100, every_s=60.0) == 2.0


def test_a_tick_at_the_same_time_replaces_its_sample_and_a_clock_set_back_drops_what_is_ahead() -> None:
    assert lived((0, 1), (15, 2), (15, 3)) == ((0, 1), (15, 3))
    assert lived((0, 1), (15, 2), (30, 3), (20, 4)) == ((0, 1), (15, 2), (20, 4))


def test_no_more_is_remembered_than_the_window_and_one_sample_before_it() -> None:
    series = lived(*every(15, *range(40)))
    assert [when for when, _ in series] == [525.0, 540.0, 555.0, 570.0, 585.0]


STEADY = Compare(Relation.GT, of(AVG), number(20))


def stands(floor: Floor, *waits: tuple[float, float], restarts: bool = False) -> list[VerdictKind]:
    stood = []
    for seconds, waiting in waits:
        stood.append(floor.tick(seconds, waiting).verdicts[0].kind)
        if restarts:
            floor.restart()
    return stood


T, F, U = VerdictKind.TRUE, VerdictKind.FALSE, VerdictKind.UNKNOWN


@pytest.mark.parametrize("restarts", [False, True], ids=["", "restarted"])
def test_a_rule_over_time_abstains_until_its_window_is_full_and_a_restart_loses_none_of_it(restarts: bool) -> None:
    floor = Floor.of(group(raising(slots(1), STEADY)), people(5))
    waits = every(15, 30, 30, UNKNOWN, 10, 30, 30, UNKNOWN, 10, 10)
    assert stands(floor, *waits, restarts=restarts) == [U, U, U, U, T, T, U, T, F]


def test_two_rules_that_ask_for_the_same_past_share_it_and_another_window_is_another_past() -> None:
    rules = [
        raising(slots(1), STEADY),
        raising(slots(1), Compare(Relation.GT, of(PEAK), number(1)), name="peak"),
        raising(slots(1), Compare(Relation.GT, of(AVG, 30.0), number(20)), name="short"),
        raising(slots(1), Compare(Relation.GT, of(AVG, MINUTE, named("queue.oldest_wait")), number(20)), name="wait"),
    ]
    floor = Floor.of(group(*rules), people(5))
    floor.tick(0, 30)
    assert len(floor.remembers().series) == 3


def test_what_no_rule_asks_for_any_more_is_forgotten() -> None:
    floor = Floor.of(group(raising(slots(1), STEADY)), people(5))
    floor.tick(0, 30)
    floor.rules = group(raising(slots(1), over(WAITING, 20)))
    floor.tick(15, 30)
    assert not floor.remembers().series


LATE = Weekly(days=frozenset(range(7)), start=START.replace(minute=1).time(), end=START.replace(hour=12).time())


@pytest.mark.parametrize(
    "rule",
    [
        Rule(name="late", when=STEADY, floor=4, at=(LATE,)),
        Rule(name="late", when=over(WAITING, 20), until=Compare(Relation.LT, of(AVG), number(1)), floor=4, at=(LATE,)),
        Rule(
            name="late",
            track=Track(input=of(AVG), per=Per.GROUP, target=10.0, tolerance_down=0.0, tolerance_up=0.0),
            at=(LATE,),
        ),
    ],
    ids=["when", "until", "track"],
)
def test_outside_a_rules_window_its_past_is_sampled_so_that_it_is_known_when_the_window_opens(rule: Rule) -> None:
    floor = Floor.of(group(rule), people(5))
    assert stands(floor, *every(15, 30, 30, 30, 30, 30)) == [F, F, F, F, T]


def test_a_hold_over_time_that_is_not_known_yet_might_forbid_and_starts_no_way_back_to_baseline() -> None:
    hold = Rule(name="busy", when=STEADY, hold=Direction.RAISE)
    floor = Floor.of(group(hold, raising(slots(1), None)), people(5))
    plan = floor.tick(0, 1)
    assert not calls(plan)
    assert plan.unknown_inputs == ()
    assert floor.remembers().missing_since is None


@pytest.mark.parametrize(("required", "raised"), [(True, False), (False, True)])
def test_the_past_of_an_optional_input_holds_nothing_back_before_it_is_known(required: bool, raised: bool) -> None:
    spec = InputSpec(name="reply", source="prometheus", query="x", max_age_s=60.0, between=None, required=required)
    slow = Compare(Relation.GT, of(AVG, MINUTE, named("input.reply")), number(60))
    hold = Rule(name="slow", when=slow, hold=Direction.RAISE)
    floor = Floor.of(group(hold, raising(slots(1), None), inputs=(spec,)), people(5))
    plan = floor.tick(0, inputs={"reply": Input(value=5.0, age_s=1.0)})
    assert plan.verdicts[0].kind is U
    assert bool(calls(plan)) is raised


def test_a_function_over_time_may_stand_in_arithmetic_and_speak_of_it() -> None:
    drift = Arithmetic(Operator.SUB, WAITING, of(AVG, MINUTE, Arithmetic(Operator.ADD, WAITING, number(1))))
    floor = Floor.of(group(raising(slots(1), Compare(Relation.GT, drift, number(3)))), people(5))
    assert stands(floor, *every(15, 1, 1, 1, 1, 9, 9)) == [U, U, U, U, T, F]


@pytest.mark.parametrize(("gap", "is_known"), [(30.0, True), (31.0, False)])
def test_more_than_two_ticks_without_a_look_were_not_lived_through(gap: float, is_known: bool) -> None:
    peak = OverTime(TimeFunction.PEAK, WAITING, 20.0)
    series = ((0.0, 1.0), (gap, 2.0))
    assert math.isnan(known_over(peak, series, at=gap, every_s=15.0)) is not is_known


@pytest.mark.parametrize(("gap", "is_known"), [(60.0, True), (61.0, False)])
def test_more_than_half_of_a_long_window_without_a_look_was_not_lived_through(gap: float, is_known: bool) -> None:
    peak = OverTime(TimeFunction.PEAK, WAITING, 120.0)
    series = ((0.0, 1.0), (gap, 2.0), (120.0, 3.0))
    assert math.isnan(known_over(peak, series, at=120.0, every_s=15.0)) is not is_known
