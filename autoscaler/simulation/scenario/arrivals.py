"""The customers a file expects, by equal steps from the scenario's start: a rate, a day of rates, counts or a trace."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoscaler.core.printing import in_words
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.diagnostics import Diagnostic
from autoscaler.rulebook.grammar import Entries, Item, Key
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.suggestions import joined, quoted
from autoscaler.simulation.scenario.covering import Expected, Stretch, from_trace
from autoscaler.simulation.scenario.layout import ArrivalKeys, Bursts, Rates
from autoscaler.simulation.scenario.model import Arrivals
from autoscaler.simulation.scenario.notation import DAY_S

__all__ = ["MOST_CUSTOMERS", "Coming", "build_arrivals"]

MOST_CUSTOMERS = 50_000_000
"""Expected in one run; their traits alone are some gigabytes."""

DEFAULT_STEP_S = 300.0

Floats = NDArray[np.float64]

_FORMS: tuple[Key[Any], ...] = (ArrivalKeys.rate, ArrivalKeys.rates, ArrivalKeys.counts, ArrivalKeys.trace)
_ONLY_TRACE: tuple[Key[Any], ...] = (ArrivalKeys.time, ArrivalKeys.column, ArrivalKeys.start, ArrivalKeys.gaps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """The arrivals, and the clock with which they start."""

    arrivals: Arrivals
    clock: datetime


def build_arrivals(
    entries: Entries, stretch: Stretch, reporter: Reporter, about_trace: list[Diagnostic]
) -> Coming | None:
    """The arrivals; None after reporting, in `about_trace` what is wrong inside a trace."""
    form = _form(entries, reporter)
    if form is None:
        return None
    expected = _expected(form, entries, stretch, reporter, about_trace)
    if expected is None:
        return None
    clock = stretch.clock or expected.start or stretch.default_clock
    counts = expected.counts * _bursts(entries, expected, stretch, reporter)
    total = float(counts.sum())
    if not total <= MOST_CUSTOMERS:
        message = f"{total:.3g} customers are expected in one run, more than {MOST_CUSTOMERS // 1_000_000} million"
        help_ = "lower the rate or the scale (a rate is chats a second), or shorten the scenario"
        reporter.report(Code.TOO_MANY_CUSTOMERS, entries.value_span(form), message, help_)
        return None
    arrivals = Arrivals(
        step_s=expected.step_s,
        expected=counts,
        overdispersion=entries.get(ArrivalKeys.overdispersion) or 0.0,
        day_factor_cv=entries.get(ArrivalKeys.day_factor_cv) or 0.0,
        source=expected.source,
    )
    return Coming(arrivals=arrivals, clock=clock)


def _form(entries: Entries, reporter: Reporter) -> Key[Any] | None:
    given = [key for key in _FORMS if entries.has(key)]
    if not given:
        if not entries.has_unknown:
            help_ = "add one, such as rate: 0.085 (chats a second) or trace: day.csv"
            message = f"arrivals need one of {joined(key.name for key in _FORMS)}"
            reporter.report(Code.MISSING_KEY, entries.span, message, help_)
        return None
    for key in given[1:]:
        message = f"{given[0].name} and {key.name} both say how many come"
        reporter.report(Code.CONFLICT, entries.key_span(key), message, "keep one of them")
    if ArrivalKeys.trace not in given:
        for key in _ONLY_TRACE:
            if entries.has(key):
                message = f"{quoted(key.name)} has no meaning without a trace"
                reporter.report(Code.CONFLICT, entries.key_span(key), message, "take it out, or name a trace")
    return given[0] if len(given) == 1 and entries.get(given[0]) is not None else None


def _expected(
    form: Key[Any], entries: Entries, stretch: Stretch, reporter: Reporter, about_trace: list[Diagnostic]
) -> Expected | None:
    scale = entries.get(ArrivalKeys.scale)
    scale = 1.0 if scale is None else scale
    if form is ArrivalKeys.trace:
        return from_trace(entries, scale, stretch, reporter, about_trace)
    step_s = entries.get(ArrivalKeys.step) or DEFAULT_STEP_S
    steps = math.ceil(stretch.duration_s / step_s)
    if form is ArrivalKeys.counts:
        return _from_counts(entries, scale, step_s, steps, reporter)
    if form is ArrivalKeys.rate:
        rate = (entries.get(ArrivalKeys.rate) or 0.0) * scale
        return Expected(
            step_s=step_s, counts=np.full(steps, rate * step_s), start=None, source=f"{rate:g} chats a second"
        )
    return _from_rates(entries, scale, step_s, steps, stretch, reporter)


def _from_counts(entries: Entries, scale: float, step_s: float, steps: int, reporter: Reporter) -> Expected | None:
    items = entries.get(ArrivalKeys.counts) or ()
    if len(items) < steps:
        message = f"{len(items)} counts of {in_words(step_s)} are too few: the scenario has {steps} steps"
        reporter.report(
            Code.CONFLICT, entries.key_span(ArrivalKeys.counts), message, "add counts, or write another step"
        )
        return None
    counts = np.array([item.value for item in items[:steps]]) * scale
    return Expected(step_s=step_s, counts=counts, start=None, source=f"counts of {in_words(step_s)}")


def _from_rates(
    entries: Entries, scale: float, step_s: float, steps: int, stretch: Stretch, reporter: Reporter
) -> Expected | None:
    items: Sequence[Item[Entries]] = entries.get(ArrivalKeys.rates) or ()
    rates: dict[float, float] = {}
    for item in items:
        from_s, rate = item.value.get(Rates.from_), item.value.get(Rates.rate)
        if from_s is None or rate is None:
            return None
        if from_s in rates:
            message = "two rates hold from the same time of day"
            reporter.report(Code.CONFLICT, item.value.value_span(Rates.from_), message, "keep one of them")
        rates[from_s] = rate * scale
    if not rates:
        reporter.report(Code.CONFLICT, entries.key_span(ArrivalKeys.rates), "rates are empty", "write one, or a rate")
        return None
    clock = stretch.clock or stretch.default_clock
    clock_s = clock.hour * 3600 + clock.minute * 60 + clock.second
    changes, values = _through_days(rates, clock_s, steps * step_s)
    counts = _integrated(changes, values, np.arange(steps + 1, dtype=np.float64) * step_s)
    return Expected(step_s=step_s, counts=counts, start=None, source=f"{len(rates)} rates through the day")


def _through_days(rates: dict[float, float], clock_s: float, until_s: float) -> tuple[Floats, Floats]:
    """When rates change, in seconds since the start, and to what; before a day's first, the first holds."""
    day = sorted(rates.items())
    changes, values = [-float(clock_s)], [day[0][1]]
    for midnight in np.arange(-clock_s, until_s, DAY_S):
        changes += [float(midnight), *(float(midnight) + from_s for from_s, _ in day)]
        values += [day[0][1], *(rate for _, rate in day)]
    return np.array([*changes, changes[-1] + until_s + DAY_S]), np.array(values)


def _integrated(changes: Floats, values: Floats, edges: Floats) -> Floats:
    """What a rate that is constant between changes comes to between edges."""
    sums = np.concatenate([[0.0], np.cumsum(np.diff(changes) * values)])
    counts: Floats = np.round(np.diff(np.interp(edges, changes, sums)), 9)
    return counts


def _bursts(entries: Entries, expected: Expected, stretch: Stretch, reporter: Reporter) -> Floats:
    """Factors by step; bursts at the same time are multiplied, one that begins inside a step counts in part."""
    factors = np.ones(len(expected.counts))
    begins = np.arange(len(factors)) * expected.step_s
    for item in entries.get(ArrivalKeys.bursts) or ():
        at, for_s, times = (item.value.get(key) for key in (Bursts.at, Bursts.for_, Bursts.times))
        if at is None or for_s is None or times is None:
            continue
        if at >= stretch.duration_s:
            message = f"the burst begins at {in_words(at)}, after the scenario's end"
            reporter.report(Code.OUT_OF_RANGE, item.value.value_span(Bursts.at), message, "begin earlier")
        within = np.clip(np.minimum(begins + expected.step_s, at + for_s) - np.maximum(begins, at), 0, None)
        factors *= 1 + (times - 1) * within / expected.step_s
    return factors
