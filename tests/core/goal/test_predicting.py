"""What a choice of limits is expected to cost, against chains solved without it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from autoscaler.core.book import GoalCost
from autoscaler.core.goal.predicting import AHEAD_S, Crew, Market, predict, switch_price
from autoscaler.simulation.scenario.model import Routing
from tests.conformance.queue_file import QueueCase, read

from .sites import peaked, power

CASES = read(Path(__file__).parents[2] / "conformance/queue_cases.json")
FREE = GoalCost(late_minute=0, abandoned=0, excess_chat_minute=0, crowding=0, limit_change=0)
RANKS = {None: 0.0, Routing.LEAST_LOADED: 0.0, Routing.RANDOM: 0.5, Routing.MOST_LOADED: 1.0}


def market(arrivals: float, *, leaving: float = 1 / 180, solo_s: float = 300.0, rank: float = 0.0) -> Market:
    return Market(arrivals=arrivals, leaving=leaving, solo_s=solo_s, rank=rank)


def crew(rates: np.ndarray, count: int = 10, baseline: int = 3) -> Crew:
    """Of people whose curve is known, or of whom it is one or the other, (c, J + 1)."""
    return Crew(count=count, baseline=baseline, rates=np.atleast_2d(rates))


def chances(up: float, down: np.ndarray) -> np.ndarray:
    """Long-run chances of 0, 1, … chats by the balance equations, all at once."""
    size = len(down)
    moves = np.diag(np.full(size - 1, up), 1) + np.diag(down[1:], -1)
    moves -= np.diag(moves.sum(1))
    equations = np.vstack((moves.T, np.ones(size)))
    return np.linalg.lstsq(equations, np.append(np.zeros(size), 1.0), rcond=None)[0]


def discounted(up: float, down: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """Expected cost from 0, 1, … chats, later costs fading with AHEAD_S."""
    size = len(down)
    moves = np.diag(np.full(size - 1, up), 1) + np.diag(down[1:], -1)
    moves -= np.diag(moves.sum(1))
    return np.linalg.solve(np.eye(size) / AHEAD_S - moves, rate)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_service_and_stretch_are_near_those_of_exactly_solved_queues(case: QueueCase) -> None:
    solo_s = 1 / case.rates[0]
    rates = np.array([0.0, *case.rates])
    found = predict(
        (crew(rates, case.agents, case.limit),),
        np.array([[float(case.limit)]]),
        market(case.lam, leaving=case.theta, solo_s=solo_s, rank=RANKS[case.routing]),
        GoalCost(),
        now=0.0,
        within_s=30.0,
    )
    assert found.stretch[0] == pytest.approx(case.result["mean_service_duration"] / solo_s, rel=0.12)
    in_time = case.result.get("sl_served_within_of_offered")
    if in_time is not None:
        assert found.answered[0] == pytest.approx(in_time["30"], abs=0.08)


@pytest.mark.parametrize("now", [0.0, 4.0, 10.0, 25.0])
@pytest.mark.parametrize("arrivals", [0.02, 0.05])
def test_the_expected_cost_is_that_of_the_chain_solved_all_at_once(now: float, arrivals: float) -> None:
    """Of those who leave, and of chats above baseline: costs that are plain in the number of chats."""
    agents, mean_s = 10, 200.0
    x = np.arange(300.0)
    held, waiting = np.minimum(x, agents), np.maximum(x - agents, 0)
    down = held / mean_s + waiting / 180
    for cost, rate in (
        (GoalCost(**{**_weights(), "abandoned": 5.0}), 5.0 * waiting / 180),
        (GoalCost(**{**_weights(), "crowding": 1.0}), held / 60),
    ):
        found = predict(
            (crew(np.array([0.0, 1 / mean_s]), agents, baseline=0),),
            np.array([[1.0]]),
            market(arrivals, solo_s=mean_s),
            cost,
            now=now,
            within_s=None,
        )
        assert found.cost[0] == pytest.approx(discounted(arrivals, down, rate)[int(now)], rel=0.06, abs=0.15)


def beyond(
    free_s: float, before: np.ndarray, likely: np.ndarray, *, arrivals: float, done: float, leaving: float
) -> float:
    """Customers who have waited longer than free_s, from how likely it is to find so many before one on arrival."""
    forward = done + before * leaving
    # one who waits moves up, at last to an agent, or leaves
    moves = np.diag(forward[1:], -1) - np.diag(forward + leaving)
    halvings = 24
    after = np.linalg.matrix_power(np.eye(len(before)) + moves * (free_s / 2**halvings), 2**halvings)
    return float(arrivals * likely @ after @ np.linalg.solve(-moves, np.ones(len(before))))


@pytest.mark.parametrize("free_s", [0.0, 10.0, 30.0, 120.0])
@pytest.mark.parametrize("leaving", [1 / 100, 1 / 600])
@pytest.mark.parametrize(("agents", "load"), [(5, 0.8), (20, 0.9), (20, 1.2), (60, 1.0)])
def test_who_is_late_follows_from_how_many_wait(agents: int, load: float, leaving: float, free_s: float) -> None:
    """To within an eighth of those who wait; a queue is long when many came just now, who are not late yet."""
    mean_s, most = 200.0, 120
    arrivals = load * agents / mean_s
    x = np.arange(agents + most)
    waiting = np.maximum(x - agents, 0)
    likely = chances(arrivals, np.minimum(x, agents) / mean_s + waiting * leaving)
    exact = beyond(
        free_s, np.arange(float(most)), likely[agents:], arrivals=arrivals, done=agents / mean_s, leaving=leaving
    )
    usual = np.flatnonzero(likely > 1e-4)
    costs = [
        predict(
            (crew(np.array([0.0, 1 / mean_s]), agents),),
            np.array([[1.0]]),
            market(arrivals, leaving=leaving, solo_s=mean_s),
            GoalCost(**{**_weights(), "late_minute": 60.0}, free_s=free_s),
            now=float(now),
            within_s=None,
        ).cost[0]
        for now in usual
    ]
    # whoever begins as it is in the long run pays the long run's cost a second all the time
    found = likely[usual] @ costs / likely[usual].sum() / AHEAD_S
    assert found == pytest.approx(exact, abs=0.125 * likely @ waiting)


def _weights() -> dict[str, float]:
    return {"late_minute": 0.0, "abandoned": 0.0, "excess_chat_minute": 0.0, "crowding": 0.0, "limit_change": 0.0}


@pytest.mark.parametrize("rates", [power(0.7), peaked(3)])
@pytest.mark.parametrize("limit", [2.0, 4.0])
def test_the_long_run_is_that_of_the_balance_equations(rates: np.ndarray, limit: float) -> None:
    """Stretch is chats held over completions, whatever the waiting does; loads as even as can be, of many agents."""
    agents = 40
    x = np.arange(400.0)
    held = np.minimum(x, agents * limit)
    ending = agents * np.interp(held / agents, np.arange(len(rates)), rates)
    likely = chances(0.25, ending + (x - held) / 180)
    exact = (likely @ held) / (likely @ ending) / 300.0
    found = predict((crew(rates, agents),), np.array([[limit]]), market(0.25), FREE, now=0.0, within_s=None)
    assert found.stretch[0] == pytest.approx(exact, rel=0.08)


def test_where_work_grows_with_chats_higher_limits_answer_more_and_stretch_more() -> None:
    choices = np.arange(1.0, 7.0)[:, None]
    found = predict((crew(power(0.7)),), choices, market(0.08), GoalCost(), now=20.0, within_s=30.0)
    assert (np.diff(found.answered) >= -1e-9).all()
    assert (np.diff(found.stretch) >= -1e-9).all()


def test_past_the_peak_higher_limits_answer_fewer() -> None:
    choices = np.array([[3.0], [6.0]])
    found = predict((crew(peaked(3)),), choices, market(0.12), GoalCost(), now=60.0, within_s=30.0)
    assert found.answered[1] < found.answered[0]
    assert found.cost[1] > found.cost[0]


def test_more_customers_cost_more_and_fewer_of_them_are_answered() -> None:
    found = [
        predict((crew(power(0.7)),), np.array([[3.0]]), market(arrivals), GoalCost(), now=5.0, within_s=30.0)
        for arrivals in (0.0, 0.04, 0.08, 0.16, 0.5)
    ]
    assert all(one.cost[0] < other.cost[0] for one, other in pairwise(found))
    assert all(one.answered[0] >= other.answered[0] for one, other in pairwise(found))


def test_without_customers_there_is_nothing_to_pay() -> None:
    found = predict((crew(power(0.7)),), np.array([[3.0]]), market(0.0), GoalCost(), now=0.0, within_s=30.0)
    assert found.cost[0] == pytest.approx(0.0, abs=1e-9)
    assert found.answered[0] == pytest.approx(1.0)


@pytest.mark.parametrize("limit_change", [0.0, 0.05, 1e9])
def test_a_choice_that_may_be_changed_costs_no_more_than_one_for_ever_and_as_much_where_changes_are_dear(
    limit_change: float,
) -> None:
    choices = np.array([[2.0], [4.0], [3.0], [4.0]])
    crews, cost = (crew(power(0.7)),), GoalCost(limit_change=limit_change)
    together = predict(crews, choices, market(0.06), cost, now=30.0, within_s=30.0)
    assert together.cost[1] == together.cost[3]
    assert together.answered[1] == together.answered[3]
    for row, choice in enumerate(choices):
        alone = predict(crews, choice[None], market(0.06), cost, now=30.0, within_s=30.0)
        assert together.cost[row] <= alone.cost[0] * 1.05
        if limit_change == 1e9:
            assert together.cost[row] == pytest.approx(alone.cost[0], rel=0.05)


def test_the_price_of_a_change_is_that_of_each_agent_whose_limit_moves() -> None:
    cost = GoalCost(limit_change=0.5)
    here, there = np.array([3.0, 2.0]), np.array([[3.0, 2.0], [3.5, 2.0], [6.0, 1.0]])
    np.testing.assert_allclose(switch_price(here, there, np.array([10.0, 4.0]), cost), [0.0, 2.5, 7.0])


def test_a_team_in_two_parts_that_are_alike_is_the_team() -> None:
    for rank in (0.0, 0.5, 1.0):
        whole = predict(
            (crew(power(0.7), 10),), np.array([[3.5]]), market(0.06, rank=rank), GoalCost(), now=9.0, within_s=30.0
        )
        parts = predict(
            (crew(power(0.7), 4), crew(power(0.7), 6)),
            np.array([[3.5, 3.5]]),
            market(0.06, rank=rank),
            GoalCost(),
            now=9.0,
            within_s=30.0,
        )
        np.testing.assert_allclose(parts.cost, whole.cost)
        np.testing.assert_allclose(parts.answered, whole.answered)
        np.testing.assert_allclose(parts.stretch, whole.stretch)


@pytest.mark.parametrize("rank", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("now", [0.0, 3000.0])
@pytest.mark.parametrize("count", [1, 3000])
def test_figures_stay_figures_at_the_edges(rank: float, now: float, count: int) -> None:
    choices = np.array([[1.0], [2.5], [12.0]])
    for arrivals in (0.0, 1e-6, 50.0):
        for leaving in (0.0, 1e-6, 1.0):
            found = predict(
                (crew(power(0.7), count),),
                choices,
                market(arrivals, leaving=leaving, rank=rank),
                GoalCost(),
                now=now,
                within_s=1.0,
            )
            assert np.isfinite(found.cost).all()
            assert (found.cost >= -1e-6).all()
            assert ((found.answered >= -1e-9) & (found.answered <= 1 + 1e-9)).all()
            assert np.isfinite(found.stretch).all()


def test_a_limit_that_may_be_the_better_one_is_worth_more_than_what_is_expected_of_it() -> None:
    """At four chats people may do a quarter more than at three, or a little less; only there is it seen."""
    known = np.array([0.0, 1.0, 1.75, 2.2, 2.2, 2.2]) / 300
    poorer, richer = known.copy(), known.copy()
    poorer[4:] *= 0.75
    richer[4:] *= 1.25
    choices = np.array([[3.0], [4.0]])
    args = (choices, market(0.08), GoalCost(crowding=0.1))
    surely = predict((crew(known),), *args, now=33.0, within_s=30.0)
    perhaps = predict((crew(np.stack((poorer, richer))),), *args, now=33.0, within_s=30.0)
    assert surely.cost[1] > surely.cost[0]
    assert perhaps.cost[1] < perhaps.cost[0]
    assert perhaps.cost[1] < surely.cost[1]


def test_evidence_comes_from_the_levels_at_which_the_cases_differ() -> None:
    rates = np.stack((power(0.5), power(0.5)))
    rates[1, 4:] *= 1.2
    tells = crew(rates).table(300.0)[:, 4]
    assert (tells[:, :4] == 0.0).all()
    np.testing.assert_allclose(tells[:, 4:], rates[0, 4:] * 0.2 * np.log(1.2) / 2 * np.ones((2, 1)))
