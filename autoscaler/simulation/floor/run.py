"""One run of a scenario under a policy, from the first arrival to the last customer's end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoscaler.simulation.floor.customers import draw
from autoscaler.simulation.floor.kernel import ROUTINGS, advance, close, obey
from autoscaler.simulation.floor.ports import Policy, Seen
from autoscaler.simulation.floor.score import Score, score
from autoscaler.simulation.floor.shifts import DAY_S, curve_turns, shifts
from autoscaler.simulation.floor.state import Floor, blank
from autoscaler.simulation.scenario.model import MOST_CHATS, Curve, Scenario

__all__ = ["Course", "NeverEnds", "RunResult", "run"]

Floats = NDArray[np.float64]

LONGEST_AFTER_S = 400 * DAY_S


class NeverEnds(Exception):
    """Customers wait whom nobody will ever serve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What happened at each of the controller's ticks, shape (t,), and (t, entries) for `limits`.

    Attributes:
        time_s: Seconds since the start.
        waiting, load, slots: Chats waiting, chats held by and limits of those signed in.
        on: Agents signed in.
        limits: Mean limit of an entry's agents signed in, NaN where none is.
        changes: Limits changed since the tick before.
    """

    time_s: Floats
    waiting: Floats
    load: Floats
    slots: Floats
    on: Floats
    limits: Floats
    changes: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """The score, and the course if it was asked for."""

    score: Score
    course: Course | None = None


def run(scenario: Scenario, policy: Policy, *, seed: int, index: int, with_course: bool = False) -> RunResult:
    """Play run `index` of a scenario under `seed`.

    Raises:
        NeverEnds: More than a year after the last arrival somebody still waits.
    """
    floor, course = play(scenario, policy, seed=seed, index=index, with_course=with_course)
    return RunResult(score=score(floor, scenario), course=course)


def play(
    scenario: Scenario, policy: Policy, *, seed: int, index: int, with_course: bool = False
) -> tuple[Floor, Course | None]:
    """As `run`, and return the floor as it stands at the end."""
    floor = _set_up(scenario, policy, seed=seed, index=index)
    controller = policy.controller(scenario, seed=seed, index=index)
    diary = _Diary(scenario) if with_course else None
    state, agents = floor.now, floor.agents
    arrived = left = 0
    horizon = beat = 0.0
    tick = controller.first_tick()
    wanted = None
    is_tick = False
    while True:
        now = float(state["now"])
        if now >= horizon:
            floor = _with_shifts(floor, shifts(scenario, begin_s=horizon, until_s=horizon + DAY_S))
            horizon += DAY_S
        # a call that failed is sent again at the next tick, even where the controller itself has nothing to say by then
        may_fail = wanted is not None or state["unsent"] or state["calls_sent"] > state["calls_done"]
        again = beat + scenario.every_s if may_fail and scenario.gateway.failure else np.inf
        until = min(tick, again, horizon)
        if is_tick:
            obey(*floor, until, np.ascontiguousarray(agents["wanted"] if wanted is None else wanted, np.int64))
        else:
            advance(*floor, until)
        wanted = None
        is_tick = until in {tick, again}
        if is_tick:
            beat = until
        if _is_over(floor, scenario):
            break
        if until > scenario.duration_s + LONGEST_AFTER_S:
            raise NeverEnds(
                f"{scenario.source or scenario.name}: {state['waiting']} customers still wait "
                f"{LONGEST_AFTER_S / DAY_S:.0f} days after the last one came. "
                "Try more agents, shorter chats, or patience."
            )
        if until == tick:
            seen = _look(floor, arrived=arrived, left=left)
            arrived, left = int(state["arrived"]), int(state["left"])
            if diary is not None:
                diary.write(seen, floor)
            wanted, tick = controller.tick(seen)
    close(floor.state, agents)
    return floor, None if diary is None else diary.course()


def _set_up(scenario: Scenario, policy: Policy, *, seed: int, index: int) -> Floor:
    people = draw(scenario, seed=seed, index=index)
    counts = [entry.count for entry in scenario.agents]
    baseline = np.repeat([entry.limit for entry in scenario.agents], counts).astype(np.int64)
    start = policy.start_limits(scenario)
    own = [entry.curves or scenario.service.curves for entry in scenario.agents]
    groups = tuple({id(curves): curves for curves in own}.values())
    group = [next(row for row, curves in enumerate(groups) if curves is mine) for mine in own]
    return blank(
        arrival=people.arrival,
        work=people.work,
        patience=people.patience,
        baseline=baseline,
        configured=baseline if start is None else start.astype(np.int64),
        speed=people.speed,
        group=np.repeat(group, counts).astype(np.int64),
        curves=_factors(groups),
        turns=curve_turns(groups, clock_s=scenario.clock_s, until_s=scenario.duration_s + LONGEST_AFTER_S / 20),
        random=people.seeds,
        routing=ROUTINGS.index(scenario.routing),
        scored=(scenario.warm_up_s, scenario.duration_s),
        gateway=(scenario.gateway.delay_s, scenario.gateway.failure),
    )


def _factors(groups: tuple[tuple[Curve, ...], ...]) -> Floats:
    factors = np.ones((len(groups), max(map(len, groups)), MOST_CHATS))
    for row, curves in enumerate(groups):
        for segment, curve in enumerate(curves):
            factors[row, segment] = curve.factors
    return factors


def _with_shifts(floor: Floor, events: NDArray[np.void]) -> Floor:
    floor.now["shift"] = 0
    return floor._replace(shifts=events)


def _is_over(floor: Floor, scenario: Scenario) -> bool:
    now = floor.now
    everybody_came = now["arrived"] == len(floor.customers)
    return bool(everybody_came and not now["waiting"] and not now["held"] and now["now"] >= scenario.duration_s)


def _look(floor: Floor, *, arrived: int, left: int) -> Seen:
    state, agents = floor.now, floor.agents
    now, waiting = float(state["now"]), int(state["waiting"])
    return Seen(
        now_s=now,
        waiting=waiting,
        oldest_wait_s=now - float(floor.customers[state["head"]]["arrival"]) if waiting else 0.0,
        arrived=int(state["arrived"]) - arrived,
        abandoned=int(state["left"]) - left,
        on=agents["on"].copy(),
        load=agents["load"].copy(),
        wanted=agents["wanted"].copy(),
        signed_in_for_s=now - agents["signed_in_at"],
    )


class _Diary:
    """Collects the course of one run."""

    def __init__(self, scenario: Scenario) -> None:
        self._rows: list[tuple[float, ...]] = []
        self._limits: list[Floats] = []
        self._ends = np.cumsum([entry.count for entry in scenario.agents])
        self._starts = self._ends - [entry.count for entry in scenario.agents]
        self._changes = 0

    def write(self, seen: Seen, floor: Floor) -> None:
        changes = int(floor.now["changes"])
        limit = floor.agents["limit"]
        load, slots = float(seen.load[seen.on].sum()), float(limit[seen.on].sum())
        on = float(np.count_nonzero(seen.on))
        self._rows.append((seen.now_s, float(seen.waiting), load, slots, on, float(changes - self._changes)))
        self._changes = changes
        held = np.add.reduceat(np.where(seen.on, limit, 0), self._starts)
        people = np.add.reduceat(seen.on.astype(np.int64), self._starts)
        self._limits.append(np.divide(held, people, out=np.full(len(people), np.nan), where=people > 0))

    def course(self) -> Course:
        rows = np.array(self._rows).reshape(-1, 6)
        return Course(
            time_s=rows[:, 0],
            waiting=rows[:, 1],
            load=rows[:, 2],
            slots=rows[:, 3],
            on=rows[:, 4],
            limits=np.array(self._limits).reshape(len(rows), len(self._starts)),
            changes=rows[:, 5],
        )
