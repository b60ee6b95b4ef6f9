"""How much the store may hold in hand, and how long it waits."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["StoreLimits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreLimits:
    """Bounds of one store.

    Attributes:
        journal_bound: Lines that wait to be written; more are waited for, then lost and counted.
        batch: Lines a transaction.
        append_wait_s: Real seconds `append` waits for room while the disk keeps up at all.
        retry_s: Between attempts after a failure, of the clock.
        busy_timeout_s: Real seconds a statement waits for another program's transaction.
        answer_s: Real seconds any call waits for the file.
        jobs: Statements that wait for the thread; more are waited for.
        max_bytes: The file grows no further; None for as far as the disk goes.
    """

    journal_bound: int = 500_000
    batch: int = 10_000
    append_wait_s: float = 5.0
    retry_s: float = 1.0
    busy_timeout_s: float = 5.0
    answer_s: float = 30.0
    jobs: int = 64
    max_bytes: int | None = None
