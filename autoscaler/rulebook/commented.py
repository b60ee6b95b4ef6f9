"""A YAML text as a tree that keeps what parsers drop: comments, blank lines and the characters of every value.

Every comment belongs to exactly one entry or collection: behind a value, above an entry, or at a collection's end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

__all__ = ["Collection", "Comment", "Entry", "Leaf", "Written", "read_written"]

# libyaml's parser where PyYAML was built with it: the same events, ten times as fast.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BREAKS = "\n\r"


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


def read_written(text: str) -> Written | None:
    """The text as a tree.

    Args:
        text: One YAML document that parses, line ends as `\\n`.

    Returns:
        None when it is no collection, or uses directives.
    """
    builder = _Builder(text)
    for event in yaml.parse(text, Loader=_LOADER):
        builder.take(event)
    root = builder.root
    if not isinstance(root, Collection) or builder.has_directives:
        return None
    placer = _Placer(text, root, builder.entries)
    for start, end in _comments(text, builder.leaves):
        placer.place(start, end)
    for entry in builder.entries:
        entry.after_blank = _is_after_blank(text, entry.start)
    head: list[Comment] = []
    if root.entries:
        head, root.entries[0].above = root.entries[0].above, []
    return Written(root, builder.has_marker, builder.has_anchors, head)


class _Builder:
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
        self._key: Leaf | None = None
        self._keys: list[Leaf | None] = []

    def take(self, event: Any) -> None:
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
                one = Collection(is_mapping, bool(event.flow_style), anchor, event.start_mark.index)
                self._value(one)
                self._open.append(one)
                self._keys.append(self._key)
                self._key = None
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._key = self._keys.pop()
                self._close(self._open.pop(), event.end_mark.index)
            case _:
                pass  # starts and ends of streams and documents say nothing

    def _leaf(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        is_block = getattr(event, "style", None) in {"|", ">"}
        text = self._text[start:end]
        if is_block:
            text = _block_text(text)
        self.has_anchors |= event.anchor is not None
        leaf = Leaf(text, start, start + len(text), is_block)
        self.leaves.append(leaf)
        parent = self._open[-1] if self._open else None
        if parent is not None and parent.is_mapping and self._key is None:
            self._key = leaf
            entry = Entry(leaf.text, leaf.start)
            self._enter(parent, entry)
        else:
            self._value(leaf)

    def _value(self, value: Leaf | Collection) -> None:
        parent = self._open[-1] if self._open else None
        if parent is None:
            self.root = value
        elif parent.is_mapping:
            parent.entries[-1].value = value
            self._key = None
        else:
            start = value.start if parent.is_flow else self._dash_before(value.start)
            self._enter(parent, Entry("", start, value))

    def _enter(self, parent: Collection, entry: Entry) -> None:
        if not parent.entries:
            parent.indent = _column(self._text, entry.start)
        parent.entries.append(entry)
        self.entries.append(entry)

    def _dash_before(self, start: int) -> int:
        """The `-` of a list's item; between them stand only blanks, comments and line ends."""
        at = start
        while True:
            line = self._text.rfind("\n", 0, at) + 1
            content = self._text[line:at]
            hit = _last_dash(content)
            if hit >= 0:
                return line + hit
            if line == 0:
                return start
            at = line - 1

    def _close(self, one: Collection, end: int) -> None:
        if one.is_flow or not one.entries:
            one.end = end
            return
        last = one.entries[-1]
        one.end = last.value.end if last.value is not None and last.value.end > last.start else last.start


class _Placer:
    """Gives each comment to an entry or a collection, in reading order."""

    def __init__(self, text: str, root: Collection, entries: list[Entry]) -> None:
        self._text = text
        self._entries = entries
        self._parents: dict[Entry, list[tuple[Collection, Entry]]] = {}
        self._walk(root, [])
        self._root = root
        self._next = 0
        self._leads: Entry | None = None
        self._behind: tuple[Entry, int, int] | None = None

    def place(self, start: int, end: int) -> None:
        """Place the comment at start..end."""
        while self._next < len(self._entries) and self._entries[self._next].start < start:
            self._next += 1
        last = self._entries[self._next - 1] if self._next else None
        following = self._entries[self._next] if self._next < len(self._entries) else None
        text = self._text[start:end].rstrip()
        line = self._text.count("\n", 0, start)
        column = _column(self._text, start)
        if last is not None and self._text[start - column : start].strip():
            self._at_line_end(last, text, start, line, column)
            return
        comment = Comment(text, _is_after_blank(self._text, start))
        if self._behind is not None and self._behind[1:] == (line - 1, column):
            owner = self._behind[0]
            owner.behind.append(text)
            self._behind = (owner, line, column)
            return
        if last is None:
            assert following is not None  # the root has entries
            following.above.append(comment)
            return
        self._on_its_own(last, following, comment, start, column)

    def _at_line_end(self, last: Entry, text: str, start: int, line: int, column: int) -> None:
        owner = last
        for collection, holder in reversed(self._parents[last]):
            if collection.is_flow and start < collection.end:
                collection.must_break = True
            elif collection.is_flow:
                owner = holder
        for collection, _ in self._parents[last]:
            if collection.is_flow and start < collection.end:
                collection.must_break = True
        value = owner.value
        if isinstance(value, Collection) and value.is_flow and value.start < start < value.end and not value.entries:
            value.must_break = True
        if value is not None and value.start > start and not isinstance(value, Collection):
            owner.above.append(Comment(text, after_blank=False))  # between a key and its value
            return
        owner.behind.append(text)
        self._behind = (owner, line, column)

    def _on_its_own(self, last: Entry, following: Entry | None, comment: Comment, start: int, column: int) -> None:
        chain = [collection for collection, _ in self._parents[last]]
        value = last.value
        if isinstance(value, Collection) and value.is_flow and value.start < start < value.end:
            chain.append(value)
        flows = [collection for collection in chain if collection.is_flow and collection.start < start < collection.end]
        for flow in flows:
            flow.must_break = True
        if value is not None and value.start >= start and not (isinstance(value, Collection) and not value.is_flow):
            last.above.append(comment)
            return
        if flows:
            inner = flows[-1]
            if following is not None and following.start < inner.end:
                following.above.append(comment)
            else:
                inner.below.append(comment)
            return
        if following is not None and self._leads is following:
            following.above.append(comment)
            return
        goes_on = [] if following is None else [collection for collection, _ in self._parents[following]]
        edge = _column(self._text, following.start) if following is not None else -1
        ended = [one for one in chain if one not in goes_on and not one.is_flow and one.indent <= column]
        if column > edge and ended:
            deepest = max(one.indent for one in ended)
            next(one for one in ended if one.indent == deepest).below.append(comment)
        elif following is None:
            self._root.below.append(comment)
        else:
            self._leads = following
            following.above.append(comment)

    def _walk(self, collection: Collection, above: list[tuple[Collection, Entry]]) -> None:
        for entry in collection.entries:
            chain = [*above, (collection, above[-1][1] if False else entry)]
            self._parents[entry] = chain
            if isinstance(entry.value, Collection):
                self._walk(entry.value, chain)


def _comments(text: str, leaves: list[Leaf]) -> Iterator[tuple[int, int]]:
    """Start and end of every comment: `#` outside values, at a line's start or behind white space."""
    at = 0
    for leaf in [*leaves, Leaf("", len(text), len(text))]:
        while at < leaf.start:
            sign = text.find("#", at, leaf.start)
            if sign < 0:
                break
            if sign == 0 or text[sign - 1] in " \t\n":
                end = text.find("\n", sign)
                end = len(text) if end < 0 else end
                yield sign, end
                at = end
            else:
                at = sign + 1
        at = max(at, leaf.end)


def _block_text(text: str) -> str:
    """A block scalar without the empty lines below it, which belong to it only after `+`."""
    header, _, body = text.partition("\n")
    if "+" in header.partition("#")[0]:
        return text.removesuffix("\n") if text.endswith("\n") else text
    return f"{header}\n{body.rstrip()}" if body.strip() else header


def _last_dash(content: str) -> int:
    """Where a line's dash stands that opens what follows, -1 for none; comments don't count."""
    code = content
    for at, sign in enumerate(content):
        if sign == "#" and (at == 0 or content[at - 1] in " \t"):
            code = content[:at]
            break
    stripped = code.rstrip()
    words = stripped.split()
    while words and words[-1].startswith("&"):
        stripped = stripped[: stripped.rfind(words.pop())].rstrip()
    return len(stripped) - 1 if stripped.endswith("-") else -1


def _column(text: str, start: int) -> int:
    return start - (text.rfind("\n", 0, start) + 1)


def _is_after_blank(text: str, start: int) -> bool:
    """Whether the line above the one of `start` is empty, and `start` is the first thing on its line."""
    line = text.rfind("\n", 0, start) + 1
    if text[line:start].strip() or not line:
        return False
    above = text.rfind("\n", 0, line - 1) + 1
    return not text[above : line - 1].strip()
