"""Columns and snapshots through bytes and back, exact to the bit."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autoscaler.core.readings import Agents, Input, Overrides, Pause, Pin, Queues, Snapshot
from autoscaler.errors import StoreForeign
from autoscaler.store.columns import pack, unpack
from autoscaler.store.snapshot_blob import pack_snapshot, unpack_snapshot

UNTIL = datetime(2026, 3, 2, 9, 0, 0, 7, tzinfo=UTC)

shapes = hnp.array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=70)
any_bits = hnp.arrays(np.uint64, shapes, elements=st.integers(0, 2**64 - 1)).map(lambda a: a.view(np.float64))
floats = hnp.arrays(
    np.float64,
    shapes,
    elements=st.sampled_from([0.0, -0.0, 1.0, 127.0, 128.0, -128.0, 32768.0, 2.0**31, 0.5, 1e300, math.nan, math.inf]),
)
whole = st.sampled_from([np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint64, np.bool_]).flatmap(
    lambda dtype: hnp.arrays(dtype, shapes)
)
ascending = hnp.arrays(np.int64, st.integers(0, 200), elements=st.integers(0, 300)).map(np.cumsum)
runs = st.lists(st.tuples(st.floats(), st.integers(1, 60)), max_size=5).map(
    lambda pairs: np.repeat(np.array([value for value, _ in pairs], np.float64), [count for _, count in pairs])
)


def same(one: np.ndarray, other: np.ndarray) -> bool:
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


@given(st.dictionaries(st.text(max_size=5), any_bits | floats | whole | ascending | runs, max_size=4))
def test_any_table_comes_back_to_the_bit(arrays: dict[str, np.ndarray]) -> None:
    header, back = unpack(pack({"version": 1, "names": ["é"]}, arrays))
    assert header == {"version": 1, "names": ["é"]}
    assert list(back) == list(arrays)
    assert all(same(back[name], arrays[name]) for name in arrays)


@given(st.binary(max_size=60) | st.binary(max_size=20).map(lambda tail: pack({}, {"a": np.arange(9)})[:-1] + tail))
def test_other_bytes_are_refused_as_foreign(blob: bytes) -> None:
    if blob != pack({}, {"a": np.arange(9)}):
        with pytest.raises(StoreForeign):
            unpack(blob)


def test_a_flipped_bit_is_noticed() -> None:
    blob = bytearray(pack({}, {"a": np.arange(1000.0)}))
    blob[-3] ^= 1
    with pytest.raises(StoreForeign):
        unpack(bytes(blob))


def test_columns_that_do_not_stand_in_a_row_are_packed_too() -> None:
    grid = np.arange(24.0).reshape(4, 6)
    _, back = unpack(pack({}, {"t": grid.T, "every_other": grid[::2, ::3], "big_endian": np.arange(5, dtype=">i4")}))
    assert same(back["t"], np.ascontiguousarray(grid.T))
    assert same(back["every_other"], np.ascontiguousarray(grid[::2, ::3]))
    assert back["big_endian"].tolist() == [0, 1, 2, 3, 4]


def test_text_is_no_column() -> None:
    with pytest.raises(TypeError, match="names"):
        pack({}, {"names": np.array(["a"])})


def test_a_usual_snapshot_takes_few_bytes() -> None:
    snapshot = site(np.random.default_rng(1), 60_000)
    raw = sum(
        column.nbytes
        for column in (
            snapshot.agents.ids,
            snapshot.agents.load[51],
            snapshot.agents.limit[51],
            snapshot.agents.state,
            snapshot.agents.state_for_s,
            snapshot.agents.signed_in_for_s,
            snapshot.agents.age_s,
            snapshot.agents.queue_ids,
            snapshot.agents.queue_offsets,
        )
    )
    assert len(pack_snapshot(snapshot)) < raw / 10


@given(st.integers(0, 2**32), st.integers(0, 40))
def test_a_snapshot_comes_back_to_the_bit(seed: int, count: int) -> None:
    snapshot = site(np.random.default_rng(seed), count)
    back = unpack_snapshot(pack_snapshot(snapshot))
    assert same_snapshot(back, snapshot)


def test_an_empty_snapshot_comes_back() -> None:
    empty = Snapshot(queues=Queues.none(), agents=Agents.none())
    assert same_snapshot(unpack_snapshot(pack_snapshot(empty)), empty)


def test_a_table_that_is_no_snapshot_is_refused() -> None:
    with pytest.raises(StoreForeign, match="no snapshot"):
        unpack_snapshot(pack({}, {}))


def site(rng: np.random.Generator, count: int) -> Snapshot:
    """A site of `count` agents with something of everything."""

    def holed(column: np.ndarray) -> np.ndarray:
        return np.where(rng.random(count) < 0.05, np.nan, column)

    per_agent = rng.integers(0, 3, count)
    total = int(per_agent.sum())
    reachable = rng.random(count) < 0.9 if rng.random() < 0.5 else None
    return Snapshot(
        queues=Queues(
            ids=np.array([2001, 2002]),
            waiting=np.array([3.0, np.nan]),
            oldest_wait_s=np.array([44.5, np.nan]),
            arrivals_per_minute=np.array([np.nan, -0.0]),
            abandoned_per_minute=np.array([0.1, np.inf]),
            age_s=rng.random(2),
        ),
        agents=Agents(
            ids=np.cumsum(rng.integers(1, 5, count)) + 100,
            load={51: holed(rng.poisson(2.0, count).astype(float)), 0: np.full(count, np.nan)},
            limit={51: holed(rng.integers(1, 7, count).astype(float))},
            state=rng.integers(-1, 11, count).astype(np.int8),
            state_for_s=holed(rng.integers(0, 4000, count).astype(float)),
            signed_in_for_s=holed(rng.integers(0, 30_000, count).astype(float)),
            age_s=np.repeat(rng.random(count // 3000 + 1), 3000)[:count],
            queue_ids=rng.integers(2001, 2050, total),
            queue_offsets=np.concatenate((np.zeros(1, np.int64), np.cumsum(per_agent))),
            queues_known=rng.random(count) < 0.99,
            reachable=reachable,
        ),
        inputs={"reply_seconds": Input(value=0.1, age_s=math.nan), "b": Input(value=math.nan, age_s=3.0)},
        overrides=Overrides(
            frozen=True,
            pauses=(Pause(group=None, until=UNTIL + timedelta(days=1), reason="é", by="a"),),
            pins=(Pin(agent=101, media_type=51, limit=3, until=None, reason="", by="b"),),
        ),
        roster_problem="CC-CMS did not say",
    )


def same_snapshot(one: Snapshot, other: Snapshot) -> bool:
    def columns(table: Queues | Agents) -> dict[str, np.ndarray | None]:
        found: dict[str, np.ndarray | None] = {}
        for name in table.__dataclass_fields__:
            value = getattr(table, name)
            found |= {f"{name}.{k}": v for k, v in value.items()} if isinstance(value, dict) else {name: value}
        return found

    for a, b in ((one.queues, other.queues), (one.agents, other.agents)):
        mine, theirs = columns(a), columns(b)
        if list(mine) != list(theirs):
            return False
        for name, column in mine.items():
            pair = theirs[name]
            if (column is None) != (pair is None) or (
                column is not None and pair is not None and not same(column, pair)
            ):
                return False
    return (
        repr(one.inputs) == repr(other.inputs)
        and one.overrides == other.overrides
        and one.roster_problem == other.roster_problem
    )
