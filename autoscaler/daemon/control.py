"""What people may ask of the running daemon, and what it answers: `console.ports.Control`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from autoscaler.clock import Clock
from autoscaler.console.ports import Json
from autoscaler.core.goal.learned import Learned
from autoscaler.core.goal.telling import told
from autoscaler.core.readings import ANY_MEDIA, Overrides, Pause, Pin
from autoscaler.daemon.books import Books
from autoscaler.daemon.cycle import Cycle
from autoscaler.daemon.hindsight import Hindsight, story_at
from autoscaler.daemon.report import metrics_text, status_json
from autoscaler.daemon.service_state import ServiceState
from autoscaler.errors import ControlRefused, UsageError
from autoscaler.gateway.pushed import Pushed, PushedSessions
from autoscaler.store.overrides import Order, OrderKind
from autoscaler.store.sqlite_store import SqliteStore

__all__ = ["DaemonControl"]

log = structlog.get_logger(__name__)


class DaemonControl:
    """Answers the console; every order is kept before it is obeyed."""

    def __init__(
        self,
        state: ServiceState,
        *,
        clock: Clock,
        books: Books,
        cycle: Cycle,
        store: SqliteStore,
        hindsight: Hindsight,
    ) -> None:
        self._state = state
        self._clock = clock
        self._books = books
        self._cycle = cycle
        self._store = store
        self._hindsight = hindsight

    async def status(self) -> Json:
        return status_json(self._state)

    def metrics(self) -> str:
        return metrics_text(self._state)

    async def explain(self, agent: int, at: datetime | None) -> Json:
        if at is not None:
            return await self._explain_then(agent, at)
        found = []
        for _, decided in sorted(self._cycle.last.items()):
            row = decided.plan.row_of(agent)
            if row is not None:
                found.append(story_at(decided.plan, row, tick=decided.tick, at=decided.at))
        if not found:
            raise ControlRefused(
                f"agent {agent} is in no group at the last tick",
                help="Agents belong to the groups whose queues they are signed in to; "
                "'autoscaler journal --agent' shows earlier decisions.",
            )
        return {"agent": agent, "groups": found}

    async def learned(self, group: str | None, at: datetime | None) -> Json:
        if at is not None:
            found, notes = await self._hindsight.learned(group, at)
            return {"groups": found, "notes": notes}
        self._check_group(group)
        asked = [one for one in self._books.book.groups if group in (None, one.name)]
        pursuing = [one for one in asked if one.goal is not None]
        if not pursuing:
            raise ControlRefused(
                f"{'no group' if group is None else f'group {group!r}'} has {'a' if group is None else 'no'} goal",
                help="Only a goal learns its people: write 'goal:' in the group's file.",
            )
        memories = self._cycle.memory.groups
        found = []
        for one in pursuing:
            memory = memories.get(one.name)
            learned = None if memory is None else memory.learned
            found.append({"group": one.name, **told(learned or Learned(), one)})
        return {"groups": found}

    async def pause(self, *, group: str | None, for_s: float | None, reason: str, by: str) -> Json:
        self._check_group(group)
        now, until = self._span(for_s)
        pause = Pause(group=group, until=until, reason=_said(reason), by=by)
        before = self._state.overrides
        order = Order(kind=OrderKind.PAUSE, at=now, by=by, reason=pause.reason, group=group, until=until)
        others = tuple(one for one in before.pauses if one.group != group)
        answer = await self._obey(replace(before, pauses=(*others, pause)), order)
        self._withdraw(group, f"{by} paused {group or 'everything'} before the limit was sent")
        return answer

    async def resume(self, *, group: str | None, by: str) -> Json:
        self._check_group(group)
        before = self._state.overrides
        left = () if group is None else tuple(one for one in before.pauses if one.group != group)
        if left == before.pauses and not (group is None and before.frozen):
            held = " (it is paused for all groups: resume without a group)" if group and before.pauses else ""
            raise ControlRefused(f"nothing is paused{held}", help="'autoscaler status' shows pauses, pins and freezes.")
        kind = OrderKind.UNFREEZE if group is None and before.frozen else OrderKind.RESUME
        order = Order(kind=kind, at=self._clock.now(), by=by, group=group)
        return await self._obey(replace(before, pauses=left, frozen=before.frozen and group is not None), order)

    async def pin(self, *, agent: int, limit: int, for_s: float | None, reason: str, by: str) -> Json:
        _check_agent(agent)
        if not 1 <= limit <= 60:
            raise ControlRefused(f"{limit} is no limit", help="Give a whole number from 1 to 60.")
        protecting = [
            group.name
            for group in self._books.book.groups
            if any(one.first <= agent <= one.last for one in group.protect)
        ]
        if protecting:
            raise ControlRefused(
                f"agent {agent} is protected in {', '.join(protecting)}: nothing may change its limit",
                help="Take the agent out of 'protect' in the rule file and reload, if that is what you want.",
            )
        now, until = self._span(for_s)
        pin = Pin(agent=agent, media_type=ANY_MEDIA, limit=limit, until=until, reason=_said(reason), by=by)
        before = self._state.overrides
        others = tuple(one for one in before.pins if one.agent != agent)
        order = Order(
            kind=OrderKind.PIN, at=now, by=by, reason=pin.reason, agent=agent, limit=limit, until=until,
            media_type=ANY_MEDIA,
        )  # fmt: skip
        return await self._obey(replace(before, pins=(*others, pin)), order)

    async def unpin(self, *, agent: int, by: str) -> Json:
        _check_agent(agent)
        before = self._state.overrides
        others = tuple(one for one in before.pins if one.agent != agent)
        if others == before.pins:
            raise ControlRefused(f"agent {agent} is not pinned", help="'autoscaler status' shows who is.")
        order = Order(kind=OrderKind.UNPIN, at=self._clock.now(), by=by, agent=agent)
        return await self._obey(replace(before, pins=others), order)

    async def freeze(self, *, reason: str, by: str) -> Json:
        order = Order(kind=OrderKind.FREEZE, at=self._clock.now(), by=by, reason=_said(reason))
        answer = await self._obey(replace(self._state.overrides, frozen=True), order)
        self._withdraw(None, f"{by} froze everything before the limit was sent")
        return answer

    async def reload(self, *, by: str) -> Json:
        if self._state.is_draining:
            raise ControlRefused("the daemon is stopping", help="The next start reads the rules anyway.")
        log.info("reload_ordered", by=by)
        taken = await self._state.reloads.asked(by)
        state = self._books.state
        return {"taken": taken, "rulebook": self._books.book.digest, "problem": state.problem}

    async def put_session(
        self, agent: int, guid: str, cookies: Mapping[str, str], signed_in_at: datetime | None
    ) -> None:
        sessions = self._pushed()
        try:
            how = sessions.put(agent, guid, cookies, signed_in_at=signed_in_at)
        except UsageError as error:
            raise ControlRefused(error.message, place=error.place, help=error.help) from error
        if how is Pushed.REFUSED_BEFORE:
            raise ControlRefused(
                f"the gateway has refused this Guid of agent {agent} already",
                help="Push the Guid the desktop's latest poll brought, or sign the agent in again.",
            )

    async def delete_session(self, agent: int) -> bool:
        try:
            return self._pushed().delete(agent)
        except UsageError as error:
            raise ControlRefused(error.message, place=error.place, help=error.help) from error

    async def put_input(self, name: str, value: float | None, age_s: float) -> None:
        try:
            self._state.pushed.put(name, value, age_s=age_s)
        except UsageError as error:
            raise ControlRefused(error.message, place=error.place, help=error.help) from error

    async def _explain_then(self, agent: int, at: datetime) -> Json:
        groups, notes = await self._hindsight.told(agent, at)
        if not groups:
            raise ControlRefused(
                f"no decision about agent {agent} is kept from before {at.isoformat()}, and no tick that had it",
                help="'autoscaler journal --agent' shows what is kept.",
            )
        return {"agent": agent, "groups": groups, "notes": notes}

    async def _obey(self, overrides: Overrides, order: Order) -> Json:
        await self._store.save_overrides(overrides, order)
        self._state.overrides = overrides
        return {"order": order.kind.value, "until": order.until.isoformat() if order.until else None}

    def _withdraw(self, group: str | None, why: str) -> None:
        """Call back what was ordered before the stop and is not sent yet."""
        actuator = self._state.gateway.actuator
        if group is None:
            actuator.withdraw(why)
        elif group in self._cycle.last:
            plan = self._cycle.last[group].plan
            actuator.withdraw(why, media_type=plan.group.media_type, agents=set(plan.ids.tolist()))

    def _span(self, for_s: float | None) -> tuple[datetime, datetime | None]:
        now = self._clock.now()
        if for_s is None:
            return now, None
        if not 0 < for_s <= 366 * 86_400:
            raise ControlRefused("the time is not between 0 and a year", help="Give a duration as 30m, 2h or 1d.")
        return now, now + timedelta(seconds=for_s)

    def _check_group(self, group: str | None) -> None:
        names = [one.name for one in self._books.book.groups]
        if group is not None and group not in names:
            raise ControlRefused(f"there is no group {group!r}", help=f"Groups: {', '.join(names)}.")

    def _pushed(self) -> PushedSessions:
        sessions = self._state.gateway.sessions
        if not isinstance(sessions, PushedSessions):
            raise ControlRefused(
                "sessions are owned by the daemon here", help='Set sessions.kind = "pushed" to hand Guids over.'
            )
        if self._state.gateway.feed is not None:
            raise ControlRefused(
                "sessions are read from where the settings say", help='Set sessions.kind = "pushed" to hand Guids over.'
            )
        return sessions


def _check_agent(agent: int) -> None:
    if not 101 <= agent <= 999_999:
        raise ControlRefused(f"{agent} is no agent id", help="Agent ids run from 101 to 999999.")


def _said(reason: str) -> str:
    words = " ".join(reason.split())
    if not words:
        raise ControlRefused("a reason is missing", help='Say why, as --reason "training on the floor".')
    return words[:500]
