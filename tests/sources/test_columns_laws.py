"""Laws of reading numbers and sorting columns."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from autoscaler.sources.columns import join, look_up, readings
from autoscaler.sources.plausible import some, whole, whole_column

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.integers(0, 9).map(str),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=3,
)


@given(anything)
def test_what_is_read_is_a_whole_number_in_range_or_missing(value: object) -> None:
    read = whole(value, 0, 50)
    assert math.isnan(read) or (0 <= read <= 50 and read == int(read))


@given(st.integers(0, 10**6))
def test_a_plausible_number_is_read_in_each_form(number: int) -> None:
    assert {whole(form, 0, 10**6) for form in (number, float(number), str(number), f"{number}.0")} == {float(number)}


@given(st.lists(anything), st.booleans())
def test_a_column_reads_each_row_as_whole_does(values: list[object], with_strangers: bool) -> None:
    rows: list[object] = [{"n": value} for value in values]
    if with_strangers:
        rows += [None, "x", {}]
    column = whole_column(rows, "n", 0, 50)
    expected = [whole(value, 0, 50) for value in values] + [math.nan] * (len(rows) - len(values))
    np.testing.assert_array_equal(column, np.array(expected))


@given(st.lists(st.integers(-5, 60) | st.integers(2**62, 2**70)))
def test_a_column_of_ints_alone_is_read_alike(values: list[int]) -> None:
    column = whole_column([{"n": value} for value in values], "n", 0, 50)
    np.testing.assert_array_equal(column, np.array([whole(value, 0, 50) for value in values]))


pairs = st.lists(st.tuples(st.integers(1, 9), st.sampled_from([0.0, 1.0, math.nan])))


@given(pairs)
def test_an_id_has_its_value_only_if_all_its_rows_agree(rows: list[tuple[int, float]]) -> None:
    seen, twice = readings(
        np.array([key for key, _ in rows], float), np.array([value for _, value in rows], float), 7.0
    )
    assert seen.ids.tolist() == sorted({key for key, _ in rows})
    for key, value in zip(seen.ids.tolist(), seen.values.tolist(), strict=True):
        said = {str(other) for one, other in rows if one == key}
        assert (key in twice) == (len(said) > 1)
        assert str(value) == (said.pop() if len(said) == 1 else "nan")


@given(pairs, pairs, st.lists(st.integers(1, 12), unique=True).map(sorted))
def test_joined_readings_are_found_and_others_are_missing(one: list, other: list, ids: list[int]) -> None:
    parts = [
        readings(np.array([key for key, _ in rows], float), np.array([value for _, value in rows], float), at)[0]
        for at, rows in enumerate((one, other))
    ]
    values, taken_at = look_up(np.array(ids, np.int64), join(parts))
    for position, key in enumerate(ids):
        at, holder = next(((at, part) for at, part in enumerate(parts) if key in part.ids), (None, None))
        if holder is None:
            assert math.isnan(values[position])
            assert math.isnan(taken_at[position])
        else:
            np.testing.assert_equal(values[position], holder.values[holder.ids == key][0])
            assert taken_at[position] == at


def test_many_ids_are_named_by_a_few() -> None:
    assert some([1001]) == "1001"
    assert some(range(1, 8)) == "1, 2, 3, 4, 5 and 2 more"
