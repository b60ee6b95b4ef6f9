"""A group's rules made ready for comparing: when each is true, when it is not, and how each moves the group.

A rule whose own condition was found fault with, or has more cases than are looked at, is not compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autoscaler.core.book import Amount, Mode, Rule, Step
from autoscaler.rulebook.grammar import Entries, Item
from autoscaler.rulebook.layout_rules import Rules, Steps
from autoscaler.rulebook.lint.cases import Case, Effort, TooManyCases, cases_of, is_implied, joined_cases
from autoscaler.rulebook.lint.domains import Domains
from autoscaler.rulebook.lint.windows import covers
from autoscaler.rulebook.rules import PlacedRule
from autoscaler.rulebook.source import Span

__all__ = ["Move", "Subject", "acts_whenever", "moves_of", "subject_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One rule.

    Attributes:
        rule, entries: The rule and its text.
        given: Cases in which its `when` is true.
        otherwise: Cases in which it is false.
    """

    rule: Rule
    entries: Entries
    given: tuple[Case, ...]
    otherwise: tuple[Case, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One way in which a rule moves.

    Attributes:
        subject: The rule.
        is_raise: Up, not down.
        amount: How far; None where `set` or `track` say where to.
        given: Cases in which it may act.
        span: Where the move is written.
        step: Index of the step; None for the rule's own.
    """

    subject: Subject
    is_raise: bool
    amount: Amount | None
    given: tuple[Case, ...]
    span: Span
    step: int | None = None

    @property
    def verb(self) -> str:
        """`raises` or `lowers`."""
        return "raises" if self.is_raise else "lowers"


def subject_of(placed: PlacedRule, domains: Domains) -> Subject | None:
    """The rule, ready for comparing; None when it has too many cases."""
    try:
        given = cases_of(placed.rule.when, domains)
        otherwise = cases_of(placed.rule.when, domains, truth=False)
    except TooManyCases:
        return None
    return Subject(rule=placed.rule, entries=placed.entries, given=given, otherwise=otherwise)


def moves_of(subject: Subject, domains: Domains) -> tuple[Move, ...]:
    """What the rule's `raise`, `lower` and `steps` do; `set` and `track` are not among them."""
    rule, entries = subject.rule, subject.entries
    found: list[Move] = []
    for key, amount, is_raise in ((Rules.raise_, rule.raise_by, True), (Rules.lower, rule.lower_by, False)):
        if amount is not None:
            span = entries.value_span(key)
            found.append(Move(subject=subject, is_raise=is_raise, amount=amount, given=subject.given, span=span))
    written: Sequence[Item[Entries]] = entries.get(Rules.steps) or ()
    for index, (step, item) in enumerate(zip(rule.steps, written, strict=True)):
        move = _step(subject, index, step, item.value, domains)
        if move is not None:
            found.append(move)
    return tuple(found)


def acts_whenever(one: Subject, other: Subject, effort: Effort, given: Sequence[Case] | None = None) -> bool:
    """Whether `one` is in force at every moment at which `other` is.

    Args:
        one, other: Two rules of a group.
        effort: What the file has left for comparing.
        given: Cases of `other` to look at instead of all.
    """
    mine, its = one.rule, other.rule
    if mine.mode is Mode.OBSERVE or mine.until is not None or its.until is not None:
        return False
    if mine.per_agent and not its.per_agent:
        return False
    if mine.for_s > its.for_s or not covers(mine.at, its.at):
        return False
    if its.keep_for_s and not (its.keep_for_s <= mine.keep_for_s and mine.when == its.when):
        return False
    return is_implied(other.given if given is None else given, one.otherwise, effort)


def _step(subject: Subject, index: int, step: Step, entries: Entries, domains: Domains) -> Move | None:
    amount = step.raise_by or step.lower_by
    if amount is None:
        return None
    try:
        later = [cases_of(one.when, domains, truth=False) for one in subject.rule.steps[index + 1 :]]
        given = joined_cases([subject.given, cases_of(step.when, domains), *later])
    except TooManyCases:
        given = ()
    key = Steps.raise_ if step.raise_by else Steps.lower
    return Move(
        subject=subject,
        is_raise=step.raise_by is not None,
        amount=amount,
        given=given,
        span=entries.value_span(key),
        step=index,
    )
