"""Nothing seen is a snapshot like any other, and a rulebook finds its groups by name."""

from __future__ import annotations

import numpy as np

from autoscaler.core.engine import decide
from autoscaler.core.memory import Memory
from autoscaler.core.readings import Agents, Queues, Snapshot

from .staging import START, agents, book, group, queues


def test_nobody_seen_has_the_columns_of_somebody_seen() -> None:
    none, some = Agents.none(), agents([])
    for name in (
        "ids",
        "state",
        "state_for_s",
        "signed_in_for_s",
        "age_s",
        "queue_ids",
        "queue_offsets",
        "queues_known",
    ):
        empty, real = getattr(none, name), getattr(some, name)
        assert (empty.shape, empty.dtype) == (real.shape, real.dtype)
    assert (none.load, none.limit, none.reachable) == ({}, {}, None)
    np.testing.assert_array_equal(none.queue_offsets, [0])


def test_no_queue_seen_has_the_columns_of_one_seen() -> None:
    none, some = Queues.none(), queues(ids=())
    for name in ("ids", "waiting", "oldest_wait_s", "arrivals_per_minute", "abandoned_per_minute", "age_s"):
        empty, real = getattr(none, name), getattr(some, name)
        assert (empty.shape, empty.dtype) == (real.shape, real.dtype)


def test_nothing_seen_is_decided() -> None:
    plan = decide(book(group()), Snapshot(queues=Queues.none(), agents=Agents.none()), Memory(), START)
    assert not len(plan.groups[0].calls.agents)


def test_a_rulebook_finds_a_group_by_its_name_and_none_by_another() -> None:
    both = book(group(name="chat"), group(name="voice"))
    found = both.group("voice")
    assert found is not None
    assert found.name == "voice"
    assert both.group("mail") is None
