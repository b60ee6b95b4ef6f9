"""Rules that look ahead: what they are told, what the plan says of it, and that a restart forgets nothing."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from autoscaler.core.book import Calendar, Prior
from autoscaler.core.exchange import plan_to_json
from autoscaler.core.expressions import Arithmetic, Compare, Expression, Operator, OverTime, Relation, TimeFunction
from autoscaler.core.forecasting import Basis, Forecast, observed
from autoscaler.core.foretelling import told
from autoscaler.core.memory import from_json
from autoscaler.core.memory import to_json as memory_to_json
from autoscaler.core.outlooks import Outlook, prior_of, to_json
from autoscaler.core.verdicts import VerdictKind
from autoscaler.store.memory_blob import pack_memory, unpack_memory

from .staging import T0, UNKNOWN, WAITING, Floor, group, number, people, raising, slots

DOUBLE = Arithmetic(Operator.MUL, WAITING, number(2))


def ahead(argument: Expression = WAITING, seconds: float = 900.0) -> OverTime:
    return OverTime(TimeFunction.FORECAST, argument, seconds)


def crowded(argument: Expression = WAITING, over: float = 20.0) -> Compare:
    return Compare(Relation.GT, ahead(argument), number(over))


def prior(origin: str = "sha256:1", busy: float = 40.0) -> Prior:
    """Three weeks in which every quarter before half past ten was quiet, and every later one busy."""
    outlook = Outlook.blank()
    for tick in range(21 * 96):
        at = T0 - 21 * 86_400 + tick * 900
        value = busy if (at % 86_400) >= 10.25 * 3600 else 2.0
        outlook = observed(outlook, value, at=at, calendar=Calendar(), every_s=900)
    return Prior(value="queue.waiting", origin=origin, known=json.dumps(prior_of(outlook)))


def test_a_rule_raises_before_the_rush_and_the_plan_says_by_what() -> None:
    floor = Floor.of(group(raising(slots(2), crowded()), priors=(prior(),)), people(4))

    quiet = floor.tick(-20 * 60, 2)
    near = floor.tick(8 * 60, 2)

    assert quiet.verdicts[0].kind is VerdictKind.FALSE
    assert near.verdicts[0].kind is VerdictKind.TRUE
    assert near.slots.wanted == quiet.slots.wanted + 2
    assert near.forecasts[0].startswith("forecast of queue.waiting in 15m: 40 by the profile of mondays (error ")


def test_without_a_past_it_is_the_value_as_it_is_and_says_so() -> None:
    floor = Floor.of(group(raising(slots(2), crowded())), people(4))

    plan = floor.tick(0, 30)

    assert plan.verdicts[0].kind is VerdictKind.TRUE
    assert plan.forecasts == (
        "forecast of queue.waiting in 15m: 30 as it is now, no day has been seen at that time yet",
    )
    assert floor.plan is not None
    assert plan_to_json(floor.plan)["groups"][0]["forecasts"] == list(plan.forecasts)


def test_a_missing_reading_makes_the_rule_abstain_whatever_the_profile_knows() -> None:
    floor = Floor.of(group(raising(slots(2), crowded()), priors=(prior(),)), people(4))
    floor.tick(8 * 60, 2)

    plan = floor.tick(9 * 60, UNKNOWN)

    assert plan.verdicts[0].kind is VerdictKind.UNKNOWN
    assert plan.unknown_inputs == ("queue.waiting",)
    assert plan.forecasts == ("forecast of queue.waiting in 15m: not known, the value itself is not known",)


def test_a_restart_at_any_tick_decides_and_says_the_same() -> None:
    rules = group(raising(slots(1), crowded(DOUBLE, 50)), raising(slots(1), crowded(), "near"), priors=(prior(),))
    through = Floor.of(rules, people(4))
    packed = Floor.of(rules, people(4))
    living = Floor.of(rules, people(4))
    for tick in range(150):
        waiting = UNKNOWN if tick % 11 == 3 else 10 * (1 + math.sin(tick / 9))
        plans = [floor.tick(tick * 60, waiting) for floor in (living, through, packed)]
        assert plans[0].forecasts == plans[1].forecasts == plans[2].forecasts
        assert plans[0].slots == plans[1].slots == plans[2].slots
        through.memory = from_json(json.loads(json.dumps(memory_to_json(through.memory), allow_nan=False)))
        kept = {name: unpack_memory(pack_memory(one)) for name, one in packed.memory.groups.items()}
        packed.memory = type(packed.memory)(groups=kept)
    assert json.dumps(memory_to_json(living.memory)) == json.dumps(memory_to_json(packed.memory))


def test_a_value_is_learned_once_a_tick_however_often_it_is_asked_for() -> None:
    twice = Floor.of(
        group(raising(slots(1), crowded()), raising(slots(1), Compare(Relation.GT, ahead(seconds=60), number(9)), "b")),
        people(2),
    )
    once = Floor.of(group(raising(slots(1), crowded())), people(2))
    for tick in range(70):
        twice.tick(tick * 15, tick)
        once.tick(tick * 15, tick)

    outlooks = [floor.memory.groups["webchat"].outlooks for floor in (twice, once)]
    assert list(outlooks[0]) == list(outlooks[1]) == ["queue.waiting"]
    assert to_json(outlooks[0]["queue.waiting"]) == to_json(outlooks[1]["queue.waiting"])


def test_another_profile_file_takes_the_place_of_what_was_learned_and_none_leaves_it() -> None:
    floor = Floor.of(group(raising(slots(2), crowded()), priors=(prior(),)), people(4))
    floor.tick(8 * 60, 2)

    floor.rules = group(raising(slots(2), crowded()))
    kept = floor.tick(8 * 60 + 15, 2)
    floor.rules = group(raising(slots(2), crowded()), priors=(prior("sha256:2", busy=80.0),))
    other = floor.tick(8 * 60 + 30, 2)

    assert "by the profile of mondays" in kept.forecasts[0]
    assert float(other.forecasts[0].split()[5]) == pytest.approx(80, rel=0.1)


@pytest.mark.parametrize(
    ("basis", "said"),
    [
        (Basis.PROFILE, "14.2 by the profile of tuesdays (error 1.8 against 2.9 without)"),
        (Basis.WORSE, "11 as it is now, the profile errs more than no forecast (error 1.8 against 2.9)"),
        (Basis.UNTRIED, "11 as it is now, the profile is too young to be trusted"),
        (Basis.UNSEEN, "11 as it is now, no day has been seen at that time yet"),
    ],
)
def test_a_forecast_is_told_with_what_it_rests_on_of_its_first_horizon(basis: Basis, said: str) -> None:
    forecast = Forecast(
        by_profile=np.array([14.2, 70.0]),
        without=11.0,
        errors=np.array([[1.8, 5.0], [2.9, 6.0]]),
        basis=(basis, Basis.UNTRIED if basis is Basis.PROFILE else Basis.PROFILE),
        days=("tuesday", "friday"),
    )
    assert told(ahead(seconds=1800.0), forecast) == f"forecast of queue.waiting in 30m: {said}"


def test_a_file_without_forecasts_remembers_nothing_of_any_value() -> None:
    floor = Floor.of(group(raising(slots(1))), people(2))
    plan = floor.tick(0, 5)
    assert plan.forecasts == ()
    assert floor.memory.groups["webchat"].outlooks == {}
