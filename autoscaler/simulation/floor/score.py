"""What one run did to customers and agents: the metrics and the five costs of interfaces.md, by their letter."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoscaler.simulation.floor.state import Floor, Where
from autoscaler.simulation.scenario.model import Scenario

__all__ = ["WITHIN_S", "Score", "score"]

WITHIN_S = (20, 30, 60)
"""Seconds for which the service level is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One run's figures.

    Attributes:
        metrics: By name; service levels as `service_level.20`. NaN where there is nothing to speak of (nobody came).
        cost: The components of `cost_per_chat`, per arrival: late, abandoned, excess, crowding, changes.
        events: Events played.
    """

    metrics: Mapping[str, float]
    cost: Mapping[str, float]
    events: int


def score(floor: Floor, scenario: Scenario) -> Score:
    """Judge a run that is over: every customer was served or has left.

    Customers who arrived in [warm_up, duration) count, whenever they ended; time averages are over that window.
    """
    # they are sorted by arrival: a slice, where a mask would copy every record
    first, last = np.searchsorted(floor.customers["arrival"], (scenario.warm_up_s, scenario.duration_s))
    people = floor.customers[first:last]
    served = people["where"] == Where.SERVED
    wait = np.where(served, people["start"], people["end"]) - people["arrival"]
    chat = (people["end"] - people["start"])[served]
    arrived, answered = len(people), int(np.count_nonzero(served))
    solo = scenario.service.solo.mean_s
    now = floor.now
    on_s = float(now["sum_on"])
    changes = int(now["changes_scored"])
    weights = scenario.cost
    cost = {
        "late": _share(float(np.maximum(wait - weights.free_s, 0.0).sum()) / 60 * weights.late_minute, arrived),
        "abandoned": _share((arrived - answered) * weights.abandoned, arrived),
        "excess": _share(float(np.maximum(chat - solo, 0.0).sum()) / 60 * weights.excess_chat_minute, arrived),
        "crowding": _share(float(now["sum_crowding"]) / 60 * weights.crowding, arrived),
        "changes": _share(changes * weights.limit_change, arrived),
    }
    mean_chat_s = _mean(chat)
    metrics: dict[str, float] = {
        "arrived": arrived,
        "served": answered,
        "abandoned": arrived - answered,
        "p_wait": _mean(wait > 0),
        "mean_wait_s": _mean(wait),
        "mean_wait_served_s": _mean(wait[served]),
        "abandonment": _share(arrived - answered, arrived),
    }
    for within in WITHIN_S:
        late = int(np.count_nonzero(~served & (wait > within)))
        metrics[f"service_level.{within}"] = _share(int(np.count_nonzero(served & (wait <= within))), answered + late)
    metrics |= {
        "mean_concurrency": _share(float(now["sum_load"]), on_s),
        "slot_occupancy": _share(float(now["sum_load"]), float(now["sum_slots"])),
        "busy": _share(float(now["sum_busy"]), on_s),
        "mean_chat_s": mean_chat_s,
        "chat_stretch": mean_chat_s / solo,
        "limit_changes": changes,
        "limit_changes_per_agent_hour": _share(changes, on_s / 3600),
        "minutes_above_baseline_per_agent": float(now["sum_above"]) / 60 / len(floor.agents),
        "fairness_gini": _gini(_chats_an_hour(floor, people["agent"])),
        "cost_per_chat": sum(cost.values()),
    }
    return Score(metrics=metrics, cost=cost, events=int(now["events"]))


def _chats_an_hour(floor: Floor, by: NDArray[np.int32]) -> NDArray[np.float64]:
    """Chats served by signed-in hour, of every agent who was signed in within the window."""
    served = np.bincount(by + 1, minlength=len(floor.agents) + 1)[1:]  # before them, those whom nobody served
    on_s = floor.agents["on_s"]
    chats: NDArray[np.float64] = served[on_s > 0] / (on_s[on_s > 0] / 3600)
    return chats


def _gini(values: NDArray[np.float64]) -> float:
    """Gini coefficient, 0 where all are equal; NaN where there is nothing to share."""
    total = float(values.sum())
    if total <= 0:
        return math.nan
    n = len(values)
    ranked = np.sort(values)
    return float(((2 * np.arange(1, n + 1) - n - 1) * ranked).sum() / (n * total))


def _mean(values: NDArray[np.float64] | NDArray[np.bool_]) -> float:
    return float(values.mean()) if len(values) else math.nan


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else math.nan
