"""A policy that is watched decides as it does unwatched."""

import numpy as np
import pytest

from autoscaler.simulation.floor.ports import Policy
from autoscaler.simulation.floor.run import run
from autoscaler.simulation.judging.watching import Watched
from autoscaler.simulation.policies.fixed import Fixed
from autoscaler.simulation.policies.hpa import Hpa
from autoscaler.simulation.policies.keda import Keda
from autoscaler.simulation.policies.scaling import Autoscaled
from autoscaler.simulation.policies.schedule import Schedule

from .scenes import small_scenario


@pytest.mark.parametrize(
    "policy",
    [
        Fixed(limit=3),
        Schedule(limits=((3.0, 2.0), (4.0, 3.5))),
        Autoscaled(name="hpa", of=Hpa()),
        Autoscaled(name="keda:tick=20s", of=Keda(tick=20.0)),
    ],
    ids=lambda policy: policy.name,
)
def test_watching_changes_nothing(policy: Policy) -> None:
    scenario = small_scenario()
    watched = run(scenario, Watched(policy), seed=7, index=1, with_course=True)
    assert Watched(policy).name == policy.name
    assert watched.score.metrics == run(scenario, policy, seed=7, index=1).score.metrics


def test_a_policy_that_never_looks_has_a_course_all_the_same() -> None:
    scenario = small_scenario()
    unwatched = run(scenario, Fixed(limit=3), seed=7, index=0, with_course=True).course
    course = run(scenario, Watched(Fixed(limit=3)), seed=7, index=0, with_course=True).course
    assert unwatched is not None
    assert course is not None
    assert len(unwatched.time_s) == 0
    assert np.array_equal(course.time_s, np.arange(0, 3601, 15.0))
    assert course.slots.max() == 24
