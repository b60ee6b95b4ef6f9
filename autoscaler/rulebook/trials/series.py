"""The `series` and `gateway` of a test: which reading each series is, checked against the rules and the agents."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from autoscaler.core.book import Group, IdRange
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.nodes import Entry, Node, Scalar, Table
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.scalars import scalar
from autoscaler.rulebook.source import Span
from autoscaler.rulebook.suggestions import did_you_mean, joined, quoted
from autoscaler.rulebook.trials.notation import answers, numbers, states
from autoscaler.rulebook.trials.trial import Answer, Cast, Quantity, Sample, Series

__all__ = ["Script", "build_answers", "build_script"]

_QUEUE_COLUMNS = {
    "waiting": "waiting",
    "oldest_wait": "oldest_wait_s",
    "arrivals_per_minute": "arrivals_per_minute",
    "abandoned_per_minute": "abandoned_per_minute",
}
_QUEUE = re.compile(r"queue(?:\[([0-9]{1,9})\])?\.(\w+)")
_AGENT = re.compile(r"(?:agents|agent\[([0-9]{1,6})(?: *- *([0-9]{1,6}))?\])(?:\.(\w+))?")
_INPUT = re.compile(r"input\.(\w+)")
_ZERO = Series((Sample(0.0),))
_EVERYBODY = IdRange(first=0, last=10**9)


@dataclass(slots=True)
class Script:
    """What is seen tick by tick; keys as in `Trial`."""

    roster: Series[Sample] | None = None
    queues: dict[tuple[int, str], Series[Sample]] = field(default_factory=dict)
    inputs: dict[str, Series[Sample]] = field(default_factory=dict)
    agents: list[tuple[Quantity, IdRange, Series[Sample]]] = field(default_factory=list)

    @property
    def longest(self) -> int:
        """Ticks of the longest series, 0 without any."""
        columns = [*self.queues.values(), *self.inputs.values(), *(series for _, _, series in self.agents)]
        return max((len(series) for series in [*columns, *([self.roster] if self.roster else [])]), default=0)


def build_script(node: Node | None, group: Group, cast: Cast, reporter: Reporter) -> Script | None:
    """The series; None after reporting."""
    script = Script()
    if node is None:
        return script
    if not isinstance(node, Table):
        reporter.report(Code.WRONG_SHAPE, node.span, "series are a mapping", 'write them as queue.waiting: "0x4 30x8"')
        return None
    reader = _Reader(script, group, cast, reporter)
    taken = [reader.take(entry) for entry in node.entries]  # all of them, so that everything wrong is said
    return script if all(taken) else None


def build_answers(
    node: Node | None, cast: Cast, reporter: Reporter
) -> tuple[tuple[IdRange, Series[Answer]], ...] | None:
    """What the gateway answers to whom; None after reporting."""
    if node is None:
        return ()
    if isinstance(node, Scalar):
        everybody = answers(node, reporter)
        return None if everybody is None else ((_EVERYBODY, everybody),)
    if not isinstance(node, Table):
        reporter.report(Code.WRONG_SHAPE, node.span, "gateway is one series, or a mapping", "write gateway: failed")
        return None
    found = []
    for entry in node.entries:
        match = _AGENT.fullmatch(entry.key.value)
        if match is None or match[3]:
            help_ = "write agents: for all of them, or agent[1007]:"
            reporter.report(Code.UNKNOWN_SERIES, entry.key.span, f"{quoted(entry.key.value)} is nobody", help_)
            continue
        whom = _ids(match, cast, entry.key.span, reporter)
        text = scalar(entry.value, reporter, "a series such as appliedx4 failedx2")
        series = None if text is None else answers(text, reporter)
        if whom is not None and series is not None:
            found.append((whom, series))
    return tuple(found) if len(found) == len(node.entries) else None


class _Reader:
    """Takes one entry after the other; each says whether it was right."""

    def __init__(self, script: Script, group: Group, cast: Cast, reporter: Reporter) -> None:
        self._script = script
        self._group = group
        self._cast = cast
        self._reporter = reporter

    def take(self, entry: Entry) -> bool:
        text = scalar(entry.value, self._reporter, 'a series such as "0x4 30x8"')
        if text is None:
            return False
        key, span = entry.key.value, entry.key.span
        if key == "roster":
            return self._roster(text)
        if match := _QUEUE.fullmatch(key):
            return self._queue(match, text, span)
        if match := _INPUT.fullmatch(key):
            return self._input(match[1], text, span)
        if (match := _AGENT.fullmatch(key)) and match[3]:
            return self._agent(match, text, span)
        return self._unknown(key, span)

    def _roster(self, text: Scalar) -> bool:
        series = numbers(text, self._reporter, whole=True)
        self._script.roster = series
        most = (
            max((sample.value for sample in series.values if sample.value == sample.value), default=0) if series else 0
        )
        if most > len(self._cast.ids):
            message = f"the roster goes up to {most:.0f}, but agents: gives only {len(self._cast.ids)}"
            self._reporter.report(Code.OUT_OF_RANGE, text.span, message, f"write count: {most:.0f} under agents:")
            return False
        return series is not None

    def _queue(self, match: re.Match[str], text: Scalar, span: Span) -> bool:
        column = _QUEUE_COLUMNS.get(match[2])
        if column is None:
            return self._unknown(match[0], span)
        if not self._group.queues:
            self._say(span, "the rules have no queues", "leave it out")
            return False
        series = numbers(text, self._reporter, whole=column == "waiting")
        if match[1] and int(match[1]) not in self._group.queues:
            listed = joined((str(queue) for queue in self._group.queues[:10]), "and")
            self._say(span, f"the rules have no queue {match[1]}", f"the group has {listed}")
            return False
        first = int(match[1]) if match[1] else self._group.queues[0]
        if series is None:
            return False
        if (first, column) in self._script.queues:
            self._say(
                span, f"{match[2]} of queue {first} is given already", "give each queue one series, or all of them one"
            )
            return False
        self._script.queues[first, column] = series
        for other in () if match[1] else self._group.queues[1:]:
            # sum and maximum over the group's queues are what the series says
            self._script.queues[other, column] = _ZERO
        return True

    def _input(self, name: str, text: Scalar, span: Span) -> bool:
        known = [spec.name for spec in self._group.inputs]
        if name not in known:
            close = did_you_mean(name, known)
            help_ = (
                f"did you mean {quoted('input.' + close)}?" if close else "describe it under inputs: of the rule file"
            )
            self._say(span, f"the rules have no input {quoted(name)}", help_)
            return False
        series = numbers(text, self._reporter, signed=True)
        if series is not None:
            self._script.inputs[name] = series
        return series is not None

    def _agent(self, match: re.Match[str], text: Scalar, span: Span) -> bool:
        quantity = next((one for one in Quantity if one.value == match[3]), None)
        if quantity is None:
            return self._unknown(match[0], span)
        whom = _ids(match, self._cast, span, self._reporter)
        if quantity is Quantity.LOAD:
            series = numbers(text, self._reporter, whole=True)
        else:
            series = states(text, self._reporter)
        if whom is None or series is None:
            return False
        self._script.agents.append((quantity, whom, series))
        return True

    def _unknown(self, key: str, span: Span) -> bool:
        known = [f"queue.{name}" for name in _QUEUE_COLUMNS] if self._group.queues else []
        known += [f"agents.{one.value}" for one in Quantity] + [f"input.{spec.name}" for spec in self._group.inputs]
        known.append("roster")
        close = did_you_mean(key, known)
        help_ = f"did you mean {quoted(close)}?" if close else f"there are {joined(known, 'and')}"
        self._say(span, f"there is no series {quoted(key)}", help_)
        return False

    def _say(self, span: Span, message: str, help_: str) -> None:
        self._reporter.report(Code.UNKNOWN_SERIES, span, message, help_)


def _ids(match: re.Match[str], cast: Cast, span: Span, reporter: Reporter) -> IdRange | None:
    if match[1] is None:
        return _EVERYBODY
    ids = IdRange(first=int(match[1]), last=int(match[2] or match[1]))
    rows = cast.rows(ids)
    if rows.stop - rows.start == ids.last - ids.first + 1 > 0:
        return ids
    there = f"{cast.ids[0]} to {cast.ids[-1]}" if len(cast.ids) else "nobody"
    message = f"{match[0]} is not among the test's agents"
    reporter.report(Code.UNKNOWN_SUBJECT, span, message, f"agents: gives {there}")
    return None
