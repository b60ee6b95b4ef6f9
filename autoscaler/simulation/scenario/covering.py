"""The part of a trace that a scenario covers: the file found, its columns named, its steps without a gap."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autoscaler.core.printing import in_words
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.diagnostics import Diagnostic
from autoscaler.rulebook.grammar import Entries, Key
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.suggestions import did_you_mean, quoted
from autoscaler.simulation.scenario.layout import ArrivalKeys, Gaps
from autoscaler.simulation.scenario.traces import (
    MOST_SHOWN,
    Sheet,
    Trace,
    about_row,
    columns_of,
    open_sheet,
    read_trace,
)

__all__ = ["Expected", "Stretch", "data_folder", "from_trace"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """The time to be covered, as far as the file says it; `folder` is where a trace's name starts."""

    duration_s: float
    clock: datetime | None
    default_clock: datetime
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Customers expected in equal steps; `start` is the trace's own clock."""

    step_s: float
    counts: Floats
    start: datetime | None
    source: str


def from_trace(
    entries: Entries, scale: float, stretch: Stretch, reporter: Reporter, about_trace: list[Diagnostic]
) -> Expected | None:
    name = entries.get(ArrivalKeys.trace) or ""
    path = _found(name, stretch.folder)
    if path is None:
        _no_file(name, entries, stretch.folder, reporter)
        return None
    sheet = open_sheet(path)
    if isinstance(sheet, Diagnostic):
        about_trace.append(sheet)
        return None
    time = _column(ArrivalKeys.time, "timestamp", sheet, entries, reporter)
    column = _column(ArrivalKeys.column, "count", sheet, entries, reporter)
    if time is None or column is None:
        return None
    trace = read_trace(sheet, time=time, column=column, lone_step_s=entries.get(ArrivalKeys.step))
    if not isinstance(trace, Trace):
        about_trace += trace
        return None
    step_s = entries.get(ArrivalKeys.step)
    if step_s is not None and step_s != trace.step_s and len(trace.steps) > 1:
        message = f"the trace's rows are {in_words(trace.step_s)} apart, not {in_words(step_s)}"
        help_ = f"write step: {in_words(trace.step_s)}, or leave it out"
        reporter.report(Code.CONFLICT, entries.value_span(ArrivalKeys.step), message, help_)
        return None
    return _window(trace, sheet, scale, entries, stretch, reporter, about_trace)


def data_folder() -> Path:
    """Where the traces of the package stand."""
    return Path(str(resources.files("autoscaler.simulation") / "data"))


def _window(
    trace: Trace,
    sheet: Sheet,
    scale: float,
    entries: Entries,
    stretch: Stretch,
    reporter: Reporter,
    about_trace: list[Diagnostic],
) -> Expected | None:
    """The trace's counts from its start on for as long as the scenario lasts."""
    start = entries.get(ArrivalKeys.start) or trace.first
    first, rest = divmod((start - trace.first).total_seconds(), trace.step_s)
    place = ArrivalKeys.start if entries.has(ArrivalKeys.start) else ArrivalKeys.trace
    covers = f"the trace goes from {trace.first} to {trace.end}"
    if not trace.first <= start < trace.end:
        reporter.report(Code.NO_TRACE, entries.value_span(place), f"{start} lies outside the trace", covers)
        return None
    if rest:
        near = f"write {quoted(f'{trace.at(int(first)):%Y-%m-%d %H:%M}')}"
        message = f"{start} falls between two rows of the trace"
        reporter.report(Code.NO_TRACE, entries.value_span(place), message, near)
        return None
    if start + timedelta(seconds=stretch.duration_s) > trace.end:
        message = f"the trace ends at {trace.end}, before the scenario does"
        help_ = f"{covers}; shorten duration, or start earlier"
        reporter.report(Code.NO_TRACE, entries.value_span(place), message, help_)
        return None
    steps = math.ceil(stretch.duration_s / trace.step_s)
    index = np.array(trace.steps) - int(first)
    inside = (index >= 0) & (index < steps)
    if entries.get(ArrivalKeys.gaps) is not Gaps.ZERO and int(inside.sum()) < steps:
        _report_gaps(trace, sheet, int(first), steps, about_trace)
        return None
    counts = np.zeros(steps)
    counts[index[inside]] = np.array(trace.counts)[inside] * scale
    source = f"{Path(sheet.path).name} from {start:%Y-%m-%d %H:%M}{'' if scale == 1 else f', times {scale:g}'}"
    return Expected(step_s=trace.step_s, counts=counts, start=start, source=source)


def _report_gaps(trace: Trace, sheet: Sheet, first: int, steps: int, about_trace: list[Diagnostic]) -> None:
    """Each gap within the scenario's time, at the row after it."""
    before = first - 1
    for step, line in zip(trace.steps, trace.lines, strict=True):
        if step < first:
            continue
        missing = min(step, first + steps) - before - 1
        if missing > 0:
            rows = "1 row is" if missing == 1 else f"{missing} rows are"
            message = f"{rows} missing before this one, from {trace.at(before + 1)} on"
            help_ = (
                "fill in their counts, or write gaps: zero beside trace; where clocks go forward, gaps: zero is right"
            )
            about_trace.append(about_row(sheet, line, "", message, help_))
        before = step
        if step >= first + steps or len(about_trace) >= MOST_SHOWN:
            return


def _found(name: str, folder: Path) -> Path | None:
    beside = folder / name
    try:
        if beside.exists():
            return beside
    except (OSError, ValueError):  # a name no file can have
        return None
    shipped = data_folder() / name
    return shipped if Path(name).name == name and shipped.exists() else None


def _no_file(name: str, entries: Entries, folder: Path, reporter: Reporter) -> None:
    known = sorted({path.name for place in (folder, data_folder()) for path in _listed(place)})
    close = did_you_mean(Path(name).name, known)
    beside = "write its path as seen from the scenario file"
    help_ = f"did you mean {quoted(close)}?" if close else beside
    reporter.report(Code.NO_TRACE, entries.value_span(ArrivalKeys.trace), f"there is no trace {quoted(name)}", help_)


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.glob("*.csv"))
    except OSError:
        return []


def _column(key: Key[str], default: str, sheet: Sheet, entries: Entries, reporter: Reporter) -> str | None:
    name = entries.get(key) or default
    if name in sheet.names:
        return name
    if entries.has(key) and entries.get(key) is None:
        return None
    close = did_you_mean(name, sheet.names)
    place = entries.value_span(key) if entries.has(key) else entries.value_span(ArrivalKeys.trace)
    if len(sheet.names) == 1:
        help_ = "separate columns by commas"
    elif close:
        help_ = f"did you mean {quoted(close)}?" if entries.has(key) else f"add {key.name}: {close}"
    else:
        help_ = f"name one of them with {key.name}:"
    message = f"the trace has no column {quoted(name)}; it has {columns_of(sheet)}"
    reporter.report(Code.NO_TRACE, place, message, help_)
    return None
