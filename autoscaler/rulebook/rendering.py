"""Diagnostics as text for people: code, message, place, source line, carets, help.

It reads the same without colour, and no character of a rule file reaches the terminal as a control code.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from autoscaler.rulebook.codes import Severity
from autoscaler.rulebook.diagnostics import Diagnostic

__all__ = ["as_text", "summary"]

_WIDEST = 140
_RED, _YELLOW, _BLUE, _CYAN, _BOLD, _PLAIN = "\x1b[1;31m", "\x1b[1;33m", "\x1b[1;34m", "\x1b[36m", "\x1b[1m", "\x1b[0m"


def as_text(diagnostics: Iterable[Diagnostic], *, colour: bool = False) -> str:
    """All of them, a blank line between two; "" for none. Ends without a line break."""
    return "\n\n".join(_one(diagnostic, colour=colour) for diagnostic in diagnostics)


def summary(diagnostics: Sequence[Diagnostic], files: int) -> str:
    """One closing line, such as `2 errors and 1 warning in 3 files`."""
    errors = sum(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)
    counts = [_count(errors, "error"), _count(len(diagnostics) - errors, "warning")]
    said = " and ".join(count for count in counts if not count.startswith("0 ")) or "no findings"
    return f"{said} in {_count(files, 'file')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _one(diagnostic: Diagnostic, *, colour: bool) -> str:
    def paint(text: str, code: str) -> str:
        return f"{code}{text}{_PLAIN}" if colour else text

    loud = _RED if diagnostic.severity is Severity.ERROR else _YELLOW
    head = paint(f"{diagnostic.severity.value}[{diagnostic.code.label}]", loud)
    number = str(diagnostic.line)
    gutter = " " * len(number)
    place = f"{_shown(diagnostic.path)}:{diagnostic.line}:{diagnostic.column}"
    lines = [f"{head}: {paint(_shown(diagnostic.message), _BOLD)}", f"{gutter}{paint('-->', _BLUE)} {place}"]
    if diagnostic.source_line:
        text, carets = _cut(diagnostic)
        bar = paint("|", _BLUE)
        lines += [f"{gutter} {bar}", f"{paint(number, _BLUE)} {bar} {text}", f"{gutter} {bar} {paint(carets, loud)}"]
    if diagnostic.help:
        lines.append(f"{gutter} {paint('=', _BLUE)} {paint('help:', _CYAN)} {_shown(diagnostic.help)}")
    return "\n".join(lines)


def _cut(diagnostic: Diagnostic) -> tuple[str, str]:
    """The part of the source line worth showing, and the carets under it."""
    line, start = diagnostic.source_line, diagnostic.column - 1
    end = max(min(diagnostic.end_column - 1, len(line)), start + 1)
    left = max(0, start - _WIDEST // 2) if len(line) > _WIDEST else 0
    right = min(len(line), left + _WIDEST)
    before = ("… " if left else "") + _shown(line[left:start])
    marked = _shown(line[start : min(end, right)])
    after = _shown(line[min(end, right) : right]) + (" …" if right < len(line) else "")
    return (before + marked + after).rstrip(), " " * _width(before) + "^" * max(_width(marked), 1)


def _shown(text: str) -> str:
    return "".join(
        char if char.isprintable() else " " if char in "\t\n\r" else "\N{REPLACEMENT CHARACTER}" for char in text
    )


def _width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )
