"""What two conditions leave open of a moment that shall suit the first, and one move later the second.

Readings that no move changes must suit both at once; limits, slots and what hangs on them must suit the first before
the move and the second after it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from autoscaler.core.book import Limits
from autoscaler.rulebook.lint.cases import Case
from autoscaler.rulebook.lint.domains import NO_TIER
from autoscaler.rulebook.lint.intervals import EVERYTHING, NOT_NEGATIVE, Interval, added, meet, scaled
from autoscaler.rulebook.lint.moment import Moment
from autoscaler.rulebook.lint.pingpong import DERIVED, FEWEST_AGENTS
from autoscaler.rulebook.lint.subjects import Move
from autoscaler.rulebook.vocabulary import STATES

__all__ = ["Frame", "frames_of"]

_MOST_SLOTS = 7
"""Slots that are tried for one number of agents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What is open.

    Attributes:
        before, after: The cases to suit before and after the first move.
        still: By plain reading: bounds of what no move changes.
        words: State and tier of the agent.
    """

    before: Case
    after: Case
    still: Mapping[str, Interval]
    words: Mapping[str, str]

    def outside(self, agents: int) -> dict[str, float]:
        """A value for each reading that stands still."""
        found = {key: _pick(bounds) for key, bounds in self.still.items()}
        shared = self.still.get("group.waiting_per_agent")
        if shared is not None:
            waiting = meet(scaled(shared, float(agents)), self.still.get("queue.waiting", NOT_NEGATIVE))
            if waiting is not None:
                found["queue.waiting"] = _pick(waiting)
        return found

    def suits_agents(self, agents: int) -> bool:
        """Whether a group of so many agents suits both conditions."""
        return agents >= FEWEST_AGENTS and self.still.get("group.agents", NOT_NEGATIVE).holds(agents)

    def slots(self, agents: int, limits: Limits) -> list[int]:
        """Slots before the first move, from near the baseline to the ends."""
        room: Interval | None = Interval(float(limits.floor * agents), float(limits.ceiling * agents))
        for bounds in (
            scaled(self.before.bounds.get("group.mean_limit", EVERYTHING), float(agents)),
            self.before.bounds.get("group.slots", EVERYTHING),
        ):
            room = room and meet(room, bounds)
        if room is None:
            return []
        low, high = _whole_ends(room)
        start = min(max(limits.baseline * agents, low), high)
        steps = range(_MOST_SLOTS)
        found = [start, *(low + (high - low) * step // (_MOST_SLOTS - 1) for step in steps)]
        return [one for one in dict.fromkeys(found) if low <= one <= high]

    def loads(self, given: int, slots: int, later: int) -> list[int]:
        """Chats held with which occupancy, load and spare suit both; `given` alone when it is set (not 0)."""
        room: Interval | None = Interval(0.0, 2.0 * slots)
        for case, count in ((self.before, slots), (self.after, later)):
            for one in (
                scaled(case.bounds.get("group.occupancy", EVERYTHING), float(count)),
                case.bounds.get("group.load", EVERYTHING),
                _load_for(case.bounds.get("group.spare", NOT_NEGATIVE), count),
            ):
                room = room and meet(room, one)
        if room is None:
            return []
        if given:
            return [given] if room.holds(given) else []
        low, high = _whole_ends(room)
        return list(dict.fromkeys(one for one in ((low + high) // 2, low, high) if low <= one <= high))

    def suits(self, moment: Moment) -> bool:
        """Whether one agent's readings suit the first condition."""
        values = {
            "agent.limit": float(moment.limit),
            "agent.load": float(moment.held),
            "agent.spare": float(max(moment.limit - moment.held, 0)),
            "agent.occupancy": moment.held / moment.limit,
        }
        return all(self.before.bounds.get(key, EVERYTHING).holds(value) for key, value in values.items())


def frames_of(first: Move, second: Move) -> Iterator[Frame]:
    """Every pair of cases whose unmoved readings can be the same."""
    for before in first.given:
        for after in second.given:
            still = _still(before, after)
            words = {
                "agent.state": _word(before, after, "agent.state", STATES[1:]),
                "agent.tier": _word(before, after, "agent.tier", (NO_TIER,)),
            }
            if still is not None:
                yield Frame(before=before, after=after, still=still, words=words)


def _load_for(spare: Interval, slots: int) -> Interval:
    """The loads that leave so much spare; more than there are slots leaves none."""
    load = added(Interval(float(slots), float(slots)), scaled(spare, -1.0))
    return load._replace(high=math.inf, high_open=False) if spare.low <= 0 and not spare.low_open else load


def _still(before: Case, after: Case) -> dict[str, Interval] | None:
    found: dict[str, Interval] = {}
    for case in (before, after):
        for key, bounds in case.bounds.items():
            if key in DERIVED or case.terms[key].name is None:
                continue
            met = meet(found.get(key, EVERYTHING), bounds)
            if met is None:
                return None
            found[key] = met
    return found


def _word(before: Case, after: Case, key: str, usual: tuple[str, ...]) -> str:
    """A word that suits both, a usual one if there is one."""
    choice = before.words.get(key, frozenset(usual)) & after.words.get(key, frozenset(usual))
    if not choice:
        choice = before.words.get(key) or after.words.get(key) or frozenset(usual)
    return next((word for word in usual if word in choice), min(choice))


def _pick(bounds: Interval) -> float:
    """A value inside, a whole number if there is one."""
    low, high = _whole_ends(bounds)
    if math.isinf(bounds.low):
        return float(min(0, high)) if not math.isinf(bounds.high) else 0.0
    if bounds.holds(low):
        return float(low)
    middle = (bounds.low + bounds.high) / 2
    return middle if bounds.holds(middle) else bounds.low


def _whole_ends(bounds: Interval) -> tuple[int, int]:
    """The lowest and highest whole number inside; the first above the second when there is none. Endless ends are 0."""
    low, high = 0, 0
    if not math.isinf(bounds.low):
        low = math.ceil(bounds.low)
        low += bounds.low_open and low == bounds.low
    if not math.isinf(bounds.high):
        high = math.floor(bounds.high)
        high -= bounds.high_open and high == bounds.high
    return low, high
