"""Every tick kept as replay wants it: in segments, each with the memory it began with, and deltas after that.

resting ──keep──► segment begun ──keep──► tick added ──keep──► …
   ▲                                          │ full, other rules, failed, taken back
   └──────────────────────────────────────────┘

Whatever goes wrong in between, the next tick begins a segment of its own: there is never a delta of a tick that may not
be there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from autoscaler import __version__
from autoscaler.core.memory import GroupMemory
from autoscaler.core.plan import GroupPlan
from autoscaler.core.readings import Snapshot
from autoscaler.errors import StoreUnavailable
from autoscaler.store.deltas import Columns
from autoscaler.store.memory_blob import pack_memory
from autoscaler.store.recordings import KeptTick, NewSegment
from autoscaler.store.sqlite_store import SqliteStore
from autoscaler.store.tick_blob import pack_tick
from autoscaler.store.wanted import Wanted

__all__ = ["Keeper", "RuleTexts"]

RuleTexts = Callable[[str], Mapping[str, str] | None]
"""The files behind a digest; None when nobody knows them any more."""

TICKS_A_SEGMENT = 40
"""The memory costs several times what a tick does, so it is kept this seldom; as many ticks are decided anew to know
any moment, and go together when they are old."""
LONGEST_SEGMENT = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    """A segment that ticks are still added to."""

    segment: int
    rules: str
    mode: str
    since: datetime
    ticks: int
    columns: Columns

    def takes(self, rules: str, mode: str, at: datetime, *, most: int) -> bool:
        is_young = self.ticks < most and timedelta() <= at - self.since < LONGEST_SEGMENT
        return is_young and (self.rules, self.mode) == (rules, mode)


class Keeper:
    """Keeps the ticks of all groups; one call at a time for each."""

    def __init__(self, store: SqliteStore, texts: RuleTexts, *, ticks_a_segment: int = TICKS_A_SEGMENT) -> None:
        """Nothing is open yet.

        Args:
            store: Where ticks are kept.
            texts: Finds the rules' text, which is kept with them.
            ticks_a_segment: After so many the memory is kept again.
        """
        self._ticks_a_segment = ticks_a_segment
        self._store = store
        self._texts = texts
        self._open: dict[str, _Open] = {}
        self._never_done: dict[str, str] = {}

    async def keep(
        self, tick: str, at: datetime, rules: str, *, plan: GroupPlan, snapshot: Snapshot, before: GroupMemory | None
    ) -> None:
        """Keep one tick.

        Args:
            tick: Its id.
            at: When it was decided, aware UTC.
            rules: Digest of the rules it was decided under.
            plan: What was decided.
            snapshot: What it was decided on.
            before: The memory it was decided with; None: there was none.

        Raises:
            StoreError: It can't be kept.
        """
        group, mode = plan.group.name, plan.group.mode.value
        went_on = self._open.pop(group, None)  # comes back only when all went well
        columns: list[Columns] = []

        def packed(basis: Columns | None) -> KeptTick:
            blob, now = pack_tick(snapshot, Wanted.of(plan), basis)
            columns[:] = [now]
            return KeptTick(tick=tick, at=at, blob=blob)

        if went_on is not None and went_on.takes(rules, mode, at, most=self._ticks_a_segment):
            basis = went_on.columns
            if await self._store.add_tick(went_on.segment, lambda: packed(basis)):
                self._open[group] = _Open(
                    segment=went_on.segment,
                    rules=rules,
                    mode=mode,
                    since=went_on.since,
                    ticks=went_on.ticks + 1,
                    columns=columns[0],
                )
                return
        files = self._texts(rules)
        if files is None:
            raise StoreUnavailable(f"the text of the rules {rules} is not at hand", help="Reload the rules.")
        names = tuple(rule.name for rule in plan.group.rules)

        def begun() -> NewSegment:
            return NewSegment(
                group=group,
                rules=rules,
                files=files,
                rule_names=names,
                mode=mode,
                program=__version__,
                memory=None if before is None else pack_memory(before),
            )

        segment = await self._store.begin_segment(begun, lambda: packed(None), instead_of=self._never_done.get(group))
        self._never_done.pop(group, None)
        self._open[group] = _Open(segment=segment, rules=rules, mode=mode, since=at, ticks=1, columns=columns[0])

    def take_back(self, group: str, tick: str) -> None:
        """Hear that a group's newest tick is decided again and was never done; it goes when the next one is kept."""
        self._open.pop(group, None)
        self._never_done[group] = tick
