"""The search for a moment at which one move answers another, in plain numbers.

A candidate comes from the bounds of both conditions. It counts only when the real conditions, judged by the core, let
the first move win at one moment and the second at the next. The search is bounded: always the same candidates, and no
more than `MOST_WORK` a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from autoscaler.core.book import Group, Limits, Per, Track
from autoscaler.core.expressions import Name, Scope, spelt
from autoscaler.rulebook.lint.asking import Asking
from autoscaler.rulebook.lint.frame import Frame, frames_of
from autoscaler.rulebook.lint.moment import Moment
from autoscaler.rulebook.lint.subjects import Move
from autoscaler.rulebook.lint.telling import Exchange

__all__ = ["Search"]

MOST_WORK = 2000
"""Candidates of one file, each counted once, and again for every rule when all of them are judged."""

_TRIES_A_FRAME = 50
_AGENTS = (20, 10, 50, 12, 100, 30, 200, 1000)
_OFF_TARGET = (1.3, 0.7, 2.0, 0.4)
"""How far from its target a tracked reading is tried."""


class Search:
    """Looks through one group."""

    def __init__(self, group: Group) -> None:
        """Search in `group`, with all candidates still to try."""
        self._group = group
        self.left = MOST_WORK
        self._tiers = tuple(tier.name for tier in group.tiers)

    def find(self, first: Move, second: Move) -> Exchange | None:
        """A moment at which `second` answers `first`; None when none was found."""
        for frame in frames_of(first, second) if self.left > 0 else ():
            limits = self._limits(frame)
            asking = Asking(self._group, (first.subject.rule, second.subject.rule), limits)
            moments = self._single(frame) if first.subject.rule.per_agent else self._whole(frame, first, asking, limits)
            for moment in islice(moments, _TRIES_A_FRAME):
                self.left -= 1
                after = _answered(first, second, moment, asking)
                if after is not None:
                    self.left -= len(self._group.rules)
                    answer = asking.wins(second, after, moment) if asking.wins(first, moment, None) else 0
                    if answer:
                        last = _moved(after, answer, second)
                        again = bool(asking.wins(first, last, None))
                        return Exchange(first=first, second=second, moments=(moment, after, last), again=again)
                if self.left <= 0:
                    return None
        return None

    def _limits(self, frame: Frame) -> Limits:
        tier = frame.words["agent.tier"]
        return next((one.limits for one in self._group.tiers if one.name == tier), self._group.limits)

    def _whole(self, frame: Frame, first: Move, asking: Asking, limits: Limits) -> Iterator[Moment]:
        """Moments for rules judged once for the group."""
        for agents in [one for one in _AGENTS if frame.suits_agents(one)][:2]:
            for slots in frame.slots(agents, limits):
                bare = self._moment(frame, agents=agents, slots=slots, limit=max(slots // agents, 1))
                for moment in _off_target(first.subject.rule.track, bare):
                    units = asking.units(first, moment)
                    for load in frame.loads(moment.load, slots, slots + units):
                        made = replace(moment, load=load, held=load // agents)
                        if made.is_consistent:
                            yield made

    def _single(self, frame: Frame) -> Iterator[Moment]:
        """Moments for rules judged for each agent: all twenty are alike."""
        limits = self._limits(frame)
        for limit in range(limits.floor, min(limits.ceiling, limits.floor + 20) + 1):
            moment = self._moment(frame, agents=20, slots=20 * limit, limit=limit)
            for held in range(limit + 3):
                made = replace(moment, load=20 * held, held=held)
                if made.is_consistent and frame.suits(made):
                    yield made

    def _moment(self, frame: Frame, *, agents: int, slots: int, limit: int) -> Moment:
        return Moment(
            agents=agents,
            slots=slots,
            load=0,
            limit=limit,
            held=0,
            outside=frame.outside(agents),
            words=frame.words,
            tiers=self._tiers,
        )


def _answered(first: Move, second: Move, moment: Moment, asking: Asking) -> Moment | None:
    """The moment after `first`, if the two rules alone would let `second` answer it: the raise has changed sides."""
    if not moment.grants(first):
        return None
    after = _moved(moment, asking.units(first, moment), first)
    if not asking.asks(second, after) or (asking.asks(first, after) if first.is_raise else asking.asks(second, moment)):
        return None
    return after


def _moved(moment: Moment, units: int, move: Move) -> Moment:
    """The moment after a move; where agents are judged for themselves, all of them moved alike."""
    if move.subject.rule.per_agent:
        return replace(moment, limit=moment.limit + units, slots=moment.slots + units * moment.agents)
    return replace(moment, slots=moment.slots + units, limit=max((moment.slots + units) // moment.agents, 1))


def _off_target(track: Track | None, moment: Moment) -> Iterator[Moment]:
    """The moment with a tracked reading off its target in several ways; the moment itself where nothing is tracked."""
    if track is None:
        yield moment
        return
    shared = {Per.GROUP: 1, Per.AGENT: moment.agents, Per.SLOT: moment.slots}[track.per]
    for off in _OFF_TARGET:
        value = track.target * off * shared
        match track.input:
            case Name(Scope.GROUP, "occupancy"):
                yield replace(moment, load=round(value * moment.slots))
            case Name(Scope.GROUP, "load"):
                yield replace(moment, load=round(value))
            case Name(Scope.QUEUE | Scope.INPUT) as name:
                yield replace(moment, outside={**moment.outside, spelt(name): float(round(value))})
            case _:
                yield moment
