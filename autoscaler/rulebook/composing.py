"""YAML text to nodes, from the parser's events: strict about keys, tags, anchors and size.

Work is bounded by the limits below whatever the file holds; an alias counts as often as it is used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.nodes import Entry, Items, Node, Scalar, Table
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.source import Span
from autoscaler.rulebook.suggestions import quoted
from autoscaler.rulebook.yaml_trouble import explain

__all__ = ["MOST_ALIASES", "MOST_DEPTH", "MOST_NODES", "compose"]

MOST_NODES = 200_000
MOST_ALIASED_NODES = 10_000
MOST_ALIASES = 100
MOST_DEPTH = 20

# libyaml's parser where PyYAML was built with it: the same events, ten times as fast.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = re.compile(r"![^\s,\[\]{}]*")
_ANCHOR = re.compile(r"&\S*\s*")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


def compose(reporter: Reporter) -> Node | None:
    """The file's one document, or None after reporting why there is none.

    Duplicate keys, tags and merge keys are reported and skipped, so the rest is still checked.
    """
    text = reporter.source.text
    if bad := _CONTROL.search(text):
        message = f"the control character U+{ord(bad[0]):04X} can't be part of a rule file"
        reporter.report(
            Code.NOT_TEXT, Span(bad.start(), bad.end()), message, "delete it; is this a text file in UTF-8?"
        )
        return None
    composer = _Composer(reporter)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            composer.take(event)
    except _Refused:
        return None
    except yaml.YAMLError as error:
        span, message, help_ = explain(error, text)
        reporter.report(Code.NOT_YAML, span, message, help_)
        return None
    if composer.root is None:
        reporter.report(
            Code.EMPTY_FILE, Span(0, 0), "the file is empty", "describe a scaling group, or delete the file"
        )
    return composer.root


class _Refused(Exception):
    """Reported; the rest of the file is not worth reading."""


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet."""

    start: int
    anchor: str | None
    is_table: bool
    nodes: list[Node] = field(default_factory=list)
    size: int = 1


class _Composer:
    """Builds the tree with a stack of its own, so depth can't overflow Python's."""

    def __init__(self, reporter: Reporter) -> None:
        self.root: Node | None = None
        self._reporter = reporter
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._documents = 0
        self._nodes = 0
        self._aliases = 0
        self._aliased_nodes = 0

    def take(self, event: Any) -> None:
        """Take the parser's next event."""
        match event:
            case yaml.ScalarEvent():
                self._properties(event)
                self._add(Scalar(event.value, event.style or "", self._span(event)), 1, event.anchor)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._properties(event)
                is_table = isinstance(event, yaml.MappingStartEvent)
                self._open.append(_Open(self._start(event), event.anchor, is_table))
                if len(self._open) > MOST_DEPTH:
                    self._refuse(Code.TOO_MUCH, event, f"nested more than {MOST_DEPTH} deep", "rule files are flat")
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._close(event)
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    help_ = "put each group into a file of its own"
                    self._refuse(Code.SEVERAL_DOCUMENTS, event, "a second document starts here", help_)
            case _:
                pass  # ends of documents and streams say nothing

    def _span(self, event: Any) -> Span:
        start, end = self._start(event), event.end_mark.index
        if event.style in {"|", ">"}:  # their end mark stands after the blank lines below
            end = start + len(self._reporter.source.text[start:end].rstrip())
        return Span(start, end)

    def _start(self, event: Any) -> int:
        start: int = event.start_mark.index
        if event.anchor is not None and (match := _ANCHOR.match(self._reporter.source.text, start)):
            return match.end()
        return start

    def _properties(self, event: Any) -> None:
        if event.tag is not None and event.tag != "!":
            text = self._reporter.source.text
            match = _TAG.search(text, event.start_mark.index)
            span = (
                Span(match.start(), match.end()) if match else Span(event.start_mark.index, event.start_mark.index + 1)
            )
            help_ = 'leave it out; to negate a condition write "not", and put text that starts with ! in quotes'
            self._reporter.report(
                Code.TAG, span, f"the YAML tag {quoted(text[span.start : span.end])} is not allowed", help_
            )

    def _close(self, event: Any) -> None:
        opened = self._open.pop()
        span = Span(opened.start, max(event.end_mark.index, opened.start))
        node: Node
        if opened.is_table:
            pairs = zip(opened.nodes[::2], opened.nodes[1::2], strict=True)
            node = Table(self._entries(pairs), span)
        else:
            node = Items(tuple(opened.nodes), span)
        self._add(node, opened.size, opened.anchor)

    def _entries(self, pairs: Any) -> tuple[Entry, ...]:
        entries: dict[str, Entry] = {}
        for key, value in pairs:
            if not isinstance(key, Scalar):
                self._reporter.report(
                    Code.WRONG_SHAPE, key.span, "a key must be a single word", "put the text in quotes"
                )
            elif key.value == "<<" and key.is_plain:
                help_ = "write the keys out where they belong"
                self._reporter.report(Code.ALIAS, key.span, "merge keys are not allowed", help_)
            elif (first := entries.get(key.value)) is not None:
                places = f"{self._reporter.where(first.key.span)} and {self._reporter.where(key.span)}"
                message = f"the key {quoted(key.value)} is written twice: {places}"
                help_ = "keep one; YAML readers would silently use the last"
                self._reporter.report(Code.DUPLICATE_KEY, first.key.span, message, help_)
                self._reporter.report(Code.DUPLICATE_KEY, key.span, message, help_)
            else:
                entries[key.value] = Entry(key, value)
        return tuple(entries.values())

    def _alias(self, event: Any) -> None:
        found = self._anchors.get(event.anchor)
        self._aliases += 1
        if found is None:
            is_own = any(opened.anchor == event.anchor for opened in self._open)
            why = "refers to what it is part of" if is_own else "refers to an anchor that is not above it"
            self._refuse(Code.ALIAS, event, f"*{event.anchor} {why}", "write the value out")
            return
        node, size = found
        self._aliased_nodes += size
        if self._aliases > MOST_ALIASES or self._aliased_nodes > MOST_ALIASED_NODES:
            self._refuse(Code.ALIAS, event, "aliases make this file too large", "write the values out")
        self._add(node, size, None)

    def _add(self, node: Node, size: int, anchor: str | None) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            self._reporter.report(
                Code.TOO_MUCH, node.span, f"more than {MOST_NODES} values", "use ranges such as 1001-1020"
            )
            raise _Refused
        if anchor is not None:
            self._anchors[anchor] = (node, size)
        if not self._open:
            self.root = node
            return
        self._open[-1].nodes.append(node)
        self._open[-1].size += size

    def _refuse(self, code: Code, event: Any, message: str, help_: str) -> None:
        start: int = event.start_mark.index
        self._reporter.report(code, Span(start, max(event.end_mark.index, start + 1)), message, help_)
        raise _Refused
