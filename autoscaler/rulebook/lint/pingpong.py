"""Raises and lowers that would answer each other: one move makes the other's condition true at the very next decision.

Exactly: at one decision the first rule moves; at the next, `every` later, all that comes from outside (queues, inputs,
chats held, who is there) is as it was, only limits have changed and with them slots, spare, occupancy and the mean
limit; now the first rule no longer asks and the second moves the other way. That is looked for with the first a raise
and with it a lower.

Nothing is reported when the answer can't come at once: the second rule has a `for` and was not true before, or a
cooldown (its own or its direction's) of more than two decisions, since in an exchange it moved itself two decisions
ago; its direction has a window of more than one; the first has a `keep_for` of more than one, or an `until` that is not
yet true; the two share no time of the week; or another rule holds, caps, floors or moves otherwise at that moment.

Bounds of both conditions rule out most pairs here. What is left is searched for a moment with plain numbers, and only a
moment at which `core.evaluation` finds the real conditions true is reported. Groups of fewer than ten agents are not
looked at: there a share is rounded to steps so large that any two rules may answer each other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from autoscaler.core.book import AmountKind, Group, Mode
from autoscaler.core.expressions import names_in, spelt
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.group import Draft
from autoscaler.rulebook.layout_rules import Rules
from autoscaler.rulebook.lint.cases import Case
from autoscaler.rulebook.lint.domains import lowest_limit
from autoscaler.rulebook.lint.intervals import EVERYTHING, Interval, divided, meet, multiplied
from autoscaler.rulebook.lint.past import over_time_in
from autoscaler.rulebook.lint.subjects import Move, Subject
from autoscaler.rulebook.lint.windows import shared_time
from autoscaler.rulebook.suggestions import quoted

__all__ = ["DERIVED", "FEWEST_AGENTS", "check_ping_pong"]

FEWEST_AGENTS = 10
"""Smaller groups are not looked at."""

DERIVED = frozenset(
    {
        *("group.slots", "group.spare", "group.occupancy", "group.mean_limit"),
        *("agent.limit", "agent.spare", "agent.occupancy"),
    }
)
"""Readings that a move of limits changes by itself."""


def check_ping_pong(draft: Draft, subjects: Sequence[Subject], moves: Sequence[Move]) -> None:
    """Report each pair once, at the lower."""
    group = draft.group
    aimed = [move for subject in subjects for move in _aimed(subject)]
    acting = [
        move for move in (*moves, *aimed) if move.given and move.subject.rule.mode is Mode.ENFORCE and _is_plain(move)
    ]
    # raises beat lowers, so the raise must change sides by what a move changes
    raises = [move for move in acting if move.is_raise and _rests_on_limits(move)]
    suspects = [
        (first, second)
        for lower in acting
        if not lower.is_raise
        for up in raises
        if up.subject.rule.per_agent is lower.subject.rule.per_agent
        if up.subject is not lower.subject or up.amount is not None
        for first, second in ((up, lower), (lower, up))
        if _may_answer(first, second, group)
    ]
    if not suspects:
        return
    # not before there is something to look at: it needs the core's arithmetic, which takes longer to load than `check`
    from autoscaler.rulebook.lint.exchange import Search  # noqa: PLC0415
    from autoscaler.rulebook.lint.telling import told  # noqa: PLC0415

    search = Search(group)
    reported: set[int] = set()
    for first, second in suspects:
        lower = second if first.is_raise else first
        if id(lower) in reported:
            continue
        exchange = search.find(first, second)
        if exchange is not None:
            reported.add(id(lower))
            names = f"{quoted(first.subject.rule.name)} and {quoted(second.subject.rule.name)}"
            message = f"{names} answer each other: {told(exchange)}"
            help_ = "leave a gap between the two conditions that is wider than the step, or make the step smaller"
            draft.reporter.report(Code.PING_PONG, lower.span, message, help_)


def _aimed(subject: Subject) -> tuple[Move, ...]:
    """What `set` and `track` do: either way, as far as the moment asks."""
    rule, entries = subject.rule, subject.entries
    key = Rules.set_ if rule.set_to is not None else Rules.track if rule.track is not None else None
    if key is None:
        return ()
    span = entries.value_span(key)
    return tuple(
        Move(subject=subject, is_raise=is_raise, amount=None, given=subject.given, span=span)
        for is_raise in (True, False)
    )


def _is_plain(move: Move) -> bool:
    """Whether one step can be worked out: no function over time of a reading that the move itself changes."""
    rule = move.subject.rule
    conditions = [rule.when, rule.until, *(step.when for step in rule.steps)]
    asked = [one for condition in conditions if condition is not None for one in over_time_in(condition)]
    return all(spelt(name) not in DERIVED for one in asked for name in names_in(one))


def _rests_on_limits(move: Move) -> bool:
    rule = move.subject.rule
    if rule.track is not None or rule.set_to is not None:
        return True
    return any(not case.names.isdisjoint(DERIVED) for case in move.given)


def _may_answer(first: Move, second: Move, group: Group) -> bool:
    """Whether timing and bounds leave it possible that `second` answers `first` at once."""
    one, other = first.subject.rule, second.subject.rule
    every_s = group.every_s
    calm = group.stability.raises if second.is_raise else group.stability.lowers
    if max(other.cooldown_s, calm.cooldown_s) > 2 * every_s or calm.window_s > every_s or one.keep_for_s > every_s:
        return False
    factor = _factor(first, group)
    if not any(_meets(case, after, factor) for case in first.given for after in second.given):
        return False
    return shared_time(one.at, other.at, group.calendar) is not None


def _factor(move: Move, group: Group) -> Interval:
    """By what a move multiplies slots (of ten agents or more) or one agent's limit; rates may cut it short."""
    if move.amount is None:
        return Interval(1.0, math.inf) if move.is_raise else Interval(0.0, 1.0)
    floor = min([group.limits.floor, *(tier.limits.floor for tier in group.tiers)])
    match move.amount.kind:
        case AmountKind.SHARE:
            most = move.amount.value + 1 / (FEWEST_AGENTS * floor)
        case AmountKind.SLOTS:
            most = move.amount.value / (FEWEST_AGENTS * floor)
        case AmountKind.EACH:
            most = move.amount.value / lowest_limit(group)
    return Interval(1.0, 1.0 + most) if move.is_raise else Interval(max(0.0, 1.0 - most), 1.0)


def _meets(before: Case, after: Case, factor: Interval) -> bool:
    """Whether a moment inside `before` can lie inside `after` once slots have been multiplied by `factor`."""
    for key, bounds in before.bounds.items():
        later = after.bounds.get(key)
        if later is None or key in {"group.spare", "agent.spare"}:
            continue
        if key in {"group.occupancy", "agent.occupancy"}:
            moved = divided(bounds, factor)
        elif key in DERIVED:
            moved = multiplied(bounds, factor)
        elif before.terms[key].names.isdisjoint(DERIVED):
            moved = bounds
        else:
            moved = EVERYTHING
        if meet(moved, later) is None:
            return False
    return all(words & after.words.get(key, words) for key, words in before.words.items())
