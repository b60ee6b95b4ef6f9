"""The productivity curve: between what was known and what was seen, and as sure as counts allow."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscaler.core.goal.curves import KINDS, OFTEN, OWN_COUNT, SOLO_S, SOLO_WORTH, TRUST, _family, believed

from .sites import NO_TIER, Site, lived, peaked, power, pursuing

LEVELS = 7
NONE = np.zeros(LEVELS)
COLUMNS = st.lists(st.floats(0.0, 5000.0), min_size=LEVELS, max_size=LEVELS).map(np.array)
TIMES = st.lists(st.floats(1.0, 1e7), min_size=LEVELS, max_size=LEVELS).map(np.array)


@pytest.mark.parametrize(("done", "spent_s"), [(0.0, 0.0), (3.0, 600.0), (40.0, 20_000.0), (0.0, 5000.0)])
def test_the_closed_form_of_one_shape_is_the_integral_over_all_rates(done: float, spent_s: float) -> None:
    """With one level all shapes are one: a gamma prior times a Poisson count, integrated by brute force."""
    rate = np.linspace(1e-7, 0.05, 200_001)
    log = (SOLO_WORTH - 1) * np.log(rate) - SOLO_WORTH * SOLO_S * rate  # the prior: SOLO_WORTH chats of SOLO_S
    log += TRUST * (done * np.log(rate) - rate * spent_s)
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    found = float(believed(np.array([done]), np.array([spent_s]), baseline=1).mean[0])
    if done:
        # what the level's own count moves it by, on the logarithm's scale, is taken back
        own = done / (done + OWN_COUNT)
        found = (found / (done / spent_s) ** own) ** (1 / (1 - own))
    assert found == pytest.approx(weight @ rate, rel=1e-3)


@given(done=st.floats(1.0, 1e5), spent_s=st.floats(1.0, 1e8))
def test_of_one_level_the_belief_lies_between_the_prior_and_what_was_seen(done: float, spent_s: float) -> None:
    prior, seen = 1 / SOLO_S, done / spent_s
    found = believed(np.array([done]), np.array([spent_s]), baseline=1).mean[0]
    assert min(prior, seen) * (1 - 1e-9) <= found <= max(prior, seen) * (1 + 1e-9)


def test_before_anything_was_seen_a_chat_alone_takes_what_the_prior_says_and_more_chats_get_more_done() -> None:
    found = believed(NONE, NONE, baseline=3)
    assert found.mean[0] == pytest.approx(1 / SOLO_S)
    assert (np.diff(found.mean) > 0).all()
    assert (found.sd > 0).all()


@given(done=COLUMNS, spent_s=TIMES, baseline=st.integers(1, LEVELS))
def test_whatever_was_seen_the_belief_is_one(done: np.ndarray, spent_s: np.ndarray, baseline: int) -> None:
    found = believed(done, spent_s, baseline=baseline)
    for column in (found.mean, found.sd, *found.cases, found.peak_chance):
        assert np.isfinite(column).all()
        assert (column >= 0).all()
    assert (found.mean > 0).all()
    assert found.peak_chance.sum() == pytest.approx(1.0)
    assert 1 <= found.peak <= LEVELS
    tried = max([baseline, *(np.flatnonzero(done >= OFTEN) + 1).tolist()])
    beyond = slice(min(tried, LEVELS - 1), LEVELS)
    poorer, richer = found.cases[:, beyond][:, 0]
    assert poorer <= found.mean[beyond][0] * (1 + 1e-9)
    assert richer >= found.mean[beyond][0] * (1 - 1e-9)


@given(done=COLUMNS)
def test_counts_of_levels_nobody_held_at_a_tick_break_nothing(done: np.ndarray) -> None:
    found = believed(done, NONE, baseline=3)
    assert np.isfinite(found.mean).all()
    assert (found.mean > 0).all()


@pytest.mark.parametrize("rates", [power(0.6), peaked(3), peaked(5)])
def test_the_more_was_seen_the_nearer_the_truth_and_the_surer(rates: np.ndarray) -> None:
    """Counts that are what is expected of a true curve; levels 1 to 4 were held."""
    truth = rates[1 : LEVELS + 1]
    held = np.array([0.1, 0.3, 0.4, 0.2, 0.0, 0.0, 0.0])
    off, unsure = [], []
    for hours in (0.3, 3.0, 30.0, 3000.0):
        spent_s = held * hours * 3600 * 10
        found = believed(spent_s * truth, spent_s, baseline=3)
        off.append(np.abs(found.mean / truth - 1)[:4].max())
        unsure.append(found.sd[2])
    assert off[-1] < 0.02
    assert off[-1] < off[0]
    assert unsure == sorted(unsure, reverse=True)


def test_a_peak_that_was_passed_often_is_known() -> None:
    truth = peaked(3)[1 : LEVELS + 1]
    spent_s = np.full(LEVELS, 200_000.0)
    found = believed(spent_s * truth, spent_s, baseline=3)
    assert found.peak == 3
    assert found.peak_chance[1:4].sum() > 0.9


@pytest.mark.parametrize("alpha", [0.5, 0.8])
def test_what_a_simulated_floor_teaches_is_within_its_own_doubt_of_the_truth(alpha: float) -> None:
    """A constant truth for hours, at a limit that never moves, people at all loads up to it."""
    rates = power(alpha)
    site = Site.of(rates, 12, arrivals=12 * rates[2], seed=5)
    still = pursuing()
    for pursued, _ in lived(site, still, 4.0):
        tier = pursued.learned.tiers[NO_TIER]
    found = believed(tier.done, tier.spent_s, baseline=3)
    often = tier.done >= 4 * OFTEN
    assert np.count_nonzero(often) >= 2
    off = np.abs(found.mean - rates[1 : len(tier.done) + 1])
    # people are taken apart by load, not by what happens within a tick, which doubt does not know of: 5 %
    assert (off[often] <= 2 * found.sd[often] + 0.05 * found.mean[often]).all()


@pytest.mark.parametrize("rates", [power(0.6), peaked(4)])
def test_the_cases_differ_the_more_the_further_a_level_lies_beyond_what_was_seen(rates: np.ndarray) -> None:
    spent_s = np.where(np.arange(LEVELS) < 3, 100_000.0, 0.0)
    found = believed(spent_s * rates[1 : LEVELS + 1], spent_s, baseline=3)
    poorer, richer = found.cases
    apart = richer / poorer
    assert (np.diff(apart[2:]) > 0).all()
    assert apart[:3] == pytest.approx(1.0, abs=0.03)


def test_the_cases_are_as_likely_as_each_other_and_together_what_is_expected() -> None:
    found = believed(NONE, NONE, baseline=3)
    np.testing.assert_allclose(found.cases.mean(axis=0), found.mean)


def test_before_anything_was_seen_each_family_counts_for_its_chance_however_finely_it_is_cut() -> None:
    """A rate that follows from three numbers: the mean of each family's own, and the chances of the families."""
    shapes, weight = _family(LEVELS)
    chance = np.exp(weight)
    ends = np.cumsum([0, len(chance) - 13, 7, 6])
    parts = [chance[low:high].sum() for low, high in pairwise(ends.tolist())]
    assert parts == pytest.approx(list(KINDS))
    found = believed(NONE, NONE, baseline=3)
    np.testing.assert_allclose(found.mean * SOLO_S, chance @ shapes)
