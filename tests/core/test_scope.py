"""What the names of an expression are worth, and when nobody knows."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from autoscaler.core.book import Group, IdRange, InputSpec, Limits, Safety, Tier
from autoscaler.core.evaluation import judge
from autoscaler.core.expressions import Compare, Literal, Name, Relation, Scope, Unit, spelt
from autoscaler.core.readings import AgentState, Input, Snapshot
from autoscaler.core.scope import GroupView

from .staging import UNKNOWN, Person, assembled, group, named, over, people, queues, snapshot

TEN = people(10, load=2.0)


def view(floor: Group, seen: Snapshot, team: list[Person]) -> GroupView:
    return GroupView(floor, seen, assembled(floor, team), np.full(len(team), UNKNOWN), {}, {}, at=0.0)


def value(name: str, *, floor: Group | None = None, seen: Snapshot | None = None, team: list[Person] = TEN) -> float:
    result = view(floor or group(), seen or snapshot(team, 5.0), team).value(named(name))
    assert isinstance(result, float)
    return result


def column(name: str, team: list[Person], floor: Group | None = None) -> list[float]:
    result = view(floor or group(), snapshot(team), team).value(named(name))
    assert isinstance(result, np.ndarray)
    return [round(float(one), 6) for one in result]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("queue.waiting", 5.0),
        ("queue.id", 2001.0),
        ("group.agents", 10.0),
        ("group.slots", 30.0),
        ("group.load", 20.0),
        ("group.spare", 10.0),
        ("group.occupancy", 2 / 3),
        ("group.busy", 1.0),
        ("group.waiting_per_agent", 0.5),
        ("group.mean_limit", 3.0),
    ],
)
def test_group_wide_names_are_worth_what_the_rules_say(name: str, expected: float) -> None:
    assert value(name) == pytest.approx(expected)


@pytest.mark.parametrize("age_s", [60.1, UNKNOWN])
def test_a_stale_queue_or_one_of_unknown_age_is_not_known(age_s: float) -> None:
    assert math.isnan(value("queue.waiting", seen=snapshot(TEN, 5.0, queue_age_s=age_s)))


def test_a_queue_as_old_as_allowed_is_known() -> None:
    assert value("queue.waiting", seen=snapshot(TEN, 5.0, queue_age_s=60.0)) == 5.0


def test_several_queues_are_summed_and_their_oldest_wait_is_the_longest() -> None:
    seen = replace(snapshot(TEN), queues=queues(ids=(2002, 2001), waits=(4.0, 3.0), oldest=(10.0, 90.0)))
    floor = group(queues=(2001, 2002))
    assert value("queue.waiting", floor=floor, seen=seen) == 7.0
    assert value("queue.oldest_wait", floor=floor, seen=seen) == 90.0
    assert math.isnan(value("queue.id", floor=floor, seen=seen))


def test_one_of_two_queues_missing_makes_their_sum_unknown_and_the_other_one_stays_known() -> None:
    floor = group(queues=(2001, 2002))
    for seen_queues in (
        queues(ids=(2001,), waits=(3.0,)),
        queues(ids=(2001, 2002), waits=(3.0, UNKNOWN)),
        queues(ids=(2001, 2002), waits=(3.0, 4.0), ages=(2.0, 61.0)),
    ):
        looking = view(floor, replace(snapshot(TEN), queues=seen_queues), TEN)
        assert math.isnan(float(looking.value(named("queue.waiting"))))
        assert looking.value(Name(Scope.QUEUE, "waiting", queue=2001)) == 3.0


@pytest.mark.parametrize(("known", "is_known"), [(9, True), (8, False)])
def test_the_groups_load_is_known_from_a_quorum_of_agents_on(known: int, is_known: bool) -> None:
    team = TEN[:known] + [replace(one, load=UNKNOWN) for one in TEN[known:]]
    for name in ("group.load", "group.occupancy", "group.spare", "group.busy"):
        assert math.isnan(value(name, team=team)) is not is_known
    assert value("group.slots", team=team) == 30.0


def test_occupancy_is_taken_over_those_whose_load_is_known() -> None:
    team = [*TEN[:9], replace(TEN[9], age_s=61.0, load=60.0)]
    assert value("group.occupancy", team=team) == pytest.approx(18 / 27)


def test_a_stale_agent_counts_as_one_without_a_reading_even_with_no_quorum_asked_for() -> None:
    floor = group(safety=Safety(quorum=0.0))
    team = [replace(one, age_s=UNKNOWN) for one in TEN]
    assert math.isnan(value("group.load", floor=floor, team=team))


def test_agents_on_a_break_are_not_the_groups_capacity() -> None:
    team = [*TEN[:4], *(replace(one, state=AgentState.REST) for one in TEN[4:])]
    assert value("group.agents", team=team) == 4.0
    assert value("group.slots", team=team) == 12.0
    assert value("group.load", team=team) == 8.0


def test_a_group_without_agents_has_no_load_and_no_occupancy_and_misses_nothing() -> None:
    assert value("group.agents", team=[]) == 0.0
    assert value("group.load", team=[]) == 0.0
    assert value("group.spare", team=[]) == 0.0
    for name in ("group.occupancy", "group.busy", "group.mean_limit", "group.waiting_per_agent"):
        assert math.isnan(value(name, team=[]))
        assert view(group(), snapshot([], 5.0), []).missing_of(over(named(name), 1)) == ()


def test_while_nobody_knows_who_is_signed_in_nothing_of_the_group_is_known() -> None:
    looking = view(group(), snapshot(TEN, 5.0, roster_problem="the CMS does not answer"), TEN)
    for name in ("group.agents", "group.slots", "group.load", "group.mean_limit"):
        assert math.isnan(float(looking.value(named(name))))
        assert [spelt(one) for one in looking.missing_of(over(named(name), 1))] == [name]
    assert looking.value(named("queue.waiting")) == 5.0


REPLY = InputSpec(
    name="reply_seconds", source="prometheus", query="x", max_age_s=60.0, between=(0.0, 100.0), required=True
)


@pytest.mark.parametrize(
    ("reading", "is_known"),
    [
        (Input(value=0.0, age_s=5.0), True),
        (Input(value=100.0, age_s=60.0), True),
        (Input(value=100.1, age_s=5.0), False),
        (Input(value=-0.1, age_s=5.0), False),
        (Input(value=50.0, age_s=60.1), False),
        (Input(value=50.0, age_s=UNKNOWN), False),
        (Input(value=UNKNOWN, age_s=5.0), False),
        (None, False),
    ],
)
def test_an_input_counts_while_it_is_fresh_and_plausible(reading: Input | None, is_known: bool) -> None:
    inputs = {} if reading is None else {"reply_seconds": reading}
    looking = view(group(inputs=(REPLY,)), snapshot(TEN, inputs=inputs), TEN)
    known = looking.value(named("input.reply_seconds"))
    assert math.isnan(float(known)) is not is_known
    missing = looking.missing_of(over(named("input.reply_seconds"), 60))
    assert [spelt(name) for name in missing] == ([] if is_known else ["input.reply_seconds"])


def test_an_input_without_a_range_may_be_anything() -> None:
    anything = replace(REPLY, between=None)
    seen = snapshot(TEN, inputs={"reply_seconds": Input(value=-5e9, age_s=1.0)})
    assert view(group(inputs=(anything,)), seen, TEN).value(named("input.reply_seconds")) == -5e9


def test_an_agents_own_names_are_columns_of_what_is_known_of_it() -> None:
    team = [
        Person(id=1001, load=2.0, limit=4.0, state=AgentState.TALKING),
        Person(id=1002, load=5.0, limit=4.0, state=AgentState.UNKNOWN),
        Person(id=1003, load=1.0, limit=4.0, state=AgentState.IDLE, age_s=90.0),
    ]
    nan = pytest.approx(UNKNOWN, nan_ok=True)
    assert column("agent.id", team) == [1001.0, 1002.0, 1003.0]
    assert column("agent.load", team) == [2.0, 5.0, nan]
    assert column("agent.limit", team) == [4.0, 4.0, 4.0]
    assert column("agent.spare", team) == [2.0, 0.0, nan]
    assert column("agent.occupancy", team) == [0.5, 1.25, nan]
    assert column("agent.state", team) == [float(AgentState.TALKING), nan, nan]
    assert column("agent.state_for", team) == [60.0, 60.0, nan]
    assert column("agent.signed_in_for", team) == [3600.0, 3600.0, nan]
    assert column("agent.above_baseline_for", team) == [0.0, 0.0, 0.0]


def test_a_tier_is_compared_by_name_and_an_agent_in_none_is_known_to_be_in_none() -> None:
    limits = Limits(floor=1, baseline=3, ceiling=6)
    floor = group(
        tiers=(
            Tier(name="trainees", ids=(IdRange(first=1001, last=1001),), limits=limits),
            Tier(name="seniors", ids=(IdRange(first=1001, last=1002),), limits=limits),
        )
    )
    team = people(3)
    tier = named("agent.tier")
    for name, expected in (
        ("trainees", [True, False, False]),
        ("seniors", [False, True, False]),
        ("nobody", [False, False, False]),
    ):
        condition = Compare(Relation.EQ, tier, Literal(name, Unit.TEXT))
        truth = judge(condition, view(floor, snapshot(team), team))
        assert truth.yes.tolist() == expected
        assert truth.no.tolist() == [not one for one in expected]


MIXED = [Person(id=1001 + index, load=load, limit=2.0) for index, load in enumerate([0.0, 1.0, 2.0, 5.0])]


def test_busy_is_who_holds_a_chat_and_nobody_has_less_than_no_spare_room() -> None:
    assert value("group.busy", team=MIXED) == 0.75
    assert value("group.spare", team=MIXED) == 3.0
    assert column("agent.spare", MIXED) == [2.0, 1.0, 0.0, 0.0]


def test_an_agents_reading_as_old_as_allowed_is_known() -> None:
    team = [Person(id=1001, age_s=60.0), Person(id=1002, age_s=60.1)]
    np.testing.assert_array_equal(column("agent.load", team), [3.0, UNKNOWN])


def test_signed_out_is_a_state_like_any_other_and_no_state_is_none() -> None:
    team = [Person(id=1001, state=AgentState.SIGNED_OUT), Person(id=1002, state=AgentState.UNKNOWN)]
    np.testing.assert_array_equal(column("agent.state", team), [0.0, UNKNOWN])
