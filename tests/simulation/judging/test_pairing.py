"""Ratios of policies on the same customers, and the intervals they lie in."""

import numpy as np
import pytest

from autoscaler.simulation.judging.pairing import paired
from autoscaler.simulation.judging.students_t import two_sided

NAN = float("nan")


@pytest.mark.parametrize(
    ("degrees", "quantile"),
    [(1, 12.7062), (2, 4.3027), (3, 3.1824), (4, 2.7764), (9, 2.2622), (30, 2.0423), (39, 2.0227), (1000, 1.9623)],
)
def test_quantiles_of_students_t_are_those_of_the_printed_tables(degrees: int, quantile: float) -> None:
    assert two_sided(0.95, degrees) == pytest.approx(quantile, abs=5e-5)


def test_the_ratio_is_that_of_the_means_and_each_run_s_own_ratio_is_told_beside_it() -> None:
    ratio = paired(np.array([1.0, 6.0]), np.array([2.0, 2.0]))
    assert ratio.ratio == pytest.approx(7 / 4)
    assert ratio.geometric_mean == pytest.approx((0.5 * 3) ** 0.5)
    assert ratio.median == pytest.approx(1.75)
    assert (ratio.worst, ratio.worst_run, ratio.runs) == (3.0, 1, 2)


def test_what_chance_gives_to_both_does_not_widen_the_interval() -> None:
    chance = np.random.default_rng(1).normal(0, 3, 12)
    own = np.random.default_rng(2).normal(0, 0.1, 12)
    baseline = 10 + chance
    on_the_same = paired(0.9 * baseline + own, baseline)
    on_others = paired(0.9 * baseline[::-1] + own, baseline)
    assert on_the_same.is_told_apart
    assert not on_others.is_told_apart
    assert on_the_same.low is not None
    assert on_the_same.high is not None
    assert on_the_same.low < 0.9 < on_the_same.high
    assert on_the_same.high - on_the_same.low < 0.03


def test_the_interval_holds_the_true_ratio_nineteen_times_in_twenty() -> None:
    random = np.random.default_rng(3)
    held = 0
    for _ in range(2000):
        baseline = random.normal(10, 2, 6)
        ratio = paired(1.2 * baseline + random.normal(0, 0.5, 6), baseline)
        assert ratio.low is not None
        assert ratio.high is not None
        held += ratio.low <= 1.2 <= ratio.high
    assert 0.94 <= held / 2000 <= 0.965


def test_fieller_s_interval_is_that_of_a_worked_example() -> None:
    # bounds are the roots of (mean a - r mean b)^2 = t^2 var(mean(a - r b))
    a, b = np.array([2.0, 3.0, 5.0, 4.0]), np.array([4.0, 5.0, 6.0, 5.5])
    ratio = paired(a, b)
    for bound in (ratio.low, ratio.high):
        assert bound is not None
        rest = a - bound * b
        assert rest.mean() ** 2 == pytest.approx(two_sided(0.95, 3) ** 2 * rest.var(ddof=1) / 4)


def test_a_policy_against_itself_is_one_without_doubt() -> None:
    same = paired(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0]))
    assert (same.ratio, same.low, same.high, same.worst) == (1.0, 1.0, 1.0, 1.0)
    assert not same.is_told_apart


def test_one_run_has_a_ratio_and_no_interval() -> None:
    ratio = paired(np.array([3.0]), np.array([2.0]))
    assert (ratio.ratio, ratio.low, ratio.high) == (1.5, None, None)
    assert not ratio.is_told_apart


def test_against_a_baseline_that_costs_nothing_there_is_no_ratio() -> None:
    ratio = paired(np.array([1.0, 2.0]), np.array([0.0, 0.0]))
    assert (ratio.ratio, ratio.low, ratio.geometric_mean, ratio.worst) == (None, None, None, None)


def test_nothing_against_nothing_is_the_same() -> None:
    ratio = paired(np.zeros(3), np.zeros(3))
    assert (ratio.ratio, ratio.low, ratio.high, ratio.geometric_mean) == (1.0, 1.0, 1.0, 1.0)


def test_a_run_in_which_only_the_baseline_costs_nothing_counts_in_the_means_alone() -> None:
    ratio = paired(np.array([1.0, 2.0, 3.0]), np.array([0.0, 2.0, 2.0]))
    assert ratio.ratio == pytest.approx(6 / 4)
    assert ratio.geometric_mean == pytest.approx(1.5**0.5)
    assert (ratio.worst, ratio.worst_run) == (1.5, 2)


def test_a_baseline_that_can_not_be_told_from_nothing_gives_no_interval() -> None:
    ratio = paired(np.array([1.0, 1.2, 0.9]), np.array([0.0, 0.0, 0.1]))
    assert ratio.ratio is not None
    assert (ratio.low, ratio.high) == (None, None)


def test_runs_in_which_the_figure_is_undefined_are_left_out_of_both() -> None:
    ratio = paired(np.array([NAN, 3.0, 4.0]), np.array([1.0, NAN, 2.0]))
    assert (ratio.runs, ratio.ratio) == (1, 2.0)
    nowhere = paired(np.array([NAN]), np.array([1.0]))
    assert (nowhere.runs, nowhere.ratio, nowhere.median, nowhere.worst_run) == (0, None, None, None)
