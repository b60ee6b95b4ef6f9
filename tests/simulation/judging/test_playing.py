"""Many runs: the same on one core as on several, errors as they are, and no worker left behind."""

import multiprocessing
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from autoscaler.errors import UsageError
from autoscaler.simulation.judging.playing import Players
from autoscaler.simulation.policies.fixed import Fixed
from autoscaler.simulation.policies.measuring import cost_per_chat
from autoscaler.simulation.policies.schedule import Schedule

from .scenes import small_scenario

POLICIES = [Fixed(limit=2), Fixed(limit=3.5)]
FOR_EVER = """\
import sys
from autoscaler.simulation.judging.playing import Players
from autoscaler.simulation.policies.fixed import Fixed
from autoscaler.simulation.scenario.reading import read_scenario
from autoscaler.simulation.scenario.shipped import find_scenario

def say(done, total):
    print(done, flush=True)

if __name__ == "__main__":
    scenario = read_scenario(find_scenario("weekday"))
    with Players(jobs=2) as players:
        players.play(scenario, [Fixed(limit=3)], seed=7, indices=range(100_000), tell=say)
"""


def test_results_are_the_same_however_many_play() -> None:
    scenario = small_scenario()
    with Players(jobs=1) as alone, Players(jobs=2) as both:
        one = alone.play(scenario, POLICIES, seed=7, indices=range(5))
        two = both.play(scenario, POLICIES, seed=7, indices=range(5))
        again = both.play(scenario, POLICIES[1:], seed=7, indices=range(5))
    assert [each.scores for each in one] == [each.scores for each in two]
    assert again[0].scores == two[1].scores
    assert [(each.policy, each.scenario, each.seed) for each in two] == [
        ("limit:2", "one hour", 7),
        ("limit:3.5", "one hour", 7),
    ]
    assert one[0].scores[0] != one[0].scores[1]
    assert one[0].scores[0] != one[1].scores[0]


@pytest.mark.parametrize("jobs", [1, 2])
def test_progress_goes_up_and_ends_at_all_runs(jobs: int) -> None:
    told: list[tuple[int, int]] = []
    with Players(jobs=jobs) as players:
        players.play(
            small_scenario(),
            POLICIES,
            seed=4,
            indices=range(3, 24),
            tell=lambda done, total: told.append((done, total)),
        )
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert told[-1] == (42, 42)
    assert len(told) > 4


def test_whoever_searches_gets_what_is_measured_by_policy_and_run() -> None:
    scenario = small_scenario()
    with Players(jobs=1) as players:
        costs = players.measuring(scenario, seed=7)(cost_per_chat, POLICIES, [4, 2])
        known = players.play(scenario, POLICIES, seed=7, indices=[4, 2])
    assert costs.shape == (2, 2)
    assert costs.tolist() == [[score.metrics["cost_per_chat"] for score in one.scores] for one in known]
    assert not np.isnan(costs).any()


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_in_a_run_arrives_as_it_was_raised(jobs: int) -> None:
    for_three_entries = Schedule(limits=((1.0, 2.0, 3.0),))
    with Players(jobs=jobs) as players, pytest.raises(ValueError, match="shorter"):
        players.play(small_scenario(), [for_three_entries], seed=7, indices=range(4))


def test_a_worker_that_dies_is_told_with_a_way_out() -> None:
    def kill_one(_done: int, _total: int) -> None:
        # what was done by then is still told when nobody is left
        for worker in multiprocessing.active_children()[:1]:
            worker.kill()

    with Players(jobs=2) as players, pytest.raises(UsageError, match="died") as caught:
        players.play(small_scenario(), POLICIES, seed=7, indices=range(5000), tell=kill_one)
    assert "--jobs 1" in caught.value.help


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_the_one_who_asked(ended_by: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", FOR_EVER], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        os.kill(process.pid, ended_by)
        # workers hold the other ends of both pipes, so this returns when all of them have gone
        _, said = process.communicate(timeout=60)
    assert process.returncode != 0
    assert said.count("Traceback") == (1 if ended_by is signal.SIGINT else 0)


def test_ctrl_c_on_a_terminal_ends_workers_without_a_word() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", FOR_EVER],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: all of them at once
        _, said = process.communicate(timeout=60)
    assert said.count("Traceback") == 1
    assert said.rstrip().endswith("KeyboardInterrupt")
