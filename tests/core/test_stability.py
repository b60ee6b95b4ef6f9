"""Windows, rates and cooldowns: worked by hand, then through whole decisions."""

from __future__ import annotations

import math

import pytest

from autoscaler.core.book import Choose, EachAgent, Rate, Rule, Safety, Smoothing, Stability
from autoscaler.core.memory import Ledger
from autoscaler.core.plan import Stage
from autoscaler.core.stability import (
    Calm,
    calm_down,
    longest_period,
    moved_within,
    raise_limit,
    recorded,
    shrink_limit,
    two_window,
)

from .staging import (
    LOAD,
    WAITING,
    Floor,
    calls,
    each,
    group,
    lowering,
    over,
    people,
    raising,
    rate,
    share,
    slots,
    under,
    wanted,
    why,
)

NOW = 1000.0
PLENTY = people(20, load=0.0)


@pytest.mark.parametrize(
    ("wish", "current", "seen", "up_s", "down_s", "expected"),
    [
        (70, 60, (), 0, 0, 70),
        (70, 60, ((970.0, 65),), 60, 0, 65),
        (70, 60, ((970.0, 50),), 60, 0, 60),
        (70, 60, ((940.0, 65),), 60, 0, 70),
        (70, 60, ((940.1, 65),), 60, 0, 65),
        (50, 60, ((970.0, 55),), 0, 60, 55),
        (50, 60, ((970.0, 70),), 0, 60, 60),
        (50, 60, ((970.0, 70),), 60, 0, 50),
        (50, 60, ((940.0, 55), (990.0, 52)), 0, 60, 52),
    ],
)
def test_two_windows_damp_a_wish_by_its_past_and_never_turn_it_round(
    wish: int, current: int, seen: Ledger, up_s: float, down_s: float, expected: int
) -> None:
    assert two_window(wish, current, seen, at=NOW, up_s=up_s, down_s=down_s) == expected


UP = {"grown": (), "shrunk": (), "at": NOW}


@pytest.mark.parametrize(
    ("rates", "choose", "current", "grown", "shrunk", "expected"),
    [
        ((), Choose.LARGEST, 60, (), (), math.inf),
        ((rate(slots(10), 60),), Choose.LARGEST, 60, (), (), 70),
        ((rate(share(0.2), 120),), Choose.LARGEST, 60, (), (), 72),
        ((rate(share(0.01), 60),), Choose.LARGEST, 3, (), (), 4),
        ((rate(share(0.1), 60),), Choose.LARGEST, 11, (), (), 13),
        ((rate(slots(10), 60), rate(share(0.2), 120)), Choose.LARGEST, 60, (), (), 72),
        ((rate(slots(10), 60), rate(share(0.2), 120)), Choose.SMALLEST, 60, (), (), 70),
        ((rate(slots(10), 60),), Choose.LARGEST, 66, ((950.0, 6),), (), 70),
        ((rate(slots(10), 60),), Choose.LARGEST, 66, ((940.0, 6),), (), 76),
        ((rate(slots(10), 60),), Choose.LARGEST, 56, (), ((950.0, 4),), 70),
        ((rate(slots(10), 60),), Choose.LARGEST, 80, ((950.0, 20),), (), 80),
    ],
)
def test_rates_count_growth_from_where_their_period_began(
    rates: tuple[Rate, ...], choose: Choose, current: int, grown: Ledger, shrunk: Ledger, expected: float
) -> None:
    smoothing = Smoothing(at_most=rates, choose=choose)
    assert raise_limit(current, smoothing, grown, shrunk, at=NOW) == expected


@pytest.mark.parametrize(
    ("rates", "choose", "current", "grown", "shrunk", "expected"),
    [
        ((), Choose.LARGEST, 60, (), (), -math.inf),
        ((rate(slots(10), 60),), Choose.LARGEST, 60, (), (), 50),
        ((rate(share(0.1), 300),), Choose.LARGEST, 60, (), (), 54),
        ((rate(share(0.1), 300),), Choose.LARGEST, 55, (), (), 49),
        ((rate(share(0.07), 300),), Choose.LARGEST, 100, (), (), 93),
        ((rate(slots(10), 60), rate(share(0.1), 300)), Choose.LARGEST, 60, (), (), 50),
        ((rate(slots(10), 60), rate(share(0.1), 300)), Choose.SMALLEST, 60, (), (), 54),
        ((rate(slots(10), 60),), Choose.LARGEST, 54, (), ((950.0, 6),), 50),
        ((rate(slots(10), 60),), Choose.LARGEST, 54, (), ((940.0, 6),), 44),
        ((rate(slots(10), 60),), Choose.LARGEST, 40, (), ((950.0, 20),), 40),
    ],
)
def test_rates_count_shrinking_from_where_their_period_began(
    rates: tuple[Rate, ...], choose: Choose, current: int, grown: Ledger, shrunk: Ledger, expected: float
) -> None:
    smoothing = Smoothing(at_most=rates, choose=choose)
    assert shrink_limit(current, smoothing, grown, shrunk, at=NOW) == expected


def test_a_ledger_sums_what_is_younger_than_the_period_and_drops_what_no_period_reaches() -> None:
    ledger = recorded(((900.0, 5), (950.0, 2)), NOW, 3, keep_s=100.0)
    assert ledger == ((950.0, 2), (NOW, 3))
    assert recorded(ledger, NOW, 0, keep_s=100.0) == ledger
    assert moved_within(ledger, at=NOW, period_s=50.0) == 3
    assert moved_within(ledger, at=NOW, period_s=50.1) == 5
    both = (Smoothing(at_most=(rate(slots(1), 60.0), rate(slots(1), 120.0))), Smoothing())
    assert longest_period(both) == 120.0
    assert longest_period((Smoothing(),)) == 0.0


def calm(
    wish: int, *, rates_allow: float = math.inf, raised_at: float | None = None, lowered_at: float | None = None
) -> Calm:
    stability = Stability(
        raises=Smoothing(window_s=60.0, cooldown_s=60.0), lowers=Smoothing(window_s=600.0, cooldown_s=300.0)
    )
    return calm_down(
        wish,
        60,
        stability,
        history=((980.0, 65), (700.0, 58)),
        rates_allow=rates_allow,
        raised_at=raised_at,
        lowered_at=lowered_at,
        at=NOW,
    )


def test_windows_cooldown_and_rates_come_in_this_order_and_each_says_its_part() -> None:
    assert calm(60) == Calm(slots=60)
    assert calm(70) == Calm(slots=65, why=("the lowest recommendation of the last 60 s was 65 slots",))
    assert calm(70, rates_allow=2).slots == 62
    assert calm(70, rates_allow=2).why[-1] == "the raise rates allow 62 slots now"
    assert calm(70, raised_at=941.0).why[-1] == "raise cooldown has 1 s left"
    assert calm(70, raised_at=941.0).slots == 60
    assert calm(70, raised_at=940.0).slots == 65
    assert calm(70, lowered_at=999.0).slots == 65
    assert calm(50).why == ("the highest recommendation of the last 10 min was 60 slots",)
    assert calm(50).slots == 60


def test_a_raise_waits_for_the_lowest_recommendation_of_its_window() -> None:
    floor = Floor.of(
        group(raising(slots(6), over(WAITING, 0)), stability=Stability(raises=Smoothing(window_s=30))), PLENTY
    )
    assert floor.tick(0, 0).slots.wanted == 60
    assert floor.tick(15, 9).slots.wanted == 60
    assert floor.tick(29.9, 9).slots.wanted == 60
    plan = floor.tick(30, 9)
    assert plan.slots.wanted == 66
    assert plan.slots.proposed == 66


def test_a_lower_waits_for_the_highest_recommendation_of_its_window_and_says_so() -> None:
    stability = Stability(lowers=Smoothing(window_s=60.0))
    floor = Floor.of(group(lowering(slots(6), under(WAITING, 1)), stability=stability), PLENTY)
    floor.tick(0, 5)
    plan = floor.tick(30, 0)
    assert plan.slots.wanted == 60
    assert plan.slots.stabilised == 60
    assert why(plan, 1001, Stage.STABILISED) == ("stability: the highest recommendation of the last 60 s was 60 slots")
    assert floor.tick(60, 0).slots.wanted == 54


def test_people_who_sign_in_move_the_windows_past_with_them() -> None:
    stability = Stability(lowers=Smoothing(window_s=60.0))
    floor = Floor.of(group(lowering(slots(6), under(WAITING, 1)), stability=stability), people(10, load=0.0))
    floor.tick(0, 5)
    floor.people |= {one.id: one for one in people(10, first=2001, load=0.0)}
    assert floor.tick(30, 0).slots.wanted == 60, "ten more people are no recommendation to lower by thirty slots"


def test_rates_hold_over_several_ticks() -> None:
    stability = Stability(raises=Smoothing(at_most=(rate(slots(10), 60.0),)))
    floor = Floor.of(group(raising(slots(6)), stability=stability), PLENTY)
    seen = [floor.tick(t).slots.wanted for t in (0, 15, 30, 59, 60, 75)]
    assert seen == [66, 70, 70, 70, 76, 80]


def test_an_overspent_budget_holds_and_turns_nothing_round() -> None:
    floor = Floor.of(group(raising(slots(12)), stability=Stability()), PLENTY)
    floor.tick(0)
    floor.rules = group(raising(slots(12)), stability=Stability(raises=Smoothing(at_most=(rate(slots(5), 3600.0),))))
    plan = floor.tick(1)
    assert plan.slots.wanted == 72
    assert not calls(plan)


@pytest.mark.parametrize("up", [True, False])
def test_a_cooldown_pauses_its_own_direction_alone(up: bool) -> None:
    stability = Stability(raises=Smoothing(cooldown_s=60.0), lowers=Smoothing(cooldown_s=60.0))
    rules = (raising(slots(2), over(WAITING, 0)), lowering(slots(2), under(WAITING, 1)))
    floor = Floor.of(group(*rules, stability=stability), PLENTY)
    first, second = (5, 0) if up else (0, 5)
    sign = 1 if up else -1
    assert floor.tick(0, first).slots.wanted == 60 + 2 * sign
    assert floor.tick(30, first).slots.wanted == 60 + 2 * sign
    assert floor.tick(31, second).slots.wanted == 60
    assert floor.tick(60, first).slots.wanted == 60 + 2 * sign


def test_bounds_correct_upward_at_once_and_downward_at_the_pace_of_the_rates() -> None:
    stability = Stability(
        raises=Smoothing(window_s=300.0, cooldown_s=300.0, at_most=(rate(slots(1), 60.0),)),
        lowers=Smoothing(window_s=300.0, cooldown_s=300.0, at_most=(rate(slots(4), 60.0),)),
    )
    lunch = Rule(name="lunch", when=over(WAITING, 0), floor=5)
    floor = Floor.of(group(lunch, stability=stability), people(10))
    assert floor.tick(0, 5).slots.wanted == 50
    assert [floor.tick(t, 0).slots.wanted for t in (90, 120, 150)] == [46, 46, 42]
    crowded = Rule(name="crowded", when=over(WAITING, 0), cap=1)
    floor = Floor.of(group(crowded, stability=stability), people(10))
    assert [floor.tick(t, 5).slots.wanted for t in (0, 30, 60, 120, 180)] == [26, 26, 22, 18, 14]


def test_a_correction_that_a_guard_holds_back_makes_no_room_for_a_lower() -> None:
    stability = Stability(lowers=Smoothing(at_most=(rate(slots(2), 60.0),)))
    lunch = Rule(name="lunch", when=over(LOAD, 2), per_agent=True, floor=6)
    team = [*people(10, load=5.0), *people(10, first=2001, load=0.0)]
    floor = group(lunch, lowering(slots(10)), stability=stability, safety=Safety(agents_per_tick=0.05))
    plan = Floor.of(floor, team).tick(0)
    moved = {agent: limit - 3 for agent, limit in wanted(plan).items() if limit != 3}
    assert len(moved) == 1
    assert sum(min(by, 0) for by in moved.values()) >= -2


def test_people_whom_nobody_can_touch_make_no_room_for_a_lower() -> None:
    stability = Stability(lowers=Smoothing(at_most=(rate(slots(2), 60.0),)))
    lunch = Rule(name="lunch", when=over(LOAD, 2), per_agent=True, floor=6)
    team = [*people(10, load=5.0, reachable=False), *people(10, first=2001, load=0.0)]
    plan = Floor.of(group(lunch, lowering(slots(10)), stability=stability), team).tick(0)
    assert plan.slots.wanted == 58


@pytest.mark.parametrize(
    ("budgets", "seen"),
    [
        (EachAgent(raise_by=(1, 60.0)), [4, 4, 4, 5, 5, 5, 5, 6]),
        (EachAgent(raise_by=(2, 60.0)), [4, 5, 5, 6, 6, 6, 6, 6]),
        (EachAgent(moves=(2, 90.0)), [4, 5, 5, 5, 5, 6, 6, 6]),
        (EachAgent(), [4, 5, 6, 6, 6, 6, 6, 6]),
    ],
)
def test_an_agents_own_budget_holds_over_ticks(budgets: EachAgent, seen: list[int]) -> None:
    times = (0, 20, 40, 60, 80, 100, 110, 120)
    floor = Floor.of(group(raising(each(1)), stability=Stability(each=budgets)), people(2))
    assert [wanted(floor.tick(t))[1001] for t in times] == seen


def test_an_agent_without_budget_says_so() -> None:
    floor = Floor.of(group(raising(each(1)), stability=Stability(each=EachAgent(raise_by=(1, 60.0)))), people(2))
    floor.tick(0)
    plan = floor.tick(15)
    assert why(plan, 1001, Stage.DISTRIBUTED) == "the agent's own budget of changes is spent"
    assert plan.held[0].startswith("2 slots more found nobody")


def test_lowering_has_a_budget_of_its_own_and_moves_count_both_ways() -> None:
    rules = (raising(each(1), over(WAITING, 0)), lowering(each(1), under(WAITING, 1)))
    floor = Floor.of(group(*rules, stability=Stability(each=EachAgent(moves=(3, 600.0)))), people(1, load=0.0))
    assert [wanted(floor.tick(t, w))[1001] for t, w in ((0, 5), (15, 0), (30, 5), (45, 0), (615, 0))] == [4, 3, 4, 4, 3]
    floor = Floor.of(group(*rules, stability=Stability(each=EachAgent(lower_by=(1, 60.0)))), people(1, load=0.0))
    assert [wanted(floor.tick(t, w))[1001] for t, w in ((0, 0), (15, 0), (16, 5), (17, 0), (60, 0))] == [2, 2, 3, 3, 2]


@pytest.mark.parametrize(
    ("left", "said"), [(119.0, "119 s"), (120.0, "2 min"), (7199.0, "120 min"), (7200.0, "2.0 h"), (9000.0, "2.5 h")]
)
def test_a_span_is_told_in_the_unit_that_people_use_for_it(left: float, said: str) -> None:
    told = calm_down(
        70,
        60,
        Stability(raises=Smoothing(cooldown_s=left)),
        history=(),
        rates_allow=math.inf,
        raised_at=1000.0,
        lowered_at=None,
        at=1000.0,
    )
    assert told.why == (f"raise cooldown has {said} left",)
