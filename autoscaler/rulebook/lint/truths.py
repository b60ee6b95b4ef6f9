"""Conditions, and parts of them, that can't be true or can't be false, whatever is read."""

from __future__ import annotations

import math
from itertools import combinations

from autoscaler.core.expressions import And, Compare, Expression, Literal, Name, Not, Or, spelt
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.lint.cases import impossible
from autoscaler.rulebook.lint.domains import Domains
from autoscaler.rulebook.lint.linear import as_sum, range_of
from autoscaler.rulebook.lint.spots import Spot, spot_of
from autoscaler.rulebook.nodes import Scalar
from autoscaler.rulebook.reporting import Reporter

__all__ = ["check_truth"]


def check_truth(text: Scalar, condition: Expression, domains: Domains, reporter: Reporter) -> bool:
    """Report what is never or always true.

    Args:
        text: The condition as written.
        condition: What it was compiled to.
        domains: Of the group.
        reporter: Of the file.

    Returns:
        Whether there was nothing to report, so that the condition is worth comparing with others.
    """
    if _is_sound(condition, domains):
        return True
    _check(spot_of(text, condition, reporter), domains, reporter)
    return False


def _is_sound(condition: Expression, domains: Domains) -> bool:
    if impossible(condition, domains) or impossible(condition, domains, truth=False):
        return False
    match condition:
        case And(parts) | Or(parts):
            return all(_is_sound(part, domains) for part in parts)
        case Not(part):
            return _is_sound(part, domains)
        case _:
            return True


def _check(spot: Spot, domains: Domains, reporter: Reporter) -> None:
    if impossible(spot.expression, domains):
        _report(spot, domains, reporter, truth=False)
    elif impossible(spot.expression, domains, truth=False):
        _report(spot, domains, reporter, truth=True)
    else:
        for part in spot.parts:
            _check(part, domains, reporter)


def _report(spot: Spot, domains: Domains, reporter: Reporter, *, truth: bool) -> None:
    """Report the smallest parts that suffice."""
    alone = [part for part in spot.parts if impossible(part.expression, domains, truth=not truth)]
    # one part decides: a false one of `and`, a true one of `or`; otherwise all of them do
    is_decided_by_one = isinstance(spot.expression, Or) is truth
    if alone and (is_decided_by_one or len(alone) == len(spot.parts)):
        for part in alone:
            _report(part, domains, reporter, truth=truth)
    elif truth:
        message = f"this is always true: {_why_always(spot.expression, domains)}"
        help_ = "correct it, or take it out; a rule without when always holds"
        reporter.report(Code.ALWAYS_TRUE, spot.span, message, help_)
    elif isinstance(spot.expression, And):
        message = f"the conditions on {_torn(spot, domains)} can't hold together"
        reporter.report(Code.NEVER, spot.span, message, "take one of them out, or join them with or")
    else:
        message = f"this can't become true: {_why_never(spot.expression, domains)}"
        reporter.report(Code.NEVER, spot.span, message, "correct the number or the comparison")


def _why_always(expression: Expression, domains: Domains) -> str:
    match expression:
        case Compare() | Not(Compare()):
            return _range(expression.part if isinstance(expression, Not) else expression, domains)
        case Not():
            return "what it negates never holds"
        case _:
            return "one part or the other always holds"


def _why_never(expression: Expression, domains: Domains) -> str:
    match expression:
        case Compare() | Not(Compare()):
            return _range(expression.part if isinstance(expression, Not) else expression, domains)
        case _:
            return "what it negates always holds"


def _range(compare: Expression, domains: Domains) -> str:
    """The range of the side that varies, in words."""
    assert isinstance(compare, Compare)
    side = compare.right if isinstance(compare.left, Literal) else compare.left
    if not isinstance(side, Name) or not isinstance(compare.right if side is compare.left else compare.left, Literal):
        return "the readings' ranges decide it"
    if side.name in {"state", "tier"}:
        return f"{spelt(side)} is one of a few words"
    ends = range_of(side, domains)
    if math.isinf(ends.high):
        return f"{spelt(side)} is never below {ends.low:g}"
    return f"{spelt(side)} is {ends.low:g} to {ends.high:g}"


def _torn(spot: Spot, domains: Domains) -> str:
    """The one reading that would need two values at once, or how to call several."""
    parts = [part.expression for part in spot.parts]
    pairs = (And(pair) for pair in combinations(parts, 2))
    torn = next((pair for pair in pairs if impossible(pair, domains)), spot.expression)
    keys: set[str] = set()
    for compare in _comparisons(torn):
        for side in (compare.left, compare.right):
            if isinstance(side, Name):
                keys.add(spelt(side))
            elif not isinstance(side, Literal):
                keys.update(term.key for term, _ in as_sum(side, domains).terms)
    return keys.pop() if len(keys) == 1 else "these readings"


def _comparisons(expression: Expression) -> list[Compare]:
    match expression:
        case Compare():
            return [expression]
        case And(parts) | Or(parts):
            return [compare for part in parts for compare in _comparisons(part)]
        case Not(part):
            return _comparisons(part)
        case _:
            return []
