"""Collects what there is to say about one file; reading goes on after every error.

The same thing at the same place is said once. A file can't produce more than `MOST` of them; the one that says so is an
error, so what was dropped can never let a wrong file through.
"""

from __future__ import annotations

from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.diagnostics import Diagnostic, has_errors
from autoscaler.rulebook.source import Source, Span

__all__ = ["MOST", "Reporter"]

MOST = 1000
"""Diagnostics of one file; more help nobody and cost memory."""


class Reporter:
    """The one place where spans become lines and columns."""

    def __init__(self, source: Source) -> None:
        """Report on `source`."""
        self.source = source
        self._found: dict[tuple[int, Code, str], Diagnostic] = {}

    def report(self, code: Code, span: Span, message: str, help: str = "") -> None:  # noqa: A002 the diagnostics' own word
        """Note one thing; `span` may cross lines, its first line is shown."""
        if self.is_full:
            return
        if len(self._found) == MOST - 1:
            code, message, help = Code.TOO_MUCH, "too many findings; the rest is not shown", "mend those above first"  # noqa: A001 the parameter's name
        line, column = self.source.place(span.start)
        source_line = self.source.line(line)
        end_column = min(column + max(span.end - span.start, 1), max(len(source_line) + 1, column + 1))
        self._found.setdefault(
            (span.start, code, message),
            Diagnostic(
                code=code,
                path=self.source.name,
                line=line,
                column=column,
                end_column=end_column,
                message=message,
                help=help,
                source_line=source_line,
            ),
        )

    def where(self, span: Span) -> str:
        """`line 12`, for messages that name a second place of the same file."""
        return f"line {self.source.place(span.start)[0]}"

    @property
    def has_errors(self) -> bool:
        """Whether anything reported so far keeps the file from being used."""
        return has_errors(self._found.values())

    @property
    def is_full(self) -> bool:
        """Whether further reports are dropped."""
        return len(self._found) >= MOST

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """In reading order."""
        return tuple(sorted(self._found.values(), key=lambda found: (found.line, found.column, found.code.label)))
