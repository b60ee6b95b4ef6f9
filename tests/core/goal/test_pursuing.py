"""A goal among a group's rules: it moves people as a rule does, inside all that bounds a rule, and never on a guess."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoscaler.core.book import Direction, Goal, GoalCost, Group, IdRange, Limits, Mode, Rule, Rulebook, Tier
from autoscaler.core.engine import decide
from autoscaler.core.exchange import parse_input, plan_to_json
from autoscaler.core.goal.learned import to_json
from autoscaler.core.goal.pursuing import EVERY_S
from autoscaler.core.memory import Memory
from autoscaler.core.memory import to_json as memory_to_json
from autoscaler.core.plan import GroupPlan, Stage
from autoscaler.core.readings import Overrides, Pause, Pin
from autoscaler.core.verdicts import VerdictKind
from tests.core.scenes import Scene, law, play, scenes
from tests.core.staging import ALWAYS, LOAD, over

from .sites import NO_TIER, T0, UNKNOWN, Person, Pursued, Site, View, lived, peaked, pursuing, wanted

SERVICE = Goal(answer=0.8, within_s=30.0)
RUSH = View(waiting=6.0, arrivals_per_minute=8.0, abandoned_per_minute=2.0)
"""With 20 people at two chats each, below their baseline: more than they can do, and not hopeless with three."""
QUIET = View(waiting=0.0, arrivals_per_minute=1.0)


def team(count: int = 20, **more: float) -> list[Person]:
    return [Person(id=1001 + row, load=2.0, limit=2.0, **more) for row in range(count)]


def busy(
    rules: Group | None = None,
    *,
    people: list[Person] | None = None,
    view: View = RUSH,
    minutes: float = 10.0,
    overrides: Overrides = Overrides(),  # noqa: B008 it is frozen
) -> tuple[Pursued, GroupPlan]:
    """A rush for some minutes; everybody keeps as many chats as at first."""
    pursued = Pursued.of(rules or pursuing(goal=SERVICE), team() if people is None else people)
    for tick in range(int(minutes * 4) + 1):
        plan = pursued.tick(15.0 * tick, view, overrides=overrides)
    return pursued, plan


def test_a_rush_raises_and_the_plan_says_by_what_and_why() -> None:
    pursued, plan = busy()
    assert min(pursued.limits) >= 2
    assert max(pursued.limits) > 2
    assert plan.goal.startswith("limit ")
    assert "arrivals 8.0/min, 20 agents, " in plan.goal
    assert plan.verdicts[-1].rule.name == "goal"


def test_the_move_is_the_rule_goal_s_in_the_agent_s_story() -> None:
    pursued = Pursued.of(pursuing(goal=SERVICE), team())
    for tick in range(41):
        plan = pursued.tick(15.0 * tick, RUSH)
        if len(plan.changed):
            break
    row = int(plan.changed[0])
    assert plan.rule_of(row) == "goal"
    assert any("'goal'" in cell.why for cell in plan.story(row))


def test_observing_it_calls_nobody_and_says_the_same() -> None:
    watched, plan = busy(pursuing(goal=SERVICE, mode=Mode.OBSERVE))
    assert watched.limits == [2.0] * 20
    assert "arrivals 8.0/min" in plan.goal


def test_without_a_goal_there_is_nothing_said_and_nothing_learned() -> None:
    bare = replace(pursuing(), goal=None, rules=())
    pursued, plan = busy(bare)
    assert plan.goal == ""
    assert pursued.memory.groups["webchat"].learned is None


# what bounds it

VETO = Rule(name="slow replies", when=ALWAYS, hold=Direction.RAISE)
UNSURE = Rule(name="slow replies", when=over(LOAD, 99.0), per_agent=True, hold=Direction.RAISE)


@pytest.mark.parametrize("veto", [VETO, replace(VETO, hold=Direction.BOTH)])
def test_a_rule_that_holds_raises_holds_the_goal(veto: Rule) -> None:
    pursued, plan = busy(pursuing(veto, goal=SERVICE))
    assert pursued.limits == [2.0] * 20
    assert any("slow replies" in words for words in plan.held)


def test_a_hold_that_does_not_match_or_is_only_watched_holds_nothing() -> None:
    for rule in (UNSURE, replace(VETO, mode=Mode.OBSERVE), replace(VETO, hold=Direction.LOWER)):
        assert max(busy(pursuing(rule, goal=SERVICE))[0].limits) > 2


CALM_CHATS = Goal(chat_stretch_below=1.1)


def test_where_chats_are_stretched_it_lowers_and_a_hold_of_lowers_keeps_it_from_that() -> None:
    crowded = [replace(one, load=6.0, limit=6.0) for one in team()]
    pursued, _ = busy(pursuing(goal=CALM_CHATS), people=crowded)
    assert max(pursued.limits) < 6
    held, _ = busy(pursuing(replace(VETO, hold=Direction.LOWER), goal=CALM_CHATS), people=crowded)
    assert held.limits == [6.0] * 20


def test_caps_and_floors_of_rules_bound_it() -> None:
    capped, _ = busy(pursuing(Rule(name="cap", when=ALWAYS, cap=2), goal=SERVICE))
    assert capped.limits == [2.0] * 20
    floored, _ = busy(pursuing(Rule(name="floor", when=ALWAYS, floor=5), goal=CALM_CHATS))
    assert floored.limits == [5.0] * 20


def test_pins_and_protected_people_stay_where_they_are() -> None:
    pin = Pin(agent=1002, media_type=51, limit=1, until=None, reason="coaching", by="ana")
    rules = pursuing(goal=SERVICE, protect=(IdRange(first=1001, last=1001),))
    pursued, _ = busy(rules, overrides=Overrides(pins=(pin,)))
    assert pursued.limits[:2] == [2.0, 1.0]
    assert max(pursued.limits[2:]) > 2


def test_a_pin_draws_nobody_else_along() -> None:
    """To stay is to keep what was aimed at: a mean over people who can't follow would go down with every choice."""
    pin = Pin(agent=1002, media_type=51, limit=1, until=None, reason="coaching", by="ana")
    pinned, _ = busy(overrides=Overrides(pins=(pin,)), minutes=90)
    alone, _ = busy(minutes=90)
    assert pinned.limits[1] == 1.0
    assert [pinned.limits[0], *pinned.limits[2:]] == [alone.limits[0], *alone.limits[2:]]


@pytest.mark.parametrize(
    "overrides", [Overrides(frozen=True), Overrides(pauses=(Pause(group=None, until=None, reason="", by=""),))]
)
def test_while_frozen_or_paused_nobody_moves_and_it_goes_on_learning(overrides: Overrides) -> None:
    pursued, _ = busy(overrides=overrides)
    assert pursued.limits == [2.0] * 20
    assert pursued.learned.tiers[NO_TIER].done.sum() > 0


@law
@given(scene=scenes())
def test_beside_any_rules_and_troubles_nobody_leaves_the_bounds(scene: Scene) -> None:
    rules = replace(scene.rules, rules=(*scene.rules.rules, GOAL), goal=SERVICE)
    caps = [rule.cap for rule in rules.rules if rule.cap is not None]
    lowest = min([*caps, *([rules.warm_up.start] if rules.warm_up else [])], default=60)
    for _, step in play(replace(scene, rules=rules)):
        assert ((step.wanted >= 1) & (step.wanted <= 60)).all()
        assert (step.wanted <= step.team.ceiling)[step.moved > 0].all()
        assert (step.wanted >= np.minimum(step.team.floor, lowest))[step.moved < 0].all()
        blind = np.isnan(step.moment.waiting) or step.moment.queue_age_s > 60
        by_goal = step.plan.rule == len(rules.rules) - 1
        assert not (blind and (by_goal & (step.moved > 0)).any()), "nobody is raised on a queue nobody knows"


GOAL = pursuing().rules[-1]
MAYBE = st.sampled_from([UNKNOWN, 0.0, 1.0, 5.0, 40.0])


@settings(max_examples=60, deadline=None)
@given(
    story=st.lists(
        st.tuples(
            st.sampled_from([5.0, 15.0, 60.0, 3600.0]),
            st.builds(View, waiting=MAYBE, arrivals_per_minute=MAYBE, abandoned_per_minute=MAYBE),
            st.lists(st.one_of(st.none(), st.just(UNKNOWN), st.integers(0, 7).map(float)), min_size=5, max_size=5),
        ),
        max_size=25,
    ),
    goal=st.sampled_from([SERVICE, Goal(), CALM_CHATS, Goal(cost=GoalCost(abandoned=500.0))]),
)
def test_whatever_goes_missing_or_comes_and_goes_every_figure_stays_one(story: list, goal: Goal) -> None:
    tiers = (Tier(name="new", ids=(IdRange(first=1001, last=1002),), limits=Limits(floor=1, baseline=2, ceiling=4)),)
    pursued = Pursued.of(pursuing(goal=goal, tiers=tiers), [])
    seconds = 0.0
    for after, view, loads in story:
        seconds += after
        here = {row: load for row, load in enumerate(loads) if load is not None}
        pursued.people = {
            1001 + row: replace(pursued.people.get(1001 + row, Person(id=1001 + row, limit=2.0)), load=load)
            for row, load in here.items()
        }
        plan = pursued.tick(seconds, view)
        for agent, limit in zip(plan.ids.tolist(), wanted(plan), strict=True):
            assert 1 <= limit <= (4 if agent <= 1002 else 6)
        json.dumps(to_json(pursued.learned), allow_nan=False)
        for tier in pursued.learned.tiers.values():
            assert np.isfinite([tier.done, tier.spent_s, tier.rate]).all()
            assert np.isnan(tier.aim) or 1 <= tier.aim <= 6
        if np.isnan(view.waiting):
            assert not (plan.limits[Stage.WANTED] > plan.limits[Stage.ARBITRATED]).any()


# what is not known


def test_without_a_reading_of_the_queue_it_abstains_and_raises_nobody() -> None:
    pursued, plan = busy(view=replace(RUSH, waiting=UNKNOWN))
    assert pursued.limits == [2.0] * 20
    assert plan.verdicts[-1].kind is VerdictKind.UNKNOWN
    assert "queue.waiting" in plan.unknown_inputs


def test_where_nobody_counts_arrivals_they_follow_from_loads_and_the_queue() -> None:
    _, counted = busy(view=RUSH)
    pursued, plan = busy(view=replace(RUSH, arrivals_per_minute=UNKNOWN, abandoned_per_minute=UNKNOWN))
    assert counted.goal.startswith("limit ")
    assert plan.goal.startswith("limit ")
    assert pursued.learned.counted_at is None
    assert pursued.learned.arrivals > 0


def test_while_arrivals_are_lost_nothing_is_chosen_anew() -> None:
    pursued, _ = busy(view=QUIET)
    chosen = pursued.learned.planned_at
    before = pursued.limits
    for tick in range(40):
        pursued.tick(3600.0 + 15 * tick, View(waiting=30.0, arrivals_per_minute=UNKNOWN))
    assert pursued.learned.planned_at == chosen
    assert pursued.limits == before


def test_where_no_load_is_known_nobody_is_raised() -> None:
    pursued, _ = busy(people=[replace(one, load=UNKNOWN) for one in team()])
    assert max(pursued.limits) <= 2


def test_of_whom_the_load_is_not_known_nothing_is_raised_and_the_others_are() -> None:
    unread = [replace(one, load=UNKNOWN) if one.id <= 1003 else one for one in team()]
    pursued, _ = busy(people=unread)
    assert max(pursued.limits[:3]) <= 2
    assert max(pursued.limits[3:]) > 2


# who is there


def test_with_nobody_there_it_waits_and_goes_on_when_people_come() -> None:
    pursued, plan = busy(people=[])
    assert plan.goal == ""
    pursued.people = {one.id: one for one in team()}
    for tick in range(60):
        plan = pursued.tick(1000.0 + 15 * tick, RUSH)
    assert plan.goal.startswith("limit ")
    assert max(pursued.limits) > 2


def test_one_agent_is_a_team_too() -> None:
    view = View(waiting=1.0, arrivals_per_minute=0.5, abandoned_per_minute=0.1)
    pursued, plan = busy(people=team(1), view=view, minutes=20)
    assert ", 1 agents, " in plan.goal or ", 1 agent, " in plan.goal
    assert 1 <= pursued.limits[0] <= 6


def test_who_signs_in_later_is_taken_to_the_same_limits() -> None:
    pursued, _ = busy()
    pursued.people |= {id_: Person(id=id_, load=0.0, limit=1.0) for id_ in (2001, 2002, 2003)}
    for tick in range(41, 120):
        pursued.tick(15.0 * tick, RUSH)
    assert min(pursued.limits) > 1
    assert max(pursued.limits) - min(pursued.limits) <= 1


def test_after_an_hour_without_a_tick_it_goes_on_from_what_is_seen_now() -> None:
    """Two ticks an hour apart are not compared, and arrivals from before have faded behind those of now."""
    pursued, _ = busy()
    known = pursued.learned.tiers[NO_TIER].done.copy()
    plan = pursued.tick(4200.0, View(waiting=0.0, arrivals_per_minute=2.0))
    np.testing.assert_array_equal(pursued.learned.tiers[NO_TIER].done, known)
    assert plan.goal.startswith("limit ")
    assert pursued.learned.planned_at == T0 + 4200.0


def test_limits_are_chosen_once_in_a_while_and_the_choice_stands_between() -> None:
    pursued, _ = busy(minutes=0)
    chosen = set()
    for tick in range(1, 81):
        pursued.tick(5.0 * tick, RUSH)
        chosen.add(pursued.learned.planned_at)
    times = sorted(time for time in chosen if time is not None)
    assert len(times) > 3
    assert (np.diff(times) >= EVERY_S).all()


def test_a_mean_limit_that_is_not_whole_is_shared_out_and_stays_with_who_has_it() -> None:
    """As between two choices: what was aimed at is put into the memory."""
    pursued, _ = busy(people=team(12), view=QUIET, minutes=1)

    def aimed(mean: float, seconds: float) -> list[float]:
        learned = pursued.learned
        tiers = {NO_TIER: replace(learned.tiers[NO_TIER], aim=mean)}
        learned = replace(learned, tiers=tiers, planned_at=T0 + seconds)
        memory = replace(pursued.memory.groups["webchat"], learned=learned)
        pursued.memory = Memory(groups={"webchat": memory})
        pursued.tick(seconds + 1, QUIET)
        return pursued.limits

    half = aimed(3.5, 100.0)
    assert sorted(half) == [3.0] * 6 + [4.0] * 6
    assert aimed(3.5, 200.0) == half
    quarter = aimed(3.25, 300.0)
    assert sorted(quarter) == [3.0] * 9 + [4.0] * 3
    assert all(now <= before for now, before in zip(quarter, half, strict=True)), "nobody else is raised"
    assert aimed(4.0, 400.0) == [4.0] * 12


# reloads


def rules_with(*tiers: Tier, ceiling: int = 6) -> Group:
    return pursuing(goal=SERVICE, tiers=tiers, limits=Limits(floor=1, baseline=3, ceiling=ceiling))


NEW = Tier(name="new", ids=(IdRange(first=1001, last=1004),), limits=Limits(floor=1, baseline=2, ceiling=4))
OLD = Tier(name="old", ids=(IdRange(first=1005, last=1012),), limits=Limits(floor=1, baseline=3, ceiling=8))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (rules_with(), rules_with(NEW)),
        (rules_with(NEW, OLD), rules_with(OLD)),
        (rules_with(NEW), rules_with(OLD, NEW)),
        (rules_with(), rules_with(ceiling=9)),
        (rules_with(ceiling=9), rules_with()),
        (rules_with(NEW), rules_with(NEW, ceiling=4)),
    ],
)
def test_a_reload_keeps_what_was_learned_of_tiers_and_levels_that_are_still_there(before: Group, after: Group) -> None:
    site = Site.of(peaked(4), 12, arrivals=0.1)
    for pursued, _ in lived(site, before, 0.5):
        known = pursued.learned
    pursued.rules = after
    pursued.tick(1800.0, View(arrivals_per_minute=6.0, waiting=float(site.waiting)))
    now = pursued.learned
    # a tier that is taken out may be put back: nothing learned of it is thrown away
    assert set(now.tiers) == {*known.tiers, *(tier.name for tier in after.tiers), NO_TIER}
    kept = {*(tier.name for tier in after.tiers), NO_TIER} & set(known.tiers)
    assert sum(known.tiers[name].done.sum() for name in kept) > 0
    for name in kept:
        one, other = known.tiers[name], now.tiers[name]
        both = min(len(one.done), len(other.done))
        np.testing.assert_array_equal(one.done[:both], other.done[:both])
        np.testing.assert_array_equal(one.spent_s[:both], other.spent_s[:both])
    for tick in range(1, 9):
        pursued.tick(1800.0 + 15 * tick, View(arrivals_per_minute=6.0))
    ceilings = dict.fromkeys(pursued.people, after.limits.ceiling)
    for tier in after.tiers:
        ceilings |= {row: tier.limits.ceiling for row in pursued.people if tier.ids[0].first <= row <= tier.ids[0].last}
    assert all(one.limit <= ceilings[row] for row, one in pursued.people.items())


# order


def test_the_order_in_which_agents_are_given_changes_no_byte() -> None:
    book = Rulebook(groups=(pursuing(goal=SERVICE),), digest="sha256:test")
    shuffle = random.Random(5).shuffle
    memory = Memory()
    for tick in range(12):
        agents = [{"id": 1001 + row, "load": 3 + (row + tick) % 2, "limit": 3, "state": "idle"} for row in range(9)]
        value = {
            "at": f"2026-11-22T10:{tick // 2:02}:{tick % 2 * 30:02}Z",
            "queues": [{"id": 2001, "waiting": 4, "arrivals_per_minute": 5, "abandoned_per_minute": 0.5}],
            "agents": agents,
            "memory": json.loads(json.dumps(memory_to_json(memory))),
        }
        shuffled = {**value, "agents": list(agents)}
        shuffle(shuffled["agents"])
        plans = []
        for one in (value, shuffled):
            seen, remembered, when = parse_input(one)
            assert remembered is not None
            plans.append(decide(book, seen, remembered, when))
        assert json.dumps(plan_to_json(plans[0])) == json.dumps(plan_to_json(plans[1]))
        memory = plans[0].memory
    assert plans[0].groups[0].goal
