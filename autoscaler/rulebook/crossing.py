"""What must hold between the groups of one rulebook: one name each, and no queue or agent claimed twice.

Every finding is reported at both places, whichever file is read first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from autoscaler.core.book import IdRange
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.grammar import Item
from autoscaler.rulebook.group import Draft
from autoscaler.rulebook.people import in_ids
from autoscaler.rulebook.source import Span
from autoscaler.rulebook.suggestions import quoted

__all__ = ["cross_check"]

_Claim = tuple[Draft, Item[IdRange]]


def cross_check(drafts: Sequence[Draft]) -> None:
    """Report through the drafts' own reporters."""
    _names(drafts)
    _queues(drafts)
    _agents(drafts)
    _tiers(drafts)


def _names(drafts: Sequence[Draft]) -> None:
    seen: dict[str, Draft] = {}
    for draft in drafts:
        first = seen.setdefault(draft.group.name, draft)
        if first is draft:
            continue
        help_ = "give each file its own group:"
        for one, other in ((first, draft), (draft, first)):
            message = f"the group {quoted(draft.group.name)} is also described in {_place(other, other.name_span)}"
            one.reporter.report(Code.DUPLICATE_GROUP, one.name_span, message, help_)


def _queues(drafts: Sequence[Draft]) -> None:
    seen: dict[tuple[int, int], tuple[Draft, Item[int]]] = {}
    for draft in drafts:
        for queue in draft.queues:
            first, place = seen.setdefault((queue.value, draft.group.media_type), (draft, queue))
            if first is draft:
                continue
            what = f"queue {queue.value} with media type {draft.group.media_type}"
            for one, span, other, span_there in (
                (first, place.span, draft, queue.span),
                (draft, queue.span, first, place.span),
            ):
                message = f"{what} is also claimed in {_place(other, span_there)}"
                one.reporter.report(
                    Code.OVERLAP, span, message, "one group sets an agent's limit; take it out of one file"
                )


def _agents(drafts: Sequence[Draft]) -> None:
    """Agents whom two groups name as theirs."""
    for media_type, claims in _by_media((draft, item) for draft in drafts for item in draft.ids):
        for one, other in _overlapping(claims):
            _overlap(one, other, media_type)


def _tiers(drafts: Sequence[Draft]) -> None:
    """Agents named in a tier of a group that takes them by queue, and by another group as well."""
    by_queue = [(draft, item) for draft in drafts if not draft.ids for item in draft.tier_ids]
    named = [(draft, item) for draft in drafts for item in draft.ids]
    for _, claims in _by_media([*by_queue, *named]):
        for one, other in _overlapping(claims):
            if one[0].ids and other[0].ids:
                continue
            both = _in_both(one, other)
            for (draft, item), (there, place) in ((one, other), (other, one)):
                message = f"{both} named in {_place(there, place.span)} too, for the same media type"
                help_ = "while one works for both groups, neither moves it; if nobody ever does, all is well"
                draft.reporter.report(Code.SHARED_AGENTS, item.span, message, help_)


def _by_media(claims: Iterable[_Claim]) -> list[tuple[int, list[_Claim]]]:
    found: dict[int, list[_Claim]] = {}
    for claim in claims:
        found.setdefault(claim[0].group.media_type, []).append(claim)
    return list(found.items())


def _overlapping(claims: Iterable[_Claim]) -> Iterator[tuple[_Claim, _Claim]]:
    """Claims of two groups to the same agents: each with the one that reaches furthest into it."""
    reach: list[_Claim] = []  # per group, the claim that reaches furthest so far
    for draft, item in sorted(claims, key=lambda claim: (claim[1].value.first, claim[1].value.last)):
        for other, claim in reach:
            if other is not draft and claim.value.last >= item.value.first:
                yield (draft, item), (other, claim)
        reach = [(other, claim) for other, claim in reach if claim.value.last >= item.value.first]
        own = next((claim for other, claim in reach if other is draft), None)
        if own is None or own.value.last < item.value.last:
            reach = [(other, claim) for other, claim in reach if other is not draft] + [(draft, item)]


def _in_both(one: _Claim, other: _Claim) -> str:
    item, claim = one[1].value, other[1].value
    both = IdRange(first=max(item.first, claim.first), last=min(item.last, claim.last))
    return f"agents {in_ids(both)} are" if both.first != both.last else f"agent {both.first} is"


def _overlap(one: _Claim, other: _Claim, media_type: int) -> None:
    what, verb = _in_both(one, other).rsplit(" ", 1)
    help_ = "one group sets an agent's limit; take them out of one file"
    for (draft, item), (there, place) in ((one, other), (other, one)):
        message = f"{what} with media type {media_type} {verb} also claimed in {_place(there, place.span)}"
        draft.reporter.report(Code.OVERLAP, item.span, message, help_)


def _place(draft: Draft, span: Span) -> str:
    line, column = draft.reporter.source.place(span.start)
    return f"{draft.reporter.source.name}:{line}:{column}"
