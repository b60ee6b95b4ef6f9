"""The choice: inside every bound, no bolder than what was seen, and no more than the targets need."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoscaler.core.book import Goal, GoalCost
from autoscaler.core.goal.aiming import EASE, Aim, Squad, aim
from autoscaler.core.goal.curves import OFTEN, believed
from autoscaler.core.goal.predicting import Market

from .sites import peaked, power

LEVELS = 9
EVERYWHERE = np.ones(8)


def squad(
    rates: np.ndarray,
    *,
    seen: np.ndarray = EVERYWHERE,
    hours: float = 200.0,
    count: int = 10,
    limit: float = 3.0,
    floor: int = 1,
    baseline: int = 3,
    ceiling: int = 8,
    name: str = "no tier",
) -> Squad:
    """A tier that has held 1, 2, … chats for so many hours, weighted by `seen`."""
    spent_s = np.zeros(LEVELS)
    spent_s[: len(seen)] = seen * hours * 3600
    done = spent_s * rates[1 : LEVELS + 1]
    return Squad(
        name=name,
        count=count,
        floor=floor,
        baseline=baseline,
        ceiling=ceiling,
        limit=limit,
        curve=believed(done, spent_s, baseline=baseline),
        done=done,
    )


def market(arrivals: float, rank: float = 0.1) -> Market:
    return Market(arrivals=arrivals, leaving=1 / 180, solo_s=300.0, rank=rank)


def chosen(goal: Goal, *squads: Squad, arrivals: float, held: float = 20.0, waiting: float = 0.0) -> Aim:
    return aim(goal, squads, market(arrivals), held=held, waiting=waiting)


ARRIVALS = st.sampled_from([0.0, 0.001, 0.03, 0.08, 0.12, 0.2, 1.0])
GOALS = st.sampled_from(
    [
        Goal(),
        Goal(answer=0.8, within_s=30.0),
        Goal(answer=0.95, within_s=10.0, chat_stretch_below=1.5),
        Goal(chat_stretch_below=1.8),
        Goal(cost=GoalCost(abandoned=100.0, crowding=0.0)),
        Goal(cost=GoalCost(late_minute=0.0, abandoned=0.01, crowding=10.0)),
    ]
)


@st.composite
def squads(draw: st.DrawFn, name: str = "no tier") -> Squad:
    floor = draw(st.integers(1, 3))
    baseline = draw(st.integers(floor, 5))
    ceiling = draw(st.integers(baseline, 8))
    seen = np.array(draw(st.lists(st.sampled_from([0.0, 0.001, 0.3]), min_size=8, max_size=8)))
    return squad(
        draw(st.sampled_from([power(0.4), power(0.9), peaked(2), peaked(4)])),
        seen=seen,
        hours=draw(st.sampled_from([0.0, 10.0, 300.0])),
        count=draw(st.sampled_from([1, 3, 40])),
        limit=float(draw(st.integers(floor, ceiling))),
        floor=floor,
        baseline=baseline,
        ceiling=ceiling,
        name=name,
    )


@settings(max_examples=60, deadline=None)
@given(
    goal=GOALS, first=squads("a"), second=st.none() | squads("b"), arrivals=ARRIVALS, waiting=st.sampled_from([0, 50])
)
def test_no_choice_leaves_the_bounds_or_goes_past_what_was_seen_but_by_one(
    goal: Goal, first: Squad, second: Squad | None, arrivals: float, waiting: float
) -> None:
    team = (first,) if second is None else (first, second)
    found = chosen(goal, *team, arrivals=arrivals, waiting=waiting)
    for one, limit in zip(team, found.limits.tolist(), strict=True):
        assert one.floor <= limit <= one.ceiling
        often = np.flatnonzero(one.done >= OFTEN)
        tried = max(one.baseline, int(often[-1]) + 1 if len(often) else 0)
        assert limit <= max(tried + 1, one.floor)
        assert limit <= max(int(np.argmax(one.curve.cases[1])) + 1, one.floor), "past no peak, even a rich one"


def test_each_step_further_waits_until_the_last_one_was_seen_often() -> None:
    """Everybody at the limit and a rush: it climbs by one as each level becomes known."""
    limits = []
    for known in range(3, 7):
        seen = np.where(np.arange(8) < known, 1.0, 0.0)
        found = chosen(Goal(answer=0.99, within_s=10.0), squad(power(0.9), seen=seen), arrivals=0.15, waiting=20.0)
        limits.append(found.limits[0])
    assert limits == [4.0, 5.0, 6.0, 7.0]


def test_past_a_peak_that_is_known_it_never_goes_however_long_the_queue() -> None:
    for waiting in (0.0, 30.0, 500.0):
        assert chosen(Goal(), squad(peaked(4)), arrivals=0.3, waiting=waiting).limits[0] <= 4


def test_whoever_stands_past_the_peak_goes_back() -> None:
    assert chosen(Goal(), squad(peaked(3), limit=7.0), arrivals=0.1, held=70.0, waiting=30.0).limits[0] <= 3


SLOTS_ALONE = GoalCost(late_minute=0, abandoned=0, excess_chat_minute=0, crowding=0, limit_change=0)
"""Nothing but the target decides, and then the number of slots."""


@pytest.mark.parametrize("arrivals", [0.02, 0.06, 0.09, 0.11])
@pytest.mark.parametrize("limit", [1.0, 3.0, 6.0])
def test_of_those_that_meet_the_service_the_fewest_slots_are_chosen(arrivals: float, limit: float) -> None:
    goal = Goal(answer=0.8, within_s=30.0, cost=SLOTS_ALONE)
    found = chosen(goal, squad(power(0.8), limit=limit), arrivals=arrivals)
    answered = found.forecast.answered
    assert answered[found.chosen] >= 0.8 - 2 * EASE
    assert found.more_agents is None
    assert found.limits[0] <= found.choices[answered >= 0.8].min()


def test_a_wide_target_needs_fewer_slots_than_a_narrow_one() -> None:
    limits = [
        chosen(Goal(answer=answer, within_s=30.0, cost=SLOTS_ALONE), squad(power(0.8), limit=1.0), arrivals=0.08).limits
        for answer in (0.5, 0.8, 0.97)
    ]
    assert limits[0] <= limits[1] <= limits[2]
    assert limits[0] < limits[2]


def test_a_target_no_limit_can_meet_says_how_many_people_would() -> None:
    goal = Goal(answer=0.9, within_s=20.0)
    found = chosen(goal, squad(peaked(3)), arrivals=0.15, waiting=10.0)
    assert (found.forecast.answered < 0.9 - EASE).all()
    assert found.more_agents is not None
    assert found.more_agents > 0
    enough = chosen(goal, squad(peaked(3), count=10 + found.more_agents), arrivals=0.15, waiting=0.0)
    assert enough.more_agents is None
    assert enough.forecast.answered[enough.chosen] >= 0.9 - 2 * EASE


def test_a_hopeless_target_names_no_number_of_people() -> None:
    found = chosen(Goal(answer=0.9, within_s=20.0), squad(peaked(3), count=1), arrivals=3.0, waiting=10.0)
    assert found.more_agents is None


@pytest.mark.parametrize("arrivals", [0.05, 0.1, 0.2])
@pytest.mark.parametrize("stretch", [1.3, 1.8])
def test_chats_are_stretched_no_further_than_said_whatever_the_queue(arrivals: float, stretch: float) -> None:
    goal = Goal(answer=0.95, within_s=20.0, chat_stretch_below=stretch)
    found = chosen(goal, squad(power(0.5)), arrivals=arrivals, waiting=30.0)
    assert (found.forecast.stretch <= stretch).any(), "or this shows nothing"
    assert found.forecast.stretch[found.chosen] <= stretch * (1 + EASE)


def test_a_change_that_saves_nothing_is_not_made() -> None:
    quiet = chosen(Goal(), squad(power(0.8), limit=4.0), arrivals=0.005, held=0.0)
    assert quiet.limits[0] == 4.0


def test_dear_changes_are_made_for_fewer_reasons() -> None:
    """A change that is dear may well go further, so as not to be made again; but it takes more to make it."""

    def moves(cost: float) -> int:
        goal = Goal(cost=GoalCost(limit_change=cost))
        floors = [(held, waiting) for held in (5.0, 20.0, 30.0) for waiting in (0.0, 2.0, 6.0, 15.0)]
        found = [chosen(goal, squad(power(0.8)), arrivals=0.1, held=held, waiting=waiting) for held, waiting in floors]
        return sum(one.limits[0] != 3.0 for one in found)

    counts = [moves(cost) for cost in (0.0, 0.5, 5.0, 50.0, 1e6)]
    assert counts[0] > 0
    assert counts[-1] == 0
    assert counts == sorted(counts, reverse=True)
    assert len(set(counts)) > 2, "or only the ends are seen"


def test_of_two_tiers_the_one_that_gets_more_done_by_another_chat_carries_it() -> None:
    steady, tired = squad(power(0.9), name="seniors"), squad(peaked(2), name="newcomers")
    found = chosen(Goal(answer=0.9, within_s=30.0), steady, tired, arrivals=0.14, held=60.0, waiting=10.0)
    assert found.limits[0] > found.limits[1]
    assert found.limits[1] <= 2


@pytest.mark.parametrize("arrivals", [0.155, 0.165])
def test_nobody_is_crowded_for_a_chat_that_another_tier_ends_for_less(arrivals: float) -> None:
    """Trainees gain little by a second chat and regulars by a fourth: who raises, raises seniors alone."""
    trainees = squad(0.7 * power(0.3), count=6, limit=1.0, baseline=1, name="trainees")
    regulars = squad(power(0.5), count=10, limit=3.0, baseline=3, name="regulars")
    seniors = squad(1.2 * power(0.9), count=6, limit=4.0, baseline=4, name="seniors")
    found = chosen(Goal(), trainees, regulars, seniors, arrivals=arrivals, held=60.0, waiting=8.0)
    assert found.limits[0] == 1.0
    assert found.limits[1] <= 3.0
    assert found.limits[2] > 4.0


def test_staying_is_always_among_the_choices_and_comes_last() -> None:
    found = chosen(Goal(), squad(power(0.8), limit=2.6), arrivals=0.05)
    assert found.choices[-1].tolist() == [2.6]
