"""Scenarios nobody tuned to: drawn over every dimension there is, the same for the same seed for ever."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from autoscaler.simulation.scenario.fresh_curves import draw_curves, draw_shape
from autoscaler.simulation.scenario.fresh_days import draw_arrivals
from autoscaler.simulation.scenario.fresh_people import draw_team
from autoscaler.simulation.scenario.model import Gateway, Routing, Scenario, Service, Spread
from autoscaler.simulation.scenario.writing import to_yaml

__all__ = ["fresh", "text"]

MONDAY = datetime(2026, 3, 2)  # noqa: DTZ001 a scenario's wall clock has no zone
HOUR_S = 3600.0


def fresh(seed: int, count: int) -> list[Scenario]:
    """The first `count` scenarios of a seed; number i is the same whatever the count."""
    return [_draw(seed, index) for index in range(count)]


def text(seed: int, index: int) -> str:
    """Number `index` of a seed as a file, from 0."""
    return to_yaml(_draw(seed, index))


def _draw(seed: int, index: int) -> Scenario:
    random = np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed, index))))
    start_s = float(random.integers(12, 21)) * HOUR_S / 2
    duration_s = float(random.integers(8, 14)) * HOUR_S
    family, shape = draw_shape(random)
    movement = draw_curves(shape, start_s=start_s, duration_s=duration_s, random=random)
    solo_s = round(float(np.exp(random.uniform(np.log(240), np.log(900)))), -1)
    solo_cv = round(float(random.uniform(0.6, 1.8)), 2) if random.random() < 0.5 else None
    service = Service(solo=Spread(mean_s=solo_s, cv=solo_cv), curves=movement.curves)
    agents = draw_team(start_s=start_s, duration_s=duration_s, random=random)
    load = float(random.uniform(0.6, 1.15))
    arrivals = draw_arrivals(
        load, agents=agents, service=service, start_s=start_s, duration_s=duration_s, random=random
    )
    people = sum(entry.count for entry in agents)
    kind = " ".join(part for part in (movement.word, family, f"{people} agents") if part)
    return Scenario(
        name=f"fresh-{seed}-{index:02d} {kind}",
        seed=int(random.integers(1, 1_000_000)),
        duration_s=duration_s,
        warm_up_s=1800.0,
        clock=MONDAY + timedelta(days=int(random.integers(0, 5)), seconds=start_s),
        arrivals=arrivals,
        every_s=float(random.choice([10, 15, 15, 30, 60])),
        agents=agents,
        service=service,
        patience=_patience(load, random),
        routing=list(Routing)[int(random.choice(4, p=[0.55, 0.15, 0.15, 0.15]))],
        gateway=_gateway(random),
        description=f"Drawn at random: the busiest hours ask for {load:.0%} of what the team can do at its best.",
        source=f"fresh {seed} {index}",
    )


def _patience(load: float, random: np.random.Generator) -> Spread | None:
    """60 to 600 seconds, of a log-normal one time in five; for ever only where a queue ends some time."""
    mean_s = float(round(float(np.exp(random.uniform(np.log(60), np.log(600))))))
    cv = round(float(random.uniform(0.7, 2.0)), 2)
    kind = random.random()
    if kind < 0.07 and load < 0.85:
        return None
    return Spread(mean_s=mean_s, cv=cv if kind > 0.8 else None)


def _gateway(random: np.random.Generator) -> Gateway:
    delay_s, failure = float(random.integers(1, 31)), round(float(random.uniform(0.0, 0.25)), 2)
    return Gateway(delay_s=delay_s, failure=failure) if random.random() < 0.3 else Gateway()
