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
from autoscaler.core.memory import GroupMemory, Memory
from autoscaler.core.plan import GroupPlan
from autoscaler.core.readings import Ints, Overrides, Snapshot
from autoscaler.daemon.claims import Claims
from autoscaler.daemon.keeping import Keeper
from autoscaler.daemon.orders import OrderBook
from autoscaler.daemon.records import Decisions, tick_id, tick_record
from autoscaler.daemon.scribe import Scribe
from autoscaler.daemon.wants import want_of
from autoscaler.errors import StoreError
from autoscaler.gateway.actuator import Actuator
from autoscaler.gateway.limits import LimitTable
from autoscaler.sources.ports import Seen, Source

__all__ = ["Cycle", "Decided", "Reachable", "snapshot_of"]

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
        keeper: Keeper,
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
            keeper: Keeps each tick before it is carried out.
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
        self._keeper = keeper
        self._scribe = scribe
        self._orders = orders
        self._actuator = actuator
        self._limits = limits
        self._reachable = reachable
        self._overrides = overrides
        self._memory = memory
        self._claims = Claims(source, deadline_s=deadline_s)
        self.last: dict[str, Decided] = {}
        self.not_kept = ""
        """Why the last tick could not be kept; "" when it was."""

    @property
    def memory(self) -> Memory:
        """What all groups remember now."""
        return self._memory

    def forget(self, group: str) -> None:
        """Show a group no more, since the rules no longer know it; its memory stays, as the store's does."""
        self.last.pop(group, None)
        self._claims.forget(group)

    async def tick(self, group: Group, book: Rulebook) -> None:
        """Go round once for one of the groups of `book`."""
        seen = await self._source.observe(want_of(group), self._deadline_s)
        claimed = await self._claims.elsewhere(group, book, seen)
        self._doubt(group, seen)
        alone = Rulebook(groups=(group,), digest=book.digest)
        before = self._memory.groups.get(group.name)
        while True:
            snapshot = self._snapshot(group, seen, claimed)
            decided = self._decide(alone, snapshot, seen)
            await self._keep(decided, before)
            if self._overrides() is snapshot.overrides:
                break
            # a person gave an order meanwhile, perhaps to call nothing at all: what was decided was never done
            self._keeper.take_back(group.name, decided.tick)
            self._memory = _with(self._memory, group.name, before)
        self._carry_out(decided)

    def _decide(self, alone: Rulebook, snapshot: Snapshot, seen: Seen) -> Decided:
        at = self._clock.now()
        started = time.perf_counter()  # the work's own time, whatever clock the daemon lives by
        plan = decide(alone, snapshot, self._memory, at)
        decide_ms = (time.perf_counter() - started) * 1e3
        self._memory = plan.memory
        mine = plan.groups[0]
        return Decided(
            tick=tick_id(mine.group.name, at),
            at=at,
            plan=mine,
            snapshot=snapshot,
            load=_held(mine.group, snapshot),
            problems=seen.problems,
            decide_ms=decide_ms,
            rulebook=alone.digest,
        )

    def _carry_out(self, decided: Decided) -> None:
        """Journal the intent and act, at once: nobody's order comes between the last look at them and the calls."""
        tick, at, plan, digest = decided.tick, decided.at, decided.plan, decided.rulebook
        self._scribe.note(tick_record(tick, plan, at, digest, decide_ms=decided.decide_ms, problems=decided.problems))
        decisions = Decisions(tick, plan, at, digest, decided.snapshot)
        if plan.group.mode is Mode.OBSERVE:
            for row in plan.changed.tolist():
                self._scribe.note(decisions.observed(row))
        else:
            self._orders.place(plan, decisions, self._actuator)
        self.last[plan.group.name] = decided

    def _snapshot(self, group: Group, seen: Seen, claimed: NDArray[np.bool_] | None) -> Snapshot:
        ids = seen.agents.ids
        reachable = None
        if group.mode is Mode.ENFORCE:  # watching needs nobody's session
            reachable = self._reachable(ids)
            resting = self._orders.aftermath.resting(group.media_type, ids)
            if resting is not None:
                reachable = reachable & ~resting
        confirmed = self._limits.confirmed(group.media_type, ids)
        return snapshot_of(group, seen, confirmed, reachable, self._overrides(), claimed=claimed)

    def _doubt(self, group: Group, seen: Seen) -> None:
        """Forget confirmed limits that may no longer hold: of those who left, and where an unanswered call lingers."""
        for agent in self._orders.aftermath.doubtful(group.media_type):
            self._limits.doubt(group.media_type, agent)
        before = self.last.get(group.name)
        if before is not None and not seen.roster_problem:
            # whoever comes back has signed in anew, which nothing else may tell where no call was made meanwhile
            for agent in np.setdiff1d(before.snapshot.agents.ids, seen.agents.ids, assume_unique=True).tolist():
                self._limits.forget(agent)

    async def _keep(self, decided: Decided, before: GroupMemory | None) -> None:
        """Keep a tick before anything is called, so that a restart goes on from the intent."""
        tick = decided.tick
        try:
            await self._keeper.keep(
                tick, decided.at, decided.rulebook, plan=decided.plan, snapshot=decided.snapshot, before=before
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


def _with(memory: Memory, group: str, one: GroupMemory | None) -> Memory:
    groups = {name: each for name, each in memory.groups.items() if name != group}
    return Memory(groups=groups if one is None else {**groups, group: one})


def snapshot_of(
    group: Group,
    seen: Seen,
    confirmed: NDArray[np.float64],
    reachable: NDArray[np.bool_] | None,
    overrides: Overrides,
    *,
    claimed: NDArray[np.bool_] | None = None,
) -> Snapshot:
    """A source's readings with what the gateway room, other groups and people know."""
    agents = replace(seen.agents, limit={group.media_type: confirmed}, reachable=reachable, claimed=claimed)
    return Snapshot(
        queues=seen.queues,
        agents=agents,
        inputs=seen.inputs,
        overrides=overrides,
        roster_problem=seen.roster_problem,
    )
