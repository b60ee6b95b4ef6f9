"""How fast the simulator plays: customers a second beside SimPy and Ciw, and a day of work under rules.

All on one core in a process of its own, compiled beforehand; of several runs the fastest, since others share the core.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from autoscaler.simulation.floor.ports import Policy
from autoscaler.simulation.floor.run import run
from autoscaler.simulation.policies.fixed import Fixed
from autoscaler.simulation.policies.production import rules_policy
from autoscaler.simulation.scenario.curves import curve
from autoscaler.simulation.scenario.model import AgentEntry, Arrivals, Scenario, Service, Spread
from autoscaler.simulation.slowdown import Power
from bench.result import Result
from bench.simulate_peers import PEERS, Queue

__all__ = ["measure"]

R = TypeVar("R")

RULES = Path(__file__).parent.parent / "rules" / "webchat.yaml"
QUEUE = Queue(arrivals_per_s=0.19, chat_s=100.0, patience_s=180.0, agents=20, customers=100_000)
DAY_S = 14 * 3600.0
RUNS = 30
PEER_RUNS = 2
AGREE = 6
"""Standard deviations of a run's figures by which a peer's may differ: one wrong model would by dozens."""


def measure() -> Iterator[Result]:
    """Customers a second against SimPy's and Ciw's, and milliseconds of a 14-hour day against what is promised."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.simulate"], check=True, stdout=subprocess.PIPE, timeout=900, text=True
    )
    figures: dict[str, float] = json.loads(done.stdout)
    for peer in PEERS:
        yield Result.against(f"simulate_against_{peer}", figures["own"], "customers/s", figures[peer])
    yield Result.against("simulate_day_20_fixed", figures["day_20_fixed_ms"], "ms", 10.0)
    yield Result.against("simulate_day_20_rules", figures["day_20_rules_ms"], "ms", 1500.0)
    yield Result.against("simulate_day_400_rules", figures["day_400_rules_ms"], "ms", 4000.0)


def _scenario(*, rate: float, lasts_s: float, agents: AgentEntry, solo_s: float, alpha: float) -> Scenario:
    return Scenario(
        name="bench",
        seed=1,
        duration_s=lasts_s,
        warm_up_s=0.0,
        clock=datetime(2026, 3, 2, 8),  # noqa: DTZ001 a scenario's clock has no time zone
        arrivals=Arrivals(step_s=lasts_s, expected=np.array([rate * lasts_s])),
        every_s=15.0,
        agents=(agents,),
        service=Service(solo=Spread(mean_s=solo_s), curves=(curve(Power(alpha=alpha)),)),
        patience=Spread(mean_s=180.0),
    )


def _queue() -> Scenario:
    return _scenario(
        rate=QUEUE.arrivals_per_s,
        lasts_s=QUEUE.customers / QUEUE.arrivals_per_s,
        agents=AgentEntry(count=QUEUE.agents, limit=1),
        solo_s=QUEUE.chat_s,
        alpha=1.0,
    )


def _day(agents: int) -> Scenario:
    """Fourteen hours of slightly more chats than agents at three each get done at the peak of their pace."""
    rate = 0.085 * agents / 20
    return _scenario(rate=rate, lasts_s=DAY_S, agents=AgentEntry(count=agents, limit=3), solo_s=400.0, alpha=0.6)


def _measure_here() -> dict[str, float]:
    queue, fixed = _queue(), Fixed(limit=1)
    run(queue, fixed, seed=1, index=0)  # compiles, or loads what is compiled
    fastest_s, results = _timed(RUNS, lambda index: run(queue, fixed, seed=1, index=index))
    figures = {"own": QUEUE.customers / fastest_s}
    waits = np.array([[result.score.metrics[name] for name in ("p_wait", "mean_wait_s")] for result in results])
    for name, play in PEERS.items():
        fastest_s, found = _timed(PEER_RUNS, partial(play, QUEUE))
        figures[name] = QUEUE.customers / fastest_s
        for peer in found:
            off = np.abs([peer.p_wait, peer.mean_wait_s] - waits.mean(axis=0)) / waits.std(axis=0, ddof=1)
            if off.max() > AGREE:
                raise RuntimeError(f"{name} says {peer}, we {waits.mean(axis=0)}: these are not the same queue")
    figures["day_20_fixed_ms"] = _day_ms(_day(20), Fixed(limit=3), 20)
    rules = rules_policy(str(RULES))
    figures["day_20_rules_ms"] = _day_ms(_day(20), rules, 3)
    figures["day_400_rules_ms"] = _day_ms(_day(400), rules, 3)
    return figures


def _day_ms(day: Scenario, policy: Policy, runs: int) -> float:
    return 1e3 * _timed(runs, lambda index: run(day, policy, seed=1, index=index))[0]


def _timed(runs: int, play: Callable[[int], R]) -> tuple[float, list[R]]:
    """Seconds of the fastest run, and what each gave."""
    took, gave = [], []
    for index in range(runs):
        began = time.perf_counter()
        gave.append(play(index))
        took.append(time.perf_counter() - began)
    return min(took), gave


if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):  # Linux alone can pin
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(json.dumps(_measure_here()))
