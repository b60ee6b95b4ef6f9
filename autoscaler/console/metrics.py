"""One scrape in the Prometheus text format, version 0.0.4: counters and gauges, with labels.

A family keeps one kind, one help text and one set of labels, no sample is given twice, and whatever stands in a label
is escaped. Labels never hold anything a person could be known by.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

__all__ = ["CONTENT_TYPE", "Metrics"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


class Metrics:
    """Collects samples; `text` is what a scrape reads, families in the order they came."""

    def __init__(self) -> None:
        self._families: dict[str, _Family] = {}

    def counter(self, name: str, help: str, value: float, /, **labels: str) -> None:  # noqa: A002 the format's own word
        """Add a sample of a count since the start.

        Args:
            name: Ends in `_total`.
            help: One sentence.
            value: >= 0.
            labels: The same names for every sample of the family.
        """
        if not name.endswith("_total"):
            raise ValueError(f"a counter's name ends in _total, {name!r} does not")
        if not value >= 0:
            raise ValueError(f"{name} counts from 0, {value} is no count")
        self._add(_Kind.COUNTER, name, help, value, labels)

    def gauge(self, name: str, help: str, value: float, /, **labels: str) -> None:  # noqa: A002 the format's own word
        """Add a sample of how something stands now; arguments as for `counter`, any value, NaN for not known."""
        self._add(_Kind.GAUGE, name, help, value, labels)

    def text(self) -> str:
        """Everything, each line ended."""
        return "".join(f"{line}\n" for family in self._families.values() for line in family.lines())

    def _add(self, kind: _Kind, name: str, text: str, value: float, labels: dict[str, str]) -> None:
        names = tuple(labels)
        family = self._families.get(name)
        if family is None:
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no metric name")
            for label in names:
                if not _NAME.fullmatch(label) or ":" in label or label.startswith("__"):
                    raise ValueError(f"{label!r} is no label name")
            family = self._families[name] = _Family(name=name, help=text, kind=kind, labels=names)
        if (family.kind, family.help, set(family.labels)) != (kind, text, set(names)):
            raise ValueError(f"{name} was another kind, help or set of labels before")
        key = tuple(labels[label] for label in family.labels)
        if key in family.samples:
            raise ValueError(f"{name} has a sample {key} already")
        family.samples[key] = float(value)


class _Kind(Enum):
    COUNTER = "counter"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Family:
    name: str
    help: str
    kind: _Kind
    labels: tuple[str, ...]
    samples: dict[tuple[str, ...], float] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        yield f"# HELP {self.name} {_escaped(self.help)}"
        yield f"# TYPE {self.name} {self.kind.value}"
        for key, value in self.samples.items():
            pairs = ",".join(f'{label}="{_quoted(text)}"' for label, text in zip(self.labels, key, strict=True))
            yield f"{self.name}{'{' + pairs + '}' if pairs else ''} {_number(value)}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', r"\"")


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
