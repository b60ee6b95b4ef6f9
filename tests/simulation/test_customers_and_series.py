"""Customers, the recorded series they may follow, and the slowdown curves."""

from datetime import datetime, timedelta
from itertools import islice, takewhile

import pytest

from autoscaler.errors import SettingsError
from autoscaler.simulation.customers import Arrivals, Demand, customers
from autoscaler.simulation.series import departures, read_series
from autoscaler.simulation.slowdown import Power, UniversalScalability, factor, peak


def demand(**changes):
    return Demand(
        **{
            "queue": 7,
            "arrivals": Arrivals.constant(0.1),
            "solo_chat_s": 300.0,
            "work_cv": None,
            "patience_s": 120.0,
            **changes,
        }
    )


def test_customers_come_in_order_at_their_rate_with_their_means():
    crowd = list(takewhile(lambda each: each.arrival_s < 200_000, customers((demand(), demand(queue=8)), 1)))
    assert [each.arrival_s for each in crowd] == sorted(each.arrival_s for each in crowd)
    assert len(crowd) == pytest.approx(40_000, rel=0.03)
    assert sum(each.work_s for each in crowd) / len(crowd) == pytest.approx(300, rel=0.03)
    assert sum(each.patience_s for each in crowd) / len(crowd) == pytest.approx(120, rel=0.03)


def test_log_normal_work_has_the_mean_and_spread_asked_for():
    works = [each.work_s for each in islice(customers((demand(work_cv=1.11),), 1), 40_000)]
    mean = sum(works) / len(works)
    variance = sum((work - mean) ** 2 for work in works) / len(works)
    assert mean == pytest.approx(300, rel=0.05)
    assert variance**0.5 / mean == pytest.approx(1.11, rel=0.1)


def test_a_changed_patience_leaves_arrivals_and_work_as_they_were():
    first = list(islice(customers((demand(),), 4), 500))
    second = list(islice(customers((demand(patience_s=None),), 4), 500))
    assert [(each.arrival_s, each.work_s) for each in first] == [(each.arrival_s, each.work_s) for each in second]
    assert {each.patience_s for each in second} == {float("inf")}


def test_nobody_comes_in_a_step_whose_rate_is_zero_and_the_last_step_is_followed_by_the_first():
    steps = Arrivals(step_s=100.0, means=(50.0, 0.0))
    crowd = list(takewhile(lambda each: each.arrival_s < 1_000, customers((demand(arrivals=steps),), 1)))
    assert {int(each.arrival_s // 100) % 2 for each in crowd} == {0}
    assert {int(each.arrival_s // 100) for each in crowd} == {0, 2, 4, 6, 8}


def test_without_any_rate_nobody_ever_comes():
    assert list(customers((demand(arrivals=Arrivals.constant(0.0)),), 1)) == []


def test_the_year_of_departures_is_whole():
    series = departures()
    assert (series.start, series.step, len(series.counts)) == (
        datetime.fromisoformat("2013-01-01"),
        timedelta(minutes=15),
        35_040,
    )
    at_six = series.index(datetime.fromisoformat("2013-01-02 06:07"))
    assert series.counts[at_six - 1 : at_six + 1] == (2, 10)


def test_a_time_outside_the_series_names_its_bounds():
    with pytest.raises(SettingsError) as caught:
        departures().index(datetime.fromisoformat("2014-01-01"))
    assert "2013-01-01 00:00:00" in caught.value.help


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("timestamp,count\n2013-01-01 00:00:00,1\n2013-01-01 00:15:00,2\n2013-01-01 00:45:00,2\n", "steps", ":4"),
        ("timestamp,count\n2013-01-01 00:00:00,1\n2013-01-01 00:00:00,2\n", "steps", ":2"),
        ("timestamp,count\n2013-01-01 00:00:00,1\nnoon,2\n", "not a time", ":3"),
        ("timestamp,count\n2013-01-01 00:00:00,1\n2013-01-01 00:15:00,-2\n", "not a count", ":3"),
        ("timestamp,count\n2013-01-01 00:00:00,1\n2013-01-01 00:15:00,many\n", "not a count", ":3"),
        ("when,count\n2013-01-01 00:00:00,1\n2013-01-01 00:15:00,2\n", "columns", ""),
    ],
)
def test_a_broken_series_is_refused_with_its_line(tmp_path, text, said, line):
    path = tmp_path / "day.csv"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        read_series(path)
    assert said in caught.value.message
    assert caught.value.place == f"{path}{line}"
    assert caught.value.help


def test_a_missing_series_says_what_to_try(tmp_path):
    with pytest.raises(SettingsError) as caught:
        read_series(tmp_path / "none.csv")
    assert caught.value.help


@pytest.mark.parametrize(("chats", "expected"), [(0, 0), (1, 1), (2, 1.72), (3, 2.37), (4, 2.97), (5, 3.54)])
def test_the_power_curve_gives_the_published_factors(chats, expected):
    assert factor(Power(alpha=0.785), chats) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("chats", "expected"), [(1, 1), (2, 1.71), (3, 2.12), (4, 2.31), (5, 2.36), (6, 2.33), (8, 2.15)]
)
def test_the_usl_curve_gives_the_published_factors_and_peaks_at_five(chats, expected):
    curve = UniversalScalability(sigma=0.10, kappa=0.036)
    assert factor(curve, chats) == pytest.approx(expected, abs=0.01)
    assert peak(curve) == 5
