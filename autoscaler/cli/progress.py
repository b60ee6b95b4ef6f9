"""How far a long task is, on stderr: a bar where a terminal shows it, else a line now and then.

A task that ends soon says nothing where nobody watches.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

__all__ = ["Progress"]

BAR = 24
DRAW_EVERY_S = 0.1
SAY_EVERY_S = 10.0


class Progress:
    """Tells of one task after another; a context manager that leaves no half line behind."""

    def __init__(self, stream: TextIO, *, monotonic: Callable[[], float]) -> None:
        """Say nothing yet.

        Args:
            stream: Where to.
            monotonic: Seconds that never go back.
        """
        self._stream = stream
        self._monotonic = monotonic
        self._is_watched = stream.isatty()
        self._said = monotonic()
        self._drawn = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self.clear()

    def clear(self) -> None:
        """Take the bar away, so that something else can be printed."""
        self._draw("")

    def runs(self, what: str) -> Callable[[int, int], None]:
        """For a task that knows how many runs it is: told how many are done, and of how many."""
        began = self._monotonic()

        def tell(done: int, total: int) -> None:
            gone = self._monotonic() - began
            left = f", about {_span(gone / done * (total - done))} left" if done < total else ""
            self._say(f"{what}: {done} of {total} runs{left}", share=done / total)

        return tell

    def search(self, what: str) -> Callable[[int, int], None]:
        """For a task that finds out as it goes: told how far its present part is, as above."""
        before = 0

        def tell(done: int, total: int) -> None:
            nonlocal before
            self._say(f"{what}: {before + done} runs so far", share=None)
            before += total if done == total else 0

        return tell

    def _say(self, words: str, *, share: float | None) -> None:
        now = self._monotonic()
        if now - self._said < (DRAW_EVERY_S if self._is_watched else SAY_EVERY_S):
            return
        self._said = now
        if not self._is_watched:
            print(words, file=self._stream, flush=True)
            return
        filled = 0 if share is None else round(share * BAR)
        self._draw(words if share is None else f"[{'#' * filled}{'.' * (BAR - filled)}] {words}")

    def _draw(self, words: str) -> None:
        """Over what was drawn before."""
        if words or self._drawn:
            print(f"\r{words.ljust(self._drawn)}", end="" if words else "\r", file=self._stream, flush=True)
        self._drawn = len(words)


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
