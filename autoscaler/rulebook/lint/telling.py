"""An exchange of two moves in one sentence: the moment, the first move, what it changes, the second."""

from __future__ import annotations

from dataclasses import dataclass

from autoscaler.core.expressions import Expression, Name, names_in, spelt
from autoscaler.rulebook.lint.moment import Moment
from autoscaler.rulebook.lint.subjects import Move
from autoscaler.rulebook.suggestions import quoted

__all__ = ["Exchange", "told"]

_SAID = {
    "group.occupancy": "occupancy",
    "group.mean_limit": "the mean limit",
    "group.spare": "spare",
    "agent.occupancy": "occupancy",
    "agent.spare": "spare",
}
"""What a sentence says beside slots and limits, which it always says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Two moves that answer each other.

    Attributes:
        first, second: The moves.
        moments: Before, between and after them.
        again: Whether the first would move again at the last moment.
    """

    first: Move
    second: Move
    moments: tuple[Moment, Moment, Moment]
    again: bool


def told(exchange: Exchange) -> str:
    """The story of an exchange."""
    first, second = exchange.first, exchange.second
    before, between, last = exchange.moments
    is_agent = first.subject.rule.per_agent
    load = before.held if is_agent else before.load
    said = [f"at load {load}", f"limit {before.limit}" if is_agent else f"{before.slots} slots"]
    said += [f"{spelt(name)} {before.value(name):g}" for name in _outside(first, second)]
    changes = "".join(f", {change}" for change in _changes(second, before, between))
    ends = (between.limit, last.limit) if is_agent else (between.slots, last.slots)
    end = ", and so on" if exchange.again else ""
    return (
        f"{', '.join(said)}: {quoted(first.subject.rule.name)} {first.verb} to {ends[0]}{changes}, "
        f"{quoted(second.subject.rule.name)} {second.verb} to {ends[1]}{end}"
    )


def _changes(second: Move, before: Moment, after: Moment) -> list[str]:
    found: dict[str, str] = {}
    for name in _names(second):
        key = spelt(name)
        if key not in _SAID:
            continue
        old, new = before.value(name), after.value(name)
        if old != new:
            shown = f"{new * 100:.3g} %" if key.endswith("occupancy") else f"{new:.3g}"
            found[key] = f"{_SAID[key]} {'falls' if new < old else 'rises'} to {shown}"
    return list(found.values())


def _outside(first: Move, second: Move) -> list[Name]:
    names = dict.fromkeys((*_names(first), *_names(second)))
    told_anyway = {"group.load", "group.slots", "agent.load", "agent.limit", "agent.state", "agent.tier", *_SAID}
    return [name for name in names if spelt(name) not in told_anyway]


def _names(move: Move) -> list[Name]:
    rule = move.subject.rule
    conditions: list[Expression] = [] if rule.when is None else [rule.when]
    if move.step is not None:
        conditions.append(rule.steps[move.step].when)
    if rule.track is not None:
        conditions.append(rule.track.input)
    return [name for condition in conditions for name in names_in(condition)]
