"""What CC-Gateway's answers say together about one group: a pure join, no I/O.

An agent is there when a queue lists it or when it has a live session; one listed as signed out is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from autoscaler.core.readings import ANY_MEDIA, Agents, AgentState, Ints
from autoscaler.sources.asking import Part
from autoscaler.sources.columns import Readings, Roster, agent_columns, join, look_up, queue_columns
from autoscaler.sources.gateway_rows import AgentRows
from autoscaler.sources.plausible import some
from autoscaler.sources.ports import Seen, Want
from autoscaler.sources.queue_rows import QueueRows

__all__ = ["Answers", "candidates", "seen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What is read before anybody knows whose chats to ask for.

    Attributes:
        queues: One part a request.
        rosters: Agents by skill queue.
        sessions: Agents with a live session, ascending.
    """

    queues: Sequence[Part[QueueRows]]
    rosters: Mapping[int, Part[AgentRows]]
    sessions: Ints


def candidates(want: Want, answers: Answers) -> Ints:
    """Agents of the group that are signed in, ascending."""
    states = _states(answers)
    ids = states.ids
    if want.agent_ids is not None:
        ids = np.intersect1d(np.union1d(ids, answers.sessions), want.agent_ids)
    codes, _ = look_up(ids, states)
    return ids[np.flatnonzero(codes != AgentState.SIGNED_OUT)]


def seen(want: Want, answers: Answers, ids: Ints, loads: Part[Readings], now: float) -> Seen:
    """Join the answers.

    Args:
        want: The group.
        answers: What was read first.
        ids: Its `candidates`.
        loads: Chats held.
        now: The clock's monotonic seconds, from which ages count.
    """
    problems = [problem for part in answers.queues for problem in part.problems]
    problems += [problem for part in answers.rosters.values() for problem in part.problems]
    problems += loads.problems
    silent = np.setdiff1d(ids, answers.sessions)
    if silent.size:
        problems.append(f"agent {some(silent)}: no session here, so the chats held are not known")
    queues = [part.value for part in answers.queues if part.value is not None]
    return Seen(
        queues=queue_columns(
            waiting=join([one.waiting for one in queues]),
            oldest_wait_s=join([one.oldest_wait_s for one in queues]),
            now=now,
        ),
        agents=_agents(answers, ids, loads.value or join([]), now),
        problems=tuple(dict.fromkeys(problems)),  # many requests fail alike
        roster_problem=_roster_problem(want, answers),
    )


def _agents(answers: Answers, ids: Ints, load: Readings, now: float) -> Agents:
    rosters = _rosters(answers)
    codes, codes_at = look_up(ids, _states(answers))
    _, chats_at = look_up(ids, load)
    since, _ = look_up(ids, join([one.state_for_s for one in rosters.values()]))
    signed_in, _ = look_up(ids, join([one.signed_in_for_s for one in rosters.values()]))
    return agent_columns(
        ids,
        media_type=ANY_MEDIA,
        load=load,
        state=np.where(np.isnan(codes), float(AgentState.UNKNOWN), codes).astype(np.int8),
        state_for_s=since,
        signed_in_for_s=signed_in,
        age_s=now - np.fmin(chats_at, codes_at),
        roster=_pairs(rosters),
    )


def _rosters(answers: Answers) -> dict[int, AgentRows]:
    return {skill: part.value for skill, part in answers.rosters.items() if part.value is not None}


def _states(answers: Answers) -> Readings:
    return join([one.state for one in _rosters(answers).values()])


def _pairs(rosters: Mapping[int, AgentRows]) -> Roster:
    return Roster(
        agents=np.concatenate([np.empty(0, np.int64), *(one.state.ids for one in rosters.values())]),
        queues=np.concatenate(
            [np.empty(0, np.int64), *(np.full(one.state.ids.size, skill) for skill, one in rosters.items())]
        ),
    )


def _roster_problem(want: Want, answers: Answers) -> str:
    if not answers.sessions.size:
        return "no agent has a session to ask CC-Gateway with"
    if want.agent_ids is None and not want.queues:
        return f"group {want.group} names neither queues nor agents"
    return next((part.problems[0] for part in answers.rosters.values() if part.value is None), "")
