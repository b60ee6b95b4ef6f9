"""The decision's JSON form: what is read, and that every wrong input names its place."""

from __future__ import annotations

import copy
import json
import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from autoscaler.core.book import InputSpec
from autoscaler.core.engine import decide
from autoscaler.core.exchange import parse_input, parse_time, plan_to_json, story_to_json
from autoscaler.core.memory import Memory
from autoscaler.core.readings import ANY_MEDIA, AgentState, Pause, Pin
from autoscaler.errors import ReadingMalformed

from .staging import (
    START,
    UNKNOWN,
    WAITING,
    Floor,
    Person,
    book,
    group,
    named,
    on_a_call,
    over,
    people,
    raising,
    slots,
    snapshot,
)

LATE = named("input.late")

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


def test_a_plan_is_printed_in_the_form_of_the_contract() -> None:
    rules = (raising(slots(1), over(WAITING, 20), for_s=30), on_a_call(), raising(slots(1), over(LATE, 5), name="late"))
    spec = InputSpec(name="late", source="prometheus", query="x", max_age_s=60.0, between=None, required=False)
    floor = Floor.of(
        group(*rules, inputs=(spec,)), [Person(id=1001, state=AgentState.TALKING), Person(id=1002, limit=UNKNOWN)]
    )
    plan = floor.tick(10, 30)
    assert floor.plan is not None
    printed = plan_to_json(floor.plan)
    assert list(printed) == ["at", "rulebook", "groups", "agents", "calls", "memory"]
    assert printed["at"] == "2026-03-02T10:00:10Z"
    assert printed["rulebook"] == "sha256:test"
    assert printed["groups"] == [
        {
            "group": "webchat",
            "mode": "enforce",
            "slots": {"observed": 6, "proposed": 4, "arbitrated": 4, "stabilised": 4, "wanted": 4},
            "rules": [
                {"name": "surge", "verdict": "waiting", "why": "true for 0 s of 30 s"},
                {"name": "on a call", "verdict": "true", "matched": 1},
                {"name": "late", "verdict": "unknown", "why": "not known: input.late"},
            ],
            "held": [],
            "holds": {},
            "unknown_inputs": ["input.late"],
            "forecasts": [],
            "goal": "",
        }
    ]
    assert [
        (row["id"], row["group"], row["from"], row["to"], row["rule"], len(row["stages"])) for row in printed["agents"]
    ] == [(1001, "webchat", 3, 1, "on a call", 7), (1002, "webchat", None, 3, None, 7)]
    assert printed["agents"][0]["stages"] == story_to_json(plan, 0)
    assert printed["agents"][0]["stages"][:3] == [
        {"stage": "observed", "limit": 3, "why": "the limit in force"},
        {"stage": "proposed", "limit": 3, "why": "no rule asks for a change of this agent"},
        {"stage": "arbitrated", "limit": 1, "why": "above the agent's ceiling, or capped by 'on a call'"},
    ]
    assert printed["calls"] == [
        {"agent": 1001, "media_type": 51, "callnums": 1},
        {"agent": 1002, "media_type": 51, "callnums": 3},
    ]
    assert printed["memory"]["groups"]["webchat"]["at"] == START.timestamp() + 10


def test_a_plan_made_elsewhere_in_the_world_is_printed_in_utc() -> None:
    tokyo = START.astimezone(timezone(timedelta(hours=9)))
    plan = decide(book(group()), snapshot(people(1)), Memory(), tokyo)
    assert plan_to_json(plan)["at"] == "2026-03-02T10:00:00Z"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("queues.0.id", 0),
        ("queues.0.id", 2**31 - 1),
        ("agents.0.id", 101),
        ("agents.0.id", 999_999),
        ("agents.1.load", 0),
        ("agents.1.load", 10_000),
        ("agents.1.limit", 1),
        ("agents.1.limit", 60),
        ("agents.1.queues", [0, 2**31 - 1]),
        ("overrides.pins.0.agent", 101),
        ("overrides.pins.0.agent", 999_999),
        ("overrides.pins.0.limit", 1),
        ("overrides.pins.0.limit", 60),
        ("overrides.pins.0.media_type", 99),
        ("overrides.pauses.0.group", None),
    ],
)
def test_values_at_the_edge_are_taken(path: str, value: Any) -> None:
    parse_input(changed(path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("queues.0.id", 2**31),
        ("agents.1.load", 10_001),
        ("agents.1.queues", [2**31]),
        ("agents.1.queues", [-1]),
        ("overrides.pins.0.agent", 100),
        ("overrides.pins.0.agent", 1_000_000),
        ("overrides.pins.0.limit", 0),
        ("overrides.pins.0.media_type", -1),
        ("overrides.pins.0.media_type", 100),
        ("overrides.pins.0.reasn", ""),
        ("overrides.pauses.0.reasn", ""),
    ],
)
def test_values_beyond_the_edge_are_not(path: str, value: Any) -> None:
    with pytest.raises(ReadingMalformed):
        parse_input(changed(path, value))


def test_all_that_a_person_ordered_is_read() -> None:
    until = "2026-11-22T12:00:00Z"
    pin = {"agent": 1002, "media_type": 53, "limit": 2, "until": until, "reason": "new", "by": "lead"}
    value = changed("overrides", {"frozen": True, "pauses": [{}, *GOOD["overrides"]["pauses"]], "pins": [{**pin}]})
    orders = parse_input(value)[0].overrides
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert orders.frozen
    assert orders.pauses == (
        Pause(group=None, until=None, reason="", by=""),
        Pause(group="webchat", until=datetime(2026, 11, 22, 11, tzinfo=UTC), reason="drill", by="ops"),
    )
    assert orders.pins == (Pin(agent=1002, media_type=53, limit=2, until=at, reason="new", by="lead"),)
    assert parse_input(GOOD)[0].overrides.pins == (
        Pin(agent=1001, media_type=ANY_MEDIA, limit=4, until=None, reason="", by=""),
    )


def test_an_age_left_out_is_now_of_queues_and_inputs_too() -> None:
    value = changed("queues.0.age_s", MISSING)
    del value["inputs"]["reply_seconds"]["age_s"]
    seen = parse_input(value)[0]
    assert seen.queues.age_s.tolist() == [0.0]
    assert seen.inputs["reply_seconds"].age_s == 0.0
    assert math.isnan(parse_input(changed("queues.0.age_s", None))[0].queues.age_s[0])


TIME = "2026-11-22T10:00:00Z"
STATES = (
    "adjusting, answering, available, break, busy, idle, not_ready, occupied, pre_occupied, ready, rest, signed_out,"
    " study, talking, unknown, working, wrap_up"
)


@pytest.mark.parametrize(
    ("value", "said", "help_"),
    [
        (changed("at", MISSING), "at: is missing", f'an ISO time with zone, as "{TIME}"'),
        (changed("at", "noon"), "at: 'noon' is not a time", f'write it as "{TIME}"'),
        (
            changed("at", "2026-11-22T10:00"),
            "at: '2026-11-22T10:00' has no time zone",
            "end it with Z for UTC, or an offset as +01:00",
        ),
        (
            changed("memory", {"version": 0}),
            "memory: version is 0, this program reads 1",
            "give back what an earlier output gave, or null",
        ),
        (
            changed("agents.0.load", {"chat": 3}),
            "agents[0].load: 'chat' is not a media type",
            'use the number as a key, as {"51": 2}',
        ),
        (changed("agents.1.id", 1002), "agents[1].id: 1002 stands twice", "give each agent one row"),
        (changed("queues", GOOD["queues"] * 2), "queues[1].id: 2001 stands twice", "give each queue one row"),
        (
            changed("agents.1.state", "dancing"),
            "agents[1].state: 'dancing' is not a state",
            f"use one of {STATES}, or null",
        ),
    ],
)
def test_what_is_wrong_is_said_word_for_word(value: Any, said: str, help_: str) -> None:
    with pytest.raises(ReadingMalformed) as caught:
        parse_input(value)
    assert (str(caught.value), caught.value.help) == (said, help_)


def test_a_time_that_leaves_the_calendar_in_utc_is_refused_and_not_a_traceback() -> None:
    with pytest.raises(ReadingMalformed, match="is not a time"):
        parse_time("0001-01-01T00:00:00+14:00", "at")
