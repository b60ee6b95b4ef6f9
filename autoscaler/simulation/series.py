"""Arrival series: counts in equal steps of wall-clock time, read from CSV.

Rows must be in order and without gaps, so that a step's index is its time.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path

from autoscaler.errors import SettingsError

__all__ = ["Series", "departures", "read_series"]

FIRST_ROW = 2  # line 1 is the header


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Counts an interval.

    Attributes:
        start: Wall clock at the beginning of the first step, without a zone.
        step: Length of every step, > 0.
        counts: What arrived in each step, >= 0.
    """

    start: datetime
    step: timedelta
    counts: tuple[float, ...]

    def index(self, at: datetime) -> int:
        """The step that holds the wall-clock time `at`.

        Raises:
            SettingsError: `at` lies outside the series.
        """
        index = (at - self.start) // self.step
        if not 0 <= index < len(self.counts):
            end = self.start + self.step * len(self.counts)
            raise SettingsError(
                f"{at} lies outside the series", help=f"choose a start from {self.start} to before {end}"
            )
        return index


def departures() -> Series:
    """Departures from Newark airport in 2013, a count each 15 minutes (nycflights13, CC0)."""
    with resources.as_file(resources.files("autoscaler.simulation") / "data" / "departures_15min.csv") as path:
        return read_series(path)


def read_series(path: Path, *, time: str = "timestamp", column: str = "count") -> Series:
    """Read a CSV file with a header.

    Args:
        path: The file, UTF-8.
        time: The column of ISO timestamps, the beginning of each step.
        column: The column of counts.

    Raises:
        SettingsError: The file is missing, has under two rows, lacks a column, or a row is not what it should be.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise SettingsError(
            f"cannot be read: {error.strerror}", place=str(path), help="check the path and its permissions"
        ) from error
    if len(rows) < 2 or time not in rows[0] or column not in rows[0]:
        raise SettingsError(
            f"needs the columns {time!r} and {column!r} and at least two rows",
            place=str(path),
            help="name the columns of this file, or write a header",
        )
    start, second = (_moment(row, time, path, line) for line, row in enumerate(rows[:2], FIRST_ROW))
    step = second - start
    counts: list[float] = []
    for line, row in enumerate(rows, FIRST_ROW):
        if step <= timedelta() or _moment(row, time, path, line) != start + step * len(counts):
            raise SettingsError(
                "the steps are not equal and in order", place=f"{path}:{line}", help="fill the gap or sort the file"
            )
        counts.append(_count(row, column, path, line))
    return Series(start=start, step=step, counts=tuple(counts))


def _moment(row: dict[str, str], time: str, path: Path, line: int) -> datetime:
    try:
        return datetime.fromisoformat(row[time])
    except (TypeError, ValueError) as error:
        raise SettingsError(
            f"{row[time]!r} is not a time", place=f"{path}:{line}", help="write it as 2013-01-01 06:00:00"
        ) from error


def _count(row: dict[str, str], column: str, path: Path, line: int) -> float:
    try:
        count = float(row[column])
    except (TypeError, ValueError) as error:
        raise SettingsError(
            f"{row[column]!r} is not a count", place=f"{path}:{line}", help="write a number >= 0"
        ) from error
    if not 0 <= count < float("inf"):
        raise SettingsError(f"{row[column]!r} is not a count", place=f"{path}:{line}", help="write a number >= 0")
    return count
