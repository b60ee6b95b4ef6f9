"""A journal's recorded ticks decided again: as they were, or under other rules, beside what was recorded.

Under their own rules every segment begins with the memory it was recorded with, so nothing may differ. Under other
rules memory goes on from tick to tick, and the gateway is taken to have done for the new rules what it did for the
recorded ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from autoscaler import __version__
from autoscaler.core.book import Group, Mode, Rulebook
from autoscaler.core.memory import GroupMemory
from autoscaler.core.readings import ANY_MEDIA, Floats, Ints, Snapshot
from autoscaler.daemon.differing import Said
from autoscaler.daemon.recall import Recorded, decided_again, memory_before, recorded, ruled
from autoscaler.errors import StoreError
from autoscaler.store.recordings import Segment
from autoscaler.store.sqlite_reader import SqliteReader
from autoscaler.store.wanted import Wanted

__all__ = ["Replayed", "as_obeyed", "replay"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One tick, twice.

    Attributes:
        tick: Its id in the journal.
        at: Aware UTC.
        rules: Digest of the rules it was recorded under.
        recorded, again: What was decided then, and now.
    """

    tick: str
    at: datetime
    rules: str
    recorded: Said
    again: Said


@dataclass(slots=True)
class _Lives:
    """What both lives of a group go on from.

    Attributes:
        memory: Of the life that is decided now; None: nothing remembered.
        was: What the recorded life last wanted; None before its first tick here.
        been: What this life last wanted.
    """

    memory: GroupMemory | None = None
    was: Wanted | None = None
    been: Wanted | None = None
    began: bool = False


def replay(
    reader: SqliteReader,
    group: str,
    *,
    rules: Rulebook | None,
    since: datetime | None,
    tell: Callable[[str], None],
) -> Iterator[Replayed]:
    """Decide one group's recorded ticks again.

    Args:
        reader: The journal.
        group: Whose; `rules`, where given, has it.
        rules: Other rules; None: those each tick was recorded under.
        since: Only ticks not before this, aware; those before it in the same segment are decided as they were, to
            have the memory. None: all.
        tell: Hears of what could not be decided again, and why.

    Yields:
        Each tick, in the order they were recorded.
    """
    lives = _Lives()
    told: set[str] = set()
    for segment in reader.segments(group=group, since=since):
        if segment.program != __version__ and segment.program not in told:
            told.add(segment.program)
            tell(
                f"{group}: ticks from {segment.first_at:%Y-%m-%d %H:%M} UTC on were decided by version "
                f"{segment.program}, and this is {__version__}: what differs may come from that"
            )
        try:
            yield from _replayed(reader, segment, None if rules is None else rules, since, lives)
        except StoreError as error:
            tell(
                f"{group}: {segment.ticks} ticks from {segment.first_at:%Y-%m-%d %H:%M:%S} UTC on are left out, or the "
                f"rest of them: {error.message}"
            )


def _replayed(
    reader: SqliteReader, segment: Segment, rules: Rulebook | None, since: datetime | None, lives: _Lives
) -> Iterator[Replayed]:
    other = None if rules is None else _in_mode(rules, segment)
    if other is None or not lives.began:
        lives.memory = memory_before(reader, segment)
    own = ruled(reader, segment) if other is None or _begins_before(segment, since) else None
    for one in recorded(reader, segment):
        is_wanted = since is None or one.at >= since
        if other is not None and rules is not None and is_wanted:
            lives.began = True
            plan, lives.memory = decided_again(other, _as_obeyed(one, other, lives), lives.memory, digest=rules.digest)
        else:
            assert own is not None
            plan, lives.memory = decided_again(own, one, lives.memory, digest=segment.rules)
        lives.was, lives.been = one.wanted, Wanted.of(plan)
        if is_wanted:
            yield Replayed(
                tick=one.tick,
                at=one.at,
                rules=segment.rules,
                recorded=Said(one.wanted, segment.rule_names),
                again=Said(lives.been, tuple(rule.name for rule in plan.group.rules)),
            )


def _begins_before(segment: Segment, since: datetime | None) -> bool:
    return since is not None and segment.first_at < since


def _in_mode(rules: Rulebook, segment: Segment) -> Group:
    """The group of other rules; it calls nobody where the recorded one did not."""
    group = rules.group(segment.group)
    assert group is not None
    return replace(group, mode=Mode.OBSERVE) if segment.mode == Mode.OBSERVE.value else group


def _as_obeyed(one: Recorded, group: Group, lives: _Lives) -> Recorded:
    if lives.was is None or lives.been is None:
        return one
    return replace(one, snapshot=as_obeyed(one.snapshot, group.media_type, was=lives.was, been=lives.been))


def as_obeyed(snapshot: Snapshot, media_type: int, *, was: Wanted, been: Wanted) -> Snapshot:
    """A recorded snapshot as it would have been had the gateway been asked for something else.

    Where it had confirmed what was wanted of it, it is taken to have confirmed what would have been; what was unknown,
    refused or under way stays so. Loads are those of the recorded life: nobody knows how customers would have come.

    Args:
        snapshot: As recorded.
        media_type: The group's.
        was, been: What the recorded life and the other one wanted at the tick before.

    Returns:
        The same snapshot where both wanted the same.
    """
    limits = snapshot.agents.limit
    confirmed = limits.get(media_type, limits.get(ANY_MEDIA))
    if confirmed is None:
        return snapshot
    ids = snapshot.agents.ids
    then, instead = _looked_up(ids, was), _looked_up(ids, been)
    # NaN, nobody wanted anything, differs from everything
    obeyed = np.where((confirmed == then) & ~np.isnan(instead), instead, confirmed)
    return replace(snapshot, agents=replace(snapshot.agents, limit={**limits, media_type: obeyed}))


def _looked_up(ids: Ints, wanted: Wanted) -> Floats:
    """The limit wanted of each, NaN for whoever was not there."""
    if not len(wanted.ids):
        return np.full(len(ids), np.nan)
    rows = np.minimum(np.searchsorted(wanted.ids, ids), len(wanted.ids) - 1)
    return np.where(wanted.ids[rows] == ids, wanted.limit[rows].astype(np.float64), np.nan)
