"""The daemon's life: start, tick, reload, drain.

Order of starting: store, rules, gateway, source, console, sessions, metronome; then READY. Order of stopping: beats,
ticks under way, calls in flight, sessions, journal, console, source, store. Every task has a name and belongs to one
group; an eternal task that ends by itself is an error and ends the daemon.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from typing import Any

import structlog

from autoscaler.clock import Clock
from autoscaler.console.server import Console
from autoscaler.core.memory import GroupMemory, Memory
from autoscaler.daemon.books import Books
from autoscaler.daemon.control import DaemonControl
from autoscaler.daemon.crew import Crew
from autoscaler.daemon.cycle import Cycle
from autoscaler.daemon.garbage import settle_collector
from autoscaler.daemon.hindsight import Hindsight
from autoscaler.daemon.keeping import Keeper
from autoscaler.daemon.logs import JournalStream
from autoscaler.daemon.metronome import Metronome
from autoscaler.daemon.notify import Notifier, watchdog_interval
from autoscaler.daemon.orders import OrderBook
from autoscaler.daemon.recall import last_memories
from autoscaler.daemon.reloading import Reloads
from autoscaler.daemon.report import sentence
from autoscaler.daemon.scribe import Scribe
from autoscaler.daemon.service_state import ServiceState
from autoscaler.daemon.settings import Settings
from autoscaler.daemon.shadow import Shadow
from autoscaler.daemon.wiring import build_gateway, build_source
from autoscaler.errors import StoreError, StoreUnavailable
from autoscaler.gateway.owned import OwnedSessions
from autoscaler.sources.pushed_inputs import PushedInputs
from autoscaler.store.memory_blob import pack_memory
from autoscaler.store.sqlite_reader import SqliteReader
from autoscaler.store.sqlite_store import SqliteStore

__all__ = ["Daemon"]

log = structlog.get_logger(__name__)

STATUS_EVERY_S = 5.0
PRUNE_EVERY_S = 3600.0


class Daemon:
    """One process's worth of daemon."""

    def __init__(self, settings: Settings, *, clock: Clock, speed: float = 1.0, token: str | None = None) -> None:
        """Nothing is opened yet.

        Args:
            settings: From `load_settings`.
            clock: The daemon's time.
            speed: Of that clock, for the metronome.
            token: Bearer token of the console's TCP side; None: it hands over no sessions.
        """
        self._settings = settings
        self._clock = clock
        self._token = token
        self._metronome = Metronome(speed=speed)
        self._notifier = Notifier()
        self._stop = asyncio.Event()
        self._is_reload_asked = False
        self.is_ready = asyncio.Event()
        self.has_ended = asyncio.Event()
        self.state: ServiceState | None = None
        self.console: Console | None = None

    def stop(self) -> None:
        """Ask for an orderly end."""
        self._stop.set()

    @property
    def is_stopping(self) -> bool:
        """Whether an end was asked for, or has come."""
        return self._stop.is_set() or self.has_ended.is_set()

    def listen_to_signals(self) -> None:
        """SIGTERM and SIGINT drain, a second one ends at once; SIGHUP reloads."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._asked_to_stop, number)
        loop.add_signal_handler(signal.SIGHUP, self._asked_to_reload)

    async def run(self) -> None:
        """Live until stopped.

        Raises:
            AutoscalerError: Something needed at the start is wrong; nothing was called.
        """
        try:
            await self._live()
        finally:
            self.has_ended.set()

    async def _live(self) -> None:
        async with AsyncExitStack() as stack:
            store = await SqliteStore.open(self._settings.store, clock=self._clock, on_lost=_journal_lost)
            stack.push_async_callback(store.close, self._settings.drain)
            state = self.state = await self._build(store, stack)
            if self._is_reload_asked:
                state.reloads.ask()
            tasks = await stack.enter_async_context(asyncio.TaskGroup())
            follow = partial(state.crew.follow, tasks)
            eternal = [
                self._eternal(tasks, "store", store.run()),
                self._eternal(tasks, "scribe", state.scribe.run()),
                self._eternal(tasks, "actuator", state.gateway.actuator.run()),
                self._eternal(tasks, "reloads", state.reloads.run(follow, partial(sentence, state))),
                self._eternal(tasks, "watchdog", self._report(state)),
                self._eternal(tasks, "pruning", self._prune(store)),
            ]
            if state.gateway.feed is not None:
                eternal.append(self._eternal(tasks, "session_feed", state.gateway.feed.run()))
            sessions = state.gateway.sessions
            keeping = (
                tasks.create_task(sessions.run(), name="sessions") if isinstance(sessions, OwnedSessions) else None
            )
            self._metronome.start()
            follow()
            settle_collector()
            self._notifier.ready(sentence(state))
            log.info("ready", status=sentence(state))
            self.is_ready.set()
            await self._stop.wait()
            await self._drain(state)
            if isinstance(sessions, OwnedSessions):
                await sessions.close(self._settings.drain)
            if keeping is not None:
                await keeping
            await state.scribe.flush()
            for task in eternal:
                task.cancel()

    async def _build(self, store: SqliteStore, stack: AsyncExitStack) -> ServiceState:
        settings, clock = self._settings, self._clock
        books = Books(settings.rules, store, observe_only=settings.mode == "observe")
        await books.first()
        scribe = Scribe(store, JournalStream(enabled=settings.journal.stdout))
        shadow = Shadow(settings.shadow_rules, scribe.note_aside)
        shadow.load(books.book)
        orders = OrderBook(clock, scribe.note)
        gateway = await build_gateway(settings, clock, outcomes=orders.ended, on_sign_in=orders.aftermath.signed_in)
        for transport in gateway.transports:
            stack.push_async_callback(transport.close)
        if gateway.feed is not None:
            stack.callback(gateway.feed.close)
        pushed = PushedInputs(clock)
        source = await build_source(settings, clock, gateway, pushed)
        stack.push_async_callback(source.close)
        cycle = Cycle(
            clock=clock,
            source=source,
            deadline_s=settings.sources.readings.deadline,
            keeper=Keeper(store, books.text_of),
            scribe=scribe,
            orders=orders,
            actuator=gateway.actuator,
            limits=gateway.limits,
            reachable=gateway.reachable,
            overrides=lambda: state.overrides,
            memory=Memory(groups=_remembered(settings.store)),
        )
        crew = Crew(
            books=books, cycle=cycle, clock=clock, metronome=self._metronome, note=scribe.note, watch=shadow.watch
        )
        state = ServiceState(
            clock=clock,
            store=store,
            books=books,
            gateway=gateway,
            scribe=scribe,
            orders=orders,
            cycle=cycle,
            crew=crew,
            reloads=Reloads(books, self._notifier, shadow=shadow, clock=clock, note=scribe.note),
            shadow=shadow,
            pushed=pushed,
            started_at=clock.now(),
            overrides=await store.load_overrides(),
        )
        await self._open_console(state, stack)
        return state

    async def _open_console(self, state: ServiceState, stack: AsyncExitStack) -> None:
        own = self._settings.console
        hindsight = Hindsight(self._settings.store)
        stack.callback(hindsight.close)
        control = DaemonControl(
            state, clock=self._clock, books=state.books, cycle=state.cycle, store=state.store, hindsight=hindsight
        )
        self.console = Console(
            control,
            socket_path=own.socket,
            listen=own.listen,
            token=self._token,
            cert_file=own.cert_file,
            key_file=own.key_file,
        )
        await self.console.start()
        stack.push_async_callback(self.console.close)

    async def _report(self, state: ServiceState) -> None:
        """Say how we stand, and feed the watchdog while decisions are being made."""
        interval = watchdog_interval()
        pause = STATUS_EVERY_S if interval is None else min(STATUS_EVERY_S, interval)
        while True:
            self._notifier.status(sentence(state))
            overdue = state.crew.overdue()
            if overdue:
                log.error("decisions_overdue", groups=overdue)
            else:
                self._notifier.alive()
            await asyncio.sleep(pause)  # systemd counts real seconds

    async def _prune(self, store: SqliteStore) -> None:
        own = self._settings.journal
        while True:
            now = self._clock.now()
            try:
                await store.prune(now - timedelta(seconds=own.keep))
                await store.prune_segments(now - timedelta(seconds=own.keep_snapshots))
            except StoreError as error:
                log.error("pruning_failed", error=str(error), help=error.help)
            await self._clock.sleep(PRUNE_EVERY_S)

    async def _drain(self, state: ServiceState) -> None:
        state.is_draining = True
        self._metronome.stop()
        self._notifier.stopping(sentence(state))
        log.info("draining", in_flight=state.gateway.actuator.status().in_flight)
        try:
            async with asyncio.timeout(self._settings.drain):
                await state.crew.idle()
        except TimeoutError:
            log.error("drain_cut_short", help="A source may not be keeping its deadline; see its problems in status.")
        state.crew.dismiss()
        await self._remember(state)
        await state.gateway.actuator.drain(self._settings.drain)

    async def _remember(self, state: ServiceState) -> None:
        """Leave every group's memory, so that the next start need not decide anything again to have it."""
        try:
            for group, memory in state.cycle.memory.groups.items():
                await state.store.save_memory(group, pack_memory(memory))
        except StoreError as error:
            log.error("memory_not_kept", error=str(error), help="The next start finds it in the recorded ticks.")

    def _eternal(self, tasks: asyncio.TaskGroup, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        async def guarded() -> None:
            await work
            raise RuntimeError(f"the task {name} ended by itself")

        return tasks.create_task(guarded(), name=name)

    def _asked_to_reload(self) -> None:
        if self.state is None:  # still starting: the rules may have been read already
            self._is_reload_asked = True
        else:
            self.state.reloads.ask()

    def _asked_to_stop(self, number: int) -> None:
        if self._stop.is_set():
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self._stop.set()


def _remembered(url: str) -> dict[str, GroupMemory]:
    with SqliteReader(url) as reader:
        recalled = last_memories(reader)
    for group, error in recalled.troubles.items():
        # one group's windows and budgets may begin anew; that is no reason to leave every limit as it is
        log.error("memory_unreadable", group=group, error=str(error), help=error.help)
    return recalled.memories


def _journal_lost(error: StoreUnavailable) -> None:
    log.error("journal_lines_lost", error=str(error), help=error.help)
