"""What the rows of each CC-CMS interface mean (cc-gateway.md §8).

A row that can't be true is set aside alone, with a sentence; the others count.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from autoscaler.core.readings import AgentState, Floats, Ints
from autoscaler.errors import ReadingMalformed
from autoscaler.sources.columns import Readings, Roster, readings
from autoscaler.sources.plausible import LAST_AGENT, whole, whole_column
from autoscaler.sources.row_checks import LONGEST_S, asked_ids, missing, plain_ids, tell, tell_rows

__all__ = ["RosterRows", "count_in", "durations", "loads", "roster", "states"]

MOST_CHATS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterRows:
    """Who is signed in to which queue, as one answer tells it.

    Attributes:
        roster: The pairs.
        silent: Queues asked for whose agents nobody told.
    """

    roster: Roster
    silent: Ints


def states(rows: list[object], taken_at: float) -> tuple[Readings, list[str]]:
    """Read `vdn/totalagentstate`: `agentId`, `state`; NaN where the state makes no sense.

    Raises:
        ReadingMalformed: No agent at all: the interface lists those who are signed out too, so that can't be.
    """
    problems: list[str] = []
    if not rows:
        raise ReadingMalformed("the answer lists no agent at all", help="check cms.cc_id and cms.vdn")
    ids = plain_ids(rows, "agentId", "agent", problems)
    seen, twice = readings(ids, whole_column(rows, "state", 0, max(AgentState)), taken_at)
    tell(problems, "agent", "state makes no sense", np.setdiff1d(missing(seen), twice))
    tell(problems, "agent", "two rows contradict each other", twice)
    return seen, problems


def durations(rows: list[object], taken_at: float) -> tuple[Readings, list[str]]:
    """Read `vdn/totalagentabstractex3`: `agentId`, `currentStateTime` in seconds."""
    problems: list[str] = []
    ids = plain_ids(rows, "agentId", "agent", problems)
    seen, _ = readings(ids, whole_column(rows, "currentStateTime", 0, LONGEST_S), taken_at)
    return seen, problems  # an agent that is signed out has a senseless time here, and nobody misses it


def count_in(rows: list[object]) -> int | None:
    """How many rows a paged interface has in all, where it says so in its rows; None otherwise."""
    if not rows:
        return None
    count = whole_column(rows[:1], "count", 0, LAST_AGENT)[0]
    return None if np.isnan(count) else int(count)


def loads(rows: list[object], asked: Ints, media_type: int, taken_at: float) -> tuple[Readings, list[str]]:
    """Read `agentgroup/queryagentcalls`: `agentId` and how many of `callList` are of the media type.

    An agent whose list can't be read whole is missing: a chat that can't be counted is not no chat.
    """
    problems: list[str] = []
    ids = asked_ids(rows, "agentId", asked, "agent", problems)
    held = np.fromiter((_held(row, media_type) for row in rows), np.float64, len(rows))
    seen, twice = readings(ids, held, taken_at)
    tell(problems, "agent", "callList makes no sense", np.setdiff1d(missing(seen), twice))
    tell(problems, "agent", "two rows contradict each other", twice)
    return seen, problems


def roster(rows: list[object], asked: Ints) -> tuple[RosterRows, list[str]]:
    """Read "agents of skills in batch": `skillId`, `agentIds`; an empty list is a queue without agents."""
    problems: list[str] = []
    ids = asked_ids(rows, "skillId", asked, "queue", problems)
    agents: list[Floats] = []
    skills: list[Floats] = []
    answered: set[int] = set()
    for row, skill in zip(rows, ids, strict=True):
        listed = row.get("agentIds") if isinstance(row, Mapping) else None
        if math.isnan(skill) or not isinstance(listed, list):
            continue
        column = np.fromiter((whole(one, 1, LAST_AGENT) for one in listed), np.float64, len(listed))
        good = column[~np.isnan(column)]
        tell_rows(problems, "agent", column.size - good.size)
        agents.append(good)
        skills.append(np.full(good.size, skill))
        answered.add(int(skill))
    silent = np.array([one for one in asked.tolist() if one not in answered], np.int64)
    tell(problems, "queue", "no list of agents in the answer", silent)
    pairs = Roster(agents=_together(agents), queues=_together(skills))
    return RosterRows(roster=pairs, silent=silent), problems


def _held(row: object, media_type: int) -> float:
    calls = row.get("callList") if isinstance(row, Mapping) else None
    if not isinstance(calls, list) or len(calls) > MOST_CHATS:
        return math.nan
    held = 0
    for call in calls:
        media = call.get("mediaType") if isinstance(call, Mapping) else None
        number = media if type(media) is int else whole(media, 0, 255)
        if number != number:  # noqa: PLR0124 NaN: this call's media type can't be read
            return math.nan
        held += number == media_type
    return float(held)


def _together(parts: list[Floats]) -> Ints:
    return np.concatenate(parts).astype(np.int64) if parts else np.empty(0, np.int64)
