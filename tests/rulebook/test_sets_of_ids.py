"""Ranges of agent ids behave as the sets they stand for."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from autoscaler.core.book import IdRange
from autoscaler.rulebook.id_sets import covers, meets, merged

ranges = st.tuples(st.integers(101, 140), st.integers(0, 8)).map(lambda pair: IdRange(first=pair[0], last=sum(pair)))


def ids_of(found: tuple[IdRange, ...] | list[IdRange]) -> set[int]:
    return {number for one in found for number in range(one.first, one.last + 1)}


@given(st.lists(ranges, max_size=8), ranges)
def test_merged_ranges_answer_like_sets(several: list[IdRange], one: IdRange) -> None:
    found = merged(several)

    assert ids_of(found) == ids_of(several)
    assert all(low.last + 1 < high.first for low, high in pairwise(found))
    assert covers(found, one) is (ids_of([one]) <= ids_of(several))
    assert meets(found, one) is bool(ids_of([one]) & ids_of(several))
