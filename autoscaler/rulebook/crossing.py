"""What must hold between the groups of one rulebook: one name each, and no queue or agent claimed twice.

Every finding is reported at both places, whichever file is read first.
"""

from __future__ import annotations

from collections.abc import Sequence

from autoscaler.core.book import IdRange
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.grammar import Item
from autoscaler.rulebook.group import Draft
from autoscaler.rulebook.people import in_ids
from autoscaler.rulebook.source import Span
from autoscaler.rulebook.suggestions import quoted

__all__ = ["cross_check"]


def cross_check(drafts: Sequence[Draft]) -> None:
    """Report through the drafts' own reporters."""
    _names(drafts)
    _queues(drafts)
    _agents(drafts)


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
    by_media: dict[int, list[tuple[Draft, Item[IdRange]]]] = {}
    for draft in drafts:
        by_media.setdefault(draft.group.media_type, []).extend((draft, item) for item in draft.ids)
    for media_type, claims in by_media.items():
        claims.sort(key=lambda claim: (claim[1].value.first, claim[1].value.last))
        reach: list[tuple[Draft, Item[IdRange]]] = []  # per group, the claim that reaches furthest so far
        for draft, item in claims:
            for other, claim in reach:
                if other is not draft and claim.value.last >= item.value.first:
                    _overlap(draft, item, other, claim, media_type)
            reach = [(other, claim) for other, claim in reach if claim.value.last >= item.value.first]
            own = next((claim for other, claim in reach if other is draft), None)
            if own is None or own.value.last < item.value.last:
                reach = [(other, claim) for other, claim in reach if other is not draft] + [(draft, item)]


def _overlap(draft: Draft, item: Item[IdRange], other: Draft, claim: Item[IdRange], media_type: int) -> None:
    both = IdRange(first=item.value.first, last=min(item.value.last, claim.value.last))
    what = f"agents {in_ids(both)}" if both.first != both.last else f"agent {both.first}"
    help_ = "one group sets an agent's limit; take them out of one file"
    verb = "is" if both.first == both.last else "are"
    for one, span, there, place in ((draft, item.span, other, claim.span), (other, claim.span, draft, item.span)):
        message = f"{what} with media type {media_type} {verb} also claimed in {_place(there, place)}"
        one.reporter.report(Code.OVERLAP, span, message, help_)


def _place(draft: Draft, span: Span) -> str:
    line, column = draft.reporter.source.place(span.start)
    return f"{draft.reporter.source.name}:{line}:{column}"
