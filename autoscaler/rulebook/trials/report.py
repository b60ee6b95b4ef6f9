"""All tests run: what they came to, as values, as lines for people, and as JSON."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from autoscaler.core.printing import in_words
from autoscaler.core.verdicts import VerdictKind
from autoscaler.rulebook.trials.coverage import Coverage, Seen
from autoscaler.rulebook.trials.judging import Moment
from autoscaler.rulebook.trials.running import Row, Verdicts, run_trial
from autoscaler.rulebook.trials.trial import Trials

__all__ = ["Ran", "Report", "as_lines", "coverage_lines", "report_to_json", "run_all"]

_MOST_RULES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One test that was run, and how many seconds it took."""

    path: str
    verdicts: Verdicts
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that was run, and the coverage of each rule file, by path; () when it was not asked for."""

    ran: tuple[Ran, ...]
    coverage: tuple[Coverage, ...]

    @property
    def failed(self) -> int:
        """How many tests failed."""
        return sum(bool(one.verdicts.failures) for one in self.ran)


def run_all(files: Iterable[Trials], *, with_coverage: bool, monotonic: Callable[[], float]) -> Report:
    """Run every test of every file.

    Args:
        files: Good test files.
        with_coverage: Whether conditions are looked at part by part, which takes twice as long.
        monotonic: Seconds that never go back, for how long a test took.
    """
    ran = []
    coverages: dict[str, Coverage] = {}
    for file in files:
        watch: Callable[[Moment], None] = _watch_nothing
        if with_coverage:
            path = os.path.normpath(file.rules_path)
            coverage = coverages.setdefault(path, Coverage(path, file.rules_text, file.book))
            watch = coverage.watch
        for trial in file.trials:
            start = monotonic()
            verdicts = run_trial(trial, file.book, watch=watch)
            ran.append(Ran(path=file.path, verdicts=verdicts, seconds=monotonic() - start))
    return Report(ran=tuple(ran), coverage=tuple(coverages[path] for path in sorted(coverages)))


def as_lines(ran: Ran) -> list[str]:
    """One line for a test that passed; for one that failed, what was expected, what came, and why."""
    trial = ran.verdicts.trial
    word = "FAIL" if ran.verdicts.failures else "ok  "
    lines = [f"{word}  {ran.path}: {trial.name}"]
    lines += [f"      {line}".rstrip() for line in failures_lines(ran)]
    return lines


def failures_lines(ran: Ran) -> list[str]:
    """Every unmet claim with its place, the tick's explanation, and the ticks around it, which are shown once."""
    lines: list[str] = []
    shown: tuple[object, ...] = ()
    for failure in ran.verdicts.failures:
        place = f"{ran.path}:{failure.expectation.line}:{failure.expectation.column}"
        lines += [
            f"{place}  {failure.expectation.source_line}",
            f"  at {in_words(failure.at_s)}",
            f"  - expected  {failure.expected}",
            f"  + got       {failure.got}",
        ]
        story = (failure.at_s, failure.why)
        if story != shown:
            lines += ["  because", *(f"    {sentence}" for sentence in failure.why)] if failure.why else []
            lines += [f"  {line}" for line in _table(failure.around, failure.at_s)]
        shown = story
        lines.append("")
    return lines


def coverage_lines(coverage: Coverage) -> list[str]:
    """A table of the rules, and the places that no test exercised."""
    seen, total = coverage.points
    share = f"{100 * seen / total:.0f} %" if total else "nothing to exercise"
    lines = [f"coverage of {coverage.path}: {share} ({seen} of {total})"]
    rows: list[tuple[str, ...]] = [("rule", "line", "true", "false", "unknown", "acted", "branches")]
    for parts, own, branches in coverage.rules:
        met = sum(one.yes + one.no for _, one in branches)
        cells = [_mark(own.yes), _mark(own.no), _mark(own.unknown), _mark(own.acted)]
        rows.append((parts.rule.name, str(parts.line), *cells, f"{met}/{2 * len(branches)}" if branches else "-"))
    lines += [f"  {line}" for line in _aligned(rows)]
    lines += [f"  {coverage.path}:{gap.line}:{gap.column}  {gap.sentence}" for gap in coverage.gaps]
    return lines


def report_to_json(report: Report) -> dict[str, Any]:
    """The report as JSON values."""
    return {
        "tests": [_test_to_json(one) for one in report.ran],
        "passed": len(report.ran) - report.failed,
        "failed": report.failed,
        "coverage": [_coverage_to_json(one) for one in report.coverage],
    }


def _watch_nothing(_moment: Moment) -> None:
    """Coverage was not asked for."""


def _table(rows: Sequence[Row], at_s: float) -> list[str]:
    names = [name for name, _ in rows[0].verdicts] if rows else []
    if len(names) > _MOST_RULES:
        still = VerdictKind.FALSE.value
        stirred = [name for name in names if any(dict(row.verdicts)[name] != still for row in rows)]
        names = stirred[:_MOST_RULES]
    header = ("", "time", "waiting", "load", "slots", "wanted", "changes", *names)
    cells: list[tuple[str, ...]] = [header]
    for row in rows:
        verdicts = dict(row.verdicts)
        numbers = (_number(row.waiting), _number(row.load), str(row.slots), str(row.wanted), str(row.changes))
        mark = ">" if row.at_s == at_s else ""
        cells.append((mark, in_words(row.at_s), *numbers, *(verdicts[name] for name in names)))
    return _aligned(cells)


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _number(value: float) -> str:
    return "?" if math.isnan(value) else f"{value:g}"


def _mark(is_seen: bool) -> str:
    return "yes" if is_seen else "no"


def _test_to_json(ran: Ran) -> dict[str, Any]:
    trial = ran.verdicts.trial
    return {
        "path": ran.path,
        "line": trial.line,
        "name": trial.name,
        "outcome": "failed" if ran.verdicts.failures else "passed",
        "ticks": trial.ticks,
        "changes": ran.verdicts.changes,
        "seconds": round(ran.seconds, 6),
        "failures": [
            {
                "line": failure.expectation.line,
                "column": failure.expectation.column,
                "at_s": failure.at_s,
                "expected": failure.expected,
                "got": failure.got,
                "why": list(failure.why),
            }
            for failure in ran.verdicts.failures
        ],
    }


def _coverage_to_json(coverage: Coverage) -> dict[str, Any]:
    seen, total = coverage.points
    return {
        "path": coverage.path,
        "exercised": seen,
        "total": total,
        "rules": [
            {
                "name": parts.rule.name,
                "line": parts.line,
                **_seen(own),
                "acted": own.acted,
                "branches": [
                    {"text": branch.text, "line": branch.line, "column": branch.column, **_seen(one)}
                    for branch, one in branches
                ],
            }
            for parts, own, branches in coverage.rules
        ],
        "gaps": [{"line": gap.line, "column": gap.column, "what": gap.sentence} for gap in coverage.gaps],
    }


def _seen(seen: Seen) -> dict[str, bool]:
    return {"true": seen.yes, "false": seen.no, "unknown": seen.unknown}
