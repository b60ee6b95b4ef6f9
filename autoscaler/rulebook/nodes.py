"""A YAML document as a tree of text with places; nothing is converted, so nothing is guessed.

`no`, `010` and `12:30` stay the characters they are; the grammar says what they should be.
"""

from __future__ import annotations

from dataclasses import dataclass

from autoscaler.rulebook.source import Span

__all__ = ["Entry", "Items", "Node", "Scalar", "Table"]


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as text.

    Attributes:
        value: After unquoting and folding.
        style: "" plain, else the quote or block sign: ' " | >.
        span: Quotes and block signs included, anchors not.
    """

    value: str
    style: str
    span: Span

    @property
    def is_plain(self) -> bool:
        """Written without quotes, the style in which YAML readers guess types."""
        return self.style == ""

    @property
    def is_null(self) -> bool:
        """Nothing written, or a plain null."""
        return self.is_plain and self.value in {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    nodes: tuple[Node, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Entry:
    """One key and its value."""

    key: Scalar
    value: Node


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping; keys are unique once composed."""

    entries: tuple[Entry, ...]
    span: Span


Node = Scalar | Items | Table
