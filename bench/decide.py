"""How long one decision takes: a whole group at once, where agents really change.

Each size is measured in a process of its own on one core, so that neither the peak memory nor the pace of one
run leaks into another's figure.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autoscaler.core.book import (
    Amount,
    AmountKind,
    Direction,
    EachAgent,
    Group,
    IdRange,
    InputSpec,
    Limits,
    Rate,
    Rule,
    Rulebook,
    Safety,
    Smoothing,
    Stability,
    Tier,
)
from autoscaler.core.engine import decide
from autoscaler.core.expressions import And, Compare, Expression, Literal, Name, Relation, Scope, Unit
from autoscaler.core.memory import AgentMemory, GroupMemory, Memory
from autoscaler.core.plan import Plan, Stage
from autoscaler.core.readings import ANY_MEDIA, Agents, AgentState, Input, Queues, Snapshot
from autoscaler.core.scope import GroupView
from autoscaler.core.team import assemble
from autoscaler.core.verdicts import judge_rules
from bench.result import Result

__all__ = ["measure"]

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TICK_S = 15.0
WARM_UP = 4
DECIDES = 15


def measure() -> list[Result]:
    """Decisions over 60,000 and over a million agents."""
    small = _in_own_process(60_000)
    large = _in_own_process(1_000_000)
    return [
        Result.against("decide_60k", small["median_ms"], "ms", 25.0),
        Result.against("decide_60k_peak_rss", small["peak_mb"], "MB", 200.0),
        Result.against("decide_1m", large["median_ms"], "ms", 600.0),
        Result.against(
            "decide_ns_per_agent_and_stage", small["ns_per_agent_and_stage"], "ns", small["ns_per_agent_and_pass"]
        ),
        Result.against("expressions_ns_per_agent_and_comparison", small["ns_per_comparison"], "ns", 40.0),
    ]


def rulebook() -> Rulebook:
    """A floor with everything a real rule file has: surge, calm, cap, hold, tiers, stability, safety."""
    waiting = Name(Scope.QUEUE, "waiting")
    occupancy = Name(Scope.GROUP, "occupancy")
    mean_limit = Name(Scope.GROUP, "mean_limit")
    group = Group(
        name="webchat",
        queues=(2001,),
        limits=Limits(floor=1, baseline=3, ceiling=6),
        tiers=(
            Tier(
                name="trainees", ids=(IdRange(first=1000, last=6_999),), limits=Limits(floor=1, baseline=1, ceiling=2)
            ),
            Tier(
                name="seniors", ids=(IdRange(first=7000, last=18_999),), limits=Limits(floor=1, baseline=3, ceiling=8)
            ),
        ),
        protect=(IdRange(first=19_000, last=19_009),),
        inputs=(
            InputSpec(
                name="reply_seconds",
                source="prometheus",
                query="avg(chat_reply_seconds)",
                max_age_s=60.0,
                between=(0.0, 3600.0),
                required=False,
            ),
        ),
        rules=(
            Rule(
                name="surge",
                when=And((_holds(waiting, Relation.GT, 20), _holds(occupancy, Relation.GT, 0.85))),
                for_s=15.0,
                raise_by=Amount(kind=AmountKind.SHARE, value=0.15),
            ),
            Rule(
                name="calm",
                when=And(
                    (
                        _holds(waiting, Relation.EQ, 0),
                        _holds(occupancy, Relation.LT, 0.55),
                        _holds(mean_limit, Relation.GT, 2.5),
                    )
                ),
                lower_by=Amount(kind=AmountKind.SHARE, value=0.1),
            ),
            Rule(
                name="on a call",
                when=Compare(Relation.EQ, Name(Scope.AGENT, "state"), Literal("talking", Unit.TEXT)),
                per_agent=True,
                cap=1,
            ),
            Rule(
                name="slow replies",
                when=_holds(Name(Scope.INPUT, "reply_seconds"), Relation.GT, 60),
                hold=Direction.RAISE,
            ),
        ),
        stability=Stability(
            raises=Smoothing(at_most=(Rate(amount=Amount(kind=AmountKind.SHARE, value=0.2), period_s=30.0),)),
            lowers=Smoothing(at_most=(Rate(amount=Amount(kind=AmountKind.SHARE, value=0.2), period_s=60.0),)),
            each=EachAgent(raise_by=(2, 120.0), lower_by=(2, 120.0), moves=(12, 3600.0)),
        ),
        safety=Safety(baseline_after_s=600.0, agents_per_tick=0.2),
    )
    return Rulebook(groups=(group,), digest="sha256:0")


def _holds(name: Name, relation: Relation, value: float) -> Compare:
    return Compare(relation, name, Literal(float(value), Unit.COUNT))


def _roster(count: int, random: np.random.Generator) -> Agents:
    offsets = np.arange(count + 1, dtype=np.int64)
    return Agents(
        ids=np.arange(1000, 1000 + count, dtype=np.int64),
        load={ANY_MEDIA: random.integers(0, 4, count).astype(np.float64)},
        limit={ANY_MEDIA: np.full(count, 3.0)},
        state=np.full(count, AgentState.IDLE, np.int8),
        state_for_s=random.uniform(0, 600, count),
        signed_in_for_s=random.uniform(600, 20_000, count),
        age_s=random.uniform(0, 5, count),
        queue_ids=np.full(count, 2001, np.int64),
        queue_offsets=offsets,
        queues_known=np.ones(count, np.bool_),
    )


def _seen(roster: Agents, limit: NDArray[np.float64], tick: int, random: np.random.Generator) -> Snapshot:
    """The site at a tick: rushes and lulls in turn, one agent in twenty on a call, one in two hundred not heard of."""
    count = len(roster.ids)
    is_rush = tick % 2 == 0
    share = 0.95 if is_rush else 0.4
    load = np.minimum(np.floor(limit * share + random.uniform(0, 1, count)), 10.0)
    load[random.uniform(0, 1, count) < 0.005] = np.nan
    state = np.where(random.uniform(0, 1, count) < 0.05, AgentState.TALKING, AgentState.IDLE).astype(np.int8)
    queues = Queues(
        ids=np.array([2001]),
        waiting=np.array([200.0 if is_rush else 0.0]),
        oldest_wait_s=np.array([40.0]),
        arrivals_per_minute=np.array([900.0]),
        abandoned_per_minute=np.array([3.0]),
        age_s=np.array([2.0]),
    )
    agents = replace(roster, load={ANY_MEDIA: load}, limit={ANY_MEDIA: limit}, state=state)
    return Snapshot(queues=queues, agents=agents, inputs={"reply_seconds": Input(value=20.0, age_s=5.0)})


def _confirmed(before: NDArray[np.float64], plan: Plan) -> NDArray[np.float64]:
    """Limits after the gateway did what it was asked."""
    limit = before.copy()
    group = plan.groups[0]
    limit[np.searchsorted(group.ids, group.calls.agents)] = group.calls.callnums
    return limit


def _measure_here(count: int) -> dict[str, float]:
    random = np.random.default_rng(7)
    book = rulebook()
    roster = _roster(count, random)
    limit = np.full(count, 3.0)
    memory = Memory()
    took = []
    for tick in range(WARM_UP + DECIDES):
        seen = _seen(roster, limit, tick // 2, random)
        at = START + timedelta(seconds=tick * TICK_S)
        began = time.perf_counter()
        plan = decide(book, seen, memory, at)
        took.append(time.perf_counter() - began)
        changed = len(plan.groups[0].changed)
        if tick >= WARM_UP and not changed:
            raise RuntimeError(f"tick {tick} changed nobody: this run measures nothing")
        limit, memory = _confirmed(limit, plan), plan.memory
    median = statistics.median(took[WARM_UP:])
    return {
        "median_ms": median * 1e3,
        "peak_mb": _peak_mb(),
        "ns_per_agent_and_stage": median * 1e9 / count / len(Stage),
        "ns_per_agent_and_pass": _column_pass_s(count) * 1e9 / count,
        "ns_per_comparison": _comparison_s(count) * 1e9 / count,
    }


def _comparison_s(count: int) -> float:
    """Seconds for one comparison of every agent: rules judged from scratch, their names' values included."""

    def agent(name: str, relation: Relation, value: float | str) -> Compare:
        unit = Unit.TEXT if isinstance(value, str) else Unit.COUNT
        return Compare(relation, Name(Scope.AGENT, name), Literal(value, unit))

    conditions: list[tuple[Expression, ...]] = [
        (agent("state", Relation.EQ, "talking"),),
        (agent("load", Relation.GE, 3.0), agent("occupancy", Relation.GT, 0.85), agent("state", Relation.NE, "rest")),
        (agent("load", Relation.LT, 1.0), agent("state_for", Relation.GT, 120.0), agent("spare", Relation.GE, 2.0)),
        (agent("signed_in_for", Relation.LT, 1800.0), agent("limit", Relation.LE, 4.0)),
    ]
    rules = tuple(
        Rule(name=str(index), when=And(parts), per_agent=True, hold=Direction.RAISE)
        for index, parts in enumerate(conditions)
    )
    random = np.random.default_rng(7)
    group = replace(rulebook().groups[0], rules=rules)
    seen = _seen(_roster(count, random), np.full(count, 3.0), 0, random)
    memory = GroupMemory(agents=AgentMemory.blank(seen.agents.ids, group.stability.each))
    team = assemble(group, seen.agents, slice(0, count), memory.agents, None)
    took = []
    for _ in range(20):
        view = GroupView(group, seen, team, memory.agents.above_since, {}, {}, at=START.timestamp())
        began = time.perf_counter()
        judge_rules(group, view, memory, memory.agents, None, START)
        took.append(time.perf_counter() - began)
    return statistics.median(took) / sum(len(parts) for parts in conditions)


def _column_pass_s(count: int) -> float:
    """Seconds of the plainest thing a stage can do: choose between two columns, of floats, by a third."""
    random = np.random.default_rng(7)
    where = random.uniform(0, 1, count) < 0.2
    one, other = random.uniform(0, 60, count), random.uniform(0, 60, count)
    took = []
    for _ in range(50):
        began = time.perf_counter()
        np.where(where, one, other)
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def _peak_mb() -> float:
    """The most memory this process has held; `ru_maxrss` would hand down the peak of the one that started it."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024


def _in_own_process(count: int) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.decide", str(count)], check=True, stdout=subprocess.PIPE, timeout=300, text=True
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _main(arguments: Sequence[str]) -> None:
    if hasattr(os, "sched_setaffinity"):  # Linux alone can pin
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(json.dumps(_measure_here(int(arguments[0]))))


if __name__ == "__main__":
    _main(sys.argv[1:])
