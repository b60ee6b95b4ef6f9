"""The compiled loop: events of the floor one after the other, from wherever it stands up to a given time.

Nothing here knows of Python objects but arrays (the fields of `Floor`, in its order). What holds at every event: a
chat once started stays with its agent to its end; the first of the queue goes first; no agent gets a chat at or above
its limit, or after sign-out. Integrals are counted only where something changes, so that looking at the floor in
between leaves every bit as it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autoscaler.simulation.floor.compiling import compiled, inlined
from autoscaler.simulation.floor.state import Where
from autoscaler.simulation.scenario.model import Routing

__all__ = ["ROUTINGS", "advance", "close", "obey"]

Rows = Any
"""A record array; `Row`: one record of it. What numba compiles has no types that mypy could check."""
Row = Any

# in an order of its own: code that numba kept is thrown away when this file changes, not when the enum's does
ROUTINGS = (Routing.LEAST_LOADED, Routing.MOST_LOADED, Routing.LONGEST_IDLE, Routing.RANDOM)

# numba freezes these as constants; members of an enum would be looked up at each use
LEAST, MOST, IDLE = range(3)
WAITING, SERVED, LEFT = int(Where.WAITING), int(Where.SERVED), int(Where.LEFT)
TIES, FAILURES = 0, 1
VOID = 0
"""Stands for the limit of a call whose agent has signed out since: no limit is 0."""


@compiled
def advance(  # noqa: PLR0912, PLR0915 (the table of events in one place; a call each would cost as much as the event)
    state: Rows,
    agents: Rows,
    customers: Rows,
    targets: Rows,
    holds: Rows,
    keys: Rows,
    next_ends: Rows,
    deadlines: Rows,
    calls: Rows,
    shifts: Rows,
    turns: Rows,
    curves: Rows,
    segment: Rows,
    random: Rows,
    until: float,
) -> None:
    """Play every event up to `until`, included.

    Args:
        state, ..., random: The fields of `Floor`, written in place.
        until: Seconds since the start, not before the floor's now.
    """
    s = state[0]
    while True:
        # of several events at one time the earlier line goes first
        at, kind = np.inf, -1
        if s.shift < len(shifts):
            at, kind = shifts[s.shift].at, 0
        if s.turn < len(turns) and turns[s.turn].at < at:
            at, kind = turns[s.turn].at, 1
        if s.calls_done < s.calls_sent and calls[s.calls_done % len(calls)].at < at:
            at, kind = calls[s.calls_done % len(calls)].at, 2
        if next_ends[1] < at:
            at, kind = next_ends[1], 3
        while s.deadlines and customers[deadlines[0].customer].where != WAITING:
            _pop_deadline(s, deadlines)
        if s.deadlines and deadlines[0].at < at:
            at, kind = deadlines[0].at, 4
        if s.arrived < len(customers) and customers[s.arrived].arrival < at:
            at, kind = customers[s.arrived].arrival, 5
        if kind < 0 or at > until:
            break
        s.now = at
        s.events += 1
        pulls = False
        if kind == 5:
            customer = s.arrived
            s.arrived += 1
            _tally(s)
            customers[customer].where = WAITING
            s.waiting += 1
            s.n_queue += 1.0
            if s.waiting == 1:
                s.head = customer
            pulls = s.free > 0
            if not pulls and customers[customer].deadline < np.inf:
                _push_deadline(s, deadlines, customers, customer)
        elif kind == 3:
            _end_chat(s, agents, customers, targets, holds, keys, next_ends, curves, segment)
            pulls = True
        elif kind == 4:
            _leave(s, customers, _pop_deadline(s, deadlines))
        elif kind == 0:
            pulls = _shift(s, agents, keys, calls, shifts)
        elif kind == 1:
            _turn(s, agents, targets, next_ends, turns, curves, segment)
        else:
            _hear(s, agents, keys, calls, random)
            pulls = True
        while pulls and s.waiting and s.free:
            _start_chat(s, agents, customers, targets, holds, keys, next_ends, curves, segment, random)
    s.now = until
    _skip_gone(s, customers)


@compiled
def obey(
    state: Rows,
    agents: Rows,
    customers: Rows,
    targets: Rows,
    holds: Rows,
    keys: Rows,
    next_ends: Rows,
    deadlines: Rows,
    calls: Rows,
    shifts: Rows,
    turns: Rows,
    curves: Rows,
    segment: Rows,
    random: Rows,
    until: float,
    wanted: Rows,
) -> None:
    """Take what a controller wants now, send a call for whoever has another limit and none in flight, and `advance`.

    Args:
        state, ..., random, until: As for `advance`.
        wanted: 1..60, shape (n,); of agents who are signed out it counts for nothing.
    """
    s = state[0]
    s.unsent = 0
    for agent in range(len(agents)):
        a = agents[agent]
        if a.on:
            a.wanted = wanted[agent]
            if a.wanted != a.limit and a.call < 0:
                _send(s, agents, keys, calls, random, agent)
    while s.waiting and s.free:
        _start_chat(s, agents, customers, targets, holds, keys, next_ends, curves, segment, random)
    advance(
        state,
        agents,
        customers,
        targets,
        holds,
        keys,
        next_ends,
        deadlines,
        calls,
        shifts,
        turns,
        curves,
        segment,
        random,
        until,
    )


@compiled
def close(state: Rows, agents: Rows) -> None:
    """Count integrals and signed-in time up to now."""
    s = state[0]
    _tally(s)
    for agent in range(len(agents)):
        if agents[agent].on:
            _clock_out(s, agents[agent])


@compiled
def _send(s: Row, agents: Rows, keys: Rows, calls: Rows, random: Rows, agent: int) -> None:
    a = agents[agent]
    if s.delay == 0.0:
        if _fails(s, random):
            s.unsent += 1
        else:
            _change(s, a, keys, agent, a.wanted)
        return
    call = calls[s.calls_sent % len(calls)]
    call.at = s.now + s.delay
    call.agent = agent
    call.limit = a.wanted
    a.call = s.calls_sent
    s.calls_sent += 1


@compiled
def _hear(s: Row, agents: Rows, keys: Rows, calls: Rows, random: Rows) -> None:
    """A call's outcome. Of one sent before the agent signed out it says nothing any more."""
    call = calls[s.calls_done % len(calls)]
    agent, limit = call.agent, call.limit
    s.calls_done += 1
    a = agents[agent]
    a.call = -1
    if limit != VOID:
        if _fails(s, random):
            s.unsent += 1
            return
        _change(s, a, keys, agent, limit)
    if a.on and a.wanted != a.limit:
        _send(s, agents, keys, calls, random, agent)


@compiled
def _fails(s: Row, random: Rows) -> bool:
    return bool(s.failure > 0.0 and _random(random, FAILURES) < s.failure)


@compiled
def _change(s: Row, a: Row, keys: Rows, agent: int, limit: int) -> None:
    if a.limit == limit:
        return
    _tally(s)
    _count(s, a, -1)
    a.limit = limit
    _count(s, a, 1)
    _rank(s, a, keys, agent)
    s.changes += 1
    if s.begins <= s.now < s.ends:
        s.changes_scored += 1


@compiled
def _shift(s: Row, agents: Rows, keys: Rows, calls: Rows, shifts: Rows) -> bool:
    """Sign in or out; True when it was the moment's last, so that everybody is there before the queue is shared out."""
    row = shifts[s.shift]
    s.shift += 1
    a = agents[row.agent]
    _tally(s)
    _count(s, a, -1)
    if row.on:
        a.on = True
        a.signed_in_at = s.now
        a.limit = a.configured
        a.wanted = a.configured
    else:
        _clock_out(s, a)
        a.on = False
        a.signed_in_at = np.nan
        if a.call >= 0:
            calls[a.call % len(calls)].limit = VOID
    _count(s, a, 1)
    _rank(s, a, keys, row.agent)
    return bool(s.shift == len(shifts) or shifts[s.shift].at > s.now)


@compiled
def _clock_out(s: Row, a: Row) -> None:
    a.on_s += max(0.0, min(s.now, s.ends) - max(a.signed_in_at, s.begins))


@compiled
def _turn(s: Row, agents: Rows, targets: Rows, next_ends: Rows, turns: Rows, curves: Rows, segment: Rows) -> None:
    """A group's curve changes; chats in progress change with it."""
    turn = turns[s.turn]
    s.turn += 1
    segment[turn.group] = turn.segment
    for agent in range(len(agents)):
        if agents[agent].group == turn.group and agents[agent].load:
            _settle(s, agents[agent])
            _pace(agents, targets, next_ends, curves, segment, agent)


@inlined
def _leave(s: Row, customers: Rows, customer: int) -> None:
    _tally(s)
    customers[customer].where = LEFT
    customers[customer].end = s.now
    s.waiting -= 1
    s.left += 1
    s.n_queue -= 1.0


@compiled
def _skip_gone(s: Row, customers: Rows) -> None:
    while s.waiting and customers[s.head].where != WAITING:
        s.head += 1


@inlined
def _start_chat(
    s: Row,
    agents: Rows,
    customers: Rows,
    targets: Rows,
    holds: Rows,
    keys: Rows,
    next_ends: Rows,
    curves: Rows,
    segment: Rows,
    random: Rows,
) -> None:
    """The first of the queue goes to the agent whose turn it is; somebody waits, and a slot is free."""
    _skip_gone(s, customers)
    customer = s.head
    s.head += 1
    agent = _route(s, keys, random)
    c, a = customers[customer], agents[agent]
    _tally(s)
    s.waiting -= 1
    s.n_queue -= 1.0
    s.held += 1
    _settle(s, a)
    targets[agent, a.load] = a.attained + c.work
    holds[agent, a.load] = customer
    _count(s, a, -1)
    a.load += 1
    _count(s, a, 1)
    a.last_given = s.now
    _rank(s, a, keys, agent)
    c.where = SERVED
    c.start = s.now
    c.agent = agent
    _pace(agents, targets, next_ends, curves, segment, agent)


@inlined
def _end_chat(
    s: Row,
    agents: Rows,
    customers: Rows,
    targets: Rows,
    holds: Rows,
    keys: Rows,
    next_ends: Rows,
    curves: Rows,
    segment: Rows,
) -> None:
    """The chat that ends next does."""
    agent = _first_to_end(next_ends)
    a = agents[agent]
    ended = 0
    for place in range(1, a.load):
        if targets[agent, place] < targets[agent, ended]:
            ended = place
    customers[holds[agent, ended]].end = s.now
    # exact, where rate times time would leave a rounding error behind
    a.attained = targets[agent, ended]
    a.since = s.now
    _tally(s)
    _count(s, a, -1)
    a.load -= 1
    _count(s, a, 1)
    _rank(s, a, keys, agent)
    s.freed = agent
    targets[agent, ended] = targets[agent, a.load]
    holds[agent, ended] = holds[agent, a.load]
    s.held -= 1
    _pace(agents, targets, next_ends, curves, segment, agent)


@inlined
def _route(s: Row, keys: Rows, random: Rows) -> int:
    """The agent who gets the next chat; ties at random."""
    if s.free == 1 and keys[s.freed] < np.inf:  # the one slot is where a chat just ended: most starts on a full floor
        return int(s.freed)
    best, ties, chosen = np.inf, 0, -1
    for agent in range(len(keys)):
        if keys[agent] < best:
            best, ties, chosen = keys[agent], 1, agent
        elif keys[agent] == best:
            ties += 1
    if ties > 1:
        skip = int(_random(random, TIES) * ties)
        while skip:
            chosen += 1
            if keys[chosen] == best:
                skip -= 1
    return chosen


@compiled
def _rank(s: Row, a: Row, keys: Rows, agent: int) -> None:
    """The agent's key anew, after its load or limit or presence changed: the smallest goes first."""
    if not a.on or a.load >= a.limit:
        keys[agent] = np.inf
    elif s.routing == LEAST:
        keys[agent] = float(a.load)
    elif s.routing == MOST:
        keys[agent] = -float(a.load)
    elif s.routing == IDLE:
        keys[agent] = a.last_given
    else:
        keys[agent] = 0.0


@compiled
def _settle(s: Row, a: Row) -> None:
    a.attained += a.rate * (s.now - a.since)
    a.since = s.now


@inlined
def _pace(agents: Rows, targets: Rows, next_ends: Rows, curves: Rows, segment: Rows, agent: int) -> None:
    """How fast the agent's chats go on from here, and when the first of them ends."""
    a = agents[agent]
    ends = np.inf
    if a.load == 0:
        a.attained = 0.0
        a.rate = 0.0
    else:
        a.rate = a.speed * curves[a.group, segment[a.group], a.load - 1] / a.load
        first = targets[agent, 0]
        for place in range(1, a.load):
            first = min(first, targets[agent, place])
        ends = a.since + max(0.0, first - a.attained) / a.rate
    _play_off(next_ends, agent, ends)


@compiled
def _count(s: Row, a: Row, sign: int) -> None:
    """Take an agent out of the totals before it changes, and put it back after."""
    above = a.load - a.baseline
    if above > 0:
        s.n_crowding += sign * above * above
    if a.on:
        s.n_on += sign
        s.n_load += sign * a.load
        s.n_slots += sign * a.limit
        if a.load:
            s.n_busy += sign
        if a.limit > a.baseline:
            s.n_above += sign
        if a.limit > a.load:
            s.free += sign * (a.limit - a.load)


@compiled
def _tally(s: Row) -> None:
    """Bring the integrals up to now."""
    lasted = min(s.now, s.ends) - max(s.since, s.begins)
    if lasted > 0.0:
        s.sum_on += s.n_on * lasted
        s.sum_load += s.n_load * lasted
        s.sum_slots += s.n_slots * lasted
        s.sum_busy += s.n_busy * lasted
        s.sum_crowding += s.n_crowding * lasted
        s.sum_above += s.n_above * lasted
        s.sum_queue += s.n_queue * lasted
    s.since = s.now


@compiled
def _random(states: Rows, stream: int) -> float:
    """The stream's next number in [0, 1): splitmix64 (Steele, Lea, Flood 2014)."""
    states[stream] += np.uint64(0x9E3779B97F4A7C15)
    z = states[stream]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return float((z ^ (z >> np.uint64(31))) >> np.uint64(11)) * 2.0**-53


@inlined
def _play_off(next_ends: Rows, agent: int, when: float) -> None:
    """Play the tournament's rounds anew that this agent is in: its first chat to end ends at `when`, inf: it has none.

    They are always as many, and without a branch; a heap has one at every step that no processor can foretell.
    """
    at = len(next_ends) // 2 + agent
    next_ends[at] = when
    while at > 1:
        when = min(when, next_ends[at ^ 1])
        at >>= 1
        next_ends[at] = when


@inlined
def _first_to_end(next_ends: Rows) -> int:
    """The tournament's winner; of equal times the first row's."""
    at = 1
    while at < len(next_ends) // 2:
        at *= 2
        at += next_ends[at] > next_ends[1]
    return at - len(next_ends) // 2


@inlined
def _push_deadline(s: Row, deadlines: Rows, customers: Rows, customer: int) -> None:
    at = s.deadlines
    s.deadlines += 1
    when = customers[customer].deadline
    while at > 0:
        parent = (at - 1) >> 1
        if deadlines[parent].at <= when:
            break
        deadlines[at] = deadlines[parent]
        at = parent
    deadlines[at].at = when
    deadlines[at].customer = customer


@inlined
def _pop_deadline(s: Row, deadlines: Rows) -> int:
    first = deadlines[0].customer
    s.deadlines -= 1
    when, customer = deadlines[s.deadlines].at, deadlines[s.deadlines].customer
    at = 0
    while True:
        child = 2 * at + 1
        if child >= s.deadlines:
            break
        if child + 1 < s.deadlines and deadlines[child + 1].at < deadlines[child].at:
            child += 1
        if deadlines[child].at >= when:
            break
        deadlines[at] = deadlines[child]
        at = child
    deadlines[at].at = when
    deadlines[at].customer = customer
    return int(first)
