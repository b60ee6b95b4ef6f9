"""How the daemon stands: as JSON for the console, as metrics, and as one sentence."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import orjson

from autoscaler.console.metrics import Metrics
from autoscaler.console.ports import Json
from autoscaler.core.book import Mode
from autoscaler.core.readings import Overrides
from autoscaler.daemon.crew import OVERDUE_TICKS
from autoscaler.daemon.cycle import Decided
from autoscaler.daemon.records import DECISION
from autoscaler.daemon.reloads import reload_to_json
from autoscaler.daemon.service_state import ServiceState
from autoscaler.daemon.shadow_report import shadow_json, shadow_metrics
from autoscaler.gateway.owned import OwnedSessions

__all__ = ["metrics_text", "sentence", "status_json"]

SHOWN_DECISIONS = 20


def status_json(state: ServiceState) -> Json:
    """Everything `status`, the page and the demo show."""
    books, now = state.books, state.clock.now()
    return {
        "state": "draining" if state.is_draining else "running",
        "sentence": sentence(state),
        "now": now.isoformat(),
        "started_at": state.started_at.isoformat(),
        "rulebook": books.book.digest,
        "rules_problem": books.state.problem,
        "findings": [
            {"path": one.path, "line": one.line, "code": one.code.label, "message": one.message}
            for one in books.state.diagnostics
        ],
        "is_last_good": books.state.is_last_good,
        "reloads": state.reloads.taken,
        "bad_reloads": state.reloads.refused,
        "last_reload": None if state.reloads.last is None else reload_to_json(state.reloads.last),
        "shadow": shadow_json(state.shadow, books.book),
        **_orders(state.overrides),
        "groups": [_group(state, name) for name in sorted(state.crew.workers)],
        "gateway": _gateway(state),
        "store": _store(state),
        "recent": _recent(state),
    }


def sentence(state: ServiceState) -> str:
    """How all stands, in one sentence; what is worst comes first."""
    troubles = list(_troubles(state))
    groups = [_in_words(name, state.cycle.last.get(name)) for name in sorted(state.crew.workers)]
    calm = f"{len(groups)} group{'s' if len(groups) != 1 else ''}: {', '.join(groups)}" if groups else "no groups"
    return f"{'; '.join(troubles)}; {calm}" if troubles else calm


def metrics_text(state: ServiceState) -> str:
    """Counters and gauges in the Prometheus text format."""
    metrics = Metrics()
    now = state.clock.monotonic()
    for name, worker in sorted(state.crew.workers.items()):
        for kind in ("completed", "skipped", "failed"):
            metrics.counter(
                "autoscaler_ticks_total", "Ticks by how they ended.", worker.counts[kind], group=name, outcome=kind
            )
        since = now - worker.completed_at if worker.completed_at is not None else math.inf
        metrics.gauge(
            "autoscaler_seconds_since_decision", "Seconds since the last complete decision.", since, group=name
        )
        decided = state.cycle.last.get(name)
        if decided is not None:
            slots = decided.plan.slots
            metrics.gauge("autoscaler_slots", "Sum of limits.", slots.observed, group=name, stage="observed")
            metrics.gauge("autoscaler_slots", "Sum of limits.", slots.wanted, group=name, stage="wanted")
            metrics.gauge("autoscaler_agents", "Agents of the group.", len(decided.plan.ids), group=name)
            metrics.gauge(
                "autoscaler_unknown_inputs", "Readings asked for in vain.", len(decided.plan.unknown_inputs), group=name
            )
    for outcome, count in sorted(state.orders.outcomes.items(), key=lambda item: item[0].value):
        metrics.counter("autoscaler_calls_total", "Orders by outcome.", count, outcome=outcome.value)
    health = state.store.health()
    metrics.gauge("autoscaler_journal_backlog", "Journal lines not yet in the store.", health.backlog)
    metrics.counter("autoscaler_journal_lost_total", "Journal lines lost.", health.lost)
    metrics.counter("autoscaler_reloads_total", "Rule reloads by outcome.", state.reloads.taken, outcome="taken")
    metrics.counter("autoscaler_reloads_total", "Rule reloads by outcome.", state.reloads.refused, outcome="refused")
    if state.reloads.last is not None:
        at = state.reloads.last.at.timestamp()
        metrics.gauge("autoscaler_last_reload_timestamp_seconds", "When rules were last read again.", at)
    digest = state.books.book.digest
    metrics.gauge("autoscaler_rulebook_info", "The rules in force, by digest.", 1, digest=digest)
    shadow_metrics(metrics, state.shadow)
    metrics.gauge("autoscaler_rules_bad", "1 while the rule folder has errors.", int(bool(state.books.state.problem)))
    metrics.gauge("autoscaler_frozen", "1 while frozen by a person.", int(state.overrides.frozen))
    return metrics.text()


def _troubles(state: ServiceState) -> Iterable[str]:
    if state.is_draining:
        yield "stopping: finishing calls in flight"
    if state.overrides.frozen:
        yield "FROZEN by a person"
    now = state.clock.now()
    for pause in state.overrides.pauses:
        if pause.until is None or pause.until > now:
            until = f" until {pause.until:%H:%M} UTC" if pause.until else ""
            yield f"{pause.group or 'everything'} PAUSED{until}"
    if state.books.state.problem:
        yield f"RULES: {state.books.state.problem}"
    health = state.store.health()
    if health.last_error or state.cycle.not_kept:
        yield f"STORE: {health.last_error or state.cycle.not_kept}"
    if health.lost:
        yield f"STORE: {health.lost} journal lines lost"
    overdue = state.crew.overdue()
    if overdue:
        yield f"DECISIONS overdue: none for {', '.join(overdue)} for at least {OVERDUE_TICKS} intervals"
    for name, decided in sorted(state.cycle.last.items()):
        if decided.problems:
            more = f" and {len(decided.problems) - 1} more" if len(decided.problems) > 1 else ""
            yield f"READINGS of {name}: {decided.problems[0]}{more}"
        claimed = decided.snapshot.agents.claimed
        if claimed is not None:
            contested = int(np.count_nonzero(claimed))
            agents = "1 agent" if contested == 1 else f"{contested} agents"
            yield f"RULES: two groups claim {agents} of {name}, so neither sets the limit"
    yield from _out_of_reach(state)
    breaker = state.gateway.actuator.status().breaker
    if breaker.value != "closed":
        yield f"GATEWAY {state.gateway.place} does not answer"


def _out_of_reach(state: ServiceState) -> Iterable[str]:
    feed = state.gateway.feed
    if feed is not None and feed.problem:
        yield f"SESSIONS: {feed.problem}"
    refused = state.orders.aftermath.refused
    for name, decided in sorted(state.cycle.last.items()):
        agents, reachable = decided.snapshot.agents.ids, decided.snapshot.agents.reachable
        mute = 0 if reachable is None else int(np.count_nonzero(~reachable & ~np.isin(agents, list(refused))))
        if mute:
            yield f"SESSIONS of {name}: {mute} of {len(agents)} agents have none, so nothing is set for them"
    if refused:
        agent, error = next(iter(refused.items()))
        more = f" and {len(refused) - 1} more" if len(refused) > 1 else ""
        yield f"GATEWAY refuses the limit of agent {agent}{more}: {error}"


def _in_words(name: str, decided: Decided | None) -> str:
    if decided is None:
        return f"{name} waits for its first tick"
    plan = decided.plan
    moves = plan.slots.wanted != plan.slots.observed
    if plan.group.mode is Mode.OBSERVE:
        moving = f", observing: would be {plan.slots.wanted}" if moves else ", observing"
    else:
        moving = f", moving to {plan.slots.wanted}" if moves else ""
    return f"{name} {plan.slots.observed} slots of {int(np.count_nonzero(plan.counted))} agents{moving}"


def _group(state: ServiceState, name: str) -> Json:
    worker = state.crew.workers[name]
    ticks = {kind: worker.counts[kind] for kind in ("completed", "skipped", "failed")}
    decided = state.cycle.last.get(name)
    if decided is None:
        return {"group": name, "ticks": ticks, "at": None}
    plan = decided.plan
    slots = plan.slots
    queues = decided.snapshot.queues
    return {
        "group": name,
        "mode": plan.group.mode.value,
        "ticks": ticks,
        "tick": decided.tick,
        "at": decided.at.isoformat(),
        "age_s": round((state.clock.now() - decided.at).total_seconds(), 1),
        "agents": int(np.count_nonzero(plan.counted)),
        "slots": {"observed": slots.observed, "proposed": slots.proposed, "wanted": slots.wanted},
        "load": decided.load,
        "occupancy": round(decided.load / slots.observed, 4) if decided.load is not None and slots.observed else None,
        "waiting": _total(queues.waiting),
        "oldest_wait_s": _largest(queues.oldest_wait_s),
        "rules": {verdict.rule.name: verdict.kind.value for verdict in plan.verdicts},
        "held": list(plan.held),
        "holds": {reason.name.lower(): count for reason, count in plan.holds.items()},
        "unknown_inputs": list(plan.unknown_inputs),
        "forecasts": list(plan.forecasts),
        "goal": plan.goal,
        "problems": list(decided.problems),
        "decide_ms": round(decided.decide_ms, 3),
    }


def _gateway(state: ServiceState) -> Json:
    status = state.gateway.actuator.status()
    sessions = state.gateway.sessions
    kinds: dict[str, int] = {}
    stopped: list[Any] = []
    if isinstance(sessions, OwnedSessions):
        owned = sessions.status()
        kinds = dict(Counter(one.state.value for one in owned))
        stopped = [{"agent": one.agent, "error": one.last_error} for one in owned if one.last_error is not None]
    return {
        "place": state.gateway.place,
        "breaker": status.breaker.value,
        "in_flight": status.in_flight,
        "queued": status.queued,
        "outcomes": {kind.value: count for kind, count in status.counts.items()},
        "last_error": status.last_error,
        "sessions": {"live": len(sessions.live_agents()), **kinds},
        "session_problems": stopped[:SHOWN_DECISIONS],
        "refused": [
            {"agent": agent, "error": error}
            for agent, error in list(state.orders.aftermath.refused.items())[:SHOWN_DECISIONS]
        ],
    }


def _store(state: ServiceState) -> Json:
    health = state.store.health()
    return {"backlog": health.backlog, "lost": health.lost, "last_error": health.last_error or state.cycle.not_kept}


def _orders(overrides: Overrides) -> Json:
    return {
        "frozen": overrides.frozen,
        "pauses": [
            {
                "group": one.group,
                "until": one.until.isoformat() if one.until else None,
                "reason": one.reason,
                "by": one.by,
            }
            for one in overrides.pauses
        ],
        "pins": [
            {
                "agent": one.agent,
                "limit": one.limit,
                "until": one.until.isoformat() if one.until else None,
                "reason": one.reason,
                "by": one.by,
            }
            for one in overrides.pins
        ],
    }


def _recent(state: ServiceState) -> list[Json]:
    decisions = [event for event in state.scribe.recent if event.schema == DECISION][-SHOWN_DECISIONS:]
    keys = ("at", "group", "agent", "from", "to", "direction", "rule", "outcome", "retcode", "error")
    rows = [orjson.loads(event.line) for event in decisions]
    return [{key: row[key] for key in keys} for row in rows]


def _total(column: Any) -> float | None:
    return None if not len(column) or np.isnan(column).any() else float(column.sum())


def _largest(column: Any) -> float | None:
    return None if not len(column) or np.isnan(column).any() else float(column.max())
