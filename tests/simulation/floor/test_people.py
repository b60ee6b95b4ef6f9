"""The people drawn before a run: moments of every distribution, and streams that don't disturb each other."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

from autoscaler.simulation.floor.customers import People, draw
from autoscaler.simulation.scenario.model import AgentEntry, Arrivals, Scenario, Service, Spread
from tests.simulation.floor.scenes import HOUR, scenario

Floats = NDArray[np.float64]

STANDARD_ERRORS = 4


def is_about(values: Floats, expected: float) -> bool:
    """Whether their mean is `expected` within four standard errors."""
    return abs(values.mean() - expected) <= STANDARD_ERRORS * values.std(ddof=1) / math.sqrt(len(values))


def crowd(solo: Spread, patience: Spread | None = None) -> People:
    """About 400,000 customers."""
    plain = scenario(arrivals=Arrivals(step_s=HOUR, expected=np.array([400_000.0])), patience=patience)
    return draw(replace(plain, service=Service(solo=solo, curves=plain.service.curves)), seed=1, index=0)


def counts(plain: Scenario, index: int = 0) -> Floats:
    """Customers by step of the scenario's arrivals."""
    arrival = draw(plain, seed=1, index=index).arrival
    step = plain.arrivals.step_s
    return np.bincount((arrival // step).astype(int), minlength=len(plain.arrivals.expected)).astype(float)


@pytest.mark.parametrize("cv", [None, 0.3, 1.0])
def test_works_and_patience_have_the_mean_and_variation_asked_for(cv: float | None) -> None:
    people = crowd(Spread(mean_s=300.0, cv=cv), Spread(mean_s=90.0, cv=cv))
    for drawn, mean in ((people.work, 300.0), (people.patience, 90.0)):
        assert is_about(drawn, mean)
        assert is_about((drawn - mean) ** 2, (mean * (1.0 if cv is None else cv)) ** 2)
    assert abs(np.corrcoef(people.work, people.patience)[0, 1]) < STANDARD_ERRORS / math.sqrt(len(people.work))


def test_exponential_and_lognormal_have_their_medians() -> None:
    exponential = crowd(Spread(mean_s=300.0))
    assert is_about((exponential.work > 300 * math.log(2)).astype(float), 0.5)
    lognormal = crowd(Spread(mean_s=300.0, cv=0.8))
    assert is_about((lognormal.work > 300 / math.sqrt(1 + 0.8**2)).astype(float), 0.5)


def test_no_variation_is_always_the_mean_and_no_patience_is_for_ever() -> None:
    people = crowd(Spread(mean_s=300.0, cv=0.0))
    assert_array_equal(people.work, 300.0)
    assert_array_equal(people.patience, np.inf)


def test_speeds_vary_about_the_entrys_and_only_where_it_says_so() -> None:
    entries = (AgentEntry(count=50_000, limit=2, speed=0.8, speed_cv=0.25), AgentEntry(count=3, limit=2, speed=1.5))
    speed = draw(scenario(agents=entries), seed=1, index=0).speed
    assert is_about(speed[:50_000], 0.8)
    assert is_about((speed[:50_000] - 0.8) ** 2, (0.8 * 0.25) ** 2)
    assert_array_equal(speed[50_000:], 1.5)


@pytest.mark.parametrize("overdispersion", [0.0, 0.8, 3.0])
def test_counts_of_a_step_vary_by_one_plus_the_overdispersion(overdispersion: float) -> None:
    expected = np.full(50_000, 6.0)
    arrivals = Arrivals(step_s=60.0, expected=expected, overdispersion=overdispersion)
    drawn = counts(scenario(arrivals=arrivals, duration_s=60.0 * len(expected)))
    assert is_about(drawn, 6.0)
    assert is_about((drawn - 6.0) ** 2, 6.0 * (1 + overdispersion))
    if not overdispersion:
        assert is_about((drawn == 0).astype(float), math.exp(-6))


def test_no_customer_comes_in_a_step_that_expects_none_nor_after_the_end() -> None:
    arrivals = Arrivals(step_s=600.0, expected=np.array([0.0, 300.0, 0.0, 500.0]), overdispersion=0.5)
    people = draw(scenario(arrivals=arrivals, duration_s=2000.0), seed=1, index=0)
    assert (np.diff(people.arrival) >= 0).all()
    assert set((people.arrival // 600).astype(int).tolist()) == {1, 3}
    assert people.arrival.max() < 2000.0


def test_a_calendar_day_has_one_factor_whatever_hour_the_scenario_starts() -> None:
    arrivals = Arrivals(step_s=HOUR, expected=np.full(48, 1e4), day_factor_cv=0.3)
    evening = datetime(2026, 3, 2, 21, 0)  # noqa: DTZ001 a scenario's clock has no time zone
    plain = scenario(arrivals=arrivals, duration_s=48 * HOUR, clock=evening)
    days = np.split(counts(plain) / 1e4, [3, 27])
    factors = [day.mean() for day in days]
    for day, factor in zip(days, factors, strict=True):
        assert np.abs(day - factor).max() < 5 * math.sqrt(factor / 1e4)
    assert min(abs(np.diff(factors))) > 0.05


def test_day_factors_have_mean_one_and_the_variation_asked_for() -> None:
    arrivals = Arrivals(step_s=86_400.0, expected=np.full(4000, 2500.0), day_factor_cv=0.4)
    midnight = datetime(2026, 3, 2)  # noqa: DTZ001
    drawn = counts(scenario(arrivals=arrivals, duration_s=4000 * 86_400.0, clock=midnight)) / 2500
    assert is_about(drawn, 1.0)
    assert is_about((drawn - 1) ** 2, 0.4**2 + 1 / 2500)


def test_each_trait_has_a_stream_of_its_own() -> None:
    plain = scenario(patience=Spread(mean_s=90.0))
    base = draw(plain, seed=1, index=0)
    patient = draw(replace(plain, patience=Spread(mean_s=500.0, cv=2.0)), seed=1, index=0)
    assert_array_equal(patient.arrival, base.arrival)
    assert_array_equal(patient.work, base.work)
    quick = draw(
        replace(plain, service=replace(plain.service, solo=Spread(mean_s=9.0)), agents=(AgentEntry(count=9, limit=1),)),
        seed=1,
        index=0,
    )
    assert_array_equal(quick.arrival, base.arrival)
    assert_array_equal(quick.patience, base.patience)
    for other in (draw(plain, seed=2, index=0), draw(plain, seed=1, index=1)):
        assert not np.array_equal(other.work[:10], base.work[:10])
        assert not np.array_equal(other.seeds, base.seeds)
