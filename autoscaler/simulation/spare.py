"""Agents of one queue with a free slot, by how many chats they hold.

Picking the least loaded costs no walk over the agents, however many there are.
"""

from __future__ import annotations

import random

__all__ = ["SparePool"]


class SparePool:
    """Buckets of agents by load; an agent is in one bucket or in none."""

    def __init__(self) -> None:
        self._buckets: list[list[int]] = []
        self._seats: dict[int, tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._seats)

    def place(self, agent: int, load: int | None) -> None:
        """Say that `agent` has a free slot and holds `load` chats; None: it has no free slot."""
        seat = self._seats.get(agent)
        if seat is not None:
            if seat[0] == load:
                return
            self._leave(agent, *seat)
        if load is None:
            return
        while len(self._buckets) <= load:
            self._buckets.append([])
        bucket = self._buckets[load]
        self._seats[agent] = (load, len(bucket))
        bucket.append(agent)

    def least_loaded(self, dice: random.Random) -> int | None:
        """An agent holding the fewest chats, ties at random; None when nobody has a free slot."""
        for bucket in self._buckets:
            if bucket:
                return bucket[0] if len(bucket) == 1 else bucket[int(dice.random() * len(bucket))]
        return None

    def _leave(self, agent: int, load: int, position: int) -> None:
        bucket = self._buckets[load]
        last = bucket.pop()
        if last != agent:
            bucket[position] = last
            self._seats[last] = (load, position)
        del self._seats[agent]
