"""`at`: days, dates and times of day, and what is none."""

from datetime import date, time

import pytest

from autoscaler.core.book import Weekly
from autoscaler.rulebook import Code, load_text

EVERY_DAY = frozenset(range(7))


def load_window(written: str) -> tuple[tuple[Weekly, ...], list[Code]]:
    text = f"queues: [2001]\nrules:\n  - {{name: lunch, at: {written}, floor: 2}}\n"
    loaded = load_text({"a.yaml": text})
    found = loaded.book.groups[0].rules[0].at if loaded.book else ()
    return found, [diagnostic.code for diagnostic in loaded.diagnostics]


@pytest.mark.parametrize(
    ("written", "window"),
    [
        ("mon-fri 12:00-14:00", Weekly(days=frozenset(range(5)), start=time(12), end=time(14))),
        ("sat", Weekly(days=frozenset({5}), start=time(0), end=time(0))),
        ("22:00-06:00", Weekly(days=EVERY_DAY, start=time(22), end=time(6))),
        ("fri-mon 08:30-24:00", Weekly(days=frozenset({4, 5, 6, 0}), start=time(8, 30), end=time(0))),
        ('"mon,wed-thu 09:00-10:00"', Weekly(days=frozenset({0, 2, 3}), start=time(9), end=time(10))),
        ("Monday 09:00 - 10:00", Weekly(days=frozenset({0}), start=time(9), end=time(10))),
        (
            "2026-12-24 08:00-12:00",
            Weekly(days=frozenset(), start=time(8), end=time(12), dates=(date(2026, 12, 24),)),
        ),
    ],
)
def test_a_window_is_days_or_dates_with_a_time_of_day(written: str, window: Weekly) -> None:
    assert load_window(written) == ((window,), [])


def test_several_windows_are_a_list() -> None:
    windows, codes = load_window("[mon 09:00-10:00, sun]")

    assert (len(windows), codes) == (2, [])


@pytest.mark.parametrize(
    "written",
    [
        "mon-fry",
        "25:00-26:00",
        "12:60-13:00",
        "9:00-10:00",
        "12:00-12:00",
        "mon 12:00",
        '"mon, 2026-12-24"',
        "2026-02-30",
        '" "',
    ],
)
def test_what_is_no_window_is_told_off(written: str) -> None:
    windows, codes = load_window(written)

    assert windows == ()
    assert codes in ([Code.NOT_A_WINDOW], [Code.NO_VALUE])
