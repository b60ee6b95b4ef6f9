"""One group's cycle: observe, decide, journal the intent, act, remember.

Whatever fails outside is a missing reading or an outcome; the cycle itself ends well, and only then is it counted as
complete.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import structlog
from numpy.typing import NDArray

from autoscaler.clock import Clock
from autoscaler.core.book import Group, Mode, Rulebook
from autoscaler.core.engine import decide
from autoscaler.core.memory import Memory
from autoscaler.core.plan import GroupPlan
from autoscaler.core.readings import Ints, Overrides, Snapshot
from autoscaler.daemon.orders import OrderBook
from autoscaler.daemon.records import Decisions, tick_id, tick_record
from autoscaler.daemon.scribe import Scribe
from autoscaler.errors import StoreError
from autoscaler.gateway.actuator import Actuator
from autoscaler.gateway.limits import LimitTable
from autoscaler.sources.ports import Seen, Source, Want
from autoscaler.store.keepsakes import SavedSnapshot
from autoscaler.store.memory_blob import pack_memory
from autoscaler.store.snapshot_blob import pack_snapshot
from autoscaler.store.sqlite_store import SqliteStore

__all__ = ["Cycle", "Decided", "Reachable", "snapshot_of", "want_of"]

log = structlog.get_logger(__name__)

Reachable = Callable[[Ints], NDArray[np.bool_]]
"""Which agents have live credentials now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A group's last complete cycle, for the console.

    Attributes:
        tick: Its id.
        at: When it was decided, aware UTC.
        plan: The table.
        snapshot: What it was decided on.
        load: Chats held by agents whose load is known; None when it is known of none.
        problems: What could not be read.
        decide_ms: How long deciding took.
        rulebook: Digest of the rules it was decided under.
    """

    tick: str
    at: datetime
    plan: GroupPlan
    snapshot: Snapshot
    load: float | None
    problems: tuple[str, ...]
    decide_ms: float
    rulebook: str


class Cycle:
    """What all groups share, and what is remembered of each."""

    def __init__(
        self,
        *,
        clock: Clock,
        source: Source,
        deadline_s: float,
        store: SqliteStore,
        scribe: Scribe,
        orders: OrderBook,
        actuator: Actuator,
        limits: LimitTable,
        reachable: Reachable,
        overrides: Callable[[], Overrides],
        memory: Memory,
    ) -> None:
        """Put the parts together.

        Args:
            clock: Dates decisions.
            source: Where readings come from.
            deadline_s: Real seconds an observation may take.
            store: Keeps memory and snapshots.
            scribe: Writes the journal.
            orders: Places calls and journals their outcomes.
            actuator: Carries the calls out.
            limits: What the gateway has confirmed.
            reachable: Which agents can be called.
            overrides: What people ordered, as of now.
            memory: What was remembered before.
        """
        self._clock = clock
        self._source = source
        self._deadline_s = deadline_s
        self._store = store
        self._scribe = scribe
        self._orders = orders
        self._actuator = actuator
        self._limits = limits
        self._reachable = reachable
        self._overrides = overrides
        self._memory = memory
        self.last: dict[str, Decided] = {}
        self.not_kept = ""
        """Why the last tick's memory or snapshot could not be kept; "" when it was."""

    def forget(self, group: str) -> None:
        """Show a group no more, since the rules no longer know it; its memory stays, as the store's does."""
        self.last.pop(group, None)

    async def tick(self, group: Group, digest: str) -> None:
        """Go round once."""
        seen = await self._source.observe(want_of(group), self._deadline_s)
        at = self._clock.now()
        snapshot = self._snapshot(group, seen)
        started = time.perf_counter()  # the work's own time, whatever clock the daemon lives by
        plan = decide(Rulebook(groups=(group,), digest=digest), snapshot, self._memory, at)
        decide_ms = (time.perf_counter() - started) * 1e3
        mine = plan.groups[0]
        tick = tick_id(group.name, at)
        self._memory = plan.memory
        await self._keep(tick, group, at, snapshot)
        self._scribe.note(tick_record(tick, mine, at, digest, decide_ms=decide_ms, problems=seen.problems))
        decisions = Decisions(tick, mine, at, digest, snapshot)
        if group.mode is Mode.OBSERVE:
            for row in mine.changed.tolist():
                self._scribe.note(decisions.observed(row))
        else:
            self._orders.place(mine, decisions, self._actuator)
        self.last[group.name] = Decided(
            tick=tick,
            at=at,
            plan=mine,
            snapshot=snapshot,
            load=_held(group, snapshot),
            problems=seen.problems,
            decide_ms=decide_ms,
            rulebook=digest,
        )

    def _snapshot(self, group: Group, seen: Seen) -> Snapshot:
        ids = seen.agents.ids
        self._doubt(group, seen)
        reachable = None
        if group.mode is Mode.ENFORCE:  # watching needs nobody's session
            reachable = self._reachable(ids)
            resting = self._orders.resting(group.media_type, ids)
            if resting is not None:
                reachable = reachable & ~resting
        return snapshot_of(group, seen, self._limits.confirmed(group.media_type, ids), reachable, self._overrides())

    def _doubt(self, group: Group, seen: Seen) -> None:
        """Forget confirmed limits that may no longer hold: of those who left, and where an unanswered call lingers."""
        for agent in self._orders.doubtful(group.media_type):
            self._limits.doubt(group.media_type, agent)
        before = self.last.get(group.name)
        if before is not None and not seen.roster_problem:
            # whoever comes back has signed in anew, which nothing else may tell where no call was made meanwhile
            for agent in np.setdiff1d(before.snapshot.agents.ids, seen.agents.ids, assume_unique=True).tolist():
                self._limits.forget(agent)

    async def _keep(self, tick: str, group: Group, at: datetime, snapshot: Snapshot) -> None:
        """Keep memory and snapshot before anything is called, so that a restart goes on from the intent."""
        try:
            await self._store.save_memory(group.name, pack_memory(self._memory.groups[group.name]))
            await self._store.save_snapshot(
                SavedSnapshot(tick=tick, group=group.name, at=at, blob=pack_snapshot(snapshot))
            )
        except StoreError as error:
            # people wait for chats now; a decision is right without being kept, and the status says that it is not
            self.not_kept = str(error)
            log.error("tick_not_kept", tick=tick, error=str(error), help=error.help)
        else:
            self.not_kept = ""


def _held(group: Group, snapshot: Snapshot) -> float | None:
    load = snapshot.agents.load.get(group.media_type)
    return None if load is None or np.isnan(load).all() else float(np.nansum(load))


def want_of(group: Group) -> Want:
    """What a group needs to know."""
    ids = None
    if group.agent_ids:
        ranges = [np.arange(one.first, one.last + 1, dtype=np.int64) for one in group.agent_ids]
        ids = np.unique(np.concatenate(ranges))
    return Want(group=group.name, queues=group.queues, media_type=group.media_type, agent_ids=ids)


def snapshot_of(
    group: Group, seen: Seen, confirmed: NDArray[np.float64], reachable: NDArray[np.bool_] | None, overrides: Overrides
) -> Snapshot:
    """A source's readings with what the gateway room and people know."""
    agents = replace(seen.agents, limit={group.media_type: confirmed}, reachable=reachable)
    return Snapshot(queues=seen.queues, agents=agents, overrides=overrides, roster_problem=seen.roster_problem)
