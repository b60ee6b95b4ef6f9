"""Ending another task's wait without cancelling it."""

import asyncio

import pytest

from autoscaler.gateway.leash import Leash, Pulled


async def test_a_pull_ends_the_wait_under_way_and_leaves_the_task_alive() -> None:
    leash, waits = Leash(), asyncio.Event()
    cancelled: list[bool] = []

    async def wait() -> str:
        waits.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise
        return "never"

    async def task() -> str:
        try:
            return await leash.wait(wait())
        except Pulled:
            await asyncio.sleep(0)  # a task that were cancelled would end here
            return "pulled"

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        running = group.create_task(task())
        await waits.wait()
        leash.pull()
    assert running.result() == "pulled"
    assert cancelled == [True]


async def test_a_pull_before_the_wait_is_not_missed() -> None:
    leash = Leash()
    leash.pull()
    with pytest.raises(Pulled):
        await leash.wait(asyncio.Event().wait())


async def test_a_timeout_of_the_awaited_itself_is_not_a_pull() -> None:
    async def late() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await Leash().wait(late())


async def test_cancelling_the_task_goes_through() -> None:
    leash, waits = Leash(), asyncio.Event()

    async def wait() -> None:
        waits.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(leash.wait(wait()))
    await waits.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
