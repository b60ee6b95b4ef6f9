"""Who carries a raise and who is relieved: the order, ties, and that choices are nested."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoscaler.core.distribution import lower_units, raise_units
from autoscaler.core.team import Columns16


def columns(rows: list[dict[str, float]]) -> dict[str, Any]:
    """Columns of agents; what a row leaves out is an agent at baseline 3 with nothing to do."""
    return {
        "limit": np.array([row.get("limit", 3) for row in rows], np.int16),
        "room": np.array([row.get("room", 3) for row in rows], np.int16),
        "load": np.array([row.get("load", 0) for row in rows], float),
        "baseline": np.array([row.get("baseline", 3) for row in rows], np.int16),
        "account": np.array([row.get("account", 0) for row in rows], float),
    }


@pytest.mark.parametrize(
    ("units", "rows", "expected"),
    [
        pytest.param(2, [{}, {}, {}], [1, 1, 0], id="ties by id"),
        pytest.param(1, [{}, {"load": 3}, {}], [0, 1, 0], id="at its limit first"),
        pytest.param(1, [{"load": 5, "limit": 4}, {"load": 3}, {}], [0, 1, 0], id="of those, least above baseline"),
        pytest.param(1, [{"limit": 4}, {}, {"limit": 5}], [0, 1, 0], id="least above baseline"),
        pytest.param(1, [{"account": 50.0}, {"account": 10.0}, {"account": 20.0}], [0, 1, 0], id="least carried"),
        pytest.param(3, [{"limit": 2}, {}, {}], [2, 1, 0], id="the one below baseline takes two before the last"),
        pytest.param(1, [{"limit": 2}, {"load": 3}, {}], [0, 1, 0], id="at limit before below baseline"),
        pytest.param(4, [{"load": 9, "room": 3}, {"load": 3}, {}], [3, 1, 0], id="an overloaded agent is at its limit"),
        pytest.param(9, [{"room": 1}, {"room": 0}, {"room": 2}], [1, 0, 2], id="no further than there is room"),
        pytest.param(1, [{"load": np.nan}, {"load": 3}], [0, 1], id="a missing load is not at its limit"),
        pytest.param(1, [{"baseline": 2}, {}, {"baseline": 4}], [0, 0, 1], id="each above its own baseline"),
        pytest.param(1, [{"load": 3}, {"load": 3, "baseline": 5}], [0, 1], id="at its limit, above its own baseline"),
        pytest.param(5, [{"load": 4}, {"limit": 2}, {}], [2, 2, 1], id="after its own two it stands further back"),
        pytest.param(3, [{"load": 3}, {}], [2, 1], id="who got one at its limit stands behind one who got none"),
        pytest.param(
            2, [{"account": 9.0}, {"account": 1.0}, {"account": 5.0}, {"account": 1.0}], [0, 1, 0, 1], id="two turns"
        ),
        pytest.param(
            3,
            [{"account": 5.0}, {"account": 1.0}, {"account": 5.0}, {"account": 5.0}],
            [1, 1, 1, 0],
            id="turns, ids",
        ),
        pytest.param(0, [{}, {}], [0, 0], id="nothing to give"),
        pytest.param(5, [], [], id="nobody"),
    ],
)
def test_a_raise_goes_to(units: int, rows: list[dict[str, float]], expected: list[int]) -> None:
    assert raise_units(units, **columns(rows)).tolist() == expected


@pytest.mark.parametrize(
    ("units", "rows", "expected"),
    [
        pytest.param(2, [{}, {}, {}], [1, 1, 0], id="ties by id"),
        pytest.param(1, [{"load": 3}, {"load": 3}, {}], [0, 0, 1], id="spare room first"),
        pytest.param(1, [{}, {"limit": 5}, {"limit": 4}], [0, 1, 0], id="most above baseline"),
        pytest.param(1, [{"account": 5.0}, {"account": 50.0}, {}], [0, 1, 0], id="most carried"),
        pytest.param(3, [{"limit": 5}, {}, {"limit": 4}], [2, 0, 1], id="brought level"),
        pytest.param(1, [{"limit": 6, "load": 6}, {"limit": 2}], [0, 1], id="spare before far above"),
        pytest.param(1, [{"baseline": 4}, {"baseline": 2}, {}], [0, 1, 0], id="each above its own baseline"),
        pytest.param(4, [{"load": 3, "account": 1.0}, {"load": 3, "account": 9.0}, {}], [0, 1, 3], id="busy ones last"),
        pytest.param(2, [{"load": 4, "limit": 4}, {"load": 5, "limit": 5}], [1, 1], id="busy ones are brought level"),
        pytest.param(3, [{"load": 2, "limit": 4}, {"load": 4, "limit": 4}], [2, 1], id="after its spare room it waits"),
        pytest.param(9, [{"room": 1}, {"room": 0}, {"room": 2}], [1, 0, 2], id="no further than there is room"),
    ],
)
def test_a_lower_comes_from(units: int, rows: list[dict[str, float]], expected: list[int]) -> None:
    assert lower_units(units, **columns(rows)).tolist() == expected


PEOPLE = st.lists(
    st.fixed_dictionaries(
        {
            "limit": st.integers(1, 60),
            "room": st.integers(0, 8),
            "load": st.one_of(st.integers(0, 12).map(float), st.just(float("nan"))),
            "baseline": st.integers(1, 8),
            "account": st.sampled_from([0.0, 15.0, 30.0, 600.0]),
        }
    ),
    max_size=25,
)


@settings(max_examples=150, deadline=None)
@given(rows=PEOPLE, units=st.integers(0, 80))
def test_units_are_shared_out_whole_inside_the_room_and_one_more_is_the_same_and_one_more(
    rows: list[dict[str, float]], units: int
) -> None:
    of = columns(rows)
    for share in (raise_units, lower_units):
        some: Columns16 = share(units, **of)
        more: Columns16 = share(units + 1, **of)
        assert ((some >= 0) & (some <= of["room"])).all()
        assert some.sum() == min(units, of["room"].sum())
        assert (more >= some).all()
        assert more.sum() - some.sum() == (1 if units < of["room"].sum() else 0)


def in_turn(units: int, rows: list[dict[str, float]], *, raises: bool) -> list[int]:
    """The same by hand: unit after unit to whoever stands first, as the module's first lines say."""
    moved = [0] * len(rows)
    for _ in range(units):
        queue = []
        for index, row in enumerate(rows):
            limit = row["limit"] + moved[index] if raises else row["limit"] - moved[index]
            if moved[index] < row["room"]:
                at_limit = row["load"] >= limit
                above = limit - row["baseline"]
                queue.append(
                    (not at_limit, above, row["account"], index)
                    if raises
                    else (not row["load"] < limit, -above, -row["account"], index)
                )
        if queue:
            moved[min(queue)[-1]] += 1
    return moved


@settings(max_examples=150, deadline=None)
@given(rows=PEOPLE, units=st.integers(0, 40), raises=st.booleans())
def test_units_go_one_after_the_other_to_whoever_stands_first(
    rows: list[dict[str, float]], units: int, raises: bool
) -> None:
    share = raise_units if raises else lower_units
    assert share(units, **columns(rows)).tolist() == in_turn(units, rows, raises=raises)


def test_among_many_at_one_level_those_who_have_carried_least_get_the_units() -> None:
    accounts = [float(index * 7919 % 997) for index in range(300)]
    rows = [{"account": account, "room": 1} for account in accounts]
    for units in (1, 2, 30, 299):
        given_to = np.flatnonzero(raise_units(units, **columns(rows)))
        assert sorted(accounts[row] for row in given_to) == sorted(accounts)[:units]
