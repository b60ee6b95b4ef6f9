"""Random floors and what befalls them: rulebooks, people, and ticks with readings that go missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import time
from typing import Any

import numpy as np
from hypothesis import strategies as st

from autoscaler.core.book import (
    Amount,
    Choose,
    Direction,
    EachAgent,
    Group,
    IdRange,
    Limits,
    Mode,
    Per,
    Rule,
    Safety,
    Smoothing,
    Stability,
    Tier,
    Track,
    WarmUp,
    Weekly,
)
from autoscaler.core.book import Step as Band
from autoscaler.core.expressions import Compare, Expression, OverTime, Relation, TimeFunction
from autoscaler.core.forgetting import of_this_mode, returned, stood_still
from autoscaler.core.memory import KEEP_ABSENT_S, AgentMemory, GroupMemory, aligned
from autoscaler.core.plan import GroupPlan, Stage
from autoscaler.core.readings import AgentState, Overrides, Pause, Pin, Snapshot
from autoscaler.core.scope import GroupView
from autoscaler.core.team import Columns16, Team, assemble, members
from autoscaler.core.tiers import with_tiers

from .staging import (
    LOAD,
    OCCUPANCY,
    T0,
    UNKNOWN,
    WAITING,
    Floor,
    Person,
    each,
    is_state,
    named,
    number,
    on_a_call,
    over,
    rate,
    share,
    slots,
    snapshot,
    under,
)

IDS = range(1001, 1013)
GROUP_AMOUNTS = st.one_of(st.sampled_from([0.05, 0.15, 0.5]).map(share), st.integers(1, 9).map(slots))
EACH = st.integers(1, 3).map(each)
CROWDED = st.sampled_from([0.0, 5.0, 20.0]).map(lambda many: over(WAITING, many))
QUIET = st.sampled_from([1.0, 20.0]).map(lambda few: under(WAITING, few))
TIMES = st.sampled_from([0.0, 0.0, 15.0, 40.0])


def _rule(kind: str, index: int, when: Expression, **action: Any) -> Rule:
    return Rule(name=f"{kind} {index}", when=when, **action)


@st.composite
def group_moves(draw: st.DrawFn, index: int, *, up: bool | None = None, amounts: Any = None) -> Rule:
    """A group-wide raise or lower."""
    raises = draw(st.booleans()) if up is None else up
    amount: Amount = draw(st.one_of(GROUP_AMOUNTS, EACH) if amounts is None else amounts)
    when = draw(CROWDED if raises else QUIET)
    action = {"raise_by": amount} if raises else {"lower_by": amount}
    return _rule("move", index, when, for_s=draw(TIMES), cooldown_s=draw(TIMES), **action)


@st.composite
def agent_moves(draw: st.DrawFn, index: int) -> Rule:
    if draw(st.booleans()):
        return _rule("full", index, over(LOAD, 2), per_agent=True, for_s=draw(TIMES), raise_by=draw(EACH))
    return _rule("idle", index, under(LOAD, 1), per_agent=True, for_s=draw(TIMES), lower_by=draw(EACH))


@st.composite
def holds(draw: st.DrawFn, index: int) -> Rule:
    direction = draw(st.sampled_from(Direction))
    if draw(st.booleans()):
        return _rule("hold", index, is_state("wrap_up"), per_agent=True, hold=direction)
    return _rule("hold", index, draw(st.one_of(CROWDED, st.just(over(OCCUPANCY, 0.8)))), hold=direction)


@st.composite
def bounds(draw: st.DrawFn, index: int) -> Rule:
    match draw(st.integers(0, 3)):
        case 0:
            return on_a_call()
        case 1:
            return _rule("cap", index, draw(CROWDED), cap=draw(st.integers(1, 5)))
        case 2:
            return _rule("floor", index, draw(CROWDED), floor=draw(st.integers(2, 5)))
        case _:
            return _rule("set", index, draw(QUIET), set_to=draw(st.one_of(EACH, st.integers(5, 40).map(slots))))


@st.composite
def tracks(draw: st.DrawFn, index: int, *, of: Expression | None = None) -> Rule:
    """A group in proportion to its queue, or to what its agents hold."""
    measured = draw(st.sampled_from([WAITING, OCCUPANCY, named("group.load"), LOAD])) if of is None else of
    track = Track(
        input=measured,
        per=draw(st.sampled_from(Per)),
        target=draw(st.sampled_from([0.3, 2.0, 15.0])),
        tolerance_down=draw(st.sampled_from([0.0, 0.1])),
        tolerance_up=draw(st.sampled_from([0.0, 0.1])),
    )
    return Rule(name=f"track {index}", track=track, per_agent=measured is LOAD, cooldown_s=draw(TIMES))


@st.composite
def bands(draw: st.DrawFn, index: int, *, rising: bool = False) -> Rule:
    """Steps of a group or of its agents; `rising`: of a group, each band raises by more than the one before."""
    sizes = sorted(draw(st.lists(st.integers(1, 9), min_size=2, max_size=3)))
    of, few = (WAITING, 4) if rising or draw(st.booleans()) else (LOAD, 1)
    amount = slots if of is WAITING else each
    steps = [
        Band(when=over(of, (band + 1) * few), raise_by=amount(size), lower_by=None) for band, size in enumerate(sizes)
    ]
    if not rising and draw(st.booleans()):
        steps.insert(0, Band(when=under(of, few), raise_by=None, lower_by=amount(draw(st.integers(1, 3)))))
    if not rising:
        steps = draw(st.permutations(steps))
    return Rule(name=f"bands {index}", steps=tuple(steps), per_agent=of is LOAD, for_s=draw(TIMES))


@st.composite
def over_time(draw: st.DrawFn, index: int, *, up: bool | None = None, amounts: Any = None) -> Rule:
    """A group-wide raise or lower by what the queue was like lately."""
    past = OverTime(
        draw(st.sampled_from([one for one in TimeFunction if one is not TimeFunction.FORECAST])),
        WAITING,
        draw(st.sampled_from([15.0, 40.0])),
    )
    rule = draw(group_moves(index, up=up, amounts=amounts))
    relation = Relation.GT if rule.raise_by else Relation.LT
    return replace(rule, when=Compare(relation, past, number(draw(st.sampled_from([0, 10])))))


def lasting(*kinds: Callable[[int], st.SearchStrategy[Rule]]) -> Callable[[int], st.SearchStrategy[Rule]]:
    """Rules of `kinds` that go on after their condition, by time or until another one."""

    @st.composite
    def rules(draw: st.DrawFn, index: int) -> Rule:
        rule = draw(draw(st.sampled_from(kinds))(index))
        if draw(st.booleans()):
            return replace(rule, keep_for_s=draw(st.sampled_from([20.0, 70.0])))
        return replace(rule, until=is_state("idle") if rule.per_agent else under(WAITING, 4))

    return rules


EARLY = Weekly(days=frozenset(range(7)), start=time(9, 0), end=time(10, 1))
LATER = Weekly(days=frozenset(range(7)), start=time(10, 2), end=time(12, 0))


def windowed(*kinds: Callable[[int], st.SearchStrategy[Rule]]) -> Callable[[int], st.SearchStrategy[Rule]]:
    """Rules of `kinds` that hold at some times of the day alone; the scenes begin at ten."""

    @st.composite
    def rules(draw: st.DrawFn, index: int) -> Rule:
        at = draw(st.sampled_from([(EARLY,), (LATER,), (EARLY, LATER)]))
        return replace(draw(draw(st.sampled_from(kinds))(index)), at=at)

    return rules


@st.composite
def smoothings(draw: st.DrawFn) -> Smoothing:
    rates = st.builds(rate, GROUP_AMOUNTS, st.sampled_from([30.0, 60.0, 120.0]))
    return Smoothing(
        window_s=draw(st.sampled_from([0.0, 0.0, 30.0, 90.0])),
        cooldown_s=draw(st.sampled_from([0.0, 0.0, 20.0])),
        at_most=tuple(draw(st.lists(rates, max_size=2))),
        choose=draw(st.sampled_from(Choose)),
    )


WARM_UPS = st.sampled_from([None, None, WarmUp(start=1, add=1, every_s=40.0), WarmUp(start=2, add=3, every_s=90.0)])
BUDGETS = st.one_of(st.none(), st.tuples(st.integers(1, 3), st.sampled_from([30.0, 90.0])))
LIMITS = st.lists(st.integers(1, 8), min_size=3, max_size=3).map(sorted).map(
    lambda of: Limits(floor=of[0], baseline=of[1], ceiling=of[2])
)  # fmt: skip


@st.composite
def groups(draw: st.DrawFn, *kinds: Callable[[int], st.SearchStrategy[Rule]]) -> Group:
    """A group whose rules are of `kinds`."""
    rules = [draw(draw(st.sampled_from(kinds))(index)) for index in range(draw(st.integers(1, 5)))]
    by_name = {rule.name: rule for rule in rules}
    tiers = [Tier(name="some", ids=(IdRange(first=1003, last=1006),), limits=draw(LIMITS))]
    where = draw(st.sampled_from([over(LOAD, 4), under(named("agent.signed_in_for"), 600), is_state("wrap_up")]))
    tiers.append(Tier(name="those", ids=draw(st.sampled_from([(), tiers[0].ids])), limits=draw(LIMITS), where=where))
    return Group(
        name="webchat",
        queues=(2001,),
        limits=draw(LIMITS),
        tiers=tuple(draw(st.lists(st.sampled_from(tiers), unique=True))),
        warm_up=draw(WARM_UPS),
        protect=(IdRange(first=1008, last=1008),) if draw(st.booleans()) else (),
        rules=tuple(by_name.values()),
        stability=Stability(
            raises=draw(smoothings()),
            lowers=draw(smoothings()),
            each=EachAgent(raise_by=draw(BUDGETS), lower_by=draw(BUDGETS), moves=draw(BUDGETS)),
        ),
        safety=Safety(
            agents_per_tick=draw(st.sampled_from([0.1, 0.34, 1.0])),
            calls_per_minute=draw(st.one_of(st.none(), st.integers(1, 12))),
            baseline_after_s=draw(st.one_of(st.none(), st.sampled_from([45.0, 200.0]))),
        ),
    )


MOVING = (group_moves, agent_moves, tracks, bands, over_time, lasting(group_moves, agent_moves), windowed(group_moves))
"""Rules that move somebody."""

PLAIN = (*MOVING, holds, lasting(holds))
"""Rules that set no bounds for a while."""

ANY = (*PLAIN, bounds, bounds, holds, lasting(bounds), windowed(bounds, holds, tracks, bands))


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
            overrides=moment.overrides,
            roster_problem=moment.roster_problem,
        )
        team = team_of(scene.rules, seen, before, T0 + seconds)
        plan = floor.tick(
            seconds,
            moment.waiting,
            acts=moment.acts,
            queue_age_s=moment.queue_age_s,
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
    return with_tiers(rules, team, GroupView(rules, seen, team, np.zeros(len(ids)), {}, at=at), agents, rows)
