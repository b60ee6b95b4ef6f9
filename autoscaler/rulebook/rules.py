"""The `rules` section: each rule's condition compiled, its actions consistent, its name its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from autoscaler.core.book import Amount, AmountKind, Direction, Limits, Mode, Per, Rule, Step, Track
from autoscaler.core.expressions import Expression, Literal, Unit, speaks_of_agent
from autoscaler.rulebook.checking import compile_condition, compile_value
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.grammar import Entries, Item, Key
from autoscaler.rulebook.layout_rules import Rules, Steps, Tracks
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.source import Span
from autoscaler.rulebook.suggestions import joined, quoted
from autoscaler.rulebook.vocabulary import Vocabulary

__all__ = ["MOVES", "PlacedRule", "build_rules"]

MOVES: tuple[Key[Any], ...] = (Rules.raise_, Rules.lower, Rules.set_, Rules.track, Rules.steps)
"""A rule's ways to move, of which it has at most one."""

_ACTIONS: tuple[Key[Any], ...] = (*MOVES, Rules.cap, Rules.floor, Rules.hold)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedRule:
    """A rule, and what the file says of it."""

    rule: Rule
    entries: Entries


def build_rules(
    items: Iterable[Item[Entries]], limits: Sequence[Limits], vocabulary: Vocabulary, reporter: Reporter
) -> tuple[PlacedRule, ...]:
    """The rules in order; wrong ones are reported and may be left out.

    Args:
        items: What the file holds.
        limits: Of the group and its tiers, to see which caps and floors can matter.
        vocabulary: Names and words of the group.
        reporter: Of the file.
    """
    found: list[PlacedRule] = []
    seen: dict[str, Span] = {}
    for item in items:
        entries = item.value
        name = entries.get(Rules.name)
        if name is not None:
            span = entries.value_span(Rules.name)
            if (first := seen.setdefault(name, span)) != span:
                message = f"a rule named {quoted(name)} stands already in {reporter.where(first)}"
                reporter.report(Code.DUPLICATE_NAME, span, message, "give each rule its own name")
        rule = _rule(name or "", entries, vocabulary, reporter)
        _check_actions(entries, rule, reporter)
        _warn_bounds(entries, rule, limits, reporter)
        found.append(PlacedRule(rule=rule, entries=entries))
    return tuple(found)


def _rule(name: str, entries: Entries, vocabulary: Vocabulary, reporter: Reporter) -> Rule:
    text, end = entries.get(Rules.when), entries.get(Rules.until)
    when = None if text is None else compile_condition(text, vocabulary, reporter)
    until = None if end is None else compile_condition(end, vocabulary, reporter)
    steps = _steps(entries.get(Rules.steps) or (), vocabulary, reporter)
    tracked = entries.get(Rules.track)
    track = None if tracked is None else _track(tracked, vocabulary, reporter)
    conditions: list[Expression] = [step.when for step in steps]
    conditions += [] if when is None else [when]
    conditions += [] if track is None else [track.input]
    return Rule(
        name=name,
        when=when,
        per_agent=any(speaks_of_agent(condition) for condition in conditions),
        for_s=entries.get(Rules.for_) or 0.0,
        keep_for_s=entries.get(Rules.keep_for) or 0.0,
        until=until,
        at=tuple(window.value for window in entries.get(Rules.at) or ()),
        raise_by=entries.get(Rules.raise_),
        lower_by=entries.get(Rules.lower),
        set_to=entries.get(Rules.set_),
        cap=entries.get(Rules.cap),
        floor=entries.get(Rules.floor),
        hold=entries.get(Rules.hold),
        track=track,
        steps=steps,
        cooldown_s=entries.get(Rules.cooldown) or 0.0,
        mode=entries.get(Rules.mode) or Mode.ENFORCE,
    )


def _check_actions(entries: Entries, rule: Rule, reporter: Reporter) -> None:
    written = [key for key in _ACTIONS if entries.has(key)]
    moves = [key for key in written if key in MOVES]
    if not written and not entries.has_unknown:
        help_ = f"add {joined(key.name for key in _ACTIONS)}"
        reporter.report(Code.NO_ACTION, entries.span, "the rule has no action", help_)
    if len(moves) > 1:
        message = f"one rule can't have {joined((key.name for key in moves), 'and')}"
        reporter.report(Code.CONFLICT, entries.key_span(moves[1]), message, "make a rule of each")
    up = rule.hold in {Direction.RAISE, Direction.BOTH} and rule.raise_by is not None
    down = rule.hold in {Direction.LOWER, Direction.BOTH} and rule.lower_by is not None
    if up or down:
        message = f"the rule's own hold vetoes its {'raise' if up else 'lower'}"
        reporter.report(Code.CONFLICT, entries.key_span(Rules.hold), message, "make a rule of each")
    if rule.cap is not None and rule.floor is not None and rule.cap < rule.floor:
        message = f"cap {rule.cap} is below floor {rule.floor}"
        reporter.report(Code.LIMIT_ORDER, entries.value_span(Rules.cap), message, "keep floor <= cap")
    if not entries.has(Rules.when) and not entries.has_unknown:
        _check_unconditional(entries, moves, reporter)
    _check_until(entries, rule, reporter)
    if rule.per_agent:
        _check_amounts(entries, (Rules.raise_, Rules.lower, Rules.set_), reporter)
        for step in entries.get(Rules.steps) or ():
            _check_amounts(step.value, (Steps.raise_, Steps.lower), reporter)


def _check_until(entries: Entries, rule: Rule, reporter: Reporter) -> None:
    if not entries.has(Rules.until):
        return
    span = entries.key_span(Rules.until)
    if entries.has(Rules.keep_for):
        help_ = "until says when the rule ends, so take keep_for out"
        reporter.report(Code.CONFLICT, span, "one rule can't have until and keep_for", help_)
    if not entries.has(Rules.when) and not entries.has_unknown:
        help_ = "add when:, or take until out"
        reporter.report(Code.CONFLICT, span, "until has no condition to end", help_)
    elif rule.until is not None and speaks_of_agent(rule.until) and not rule.per_agent:
        message = "until speaks of single agents, but the rule is judged for the group"
        help_ = "name agent.* in when as well, or end it by queue.*, group.* or input.*"
        reporter.report(Code.CONFLICT, entries.value_span(Rules.until), message, help_)


def _check_amounts(entries: Entries, keys: Iterable[Key[Amount]], reporter: Reporter) -> None:
    for key in keys:
        amount = entries.get(key)
        if amount is None or amount.kind is AmountKind.EACH:
            continue
        message = f"the rule is judged for each agent, but {key.name} speaks of the group's slots"
        each = f"{amount.value:g} each" if amount.kind is AmountKind.SLOTS else "1 each"
        reporter.report(Code.EACH_OR_GROUP, entries.value_span(key), message, f"write {each}")


def _check_unconditional(entries: Entries, moves: Sequence[Key[Any]], reporter: Reporter) -> None:
    for key in (Rules.for_, Rules.keep_for):
        if entries.has(key) and not entries.has(Rules.steps):
            message = f"{key.name} has no condition to wait on"
            reporter.report(Code.CONFLICT, entries.key_span(key), message, f"add when:, or take {key.name} out")
    plain = [key for key in moves if key in {Rules.raise_, Rules.lower}]
    if plain and not entries.has(Rules.at):
        message = f"the rule has no when, so it would {plain[0].name} at every tick"
        reporter.report(Code.ALWAYS, entries.key_span(plain[0]), message, "add when:")


def _warn_bounds(entries: Entries, rule: Rule, limits: Sequence[Limits], reporter: Reporter) -> None:
    lowest, highest = min(limit.floor for limit in limits), max(limit.ceiling for limit in limits)
    each = rule.set_to.value if rule.set_to is not None and rule.set_to.kind is AmountKind.EACH else None
    for key, value in ((Rules.cap, rule.cap), (Rules.floor, rule.floor), (Rules.set_, each)):
        if value is None or lowest <= value <= highest:
            continue
        said = f"{key.name} {value:g}{' each' if key is Rules.set_ else ''}"
        if key is Rules.cap and value < lowest:
            message = f"{said} is below every floor, {lowest} or more; while the rule holds, the cap counts"
            help_ = f"write {lowest} or more, or set the floor in agents.limit to {value:g}"
        else:
            message = f"{said} is outside the limits, {lowest} to {highest}, and they come first"
            help_ = f"write {lowest} to {highest}, or widen agents.limit"
        reporter.report(Code.NO_EFFECT, entries.value_span(key), message, help_)


def _steps(items: Iterable[Item[Entries]], vocabulary: Vocabulary, reporter: Reporter) -> tuple[Step, ...]:
    found: list[Step] = []
    for item in items:
        entries = item.value
        text = entries.get(Steps.when)
        when = None if text is None else compile_condition(text, vocabulary, reporter)
        written = [key for key in (Steps.raise_, Steps.lower) if entries.has(key)]
        if len(written) != 1:
            code, said = (
                (Code.CONFLICT, "both raise and lower") if written else (Code.NO_ACTION, "neither raise nor lower")
            )
            reporter.report(code, entries.span, f"the step has {said}", "give each step one of them")
        if when is not None:
            found.append(Step(when=when, raise_by=entries.get(Steps.raise_), lower_by=entries.get(Steps.lower)))
    return tuple(found)


def _track(entries: Entries, vocabulary: Vocabulary, reporter: Reporter) -> Track | None:
    text, target_text = entries.get(Tracks.input), entries.get(Tracks.target)
    measured = None if text is None else compile_value(text, vocabulary, reporter)
    target = None if target_text is None else compile_value(target_text, vocabulary, reporter)
    if measured is None or target is None or target_text is None:
        return None
    value = target.expression
    if not isinstance(value, Literal) or not isinstance(value.value, float) or value.value <= 0:
        reporter.report(
            Code.OUT_OF_RANGE, target_text.span, "target is a number above 0", "write a number such as 0.5 or 30s"
        )
        return None
    if Unit.ANY not in {measured.unit, target.unit} and measured.unit is not target.unit:
        message = f"the input counts {_counts(measured.unit)}, the target {_counts(target.unit)}"
        reporter.report(
            Code.WRONG_UNIT, target_text.span, message, "give the target the unit of the input, such as 30s or 80%"
        )
        return None
    down, up = entries.get(Tracks.tolerance) or (0.1, 0.1)
    per = entries.get(Tracks.per) or Per.GROUP
    return Track(input=measured.expression, per=per, target=value.value, tolerance_down=down, tolerance_up=up)


def _counts(unit: Unit) -> str:
    return {Unit.SECONDS: "seconds", Unit.RATIO: "a share"}.get(unit, "a plain number")
