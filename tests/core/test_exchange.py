"""The decision's JSON form: what is read, and that every wrong input names its place."""

from __future__ import annotations

import copy
import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest

from autoscaler.core.exchange import parse_input, parse_time, plan_to_json
from autoscaler.core.readings import ANY_MEDIA, AgentState
from autoscaler.errors import ReadingMalformed

from .staging import Floor, group, people

GOOD: dict[str, Any] = {
    "at": "2026-11-22T10:00:00Z",
    "queues": [
        {
            "id": 2001,
            "waiting": 31,
            "oldest_wait_s": 44.0,
            "arrivals_per_minute": 12.5,
            "abandoned_per_minute": 0.4,
            "age_s": 2.0,
        }
    ],
    "agents": [
        {"id": 1002, "load": {"51": 2, "53": 1}, "limit": {"51": 4}, "state": "ready", "queues": None},
        {
            "id": 1001,
            "load": 3,
            "limit": None,
            "state": "talking",
            "state_for_s": 60,
            "signed_in_for_s": 3600,
            "age_s": 2.0,
            "queues": [2001, 2002],
            "reachable": False,
        },
    ],
    "inputs": {"reply_seconds": {"value": -20.0, "age_s": 5.0}},
    "overrides": {
        "frozen": False,
        "pauses": [{"group": "webchat", "until": "2026-11-22T12:00:00+01:00", "reason": "drill", "by": "ops"}],
        "pins": [{"agent": 1001, "limit": 4}],
    },
    "memory": None,
}


def test_an_input_is_read_and_agents_are_put_in_order() -> None:
    snapshot, memory, at = parse_input(GOOD)
    assert at == datetime(2026, 11, 22, 10, tzinfo=UTC)
    assert memory is None
    agents = snapshot.agents
    assert agents.ids.tolist() == [1001, 1002]
    assert agents.load[ANY_MEDIA].tolist() == [3.0, pytest.approx(math.nan, nan_ok=True)]
    assert agents.load[51].tolist() == [pytest.approx(math.nan, nan_ok=True), 2.0]
    assert agents.limit[51].tolist() == [pytest.approx(math.nan, nan_ok=True), 4.0]
    assert agents.state.tolist() == [AgentState.TALKING, AgentState.IDLE]
    assert agents.queue_ids.tolist() == [2001, 2002]
    assert agents.queue_offsets.tolist() == [0, 2, 2]
    assert agents.queues_known.tolist() == [True, False]
    assert agents.age_s.tolist() == [2.0, 0.0], "an age left out is now"
    assert agents.reachable is not None
    assert agents.reachable.tolist() == [False, True]
    assert snapshot.queues.waiting.tolist() == [31.0]
    assert snapshot.inputs["reply_seconds"].value == -20.0
    pause, pin = snapshot.overrides.pauses[0], snapshot.overrides.pins[0]
    assert pause.until == datetime(2026, 11, 22, 11, tzinfo=UTC)
    assert (pin.agent, pin.media_type, pin.limit, pin.until) == (1001, ANY_MEDIA, 4, None)


def test_null_and_absent_are_missing_readings_and_never_zero() -> None:
    snapshot, _, _ = parse_input(
        {
            "at": "2026-11-22T10:00:00Z",
            "queues": [{"id": 2001, "waiting": None}],
            "agents": [{"id": 1001}],
            "inputs": None,
            "overrides": None,
        }
    )
    assert math.isnan(snapshot.queues.waiting[0])
    assert math.isnan(snapshot.queues.oldest_wait_s[0])
    assert snapshot.agents.load == {}
    assert snapshot.agents.state.tolist() == [AgentState.UNKNOWN]
    assert snapshot.agents.reachable is None
    assert math.isnan(snapshot.agents.signed_in_for_s[0])
    assert not snapshot.overrides.frozen


def test_the_least_an_input_can_be_is_a_time() -> None:
    snapshot, memory, _ = parse_input({"at": "2026-11-22T10:00:00Z"})
    assert len(snapshot.agents.ids) == len(snapshot.queues.ids) == 0
    assert memory is None


MISSING = object()


def changed(path: str, value: Any) -> dict[str, Any]:
    """GOOD with one place changed, as `agents.1.load`; MISSING takes the key away."""
    whole = copy.deepcopy(GOOD)
    *steps, last = [int(part) if part.isdecimal() else part for part in path.split(".")]
    place: Any = whole
    for step in steps:
        place = place[step]
    if value is MISSING:
        del place[last]
    else:
        place[last] = value
    return whole


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ([], "input"),
        ("x", "input"),
        (None, "input"),
        (changed("agent", []), "input.agent"),
        (changed("at", MISSING), "at"),
        (changed("at", "noon"), "at"),
        (changed("at", 1_700_000_000), "at"),
        (changed("at", "2026-11-22T10:00:00"), "at"),
        (changed("queues", {}), "queues"),
        (changed("queues.0", 5), "queues[0]"),
        (changed("queues.0.wating", 5), "queues[0].wating"),
        (changed("queues.0.id", None), "queues[0].id"),
        (changed("queues.0.id", "2001"), "queues[0].id"),
        (changed("queues.0.id", -1), "queues[0].id"),
        (changed("queues.0.waiting", "31"), "queues[0].waiting"),
        (changed("queues.0.waiting", -1), "queues[0].waiting"),
        (changed("queues.0.waiting", True), "queues[0].waiting"),
        (changed("queues.0.waiting", math.inf), "queues[0].waiting"),
        (changed("queues.0.age_s", -1), "queues[0].age_s"),
        (changed("queues", GOOD["queues"] * 2), "queues[1].id"),
        (changed("agents", None), "agents"),
        (changed("agents.0", []), "agents[0]"),
        (changed("agents.0.lod", 3), "agents[0].lod"),
        (changed("agents.0.id", MISSING), "agents[0].id"),
        (changed("agents.1.id", 100), "agents[1].id"),
        (changed("agents.1.id", 1_000_000), "agents[1].id"),
        (changed("agents.1.id", 1001.0), "agents[1].id"),
        (changed("agents.1.id", 1002), "agents[1].id"),
        (changed("agents.1.load", -1), "agents[1].load"),
        (changed("agents.1.load", 2.5), "agents[1].load"),
        (changed("agents.1.load", "3"), "agents[1].load"),
        (changed("agents.1.load", [3]), "agents[1].load"),
        (changed("agents.0.load", {"chat": 3}), "agents[0].load"),
        (changed("agents.1.limit", 0), "agents[1].limit"),
        (changed("agents.1.limit", 61), "agents[1].limit"),
        (changed("agents.1.limit", True), "agents[1].limit"),
        (changed("agents.1.state", "dancing"), "agents[1].state"),
        (changed("agents.1.state", 5), "agents[1].state"),
        (changed("agents.1.state_for_s", "60"), "agents[1].state_for_s"),
        (changed("agents.1.signed_in_for_s", -1), "agents[1].signed_in_for_s"),
        (changed("agents.1.age_s", {}), "agents[1].age_s"),
        (changed("agents.1.queues", 2001), "agents[1].queues"),
        (changed("agents.1.queues", [2001, "x"]), "agents[1].queues[1]"),
        (changed("agents.1.reachable", "no"), "agents[1].reachable"),
        (changed("agents.1.reachable", None), "agents[1].reachable"),
        (changed("inputs", []), "inputs"),
        (changed("inputs", False), "inputs"),
        (changed("inputs.reply_seconds", 20), "inputs.reply_seconds"),
        (changed("inputs.reply_seconds.unit", "s"), "inputs.reply_seconds.unit"),
        (changed("inputs.reply_seconds.value", "20"), "inputs.reply_seconds.value"),
        (changed("inputs.reply_seconds.age_s", -5), "inputs.reply_seconds.age_s"),
        (changed("overrides", []), "overrides"),
        (changed("overrides", 0), "overrides"),
        (changed("overrides.freeze", True), "overrides.freeze"),
        (changed("overrides.frozen", "yes"), "overrides.frozen"),
        (changed("overrides.frozen", 1), "overrides.frozen"),
        (changed("overrides.pauses", {}), "overrides.pauses"),
        (changed("overrides.pauses.0", "webchat"), "overrides.pauses[0]"),
        (changed("overrides.pauses.0.group", 7), "overrides.pauses[0].group"),
        (changed("overrides.pauses.0.until", "later"), "overrides.pauses[0].until"),
        (changed("overrides.pauses.0.reason", 7), "overrides.pauses[0].reason"),
        (changed("overrides.pins.0.agent", None), "overrides.pins[0].agent"),
        (changed("overrides.pins.0.limit", 61), "overrides.pins[0].limit"),
        (changed("overrides.pins.0.media_type", "web_chat"), "overrides.pins[0].media_type"),
        (changed("overrides.pins.0.by", ["ops"]), "overrides.pins[0].by"),
        (changed("memory", []), "memory"),
        (changed("memory", {}), "memory"),
        (changed("memory", {"version": 1, "groups": {"webchat": {}}}), "memory"),
    ],
)
def test_every_wrong_input_names_its_place_and_says_what_to_try(value: Any, place: str) -> None:
    with pytest.raises(ReadingMalformed) as caught:
        parse_input(value)
    assert caught.value.place == place
    assert caught.value.message
    assert caught.value.help
    assert str(caught.value).startswith(f"{place}: ")


def test_a_time_with_any_offset_is_the_same_time_in_utc() -> None:
    assert parse_time("2026-11-22T11:00:00+01:00", "at") == datetime(2026, 11, 22, 10, tzinfo=UTC)


def test_a_memory_that_an_output_gave_is_an_input_again() -> None:
    floor = Floor.of(group(), people(2))
    floor.tick(0)
    assert floor.plan is not None
    printed = json.loads(json.dumps(plan_to_json(floor.plan)))
    memory = parse_input(changed("memory", printed["memory"]))[1]
    assert memory is not None
    assert set(memory.groups) == {"webchat"}
