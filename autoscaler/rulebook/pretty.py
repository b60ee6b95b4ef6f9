"""A commented tree back to text, in the one form that rule files have.

Two spaces a level, lists one level in, one space after `:` and inside lists, brackets on one line where they fit in
120 characters and as a block where not, no more than one empty line in a row, comments of neighbouring lines in a row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from autoscaler.rulebook.written import Collection, Comment, Entry, Leaf, Written

__all__ = ["WIDEST", "is_on_one_line", "pretty"]

WIDEST = 120
"""Characters of a line, as far as brackets can be opened up to keep to it."""

_ALIGNED = 76
"""Longer lines keep out of the row of comments."""


def pretty(written: Written) -> str:
    """The text; it ends with a line break."""
    printer = _Printer()
    for comment in written.head:
        printer.comment(comment, 0)
    if written.has_marker:
        printer.line("---")
    printer.collection(written.root, 0)
    return printer.text()


def is_on_one_line(value: Leaf | Collection | None, used: int) -> bool:
    """Whether a value stands on the line of its key, `used` characters of which are taken."""
    if value is None or isinstance(value, Leaf):
        return True
    if not value.entries:
        return True
    text = _inline(value)
    return text is not None and used + 1 + len(text) <= WIDEST


@dataclass(slots=True)
class _Line:
    text: str
    behind: list[str] = field(default_factory=list)


class _Printer:
    """Collects lines."""

    def __init__(self) -> None:
        self._lines: list[_Line] = []

    def line(self, text: str, behind: Iterable[str] = ()) -> None:
        """Add a line and the comments behind it."""
        self._lines.append(_Line(text, list(behind)))

    def comment(self, comment: Comment, indent: int) -> None:
        """Add a comment's line."""
        self._gap(comment.after_blank)
        self.line(" " * indent + comment.text)

    def collection(self, one: Collection, indent: int) -> None:
        """Add a collection as a block."""
        if not one.entries:
            self.line(" " * indent + _bracketed(one, ""))
        for index, entry in enumerate(one.entries):
            self._entry(one, entry, indent, is_first=index == 0)
        for comment in one.below:
            self.comment(comment, indent)

    def text(self) -> str:
        """Everything, with the comments of neighbouring lines in a row."""
        result: list[str] = []
        row: list[_Line] = []
        for line in [*self._lines, _Line("")]:
            if row and (not line.behind or len(line.text) > _ALIGNED or len(row[-1].text) > _ALIGNED):
                result += _in_a_row(row)
                row = []
            if line.behind:
                row.append(line)
            else:
                result.append(line.text)
        return "\n".join(result[:-1]) + "\n"

    def _gap(self, is_wanted: bool) -> None:
        if is_wanted and self._lines and self._lines[-1].text:
            self.line("")

    def _entry(self, parent: Collection, entry: Entry, indent: int, *, is_first: bool) -> None:
        is_nested = is_first and indent > 0
        head = " " * indent + (f"{entry.key}:" if parent.is_mapping else "-")
        value = entry.value
        is_block = isinstance(value, Collection) and not is_on_one_line(value, len(head))
        if is_block and not parent.is_mapping:
            _hoist(entry)
        for index, comment in enumerate(entry.above):
            self.comment(Comment(comment.text, comment.after_blank and not (is_nested and index == 0)), indent)
        self._gap(entry.after_blank and not (is_nested and not entry.above))
        if isinstance(value, Collection) and is_block:
            self._block(parent, entry, value, head, indent)
        elif isinstance(value, Collection):
            self.line(f"{head} {_inline(value) or _bracketed(value, '')}", entry.behind)
        elif value is None or not value.text:
            self.line(head, entry.behind)
        else:
            self._leaf(parent, entry, value, head, indent)

    def _block(self, parent: Collection, entry: Entry, value: Collection, head: str, indent: int) -> None:
        if parent.is_mapping or value.anchor:
            self.line(f"{head} {value.anchor}" if value.anchor else head, entry.behind)
            self.collection(value, indent + 2)
            return
        at = len(self._lines)
        self.collection(value, indent + 2)
        first = self._lines[at]
        first.text = f"{head} {first.text[indent + 2 :]}"

    def _leaf(self, parent: Collection, entry: Entry, leaf: Leaf, head: str, indent: int) -> None:
        first, *rest = leaf.text.split("\n")
        lines = [f"{head} {first}"]
        if leaf.is_block:
            lines += _shifted(first, rest, parent.indent, indent)
        else:
            inside = [line.strip(" \t") for line in rest]
            lines += [" " * (indent + 2) + line if line else "" for line in inside]
        for line in lines[:-1]:
            self.line(line)
        self.line(lines[-1], entry.behind)


def _hoist(entry: Entry) -> None:
    """Comments that would stand between a dash and what it opens go above the dash."""
    above = [*entry.above, *(Comment(text, after_blank=False) for text in entry.behind)]
    value = entry.value
    while isinstance(value, Collection) and value.entries and not value.anchor:
        first = value.entries[0]
        above += first.above
        first.above, first.after_blank = [], False
        value = None if value.is_mapping else first.value
    if not (isinstance(entry.value, Collection) and entry.value.anchor):
        entry.above, entry.behind = above, []


def _inline(one: Collection) -> str | None:
    """The collection with brackets on one line; None where it can't stand on one."""
    if one.must_break or not one.is_flow:
        return None
    parts = []
    for entry in one.entries:
        value = entry.value
        text = _inline(value) if isinstance(value, Collection) else value.text if value else ""
        if text is None or "\n" in text or "\n" in entry.key:
            return None
        parts.append(f"{entry.key}: {text}" if one.is_mapping else text)
    return _bracketed(one, ", ".join(parts))


def _bracketed(one: Collection, inside: str) -> str:
    text = f"{{{inside}}}" if one.is_mapping else f"[{inside}]"
    return f"{one.anchor} {text}" if one.anchor else text


def _shifted(header: str, body: list[str], was: int, now: int) -> list[str]:
    """A block scalar's lines, moved with the key they stand under."""
    sign = header.partition("#")[0]
    digits = [char for char in sign if char.isdigit() and char != "0"]
    if digits and not sign.startswith("&"):
        old, new = was + int(digits[0]), now + int(digits[0])
    else:
        first = next((line for line in body if line.strip()), "")
        old, new = len(first) - len(first.lstrip(" ")), now + 2
    return [" " * new + line[old:] if line[old:] else "" for line in body]


def _in_a_row(lines: list[_Line]) -> list[str]:
    column = max(len(line.text) for line in lines) + 2
    result = []
    for line in lines:
        first, *rest = line.behind
        result.append(line.text.ljust(column) + first)
        result += [" " * column + text for text in rest]
    return result
