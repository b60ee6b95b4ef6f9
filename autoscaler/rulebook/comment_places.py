"""Where a comment belongs: behind a value, above an entry, or at the end of a collection.

What stands at a line's end is about the line; what stands alone is about the entry below, unless it is indented like
the collection that ends there.
"""

from __future__ import annotations

import re

from autoscaler.rulebook.source import Source
from autoscaler.rulebook.written import Collection, Comment, Entry, Leaf, column_of, is_after_blank

__all__ = ["Placer"]

_EMPTY_LINE = re.compile(r"\n[ \t]*\n")


class Placer:
    """Gives each comment to an entry or a collection, in reading order."""

    def __init__(self, text: str, root: Collection, entries: list[Entry]) -> None:
        self._source = Source("", text)
        self._text = text
        self._root = root
        self._entries = entries
        self._paths: dict[Entry, list[tuple[Collection, Entry]]] = {}
        self._walk(root, [])
        self._next = 0
        self._leads: Entry | None = None
        self._behind: tuple[Entry, int, int] | None = None

    def place(self, start: int, end: int) -> None:
        """Place the comment at start..end; they come in reading order."""
        while self._next < len(self._entries) and self._entries[self._next].start < start:
            self._next += 1
        last = self._entries[self._next - 1] if self._next else None
        following = self._entries[self._next] if self._next < len(self._entries) else None
        text = self._text[start:end].rstrip()
        line, column = self._source.place(start)
        comment = Comment(text, is_after_blank(self._text, start))
        if last is None:
            (self._root.below if following is None else following.above).append(comment)
        elif self._text[start - column + 1 : start].strip():
            self._at_line_end(last, text, start, (line, column))
        elif self._behind is not None and self._behind[1:] == (line - 1, column):
            self._behind[0].behind.append(text)
            self._behind = (self._behind[0], line, column)
        else:
            self._on_its_own(last, following, comment, start, column - 1)

    def _at_line_end(self, last: Entry, text: str, start: int, place: tuple[int, int]) -> None:
        owner, value = last, last.value
        holder: Entry | None = None
        for collection, entry in self._paths[last]:
            if collection.is_flow and start < collection.end:
                collection.must_break = True
            elif collection.is_flow and collection.must_break and self._ends_with(collection, last, place[0]):
                break
            elif collection.is_flow and holder is not None:
                owner, value = holder, holder.value  # the brackets are closed, so it is said of whoever holds them
                break
            holder = entry
        if isinstance(value, Collection) and value.is_flow and value.start < start < value.end:
            value.must_break = True
        if isinstance(value, Leaf) and value.start > start:
            owner.above.append(Comment(text, after_blank=False))  # between a key and its value
            return
        owner.behind.append(text)
        self._behind = (owner, *place)

    def _ends_with(self, flow: Collection, last: Entry, line: int) -> bool:
        """Whether brackets of several lines are closed on the line of their last entry, which a comment then means."""
        return self._source.place(last.start)[0] == line != self._source.place(flow.start)[0]

    def _on_its_own(self, last: Entry, following: Entry | None, comment: Comment, start: int, column: int) -> None:
        value = last.value
        chain = [collection for collection, _ in self._paths[last]]
        is_before_value = value is not None and value.start >= start
        if is_before_value and not (isinstance(value, Collection) and not value.is_flow):
            last.above.append(comment)
            return
        if isinstance(value, Collection) and value.is_flow and value.start < start < value.end:
            if not value.entries:
                last.above.append(comment)
                return
            chain.append(value)
        flows = [one for one in chain if one.is_flow and one.start < start < one.end]
        for flow in flows:
            flow.must_break = True
        if flows:
            is_last = following is None or following.start >= flows[-1].end
            (flows[-1].below if is_last or following is None else following.above).append(comment)
            return
        goes_on = [] if following is None else [collection for collection, _ in self._paths[following]]
        edge = -1 if following is None else column_of(self._text, following.start)
        ended = [one for one in chain if not one.is_flow and one not in goes_on and one.indent <= column]
        leads = (
            self._leads is following or column <= edge or not ended or self._is_just_above(following, comment, start)
        )
        if following is not None and leads:
            self._leads = following
            following.above.append(comment)
        elif ended:
            deepest = max(one.indent for one in ended)
            next(one for one in ended if one.indent == deepest).below.append(comment)
        else:
            self._root.below.append(comment)

    def _is_just_above(self, following: Entry | None, comment: Comment, start: int) -> bool:
        """Whether a comment stands apart from what is above it and right above a list's item, at its keys' column."""
        if following is None or following.key or not comment.after_blank:
            return False
        return _EMPTY_LINE.search(self._text, start, following.start) is None

    def _walk(self, collection: Collection, above: list[tuple[Collection, Entry]]) -> None:
        for entry in collection.entries:
            self._paths[entry] = [*above, (collection, entry)]
            if isinstance(entry.value, Collection):
                self._walk(entry.value, self._paths[entry])
