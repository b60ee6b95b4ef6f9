"""Who claims whom: the agents of each group when it was last seen, so that groups decided apart know of each other.

An agent that two groups of one media type claim is moved by neither, from the very first tick on.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from autoscaler.core.book import Group, IdRange, Rulebook
from autoscaler.core.readings import Ints
from autoscaler.core.team import members
from autoscaler.daemon.wants import want_of
from autoscaler.sources.ports import Seen, Source, Want

__all__ = ["Claims"]

NOBODY = np.empty(0, np.int64)

_Scope = tuple[int, tuple[int, ...], tuple[IdRange, ...]]
"""What decides who is in a group: media type, queues, ids."""


class Claims:
    """Remembers every group's agents."""

    def __init__(self, source: Source, *, deadline_s: float) -> None:
        """Know nobody yet.

        Args:
            source: Asked once about groups that have not been seen when their agents matter to another.
            deadline_s: Real seconds it may take.
        """
        self._source = source
        self._deadline_s = deadline_s
        self._claims: dict[str, tuple[_Scope, Ints]] = {}
        self._turn = asyncio.Lock()  # groups that start together look around once

    async def elsewhere(self, group: Group, book: Rulebook, seen: Seen) -> NDArray[np.bool_] | None:
        """Note what was seen of a group, and say whom of these agents another group of its media type claims.

        Returns:
            Shape (n,) as `seen.agents`; None when there is nobody.
        """
        self._note(group, seen)
        others = [one for one in book.groups if one.media_type == group.media_type and one.name != group.name]
        if not others:
            return None
        await self._look_around(others)
        known = [self._claims[one.name][1] for one in others if one.name in self._claims]
        claimed: NDArray[np.bool_] = np.isin(seen.agents.ids, np.concatenate([NOBODY, *known]))
        return claimed if claimed.any() else None

    def forget(self, group: str) -> None:
        """Have a group claim nobody any more."""
        self._claims.pop(group, None)

    def _note(self, group: Group, seen: Seen) -> None:
        if not seen.roster_problem:
            ids = seen.agents.ids[members(group, seen.agents)]
        else:  # of an untrusted list nothing is learnt; who was claimed before still is
            _, ids = self._claims.get(group.name, (None, NOBODY))
        self._claims[group.name] = _scope(group), ids

    async def _look_around(self, others: list[Group]) -> None:
        async with self._turn:
            strangers = [one for one in others if self._claims.get(one.name, (None,))[0] != _scope(one)]
            if not strangers:
                return
            async with asyncio.TaskGroup() as tasks:
                looks = [
                    tasks.create_task(self._source.observe(_who(one), self._deadline_s), name=f"look_{one.name}")
                    for one in strangers
                ]
            for one, look in zip(strangers, looks, strict=True):
                self._note(one, look.result())


def _who(group: Group) -> Want:
    """What tells who is in a group, and nothing else."""
    return replace(want_of(group), inputs=())


def _scope(group: Group) -> _Scope:
    return group.media_type, group.queues, group.agent_ids
