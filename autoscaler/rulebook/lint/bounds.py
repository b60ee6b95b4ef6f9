"""Floors, caps and ceilings that contradict each other at some hour, or go beyond what one agent serves well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from autoscaler.core.book import AmountKind, Group, Mode, Tier
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.grammar import Entries
from autoscaler.rulebook.group import Draft
from autoscaler.rulebook.layout import Agents, Groups, Limit, Tiers
from autoscaler.rulebook.layout_rules import Rules
from autoscaler.rulebook.lint.cases import Case, Effort, is_implied, together
from autoscaler.rulebook.lint.intervals import EVERYTHING, Interval, meet
from autoscaler.rulebook.lint.subjects import Subject
from autoscaler.rulebook.lint.windows import shared_time
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.source import Span
from autoscaler.rulebook.suggestions import quoted

__all__ = ["check_floors", "check_productive", "most_served"]

_MOST_SERVED = {1: (6, "chats"), 51: (6, "chats"), 17: (20, "conversations"), 53: (20, "conversations")}
"""By media type: how many one agent serves at once before throughput falls; live chats peak at 3 to 6."""


def most_served(media_type: int) -> int | None:
    """The highest limit that makes sense for a media type; None where no figure is known."""
    found = _MOST_SERVED.get(media_type)
    return found[0] if found else None


def check_productive(draft: Draft) -> None:
    """Report limits above what one agent serves well."""
    known = _MOST_SERVED.get(draft.group.media_type)
    if known is None:
        return
    most, what = known
    for name, value, span in _written_limits(draft):
        if value > most:
            message = f"{name} is {value}, above the {most} {what} that one agent serves well at once"
            help_ = (
                f"past that, every one takes longer and fewer get done; write {most} or less unless you measured more"
            )
            draft.reporter.report(Code.UNPRODUCTIVE, span, message, help_)


def check_floors(draft: Draft, subjects: Sequence[Subject], effort: Effort) -> None:
    """Report floors of rules above a tier's ceiling, or above a cap that holds at the same time."""
    group, reporter = draft.group, draft.reporter
    for subject in subjects:
        rule = subject.rule
        if rule.floor is None or rule.mode is Mode.OBSERVE:
            continue
        _below_ceilings(group, subject, rule.floor, reporter)
        for other in subjects:
            cap = other.rule.cap
            if cap is None or cap >= rule.floor or other.rule.mode is Mode.OBSERVE or other is subject:
                continue
            _below_cap(group, subject, other, effort, reporter)


def _below_ceilings(group: Group, subject: Subject, floor: int, reporter: Reporter) -> None:
    highest = max([group.limits.ceiling, *(tier.limits.ceiling for tier in group.tiers)])
    when = shared_time(subject.rule.at, (), group.calendar)
    for tier in group.tiers:
        if tier.limits.ceiling < floor <= highest and _speaks_of(subject, tier):
            at = f" ({when})" if subject.rule.at else ""
            message = f"floor {floor} is above the ceiling {tier.limits.ceiling} of tier {quoted(tier.name)}{at}"
            help_ = f'the ceiling counts; leave them out with agent.tier != "{tier.name}", or lower the floor'
            reporter.report(Code.FLOOR_ABOVE, subject.entries.value_span(Rules.floor), message, help_)


def _speaks_of(subject: Subject, tier: Tier) -> bool:
    """Whether the rule can hold for an agent of the tier."""
    ranges = [Interval(float(ids.first), float(ids.last)) for ids in tier.ids] or [EVERYTHING]
    for case in subject.given:
        named = together(case, Case(words={"agent.tier": frozenset({tier.name})}, names=frozenset({"agent.tier"})))
        if named is None:
            continue
        ids = named.bounds.get("agent.id")
        if ids is None or any(meet(ids, one) is not None for one in ranges):
            return True
    return False


def _below_cap(group: Group, subject: Subject, capping: Subject, effort: Effort, reporter: Reporter) -> None:
    rule, cap = subject.rule, capping.rule
    when = shared_time(rule.at, cap.at, group.calendar)
    if when is None or cap.until is not None or rule.until is not None or cap.for_s > rule.for_s:
        return
    if cap.per_agent and not rule.per_agent:
        return
    if is_implied(subject.given, capping.otherwise, effort):
        message = f"floor {rule.floor} is above cap {cap.cap} of {quoted(cap.name)}, which holds too ({when})"
        help_ = "the cap counts; raise the cap, lower the floor, or keep their times apart"
        reporter.report(Code.FLOOR_ABOVE, subject.entries.value_span(Rules.floor), message, help_)


def _written_limits(draft: Draft) -> Iterator[tuple[str, int, Span]]:
    """Every limit that can come about, with what it is called and its place; bounds above every ceiling never do."""
    agents = draft.entries.get(Groups.agents)
    if agents is not None:
        limit = agents.get(Agents.limit)
        if limit is not None:
            yield from _highest(limit)
        for tier in agents.get(Agents.tiers) or ():
            yield from _highest(tier.value, f" of tier {quoted(tier.value.get(Tiers.name) or '')}")
    highest = max([draft.group.limits.ceiling, *(tier.limits.ceiling for tier in draft.group.tiers)])
    for placed in draft.rules:
        rule, entries = placed.rule, placed.entries
        each = int(rule.set_to.value) if rule.set_to and rule.set_to.kind is AmountKind.EACH else None
        for key, value in ((Rules.cap, rule.cap), (Rules.floor, rule.floor), (Rules.set_, each)):
            if value is not None and value <= highest:
                yield key.name, value, entries.value_span(key)


def _highest(entries: Entries, of: str = "") -> Iterator[tuple[str, int, Span]]:
    for key in (Limit.ceiling, Limit.baseline, Limit.floor):
        value = entries.get(key)
        if value is not None:
            yield f"{key.name}{of}", value, entries.value_span(key)
            return
