"""Workers and beats, in line with the rules in force: a group has one worker and one beat, and nobody else has any."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from autoscaler.clock import Clock
from autoscaler.daemon.books import Books
from autoscaler.daemon.cycle import Cycle
from autoscaler.daemon.metronome import Metronome
from autoscaler.daemon.workers import Watch, Worker
from autoscaler.store.journal import JournalEvent

__all__ = ["OVERDUE_TICKS", "Crew"]

OVERDUE_TICKS = 10
OVERDUE_S = 60.0


class Crew:
    """Who ticks."""

    def __init__(
        self,
        *,
        books: Books,
        cycle: Cycle,
        clock: Clock,
        metronome: Metronome,
        note: Callable[[JournalEvent], None],
        watch: Watch,
    ) -> None:
        """Nobody ticks yet; `follow` begins."""
        self._books = books
        self._cycle = cycle
        self._clock = clock
        self._metronome = metronome
        self._note = note
        self._watch = watch
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._every: dict[str, float] = {}
        self.workers: dict[str, Worker] = {}

    def follow(self, tasks: asyncio.TaskGroup) -> None:
        """Take on, leave alone or dismiss, as the rules in force say; new tasks go into `tasks`.

        A group that goes is cut off where it waits, so nothing is called for it any more; its memory stays, and a
        group of that name that comes back goes on from it.
        """
        groups = {group.name: group for group in self._books.book.groups}
        for name in set(self.workers) - set(groups):
            self._metronome.silence(name)
            self._tasks.pop(name).cancel()
            del self.workers[name], self._every[name]
            self._cycle.forget(name)
        for name, group in groups.items():
            if name not in self.workers:
                worker = self.workers[name] = Worker(
                    name,
                    books=self._books,
                    cycle=self._cycle,
                    clock=self._clock,
                    note=self._note,
                    watch=self._watch,
                )
                self._tasks[name] = tasks.create_task(worker.run(), name=f"group_{name}")
            if self._every.get(name) != group.every_s:
                self._metronome.beat(name, group.every_s, self.workers[name].due)
                self._every[name] = group.every_s

    def overdue(self) -> list[str]:
        """Groups whose last complete decision is far too old: the process is alive, but of no use to them."""
        now = self._clock.monotonic()
        late = []
        for name, worker in self.workers.items():
            since = worker.began_at if worker.completed_at is None else worker.completed_at
            if now - since > OVERDUE_TICKS * self._every[name] + OVERDUE_S:
                late.append(name)
        return late

    async def idle(self) -> None:
        """Return when no tick is under way."""
        for worker in tuple(self.workers.values()):
            await worker.idle()

    def dismiss(self) -> None:
        """Cut everybody off."""
        for task in self._tasks.values():
            task.cancel()
