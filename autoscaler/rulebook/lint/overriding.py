"""Rules and steps that never make a difference, since others are in force whenever they are.

The largest raise and the smallest lower win, the lowest cap and the highest floor count, and of steps the last that
matches acts; a raise beats every lower, and a hold vetoes its direction.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import assert_never

from autoscaler.core.book import Direction, Mode, Rule
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.layout_rules import Rules, Steps
from autoscaler.rulebook.lint.cases import Effort, TooManyCases, cases_of, is_implied, joined_cases
from autoscaler.rulebook.lint.domains import Domains
from autoscaler.rulebook.lint.subjects import Move, Subject, acts_whenever
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.suggestions import joined, quoted

__all__ = ["check_overriding", "check_powerless", "check_steps"]


class _Action(Enum):
    """What can be outdone, and by what rule of the language."""

    RAISE = "the largest raise wins"
    LOWER = "the smallest lower wins"
    CAP = "the lowest cap counts"
    FLOOR = "the highest floor counts"
    HOLD = "one hold suffices"


def check_overriding(subjects: Sequence[Subject], effort: Effort, reporter: Reporter) -> None:
    """Report rules all of whose actions another rule outdoes; of two that outdo each other, the later."""
    for index, subject in enumerate(subjects):
        actions = _actions(subject.rule)
        if not actions or subject.rule.mode is Mode.OBSERVE:
            continue
        others = [(place, other) for place, other in enumerate(subjects) if place != index]
        by: dict[_Action, str] = {}
        for action in actions:
            for place, other in others:
                if not _outdoes(other, subject, action) or not acts_whenever(other, subject, effort):
                    continue
                is_mutual = _outdoes(subject, other, action) and acts_whenever(subject, other, effort)
                if not is_mutual or place < index:
                    by[action] = other.rule.name
                    break
        if len(by) == len(actions):
            _report_overridden(subject, by, reporter)


def check_steps(subject: Subject, domains: Domains, effort: Effort, reporter: Reporter) -> None:
    """Report steps that never act because a later one matches whenever they do."""
    rule = subject.rule
    for index, (step, item) in enumerate(zip(rule.steps, subject.entries.get(Rules.steps) or (), strict=True)):
        try:
            given = joined_cases([subject.given, cases_of(step.when, domains)])
            later = [cases_of(one.when, domains, truth=False) for one in rule.steps[index + 1 :]]
            is_reached = not given or not later or not is_implied(given, joined_cases(later), effort)
        except TooManyCases:
            continue
        if not is_reached:
            message = "this step never acts: a later one matches whenever it does, and the last that matches acts"
            help_ = "write the steps from the mildest condition to the strictest"
            reporter.report(Code.OVERRIDDEN, item.value.value_span(Steps.when), message, help_)


def check_powerless(moves: Sequence[Move], subjects: Sequence[Subject], effort: Effort, reporter: Reporter) -> None:
    """Report moves that a hold vetoes, or a raise beats, at every moment they are asked for."""
    holds = [subject for subject in subjects if subject.rule.hold is not None]
    may_veto_raises = any(subject.rule.hold is not Direction.LOWER for subject in holds)
    for move in moves:
        if not move.given or move.subject.rule.mode is Mode.OBSERVE:
            continue
        way = Direction.RAISE if move.is_raise else Direction.LOWER
        veto = next(
            (
                one
                for one in holds
                if one is not move.subject
                and one.rule.hold in {way, Direction.BOTH}
                and acts_whenever(one, move.subject, effort, move.given)
            ),
            None,
        )
        if veto is not None:
            message = f"this {way.value} never happens: {quoted(veto.rule.name)} holds every {way.value} at that time"
            help_ = f"take it out, or narrow {quoted(veto.rule.name)}"
            reporter.report(Code.POWERLESS, move.span, message, help_)
        elif not move.is_raise and not may_veto_raises and not move.subject.rule.per_agent:
            _check_beaten(move, subjects, effort, reporter)


def _check_beaten(move: Move, subjects: Sequence[Subject], effort: Effort, reporter: Reporter) -> None:
    for other in subjects:
        rule = other.rule
        raises = rule.raise_by is not None and not rule.per_agent and not rule.cooldown_s
        if raises and other is not move.subject and acts_whenever(other, move.subject, effort, move.given):
            message = f"this lower never happens: {quoted(rule.name)} raises at that time, and a raise beats a lower"
            help_ = f"narrow one of the two, so that they don't hold together with {quoted(rule.name)}"
            reporter.report(Code.POWERLESS, move.span, message, help_)
            return


def _actions(rule: Rule) -> tuple[_Action, ...]:
    """The rule's actions that can be compared; () when it has one that can't."""
    if rule.set_to is not None or rule.track is not None or rule.steps:
        return ()
    values = {
        _Action.RAISE: rule.raise_by,
        _Action.LOWER: rule.lower_by,
        _Action.CAP: rule.cap,
        _Action.FLOOR: rule.floor,
        _Action.HOLD: rule.hold,
    }
    return tuple(action for action, value in values.items() if value is not None)


def _outdoes(one: Subject, other: Subject, action: _Action) -> bool:
    """Whether an action of `one` leaves none for `other`'s while both are in force."""
    mine, its = one.rule, other.rule
    match action:
        case _Action.CAP:
            return mine.cap is not None and its.cap is not None and mine.cap <= its.cap
        case _Action.FLOOR:
            return mine.floor is not None and its.floor is not None and mine.floor >= its.floor
        case _Action.HOLD:
            return mine.hold in {its.hold, Direction.BOTH}
        case _Action.RAISE | _Action.LOWER:
            return _moves_more(mine, its, is_raise=action is _Action.RAISE)
        case _:
            assert_never(action)


def _moves_more(mine: Rule, its: Rule, *, is_raise: bool) -> bool:
    one, other = (mine.raise_by, its.raise_by) if is_raise else (mine.lower_by, its.lower_by)
    if one is None or other is None or one.kind is not other.kind:
        return False
    if mine.per_agent is not its.per_agent or mine.cooldown_s > 0:
        return False
    return one.value >= other.value if is_raise else one.value <= other.value


def _report_overridden(subject: Subject, by: dict[_Action, str], reporter: Reporter) -> None:
    names = list(dict.fromkeys(by.values()))
    others = joined((quoted(name) for name in names), "and")
    verb = "holds" if len(names) == 1 else "hold"
    message = f"this rule makes no difference: whenever it holds, {others} {verb} too, and {next(iter(by)).value}"
    help_ = f"take it out, or narrow {others}"
    reporter.report(Code.OVERRIDDEN, subject.entries.value_span(Rules.name), message, help_)
