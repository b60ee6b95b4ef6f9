"""Small scenarios, and results made by hand."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from autoscaler.simulation.floor.score import Score
from autoscaler.simulation.judging.playing import Played
from autoscaler.simulation.scenario.model import AgentEntry, Arrivals, Curve, Scenario, Service, Spread

COSTS = ("late", "abandoned", "excess", "crowding", "changes")


def small_scenario(**changes: object) -> Scenario:
    """An hour of eight agents in two entries, busy enough that some customers wait."""
    values = {
        "name": "one hour",
        "seed": 7,
        "duration_s": 3600.0,
        "warm_up_s": 600.0,
        "clock": datetime(2026, 3, 2, 9, 0),  # noqa: DTZ001 a scenario's wall clock has no zone
        "arrivals": Arrivals(step_s=3600.0, expected=np.array([170.0])),
        "every_s": 15.0,
        "agents": (AgentEntry(count=5, limit=3, tier="seniors"), AgentEntry(count=3, limit=2)),
        "service": Service(
            solo=Spread(mean_s=400.0), curves=(Curve(from_s=0.0, factors=np.arange(1, 61, dtype=np.float64) ** 0.6),)
        ),
        "patience": Spread(mean_s=180.0),
    }
    return Scenario(**{**values, **changes})  # type: ignore[arg-type]


def played(policy: str, costs: Sequence[float], *, p_wait: float = 0.25) -> Played:
    """Runs of these costs, all of it for waiting."""
    return Played(
        scenario="by hand",
        policy=policy,
        title=policy,
        seed=7,
        scores=tuple(by_hand(cost, p_wait) for cost in costs),
        wall_s=0.5,
    )


def by_hand(cost: float, p_wait: float = 0.25) -> Score:
    """A score of this cost."""
    metrics = dict.fromkeys(FLAT, 0.0) | {"arrived": 100.0, "p_wait": p_wait, "cost_per_chat": cost}
    return Score(metrics=metrics, cost=dict.fromkeys(COSTS, 0.0) | {"late": cost}, events=300)


FLAT = (
    "arrived", "served", "abandoned", "p_wait", "mean_wait_s", "mean_wait_served_s", "abandonment", "service_level.20",
    "service_level.30", "service_level.60", "mean_concurrency", "slot_occupancy", "busy", "mean_chat_s", "chat_stretch",
    "limit_changes", "limit_changes_per_agent_hour", "minutes_above_baseline_per_agent", "fairness_gini",
    "cost_per_chat",
)  # fmt: skip
