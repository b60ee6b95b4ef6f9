"""What autoscalers do to people's limits."""

import math
from dataclasses import dataclass

import numpy as np
import pytest

from autoscaler.simulation.floor.run import run
from autoscaler.simulation.policies.aws_step import AwsStep
from autoscaler.simulation.policies.hpa import Hpa
from autoscaler.simulation.policies.keda import Keda
from autoscaler.simulation.policies.nomad import Nomad
from autoscaler.simulation.policies.nomad_threshold import NomadThreshold
from autoscaler.simulation.policies.scaling import Autoscaled, Autoscaler, Group, Scaled
from autoscaler.simulation.policies.two_tier import TwoTier
from autoscaler.simulation.scenario.model import AgentEntry, Window

from .floors import HOUR, controller, scenario, seen

AUTOSCALERS: list[Autoscaler] = [Hpa(), Nomad(), NomadThreshold(), AwsStep(), Keda()]


@dataclass
class Says:
    slots: int
    asked: int = 0

    def scale(self, group: Group) -> int:
        self.asked += 1
        return self.slots


def scaled(scaler: Says) -> Scaled:
    return Scaled(scaler=scaler, every_s=15.0, floor=2, ceiling=6)


def test_slots_are_the_limits_of_those_signed_in_and_are_spread_over_them() -> None:
    limits, later = scaled(Says(9)).tick(seen([6, 3, 3], on=[False, True, True], at=30))
    assert limits is not None
    assert limits.tolist() == [6, 5, 4]
    assert later == 45


def test_nobody_changes_when_no_other_number_of_slots_is_wanted_however_uneven_limits_are() -> None:
    assert scaled(Says(8)).tick(seen([2, 6]))[0] is None


def test_slots_out_of_bounds_are_brought_back_at_once_without_asking() -> None:
    scaler = Says(5)
    limits, _ = scaled(scaler).tick(seen([9, 6]))
    assert limits is not None
    assert limits.tolist() == [6, 6]
    assert scaler.asked == 0


def test_with_nobody_signed_in_nobody_is_asked() -> None:
    scaler = Says(5)
    assert scaled(scaler).tick(seen([3, 3], on=[False, False])) == (None, 15.0)
    assert scaler.asked == 0


def test_an_autoscaler_looks_as_often_as_the_scenario_says_unless_told_otherwise() -> None:
    where = scenario()
    assert controller(Autoscaled(name="hpa", of=Hpa()), where).first_tick() == 15.0
    assert controller(Autoscaled(name="hpa", of=Hpa(tick=60.0)), where).first_tick() == 60.0


@pytest.mark.parametrize("of", AUTOSCALERS, ids=lambda of: type(of).__name__)
def test_a_run_of_its_own_begins_with_no_memory_of_the_one_before(of: Autoscaler) -> None:
    where = scenario(rates=[0.03, 0.09, 0.02], hours=3)
    policy = Autoscaled(name="x", of=of)
    first = run(where, policy, seed=1, index=0).score.metrics
    run(where, policy, seed=1, index=1)
    assert run(where, policy, seed=1, index=0).score.metrics == first
    assert first["limit_changes"] > 0


@pytest.mark.parametrize("of", AUTOSCALERS, ids=lambda of: type(of).__name__)
def test_limits_stay_between_floor_and_ceiling_through_shifts_and_rushes(of: Autoscaler) -> None:
    early = AgentEntry(count=4, limit=3, shift=(Window(start_s=8 * HOUR, end_s=10 * HOUR),))
    late = AgentEntry(count=5, limit=8, tier="late", shift=(Window(start_s=9 * HOUR, end_s=13 * HOUR),))
    where = scenario(rates=[0.03, 0.12, 0.01, 0.05], hours=4, agents=(early, late))
    course = run(where, Autoscaled(name="x", of=of), seed=1, index=0, with_course=True).course
    assert course is not None
    # a tick sees what was wanted at the one before; whoever has just signed in comes with the configured limit
    assert np.nanmin(course.limits) >= 1
    assert np.nanmax(course.limits[:, 0]) <= 6
    assert np.nanmax(course.limits[course.time_s > HOUR + 15, 1]) <= 6


def test_two_tier_forces_everybody_once_somebody_has_waited_thirty_seconds() -> None:
    where = scenario(agents=(AgentEntry(count=1, limit=3), AgentEntry(count=1, limit=5), AgentEntry(count=1, limit=8)))
    two = controller(TwoTier(), where)

    def limits(at: float, waiting: int, oldest_wait_s: float) -> list[int]:
        wanted, later = two.tick(seen([3, 5, 8], at=at, waiting=waiting, oldest_wait_s=oldest_wait_s))
        assert wanted is not None
        assert later == at + 15
        return wanted.tolist()

    assert limits(15, 2, 29.9) == [3, 5, 8]
    assert limits(30, 2, 30.0) == [5, 6, 8]
    assert limits(45, 0, 0.0) == [5, 6, 8]
    assert limits(75, 1, 5.0) == [5, 6, 8]
    assert limits(120, 0, 0.0) == [5, 6, 8]
    assert limits(135, 0, 0.0) == [3, 5, 8]


def test_two_tier_never_forces_anybody_below_the_normal_limit() -> None:
    where = scenario(agents=(AgentEntry(count=1, limit=8),))
    wanted, later = controller(TwoTier(ceiling=6), where).tick(seen([8], at=30, waiting=1, oldest_wait_s=60))
    assert wanted is not None
    assert wanted.tolist() == [8]
    assert math.isfinite(later)
