"""Moves that know no end: raises that only the limit of 60 stops, lowers that go below the baseline, moves that feed on
themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

from autoscaler.core.book import Group, Mode
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.layout_rules import Rules
from autoscaler.rulebook.lint.bounds import most_served
from autoscaler.rulebook.lint.cases import Case, together
from autoscaler.rulebook.lint.intervals import Interval
from autoscaler.rulebook.lint.subjects import Move, Subject
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.suggestions import quoted

__all__ = ["check_baseline", "check_ceiling", "check_self_feeding"]

_HIGHEST = 60
_GROWING = frozenset({"group.slots", "group.spare", "group.mean_limit", "agent.limit", "agent.spare"})
"""What a raise makes larger."""

_SHRINKING = frozenset({"group.occupancy", "agent.occupancy"})
"""What a raise makes smaller."""

_ZERO_WHEN_QUIET = (
    "queue.waiting",
    "queue.oldest_wait",
    "queue.arrivals_per_minute",
    "queue.abandoned_per_minute",
    "group.load",
    "group.occupancy",
    "group.busy",
    "group.waiting_per_agent",
    "agent.load",
    "agent.occupancy",
)
_QUIET = Case(bounds={name: Interval(0.0, 0.0) for name in _ZERO_WHEN_QUIET}, names=frozenset(_ZERO_WHEN_QUIET))
"""Nobody waits, nobody writes."""


def check_ceiling(group: Group, subjects: Sequence[Subject], reporter: Reporter) -> None:
    """Report the first raise when nothing keeps an agent below 60."""
    limits = [group.limits, *(tier.limits for tier in group.tiers)]
    if most_served(group.media_type) is not None or all(limit.ceiling < _HIGHEST for limit in limits):
        return
    rules = [subject.rule for subject in subjects]
    if any(rule.cap is not None and rule.when is None and not rule.at and rule.mode is Mode.ENFORCE for rule in rules):
        return
    for subject in subjects:
        rule, entries = subject.rule, subject.entries
        for key, is_raise in (
            (Rules.raise_, rule.raise_by is not None),
            (Rules.track, rule.track is not None),
            (Rules.steps, any(step.raise_by is not None for step in rule.steps)),
        ):
            if is_raise and rule.mode is Mode.ENFORCE:
                message = f"nothing stops {quoted(rule.name)} before {_HIGHEST}"
                help_ = "set a ceiling under agents.limit that one agent can serve"
                reporter.report(Code.NO_CEILING, entries.key_span(key), message, help_)
                return


def check_baseline(group: Group, moves: Sequence[Move], reporter: Reporter) -> None:
    """Report lowers of quiet hours that go on below the baseline."""
    limits = [group.limits, *(tier.limits for tier in group.tiers)]
    lowest = min(limit.baseline for limit in limits)
    floors = [subject.rule.floor for subject in {id(move.subject): move.subject for move in moves}.values()
              if subject.rule.floor is not None and subject.rule.when is None and not subject.rule.at]  # fmt: skip
    if all(max([limit.floor, *floors]) >= limit.baseline for limit in limits):
        return
    for move in moves:
        rule = move.subject.rule
        if move.is_raise or rule.mode is Mode.OBSERVE:
            continue
        quiet = [case for case in move.given if case.names & _QUIET.names and together(case, _QUIET) is not None]
        if any(not _is_guarded(case, lowest) for case in quiet):
            message = "nothing stops this lower at the baseline: a quiet hour walks everybody down to the floor"
            guard = f"agent.limit > {lowest}" if rule.per_agent else f"group.mean_limit > {lowest + 0.2:g}"
            reporter.report(Code.BELOW_BASELINE, move.span, message, f"add to its condition: and {guard}")


def check_self_feeding(moves: Sequence[Move], reporter: Reporter) -> None:
    """Report moves that rest on nothing but readings which the move itself pushes further."""
    for move in moves:
        if move.given and all(_feeds(case, is_raise=move.is_raise) for case in move.given):
            names = sorted({name for case in move.given for name in case.names})
            word = "raise" if move.is_raise else "lower"
            message = f"every {word} makes the condition on {' and '.join(names)} truer, so it never ends by itself"
            reporter.report(Code.SELF_FEEDING, move.span, message, "turn the comparison round, or rest it on the queue")


def _is_guarded(case: Case, lowest: int) -> bool:
    """Whether the case ends before limits fall below the lowest baseline."""
    mean = case.bounds.get("group.mean_limit")
    if mean is not None and mean.low >= lowest:
        return True
    limit = case.bounds.get("agent.limit")
    if limit is not None and (limit.low > lowest or (limit.low == lowest and limit.low_open)):
        return True
    if "group.slots" in case.bounds and case.bounds["group.slots"].low > 0:
        return True
    above = case.bounds.get("agent.above_baseline_for")
    if above is not None and (above.low > 0 or above.low_open):
        return True
    # a sum such as group.slots > 3 * group.agents
    tied = {"group.slots", "group.mean_limit", "agent.limit"}
    return any(not tied.isdisjoint(term.key for term, _ in link.terms) for link in case.links.values())


def _feeds(case: Case, *, is_raise: bool) -> bool:
    if not case.bounds or case.links or case.words or case.unequal or case.names != frozenset(case.bounds):
        return False
    rising, falling = (_GROWING, _SHRINKING) if is_raise else (_SHRINKING, _GROWING)
    return all(
        (key in rising and bounds.high == case.terms[key].domain.high)
        or (key in falling and bounds.low == case.terms[key].domain.low)
        for key, bounds in case.bounds.items()
    )
