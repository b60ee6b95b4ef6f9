"""Conditions as lists of cases: each case says for every reading between what bounds it lies.

A condition is true in a moment only if one of its cases is: a list without cases is proved impossible, while a case
that is left may still be impossible for reasons that bounds don't show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from autoscaler.core.expressions import And, Compare, Expression, Literal, Name, Not, Or, Relation, spelt
from autoscaler.rulebook.lint.domains import Domains
from autoscaler.rulebook.lint.intervals import EVERYTHING, Interval, added, allowed, meet, scaled
from autoscaler.rulebook.lint.linear import Sum, Term, as_sum

__all__ = [
    "ALWAYS",
    "Case",
    "Effort",
    "Link",
    "TooManyCases",
    "cases_of",
    "impossible",
    "is_implied",
    "joined_cases",
    "together",
]

MOST_CASES = 64
"""More cases of one condition are not looked at; nothing is said about it then."""

MOST_COMPARISONS = 100_000
"""Cases held against each other for one file; what is not compared is not said."""

_NEGATED = {
    Relation.LT: Relation.GE,
    Relation.LE: Relation.GT,
    Relation.EQ: Relation.NE,
    Relation.NE: Relation.EQ,
    Relation.GE: Relation.LT,
    Relation.GT: Relation.LE,
}
_MIRRORED = {
    Relation.LT: Relation.GT,
    Relation.LE: Relation.GE,
    Relation.EQ: Relation.EQ,
    Relation.NE: Relation.NE,
    Relation.GE: Relation.LE,
    Relation.GT: Relation.LT,
}


class TooManyCases(Exception):
    """The condition has more cases than are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A sum of several terms between bounds."""

    terms: tuple[tuple[Term, float], ...]
    bounds: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Bounds that hold together.

    Attributes:
        bounds: By term: where its value lies; a term without bounds is anywhere in its domain.
        words: By text reading: what it can be.
        unequal: Values a term does not have.
        links: By the spelling of the sum.
        terms: Every term of `bounds`, by key.
        names: Readings that are known when the case holds.
    """

    bounds: Mapping[str, Interval] = field(default_factory=lambda: MappingProxyType({}))
    words: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    unequal: tuple[tuple[str, float], ...] = ()
    links: Mapping[str, Link] = field(default_factory=lambda: MappingProxyType({}))
    terms: Mapping[str, Term] = field(default_factory=lambda: MappingProxyType({}))
    names: frozenset[str] = frozenset()


ALWAYS = (Case(),)
"""The cases of no condition at all."""


def cases_of(expression: Expression | None, domains: Domains, *, truth: bool = True) -> tuple[Case, ...]:
    """The cases in which a condition is true (or false, all readings being known); () when there is none.

    Raises:
        TooManyCases: There are more than `MOST_CASES`.
    """
    if expression is None:
        return ALWAYS if truth else ()
    match expression:
        case Not(part):
            return cases_of(part, domains, truth=not truth)
        case And(parts) | Or(parts):
            several = [cases_of(part, domains, truth=truth) for part in parts]
            if isinstance(expression, And) is truth:
                return joined_cases(several)
            return _few(tuple(case for cases in several for case in cases))
        case Compare(relation, left, right):
            return _comparison(relation if truth else _NEGATED[relation], left, right, domains)
        case _:
            return ALWAYS  # a value; the checker lets none stand here


def joined_cases(several: Sequence[Sequence[Case]]) -> tuple[Case, ...]:
    """The cases in which one of each of `several` holds."""
    found: tuple[Case, ...] = ALWAYS
    for cases in several:
        if len(found) * len(cases) > 16 * MOST_CASES:
            raise TooManyCases
        met = (together(one, other) for one in found for other in cases)
        found = _few(tuple(case for case in met if case is not None))
    return found


def together(one: Case, other: Case) -> Case | None:
    """Both cases at once; None when they can't hold together."""
    if not one.names:
        return other
    if not other.names:
        return one
    bounds = dict(one.bounds)
    for key, interval in other.bounds.items():
        met = meet(bounds.get(key, EVERYTHING), interval)
        if met is None:
            return None
        bounds[key] = met
    words = dict(one.words)
    for key, choice in other.words.items():
        words[key] = words.get(key, choice) & choice
        if not words[key]:
            return None
    links = dict(one.links)
    for key, link in other.links.items():
        met = meet(links[key].bounds if key in links else EVERYTHING, link.bounds)
        if met is None:
            return None
        links[key] = Link(terms=link.terms, bounds=met)
    unequal = one.unequal if not other.unequal else one.unequal + other.unequal
    case = Case(
        bounds=bounds,
        words=words,
        unequal=unequal,
        links=links,
        terms={**one.terms, **other.terms},
        names=one.names | other.names,
    )
    return None if _is_torn(case) else case


def impossible(expression: Expression, domains: Domains, *, truth: bool = True) -> bool:
    """Whether it is proved that a condition can't be true (or false)."""
    try:
        return not cases_of(expression, domains, truth=truth)
    except TooManyCases:
        return False


class Effort:
    """How many comparisons are left to one file."""

    def __init__(self) -> None:
        """Begin with all of them."""
        self._left = MOST_COMPARISONS

    def spend(self) -> bool:
        """Whether one more may be made."""
        self._left -= 1
        return self._left >= 0


def is_implied(given: Sequence[Case], otherwise: Sequence[Case], effort: Effort) -> bool:
    """Whether a condition is true in all of the `given` cases.

    Args:
        given: Cases that hold, all their readings known.
        otherwise: The cases in which the condition is false. What is only known in them may be unknown, and a
            condition that rests on it is not true then.
        effort: What the file has left; without any, nothing is proved.
    """
    return all(effort.spend() and together(case, _within(one, case)) is None for case in given for one in otherwise)


def _within(case: Case, known: Case) -> Case:
    """What of `case` rests only on readings that are known when `known` holds."""
    if case.names <= known.names:
        return case
    bounds = {key: one for key, one in case.bounds.items() if case.terms[key].names <= known.names}
    links = {key: link for key, link in case.links.items() if all(term.names <= known.names for term, _ in link.terms)}
    return Case(
        bounds=bounds,
        words={key: words for key, words in case.words.items() if key in known.names},
        unequal=tuple(one for one in case.unequal if one[0] in bounds),
        links=links,
        terms={key: case.terms[key] for key in bounds},
        names=case.names & known.names,
    )


def _few(cases: tuple[Case, ...]) -> tuple[Case, ...]:
    if len(cases) > MOST_CASES:
        raise TooManyCases
    return cases


def _comparison(relation: Relation, left: Expression, right: Expression, domains: Domains) -> tuple[Case, ...]:
    for name, word in ((left, right), (right, left)):
        if isinstance(name, Name) and isinstance(word, Literal) and isinstance(word.value, str):
            return _of_words(relation, name, word.value, domains)
    if isinstance(left, Name) and isinstance(right, Name) and left.name in {"state", "tier"}:
        return (Case(names=frozenset({spelt(left), spelt(right)})),)
    one, other = as_sum(left, domains), as_sum(right, domains)
    return _of_sum(relation, _difference(one, other))


def _difference(one: Sum, other: Sum) -> Sum:
    factors = {term.key: (term, factor) for term, factor in one.terms}
    for term, factor in other.terms:
        factors[term.key] = (term, factors[term.key][1] - factor if term.key in factors else -factor)
    terms = tuple(factors[key] for key in sorted(factors) if factors[key][1] != 0)
    return Sum(terms=terms, constant=one.constant - other.constant)


def _of_words(relation: Relation, name: Name, word: str, domains: Domains) -> tuple[Case, ...]:
    every = domains.words(name)
    left = every & {word} if relation is Relation.EQ else every - {word}
    key = spelt(name)
    return (Case(words={key: left}, names=frozenset({key})),) if left else ()


def _of_sum(relation: Relation, found: Sum) -> tuple[Case, ...]:
    names = frozenset(name for term, _ in found.terms for name in term.names)
    if not found.terms:  # readings that cancel out
        is_so = found.constant != 0 if relation is Relation.NE else allowed(relation, 0.0).holds(found.constant)
        return (Case(names=names),) if is_so else ()
    first, factor = found.terms[0]
    value = 0.0 - found.constant / factor
    wanted = allowed(relation if factor > 0 else _MIRRORED[relation], value)
    if len(found.terms) > 1:
        terms = tuple((term, one / factor) for term, one in found.terms)
        key = " + ".join(f"{one:.12g} {term.key}" for term, one in terms)
        link = Link(terms=terms, bounds=wanted)
        case = Case(links={key: link}, terms={term.key: term for term, _ in terms}, names=names)
        return () if _is_torn(case) else (case,)
    met = meet(first.domain, wanted)
    if met is None or (relation is Relation.NE and met.low == met.high == value):
        return ()
    unequal = ((first.key, value),) if relation is Relation.NE else ()
    return (Case(bounds={first.key: met}, unequal=unequal, terms={first.key: first}, names=names),)


def _is_torn(case: Case) -> bool:
    """Whether bounds that were put together leave nothing."""
    for key, value in case.unequal:
        bounds = case.bounds[key]
        if bounds.low == bounds.high == value:
            return True
    for link in case.links.values():
        total = Interval(0.0, 0.0)
        for term, factor in link.terms:
            total = added(total, scaled(case.bounds.get(term.key, term.domain), factor))
        if meet(total, link.bounds) is None:
            return True
    return False
