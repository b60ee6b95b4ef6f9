"""The compiled loop against the same model written a second time, event by event, on small scenarios of every kind."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from autoscaler.simulation.floor.customers import draw
from autoscaler.simulation.floor.run import play
from autoscaler.simulation.floor.state import Where
from autoscaler.simulation.scenario.model import Scenario
from tests.simulation.floor.scenes import moody, scenarios
from tests.simulation.floor.slow_floor import SlowFloor


@settings(max_examples=300, deadline=None)
@given(scenario=scenarios(), mood=st.integers(0, 20), index=st.integers(0, 1000))
def test_both_do_the_same_to_every_customer(scenario: Scenario, mood: int, index: int) -> None:
    fast, slow = moody(mood, scenario.every_s), moody(mood, scenario.every_s)
    floor, _ = play(scenario, fast, seed=3, index=index)
    judge = SlowFloor(scenario, draw(scenario, seed=3, index=index), slow)
    judge.play()
    people = floor.customers
    assert_array_equal(people["agent"], np.array(judge.agent_of, int))
    assert_array_equal(np.flatnonzero(people["where"] == Where.LEFT), sorted(judge.left))
    assert_allclose(people["start"], judge.start, rtol=0, atol=1e-6)
    assert_allclose(people["end"], judge.end, rtol=0, atol=1e-6)
    for one, other in zip(fast.seen, slow.seen, strict=False):
        for name in ("now_s", "waiting", "arrived", "abandoned"):
            assert getattr(one, name) == getattr(other, name)
        assert_allclose(one.oldest_wait_s, other.oldest_wait_s, rtol=0, atol=1e-9)
        assert_array_equal(one.on, other.on)
        assert_array_equal(one.load, other.load)
        assert_array_equal(one.wanted[one.on], other.wanted[one.on])
        assert_allclose(one.signed_in_for_s, other.signed_in_for_s, rtol=0, atol=1e-9)
    # the slow one stops with the last customer, who may have gone before the scenario's end
    if judge.now >= scenario.duration_s:
        assert floor.now["changes_scored"] == judge.changes
        assert_allclose(floor.agents["on_s"], [agent.on_s for agent in judge.agents], rtol=0, atol=1e-6)
