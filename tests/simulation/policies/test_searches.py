"""What is best in hindsight, and what is best by foresight."""

import numpy as np
import pytest

from autoscaler.simulation.floor.run import run
from autoscaler.simulation.policies.best_fixed import BestFixed, best_fixed
from autoscaler.simulation.policies.block_costs import block_costs
from autoscaler.simulation.policies.descent import Descent
from autoscaler.simulation.policies.fixed import Fixed
from autoscaler.simulation.policies.foresight import as_schedule, constants, followed, tiers_of
from autoscaler.simulation.policies.hpa import Hpa
from autoscaler.simulation.policies.measuring import cost_per_chat
from autoscaler.simulation.policies.oracle import FIRST_RUN, Oracle, oracle
from autoscaler.simulation.policies.scaling import Autoscaled
from autoscaler.simulation.policies.schedule import Schedule
from autoscaler.simulation.scenario.model import AgentEntry, Curve, Scenario, Window

from .floors import HOUR, Alone, peaked, scenario

SHIFTS = (
    AgentEntry(count=4, limit=3),
    AgentEntry(count=4, limit=2, speed=0.8, shift=(Window(start_s=9 * HOUR, end_s=11 * HOUR),)),
)


def moving_peak() -> Scenario:
    """Four chats an agent are best until ten, two after, and demand is there all the time."""
    before, after = peaked(5), peaked(2)
    return scenario(curves=(before, Curve(from_s=10 * HOUR, factors=after.factors)), rate=0.05, hours=4)


@pytest.mark.parametrize("policy", [Fixed(limit=5), Autoscaled(name="hpa", of=Hpa())], ids=["fixed", "hpa"])
@pytest.mark.parametrize("agents", [(AgentEntry(count=8, limit=3),), SHIFTS], ids=["alike", "shifts"])
def test_the_costs_of_half_hours_are_the_costs_of_the_run(
    policy: Fixed | Autoscaled, agents: tuple[AgentEntry, ...]
) -> None:
    where = scenario(rates=[0.03, 0.08, 0.05, 0.02], hours=4, agents=agents)
    blocks = block_costs(where, policy, seed=1, index=4)
    assert len(blocks) == 8
    assert blocks.sum() == pytest.approx(run(where, policy, seed=1, index=4).score.metrics["cost_per_chat"], rel=1e-12)


def test_a_limit_that_hurts_in_one_half_hour_shows_there() -> None:
    where = scenario(hours=4, rate=0.04)
    good = [3.0] * 8
    bad = [*good[:4], 1.0, *good[5:]]
    costs = [
        sum(
            block_costs(where, Schedule(limits=tuple((one,) for one in table)), seed=1, index=index)
            for index in range(4)
        )
        for table in (good, bad)
    ]
    assert int(np.argmax(costs[1] - costs[0])) == 4


def test_the_best_fixed_limit_is_the_cheapest_of_all_whole_and_half_ones() -> None:
    where = moving_peak()
    play = Alone(where)
    indices = list(range(3))
    everything = [Fixed(limit=half / 2) for half in range(2, 21)]
    means = play(cost_per_chat, everything, indices).mean(axis=1)
    found = best_fixed(BestFixed(ceiling=10), indices, play)
    assert found.limit == everything[int(means.argmin())].limit


def test_the_search_for_a_fixed_limit_ends_once_limits_no_longer_bind() -> None:
    play = Alone(scenario(rate=0.005, hours=2))
    best_fixed(BestFixed(), [0], play)
    assert play.played < 15


def test_entries_of_one_tier_share_a_limit_and_so_do_those_alike_without_one() -> None:
    own = (peaked(3),)
    entries = (
        AgentEntry(count=1, limit=3, tier="a"),
        AgentEntry(count=1, limit=2, tier="a", speed=0.5),
        AgentEntry(count=1, limit=3),
        AgentEntry(count=2, limit=3, shift=(Window(start_s=0, end_s=HOUR),)),
        AgentEntry(count=1, limit=3, speed=0.9),
        AgentEntry(count=1, limit=3, curves=own),
    )
    assert tiers_of(scenario(agents=entries)).tolist() == [0, 0, 1, 1, 2, 3]


def test_constant_tables_are_capped_at_the_productive_peak_of_the_hour() -> None:
    where = moving_peak()
    peaks = [table[:, 0].tolist() for family, table in constants(where, tiers_of(where), floor=1, ceiling=6)
             if family == "peak"]  # fmt: skip
    assert peaks[-1] == [5] * 4 + [2] * 4
    assert peaks[2] == [3] * 4 + [2] * 4


def test_a_cheaper_limit_is_followed_only_where_it_pays_for_the_change() -> None:
    tables = np.array([np.full((6, 1), 3.0), np.full((6, 1), 5.0)])
    costs = np.array([[1, 1, 9, 9, 1, 1], [2, 2, 1, 1, 1.5, 2.0]])
    assert followed(tables, costs, np.array([0.1]))[:, 0].tolist() == [3, 3, 5, 5, 3, 3]
    assert followed(tables, costs, np.array([2.5]))[:, 0].tolist() == [5, 5, 5, 5, 5, 5]


def test_the_descent_finds_a_schedule_half_hour_by_half_hour() -> None:
    best = np.array([2, 2, 5, 5, 5, 3, 3, 3.5, 3, 2], float)[:, None]

    def measured(table: np.ndarray, runs: int) -> np.ndarray:
        """Each half hour costs its distance from the best; runs differ by chance that no table changes."""
        noise = np.random.default_rng(0).normal(0, 1, (12, len(table)))[:runs]
        return np.abs(table - best).sum(axis=1) + noise

    descent = Descent(measured=measured, floor=1, ceiling=6, table=np.full((10, 1), 3.0), runs=12, budget=100_000)
    for step in (1.0, 0.5):
        descent.improve(step, np.random.default_rng(1), few=3)
    assert descent.table[:, 0].tolist() == best[:, 0].tolist()
    assert descent.budget > 0


def test_a_descent_follows_no_chance() -> None:
    def measured(table: np.ndarray, runs: int) -> np.ndarray:
        """3 is best, and every other table has chance of its own."""
        chance = np.random.default_rng(int(table.sum() * 1000))
        return chance.normal(0, 1, (40, len(table)))[:runs] + 0.5 * np.abs(table - 3).sum(axis=1)

    descent = Descent(measured=measured, floor=1, ceiling=6, table=np.full((10, 1), 3.0), runs=40, budget=5000)
    descent.improve(1.0, np.random.default_rng(1), few=4)
    assert (np.abs(descent.table - 3) > 0).sum() <= 2


def test_the_oracle_beats_the_best_fixed_limit_where_the_peak_moves_and_never_sees_the_judged_runs() -> None:
    where = moving_peak()
    judged = list(range(10))
    play = Alone(where)
    schedule = oracle(Oracle(effort=4, runs=12, ceiling=8), where, seed=1, play=play)
    assert min(play.indices) >= FIRST_RUN
    fixed = best_fixed(BestFixed(ceiling=8), judged, play)
    costs = play(cost_per_chat, [schedule, fixed], judged).mean(axis=1)
    assert costs[0] < 0.95 * costs[1]


def test_the_oracle_finds_the_same_schedule_again_and_gives_tiers_their_own() -> None:
    slow = AgentEntry(count=4, limit=2, tier="new", curves=(peaked(1),))
    where = scenario(agents=(AgentEntry(count=6, limit=3, tier="old"), slow), rate=0.05, hours=3)
    of = Oracle(effort=2, runs=6, ceiling=6)
    schedule = oracle(of, where, seed=1, play=Alone(where))
    assert oracle(of, where, seed=1, play=Alone(where)) == schedule
    rushed = np.array(schedule.limits)[2:-1]
    assert (rushed[:, 0] > rushed[:, 1]).all()


def test_a_table_becomes_a_schedule_of_entries() -> None:
    table = np.array([[3.0, 1.0], [4.0, 1.5]])
    assert as_schedule(table, np.array([0, 1, 0])).limits == ((3.0, 1.0, 3.0), (4.0, 1.5, 4.0))
