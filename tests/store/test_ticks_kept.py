"""Recorded ticks: packed as deltas, exact to the bit, and kept and deleted in segments that stand by themselves."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autoscaler.core.plan import Slots
from autoscaler.core.readings import Agents, Queues, Snapshot
from autoscaler.errors import StoreForeign, StoreUnavailable
from autoscaler.store.columns import pack
from autoscaler.store.deltas import delta, delta_of_ids, undo, undo_ids
from autoscaler.store.location import database_path
from autoscaler.store.recordings import KeptTick, NewSegment
from autoscaler.store.snapshot_blob import pack_snapshot
from autoscaler.store.sqlite_reader import SqliteReader
from autoscaler.store.tick_blob import pack_tick, unpack_tick
from autoscaler.store.wanted import Wanted

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SLOTS = Slots(observed=1, proposed=2, arbitrated=3, stabilised=4, wanted=5)

odd = st.sampled_from([0.0, -0.0, 1.0, 15.5, 1e300, -1e300, float("nan"), float("inf"), float("-inf")])
pairs = st.integers(0, 60).flatmap(
    lambda n: st.tuples(hnp.arrays(np.float64, n, elements=odd), hnp.arrays(np.float64, n, elements=odd))
)
ids = st.sets(st.integers(101, 160), max_size=40).map(lambda some: np.array(sorted(some), np.int64))


def same(one: np.ndarray, other: np.ndarray) -> bool:
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


@given(pairs, st.integers(0, 60))
def test_a_column_comes_back_to_the_bit_from_the_one_before_it(pair: tuple[np.ndarray, np.ndarray], alike: int) -> None:
    before, now = pair
    now[alike:] = before[alike:]
    how, arrays = delta(now, before)
    assert same(undo(how, arrays, before), now)


@given(hnp.arrays(np.float64, 50, elements=odd), st.sampled_from([15.0, 0.1, 1e300]))
def test_a_column_that_went_on_by_one_step_is_kept_as_that_step_where_it_is_exact(
    before: np.ndarray, by: float
) -> None:
    with np.errstate(over="ignore"):
        now = before + by
    how, arrays = delta(now, before)
    assert same(undo(how, arrays, before), now)


@given(ids, ids)
def test_ids_come_back_from_those_before_them(now: np.ndarray, before: np.ndarray) -> None:
    how, arrays = delta_of_ids(now, before)
    assert same(undo_ids(how, arrays, before), now)


def test_seconds_that_went_on_for_nearly_everybody_take_few_bytes() -> None:
    before = np.arange(10_000.0) % 700
    now = before + 15
    now[::100] = 0.0
    how, arrays = delta(now, before)
    assert how == ["step", 15.0]
    assert len(arrays["~rows"]) == 100


def a_tick(rng: np.random.Generator, present: np.ndarray, load: np.ndarray) -> tuple[Snapshot, Wanted]:
    """What one tick saw of those who are present, and decided about some of them."""
    count = len(present)
    queues_each = rng.integers(0, 3, count) if rng.random() < 0.3 else np.ones(count, np.int64)
    agents = replace(
        Agents.none(),
        ids=present,
        load={51: load[present], 0: np.full(count, np.nan)} if rng.random() < 0.9 else {},
        limit={51: np.floor(rng.random(count) * 2)},
        state=(present % 7).astype(np.int8),
        state_for_s=load[present] * 15.0,
        signed_in_for_s=rng.random(count),
        age_s=np.repeat(rng.random(), count),
        queue_ids=np.repeat(present, queues_each),
        queue_offsets=np.concatenate((np.zeros(1, np.int64), np.cumsum(queues_each))),
        queues_known=queues_each > 0,
        reachable=rng.random(count) < 0.9 if rng.random() < 0.5 else None,
    )
    seen = Snapshot(queues=Queues.none(), agents=agents, roster_problem="lost" if rng.random() < 0.1 else "")
    mine = present if rng.random() < 0.5 else present[rng.random(count) < 0.7]
    wanted = Wanted(
        ids=mine,
        force=(mine % 5).astype(np.int16),
        limit=(mine % 5 + rng.integers(0, 2)).astype(np.int16),
        rule=np.full(len(mine), rng.integers(-1, 3), np.int16),
        called=rng.random(len(mine)) < 0.1,
        slots=SLOTS,
    )
    return seen, wanted


@given(st.integers(0, 2**32), st.integers(2, 6))
def test_a_run_of_ticks_comes_back_to_the_bit_whoever_comes_and_goes(seed: int, ticks: int) -> None:
    rng = np.random.default_rng(seed)
    everybody, load = np.arange(200), np.floor(rng.random(200) * 4)
    here = rng.random(200) < rng.random()
    earlier = columns = None
    for _ in range(ticks):
        here ^= rng.random(200) < 0.05
        load[rng.random(200) < 0.2] += 1.0
        seen, wanted = a_tick(rng, everybody[here], load)
        blob, earlier = pack_tick(seen, wanted, earlier)
        back = unpack_tick(blob, columns)
        columns = back.columns
        assert pack_snapshot(back.snapshot) == pack_snapshot(seen)
        assert back.wanted.slots == wanted.slots
        for name in ("ids", "force", "limit", "rule", "called"):
            assert same(getattr(back.wanted, name), getattr(wanted, name)), name


def test_a_usual_tick_takes_a_small_part_of_its_snapshot() -> None:
    rng = np.random.default_rng(3)
    load = np.floor(rng.random(60_000) * 4)
    first, wanted = a_tick(rng, np.arange(60_000), load)
    _, before = pack_tick(first, wanted, None)
    load[rng.random(60_000) < 0.1] += 1.0
    agents = replace(first.agents, load={51: load, 0: np.full(60_000, np.nan)}, state_for_s=load * 15.0)
    second = replace(first, agents=agents)
    blob, _ = pack_tick(second, wanted, before)
    assert len(blob) < len(pack_snapshot(second)) / 10


def test_a_tick_is_not_read_without_the_one_before_it_nor_what_is_no_tick() -> None:
    rng = np.random.default_rng(3)
    seen, wanted = a_tick(rng, np.arange(50), np.zeros(200))
    _, before = pack_tick(seen, wanted, None)
    blob, _ = pack_tick(seen, wanted, before)
    with pytest.raises(StoreForeign, match="not the one after"):
        unpack_tick(blob, None)
    with pytest.raises(StoreForeign, match="no tick"):
        unpack_tick(pack({}, {}), None)


def segment(rules: str = "sha256:a", group: str = "webchat") -> NewSegment:
    return NewSegment(
        group=group,
        rules=rules,
        files={"webchat.yaml": f"# {rules}"},
        rule_names=("surge", "calm"),
        mode="enforce",
        program="0",
        memory=b"before",
    )


def kept(minute: int) -> KeptTick:
    return KeptTick(tick=f"t{minute}", at=START + timedelta(minutes=minute), blob=b"%d" % minute)


async def test_a_segment_is_read_back_with_its_ticks_its_memory_and_its_rules(open_store, url: str) -> None:
    async with open_store() as store:
        number = await store.begin_segment(segment, lambda: kept(0))
        assert await store.add_tick(number, lambda: kept(1))
        await store.begin_segment(lambda: segment(group="social"), lambda: kept(2))
    with SqliteReader(url) as reader:
        first, other = reader.segments()
        assert (first.group, first.rules, first.rule_names, first.mode) == (
            "webchat", "sha256:a", ("surge", "calm"), "enforce",
        )  # fmt: skip
        assert (first.first_at, first.last_at, first.ticks) == (kept(0).at, kept(1).at, 2)
        assert list(reader.ticks(first.id)) == [kept(0), kept(1)]
        assert reader.memory_before(first.id) == b"before"
        assert reader.rule_text("sha256:a") == {"webchat.yaml": "# sha256:a"}
        assert reader.rule_text("sha256:b") is None
        assert reader.segments(since=kept(2).at) == [other]
        assert reader.last_segments() == {"webchat": first, "social": other}


async def test_segments_go_as_a_whole_and_a_rule_text_with_the_last_of_its_own(open_store, url: str) -> None:
    async with open_store() as store:
        await store.save_rules("sha256:good", {"webchat.yaml": "good"})
        number = await store.begin_segment(segment, lambda: kept(0))
        await store.add_tick(number, lambda: kept(10))
        number = await store.begin_segment(lambda: segment("sha256:b"), lambda: kept(20))
        assert await store.prune_segments(kept(10).at) == 0, "its last tick is not older"
        assert await store.prune_segments(kept(11).at) == 2
        with SqliteReader(url) as reader:
            (left,) = reader.segments()
            assert left.rules == "sha256:b"
            assert [reader.rule_text(f"sha256:{one}") is None for one in ("a", "b", "good")] == [True, False, False]
        assert await store.prune_segments(kept(21).at) == 1
        assert await store.add_tick(number, lambda: kept(30)) is False
        with SqliteReader(url) as reader:
            assert reader.segments() == []


async def test_a_tick_that_was_never_done_goes_when_the_next_begins(open_store, url: str) -> None:
    async with open_store() as store:
        number = await store.begin_segment(segment, lambda: kept(0))
        await store.add_tick(number, lambda: kept(1))
        await store.begin_segment(segment, lambda: kept(2), instead_of="t1")
        await store.begin_segment(segment, lambda: kept(3), instead_of="t2")
    with SqliteReader(url) as reader:
        assert [[tick.tick for tick in reader.ticks(one.id)] for one in reader.segments()] == [["t0"], ["t3"]]


async def test_a_new_segment_replaces_the_memory_an_orderly_end_has_left(open_store) -> None:
    async with open_store() as store:
        await store.save_memory("webchat", b"old")
        await store.save_memory("social", b"kept")
        await store.begin_segment(segment, lambda: kept(0))
        assert list(await store.load_memories()) == ["social"]


async def test_a_segment_whose_packing_fails_leaves_nothing(open_store, url: str) -> None:
    def broken() -> KeptTick:
        raise TypeError("no column")

    async with open_store() as store:
        with pytest.raises(TypeError):
            await store.begin_segment(segment, broken)
        with SqliteReader(url) as reader:
            assert reader.segments() == []


async def test_a_store_of_version_1_is_brought_up_to_date_by_the_daemon_alone(open_store, url: str) -> None:
    async with open_store() as store:
        await store.save_rules("sha256:good", {"webchat.yaml": "good"})
    with sqlite3.connect(database_path(url)) as connection:
        for table in ("ticks", "segments", "rule_texts"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("CREATE TABLE snapshots (id INTEGER PRIMARY KEY)")
        connection.execute("UPDATE schema_version SET version = 1")
    connection.close()
    with pytest.raises(StoreUnavailable, match="older version") as caught:
        SqliteReader(url)
    assert "start the daemon" in caught.value.help
    async with open_store() as store:
        await store.begin_segment(segment, lambda: kept(0))
    with SqliteReader(url) as reader:
        assert reader.rule_text("sha256:good") == {"webchat.yaml": "good"}
        assert len(reader.segments()) == 1
