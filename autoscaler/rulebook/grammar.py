"""What a grammar is made of: a `Kind` reads one value, a `Key` is a row, a `Section` is a table of rows.

One table drives reading, unknown-key suggestions and the JSON Schema, so a new key is a new row.
Reading never stops: a wrong value is reported and counts as absent, though `Entries.has` still knows it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.nodes import Items, Node, Scalar, Table
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.source import Span
from autoscaler.rulebook.suggestions import did_you_mean, quoted

__all__ = ["Entries", "Item", "Key", "Kind", "Named", "Section", "list_of", "named_sections", "one_or_more", "section"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Schema = Mapping[str, object]


@dataclass(frozen=True, slots=True, eq=False)
class Kind(Generic[T_co]):
    """How one sort of value is read; equal only to itself, as `Key` is.

    Attributes:
        read: The value, or None after reporting what is wrong with it.
        schema: The same in JSON Schema.
    """

    read: Callable[[Node, Reporter], T_co | None]
    schema: Schema


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Key(Generic[T_co]):
    """One row of a section.

    Attributes:
        name: As written in the file.
        kind: Of its value.
        about: One line for editors.
        required: Its absence is an error.
    """

    name: str
    kind: Kind[T_co]
    about: str
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A mapping with known keys; `noun` is how messages call it, with its article."""

    noun: str
    keys: tuple[Key[Any], ...]


@dataclass(frozen=True, slots=True)
class Item(Generic[T_co]):
    """A value of a list and its place."""

    value: T_co
    span: Span


@dataclass(frozen=True, slots=True)
class Named(Generic[T_co]):
    """A value under a name the file chose."""

    name: str
    value: T_co
    span: Span


class Entries:
    """What one section of a file holds, by row."""

    def __init__(self, span: Span, found: Mapping[str, tuple[Span, Node, object | None]], *, has_unknown: bool) -> None:
        """Built by `section`.

        Args:
            span: The section's place.
            found: By key: its place, its value as written, and as read (None: wrong).
            has_unknown: Whether there were keys the section doesn't know, one of which may be a misspelt one.
        """
        self.span = span
        self.has_unknown = has_unknown
        self._found = found

    def get(self, key: Key[T]) -> T | None:
        """The value; None when absent or wrong."""
        found = self._found.get(key.name)
        return cast("T | None", found[2]) if found else None

    def has(self, key: Key[Any]) -> bool:
        """Whether the key is written, rightly or wrongly."""
        return key.name in self._found

    def key_span(self, key: Key[Any]) -> Span:
        """Where the key stands; the section's own place when it is absent."""
        found = self._found.get(key.name)
        return found[0] if found else self.span

    def value_span(self, key: Key[Any]) -> Span:
        """Where the value stands; the section's own place when it is absent."""
        found = self._found.get(key.name)
        return found[1].span if found else self.span


def section(table: Section) -> Kind[Entries]:
    """A mapping with exactly the keys of `table`."""
    rows = {key.name: key for key in table.keys}

    def read(node: Node, reporter: Reporter) -> Entries | None:
        if not isinstance(node, Table):
            _wrong_shape(node, reporter, f"{table.noun} is a mapping", f"its keys are {_listed(rows)}")
            return None
        found: dict[str, tuple[Span, Node, object | None]] = {}
        meant: set[str | None] = set()
        for entry in node.entries:
            name, span = entry.key.value, entry.key.span
            key = rows.get(name)
            if key is None:
                meant.add(_unknown_key(name, span, rows, reporter))
            elif isinstance(entry.value, Scalar) and entry.value.is_null:
                help_ = "give it one, or take the key out"
                reporter.report(Code.NO_VALUE, span, f"{quoted(name)} has no value", help_)
                found[name] = (span, entry.value, None)
            else:
                found[name] = (span, entry.value, key.kind.read(entry.value, reporter))
        for key in table.keys:
            if key.required and key.name not in found and key.name not in meant:
                help_ = f"add {key.name}: {key.about}"
                reporter.report(Code.MISSING_KEY, _head(node), f"{table.noun} needs {quoted(key.name)}", help_)
        return Entries(_head(node), found, has_unknown=any(entry.key.value not in rows for entry in node.entries))

    return Kind(read, _object_schema(table))


def list_of(kind: Kind[T], noun: str, *, most: int = 100_000) -> Kind[tuple[Item[T], ...]]:
    """A list of `noun` (plural), at most `most` long; wrong values are left out, all of them wrong is no list."""

    def read(node: Node, reporter: Reporter) -> tuple[Item[T], ...] | None:
        if not isinstance(node, Items):
            example = (
                f"write [{node.value}]" if isinstance(node, Scalar) and len(node.value) < 40 else 'start each with "- "'
            )
            _wrong_shape(node, reporter, f"{noun} are a list", example)
            return None
        if len(node.nodes) > most:
            help_ = "split the file"
            reporter.report(Code.TOO_MUCH, node.nodes[most].span, f"more than {most} {noun} in one file", help_)
        read_items = [(kind.read(item, reporter), item.span) for item in node.nodes[:most]]
        found = tuple(Item(value, span) for value, span in read_items if value is not None)
        return found if found or not read_items else None

    return Kind(read, {"type": "array", "items": kind.schema, "maxItems": most})


def one_or_more(kind: Kind[T], noun: str) -> Kind[tuple[Item[T], ...]]:
    """A list of `noun`, or a single one without brackets."""
    several = list_of(kind, noun)

    def read(node: Node, reporter: Reporter) -> tuple[Item[T], ...] | None:
        if isinstance(node, Items):
            return several.read(node, reporter)
        value = kind.read(node, reporter)
        return None if value is None else (Item(value, node.span),)

    return Kind(read, {"anyOf": [kind.schema, several.schema]})


def named_sections(kind: Kind[T], name_kind: Kind[str], noun: str) -> Kind[tuple[Named[T], ...]]:
    """A mapping from names the file chooses to values of one kind."""

    def read(node: Node, reporter: Reporter) -> tuple[Named[T], ...] | None:
        if not isinstance(node, Table):
            _wrong_shape(node, reporter, f"{noun} are a mapping", "write NAME: {…}")
            return None
        found: list[Named[T]] = []
        for entry in node.entries:
            name = name_kind.read(entry.key, reporter)
            value = kind.read(entry.value, reporter)
            if name is not None and value is not None:
                found.append(Named(name, value, entry.key.span))
        return tuple(found)

    return Kind(read, {"type": "object", "additionalProperties": kind.schema, "propertyNames": name_kind.schema})


def _head(node: Table) -> Span:
    """The first key: where a reader looks for what a section lacks."""
    return node.entries[0].key.span if node.entries else node.span


def _wrong_shape(node: Node, reporter: Reporter, message: str, help_: str) -> None:
    is_null = isinstance(node, Scalar) and node.is_null
    got = "nothing" if is_null else {Scalar: "a single value", Items: "a list", Table: "a mapping"}[type(node)]
    reporter.report(Code.WRONG_SHAPE, node.span, f"{message}, but this is {got}", help_)


def _listed(rows: Mapping[str, Key[Any]]) -> str:
    return ", ".join(rows)


def _unknown_key(name: str, span: Span, rows: Mapping[str, Key[Any]], reporter: Reporter) -> str | None:
    """Report it; the key that was probably meant, or None."""
    if reporter.is_full:
        return None
    close = did_you_mean(name, rows)
    help_ = f"did you mean {quoted(close)}?" if close else f"the keys here are {_listed(rows)}"
    reporter.report(Code.UNKNOWN_KEY, span, f"unknown key {quoted(name)}", help_)
    return close


def _object_schema(table: Section) -> Schema:
    properties = {key.name: {**key.kind.schema, "description": key.about} for key in table.keys}
    required = [key.name for key in table.keys if key.required]
    return {
        "title": table.noun,
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        **({"required": required} if required else {}),
    }
