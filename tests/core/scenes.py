"""Random floors and what befalls them: people, and ticks with readings that go missing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from autoscaler.core.book import Group, Mode, Rule
from autoscaler.core.forgetting import of_this_mode, returned, stood_still
from autoscaler.core.memory import KEEP_ABSENT_S, AgentMemory, GroupMemory, aligned
from autoscaler.core.plan import GroupPlan, Stage
from autoscaler.core.readings import AgentState, Input, Overrides, Pause, Pin, Snapshot
from autoscaler.core.scope import GroupView
from autoscaler.core.team import Columns16, Team, assemble, members
from autoscaler.core.tiers import with_tiers

from .rulebooks import ANY, groups
from .staging import T0, UNKNOWN, Floor, Person, snapshot

EXAMPLES = int(os.environ.get("LAW_EXAMPLES", "60"))
"""How many scenes a law is tried on."""

law = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

IDS = range(1001, 1013)
READINGS = st.dictionaries(
    st.sampled_from(["demand", "hint"]),
    st.builds(
        Input, value=st.sampled_from([0.0, 8.0, 8.0, 30.0, 51.0, UNKNOWN]), age_s=st.sampled_from([1.0, 60.0, 61.0])
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One tick: what changed at the site, what is seen of it, and whether the gateway does as asked."""

    after_s: float
    waiting: float
    queue_age_s: float
    changes: tuple[tuple[int, dict[str, Any] | None], ...]
    overrides: Overrides
    acts: bool
    roster_problem: str
    inputs: Mapping[str, Input] = field(default_factory=dict)


def _whats(*, failures: bool) -> st.SearchStrategy[dict[str, Any] | None]:
    loads = st.fixed_dictionaries({"load": st.one_of(st.integers(0, 8).map(float), st.just(UNKNOWN))})
    states = st.fixed_dictionaries(
        {"state": st.sampled_from([AgentState.IDLE, AgentState.TALKING, AgentState.WRAP_UP, AgentState.REST])}
    )
    ages = st.fixed_dictionaries({"age_s": st.sampled_from([1.0, 90.0, UNKNOWN])})
    plain = [loads, loads, states, ages, st.fixed_dictionaries({"reachable": st.booleans()}), st.none()]
    if failures:
        plain += [
            st.just({"limit": UNKNOWN, "signed_in_for_s": 1.0}),
            st.fixed_dictionaries({"signed_in_for_s": st.sampled_from([50.0, 4000.0, UNKNOWN])}),
            st.just({"limit": 5.0}),
            st.just({"state": AgentState.SIGNED_OUT}),
            st.just({"state": AgentState.UNKNOWN}),
        ]
    return st.one_of(plain)


@st.composite
def moments(draw: st.DrawFn, *, failures: bool = True, orders: bool = True) -> Moment:
    """A tick; without `failures` limits are known and calls succeed, without `orders` no person meddles."""
    pins: tuple[Pin, ...] = ()
    pauses: tuple[Pause, ...] = ()
    if orders and draw(st.integers(0, 9)) == 5:
        limit = draw(st.integers(1, 60))
        pins = (Pin(agent=draw(st.sampled_from(IDS)), media_type=51, limit=limit, until=None, reason="", by=""),)
    if orders and draw(st.integers(0, 19)) == 5:
        pauses = (Pause(group=None, until=None, reason="", by=""),)
    return Moment(
        after_s=draw(st.sampled_from([5.0, 15.0, 15.0, 31.0, 60.0])),
        waiting=draw(st.sampled_from([0.0, 0.0, 3.0, 10.0, 30.0, 30.0, UNKNOWN])),
        queue_age_s=draw(st.sampled_from([1.0, 1.0, 1.0, 61.0])),
        changes=tuple(draw(st.lists(st.tuples(st.sampled_from(IDS), _whats(failures=failures)), max_size=4))),
        overrides=Overrides(frozen=orders and draw(st.integers(0, 29)) == 5, pauses=pauses, pins=pins),
        acts=not failures or draw(st.integers(0, 3)) != 2,
        roster_problem="lost" if failures and draw(st.integers(0, 19)) == 5 else "",
        inputs=draw(READINGS),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A group, who is there at first, and what happens."""

    rules: Group
    team: tuple[Person, ...]
    story: tuple[Moment, ...]


@st.composite
def scenes(
    draw: st.DrawFn,
    *kinds: Callable[[int], st.SearchStrategy[Rule]],
    failures: bool = True,
    orders: bool = True,
) -> Scene:
    person = st.builds(Person, id=st.sampled_from(IDS), load=st.integers(0, 6).map(float))
    team = draw(st.lists(person, min_size=3, max_size=len(IDS), unique_by=lambda one: one.id))
    rules = draw(groups(*(kinds or ANY)))
    ticks = st.lists(moments(failures=failures, orders=orders), min_size=5, max_size=30)
    inside = tuple(replace(one, limit=float(_inside(rules, one))) for one in team)
    return Scene(rules=rules, team=inside, story=tuple(draw(ticks)))


def _inside(rules: Group, one: Person) -> int:
    limits = rules.limits
    for tier in reversed(rules.tiers):
        if tier.where is None and any(part.first <= one.id <= part.last for part in tier.ids):
            limits = tier.limits
    return max(limits.floor, min(3, limits.ceiling))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One decision of a scene, and what it went out from."""

    at: float
    moment: Moment
    seen: Snapshot
    before: GroupMemory | None
    plan: GroupPlan
    team: Team
    pinned: frozenset[int]

    @property
    def wanted(self) -> Columns16:
        return self.plan.limits[Stage.WANTED]

    @property
    def moved(self) -> Columns16:
        """Steps of those who are not pinned, shape (n,)."""
        pinned = np.isin(self.team.ids, list(self.pinned))
        return np.where(pinned, 0, self.wanted - self.team.force).astype(np.int16)


def play(scene: Scene, *, restarts: bool = False) -> Iterator[tuple[Floor, Step]]:
    """Decide a scene tick by tick; yields the floor after each decision."""
    floor = Floor.of(scene.rules, scene.team)
    seconds = 0.0
    for moment in scene.story:
        seconds += moment.after_s
        befall(floor, moment)
        before = floor.memory.groups.get("webchat")
        seen = snapshot(
            list(floor.people.values()),
            moment.waiting,
            queue_age_s=moment.queue_age_s,
            inputs=moment.inputs,
            overrides=moment.overrides,
            roster_problem=moment.roster_problem,
        )
        team = team_of(scene.rules, seen, before, T0 + seconds)
        plan = floor.tick(
            seconds,
            moment.waiting,
            acts=moment.acts,
            queue_age_s=moment.queue_age_s,
            inputs=moment.inputs,
            overrides=moment.overrides,
            roster_problem=moment.roster_problem,
        )
        if restarts:
            floor.restart()
        pinned = frozenset(pin.agent for pin in moment.overrides.pins)
        yield floor, Step(at=T0 + seconds, moment=moment, seen=seen, before=before, plan=plan, team=team, pinned=pinned)


def befall(floor: Floor, moment: Moment) -> None:
    for agent, what in moment.changes:
        if what is None:
            floor.people.pop(agent, None)
        elif agent in floor.people:
            floor.change(agent, **what)
        else:
            floor.people[agent] = replace(Person(id=agent, load=2.0, limit=3.0), **what)


def team_of(rules: Group, seen: Snapshot, before: GroupMemory | None, at: float) -> Team:
    """The team as the decision saw it: limits in force are what memory and gateway say."""
    where = members(rules, seen.agents)
    ids = seen.agents.ids[where]
    budgets = rules.stability.each
    memory = (
        GroupMemory(agents=AgentMemory.blank(ids, budgets)) if before is None else of_this_mode(before, Mode.ENFORCE)
    )
    if seen.roster_problem:
        memory = stood_still(memory, at=at)
    agents, rows = aligned(memory.agents, ids, budgets, oldest=at - KEEP_ABSENT_S)
    agents = returned(agents, rows, seen.agents.signed_in_for_s[where], last=memory.at, at=at)
    team = assemble(rules, seen.agents, where, agents, rows)
    view = GroupView(rules, seen, team, np.full(len(ids), UNKNOWN), {}, {}, at=at)
    return with_tiers(rules, team, view, agents, rows)
