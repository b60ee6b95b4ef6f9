"""Rule files in one form: keys in the language's order, even spacing, every comment kept, nothing else changed.

Done on the parser's places rather than by a dumper, because what a dumper does not know it drops. The result is read
again and given out only if it says exactly what the original said; formatting twice changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.commented import comments_in, read_written
from autoscaler.rulebook.composing import compose
from autoscaler.rulebook.diagnostics import Diagnostic, has_errors
from autoscaler.rulebook.files import is_test
from autoscaler.rulebook.grammar import section
from autoscaler.rulebook.loading import load_text
from autoscaler.rulebook.nodes import Items, Node, Scalar, Table
from autoscaler.rulebook.pretty import is_on_one_line, pretty
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.schema import schema
from autoscaler.rulebook.source import Source, Span
from autoscaler.rulebook.trials.layout import FILE
from autoscaler.rulebook.written import Collection, Entry, Written

__all__ = ["Formatted", "format_text"]

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Formatted:
    """The text in its form; None when the file has errors, which `diagnostics` then holds."""

    text: str | None
    diagnostics: tuple[Diagnostic, ...] = ()


def format_text(name: str, text: str) -> Formatted:
    """Lay one file out anew.

    Args:
        name: As the caller names it; `*.test.yaml` is a rule test, everything else a rule file.
        text: As read from disk.

    Returns:
        The text, or why it is left alone.
    """
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    errors = _errors(name, plain)
    if errors:
        return Formatted(None, errors)
    written = read_written(plain)
    if written is not None:
        if not written.has_anchors:
            _order(written, section(FILE).schema if is_test(name) else schema())
        result = pretty(written)
        if _says_the_same(plain, result):
            return Formatted(result)
    reporter = Reporter(Source(name, plain))
    message = "this file can't be laid out anew without changing what it says"
    help_ = "take out YAML directives and block texts with + or a number, or leave the file as it is"
    reporter.report(Code.NO_LAYOUT, Span(0, 1), message, help_)
    return Formatted(None, reporter.diagnostics)


def _errors(name: str, text: str) -> tuple[Diagnostic, ...]:
    if is_test(name):
        reporter = Reporter(Source(name, text))
        root = compose(reporter)
        if root is not None:
            section(FILE).read(root, reporter)
        found = reporter.diagnostics
    else:
        found = load_text({name: text}).diagnostics
    return found if has_errors(found) else ()


def _order(written: Written, root: Schema) -> None:
    """Put the keys of every section into the language's order."""
    before = list(written.root.entries)
    _sort(written.root, root)
    entries = written.root.entries
    if entries == before:
        return
    # the gap below the file's head stays below it, and sections of several lines stand apart
    entries[0].after_blank, before[0].after_blank = before[0].after_blank, entries[0].after_blank
    for entry in entries[1:]:
        if not is_on_one_line(entry.value, len(entry.key) + 1):
            _set_apart(entry)


def _set_apart(entry: Entry) -> None:
    if entry.above:
        first = entry.above[0]
        entry.above[0] = type(first)(first.text, after_blank=True)
    else:
        entry.after_blank = True


def _sort(one: Collection, shape: Schema) -> None:
    kind = "object" if one.is_mapping else "array"
    shapes = [shape, *shape.get("anyOf", ())]
    mine: Schema = next((each for each in shapes if each.get("type") == kind), {})
    known: Mapping[str, Schema] = mine.get("properties", {})
    if known:
        rank = {key: index for index, key in enumerate(known)}
        one.entries.sort(key=lambda entry: rank.get(_name(entry), len(rank)))
    others = mine.get("additionalProperties") if one.is_mapping else mine.get("items")
    for entry in one.entries:
        below = known.get(_name(entry), others)
        if isinstance(entry.value, Collection) and isinstance(below, Mapping):
            _sort(entry.value, below)


def _name(entry: Entry) -> str:
    return entry.key.strip("\"'")


def _says_the_same(text: str, other: str) -> bool:
    one, two = _tree(text), _tree(other)
    if one is None or two is None or not _equal(one, two):
        return False
    return Counter(comments_in(text)) == Counter(comments_in(other))


def _tree(text: str) -> Node | None:
    return compose(Reporter(Source("", text)))


def _equal(one: Node, two: Node) -> bool:
    match one, two:
        case Scalar(), Scalar():
            return (one.value, one.style) == (two.value, two.style)
        case Items(), Items():
            pairs = zip(one.nodes, two.nodes, strict=False)
            return len(one.nodes) == len(two.nodes) and all(_equal(left, right) for left, right in pairs)
        case Table(), Table():
            others = {entry.key.value: entry.value for entry in two.entries}
            return {entry.key.value for entry in one.entries} == set(others) and all(
                _equal(entry.value, others[entry.key.value]) for entry in one.entries
            )
        case _:
            return False
