"""A YAML text as a tree that keeps what parsers drop: comments, blank lines and the characters of every value.

Every comment belongs to exactly one entry or collection: behind a value, above an entry, or at a collection's end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from autoscaler.rulebook.comment_places import Placer
from autoscaler.rulebook.written import Collection, Comment, Leaf, Written, is_after_blank
from autoscaler.rulebook.written_tree import Builder

__all__ = ["comments_in", "read_written"]

# libyaml's parser where PyYAML was built with it: the same events, ten times as fast.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_written(text: str) -> Written | None:
    """The text as a tree.

    Args:
        text: One YAML document that parses, line ends as `\\n`.

    Returns:
        None when it is no collection, or has an anchor or directives as a whole.
    """
    builder = Builder(text)
    for event in yaml.parse(text, Loader=_LOADER):
        builder.take(event)
    root = builder.root
    if not isinstance(root, Collection) or root.anchor or builder.has_directives:
        return None
    placer = Placer(text, root, builder.entries)
    for start, end in _comments(text, builder.leaves):
        placer.place(start, end)
    for entry in builder.entries:
        entry.after_blank = is_after_blank(text, entry.start)
    head: list[Comment] = []
    if root.entries:
        head, root.entries[0].above = root.entries[0].above, []
    return Written(root, builder.has_marker, builder.has_anchors, head)


def comments_in(text: str) -> list[str]:
    """Every comment of a text that parses, from its `#` on, in order."""
    builder = Builder(text)
    for event in yaml.parse(text, Loader=_LOADER):
        builder.take(event)
    return [text[start:end].rstrip() for start, end in _comments(text, builder.leaves)]


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
