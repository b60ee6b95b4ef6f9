"""What a goal learned survives a restart at any tick: the same decisions, to the letter."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given

from autoscaler.core.book import Goal
from autoscaler.core.goal.learned import Learned, from_json, to_json
from autoscaler.core.goal.rule import GOAL_RULE
from autoscaler.core.memory import Memory
from autoscaler.core.memory import from_json as memory_from_json
from autoscaler.core.memory import to_json as memory_to_json
from autoscaler.simulation.floor.ports import Seen
from autoscaler.simulation.floor.run import run
from autoscaler.simulation.policies.production import GoalPolicy, Production
from autoscaler.simulation.scenario.model import Scenario
from autoscaler.store.memory_blob import pack_memory, unpack_memory
from tests.core.scenes import Scene, law, play, scenes
from tests.core.staging import text
from tests.simulation.policies.floors import scenario

from .sites import Keep, Site, lived, peaked, pursuing, wanted

GOAL = Goal(answer=0.8, within_s=30.0)
HOURS = 2.4
TEN_TICKS = frozenset(range(20, 24 * 240, 24 * 24))
"""Of a day's: ten restarts a day, of which a run sees its share."""


def as_json(_: int, memory: Memory) -> Memory:
    return memory_from_json(json.loads(json.dumps(memory_to_json(memory))))


def as_blob(_: int, memory: Memory) -> Memory:
    return Memory(groups={name: unpack_memory(pack_memory(one)) for name, one in memory.groups.items()})


def now_and_then(number: int, memory: Memory) -> Memory:
    return as_json(number, as_blob(number, memory)) if number in TEN_TICKS else memory


def told(keep: Keep | None) -> list[tuple[list[int], str]]:
    """Limits and sentences of every tick of a floor at work, which the limits themselves move."""
    site = Site.of(peaked(4), 8, arrivals=0.09, seed=4)
    return [(wanted(plan), plan.goal) for _, plan in lived(site, pursuing(goal=GOAL), HOURS, keep=keep)]


@pytest.fixture(scope="module")
def uninterrupted() -> list[tuple[list[int], str]]:
    return told(None)


def test_the_floor_at_work_is_moved_or_this_shows_nothing(uninterrupted: list[tuple[list[int], str]]) -> None:
    assert len({tuple(limits) for limits, _ in uninterrupted}) > 1
    assert len({said for _, said in uninterrupted}) > 10


@pytest.mark.parametrize("keep", [as_json, as_blob, now_and_then])
def test_memory_that_went_through_a_restart_changes_no_decision(
    keep: Keep, uninterrupted: list[tuple[list[int], str]]
) -> None:
    assert told(keep) == uninterrupted


@dataclass(frozen=True)
class Restarted:
    """The production decision, whose process is started anew between any two ticks."""

    decision: Production

    def first_tick(self) -> float:
        return self.decision.first_tick()

    def tick(self, seen: Seen) -> tuple[np.ndarray | None, float]:
        self.decision.memory = as_json(0, self.decision.memory)
        return self.decision.tick(seen)


@dataclass(frozen=True)
class RestartedGoal:
    """The goal, but restarted."""

    goal: GoalPolicy
    name: str = "restarted"

    def start_limits(self, scenario: Scenario) -> None:
        return self.goal.start_limits(scenario)

    def controller(self, scenario: Scenario, *, seed: int, index: int) -> Restarted:
        return Restarted(self.goal.controller(scenario, seed=seed, index=index))


def test_a_simulated_day_is_the_same_under_a_daemon_that_restarts_at_every_tick() -> None:
    short = scenario(hours=2.0, rates=[0.03, 0.07])
    steady = run(short, GoalPolicy(answer=0.8), seed=3, index=0, with_course=True)
    restarted = run(short, RestartedGoal(GoalPolicy(answer=0.8)), seed=3, index=0, with_course=True)
    assert steady.course is not None
    assert restarted.course is not None
    assert len(np.unique(steady.course.slots)) > 1, "limits moved"
    np.testing.assert_array_equal(steady.course.limits, restarted.course.limits)
    np.testing.assert_array_equal(steady.course.changes, restarted.course.changes)
    assert str(steady.score) == str(restarted.score)


@law
@given(scene=scenes())
def test_beside_any_rules_and_troubles_memory_through_json_changes_nothing(scene: Scene) -> None:
    rules = replace(scene.rules, rules=(*scene.rules.rules, GOAL_RULE), goal=GOAL)
    both = replace(scene, rules=rules)
    for (kept, _), (restarted, _) in zip(play(both), play(both, restarts=True), strict=True):
        assert kept.plan is not None
        assert restarted.plan is not None
        assert text(kept.plan) == text(restarted.plan)


def after_work() -> Learned:
    for pursued, _ in lived(Site.of(peaked(4), 4, arrivals=0.05), pursuing(goal=GOAL), 0.2):
        learned = pursued.learned
    return learned


def test_what_was_learned_is_plain_json_without_anything_that_is_no_number() -> None:
    text = json.dumps(to_json(after_work()), allow_nan=False)
    assert to_json(from_json(json.loads(text))) == json.loads(text)
    blank = json.dumps(to_json(Learned()), allow_nan=False)
    assert to_json(from_json(json.loads(blank))) == json.loads(blank)


@pytest.mark.parametrize("key", sorted(to_json(Learned())))
def test_without_any_of_its_keys_it_is_refused_by_name(key: str) -> None:
    value = to_json(after_work())
    del value[key]
    with pytest.raises(ValueError, match=key):
        from_json(value)


def test_memory_kept_before_watches_knew_how_long_they_last_is_read_and_begins_to_count() -> None:
    value = to_json(after_work())
    for tier in value["tiers"].values():
        for watch in ("falls", "rises"):
            del tier[watch]["lasted_s"]
    found = to_json(from_json(value))
    for name, tier in found["tiers"].items():
        for watch in ("falls", "rises"):
            assert tier[watch].pop("lasted_s") == [0.0] * len(tier["done"])
            assert tier[watch] == value["tiers"][name][watch]
