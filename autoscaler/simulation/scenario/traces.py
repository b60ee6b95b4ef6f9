"""Traces: a CSV file of times and counts, row by row, each thing wrong with it as one finding in its own file.

Times are wall clock. An offset is allowed where it is the same in every row, and dropped; so an hour that clocks leave
out is a gap, and one they repeat goes back in time.
"""

from __future__ import annotations

import csv
import re
import stat
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from autoscaler.core.printing import in_words
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.diagnostics import Diagnostic
from autoscaler.rulebook.files import about_file
from autoscaler.rulebook.suggestions import joined, quoted
from autoscaler.simulation.scenario.notation import parsed_moment

__all__ = ["LARGEST", "MOST_SHOWN", "Sheet", "Trace", "about_row", "columns_of", "open_sheet", "read_trace"]

LARGEST = 200_000_000
"""Bytes of one trace."""

MOST_SHOWN = 20
"""Findings of one trace; a file that is wrong throughout is told so once."""

_COUNT = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?(?:[eE][+-]?[0-9]{1,2})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A CSV file as text: the names in its first row, then the others with the lines on which they end."""

    path: str
    lines: Sequence[str]
    names: tuple[str, ...]
    rows: Sequence[tuple[int, list[str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Rows in order of time, at whole steps after the first; some may be missing.

    Attributes:
        first: Naive wall clock of the first row.
        step_s: Seconds of a step, > 0.
        steps: Whole steps since the first row, ascending.
        counts: Of each row, >= 0.
        lines: Where each row stands in the file.
    """

    first: datetime
    step_s: float
    steps: Sequence[int]
    counts: Sequence[float]
    lines: Sequence[int]

    @property
    def end(self) -> datetime:
        """When the last row's step ends."""
        return self.at(self.steps[-1] + 1)

    def at(self, step: int) -> datetime:
        """When a step begins."""
        return self.first + timedelta(seconds=self.step_s) * step


@dataclass(slots=True)
class _Findings:
    sheet: Sheet
    found: list[Diagnostic] = field(default_factory=list)
    dropped: int = 0

    def at(self, line: int, cell: str, message: str, help_: str) -> None:
        if len(self.found) >= MOST_SHOWN:
            self.dropped += 1
            return
        self.found.append(about_row(self.sheet, line, cell, message, help_))

    def all(self) -> tuple[Diagnostic, ...]:
        if not self.dropped:
            return tuple(self.found)
        rest = about_file(
            Code.NO_TRACE, self.sheet.path, f"{self.dropped} more rows are wrong", "mend those above first"
        )
        return (*self.found, rest)


def open_sheet(path: Path) -> Sheet | Diagnostic:
    """Read a file's rows, or say why it has none; blank lines don't count."""
    name = str(path)
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            return about_file(Code.NO_TRACE, name, "this is not a file", "name a CSV file")
        if about.st_size > LARGEST:
            return about_file(Code.NO_TRACE, name, f"the trace has more than {LARGEST} bytes", "take the part you need")
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"byte 0x{error.object[error.start]:02x} is not UTF-8"
        return about_file(Code.NO_TRACE, name, message, "save the trace as CSV in UTF-8")
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__
        return about_file(Code.NO_TRACE, name, f"can't be read: {why}", "check the path and its permissions")
    lines = text.splitlines()
    reader = csv.reader(lines)
    try:
        rows = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        return about_file(Code.NO_TRACE, name, f"not a CSV file: {error}", "save the trace as CSV in UTF-8")
    if len(rows) < 2:
        message = "the trace has no rows" if rows else "the trace is empty"
        return about_file(Code.NO_TRACE, name, message, "write a header such as timestamp,count and a row a step")
    return Sheet(path=name, lines=lines, names=tuple(cell.strip() for cell in rows[0][1]), rows=rows[1:])


def read_trace(
    sheet: Sheet, *, time: str, column: str, lone_step_s: float | None = None
) -> Trace | tuple[Diagnostic, ...]:
    """The two columns as a trace, or everything that is wrong with their rows.

    Args:
        sheet: The file.
        time, column: Names among `sheet.names`: when a step begins, and how many came in it.
        lone_step_s: The step of a single row; None: five minutes.
    """
    findings = _Findings(sheet)
    when, what = sheet.names.index(time), sheet.names.index(column)
    moments, counts, lines, cells = [], [], [], []
    for line, row in sheet.rows:
        if len(row) <= max(when, what):
            findings.at(line, "", f"the row has {len(row)} of {len(sheet.names)} columns", "complete or delete the row")
            continue
        cell = row[when].strip()
        moment = _moment(line, cell, findings)
        count = _count(line, row[what].strip(), findings)
        if moment is not None and count is not None:
            moments.append(moment)
            counts.append(count)
            lines.append(line)
            cells.append(cell)
    if findings.found:
        return findings.all()
    _check_offsets(moments, lines, cells, findings)
    if findings.found:
        return findings.all()
    walls = [moment.replace(tzinfo=None) for moment in moments]
    _check_order(walls, lines, cells, findings)
    if findings.found:
        return findings.all()
    step = _usual_step(walls, timedelta(seconds=lone_step_s or 300))
    if step < timedelta(seconds=1):
        findings.at(
            lines[1], cells[1], "rows are less than a second apart", "add their counts up to steps of 1s or more"
        )
        return findings.all()
    steps = [_steps(wall - walls[0], step) for wall in walls]
    for line, cell, whole in zip(lines, cells, steps, strict=True):
        if whole is None:
            words = in_words(step.total_seconds())
            findings.at(line, cell, f"this row is off the trace's step of {words}", "let every row begin a step")
    if findings.found:
        return findings.all()
    whole_steps = [whole for whole in steps if whole is not None]
    return Trace(first=walls[0], step_s=step.total_seconds(), steps=whole_steps, counts=counts, lines=lines)


def about_row(sheet: Sheet, line: int, cell: str, message: str, help_: str) -> Diagnostic:
    """A finding in a row of the trace, its caret under `cell`."""
    text = sheet.lines[line - 1]
    at = text.find(cell) if cell else 0
    column = max(at, 0) + 1
    end = column + max(len(cell or text), 1)
    return Diagnostic(
        code=Code.NO_TRACE,
        path=sheet.path,
        line=line,
        column=column,
        end_column=end,
        message=message,
        help=help_,
        source_line=text,
    )


def _moment(line: int, cell: str, findings: _Findings) -> datetime | None:
    moment = parsed_moment(cell)
    if moment is None:
        message = f"{quoted(cell)} is not a date and time" if cell else "the row has no time"
        findings.at(line, cell, message, "write it as 2013-01-01 06:00:00")
    return moment


def _count(line: int, cell: str, findings: _Findings) -> float | None:
    if _COUNT.fullmatch(cell):
        return float(cell)
    if not cell:
        findings.at(line, cell, "the row has no count", "write 0 where nobody came, or delete the row")
    elif cell.startswith("-") and _COUNT.fullmatch(cell[1:]):
        findings.at(line, cell, f"the count {cell} is below 0", "write a number of 0 or more")
    else:
        findings.at(line, cell, f"{quoted(cell)} is not a count", "write a number of 0 or more")
    return None


def _check_offsets(
    moments: Sequence[datetime], lines: Sequence[int], cells: Sequence[str], findings: _Findings
) -> None:
    first = moments[0].utcoffset()
    for moment, line, cell in zip(moments, lines, cells, strict=True):
        offset = moment.utcoffset()
        if offset == first:
            continue
        if offset is None or first is None:
            message = "times with and without an offset from UTC are mixed"
            findings.at(line, cell, message, "write all of them in local time without an offset")
        else:
            message = f"the offset is not that of the first row: clocks go {'forward' if offset > first else 'back'}"
            help_ = "write local times without an offset, or all of them in UTC"
            findings.at(line, cell, message, help_)
        return


def _check_order(walls: Sequence[datetime], lines: Sequence[int], cells: Sequence[str], findings: _Findings) -> None:
    for (early, late), line, cell in zip(pairwise(walls), lines[1:], cells[1:], strict=True):
        if late == early:
            findings.at(line, cell, "this time stands in the row above already", "keep one row of each time")
        elif late < early:
            help_ = "sort the rows by time; where clocks go back, add up the counts of the hour that comes twice"
            findings.at(line, cell, "this row is earlier than the one above", help_)


def _usual_step(walls: Sequence[datetime], lone: timedelta) -> timedelta:
    """The most frequent distance of two rows, the shorter of two equally frequent; `lone` for a single row."""
    distances = Counter(late - early for early, late in pairwise(walls))
    if not distances:
        return lone
    return min(distances, key=lambda distance: (-distances[distance], distance))


def _steps(since_first: timedelta, step: timedelta) -> int | None:
    whole, rest = divmod(since_first, step)
    return None if rest else whole


def columns_of(sheet: Sheet) -> str:
    """The names of its columns, for messages."""
    return joined([quoted(name) for name in sheet.names[:20]], "and")
