"""What a goal says it has learned: values that go through JSON, and ranges that hold the truth."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import orjson
import pytest

from autoscaler.core.goal.curves import OFTEN, believed
from autoscaler.core.goal.learned import Learned, TierLearned
from autoscaler.core.goal.pursuing import NO_TIER
from autoscaler.core.goal.telling import EVERYBODY, told
from autoscaler.rulebook.loading import load_text

from .sites import Site, lived, power, pursuing

LEVELS = 7
NONE = np.zeros(LEVELS)
FILE = "version: 1\ngroup: chat\nqueues: [2001]\nmedia_type: web_chat\ngoal: {}\nagents: {limit: {ceiling: 6}}\n"
TIERS = FILE.replace("6}", "6}, tiers: [{name: new, ids: [1001], baseline: 2}, {name: old, ids: [1002], ceiling: 5}]")


def group(text: str = FILE):
    book = load_text({"chat.yaml": text}).book
    assert book is not None
    return book.groups[0]


def tier(done: list[float], spent_s: list[float], *, aim: float = np.nan) -> TierLearned:
    columns = (np.array([*column, *NONE[len(column) :]]) for column in (done, spent_s))
    counted, spent = columns
    blank = TierLearned.blank(believed(NONE, NONE, baseline=3).mean)
    return replace(blank, done=counted, spent_s=spent, aim=aim)


def test_before_anything_was_seen_it_says_so_and_what_it_expects_of_people() -> None:
    found = told(Learned(tiers={NO_TIER: tier([], [])}), group())
    assert found["arrivals_per_minute"] is None
    assert (found["at"], found["sentence"], found["alarms"], found["left"]) == (None, "", [], 0)
    (everybody,) = found["tiers"]
    assert (everybody["tier"], everybody["baseline"], everybody["aim"]) == (EVERYBODY, 3, None)
    assert [level["chats"] for level in everybody["levels"]] == [1, 2, 3, 4], "the baseline, and one to be tried"
    assert [level["seen"] for level in everybody["levels"]] == [0.0] * 4
    assert everybody["peak"]["high"] is None


def test_nothing_learned_at_all_is_told_as_no_tiers() -> None:
    assert told(Learned(), group())["tiers"] == []


@pytest.mark.parametrize(("count", "low", "high"), [(10, 4.795, 18.391), (100, 81.364, 121.627)])
def test_arrivals_lie_in_the_range_a_poisson_count_allows(count: float, low: float, high: float) -> None:
    """Exact 95 % intervals of a Poisson mean, as tables have them."""
    minutes = 20.0
    learned = Learned(arrived=count, watched_s=minutes * 60, arrived_slow=count, watched_slow_s=minutes * 60)
    found = told(learned, group())["arrivals_per_minute"]
    assert found["expected"] * minutes == pytest.approx(count)
    assert found["low"] * minutes == pytest.approx(low, abs=0.01)
    assert found["high"] * minutes == pytest.approx(high, abs=0.01)


@pytest.mark.parametrize("watched_s", [0.5, 600.0])
def test_where_nobody_came_so_far_it_may_be_that_nobody_comes(watched_s: float) -> None:
    learned = Learned(watched_s=watched_s, watched_slow_s=watched_s)
    found = told(learned, group())["arrivals_per_minute"]
    assert found["low"] == 0.0 < found["expected"] < found["high"]


def test_rates_are_an_hour_and_a_chat_takes_what_follows_from_them() -> None:
    often = tier([10_000.0, 10_000.0], [10_000 * 300.0, 10_000 * 200.0], aim=2.5)
    (found,) = told(Learned(tiers={NO_TIER: often}), group())["tiers"]
    one, two = found["levels"][:2]
    assert (one["per_hour"], two["per_hour"]) == (pytest.approx(12, rel=0.03), pytest.approx(18, rel=0.03))
    assert two["chat_minutes"] == pytest.approx(2 * 200 / 60, rel=0.03)
    assert (found["aim"], two["seen"]) == (2.5, 10_000.0)


def test_a_level_is_told_as_the_curve_has_it_two_deviations_either_side_and_never_below_nothing() -> None:
    some = tier([40.0, 300.0], [12_000.0, 60_000.0])
    curve = believed(some.done, some.spent_s, baseline=3)
    (found,) = told(Learned(tiers={NO_TIER: some}), group())["tiers"]
    for place, level in enumerate(found["levels"]):
        mean, sd = curve.mean[place], curve.sd[place]
        assert level == {
            "chats": place + 1,
            "per_hour": pytest.approx(mean * 3600),
            "low": pytest.approx(max(mean - 2 * sd, 0) * 3600),
            "high": pytest.approx((mean + 2 * sd) * 3600),
            "chat_minutes": pytest.approx((place + 1) / mean / 60),
            "seen": some.done[place],
        }
    (unseen,) = told(Learned(tiers={NO_TIER: tier([], [])}), group())["tiers"]
    assert unseen["levels"][3]["low"] == 0.0, "two deviations are more than all of it"


def test_the_range_is_the_narrower_the_more_was_seen() -> None:
    widths = []
    for seen in (20.0, 200.0, 20_000.0):
        (found,) = told(Learned(tiers={NO_TIER: tier([seen], [seen * 300.0])}), group())["tiers"]
        one = found["levels"][0]
        assert 0 <= one["low"] < one["per_hour"] < one["high"]
        widths.append(one["high"] - one["low"])
    assert all(wider > narrower for wider, narrower in pairwise(widths))


def test_one_level_above_those_seen_often_is_told_and_none_above_the_ceiling_but_one() -> None:
    (found,) = told(Learned(tiers={NO_TIER: tier([0.0] * 4 + [OFTEN], [0.0] * 4 + [3000.0])}), group())["tiers"]
    assert [level["chats"] for level in found["levels"]] == [1, 2, 3, 4, 5, 6]
    (found,) = told(Learned(tiers={NO_TIER: tier([0.0] * 6 + [OFTEN], [0.0] * 6 + [3000.0])}), group())["tiers"]
    assert [level["chats"] for level in found["levels"]] == [1, 2, 3, 4, 5, 6, 7]


def test_a_peak_past_the_ceiling_is_at_no_level_and_one_before_it_is() -> None:
    rates = np.array([1.0, 1.7, 2.2, 2.6, 2.9, 3.2, 3.4]) / 300
    spent = np.full(LEVELS, 1e6)
    (rising,) = told(Learned(tiers={NO_TIER: tier(list(rates * spent), list(spent))}), group())["tiers"]
    assert (rising["peak"]["at"], rising["peak"]["high"]) == (None, None)
    rates = np.array([1.0, 1.6, 1.7, 1.5, 1.2, 1.0, 0.8]) / 300
    (falling,) = told(Learned(tiers={NO_TIER: tier(list(rates * spent), list(spent))}), group())["tiers"]
    # the family of shapes has it at 2, a hundred thousand completions a level say 3
    assert falling["peak"] == {"at": 3, "low": 2, "high": 3}


def test_tiers_have_baselines_of_their_own_and_those_who_are_gone_are_not_told() -> None:
    known = {
        "new": tier([50.0], [15_000.0]),
        "old": tier([50.0], [15_000.0]),
        NO_TIER: tier([], []),
        "former": tier([], []),
    }
    found = told(Learned(tiers=known), group(TIERS))["tiers"]
    assert [(one["tier"], one["baseline"]) for one in found] == [("new", 2), ("old", 3)]
    strays = {**known, NO_TIER: tier([1.0], [300.0])}
    assert [one["tier"] for one in told(Learned(tiers=strays), group(TIERS))["tiers"]] == ["new", "old", NO_TIER]


@pytest.mark.parametrize(
    ("rank", "ranked", "words"),
    [(0.0, 0.0, "least loaded"), (50.0, 100.0, "not by load"), (99.0, 100.0, "most loaded")],
)
def test_whom_the_next_chat_goes_to_is_told_in_words(rank: float, ranked: float, words: str) -> None:
    assert told(Learned(rank=rank, ranked=ranked), group())["routing"] == words


def test_what_hours_on_a_floor_taught_goes_through_json_and_holds_the_truth() -> None:
    rates = power(0.7)
    site = Site.of(rates, 12, arrivals=12 * rates[2], seed=5)
    still = pursuing()
    for pursued, _ in lived(site, still, 4.0):
        learned = replace(pursued.learned, alarms=((1.0, NO_TIER, 3, False),))
    found = told(learned, group())
    assert orjson.loads(orjson.dumps(found)) == found
    arrivals = found["arrivals_per_minute"]
    assert arrivals["low"] <= site.arrivals * 60 <= arrivals["high"]
    assert found["alarms"] == [{"at": 1.0, "tier": EVERYBODY, "chats": 3, "faster": False}]
    often = [level for level in found["tiers"][0]["levels"] if level["seen"] >= 4 * OFTEN]
    assert len(often) >= 2
    for level in often:
        assert level["low"] <= rates[level["chats"]] * 3600 <= level["high"]
