"""Recorded ticks decided again, under the rules and with the memory they were decided with.

The same `decide` on the same values: what comes out is what was decided then, every stage and reason of it. So memory
is known at any recorded moment, after a crash too, and so is why each agent was where it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from autoscaler.core.book import Group, Mode, Rulebook
from autoscaler.core.engine import decide
from autoscaler.core.memory import GroupMemory, Memory
from autoscaler.core.plan import GroupPlan
from autoscaler.core.readings import Snapshot
from autoscaler.errors import StoreError, StoreForeign, StoreUnavailable
from autoscaler.rulebook.loading import load_text
from autoscaler.store.memory_blob import unpack_memory
from autoscaler.store.recordings import Segment
from autoscaler.store.sqlite_reader import SqliteReader
from autoscaler.store.tick_blob import unpack_tick
from autoscaler.store.wanted import Wanted

__all__ = ["Recalled", "Recorded", "decided_again", "last_memories", "memory_before", "recorded", "ruled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One tick as it was recorded.

    Attributes:
        tick: Its id in the journal.
        at: Aware UTC.
        snapshot: What was seen.
        wanted: What was decided.
    """

    tick: str
    at: datetime
    snapshot: Snapshot
    wanted: Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """What each group remembered last.

    Attributes:
        memories: By group.
        troubles: What could not be had, by group; an older memory, or none, stands in for it.
    """

    memories: dict[str, GroupMemory]
    troubles: dict[str, StoreError]


def recorded(reader: SqliteReader, segment: Segment) -> Iterator[Recorded]:
    """A segment's ticks.

    Raises:
        StoreForeign: One can't be read, or was written by a version that kept them otherwise.
    """
    columns = None
    for kept in reader.ticks(segment.id):
        one = unpack_tick(kept.blob, columns)
        columns = one.columns
        yield Recorded(tick=kept.tick, at=kept.at, snapshot=one.snapshot, wanted=one.wanted)


def ruled(reader: SqliteReader, segment: Segment) -> Group:
    """The group as its segment was decided under, in the mode it was in.

    Raises:
        StoreUnavailable: The rule text is not kept.
        StoreForeign: This version does not take it, or finds no such group in it.
    """
    files = reader.rule_text(segment.rules)
    if files is None:
        raise StoreUnavailable(
            f"the text of the rules {segment.rules[:19]} is not kept", help="Give rules to decide under with --rules."
        )
    book = load_text(files).book
    group = None if book is None else book.group(segment.group)
    if group is None:
        raise StoreForeign(
            f"the rules {segment.rules[:19]}, taken by version {segment.program}, are not taken by this one",
            help="Decide again with the version that recorded them, or give rules with --rules.",
        )
    return replace(group, mode=Mode(segment.mode))


def memory_before(reader: SqliteReader, segment: Segment) -> GroupMemory | None:
    """What the group remembered before the first tick of a segment; None: nothing.

    Raises:
        StoreForeign: It can't be read.
    """
    blob = reader.memory_before(segment.id)
    return None if blob is None else unpack_memory(blob)


def decided_again(
    group: Group, one: Recorded, memory: GroupMemory | None, *, digest: str
) -> tuple[GroupPlan, GroupMemory]:
    """Decide a recorded tick.

    Args:
        group: The rules to decide under.
        one: The tick.
        memory: What the tick before left; None: nothing.
        digest: Of the rules.

    Returns:
        The plan, and what it leaves.
    """
    before = Memory() if memory is None else Memory(groups={group.name: memory})
    plan = decide(Rulebook(groups=(group,), digest=digest), one.snapshot, before, one.at)
    return plan.groups[0], plan.memory.groups[group.name]


def last_memories(reader: SqliteReader) -> Recalled:
    """What each group remembered last: as an orderly end left it, or after the last recorded tick."""
    memories: dict[str, GroupMemory] = {}
    troubles: dict[str, StoreError] = {}
    segments = reader.last_segments()
    saved = reader.memories()
    for group in sorted({*segments, *saved}):
        try:
            if group in saved:
                memories[group] = unpack_memory(saved[group].blob)
                continue
        except StoreForeign as error:
            troubles[group] = error
        if group in segments:
            try:
                _recall(reader, segments[group], memories)
            except StoreError as error:
                troubles[group] = error
    return Recalled(memories=memories, troubles=troubles)


def _recall(reader: SqliteReader, segment: Segment, memories: dict[str, GroupMemory]) -> None:
    """Put the memory after a segment in its place, or of what of it can be decided again."""
    memory = memory_before(reader, segment)
    if memory is not None:
        memories[segment.group] = memory
    group = ruled(reader, segment)
    for one in recorded(reader, segment):
        _, memory = decided_again(group, one, memory, digest=segment.rules)
        memories[segment.group] = memory
