"""The decision's JSON form: what `autoscaler decide` reads and prints.

Every error names the place in the input and says what is allowed there; nothing is guessed and nothing dropped.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import numpy as np

from autoscaler.core.memory import Memory, from_json, to_json
from autoscaler.core.placed import a_claim, a_list, a_number, a_text, a_whole, an_object, wrong
from autoscaler.core.plan import GroupPlan, Plan, Stage
from autoscaler.core.readings import (
    ANY_MEDIA,
    Agents,
    AgentState,
    Floats,
    Input,
    Overrides,
    Pause,
    Pin,
    Queues,
    Snapshot,
)
from autoscaler.core.verdicts import Verdict, VerdictKind

__all__ = ["parse_input", "parse_time", "plan_to_json", "story_to_json"]

_STATES = {state.name.lower(): state for state in AgentState} | {
    "ready": AgentState.IDLE,
    "available": AgentState.IDLE,
    "working": AgentState.WRAP_UP,
    "not_ready": AgentState.BUSY,
    "break": AgentState.REST,
}

_KEYS = {
    "": {"at", "queues", "agents", "inputs", "memory", "overrides"},
    "queues": {"id", "waiting", "oldest_wait_s", "arrivals_per_minute", "abandoned_per_minute", "age_s"},
    "agents": {"id", "load", "limit", "state", "state_for_s", "signed_in_for_s", "age_s", "queues", "reachable"},
    "overrides": {"frozen", "pauses", "pins"},
}


def parse_input(value: Any) -> tuple[Snapshot, Memory | None, datetime]:
    """Read one input.

    Args:
        value: JSON values of the form in interfaces.md.

    Returns:
        The snapshot, the memory it brings (None: it brings none), and the time.

    Raises:
        ReadingMalformed: Something is not of that form; the message names the place.
    """
    an_object(value, "input", _KEYS[""])
    if "at" not in value:
        raise wrong("at", "is missing", 'an ISO time with zone, as "2026-11-22T10:00:00Z"')
    at = parse_time(value["at"], "at")
    memory = value.get("memory")
    if memory is not None:
        an_object(memory, "memory", None)
        try:
            memory = from_json(memory)
        except ValueError as error:
            raise wrong(
                "memory", str(error).removeprefix("memory: "), "give back what an earlier output gave, or null"
            ) from error
    snapshot = Snapshot(
        queues=_queues(a_list(value.get("queues", []), "queues")),
        agents=_agents(a_list(value.get("agents", []), "agents")),
        inputs=_inputs(_absent_as_empty(value, "inputs")),
        overrides=_overrides(_absent_as_empty(value, "overrides")),
    )
    return snapshot, memory, at


def parse_time(value: Any, place: str) -> datetime:
    """An aware time from ISO text.

    Raises:
        ReadingMalformed: Not a time, or without a zone.
    """
    try:
        at = datetime.fromisoformat(value)
        zoned = None if at.tzinfo is None else at.astimezone(UTC)
    except (TypeError, ValueError, OverflowError) as error:  # the last: a year that leaves the calendar in UTC
        raise wrong(place, f"{value!r} is not a time", 'write it as "2026-11-22T10:00:00Z"') from error
    if zoned is None:
        raise wrong(place, f"{value!r} has no time zone", "end it with Z for UTC, or an offset as +01:00")
    return zoned


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """The plan in the form of interfaces.md."""
    return {
        "at": _iso(plan.at),
        "rulebook": plan.rulebook,
        "groups": [_group(group) for group in plan.groups],
        "agents": [row for group in plan.groups for row in _rows(group)],
        "calls": [
            {"agent": agent, "media_type": group.group.media_type, "callnums": callnums}
            for group in plan.groups
            for agent, callnums in zip(group.calls.agents.tolist(), group.calls.callnums.tolist(), strict=True)
        ],
        "memory": to_json(plan.memory),
    }


def story_to_json(group: GroupPlan, row: int) -> list[dict[str, Any]]:
    """One agent's stages."""
    return [{"stage": cell.stage.value, "limit": cell.limit, "why": cell.why} for cell in group.story(row)]


def _group(group: GroupPlan) -> dict[str, Any]:
    slots = group.slots
    return {
        "group": group.group.name,
        "mode": group.group.mode.value,
        "slots": {
            "observed": slots.observed,
            "proposed": slots.proposed,
            "arbitrated": slots.arbitrated,
            "stabilised": slots.stabilised,
            "wanted": slots.wanted,
        },
        "rules": [_verdict(verdict) for verdict in group.verdicts],
        "held": list(group.held),
        "holds": {reason.name.lower(): count for reason, count in group.holds.items()},
        "unknown_inputs": list(group.unknown_inputs),
        "forecasts": list(group.forecasts),
        "goal": group.goal,
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    row: dict[str, Any] = {"name": verdict.rule.name, "verdict": verdict.kind.value}
    if verdict.kind is VerdictKind.WAITING and verdict.matched is None:
        row["why"] = f"true for {verdict.held_s:.0f} s of {verdict.rule.for_s:.0f} s"
    if verdict.matched is not None:
        row["matched"] = int(np.count_nonzero(verdict.matched))
    if verdict.missing:
        row["why"] = f"not known: {', '.join(verdict.missing)}"
    return row


def _rows(group: GroupPlan) -> list[dict[str, Any]]:
    confirmed = [None if math.isnan(limit) else int(limit) for limit in group.confirmed.tolist()]
    wanted = group.limits[Stage.WANTED].tolist()
    return [
        {
            "id": agent,
            "group": group.group.name,
            "from": confirmed[row],
            "to": wanted[row],
            "rule": group.rule_of(row) if wanted[row] != confirmed[row] else None,
            "stages": story_to_json(group, row),
        }
        for row, agent in enumerate(group.ids.tolist())
    ]


def _queues(rows: Sequence[Any]) -> Queues:
    ids: dict[int, None] = {}
    for i, row in enumerate(rows):
        place = f"queues[{i}]"
        an_object(row, place, _KEYS["queues"])
        queue = a_whole(row.get("id"), f"{place}.id", 0, 2**31 - 1)
        if queue in ids:
            raise wrong(f"{place}.id", f"{queue} stands twice", "give each queue one row")
        ids[queue] = None

    def column(name: str, absent: float) -> Floats:
        return np.array([a_number(row.get(name, absent), f"queues[{i}].{name}") for i, row in enumerate(rows)], float)

    return Queues(
        ids=np.array(list(ids), np.int64),
        waiting=column("waiting", math.nan),
        oldest_wait_s=column("oldest_wait_s", math.nan),
        arrivals_per_minute=column("arrivals_per_minute", math.nan),
        abandoned_per_minute=column("abandoned_per_minute", math.nan),
        age_s=column("age_s", 0.0),
    )


def _agents(rows: Sequence[Any]) -> Agents:
    ids = []
    for i, row in enumerate(rows):
        an_object(row, f"agents[{i}]", _KEYS["agents"])
        ids.append(a_whole(row.get("id"), f"agents[{i}].id", 101, 999_999))
    order = np.argsort(np.array(ids, np.int64), kind="stable")
    places = order.tolist()
    for one, other in pairwise(places):
        if ids[one] == ids[other]:
            raise wrong(f"agents[{other}].id", f"{ids[other]} stands twice", "give each agent one row")
    rows = [rows[i] for i in places]

    def column(name: str, absent: float) -> Floats:
        return np.array(
            [a_number(row.get(name, absent), f"agents[{i}].{name}") for i, row in zip(places, rows, strict=True)], float
        )

    queues = [_queue_ids(row, f"agents[{i}].queues") for i, row in zip(places, rows, strict=True)]
    reachable = [
        a_claim(row.get("reachable", True), f"agents[{i}].reachable") for i, row in zip(places, rows, strict=True)
    ]
    return Agents(
        ids=np.array(ids, np.int64)[order],
        load=_by_media(rows, places, "load", 0, 10_000),
        limit=_by_media(rows, places, "limit", 1, 60),
        state=np.array([_state(row, f"agents[{i}].state") for i, row in zip(places, rows, strict=True)], np.int8),
        state_for_s=column("state_for_s", math.nan),
        signed_in_for_s=column("signed_in_for_s", math.nan),
        age_s=column("age_s", 0.0),
        queue_ids=np.array([queue for own in queues for queue in own or ()], np.int64),
        queue_offsets=np.concatenate(([0], np.cumsum([len(own or ()) for own in queues], dtype=np.int64))),
        queues_known=np.array([own is not None for own in queues], np.bool_),
        reachable=None if all(reachable) else np.array(reachable, np.bool_),
    )


def _by_media(rows: Sequence[Any], places: Sequence[int], name: str, least: int, most: int) -> dict[int, Floats]:
    columns: dict[int, Floats] = {}
    for row, (i, one) in enumerate(zip(places, rows, strict=True)):
        value = one.get(name)
        place = f"agents[{i}].{name}"
        entries = value.items() if isinstance(value, dict) else [(ANY_MEDIA, value)]
        for media, number in entries:
            if number is None:
                continue
            key = media if media == ANY_MEDIA else _whole_text(media, place)
            if key not in columns:
                columns[key] = np.full(len(rows), np.nan)
            columns[key][row] = a_whole(number, place, least, most)
    return columns


def _state(row: Mapping[str, Any], place: str) -> int:
    text = row.get("state")
    if text is None:
        return AgentState.UNKNOWN
    state = _STATES.get(text) if isinstance(text, str) else None
    if state is None:
        raise wrong(place, f"{text!r} is not a state", f"use one of {', '.join(sorted(_STATES))}, or null")
    return state


def _queue_ids(row: Mapping[str, Any], place: str) -> list[int] | None:
    value = row.get("queues")
    if value is None:
        return None
    return [a_whole(one, f"{place}[{i}]", 0, 2**31 - 1) for i, one in enumerate(a_list(value, place))]


def _inputs(value: Any) -> dict[str, Input]:
    an_object(value, "inputs", None)
    inputs = {}
    for name, reading in value.items():
        place = f"inputs.{name}"
        an_object(reading, place, {"value", "age_s"})
        inputs[name] = Input(
            value=a_number(reading.get("value"), f"{place}.value", signed=True),
            age_s=a_number(reading.get("age_s", 0.0), f"{place}.age_s"),
        )
    return inputs


def _overrides(value: Any) -> Overrides:
    an_object(value, "overrides", _KEYS["overrides"])
    pauses = []
    for i, one in enumerate(a_list(value.get("pauses", []), "overrides.pauses")):
        place = f"overrides.pauses[{i}]"
        an_object(one, place, {"group", "until", "reason", "by"})
        pauses.append(
            Pause(
                group=None if one.get("group") is None else a_text(one["group"], f"{place}.group"),
                until=_until(one, place),
                reason=a_text(one.get("reason", ""), f"{place}.reason"),
                by=a_text(one.get("by", ""), f"{place}.by"),
            )
        )
    pins = []
    for i, one in enumerate(a_list(value.get("pins", []), "overrides.pins")):
        place = f"overrides.pins[{i}]"
        an_object(one, place, {"agent", "media_type", "limit", "until", "reason", "by"})
        pins.append(
            Pin(
                agent=a_whole(one.get("agent"), f"{place}.agent", 101, 999_999),
                media_type=a_whole(one.get("media_type", ANY_MEDIA), f"{place}.media_type", 0, 99),
                limit=a_whole(one.get("limit"), f"{place}.limit", 1, 60),
                until=_until(one, place),
                reason=a_text(one.get("reason", ""), f"{place}.reason"),
                by=a_text(one.get("by", ""), f"{place}.by"),
            )
        )
    frozen = a_claim(value.get("frozen", False), "overrides.frozen")
    return Overrides(frozen=frozen, pauses=tuple(pauses), pins=tuple(pins))


def _until(value: Mapping[str, Any], place: str) -> datetime | None:
    until = value.get("until")
    return None if until is None else parse_time(until, f"{place}.until")


def _absent_as_empty(value: Mapping[str, Any], key: str) -> Any:
    return {} if value.get(key) is None else value[key]


def _whole_text(value: Any, place: str) -> int:
    if not (isinstance(value, str) and value.isascii() and value.isdecimal()):
        raise wrong(place, f"{value!r} is not a media type", 'use the number as a key, as {"51": 2}')
    return int(value)


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
