"""A YAML text as it was written: entries with their characters, comments and empty lines."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Collection", "Comment", "Entry", "Leaf", "Written", "column_of", "is_after_blank"]


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment from its `#` on; `after_blank`: an empty line stands above it."""

    text: str
    after_blank: bool


@dataclass(slots=True, eq=False)
class Leaf:
    """A value as its characters: a scalar with its anchor, or an alias."""

    text: str
    start: int
    end: int
    is_block: bool = False


@dataclass(slots=True, eq=False)
class Entry:
    """A key with its value, or an item of a list (`key` "").

    Attributes:
        key: As written.
        start: Where it begins, its dash in a list.
        value: None until it is read.
        above: Comments above it.
        behind: Comments at the end of its first line, and lines of them that go on below.
        after_blank: An empty line stands right above it.
    """

    key: str
    start: int
    value: Leaf | Collection | None = None
    above: list[Comment] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)
    after_blank: bool = False


@dataclass(slots=True, eq=False)
class Collection:
    """A mapping or list.

    Attributes:
        is_mapping: Whether entries have keys.
        is_flow: Written with brackets.
        anchor: `&name`, "" without.
        indent: Column of its entries, from 0; of no meaning in brackets.
        start, end: In the text; a block's end is its last value's.
        entries: In the text's order.
        below: Comments after the last entry.
        must_break: It holds comments, so it can't stand on one line.
    """

    is_mapping: bool
    is_flow: bool
    anchor: str
    start: int
    indent: int = 0
    end: int = 0
    entries: list[Entry] = field(default_factory=list)
    below: list[Comment] = field(default_factory=list)
    must_break: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """A whole text.

    Attributes:
        root: Its one collection.
        has_marker: It begins with `---`.
        has_anchors: Some entries lean on others, so their order must stay.
        head: Comments above the first entry.
    """

    root: Collection
    has_marker: bool
    has_anchors: bool
    head: list[Comment]


def column_of(text: str, start: int) -> int:
    """Column of an offset, from 0."""
    return start - (text.rfind("\n", 0, start) + 1)


def is_after_blank(text: str, start: int) -> bool:
    """Whether the line above the one of `start` is empty, and `start` is the first thing on its line."""
    line = text.rfind("\n", 0, start) + 1
    if text[line:start].strip() or not line:
        return False
    above = text.rfind("\n", 0, line - 1) + 1
    return not text[above : line - 1].strip()
