"""Reloads, whoever asks for them: one at a time, all or nothing, and workers follow the rules that come of it.

What came of each is a line of the journal, and stays to be shown until the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from autoscaler.clock import Clock
from autoscaler.daemon.books import Books
from autoscaler.daemon.notify import Notifier
from autoscaler.daemon.reloads import Reloaded, ReloadedShadow, reload_record
from autoscaler.daemon.shadow import Shadow
from autoscaler.store.journal import JournalEvent

__all__ = ["Reloads"]

SIGNAL = "SIGHUP"


class Reloads:
    """Takes the wishes, and counts what came of them."""

    def __init__(
        self,
        books: Books,
        notifier: Notifier,
        *,
        shadow: Shadow,
        clock: Clock,
        note: Callable[[JournalEvent], None],
    ) -> None:
        """Nothing is asked yet.

        Args:
            books: The rules in force.
            notifier: Tells systemd.
            shadow: Its rules are read again with the others.
            clock: Dates reloads.
            note: Takes journal lines.
        """
        self._books = books
        self._notifier = notifier
        self._shadow = shadow
        self._clock = clock
        self._note = note
        self._is_asked = asyncio.Event()
        self._asking: list[str] = []
        self._waiting: list[asyncio.Future[bool]] = []
        self.taken = 0
        self.refused = 0
        self.last: Reloaded | None = None

    def ask(self, by: str = SIGNAL) -> None:
        """Have the rules read again soon."""
        self._asking.append(by)
        self._is_asked.set()

    async def asked(self, by: str) -> bool:
        """Have the rules read again; True when those in the folder are in force now."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(done)
        self.ask(by)
        return await done

    async def run(self, follow: Callable[[], None], status: Callable[[], str]) -> None:
        """Reload whenever asked; never returns.

        Args:
            follow: Brings the workers into line with new rules.
            status: How all stands, for systemd.
        """
        while True:
            await self._is_asked.wait()
            self._is_asked.clear()
            waiting, self._waiting = self._waiting, []
            asking, self._asking = self._asking, []
            self._notifier.reloading()
            try:
                is_taken = await self._reload(", ".join(dict.fromkeys(asking)))
                if is_taken:
                    follow()
                    self.taken += 1
                else:
                    self.refused += 1
                for done in waiting:
                    if not done.done():  # whoever asked may have hung up
                        done.set_result(is_taken)
            finally:
                for done in waiting:
                    done.cancel()  # does nothing to one that has its answer
            self._notifier.ready(status())

    async def _reload(self, by: str) -> bool:
        live, shadow = self._books.book, self._shadow.book.digest
        is_taken = await self._books.reload()
        is_shadow_taken = self._shadow.load(self._books.book)
        self.last = Reloaded(
            at=self._clock.now(),
            by=by,
            is_taken=is_taken,
            before=live,
            after=self._books.book,
            problem=self._books.state.problem,
            shadow=None
            if self._shadow.folder is None
            else ReloadedShadow(
                is_taken=is_shadow_taken, before=shadow, after=self._shadow.book.digest, problem=self._shadow.problem
            ),
        )
        self._note(reload_record(self.last))
        return is_taken
