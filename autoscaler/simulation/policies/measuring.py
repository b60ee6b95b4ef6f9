"""How a search asks what policies cost, without knowing on how many cores they are played."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from autoscaler.simulation.floor.ports import Policy
from autoscaler.simulation.floor.run import run
from autoscaler.simulation.scenario.model import Scenario

__all__ = ["Measure", "Play", "cost_per_chat"]

Floats = NDArray[np.float64]


class Measure(Protocol):
    """What is wanted of one run; it may go to other processes, so it is a function of a module."""

    def __call__(self, scenario: Scenario, policy: Policy, *, seed: int, index: int) -> Floats:
        """Play run `index` under `seed`; the same shape for every run of a scenario."""
        ...


class Play(Protocol):
    """Plays runs of one scenario under one seed."""

    def __call__(self, measure: Measure, policies: Sequence[Policy], indices: Sequence[int]) -> Floats:
        """What is measured of each policy in each of these runs, shape (policies, runs, ...)."""
        ...


def cost_per_chat(scenario: Scenario, policy: Policy, *, seed: int, index: int) -> Floats:
    """The run's `cost_per_chat`, shape ()."""
    return np.array(run(scenario, policy, seed=seed, index=index).score.metrics["cost_per_chat"])
