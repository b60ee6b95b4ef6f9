"""Times that the pace of decisions makes pointless: shorter than one tick, or faster than a reading can change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from autoscaler.core.book import Mode, Rate, Rule, Smoothing
from autoscaler.core.expressions import (
    Expression,
    Name,
    Scope,
    TimeFunction,
    names_in,
)
from autoscaler.core.printing import in_text, in_words
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.grammar import Key
from autoscaler.rulebook.group import Draft
from autoscaler.rulebook.layout import Each, Groups, Inputs, Smoothings, Stabilities
from autoscaler.rulebook.layout_rules import Rules, Steps
from autoscaler.rulebook.lint.past import over_time_in
from autoscaler.rulebook.rules import PlacedRule
from autoscaler.rulebook.source import Span

__all__ = ["check_pace"]

_MOST_MOVES = 4
"""More moves on one and the same reading are reported."""


def check_pace(draft: Draft) -> None:
    """Report what is shorter than `every`, and rules that move again and again on one reading."""
    every_s = draft.group.every_s
    for placed in draft.rules:
        for key, seconds in (
            (Rules.for_, placed.rule.for_s),
            (Rules.keep_for, placed.rule.keep_for_s),
            (Rules.cooldown, placed.rule.cooldown_s),
        ):
            _too_short(draft, key.name, seconds, placed.entries.value_span(key))
        for condition, span in _conditions(placed):
            for over in over_time_in(condition):
                if over.function is not TimeFunction.FORECAST:
                    _too_short(draft, f"the time of {in_text(over)}", over.window_s, span)
    _stability(draft)
    ages = _ages(draft)
    for placed in draft.rules:
        _check_input(draft, placed, ages, every_s)


def _stability(draft: Draft) -> None:
    stability = draft.entries.get(Groups.stability)
    if stability is None:
        return
    for side in (Stabilities.raise_, Stabilities.lower):
        entries = stability.get(side)
        if entries is None:
            continue
        for key in (Smoothings.window, Smoothings.cooldown):
            _too_short(draft, key.name, entries.get(key) or 0.0, entries.value_span(key))
        rates: Iterable[tuple[Rate, Span]] = ((one.value, one.span) for one in entries.get(Smoothings.at_most) or ())
        for rate, span in rates:
            _too_short(draft, "the period of at_most", rate.period_s, span)
    each = stability.get(Stabilities.each)
    if each is not None:
        for name in (Each.raise_, Each.lower, Each.moves):
            budget = each.get(name)
            if budget is not None:
                _too_short(draft, f"the period of {name.name}", budget[1], each.value_span(name))


def _too_short(draft: Draft, what: str, seconds: float, span: Span) -> None:
    every_s = draft.group.every_s
    if 0 < seconds < every_s:
        message = f"{what} is {in_words(seconds)}, shorter than the {in_words(every_s)} between two decisions"
        help_ = f"nothing is looked at in between; write {in_words(every_s)} or more, or decide more often with every"
        draft.reporter.report(Code.TOO_SHORT, span, message, help_)


def _ages(draft: Draft) -> dict[str, float]:
    """By input: its own `max_age`, where the file gives it one."""
    written = draft.entries.get(Groups.inputs) or ()
    found: dict[str, float] = {}
    for item in written:
        seconds = item.value.get(Inputs.max_age)
        if seconds is not None:
            found[item.name] = seconds
    return found


def _check_input(draft: Draft, placed: PlacedRule, ages: dict[str, float], every_s: float) -> None:
    rule, stability = placed.rule, draft.group.stability
    for key, smoothings, text in _moving(placed, stability.raises, stability.lowers):
        names = [name for condition in text for name in names_in(condition)]
        if not names or rule.mode is Mode.OBSERVE or any(name.name not in ages for name in _inputs(names)):
            continue
        pause = max(every_s, rule.cooldown_s, min(one.cooldown_s for one in smoothings))
        if any(name.scope is not Scope.INPUT for name in names):
            continue
        slowest = min(names, key=lambda name: ages[name.name])
        age = ages[slowest.name]
        if age > _MOST_MOVES * pause:
            message = (
                f"one reading of input.{slowest.name} counts for {in_words(age)}, and the rule moves every "
                f"{in_words(pause)}: up to {int(age // pause)} moves on the same reading"
            )
            help_ = f"give the rule cooldown: {in_words(age)}, or the input a max_age nearer to its own pace"
            draft.reporter.report(Code.TOO_OFTEN, placed.entries.key_span(key), message, help_)


def _moving(
    placed: PlacedRule, raises: Smoothing, lowers: Smoothing
) -> Iterator[tuple[Key[object], tuple[Smoothing, ...], list[Expression]]]:
    """Each way in which a rule moves step by step, the directions it can take, and what it rests on."""
    rule: Rule = placed.rule
    when = [] if rule.when is None else [rule.when]
    if rule.raise_by is not None:
        yield Rules.raise_, (raises,), when
    if rule.lower_by is not None:
        yield Rules.lower, (lowers,), when
    if rule.track is not None:
        yield Rules.track, (raises, lowers), [*when, rule.track.input]
    if rule.steps:
        sides = tuple(
            side
            for side, has in (
                (raises, any(step.raise_by for step in rule.steps)),
                (lowers, any(step.lower_by for step in rule.steps)),
            )
            if has
        )
        yield Rules.steps, sides, [*when, *(step.when for step in rule.steps)]


def _inputs(names: Iterable[Name]) -> list[Name]:
    return [name for name in names if name.scope is Scope.INPUT]


def _conditions(placed: PlacedRule) -> Iterator[tuple[Expression, Span]]:
    rule, entries = placed.rule, placed.entries
    for condition, key in ((rule.when, Rules.when), (rule.until, Rules.until)):
        if condition is not None:
            yield condition, entries.value_span(key)
    for step, item in zip(rule.steps, entries.get(Rules.steps) or (), strict=True):
        yield step.when, item.value.value_span(Steps.when)
    if rule.track is not None:
        yield rule.track.input, entries.value_span(Rules.track)
