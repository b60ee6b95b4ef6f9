"""What a tick teaches: no completion is lost or made up, customers and routing are counted, changes are noticed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscaler.core.goal.curves import believed
from autoscaler.core.goal.learned import Learned, TierLearned, Watch, to_json
from autoscaler.core.goal.observing import ALARM, LASTING_S, Sight, observe

from .sites import NO_TIER, T0, UNKNOWN, Site, lived, power, pursuing

LEVELS = 7
NAMES = ("newcomers", NO_TIER)
RATE = believed(np.zeros(LEVELS), np.zeros(LEVELS), baseline=3).mean
FRESH = Learned(tiers={name: TierLearned.blank(RATE) for name in NAMES})


def sight(
    at: float,
    load: list[float],
    *,
    limit: float = 4.0,
    waiting: float = 0.0,
    arrivals: float = 0.0,
    leaving: float = 0.0,
    first: int = 1001,
    tier: list[int] | None = None,
) -> Sight:
    n = len(load)
    return Sight(
        at=T0 + at,
        ids=np.arange(first, first + n),
        load=np.array(load, float),
        limit=np.full(n, limit),
        tier=np.ones(n, np.int64) if tier is None else np.array(tier),
        waiting=waiting,
        arrivals=arrivals,
        leaving=leaving,
    )


def seen(*sights: Sight) -> Learned:
    learned = FRESH
    for one in sights:
        learned = observe(learned, one, NAMES)
    return learned


def done(learned: Learned) -> float:
    return float(sum(tier.done.sum() for tier in learned.tiers.values()))


def spent(learned: Learned) -> float:
    return float(sum(tier.spent_s.sum() for tier in learned.tiers.values()))


def test_who_holds_fewer_than_before_ended_one_at_each_level_between() -> None:
    learned = seen(sight(0, [5, 2, 3]), sight(15, [3, 2, 3]))
    np.testing.assert_allclose(learned.tiers[NO_TIER].done, [0, 0, 0, 1, 1, 0, 0])
    assert spent(learned) == pytest.approx(45.0), "seconds of those who held a chat"


def test_time_is_counted_at_the_loads_of_both_ends_of_a_tick() -> None:
    tier = seen(sight(0, [4, 0]), sight(10, [2, 0])).tiers[NO_TIER]
    np.testing.assert_allclose(tier.spent_s, [0, 5, 0, 5, 0, 0, 0])


def test_a_slot_that_was_filled_again_at_once_follows_from_the_flow() -> None:
    """Two came, nobody waits longer, nobody's load grew: two chats ended."""
    learned = seen(sight(0, [4, 4], waiting=3), sight(10, [4, 4], waiting=3, arrivals=0.2))
    np.testing.assert_allclose(learned.tiers[NO_TIER].done, [0, 0, 0, 2, 0, 0, 0])


def test_who_holds_more_than_the_limit_gets_nobody_for_one_who_leaves() -> None:
    """The limit has come down from 4 to 3, and a queue waits: only who holds 3 can have been filled again unseen."""
    start, end = sight(0, [4, 4, 3], limit=3, waiting=9), sight(10, [4, 4, 3], limit=3, waiting=9, arrivals=0.1)
    np.testing.assert_allclose(seen(start, end).tiers[NO_TIER].done, [0, 0, 1, 0, 0, 0, 0])
    above = sight(0, [4, 4, 4], limit=3, waiting=9), sight(10, [4, 4, 4], limit=3, waiting=9, arrivals=0.1)
    assert done(seen(*above)) == pytest.approx(1.0), "counted all the same: the sum is exact"


def test_of_an_unknown_limit_anybody_may_have_been_filled_again() -> None:
    start, end = sight(0, [4, 4], limit=np.nan, waiting=9), sight(10, [4, 4], limit=np.nan, waiting=9, arrivals=0.2)
    np.testing.assert_allclose(seen(start, end).tiers[NO_TIER].done, [0, 0, 0, 2, 0, 0, 0])


def filled_again(mean_rank: float) -> np.ndarray:
    """Where ten hidden completions of twenty agents with one chat and twenty with two are taken to have been."""
    known = replace(FRESH, rank=mean_rank * 1004 - 0.4, ranked=1000.0)
    load = [1.0] * 20 + [2.0] * 20
    for at in (0, 60):
        known = observe(known, sight(at, load, arrivals=10 / 60), NAMES)
    return known.tiers[NO_TIER].done


@pytest.mark.parametrize("mean_rank", [0.2, 0.5, 0.8])
def test_where_the_idlest_come_first_those_with_some_chats_are_refilled_by_chance(mean_rank: float) -> None:
    # after the completion each has one chance, before it one with a chat more
    shares = np.array([20, 40, 20]) * RATE[:3]
    assert filled_again(mean_rank)[:4] == pytest.approx([*(10 * shares / shares.sum()), 0])


def test_where_the_least_loaded_comes_first_each_time_it_is_they_who_are_refilled() -> None:
    one, two, three, _ = filled_again(0.1)[:4]
    by_chance = filled_again(0.2)
    assert one > 1.5 * by_chance[0]
    assert (two + one, three) == pytest.approx((10, 0))


def test_customers_who_left_ended_no_chat() -> None:
    learned = seen(sight(0, [4, 4], waiting=3), sight(10, [4, 4], waiting=3, arrivals=0.2, leaving=0.1))
    assert done(learned) == pytest.approx(1.0)


def test_each_tier_learns_of_its_own_people() -> None:
    learned = seen(sight(0, [3, 2], tier=[0, 1]), sight(10, [2, 2], tier=[0, 1]))
    assert learned.tiers["newcomers"].done.sum() == 1
    assert learned.tiers[NO_TIER].done.sum() == 0


FLOWS = st.lists(
    st.tuples(
        st.lists(st.integers(0, 9), min_size=4, max_size=4),  # loads
        st.integers(0, 6),  # waiting
        st.integers(0, 12),  # arrivals
        st.integers(0, 3),  # left
    ),
    min_size=2,
    max_size=12,
)


@given(flows=FLOWS, every_s=st.sampled_from([5.0, 15.0, 60.0]))
def test_nothing_seen_however_odd_counts_below_nothing(flows: list, every_s: float) -> None:
    learned = FRESH
    for number, (load, waiting, arrived, left) in enumerate(flows):
        one = sight(number * every_s, load, waiting=waiting, arrivals=arrived / every_s, leaving=left / every_s)
        learned = observe(learned, one, NAMES)
        for tier in learned.tiers.values():
            for column in (tier.done, tier.spent_s, tier.falls.score, tier.rises.score):
                assert np.isfinite(column).all()
                assert (column >= 0).all()
        assert learned.owed <= 0
        assert learned.arrivals >= 0
        assert 0 <= learned.mean_rank <= 1
    assert spent(learned) <= 4 * every_s * (len(flows) - 1) + 1e-6


@pytest.mark.parametrize("arrivals", [0.01, 0.05, 0.3])
@pytest.mark.parametrize("leaving", [0.0, 1 / 120])
def test_every_completion_is_counted_once_whatever_waits(arrivals: float, leaving: float) -> None:
    """Half an hour: too little for any alarm, which lets old counts go."""
    site = Site.of(power(0.7), 6, arrivals=arrivals, leaving=leaving, seed=3)
    for pursued, _ in lived(site, pursuing(), 0.5):
        learned = pursued.learned
    # the first tick has nothing before it to be held against
    before = Site.of(power(0.7), 6, arrivals=arrivals, leaving=leaving, seed=3)
    before.advance(15.0)
    assert learned.alarms == ()
    assert done(learned) + learned.owed == pytest.approx(site.ended - before.ended)


def test_an_agent_who_came_or_went_between_two_ticks_ended_nothing_that_shows() -> None:
    learned = seen(sight(0, [3, 3], arrivals=UNKNOWN), sight(10, [2], first=1003, arrivals=UNKNOWN))
    assert done(learned) == 0
    assert spent(learned) == 0


def test_an_unknown_load_is_no_load() -> None:
    learned = seen(sight(0, [3, UNKNOWN, 3]), sight(10, [2, 2, UNKNOWN]))
    assert done(learned) == 1
    assert spent(learned) == pytest.approx(10.0)


def test_without_arrivals_it_learns_while_nobody_waits_and_not_while_somebody_does() -> None:
    calm = seen(sight(0, [4, 4]), sight(10, [3, 4], arrivals=UNKNOWN))
    assert done(calm) == 1
    busy = seen(sight(0, [4, 4], waiting=2), sight(10, [3, 4], waiting=2, arrivals=UNKNOWN))
    assert (done(busy), spent(busy)) == (0, 0)


def test_without_the_queue_it_learns_nothing_of_people() -> None:
    learned = seen(sight(0, [4, 4], waiting=UNKNOWN), sight(10, [3, 4], waiting=UNKNOWN, arrivals=0.1))
    assert (done(learned), spent(learned)) == (0, 0)


@pytest.mark.parametrize("later", [3600.0, 0.0, -5.0])
def test_after_a_long_gap_or_a_clock_set_back_two_ticks_are_not_compared(later: float) -> None:
    learned = seen(sight(0, [4, 4]), sight(later, [0, 0], arrivals=0.1))
    assert (done(learned), spent(learned)) == (0, 0)
    assert learned.at == T0 + later
    assert done(observe(learned, sight(later + 15, [0, 0]), NAMES)) == 0
    assert done(seen(sight(0, [4, 4]), sight(later, [1, 1]), sight(later + 15, [0, 1]))) == 1, "it goes on from there"


def test_arrivals_are_those_of_the_last_hour_and_turn_with_a_rush() -> None:
    def after(*minutes: tuple[int, float]) -> float:
        learned, at = FRESH, 0.0
        for count, a_minute in minutes:
            for _ in range(count * 4):
                learned = observe(learned, sight(at, [2, 2], arrivals=a_minute / 60), NAMES)
                at += 15.0
        return learned.arrivals * 60

    assert after((60, 6.0)) == pytest.approx(6.0, rel=0.05)
    assert after((60, 6.0), (15, 30.0)) == pytest.approx(30.0, rel=0.35)
    assert 6.0 <= after((60, 6.0), (1, 7.0)) <= 7.0


def test_patience_is_how_long_people_waited_for_each_who_left() -> None:
    learned = seen(*(sight(15 * tick, [4, 4], waiting=4, arrivals=1 / 30, leaving=1 / 30) for tick in range(241)))
    assert learned.waited_s / learned.left == pytest.approx(120.0, rel=0.02)


@pytest.mark.parametrize(("goes_to", "low", "high"), [(0, 0.0, 0.25), (5, 0.75, 1.0)])
def test_who_gets_the_next_chat_tells_how_chats_are_routed(goes_to: int, low: float, high: float) -> None:
    learned, load = FRESH, [0.0, 1.0, 1.0, 2.0, 2.0, 3.0]
    for tick in range(100):
        learned = observe(learned, sight(30 * tick, load, limit=9), NAMES)
        fuller = list(load)
        fuller[goes_to] += 1
        learned = observe(learned, sight(30 * tick + 15, fuller, limit=9, arrivals=1 / 15), NAMES)
    assert low <= learned.mean_rank <= high


@pytest.mark.parametrize(
    ("routing", "low", "high"), [("fewest", 0.0, 0.05), ("anybody", 0.45, 0.55), ("most", 0.95, 1.0)]
)
def test_a_tick_with_many_chats_tells_how_they_are_routed_too(routing: str, low: float, high: float) -> None:
    random = np.random.default_rng(5)
    learned = FRESH
    for tick in range(60):
        load = random.integers(0, 4, 24)  # after a gap too long to compare across
        places = random.permutation(24)
        if routing != "anybody":
            places = places[np.argsort(load[places] * (1 if routing == "fewest" else -1), kind="stable")]
        fuller = load.copy()
        fuller[places[:8]] += 1
        learned = observe(learned, sight(1000 * tick, load, limit=9), NAMES)
        learned = observe(learned, sight(1000 * tick + 60, fuller, limit=9, arrivals=8 / 60), NAMES)
    assert low <= learned.mean_rank <= high


@pytest.mark.parametrize("load", [[2.0, 2.0, 2.0, 2.0], [1.0, 2.0, 9.0, 9.0]])
def test_where_all_who_could_hold_as_many_or_all_got_one_routing_shows_nothing(load: list[float]) -> None:
    learned = observe(FRESH, sight(0, load, limit=3), NAMES)
    fuller = [held + (held < 3) for held in load]
    if load[0] == load[1]:
        fuller[1:] = load[1:]
    after = observe(learned, sight(15, fuller, limit=3, arrivals=2 / 15), NAMES)
    assert (after.rank, after.ranked) == (learned.rank, learned.ranked)


def halves(seed: int) -> tuple[Learned, float]:
    """Three hours as ever, then everything takes twice as long; what was learned, and when it changed."""
    rates = power(0.7)
    site = Site.of(rates, 12, arrivals=0.7 * 12 * rates[3], leaving=1 / 120, seed=seed)
    for number, (pursued, _) in enumerate(lived(site, pursuing(), 5.5)):
        learned = pursued.learned
        if number == 3 * 240:
            site.rates = rates / 2
    return learned, T0 + 3 * 3600


def suspected(lasted_s: float) -> tuple[Learned, TierLearned]:
    """Two who hold 3 end nothing for five minutes, after so long a time in which they ended little."""
    many, few = 60.0, 12.0
    done_ = np.array([many, few, many, many, few, 0.0, 0.0])
    none = np.zeros(LEVELS)
    score = np.array([0, 0, ALARM - 0.01, 0, 0, 0, 0.0])
    suspicion = Watch(score=score, done=none + 5, spent_s=none + 3000, lasted_s=none + lasted_s)
    tier = TierLearned(done=done_, spent_s=done_ * 200, rate=RATE, falls=suspicion, rises=Watch.blank(LEVELS))
    learned = observe(replace(FRESH, tiers=FRESH.tiers | {NO_TIER: tier}), sight(0, [3, 3], waiting=0), NAMES)
    learned = observe(learned, sight(300, [3, 3], waiting=0), NAMES)
    return learned, learned.tiers[NO_TIER]


def test_what_has_changed_begins_anew_nothing_above_it_speaks_and_those_below_only_a_little() -> None:
    learned, after = suspected(LASTING_S - 300)
    np.testing.assert_allclose(after.done, [30, 12, 5, 0, 0, 0, 0])
    np.testing.assert_allclose(after.spent_s, [6000, 2400, 3600, 0, 0, 0, 0])
    assert after.falls.score.max() == after.rises.score.max() == 0
    assert learned.alarms == ((T0 + 300, NO_TIER, 3, False),)


def test_what_came_together_faster_may_be_a_few_long_chats_and_goes_on_being_watched() -> None:
    learned, after = suspected(LASTING_S - 301)
    assert learned.alarms == ()
    assert after.falls.score[2] > ALARM
    np.testing.assert_allclose(after.falls.lasted_s, [0, 0, LASTING_S - 1, 0, 0, 0, 0])
    np.testing.assert_allclose(after.done, [60, 12, 60, 60, 12, 0, 0])


def test_people_who_become_half_as_fast_are_noticed_within_hours() -> None:
    learned, changed = halves(seed=2)
    assert any(at > changed and not faster for at, _, _, faster in learned.alarms)
    tier = learned.tiers[NO_TIER]
    level = int(np.argmax(tier.spent_s))
    truth = power(0.7)[level + 1] / 2
    assert tier.done[level] / tier.spent_s[level] == pytest.approx(truth, rel=0.35), "what was before is let go"


def test_people_who_stay_the_same_raise_hardly_an_alarm() -> None:
    """Poisson counts at constant rates, a working day of them at four levels: two a day and team at most, of five."""
    truth = power(0.7)[1 : LEVELS + 1]
    alarms = 0
    for seed in range(5):
        rng = np.random.default_rng(seed)
        learned = replace(FRESH, tiers={**FRESH.tiers, NO_TIER: TierLearned.blank(truth)})
        load = np.repeat([1, 2, 3, 4], 5)
        at = 0.0
        learned = observe(learned, sight(at, load.tolist(), limit=9), NAMES)
        for _ in range(8 * 60):
            ends = np.minimum(rng.poisson(truth[load - 1] * 30.0), load)
            learned = observe(learned, sight(at + 30, (load - ends).tolist(), limit=9, arrivals=0.0), NAMES)
            learned = observe(learned, sight(at + 30.5, load.tolist(), limit=9, arrivals=2 * ends.sum()), NAMES)
            at += 31
        alarms += len(learned.alarms)
    assert alarms <= 10


def test_a_sight_changes_nothing_of_what_was_known_before() -> None:
    before = seen(sight(0, [4, 4]), sight(15, [3, 4]))
    text = str(to_json(before))
    observe(before, sight(30, [1, 1], arrivals=0.2), NAMES)
    assert str(to_json(before)) == text
