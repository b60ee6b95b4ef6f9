"""Traces: which part of a file a scenario covers, and everything that can be wrong with one."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoscaler.rulebook.diagnostics import Diagnostic
from autoscaler.simulation.scenario.traces import Trace, open_sheet, read_trace

from .files import findings, scenario, text

HEADER = "timestamp,count\n"


def rows(*times: str, day: str = "2026-03-02") -> str:
    """A trace of these times, counts 1, 2, 3…"""
    return HEADER + "".join(f"{day} {time},{count}\n" for count, time in enumerate(times, 1))


HOUR = rows("09:00", "09:15", "09:30", "09:45", "10:00")
IN_ROW = "error[E652]: {message}\n --> {path}:{line}:{column}\n  |\n{line} | {row}\n"
IN_FILE = "error[E652]: {message}\n --> {path}:1:1\n  = help: "
IN_ARRIVALS = "error[{code}]: {message}\n --> a.yaml:2:{column}\n"


def said(tmp_path: Path, content: str | bytes, more: str = "", duration: str = "1h") -> str:
    """What is said about a scenario of this trace."""
    (tmp_path / "day.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    return findings(text(duration=duration, arrivals=f"{{trace: day.csv{more}}}"), tmp_path)


@pytest.mark.parametrize(
    ("content", "line", "column", "message"),
    [
        (rows("09:00", "09:15", "10:00"), 4, 1, "2 rows are missing before this one, from 2026-03-02 09:30:00 on"),
        (
            rows("09:00", "09:15", "09:45", "10:00"),
            4,
            1,
            "1 row is missing before this one, from 2026-03-02 09:30:00 on",
        ),
        (rows("09:00", "09:15", "09:15", "09:30"), 4, 1, "this time stands in the row above already"),
        (rows("09:00", "09:30", "09:15", "09:45"), 4, 1, "this row is earlier than the one above"),
        (rows("09:00", "09:15", "09:30", "09:47"), 5, 1, "this row is off the trace's step of 15m"),
        (HOUR + "2026-03-02 10:15,-4\n", 7, 18, "the count -4 is below 0"),
        (HOUR + "2026-03-02 10:15,many\n", 7, 18, '"many" is not a count'),
        (HOUR + "2026-03-02 10:15,nan\n", 7, 18, '"nan" is not a count'),
        (HOUR + "2026-03-02 10:15,inf\n", 7, 18, '"inf" is not a count'),
        (HOUR + "2026-03-02 10:15,1_0\n", 7, 18, '"1_0" is not a count'),
        (HOUR + "2026-03-02 10:15,\n", 7, 1, "the row has no count"),
        (HOUR + "noon,4\n", 7, 1, '"noon" is not a date and time'),
        (HOUR + ",4\n", 7, 1, "the row has no time"),
        (HOUR + "2026-03-02 10:15\n", 7, 1, "the row has 1 of 2 columns"),
        (HEADER + "2026-03-02 09:00:00.0,1\n2026-03-02 09:00:00.5,1\n", 3, 1, "rows are less than a second apart"),
        (
            HEADER + "2026-03-29T00:45+00:00,1\n2026-03-29T02:00+01:00,1\n",
            3,
            1,
            "the offset is not that of the first row: clocks go forward",
        ),
        (
            HEADER + "2026-10-25T01:45+01:00,1\n2026-10-25T01:00+00:00,1\n",
            3,
            1,
            "the offset is not that of the first row: clocks go back",
        ),
        (
            HEADER + "2026-03-29T00:45,1\n2026-03-29T01:00+00:00,1\n",
            3,
            1,
            "times with and without an offset from UTC are mixed",
        ),
        (
            rows("00:30", "00:45", "02:00", "02:15", day="2026-03-29"),
            4,
            1,
            "4 rows are missing before this one, from 2026-03-29 01:00:00 on",
        ),
        (
            rows("01:00", "01:30", "01:00", "01:30", "02:00", day="2026-10-25"),
            4,
            1,
            "this row is earlier than the one above",
        ),
    ],
)
def test_a_wrong_row_is_told_off_in_its_line_of_the_trace(
    content: str, line: int, column: int, message: str, tmp_path: Path
) -> None:
    row = content.splitlines()[line - 1]
    told = said(tmp_path, content, duration="2h" if "2026-03-29 " in content else "1h")
    where = IN_ROW.format(message=message, path=tmp_path / "day.csv", line=line, column=column, row=row)
    assert told.startswith(where)
    assert "= help: " in told


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the trace is empty"),
        (HEADER, "the trace has no rows"),
        (b"\xff\xfe\x00", "byte 0xff is not UTF-8"),
    ],
)
def test_a_file_that_is_no_trace_is_told_off_as_a_whole(content: str | bytes, message: str, tmp_path: Path) -> None:
    assert said(tmp_path, content).startswith(IN_FILE.format(message=message, path=tmp_path / "day.csv"))


@pytest.mark.parametrize(
    ("content", "more", "code", "column", "message", "help_"),
    [
        (
            HOUR.replace("count", "cuont"),
            "",
            "E652",
            19,
            'the trace has no column "count"; it has "timestamp" and "cuont"',
            "add column: cuont",
        ),
        (
            HOUR,
            ", time: timestmp",
            "E652",
            34,
            'the trace has no column "timestmp"; it has "timestamp" and "count"',
            'did you mean "timestamp"?',
        ),
        (
            HOUR,
            ", column: visitors",
            "E652",
            36,
            'the trace has no column "visitors"; it has "timestamp" and "count"',
            "name one of them with column:",
        ),
        (
            HOUR.replace(",", ";"),
            "",
            "E652",
            19,
            'the trace has no column "timestamp"; it has "timestamp;count"',
            "separate columns by commas",
        ),
        (HOUR, ", step: 5m", "E203", 34, "the trace's rows are 15m apart, not 5m", "write step: 15m, or leave it out"),
        (
            HOUR,
            ', start: "2026-03-02 09:05"',
            "E652",
            35,
            "2026-03-02 09:05:00 falls between two rows of the trace",
            'write "2026-03-02 09:00"',
        ),
        (
            HOUR,
            ', start: "2027-03-02 09:00"',
            "E652",
            35,
            "2027-03-02 09:00:00 lies outside the trace",
            "the trace goes from 2026-03-02 09:00:00 to 2026-03-02 10:15:00",
        ),
        (
            HOUR,
            ', start: "2026-03-02 09:30"',
            "E652",
            35,
            "the trace ends at 2026-03-02 10:15:00, before the scenario does",
            "the trace goes from 2026-03-02 09:00:00 to 2026-03-02 10:15:00; shorten duration, or start earlier",
        ),
    ],
)
def test_a_trace_that_does_not_fit_is_told_off_where_the_scenario_names_it(
    content: str, more: str, code: str, column: int, message: str, help_: str, tmp_path: Path
) -> None:
    told = said(tmp_path, content, more)
    assert told.startswith(IN_ARRIVALS.format(code=code, message=message, column=column))
    assert f"= help: {help_}" in told


def test_a_trace_that_is_not_there_is_told_off_with_the_name_of_one_that_is(tmp_path: Path) -> None:
    (tmp_path / "monday.csv").write_text(HOUR)
    told = findings(text(arrivals="{trace: mondays.csv}"), tmp_path)
    assert 'there is no trace "mondays.csv"' in told
    assert 'did you mean "monday.csv"?' in told
    assert 'did you mean "departures_15min.csv"?' in findings(text(arrivals="{trace: departures.csv}"), tmp_path)


def test_a_folder_and_a_device_are_no_traces(tmp_path: Path) -> None:
    for name in (".", "/dev/zero"):
        assert "this is not a file" in findings(text(arrivals=f"{{trace: {name}}}"), tmp_path)


def test_a_trace_wrong_throughout_is_told_so_once(tmp_path: Path) -> None:
    told = said(tmp_path, HEADER + "noon,4\n" * 500)
    assert told.count("error[") == 21
    assert "480 more rows are wrong" in told


def test_a_trace_starts_with_its_first_row_and_sets_the_clock(tmp_path: Path) -> None:
    (tmp_path / "day.csv").write_text(HOUR)
    read = scenario(tmp_path, duration="1h", arrivals="{trace: day.csv, scale: 2}")
    assert read.arrivals.expected.tolist() == [2, 4, 6, 8]
    assert read.arrivals.step_s == 900
    assert f"{read.clock}" == "2026-03-02 09:00:00"
    assert read.arrivals.source == "day.csv from 2026-03-02 09:00, times 2"


def test_a_trace_may_start_later_and_be_played_at_another_time_of_day(tmp_path: Path) -> None:
    (tmp_path / "day.csv").write_text(HOUR)
    later = ', start: "2026-03-02 09:30"'
    read = scenario(tmp_path, duration="40m", arrivals=f"{{trace: day.csv{later}}}")
    assert read.arrivals.expected.tolist() == [3, 4, 5]
    assert f"{read.clock:%H:%M}" == "09:30"
    read = scenario(tmp_path, duration="30m", arrivals=f"{{trace: day.csv{later}}}", clock='"2026-05-01 20:00"')
    assert read.arrivals.expected.tolist() == [3, 4]
    assert f"{read.clock}" == "2026-05-01 20:00:00"


def test_columns_are_found_by_name_and_offsets_that_stay_are_dropped(tmp_path: Path) -> None:
    content = "site, chats ,begin\na,5,2026-03-02T09:00+02:00\na,6.5,2026-03-02T09:05+02:00\n\n"
    (tmp_path / "day.csv").write_text("\ufeff" + content, "utf-8")
    read = scenario(tmp_path, duration="10m", arrivals="{trace: day.csv, time: begin, column: chats}")
    assert read.arrivals.expected.tolist() == [5, 6.5]
    assert f"{read.clock}" == "2026-03-02 09:00:00"


def test_with_gaps_zero_nobody_comes_in_a_missing_step(tmp_path: Path) -> None:
    (tmp_path / "day.csv").write_text(rows("09:00", "09:15", "10:00", "10:15"))
    read = scenario(tmp_path, duration="75m", arrivals="{trace: day.csv, gaps: zero}")
    assert read.arrivals.expected.tolist() == [1, 2, 0, 0, 3]


def test_a_gap_outside_the_covered_time_does_not_matter(tmp_path: Path) -> None:
    nights = rows("09:00", "09:15", "09:30") + rows("09:00", "09:15", "09:30", day="2026-03-03").removeprefix(HEADER)
    assert said(tmp_path, nights, duration="45m") == ""
    assert said(tmp_path, nights, ', start: "2026-03-03 09:00"', duration="45m") == ""
    assert "1 row is missing" in said(tmp_path, nights, duration="1h")


def test_a_single_row_has_the_step_the_scenario_says(tmp_path: Path) -> None:
    (tmp_path / "day.csv").write_text(rows("09:00"))
    read = scenario(tmp_path, duration="1h", arrivals="{trace: day.csv, step: 1h}")
    assert (read.arrivals.step_s, read.arrivals.expected.tolist()) == (3600, [1])


def test_the_shipped_departures_are_found_from_anywhere(tmp_path: Path) -> None:
    arrivals = '{trace: departures_15min.csv, start: "2013-12-10 00:00"}'
    read = scenario(tmp_path, duration="24h", arrivals=arrivals)
    assert len(read.arrivals.expected) == 96
    assert read.arrivals.expected[:19].sum() == 0
    assert read.arrivals.expected.sum() > 200


def test_a_trace_beside_the_scenario_wins_over_a_shipped_one_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "departures_15min.csv").write_text(HOUR)
    read = scenario(tmp_path, duration="1h", arrivals="{trace: departures_15min.csv}")
    assert read.arrivals.expected.tolist() == [1, 2, 3, 4]


CELLS = st.sampled_from(
    [
        "2026-03-02 09:00",
        "2026-03-02 09:05",
        "2026-03-02T09:10+01:00",
        "9999-12-31 23:59",
        "0001-01-01",
        "1",
        "-1",
        "",
        '"',
        ",",
        "\n",
    ]
)


@given(st.lists(st.lists(CELLS, max_size=4).map(",".join), max_size=6).map("\n".join))
@settings(max_examples=200, deadline=None)
def test_any_rows_are_a_trace_or_findings(tmp_path_factory: pytest.TempPathFactory, body: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_text(HEADER + body, "utf-8")
    sheet = open_sheet(path)
    if isinstance(sheet, Diagnostic):
        return
    trace = read_trace(sheet, time="timestamp", column="count")
    if isinstance(trace, Trace):
        assert np.all(np.diff(trace.steps) > 0)
        assert min(trace.counts) >= 0
    else:
        assert trace
        assert all(1 <= found.line <= len(sheet.lines) for found in trace)
