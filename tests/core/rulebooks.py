"""Random rulebooks: every part of the language that decides, in amounts a floor of a dozen people can feel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

from hypothesis import strategies as st

from autoscaler.core.book import (
    Amount,
    Calendar,
    Choose,
    Direction,
    EachAgent,
    Group,
    IdRange,
    InputSpec,
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
from autoscaler.core.expressions import And, Compare, Expression, Not, Or, OverTime, Relation, TimeFunction

from .staging import (
    LOAD,
    OCCUPANCY,
    START,
    WAITING,
    each,
    is_state,
    named,
    number,
    on_a_call,
    over,
    rate,
    share,
    slots,
    under,
)

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


DAILY = frozenset(range(7))
EARLY = Weekly(days=DAILY, start=time(9, 0), end=time(10, 1))
LATER = Weekly(days=DAILY, start=time(10, 2), end=time(12, 0))
NIGHT = Weekly(days=DAILY, start=time(22, 0), end=time(10, 3))
THAT_DAY = Weekly(days=frozenset(), start=time(10, 1), end=time(11, 0), dates=(START.date(),))
CALENDARS = st.builds(
    Calendar,
    timezone=st.sampled_from(["UTC", "UTC", "Europe/Berlin"]),
    holidays=st.sampled_from([(), (), (START.date(),), (START.date() - timedelta(days=1),)]),
)


def windowed(*kinds: Callable[[int], st.SearchStrategy[Rule]]) -> Callable[[int], st.SearchStrategy[Rule]]:
    """Rules of `kinds` that hold at some times of the day alone; the scenes begin at ten."""

    @st.composite
    def rules(draw: st.DrawFn, index: int) -> Rule:
        at = draw(st.sampled_from([(EARLY,), (LATER,), (EARLY, LATER), (NIGHT,), (THAT_DAY,), (NIGHT, THAT_DAY)]))
        return replace(draw(draw(st.sampled_from(kinds))(index)), at=at)

    return rules


INPUTS = (
    InputSpec(name="demand", source="x", query="x", max_age_s=60.0, between=(0.0, 50.0), required=True),
    InputSpec(name="hint", source="x", query="x", max_age_s=60.0, between=None, required=False),
)
DEMAND = st.sampled_from(["input.demand", "input.hint"]).map(named)


def informed(
    *kinds: Callable[[int], st.SearchStrategy[Rule]], alone: bool = False
) -> Callable[[int], st.SearchStrategy[Rule]]:
    """Rules of `kinds` that rest on a named input too, or on it `alone`."""

    @st.composite
    def rules(draw: st.DrawFn, index: int) -> Rule:
        rule = draw(draw(st.sampled_from(kinds))(index))
        told: Expression = draw(st.one_of(st.builds(over, DEMAND, st.just(5)), st.builds(under, DEMAND, st.just(20))))
        if not alone and rule.when is not None:
            both = (told, rule.when)
            told = draw(st.sampled_from([told, And(both), Or(both), And((Not(told), rule.when))]))
        return replace(rule, name=f"informed {index}", when=told)

    return rules


def watched(*kinds: Callable[[int], st.SearchStrategy[Rule]]) -> Callable[[int], st.SearchStrategy[Rule]]:
    """Rules of `kinds` that only observe."""

    @st.composite
    def rules(draw: st.DrawFn, index: int) -> Rule:
        return replace(draw(draw(st.sampled_from(kinds))(index)), name=f"watched {index}", mode=Mode.OBSERVE)

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
        inputs=INPUTS,
        calendar=draw(CALENDARS),
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


MOVING = (
    group_moves,
    agent_moves,
    tracks,
    bands,
    over_time,
    lasting(group_moves, agent_moves),
    windowed(group_moves),
    informed(group_moves, agent_moves, bands, lasting(group_moves)),
)
"""Rules that move somebody."""

PLAIN = (*MOVING, holds, lasting(holds), informed(holds), watched(*MOVING))
"""Rules that set no bounds for a while."""

ANY = (
    *PLAIN,
    bounds,
    bounds,
    holds,
    lasting(bounds),
    windowed(bounds, holds, tracks, bands),
    informed(bounds),
    watched(bounds, holds),
)
