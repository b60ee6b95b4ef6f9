"""Chains: long-run chances and costs against systems solved densely, and what a change of chain may save."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoscaler.core.goal.chains import changing, finding_out, stationary, steps

FADE_S, EVERY_S = 900.0, 120.0

Chains = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Rises, falls, cost rates, shape (k, x) each, and prices, shape (k, k)."""


def generator(rises: np.ndarray, falls: np.ndarray) -> np.ndarray:
    """Of one chain, shape (x, x): rows sum to 0."""
    moves = np.diag(rises[:-1], 1) + np.diag(falls[1:], -1)
    return moves - np.diag(moves.sum(1))


@st.composite
def chains(draw: st.DrawFn) -> Chains:
    """One to four."""
    size = draw(st.sampled_from([2, 3, 7, 16, 33]))
    count = draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    rises, falls = rng.exponential(0.1, (count, size)), rng.exponential(0.1, (count, size))
    rises[:, -1] = falls[:, 0] = 0.0
    price = rng.exponential(draw(st.sampled_from([0.0, 1.0, 100.0])), (count, count))
    np.fill_diagonal(price, 0.0)
    return rises, falls, rng.exponential(1.0, (count, size)), price


def forever(rises: np.ndarray, falls: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """Cost of staying, every chain solved densely."""
    size = rises.shape[1]
    return np.array(
        [
            np.linalg.solve(np.eye(size) / FADE_S - generator(up, down), cost)
            for up, down, cost in zip(rises, falls, rate, strict=True)
        ]
    )


def changed(rises: np.ndarray, falls: np.ndarray, rate: np.ndarray, price: np.ndarray, times: int) -> np.ndarray:
    return changing(rises, falls, rate, price, fade_s=FADE_S, every_s=EVERY_S, times=times)


@settings(max_examples=60, deadline=None)
@given(chains())
def test_staying_costs_what_the_dense_system_says(many: Chains) -> None:
    rises, falls, rate, price = many
    np.testing.assert_allclose(changed(rises, falls, rate, price, 0), forever(rises, falls, rate), rtol=1e-8)


@settings(max_examples=60, deadline=None)
@given(chains())
def test_every_change_more_that_is_looked_ahead_to_saves_or_does_nothing(many: Chains) -> None:
    costs = [changed(*many, times) for times in range(4)]
    for before, after in pairwise(costs):
        assert (after <= before * (1 + 1e-9)).all()


@settings(max_examples=30, deadline=None)
@given(chains())
def test_looked_ahead_far_enough_it_is_the_best_that_can_be_done(many: Chains) -> None:
    """No chance to change is better used otherwise: the cost is that of the best change at each of them."""
    rises, falls, rate, price = many
    cost = changed(rises, falls, rate, price, 400)
    size = rises.shape[1]
    best = (cost[None] + price[:, :, None]).min(axis=1)
    for row in range(len(rate)):
        system = np.eye(size) * (1 / FADE_S + 1 / EVERY_S) - generator(rises[row], falls[row])
        np.testing.assert_allclose(np.linalg.solve(system, rate[row] + best[row] / EVERY_S), cost[row], rtol=1e-6)


def test_a_change_that_is_free_and_saves_everything_is_waited_for_once() -> None:
    """A chain that costs 1 a second and one that costs nothing: paid for as long as the chance takes to come."""
    rises = falls = np.zeros((2, 3))
    rate = np.array([[1.0] * 3, [0.0] * 3])
    found = changed(rises, falls, rate, np.zeros((2, 2)), 1)
    np.testing.assert_allclose(found[0], 1 / (1 / FADE_S + 1 / EVERY_S))
    np.testing.assert_allclose(found[1], 0.0, atol=1e-12)


def test_a_change_that_costs_more_than_it_saves_is_not_counted_on() -> None:
    rises = falls = np.zeros((2, 3))
    rate = np.array([[1.0] * 3, [0.0] * 3])
    dear = np.array([[0.0, FADE_S + 1], [0.0, 0.0]])
    np.testing.assert_allclose(changed(rises, falls, rate, dear, 5)[0], FADE_S)


def found_out(many: Chains, learning: float, times: int) -> tuple[np.ndarray, np.ndarray]:
    """Two cases, chains as drawn and with costs turned round: the mean cost where it is not known, and where it is."""
    rises, falls, rate, price = many
    rates = np.stack((rate, rate[::-1]))
    rises, falls = np.stack((rises, rises)), np.stack((falls, falls))
    known = changing(rises, falls, rates, price, fade_s=FADE_S, every_s=EVERY_S, times=times)
    learns = np.full(rate.shape, learning)
    found = finding_out(rises, falls, rates, price, learns, known, fade_s=FADE_S, every_s=EVERY_S, times=times)
    return found, known


@settings(max_examples=60, deadline=None)
@given(chains())
def test_many_cases_at_once_are_as_one_by_one(many: Chains) -> None:
    rises, falls, rate, price = many
    _, known = found_out(many, 0.0, 3)
    np.testing.assert_allclose(known[0], changed(rises, falls, rate, price, 3), rtol=1e-9)
    np.testing.assert_allclose(known[1], changed(rises, falls, rate[::-1], price, 3), rtol=1e-9)


@settings(max_examples=60, deadline=None)
@given(chains())
def test_not_to_know_which_case_it_is_never_saves(many: Chains) -> None:
    found, known = found_out(many, 0.0, 4)
    assert (found.mean(axis=0) >= known.mean(axis=0) * (1 - 1e-9)).all()


@settings(max_examples=60, deadline=None)
@given(chains())
def test_what_comes_out_at_once_is_as_good_as_known(many: Chains) -> None:
    found, known = found_out(many, 1e9, 2)
    best = (known[:, None] + many[3][None, :, :, None]).min(axis=2)
    np.testing.assert_allclose(found, best, rtol=1e-6, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(chains(), st.sampled_from([0.0, 0.01, 1.0]))
def test_where_both_cases_are_one_there_is_nothing_to_find_out(many: Chains, learning: float) -> None:
    rises, falls, rate, price = (np.stack((one, one)) for one in many)
    args = (rises, falls, rate, price[0])
    known = changing(*args, fade_s=FADE_S, every_s=EVERY_S, times=400)
    learns = np.full(rate.shape[1:], learning)
    found = finding_out(*args, learns, known, fade_s=FADE_S, every_s=EVERY_S, times=400)
    np.testing.assert_allclose(found[0], found[1])
    if not learning:
        np.testing.assert_allclose(found, known, rtol=1e-9)
    assert (found <= known * (1 + 1e-6)).all(), "to learn is a chance to change, too"


def test_what_may_turn_out_better_for_good_is_tried_though_nothing_is_expected_of_it() -> None:
    """One chain costs 1 whatever the case; the other 0 or 2.1, and only on it can one find out which."""
    rises = falls = np.zeros((2, 2, 1))
    rate = np.array([[[1.0], [2.1]], [[1.0], [0.0]]])
    price = np.full((2, 2), 0.1) * (1 - np.eye(2))
    known = changing(rises, falls, rate, price, fade_s=FADE_S, every_s=EVERY_S, times=20)
    for every_s, is_tried in ((60.0, True), (1e9, False)):
        learning = np.array([[0.0], [1 / every_s]])
        cost = finding_out(rises, falls, rate, price, learning, known, fade_s=FADE_S, every_s=EVERY_S, times=20)
        stay, go = cost.mean(axis=0)[:, 0]
        assert (go + price[0, 1] < stay) == is_tried


@pytest.mark.parametrize("cell", [1.0, 2.5])
def test_the_lattice_keeps_the_drift_and_never_leaves_its_ends(cell: float) -> None:
    down = np.array([[0.0, 0.02, 0.05, 0.09, 0.2]])
    rises, falls = steps(0.07, down, cell)
    np.testing.assert_allclose(((rises - falls) * cell)[0, 1:-1], 0.07 - down[0, 1:-1])
    assert falls[0, 0] == rises[0, -1] == 0.0
    assert down[0, 0] == 0.0, "what was handed in is as it was"


@settings(max_examples=40, deadline=None)
@given(chains())
def test_in_the_long_run_as_much_flows_up_as_down(many: Chains) -> None:
    rises, falls, _, _ = many
    chance = stationary(rises, falls)
    np.testing.assert_allclose(chance.sum(axis=1), 1.0)
    np.testing.assert_allclose(chance[:, :-1] * rises[:, :-1], chance[:, 1:] * falls[:, 1:], rtol=1e-6, atol=1e-12)
