"""The sentence an operations person reads: golden ones of each kind."""

from __future__ import annotations

import numpy as np
import pytest

from autoscaler.core.book import Goal
from autoscaler.core.goal.aiming import Aim, Squad
from autoscaler.core.goal.curves import Curve
from autoscaler.core.goal.predicting import Forecast, Market
from autoscaler.core.goal.saying import sentence

RISING = np.array([1.0, 1.7, 2.2, 2.6, 2.9])
PEAK_AT_3 = np.array([1.0, 1.7, 2.2, 2.1, 1.9])
CERTAIN_3 = np.array([0.0, 0.0, 1.0, 0.0, 0.0])
ABOUT_3 = np.array([0.0, 0.2, 0.5, 0.3, 0.0])
ANYWHERE = np.array([0.0, 0.1, 0.5, 0.2, 0.2])
PAST = np.array([0.0, 0.0, 0.0, 0.02, 0.98])


def squad(mean: np.ndarray, peaks: np.ndarray, *, name: str = "no tier", count: int = 18) -> Squad:
    curve = Curve(mean=mean, sd=mean / 10, cases=np.stack((mean, mean)), peak_chance=peaks)
    return Squad(name=name, count=count, floor=1, baseline=3, ceiling=4, limit=3.0, curve=curve, done=np.full(5, 100.0))


@pytest.mark.parametrize(
    ("poorer", "richer", "words"),
    [(1.9, 2.64, "5% less to 10% more"), (2.1, 2.64, "5% to 10% more"), (1.6, 1.9, "20% to 21% less")],
)
def test_a_limit_nobody_held_is_told_as_a_try_with_what_it_may_bring(poorer: float, richer: float, words: str) -> None:
    cases = np.array([[1.0, 1.7, 2.0, poorer, 1.5], [1.0, 1.7, 2.4, richer, 2.8]])
    curve = Curve(mean=PEAK_AT_3, sd=PEAK_AT_3 / 10, cases=cases, peak_chance=ABOUT_3)
    done = np.array([100.0, 100.0, 100.0, 14.9, 0.0])
    new = Squad(name="a", count=9, floor=1, baseline=3, ceiling=4, limit=3.0, curve=curve, done=done)
    found = an_aim((3.5,), (3,), chosen=0, answered=[0.82, 0.8], stretch=[1.4, 1.4])
    said = sentence(Goal(), (new,), found)
    assert f"82% within 30 s expected; 4 is a try, {words} done than with 3; higher is past" in said
    both = an_aim((3.5, 3), (3, 3), chosen=0, answered=[0.82, 0.8], stretch=[1.4, 1.4])
    other = squad(PEAK_AT_3, ABOUT_3, name="b")
    assert f"; a: 4 is a try, {words} done than with 3; higher" in sentence(Goal(), (new, other), both)


def an_aim(
    *choices: tuple[float, ...], chosen: int, answered: list[float], stretch: list[float], more: int | None = None
) -> Aim:
    return Aim(
        limits=np.array(choices[chosen]),
        choices=np.array(choices),
        chosen=chosen,
        forecast=Forecast(cost=np.zeros(len(choices)), answered=np.array(answered), stretch=np.array(stretch)),
        market=Market(arrivals=3.1 / 60, leaving=1 / 180, solo_s=300.0, rank=0.1),
        more_agents=more,
    )


def test_the_limit_what_it_rests_on_and_what_one_more_would_bring() -> None:
    found = an_aim((3,), (4,), (3,), chosen=0, answered=[0.82, 0.84, 0.82], stretch=[1.4, 1.56, 1.4])
    assert sentence(Goal(answer=0.8, within_s=30), (squad(PEAK_AT_3, ABOUT_3),), found) == (
        "limit 3: arrivals 3.1/min, 18 agents, peak at 3 (2 to 4), 82% within 30 s expected; "
        "4 would gain 2% and cost 0.8 min a chat"
    )


def test_a_mean_limit_is_told_in_tenths() -> None:
    found = an_aim((47 / 12,), chosen=0, answered=[0.82], stretch=[1.4])
    assert sentence(Goal(), (squad(PEAK_AT_3, ABOUT_3),), found).startswith("limit 3.9: ")


@pytest.mark.parametrize(
    ("mean", "peaks", "words"),
    [
        (PEAK_AT_3, CERTAIN_3, "peak at 3,"),
        (PEAK_AT_3, ABOUT_3, "peak at 3 (2 to 4),"),
        (PEAK_AT_3, ANYWHERE, "peak at 3 (2 or more),"),
        (RISING, PAST, "peak past 4,"),
    ],
)
def test_the_peak_is_told_with_what_is_likely_of_it(mean: np.ndarray, peaks: np.ndarray, words: str) -> None:
    found = an_aim((3,), (3,), chosen=0, answered=[0.9, 0.9], stretch=[1.4, 1.4])
    assert f", 18 agents, {words} 90% within 30 s expected; " in sentence(Goal(), (squad(mean, peaks),), found)


def test_where_there_is_no_higher_choice_it_says_why() -> None:
    found = an_aim((3,), (4,), (4,), chosen=1, answered=[0.7, 0.8, 0.8], stretch=[1.3, 1.5, 1.5])
    said = sentence(Goal(), (squad(PEAK_AT_3, CERTAIN_3),), found)
    assert said.startswith("limit 4: ")
    assert said.endswith("; higher is past the peak, the ceiling or what was tried")


def test_a_higher_limit_that_gains_nothing_is_not_said_to_lose() -> None:
    found = an_aim((3,), (4,), (3,), chosen=0, answered=[0.9, 0.85, 0.9], stretch=[1.4, 1.3, 1.4])
    assert sentence(Goal(), (squad(RISING, PAST),), found).endswith("; 4 would gain 0% and cost 0.0 min a chat")


def test_a_goal_that_cannot_be_met_asks_for_people_and_not_for_limits() -> None:
    found = an_aim((3,), (4,), (3,), chosen=1, answered=[0.5, 0.6, 0.5], stretch=[1.4, 1.6, 1.4], more=4)
    goal = Goal(answer=0.9, within_s=20)
    assert sentence(goal, (squad(RISING, PAST),), found) == (
        "limit 4: arrivals 3.1/min, 18 agents, peak past 4, 60% within 20 s expected; "
        "higher is past the peak, the ceiling or what was tried; "
        "no limit is enough for 90%, only more agents would help: about 4 more"
    )
    stretch_alone = sentence(Goal(chat_stretch_below=1.2), (squad(RISING, PAST),), found)
    assert stretch_alone.endswith("; no limit is enough, only more agents would help: about 4 more")


def test_of_several_tiers_each_is_named_with_its_limit_and_peak() -> None:
    team = (squad(PEAK_AT_3, CERTAIN_3, name="newcomers", count=8), squad(RISING, PAST, name="seniors", count=10))
    found = an_aim((2, 3.5), (3, 4.5), (2, 3.5), chosen=0, answered=[0.82, 0.9, 0.82], stretch=[1.4, 1.6, 1.4])
    assert sentence(Goal(), team, found) == (
        "limit newcomers 2, seniors 3.5: arrivals 3.1/min, 18 agents, newcomers: peak at 3, seniors: peak past 4, "
        "82% within 30 s expected; 3.8 would gain 8% and cost 1.0 min a chat"
    )
