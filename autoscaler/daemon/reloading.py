"""Reloads, whoever asks for them: one at a time, all or nothing, and workers follow the rules that come of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from autoscaler.daemon.books import Books
from autoscaler.daemon.notify import Notifier

__all__ = ["Reloads"]


class Reloads:
    """Takes the wishes, and counts what came of them."""

    def __init__(self, books: Books, notifier: Notifier) -> None:
        """Nothing is asked yet."""
        self._books = books
        self._notifier = notifier
        self._is_asked = asyncio.Event()
        self._waiting: list[asyncio.Future[bool]] = []
        self.taken = 0
        self.refused = 0

    def ask(self) -> None:
        """Have the rules read again soon."""
        self._is_asked.set()

    async def asked(self) -> bool:
        """Have the rules read again; True when those in the folder are in force now."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(done)
        self.ask()
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
            self._notifier.reloading()
            try:
                is_taken = await self._books.reload()
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
