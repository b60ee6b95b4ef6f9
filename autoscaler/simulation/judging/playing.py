"""Many runs on all cores.

A run is known by scenario, policy, seed and index, so where and when it is played changes nothing. Workers are fresh
interpreters: forking this process, in which numpy may have started threads, could leave a worker with locks that nobody
opens. Ctrl-C ends them at once and in silence, and none outlives the command, however that ends.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from autoscaler.errors import UsageError
from autoscaler.simulation.floor.ports import Policy
from autoscaler.simulation.floor.run import run
from autoscaler.simulation.floor.score import Score
from autoscaler.simulation.policies.measuring import Measure, Play
from autoscaler.simulation.scenario.model import Scenario

__all__ = ["Played", "Players", "Tell", "cores"]

Tell = Callable[[int, int], None]
"""Told how many runs are done, and of how many."""

CHUNKS_A_WORKER = 8
LONGEST_CHUNK = 32
"""Few enough to hand over cheaply, and so many, and so short, that no worker is waited for long."""

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class _PlaysOne(Protocol[R_co]):
    """What is wanted of one run; it goes to other processes, so it is a function of a module."""

    def __call__(self, scenario: Scenario, policy: Policy, *, seed: int, index: int) -> R_co:
        """Play run `index` under `seed`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """All runs of a policy on a scenario.

    Attributes:
        scenario: Its name.
        policy: As it was asked for.
        title: What tables call it, which may say more.
        seed: Of all runs.
        scores: By run, in the order they were asked for.
        wall_s: From the start of the first run to the end of the last.
    """

    scenario: str
    policy: str
    title: str
    seed: int
    scores: tuple[Score, ...]
    wall_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunk(Generic[R]):
    """Runs of one policy that one worker played in a row, and when it did, by the machine's monotonic clock."""

    results: tuple[R, ...]
    began: float
    ended: float


class Players:
    """Whoever plays the runs; a context manager that keeps its workers from one play to the next."""

    def __init__(self, *, jobs: int | None = None) -> None:
        """Start nobody yet.

        Args:
            jobs: How many play at a time; None: as many as there are cores. One plays in this process.
        """
        self._jobs = jobs or cores()
        self._pool: ProcessPoolExecutor | None = None
        self._not_mine = frozenset(multiprocessing.active_children())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        if self._pool is None:
            return
        if kind is not None:  # nobody waits any more for what is under way
            for worker in set(multiprocessing.active_children()) - self._not_mine:
                worker.terminate()
        self._pool.shutdown(cancel_futures=True)

    def play(
        self,
        scenario: Scenario,
        policies: Sequence[Policy],
        *,
        seed: int,
        indices: Sequence[int],
        tell: Tell | None = None,
    ) -> list[Played]:
        """The same runs of every policy.

        Args:
            scenario: Where.
            policies: At least one.
            seed: Of all runs.
            indices: Numbers of the runs, at least one.
            tell: Told after every few runs.

        Returns:
            By policy; the same whatever the number of workers, `wall_s` apart.

        Raises:
            UsageError: A worker died.
            Exception: What a run raised.
        """
        return [
            Played(
                scenario=scenario.name,
                policy=policy.name,
                title=policy.name,
                seed=seed,
                scores=tuple(one for chunk in chunks for one in chunk.results),
                wall_s=max(chunk.ended for chunk in chunks) - min(chunk.began for chunk in chunks),
            )
            for policy, chunks in zip(
                policies, self._by_policy(_score_one, scenario, policies, seed, indices, tell), strict=True
            )
        ]

    def measuring(self, scenario: Scenario, *, seed: int, tell: Tell | None = None) -> Play:
        """A function that measures policies in runs of this scenario under this seed, for whoever searches."""

        def play(measure: Measure, policies: Sequence[Policy], indices: Sequence[int]) -> NDArray[np.float64]:
            measured = self._by_policy(measure, scenario, policies, seed, indices, tell)
            return np.array([[one for chunk in chunks for one in chunk.results] for chunks in measured])

        return play

    def _by_policy(
        self,
        play_one: _PlaysOne[R],
        scenario: Scenario,
        policies: Sequence[Policy],
        seed: int,
        indices: Sequence[int],
        tell: Tell | None,
    ) -> list[list[_Chunk[R]]]:
        """Each policy's chunks in the order of the runs."""
        total = len(indices) * len(policies)
        is_alone = self._jobs == 1 or total == 1
        size = 1 if is_alone else min(-(-total // (self._jobs * CHUNKS_A_WORKER)), LONGEST_CHUNK)
        cut = [tuple(indices[first : first + size]) for first in range(0, len(indices), size)]
        asked = [partial(_play_chunk, play_one, scenario, policy, seed, some) for policy in policies for some in cut]
        done = 0

        def count(chunk: _Chunk[R]) -> None:
            nonlocal done
            done += len(chunk.results)
            if tell is not None:
                tell(done, total)

        chunks = _one_by_one(asked, count) if is_alone else self._spread(asked, count)
        return [chunks[first : first + len(cut)] for first in range(0, len(chunks), len(cut))]

    def _spread(self, asked: Sequence[Callable[[], _Chunk[R]]], count: Callable[[_Chunk[R]], None]) -> list[_Chunk[R]]:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self._jobs, mp_context=context, initializer=_begin_work)
        try:
            with _undisturbed():  # workers start here
                futures = [self._pool.submit(chunk) for chunk in asked]
            for future in as_completed(futures):
                count(future.result())
            return [future.result() for future in futures]
        except BrokenProcessPool as error:
            raise UsageError(
                "a process that played runs died",
                place="--jobs",
                help="The machine may be short of memory: play fewer at a time, as with --jobs 1.",
            ) from error


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _one_by_one(asked: Sequence[Callable[[], _Chunk[R]]], count: Callable[[_Chunk[R]], None]) -> list[_Chunk[R]]:
    chunks = []
    for play in asked:
        chunks.append(play())
        count(chunks[-1])
    return chunks


def _score_one(scenario: Scenario, policy: Policy, *, seed: int, index: int) -> Score:
    return run(scenario, policy, seed=seed, index=index).score


def _play_chunk(
    play_one: _PlaysOne[R], scenario: Scenario, policy: Policy, seed: int, indices: Sequence[int]
) -> _Chunk[R]:
    began = time.monotonic()
    results = tuple(play_one(scenario, policy, seed=seed, index=index) for index in indices)
    return _Chunk(results=results, began=began, ended=time.monotonic())


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold Ctrl-C back, here and in processes started meanwhile, which would print a traceback while they import."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin_work() -> None:
    """In a worker: end at once on Ctrl-C, and when the process that asked has gone."""
    threading.Thread(target=_follow_parent, name="parent watched", daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _follow_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
