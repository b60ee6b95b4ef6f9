"""What CC-CMS's answers say together about one group: a pure join, no I/O.

An agent is left out only when an answer says it is signed out, or when no answer speaks of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autoscaler.core.readings import Agents, AgentState, Ints
from autoscaler.sources.asking import Part
from autoscaler.sources.cms_rows import RosterRows
from autoscaler.sources.columns import Readings, Roster, agent_columns, join, look_up, queue_columns
from autoscaler.sources.plausible import some
from autoscaler.sources.ports import Seen, Want
from autoscaler.sources.queue_rows import QueueRows

__all__ = ["Answers", "candidates", "seen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What is read before anybody knows whose chats to ask for.

    Attributes:
        queues: One part a request.
        states, durations: Of every agent of the site.
        rosters: One part a request; () when the agents are named.
    """

    queues: Sequence[Part[QueueRows]]
    states: Part[Readings]
    durations: Part[Readings]
    rosters: Sequence[Part[RosterRows]]


def candidates(want: Want, answers: Answers) -> Ints:
    """Agents that may be signed in, and whose chats are worth asking for, ascending."""
    ids = np.unique(_pairs(answers).agents) if want.agent_ids is None else np.unique(want.agent_ids)
    if answers.states.value is None:
        return ids
    codes, _ = look_up(ids, answers.states.value)
    return ids[np.flatnonzero(codes != AgentState.SIGNED_OUT)]


def seen(want: Want, answers: Answers, ids: Ints, loads: Sequence[Part[Readings]], now: float) -> Seen:
    """Join the answers.

    Args:
        want: The group.
        answers: What was read first.
        ids: Its `candidates`.
        loads: Chats held, one part a request.
        now: The clock's monotonic seconds, from which ages count.
    """
    problems = [problem for part in answers.queues for problem in part.problems]
    problems += [*answers.states.problems, *answers.durations.problems]
    problems += [problem for parts in (answers.rosters, loads) for part in parts for problem in part.problems]
    load = join([part.value for part in loads if part.value is not None])
    return Seen(
        queues=queue_columns(
            waiting=join([part.value.waiting for part in answers.queues if part.value is not None]),
            oldest_wait_s=join([part.value.oldest_wait_s for part in answers.queues if part.value is not None]),
            now=now,
        ),
        agents=_agents(want, answers, ids, load=load, now=now, problems=problems),
        problems=tuple(dict.fromkeys(problems)),  # many requests fail alike
        roster_problem=_roster_problem(want, answers),
    )


def _agents(want: Want, answers: Answers, ids: Ints, *, load: Readings, now: float, problems: list[str]) -> Agents:
    chats, chats_at = look_up(ids, load)
    codes, codes_at = look_up(ids, answers.states.value or join([]))
    stateless = np.isnan(codes_at)
    if answers.states.value is not None and stateless.any():
        problems.append(f"agent {some(ids[stateless])}: CC-CMS knows no state of it")
    if want.agent_ids is not None:
        # nobody lists named agents as signed in: with states at hand one that has none is there if it holds chats
        there = ~np.isnan(chats_at) if answers.states.value is None else ~stateless | (chats > 0)
        ids, codes, chats_at, codes_at = ids[there], codes[there], chats_at[there], codes_at[there]
    seconds, _ = look_up(ids, answers.durations.value or join([]))
    return agent_columns(
        ids,
        media_type=want.media_type,
        load=load,
        state=np.where(np.isnan(codes), float(AgentState.UNKNOWN), codes).astype(np.int8),
        state_for_s=seconds,
        signed_in_for_s=np.full(ids.size, np.nan),
        age_s=now - np.fmin(chats_at, codes_at),
        roster=_pairs(answers) if want.agent_ids is None else None,
    )


def _pairs(answers: Answers) -> Roster:
    parts = [part.value.roster for part in answers.rosters if part.value is not None]
    return Roster(
        agents=np.concatenate([np.empty(0, np.int64), *(part.agents for part in parts)]),
        queues=np.concatenate([np.empty(0, np.int64), *(part.queues for part in parts)]),
    )


def _roster_problem(want: Want, answers: Answers) -> str:
    if want.agent_ids is not None:
        return "" if answers.states.value is not None else answers.states.problems[0]
    if not want.queues:
        return f"group {want.group} names neither queues nor agents"
    for part in answers.rosters:
        if part.value is None:
            return part.problems[0]
        if part.value.silent.size:
            return f"CC-CMS did not say who is signed in to queue {some(part.value.silent)}"
    return ""
