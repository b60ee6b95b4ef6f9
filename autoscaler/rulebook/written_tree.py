"""The parser's events to a tree of what was written, comments left aside."""

from __future__ import annotations

from typing import Any

import yaml

from autoscaler.rulebook.written import Collection, Entry, Leaf, column_of

__all__ = ["Builder"]


class Builder:
    """Events to the tree, without comments."""

    def __init__(self, text: str) -> None:
        self.root: Leaf | Collection | None = None
        self.entries: list[Entry] = []
        self.leaves: list[Leaf] = []
        self.has_marker = False
        self.has_anchors = False
        self.has_directives = False
        self._text = text
        self._open: list[Collection] = []

    def take(self, event: Any) -> None:
        """Take the parser's next event."""
        match event:
            case yaml.DocumentStartEvent():
                self.has_marker = bool(event.explicit)
                self.has_directives = bool(event.version or event.tags)
            case yaml.ScalarEvent() | yaml.AliasEvent():
                self._leaf(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                anchor = f"&{event.anchor}" if event.anchor else ""
                self.has_anchors |= bool(anchor)
                is_mapping = isinstance(event, yaml.MappingStartEvent)
                one = Collection(is_mapping, bool(event.flow_style), anchor, _index(event.start_mark))
                self._value(one)
                self._open.append(one)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._close(self._open.pop(), _index(event.end_mark))
            case _:
                pass  # starts and ends of streams and documents say nothing

    def _leaf(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        is_block = getattr(event, "style", None) in {"|", ">"}
        text = _block_text(self._text[start:end]) if is_block else self._text[start:end]
        self.has_anchors |= event.anchor is not None
        leaf = Leaf(text, start, start + len(text), is_block)
        self.leaves.append(leaf)
        parent = self._open[-1] if self._open else None
        if parent is not None and parent.is_mapping and not (parent.entries and parent.entries[-1].value is None):
            self._enter(parent, Entry(leaf.text, leaf.start))
        else:
            self._value(leaf)

    def _value(self, value: Leaf | Collection) -> None:
        parent = self._open[-1] if self._open else None
        if parent is None:
            self.root = value
        elif parent.is_mapping:
            parent.entries[-1].value = value
        else:
            start = value.start if parent.is_flow else self._dash_before(value.start)
            self._enter(parent, Entry("", start, value))

    def _enter(self, parent: Collection, entry: Entry) -> None:
        if not parent.entries:
            parent.indent = column_of(self._text, entry.start)
        parent.entries.append(entry)
        self.entries.append(entry)

    def _dash_before(self, start: int) -> int:
        """The dash of a list's item; between the two stand only blanks, comments and line ends."""
        at = start
        while True:
            line = self._text.rfind("\n", 0, at) + 1
            code = self._text[line:at].partition("#")[0].rstrip()
            if code.endswith("-"):
                return line + len(code) - 1
            if not line:
                return start
            at = line - 1

    def _close(self, one: Collection, end: int) -> None:
        if one.is_flow or not one.entries:
            one.end = end
            return
        last = one.entries[-1]
        one.end = last.value.end if last.value is not None and last.value.end > last.start else last.start


def _block_text(text: str) -> str:
    """A block scalar without the empty lines below it, which belong to it only after `+`."""
    header, _, body = text.partition("\n")
    if "+" in header.partition("#")[0]:
        return text.removesuffix("\n") if text.endswith("\n") else text
    return f"{header}\n{body.rstrip()}" if body.strip() else header


def _index(mark: Any) -> int:
    index: int = mark.index
    return index
