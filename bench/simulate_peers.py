"""M/M/n with impatient customers as one writes it with SimPy and with Ciw: the pace to hold the simulator against."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any

import ciw
import simpy

__all__ = ["PEERS", "Queue", "Waits", "with_ciw", "with_simpy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """All times exponential.

    Attributes:
        arrivals_per_s: Rate.
        chat_s, patience_s: Means.
        agents: Each with one chat at a time.
        customers: How many come.
    """

    arrivals_per_s: float
    chat_s: float
    patience_s: float
    agents: int
    customers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Of everybody who came, those who left included."""

    p_wait: float
    mean_wait_s: float

    @classmethod
    def of(cls, waits: list[float]) -> Waits:
        """From each customer's seconds of waiting."""
        # clocks are sums of floats: a wait of nothing may come out as the last bit of the time of day
        return cls(p_wait=sum(wait > 1e-6 for wait in waits) / len(waits), mean_wait_s=sum(waits) / len(waits))


def with_simpy(queue: Queue, seed: int) -> Waits:
    """A process a customer, a resource with as many places as agents."""
    draw = random.Random(seed).expovariate
    env = simpy.Environment()
    agents = simpy.Resource(env, capacity=queue.agents)
    waits: list[float] = []

    def customer() -> Generator[simpy.Event, Any, None]:
        came = env.now
        with agents.request() as turn:
            outcome = yield turn | env.timeout(draw(1 / queue.patience_s))
            waits.append(env.now - came)
            if turn in outcome:
                yield env.timeout(draw(1 / queue.chat_s))

    def door() -> Generator[simpy.Event, Any, None]:
        for _ in range(queue.customers):
            yield env.timeout(draw(queue.arrivals_per_s))
            env.process(customer())

    env.process(door())
    env.run()
    return Waits.of(waits)


def with_ciw(queue: Queue, seed: int) -> Waits:
    """One node whose customers renege."""
    ciw.seed(seed)
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate=queue.arrivals_per_s)],
        service_distributions=[ciw.dists.Exponential(rate=1 / queue.chat_s)],
        number_of_servers=[queue.agents],
        reneging_time_distributions=[ciw.dists.Exponential(rate=1 / queue.patience_s)],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(queue.customers, method="Finish")
    return Waits.of([record.waiting_time for record in simulation.get_all_records()])


PEERS: Mapping[str, Callable[[Queue, int], Waits]] = {"simpy": with_simpy, "ciw": with_ciw}
