"""Fixed limits and schedules, played."""

import math
from datetime import datetime

import numpy as np
import pytest

from autoscaler.simulation.floor.run import play, run
from autoscaler.simulation.policies.fixed import Fixed
from autoscaler.simulation.policies.schedule import Schedule, block_starts
from autoscaler.simulation.scenario.model import AgentEntry, Window

from .floors import HOUR, controller, scenario, seen

TWO = (AgentEntry(count=3, limit=3), AgentEntry(count=4, limit=2, tier="new"))


def test_half_hours_are_those_of_the_wall_clock() -> None:
    starts = block_starts(scenario(hours=2, clock=datetime(2026, 3, 2, 8, 20)))  # noqa: DTZ001 wall clock
    assert starts.tolist() == [0, 600, 2400, 4200, 6000]


@pytest.mark.parametrize("limit", [2.0, 3.5])
def test_a_constant_schedule_is_that_limit_to_the_last_bit(limit: float) -> None:
    where = scenario(agents=TWO)
    blocks = len(block_starts(where))
    fixed, _ = play(where, Fixed(limit=limit), seed=3, index=2)
    schedule, _ = play(where, Schedule(limits=((limit, limit),) * blocks), seed=3, index=2)
    for field in ("state", "agents", "customers"):
        assert getattr(fixed, field).tobytes() == getattr(schedule, field).tobytes()


def test_a_fixed_limit_never_ticks_and_is_no_change() -> None:
    where = scenario(agents=TWO)
    assert controller(Fixed(limit=4), where).first_tick() == math.inf
    assert Fixed(limit=4).start_limits(where).tolist() == [4] * 7
    assert run(where, Fixed(limit=4), seed=1, index=0).score.metrics["limit_changes"] == 0


def test_a_schedule_ticks_only_where_something_changes_and_its_start_is_not_counted() -> None:
    where = scenario(agents=TWO, hours=2, warm_up_s=0.0)
    policy = Schedule(limits=((4, 2), (4, 2), (5, 2), (5, 3)))
    course = run(where, policy, seed=1, index=0, with_course=True).course
    assert course is not None
    assert course.time_s.tolist() == [HOUR, 1.5 * HOUR]
    assert run(where, policy, seed=1, index=0).score.metrics["limit_changes"] == 3 + 4


def test_whoever_signs_in_later_gets_the_limit_of_the_hour() -> None:
    late = AgentEntry(count=2, limit=3, shift=(Window(start_s=9 * HOUR + 600, end_s=11 * HOUR),))
    where = scenario(agents=(AgentEntry(count=2, limit=3), late), hours=2)
    policy = Schedule(limits=((3, 3), (3, 3), (3, 5), (3, 5)))
    ticking = controller(policy, where)
    times = []
    at = ticking.first_tick()
    while math.isfinite(at):
        times.append(at)
        limits, at = ticking.tick(seen([3, 3, 3, 3], at=at))
        assert limits is not None
    assert times == [HOUR, HOUR + 600]
    assert limits.tolist() == [3, 3, 5, 5]


def test_a_half_limit_of_an_entry_is_interleaved_within_it() -> None:
    where = scenario(agents=TWO, hours=1)
    assert np.array_equal(Schedule(limits=((4, 2.5), (4, 2))).start_limits(where), [4, 4, 4, 2, 3, 2, 3])
