"""Asking several things by one deadline: what does not come is a sentence, never an exception.

The one place where a source turns a failure into a missing reading.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from autoscaler.core.readings import Ints
from autoscaler.errors import GatewayError, ReadingError

__all__ = ["Part", "caught", "chunks", "side_by_side", "within"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Generic[T]):
    """One thing asked.

    Attributes:
        value: What came; None when nothing did.
        problems: A sentence for each thing amiss.
    """

    value: T | None
    problems: tuple[str, ...] = ()


async def caught(what: str, asking: Awaitable[tuple[T, list[str]]]) -> Part[T]:
    """Wait for one answer, however long it takes.

    Args:
        what: Names it in the sentences.
        asking: Gives the value and its problems.
    """
    try:
        value, problems = await asking
    except (ReadingError, GatewayError) as error:
        return Part(value=None, problems=(f"{what}: {error.message}",))
    return Part(value=value, problems=tuple(f"{what}: {problem}" for problem in problems))


async def within(what: str, by: float, asking: Awaitable[Part[T]]) -> Part[T]:
    """Wait for one answer until the deadline.

    Args:
        what: Names it in the sentence.
        by: Deadline in the event loop's time.
        asking: The answer.
    """
    try:
        async with asyncio.timeout_at(by):
            return await asking
    except TimeoutError:
        return Part(value=None, problems=(f"{what}: no answer by the deadline",))


async def side_by_side(parts: Iterable[Awaitable[T]]) -> list[T]:
    """Wait for all, in their order; none is left running when this returns."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_as_coroutine(part)) for part in parts]
    return [task.result() for task in tasks]


def chunks(ids: Ints, size: int) -> list[Ints]:
    """Cut ids into pieces of at most `size`; none of nothing."""
    return [ids[start : start + size] for start in range(0, ids.size, size)]


async def _as_coroutine(part: Awaitable[T]) -> T:
    return await part
