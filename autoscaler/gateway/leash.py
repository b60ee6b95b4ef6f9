"""A wait that somebody else may end, without cancelling the task that waits.

Once pulled, a leash ends the wait under way and every later one, so no pull is ever missed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

__all__ = ["Leash", "Pulled"]

T = TypeVar("T")


class Pulled(Exception):
    """The leash was pulled; control flow between two tasks, never shown to anybody."""


class Leash:
    """Held by one waiting task at a time, pulled by any other."""

    def __init__(self) -> None:
        self._is_pulled = False
        self._bound: asyncio.Timeout | None = None

    @property
    def is_pulled(self) -> bool:
        """Whether it was pulled."""
        return self._is_pulled

    def pull(self) -> None:
        """End the wait under way, and all that follow."""
        self._is_pulled = True
        if self._bound is not None:
            self._bound.reschedule(asyncio.get_running_loop().time())

    async def wait(self, what: Awaitable[T]) -> T:
        """Wait for `what`.

        Raises:
            Pulled: The leash was pulled first; `what` was cancelled.
        """
        bound = asyncio.timeout(0 if self._is_pulled else None)
        try:
            async with bound:
                self._bound = bound
                return await what
        except TimeoutError as error:
            if bound.expired():
                raise Pulled from error
            raise
        finally:
            self._bound = None
