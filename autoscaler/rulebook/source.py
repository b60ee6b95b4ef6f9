"""The text of one rule file and where its characters stand.

Everything below works with offsets into the text; lines and columns are made from them here alone.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

__all__ = ["Source", "Span"]

_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Span:
    """Characters from `start` up to `end`, offsets into the text, start <= end."""

    start: int
    end: int


class Source:
    """One file's text under the name the caller gave it."""

    def __init__(self, name: str, text: str) -> None:
        """Index the lines; `text` is without a byte order mark."""
        self.name = name
        self.text = text
        self._starts = [0]
        self._lines: list[str] = []
        for match in _LINE_END.finditer(text):
            self._lines.append(text[self._starts[-1] : match.start()])
            self._starts.append(match.end())
        self._lines.append(text[self._starts[-1] :])

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1."""
        row = bisect_right(self._starts, offset) - 1
        return row + 1, offset - self._starts[row] + 1

    def line(self, number: int) -> str:
        """The text of a line, from 1, without its end."""
        return self._lines[number - 1]
