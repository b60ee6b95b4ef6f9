"""The floor once more, slow and plain: remaining work a chat, every event looked for anew; the compiled loop's judge.

Of the simulator it takes the people drawn before a run, and nothing else.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from autoscaler.simulation.floor.customers import People
from autoscaler.simulation.floor.ports import Policy, Seen
from autoscaler.simulation.scenario.model import AgentEntry, Routing, Scenario

__all__ = ["SlowFloor"]

DAY = 86_400
SHIFT, CURVE, GATEWAY, END, DEADLINE, ARRIVAL, TICK = range(7)


class SplitMix:
    """The loop's generator, in whole numbers."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def next(self) -> float:
        mask = 2**64 - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & mask
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return ((z ^ (z >> 31)) >> 11) / 2**53


@dataclass
class Agent:
    entry: AgentEntry
    speed: float
    configured: int
    on: bool = False
    limit: int = 0
    wanted: int = 0
    since: float = math.nan
    last_given: float = -math.inf
    on_s: float = 0.0
    chats: dict[int, float] = field(default_factory=dict)
    """Work left, by customer."""


@dataclass
class Call:
    due: float
    agent: Agent
    limit: int
    is_void: bool = False


class SlowFloor:
    """One run; when `play` is through, `start`, `end`, `agent_of` and `left` say what became of every customer."""

    def __init__(self, scenario: Scenario, people: People, policy: Policy) -> None:
        self.scenario, self.people = scenario, people
        entries = [entry for entry in scenario.agents for _ in range(entry.count)]
        start = policy.start_limits(scenario)
        self.agents = [
            Agent(entry, float(people.speed[row]), entry.limit if start is None else int(start[row]))
            for row, entry in enumerate(entries)
        ]
        self.controller = policy.controller(scenario, seed=0, index=0)
        self.tick_at = self.controller.first_tick()
        count = len(people.arrival)
        self.start, self.end = [math.nan] * count, [math.nan] * count
        self.agent_of = [-1] * count
        self.left: set[int] = set()
        self.queue: deque[int] = deque()
        self.calls: list[Call] = []
        self.ties, self.failures = (SplitMix(int(seed)) for seed in people.seeds)
        self.now, self.came, self.changes, self.failed = 0.0, 0, 0, False
        self.arrived = self.abandoned = 0
        self.timetable = sorted(self._timetable(), key=lambda row: (row[0], row[1], row[2]))
        self.passed = 0

    def play(self) -> None:
        while self.came < len(self.start) or self.queue or any(agent.chats for agent in self.agents):
            at, kind, who = min(self._next(), key=lambda event: event[:2])
            self._work_until(at)
            if kind == SHIFT:
                while self.timetable[self.passed][:2] == (at, SHIFT):
                    self._shift(self.agents[self.timetable[self.passed][3]], on=self.timetable[self.passed][2] == 1)
                    self.passed += 1
            elif kind == CURVE:
                self.passed += 1
            elif kind == GATEWAY:
                self._hear(self.calls.pop(0))
            elif kind == END:
                agent = self.agents[self.agent_of[who]]
                del agent.chats[who]
                self.end[who] = at
            elif kind == DEADLINE:
                self.queue.remove(who)
                self.left.add(who)
                self.end[who] = at
                self.abandoned += 1
            elif kind == ARRIVAL:
                self.came += 1
                self.arrived += 1
                self.queue.append(who)
            else:
                self._tick()
            if kind not in {CURVE, DEADLINE}:
                self._hand_out()

    def _timetable(self) -> Iterator[tuple[float, int, int, int]]:
        """(when, kind, whether it is a sign-in, agent) of every shift and curve change for a month."""
        clock = self.scenario.clock_s
        for row, agent in enumerate(self.agents):
            if not agent.entry.shift:
                yield 0.0, SHIFT, 1, row
            for window in agent.entry.shift:
                for midnight in range(-DAY, 30 * DAY, DAY):
                    first = midnight + window.start_s - clock
                    last = midnight + window.end_s - clock
                    last += DAY if window.end_s <= window.start_s else 0
                    if last > 0:
                        yield max(first, 0.0), SHIFT, 1, row
                        yield last, SHIFT, 0, row
        curves = [entry.curves or self.scenario.service.curves for entry in self.scenario.agents]
        for at in {curve.from_s for own in curves for curve in own} | {0.0}:
            for midnight in range(0, 30 * DAY, DAY):
                if midnight + at > clock:
                    yield midnight + at - clock, CURVE, 0, -1

    def _next(self) -> Iterator[tuple[float, int, int]]:
        if self.passed < len(self.timetable):
            yield *self.timetable[self.passed][:2], -1
        if self.calls:
            yield self.calls[0].due, GATEWAY, -1
        for agent in self.agents:
            for customer, work in agent.chats.items():
                yield self.now + work / self._rate(agent), END, customer
        for customer in self.queue:
            yield self.people.arrival[customer] + self.people.patience[customer], DEADLINE, customer
        if self.came < len(self.start):
            yield self.people.arrival[self.came], ARRIVAL, self.came
        yield self.tick_at, TICK, -1

    def _rate(self, agent: Agent) -> float:
        """Work of one of its chats done a second."""
        time_of_day = (self.scenario.clock_s + self.now) % DAY
        curves = agent.entry.curves or self.scenario.service.curves
        holding = [curve for curve in curves if curve.from_s <= time_of_day + 1e-6] or [curves[0]]
        load = len(agent.chats)
        return float(agent.speed * holding[-1].factors[load - 1] / load)

    def _work_until(self, at: float) -> None:
        for agent in self.agents:
            if agent.chats:
                done = self._rate(agent) * (at - self.now)
                agent.chats = {customer: work - done for customer, work in agent.chats.items()}
            if agent.on:
                begins, ends = self.scenario.warm_up_s, self.scenario.duration_s
                agent.on_s += max(0.0, min(at, ends) - max(self.now, begins))
        self.now = at

    def _shift(self, agent: Agent, *, on: bool) -> None:
        agent.on = on
        if on:
            agent.limit = agent.wanted = agent.configured
            agent.since = self.now
        else:
            agent.since = math.nan
            for call in self.calls:
                if call.agent is agent:
                    call.is_void = True

    def _hear(self, call: Call) -> None:
        agent = call.agent
        if not call.is_void:
            if self._fails():
                return
            self._set(agent, call.limit)
        if agent.on and agent.wanted != agent.limit:
            self._send(agent)

    def _fails(self) -> bool:
        return self.scenario.gateway.failure > 0 and self.failures.next() < self.scenario.gateway.failure

    def _set(self, agent: Agent, limit: int) -> None:
        if limit != agent.limit:
            agent.limit = limit
            if self.scenario.warm_up_s <= self.now < self.scenario.duration_s:
                self.changes += 1

    def _send(self, agent: Agent) -> None:
        delay = self.scenario.gateway.delay_s
        if delay:
            self.calls.append(Call(self.now + delay, agent, agent.wanted))
        elif not self._fails():
            self._set(agent, agent.wanted)

    def _tick(self) -> None:
        wanted, self.tick_at = self.controller.tick(
            Seen(
                now_s=self.now,
                waiting=len(self.queue),
                oldest_wait_s=self.now - self.people.arrival[self.queue[0]] if self.queue else 0.0,
                arrived=self.arrived,
                abandoned=self.abandoned,
                on=np.array([agent.on for agent in self.agents]),
                load=np.array([len(agent.chats) for agent in self.agents]),
                wanted=np.array([agent.wanted for agent in self.agents]),
                signed_in_for_s=np.array([self.now - agent.since for agent in self.agents]),
            )
        )
        self.arrived = self.abandoned = 0
        for row, agent in enumerate(self.agents):
            if agent.on:
                if wanted is not None:
                    agent.wanted = int(wanted[row])
                if agent.wanted != agent.limit and all(call.agent is not agent for call in self.calls):
                    self._send(agent)

    def _hand_out(self) -> None:
        keys = {
            Routing.LEAST_LOADED: lambda agent: len(agent.chats),
            Routing.MOST_LOADED: lambda agent: -len(agent.chats),
            Routing.LONGEST_IDLE: lambda agent: agent.last_given,
            Routing.RANDOM: lambda _: 0,
        }
        key = keys[self.scenario.routing]
        while self.queue:
            free = [row for row, agent in enumerate(self.agents) if agent.on and len(agent.chats) < agent.limit]
            if not free:
                return
            best = min(key(self.agents[row]) for row in free)
            tied = [row for row in free if key(self.agents[row]) == best]
            row = tied[int(self.ties.next() * len(tied))] if len(tied) > 1 else tied[0]
            customer = self.queue.popleft()
            self.agents[row].chats[customer] = float(self.people.work[customer])
            self.agents[row].last_given = self.now
            self.start[customer], self.agent_of[customer] = self.now, row
