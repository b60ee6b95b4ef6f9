"""A small floor for the core's tests: agents, readings, rules and ticks in a line each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from autoscaler.core.book import Amount, AmountKind, EachAgent, Group, Limits, Rate, Rule, Rulebook, Safety
from autoscaler.core.engine import decide
from autoscaler.core.exchange import plan_to_json
from autoscaler.core.expressions import Compare, Expression, Literal, Name, Relation, Scope, Unit
from autoscaler.core.memory import AgentMemory, GroupMemory, Memory, from_json, to_json
from autoscaler.core.plan import GroupPlan, Plan, Stage
from autoscaler.core.readings import ANY_MEDIA, Agents, AgentState, Input, Overrides, Queues, Snapshot
from autoscaler.core.team import Team, assemble

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
T0 = START.timestamp()
UNKNOWN = float("nan")

WAITING = Name(Scope.QUEUE, "waiting")
OCCUPANCY = Name(Scope.GROUP, "occupancy")
STATE = Name(Scope.AGENT, "state")
LOAD = Name(Scope.AGENT, "load")


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def number(value: float) -> Literal:
    return Literal(float(value), Unit.COUNT)


def over(name: Name, value: float) -> Compare:
    return Compare(Relation.GT, name, number(value))


def under(name: Name, value: float) -> Compare:
    return Compare(Relation.LT, name, number(value))


def named(name: str) -> Name:
    """`queue.waiting`, `agent.load`, `input.x` as rules spell them."""
    scope, _, rest = name.partition(".")
    return Name(Scope(scope), rest)


def is_state(text: str) -> Compare:
    return Compare(Relation.EQ, STATE, Literal(text, Unit.TEXT))


ALWAYS: Expression = Compare(Relation.GE, number(1), number(1))


def share(ratio: float) -> Amount:
    return Amount(kind=AmountKind.SHARE, value=ratio)


def slots(count: int) -> Amount:
    return Amount(kind=AmountKind.SLOTS, value=count)


def each(count: int) -> Amount:
    return Amount(kind=AmountKind.EACH, value=count)


def rate(amount: Amount, period_s: float) -> Rate:
    return Rate(amount=amount, period_s=period_s)


def raising(amount: Amount, when: Expression | None = ALWAYS, name: str = "surge", **more: Any) -> Rule:
    return Rule(name=name, when=when, raise_by=amount, **more)


def lowering(amount: Amount, when: Expression | None = ALWAYS, name: str = "calm", **more: Any) -> Rule:
    return Rule(name=name, when=when, lower_by=amount, **more)


def on_a_call(**more: Any) -> Rule:
    return Rule(name="on a call", when=is_state("talking"), per_agent=True, cap=1, **more)


def group(*rules: Rule, **more: Any) -> Group:
    """A group of queue 2001 whose guards hold nothing back unless told to."""
    settings: dict[str, Any] = {
        "name": "webchat",
        "queues": (2001,),
        "limits": Limits(floor=1, baseline=3, ceiling=6),
        "safety": Safety(agents_per_tick=1.0),
    }
    return Group(**(settings | more), rules=rules)


def book(*groups: Group) -> Rulebook:
    return Rulebook(groups=groups, digest="sha256:test")


def queues(
    waiting: float = 0.0, *, ids: Sequence[int] = (2001,), age_s: float = 2.0, **more: Sequence[float]
) -> Queues:
    n = len(ids)

    def column(name: str, value: float) -> np.ndarray:
        return np.array(more.get(name, [value] * n), float)

    return Queues(
        ids=np.array(ids, np.int64),
        waiting=column("waits", waiting),
        oldest_wait_s=column("oldest", 0.0),
        arrivals_per_minute=column("arrivals", 0.0),
        abandoned_per_minute=column("abandoned", 0.0),
        age_s=column("ages", age_s),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One agent as the site shows it."""

    id: int
    load: float = 3.0
    limit: float = 3.0
    state: AgentState = AgentState.IDLE
    signed_in_for_s: float = 3600.0
    age_s: float = 2.0
    queues: tuple[int, ...] | None = (2001,)
    reachable: bool = True


def people(count: int, *, first: int = 1001, **more: Any) -> list[Person]:
    return [Person(id=first + i, **more) for i in range(count)]


def agents(team: Sequence[Person]) -> Agents:
    team = sorted(team, key=lambda one: one.id)
    own = [one.queues or () for one in team]
    return Agents(
        ids=np.array([one.id for one in team], np.int64),
        load={ANY_MEDIA: np.array([one.load for one in team], float)},
        limit={ANY_MEDIA: np.array([one.limit for one in team], float)},
        state=np.array([one.state for one in team], np.int8),
        state_for_s=np.full(len(team), 60.0),
        signed_in_for_s=np.array([one.signed_in_for_s for one in team], float),
        age_s=np.array([one.age_s for one in team], float),
        queue_ids=np.array([queue for row in own for queue in row], np.int64),
        queue_offsets=np.concatenate(([0], np.cumsum([len(row) for row in own], dtype=np.int64))),
        queues_known=np.array([one.queues is not None for one in team], np.bool_),
        reachable=np.array([one.reachable for one in team], np.bool_),
    )


def snapshot(
    team: Sequence[Person],
    waiting: float = 0.0,
    *,
    queue_age_s: float = 2.0,
    inputs: Mapping[str, Input] | None = None,
    overrides: Overrides = Overrides(),  # noqa: B008 it is frozen
    roster_problem: str = "",
) -> Snapshot:
    return Snapshot(
        queues=queues(waiting, age_s=queue_age_s),
        agents=agents(team),
        inputs=inputs or {},
        overrides=overrides,
        roster_problem=roster_problem,
    )


def assembled(floor: Group, team: Sequence[Person]) -> Team:
    """The columns of a team nobody remembers."""
    seen = agents(team)
    blank = AgentMemory.blank(seen.ids, floor.stability.each)
    return assemble(floor, seen, slice(0, len(seen.ids)), blank, None)


def blank(*ids: int) -> AgentMemory:
    return AgentMemory.blank(np.array(ids, np.int64), EachAgent())


@dataclass(slots=True)
class Floor:
    """A group that is decided tick after tick; the gateway does what it is asked, at once.

    `people` are as the site shows them, by id; change them between ticks.
    """

    rules: Group
    people: dict[int, Person]
    memory: Memory = field(default_factory=Memory)
    plan: Plan | None = None

    @classmethod
    def of(cls, rules: Group, team: Sequence[Person]) -> Floor:
        return cls(rules=rules, people={one.id: one for one in team})

    def tick(self, seconds: float, waiting: float = 0.0, *, acts: bool = True, **seen: Any) -> GroupPlan:
        """Decide, and let the gateway act.

        Args:
            seconds: Since START.
            waiting: Chats waiting.
            acts: False: every call of this tick fails.
            seen: As in `snapshot`.
        """
        self.plan = decide(
            book(self.rules), snapshot(list(self.people.values()), waiting, **seen), self.memory, at(seconds)
        )
        self.memory = self.plan.memory
        decided = self.plan.groups[0]
        if acts:
            for agent, limit in zip(decided.calls.agents.tolist(), decided.calls.callnums.tolist(), strict=True):
                self.people[agent] = replace(self.people[agent], limit=float(limit))
        return decided

    def change(self, *ids: int, **what: Any) -> None:
        """Change some people, or all when no id is given."""
        for agent in ids or tuple(self.people):
            self.people[agent] = replace(self.people[agent], **what)

    def leave(self, *ids: int) -> None:
        for agent in ids:
            del self.people[agent]

    def remembers(self) -> GroupMemory:
        return self.memory.groups[self.rules.name]

    def restart(self) -> None:
        """Memory goes through JSON text, as over a restart."""
        self.memory = from_json(json.loads(json.dumps(to_json(self.memory))))


def wanted(plan: GroupPlan) -> dict[int, int]:
    """Wanted limits by agent."""
    return dict(zip(plan.ids.tolist(), plan.limits[Stage.WANTED].tolist(), strict=True))


def calls(plan: GroupPlan) -> dict[int, int]:
    return dict(zip(plan.calls.agents.tolist(), plan.calls.callnums.tolist(), strict=True))


def why(plan: GroupPlan, agent: int, stage: Stage) -> str:
    row = plan.row_of(agent)
    assert row is not None
    return next(cell.why for cell in plan.story(row) if cell.stage is stage)


def text(plan: Plan) -> str:
    """The plan as the command prints it."""
    return json.dumps(plan_to_json(plan), sort_keys=True)
