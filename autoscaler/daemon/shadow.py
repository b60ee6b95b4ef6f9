"""Shadow rules: a second rule set decides beside the live one, on the same snapshots, and never calls anybody.

It begins where the live rules stand and goes on by a memory of its own, as if the gateway had obeyed it, so how far the
two lie apart is what the rules would have made of the time since. Whatever is wrong with it is said, and is nobody
else's concern.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from autoscaler.core.book import Group, Mode, Rulebook
from autoscaler.core.engine import decide
from autoscaler.core.memory import GroupMemory, Memory
from autoscaler.core.plan import GroupPlan
from autoscaler.core.readings import Snapshot
from autoscaler.daemon.cycle import Decided
from autoscaler.daemon.differing import wants_otherwise
from autoscaler.daemon.records import Decisions, tick_record
from autoscaler.daemon.replaying import as_obeyed
from autoscaler.rulebook.diagnostics import has_errors
from autoscaler.rulebook.loading import load_folder
from autoscaler.rulebook.rendering import as_text
from autoscaler.store.journal import JournalEvent
from autoscaler.store.wanted import Wanted

__all__ = ["Apart", "Shadow"]

log = structlog.get_logger(__name__)

LOOK_BACK = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Both:
    """What the two wanted at the same tick."""

    live: Wanted
    shadow: Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tick:
    at: datetime
    slots: int
    agents: int


@dataclass(slots=True, kw_only=True)
class Apart:
    """How far live and shadow rules of one group lie apart.

    Attributes:
        digests: Of the live and the shadow rules that are compared; with others it begins anew.
        since: The first tick that was compared.
        live, shadow: Slots wanted at the last tick.
        recent: By tick of the last hour: difference of slots, shadow less live, and agents wanted otherwise.
        failed: Ticks that the shadow rules could not decide, for a fault of this program's.
    """

    digests: tuple[str, str]
    since: datetime
    live: int = 0
    shadow: int = 0
    recent: deque[_Tick] = field(default_factory=deque)
    failed: int = 0

    @property
    def agents(self) -> int:
        """Agents of whom the two want different limits now."""
        return self.recent[-1].agents if self.recent else 0

    @property
    def ticks_apart(self) -> int:
        """Ticks of the last hour at which they wanted different limits of anybody."""
        return sum(one.agents > 0 for one in self.recent)

    @property
    def mean_slots(self) -> float:
        """How far their slots lay apart, on average over the last hour's ticks, whichever way; 0 without any."""
        return sum(abs(one.slots) for one in self.recent) / len(self.recent) if self.recent else 0.0


class Shadow:
    """The second rule set."""

    def __init__(self, folder: Path | None, note: Callable[[JournalEvent], None]) -> None:
        """Load nothing yet.

        Args:
            folder: Where its rule files are; None: there is no shadow.
            note: Takes journal lines.
        """
        self.folder = folder
        self._note = note
        self._memories: dict[str, GroupMemory] = {}
        self._wanted: dict[str, _Both] = {}
        self.book = Rulebook(groups=(), digest="")
        self.problem = ""
        self.apart: dict[str, Apart] = {}

    def load(self, live: Rulebook) -> bool:
        """Read the rules, all or nothing; True when those in the folder now decide.

        Args:
            live: The rules in force; of groups they do not have nothing is remembered.
        """
        if self.folder is None:
            return False
        names = {group.name for group in live.groups}
        self._memories = {name: memory for name, memory in self._memories.items() if name in names}
        self._wanted = {name: both for name, both in self._wanted.items() if name in names}
        self.apart = {name: apart for name, apart in self.apart.items() if name in names}
        loaded = load_folder(self.folder)
        if loaded.book is None:
            errors = sum(has_errors([one]) for one in loaded.diagnostics)
            go_on = "those before go on" if self.book.groups else "there is no shadow until they are mended"
            self.problem = f"{errors} error{'s' if errors != 1 else ''} in {self.folder}; {go_on}"
            log.error("shadow_rules_invalid", problem=self.problem, findings=as_text(loaded.diagnostics))
            return False
        self.problem = ""
        self.book = loaded.book
        log.info("shadow_rules_loaded", digest=self.book.digest, groups=[group.name for group in self.book.groups])
        return True

    def watch(self, decided: Decided, before: GroupMemory | None) -> None:
        """Decide what the live rules have decided, and compare.

        Args:
            decided: The live tick.
            before: What the live rules decided it with; where a shadow begins.
        """
        name = decided.plan.group.name
        group = self.book.group(name)
        if group is None:
            self.apart.pop(name, None)
            return
        apart = self._apart(decided)
        try:
            both = self._decide(group, decided, before)
        except Exception:  # a cycle of its own: what is done for people must not hang on rules that nobody obeys
            apart.failed += 1
            log.exception("shadow_failed", group=name)
        else:
            _compare(apart, decided.at, both)

    def _decide(self, group: Group, decided: Decided, before: GroupMemory | None) -> _Both:
        """Decide a tick under the shadow's rules, write it down, and go on from it."""
        name = group.name
        memory = self._memories.get(name, None if before is None else replace(before, mode=Mode.OBSERVE.value))
        alone = Rulebook(groups=(replace(group, mode=Mode.OBSERVE),), digest=self.book.digest)
        known = Memory() if memory is None else Memory(groups={name: memory})
        snapshot, both = decided.snapshot, self._wanted.get(name)
        if both is not None:
            snapshot = as_obeyed(snapshot, group.media_type, was=both.live, been=both.shadow)
        started = time.perf_counter()
        plan = decide(alone, snapshot, known, decided.at)
        decide_ms = (time.perf_counter() - started) * 1e3
        self._memories[name] = plan.memory.groups[name]
        now = self._wanted[name] = _Both(live=Wanted.of(decided.plan), shadow=Wanted.of(plan.groups[0]))
        self._write(decided, snapshot, plan.groups[0], decide_ms)
        return now

    def _apart(self, decided: Decided) -> Apart:
        name, digests = decided.plan.group.name, (decided.rulebook, self.book.digest)
        apart = self.apart.get(name)
        if apart is None or apart.digests != digests:
            apart = self.apart[name] = Apart(digests=digests, since=decided.at)
        return apart

    def _write(self, decided: Decided, snapshot: Snapshot, plan: GroupPlan, decide_ms: float) -> None:
        tick, at, digest = f"{decided.tick}-shadow", decided.at, self.book.digest
        self._note(tick_record(tick, plan, at, digest, decide_ms=decide_ms, problems=decided.problems, is_shadow=True))
        decisions = Decisions(tick, plan, at, digest, snapshot, is_shadow=True)
        for row in plan.changed.tolist():
            self._note(decisions.observed(row))


def _compare(apart: Apart, at: datetime, both: _Both) -> None:
    apart.live, apart.shadow = both.live.slots.wanted, both.shadow.slots.wanted
    agents = wants_otherwise(both.live, both.shadow)
    apart.recent.append(_Tick(at=at, slots=apart.shadow - apart.live, agents=agents))
    while at - apart.recent[0].at >= LOOK_BACK:
        apart.recent.popleft()
