"""The table of confirmed and wanted limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscaler.gateway.limits import LimitTable

WEB_CHAT = 51
SOCIAL_CHAT = 53


def ids(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def test_a_limit_nobody_confirmed_is_unknown() -> None:
    table = LimitTable()
    table.confirm(WEB_CHAT, 1001, 4)
    np.testing.assert_array_equal(table.confirmed(WEB_CHAT, ids(1002, 1001, 999_999)), [np.nan, 4.0, np.nan])
    np.testing.assert_array_equal(table.confirmed(SOCIAL_CHAT, ids(1001)), [np.nan])


def test_wanting_a_limit_confirms_nothing() -> None:
    table = LimitTable()
    table.want(WEB_CHAT, ids(1001, 1002), np.array([4, 60], dtype=np.int16))
    np.testing.assert_array_equal(table.wanted(WEB_CHAT, ids(1001, 1002, 1003)), [4.0, 60.0, np.nan])
    np.testing.assert_array_equal(table.confirmed(WEB_CHAT, ids(1001, 1002)), [np.nan, np.nan])


def test_a_new_sign_in_forgets_the_agents_limits_in_every_media_type_and_nobody_elses() -> None:
    table = LimitTable()
    for media_type in (WEB_CHAT, SOCIAL_CHAT):
        table.confirm(media_type, 1001, 4)
        table.confirm(media_type, 1002, 5)
    table.forget(1001)
    for media_type in (WEB_CHAT, SOCIAL_CHAT):
        np.testing.assert_array_equal(table.confirmed(media_type, ids(1001, 1002)), [np.nan, 5.0])


def test_doubt_touches_one_media_type() -> None:
    table = LimitTable()
    table.confirm(WEB_CHAT, 1001, 4)
    table.confirm(SOCIAL_CHAT, 1001, 4)
    table.doubt(WEB_CHAT, 1001)
    table.doubt(17, 1001)
    assert np.isnan(table.confirmed(WEB_CHAT, ids(1001))).all()
    np.testing.assert_array_equal(table.confirmed(SOCIAL_CHAT, ids(1001)), [4.0])


@pytest.mark.parametrize("agent", [-1, 1_000_000])
def test_an_id_out_of_range_is_no_other_agents_limit(agent: int) -> None:
    table = LimitTable()
    table.confirm(WEB_CHAT, 999_999, 4)
    with pytest.raises(IndexError):
        table.confirmed(WEB_CHAT, ids(agent))
    with pytest.raises(IndexError):
        table.want(WEB_CHAT, ids(agent), np.array([1], dtype=np.int16))


def test_nobody_asked_is_nothing_answered() -> None:
    assert LimitTable().confirmed(WEB_CHAT, ids()).shape == (0,)


@given(st.lists(st.tuples(st.integers(0, 999_999), st.integers(1, 60)), max_size=30))
def test_what_was_confirmed_last_is_what_is_gathered(confirmed: list[tuple[int, int]]) -> None:
    table = LimitTable()
    for agent, callnums in confirmed:
        table.confirm(WEB_CHAT, agent, callnums)
    last = dict(confirmed)
    np.testing.assert_array_equal(table.confirmed(WEB_CHAT, ids(*last)), list(last.values()))
