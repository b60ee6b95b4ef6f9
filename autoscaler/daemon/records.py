"""Journal lines of ticks and decisions, as the journal's readers know them (interfaces.md).

A decision's line is written when its outcome is known, and says what was decided and why, in the words of the tick.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from autoscaler.core.exchange import story_to_json
from autoscaler.core.plan import GroupPlan, Stage
from autoscaler.core.readings import Snapshot
from autoscaler.gateway.ports import Outcome
from autoscaler.store.journal import JournalEvent

__all__ = ["DECISION", "TICK", "Decisions", "failed_tick", "skipped_tick", "tick_id", "tick_record"]

DECISION = "autoscaler.decision/1"
TICK = "autoscaler.tick/1"

_SHADOW = {"shadow": True}
"""Marks lines of rules that nobody obeys; others have no such key."""


def tick_id(group: str, at: datetime) -> str:
    """A tick's name: when and whose; no group ticks twice in one microsecond."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}-{group}"


def tick_record(
    tick: str,
    plan: GroupPlan,
    at: datetime,
    rulebook: str,
    *,
    decide_ms: float,
    problems: tuple[str, ...],
    is_shadow: bool = False,
) -> JournalEvent:
    """The line of a tick that was decided, under shadow rules or not."""
    slots = plan.slots
    line = {
        "schema": TICK,
        "id": tick,
        "at": _iso(at),
        "group": plan.group.name,
        "rulebook": rulebook,
        "mode": plan.group.mode.value,
        "agents": len(plan.ids),
        "slots": {
            "observed": slots.observed,
            "proposed": slots.proposed,
            "arbitrated": slots.arbitrated,
            "stabilised": slots.stabilised,
            "wanted": slots.wanted,
        },
        "rules": {verdict.rule.name: verdict.kind.value for verdict in plan.verdicts},
        "changes": len(plan.changed),
        "calls": len(plan.calls.agents),
        "held": plan.held,
        "holds": {reason.name.lower(): count for reason, count in plan.holds.items()},
        "unknown_inputs": plan.unknown_inputs,
        "forecasts": plan.forecasts,
        "goal": plan.goal,
        "problems": problems,
        "skipped": False,
        "decide_ms": round(decide_ms, 3),
        **(_SHADOW if is_shadow else {}),
    }
    return JournalEvent(schema=TICK, at=at, group=plan.group.name, agent=None, line=orjson.dumps(line))


def skipped_tick(group: str, at: datetime, rulebook: str) -> JournalEvent:
    """The line of a tick that came while one ran."""
    return _undecided(group, at, rulebook, {"skipped": True, "why": "the tick before was still running"})


def failed_tick(group: str, at: datetime, rulebook: str, error: BaseException) -> JournalEvent:
    """The line of a tick that ended in an error of our own; nothing was called."""
    return _undecided(group, at, rulebook, {"skipped": True, "why": "the tick failed", "error": repr(error)})


def _undecided(group: str, at: datetime, rulebook: str, more: dict[str, Any]) -> JournalEvent:
    line = {
        "schema": TICK,
        "id": tick_id(group, at),
        "at": _iso(at),
        "group": group,
        "rulebook": rulebook,
        "agents": 0,
        "slots": {},
        "changes": 0,
        "holds": {},
        "unknown_inputs": [],
        "decide_ms": 0.0,
        **more,
    }
    return JournalEvent(schema=TICK, at=at, group=group, agent=None, line=orjson.dumps(line))


class Decisions:
    """The lines of one tick's decisions, made as their outcomes come in.

    Rows that read the same share their stages, so a line costs microseconds also where 60,000 change at once.
    """

    def __init__(
        self, tick: str, plan: GroupPlan, at: datetime, rulebook: str, snapshot: Snapshot, *, is_shadow: bool = False
    ) -> None:
        """Keep what the lines need of a tick.

        Args:
            tick: Its id.
            plan: What was decided.
            at: When, aware UTC.
            rulebook: Digest of the rules.
            snapshot: What was seen.
            is_shadow: It was decided under shadow rules.
        """
        self._tick = tick
        self._mark = _SHADOW if is_shadow else {}
        self._plan = plan
        self._at = at
        self._at_text = _iso(at)
        self._rulebook = rulebook
        self._inputs = orjson.Fragment(orjson.dumps(_inputs(plan, snapshot)))
        self._stages: dict[bytes, orjson.Fragment] = {}
        self._rows: _Rows | None = None
        self._mode = plan.group.mode.value

    def ended(self, row: int, outcome: Outcome) -> JournalEvent:
        """The line of a decision whose call ended.

        Args:
            row: The agent's row of the plan.
            outcome: How it ended.
        """
        return self._line(
            row,
            outcome=outcome.kind.value,
            retcode=outcome.retcode,
            latency_ms=round(outcome.latency_ms, 3),
            attempts=outcome.attempts,
            error=outcome.error,
        )

    def observed(self, row: int) -> JournalEvent:
        """The line of a decision that nobody carries out."""
        return self._line(row, outcome="observed", retcode=None, latency_ms=None, attempts=0, error=None)

    def _line(self, row: int, **outcome: Any) -> JournalEvent:
        plan = self._plan
        if self._rows is None:
            self._rows = _Rows(plan)  # only a tick that changes something needs them
        rows = self._rows
        agent, before, after = rows.agents[row], rows.before[row], rows.after[row]
        line = {
            "schema": DECISION,
            "id": f"{self._tick}-{agent}",
            "tick": self._tick,
            "at": self._at_text,
            "group": plan.group.name,
            "rulebook": self._rulebook,
            "rule": plan.rule_of(row),
            "mode": self._mode,
            "agent": agent,
            "media_type": plan.group.media_type,
            "from": before,
            "to": after,
            "direction": _direction(before, after),
            "stages": self._stages_of(row, rows.keys[row].tobytes()),
            "inputs": self._inputs,
            **outcome,
            **self._mark,
        }
        return JournalEvent(schema=DECISION, at=self._at, group=plan.group.name, agent=agent, line=orjson.dumps(line))

    def _stages_of(self, row: int, key: bytes) -> orjson.Fragment:
        stages = self._stages.get(key)
        if stages is None:
            stages = self._stages[key] = orjson.Fragment(orjson.dumps(story_to_json(self._plan, row)))
        return stages


class _Rows:
    """A plan's columns as lines want them; rows with equal keys read the same."""

    __slots__ = ("after", "agents", "before", "keys")

    def __init__(self, plan: GroupPlan) -> None:
        told: list[NDArray[Any]] = [*plan.limits.values(), *plan.reasons.values(), *plan.said_by.values(), plan.rule]
        self.keys = np.column_stack([column.astype(np.int16) for column in told])
        self.agents: list[int] = plan.ids.tolist()
        self.before = [None if math.isnan(limit) else int(limit) for limit in plan.confirmed.tolist()]
        self.after: list[int] = plan.limits[Stage.WANTED].tolist()


def _inputs(plan: GroupPlan, snapshot: Snapshot) -> dict[str, Any]:
    """The group's readings, as one line shows them; null is missing."""
    queues = snapshot.queues
    rows = [
        {
            "id": int(queues.ids[i]),
            "waiting": _or_null(queues.waiting[i]),
            "oldest_wait_s": _or_null(queues.oldest_wait_s[i]),
            "age_s": _or_null(queues.age_s[i]),
        }
        for i in range(len(queues.ids))
    ]
    named = {name: _or_null(reading.value) for name, reading in snapshot.inputs.items()}
    return {"queues": rows, **({"inputs": named} if named else {}), "slots": plan.slots.observed}


def _direction(before: int | None, after: int) -> str:
    if before is None or before == after:
        return "assert"
    return "raise" if after > before else "lower"


def _or_null(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 3)


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
