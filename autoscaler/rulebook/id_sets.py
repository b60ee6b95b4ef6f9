"""Sets of agent ids as sorted ranges that neither touch nor overlap, so questions about them cost a search."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from autoscaler.core.book import IdRange

__all__ = ["covers", "meets", "merged"]


def merged(ranges: Iterable[IdRange]) -> tuple[IdRange, ...]:
    """The same ids in ascending ranges with gaps between them."""
    found: list[IdRange] = []
    for one in sorted(ranges, key=lambda range_: range_.first):
        if found and one.first <= found[-1].last + 1:
            if one.last > found[-1].last:
                found[-1] = IdRange(first=found[-1].first, last=one.last)
        else:
            found.append(one)
    return tuple(found)


def covers(ids: Sequence[IdRange], one: IdRange) -> bool:
    """Whether merged `ids` hold every id of `one`."""
    at = bisect_right(ids, one.first, key=lambda range_: range_.first) - 1
    return at >= 0 and ids[at].last >= one.last


def meets(ids: Sequence[IdRange], one: IdRange) -> bool:
    """Whether merged `ids` hold any id of `one`."""
    at = bisect_right(ids, one.last, key=lambda range_: range_.first) - 1
    return at >= 0 and ids[at].last >= one.first
