"""One thing to say about a rule file, with its place; `as_json` and `rendering.as_text` are its two faces.

Lines and columns count from 1, columns in characters.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from autoscaler.rulebook.codes import Code, Severity

__all__ = ["Diagnostic", "as_json", "has_errors"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """What is wrong, where, and what to try.

    Attributes:
        code: Registered in `codes`.
        path: File or folder as the caller named it.
        line, column: First character, from 1; 1, 1 when it is about the file as a whole.
        end_column: One past the last character on that line, > column.
        message: One sentence without its place.
        help: What to try; "" when the message says it.
        source_line: The whole line, without its end; "" when there is none to show.
    """

    code: Code
    path: str
    line: int
    column: int
    end_column: int
    message: str
    help: str = ""
    source_line: str = ""

    @property
    def severity(self) -> Severity:
        """As its code says."""
        return self.code.severity


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether any of them keeps the rules from being used."""
    return any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)


def as_json(diagnostics: Iterable[Diagnostic]) -> list[dict[str, str | int]]:
    """Rows of `check --format json`, in the given order."""
    return [
        {
            "code": diagnostic.code.label,
            "severity": diagnostic.severity.value,
            "path": diagnostic.path,
            "line": diagnostic.line,
            "column": diagnostic.column,
            "message": diagnostic.message,
            "help": diagnostic.help,
        }
        for diagnostic in diagnostics
    ]
