"""Two decisions of the same tick, compared agent by agent.

A decision about an agent is a limit that is not the one in force, or one that is to be set anew since nobody has
confirmed it. Two differ where one of them does something about an agent and the other does not, or something else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from autoscaler.core.readings import Ints
from autoscaler.core.team import Bools
from autoscaler.store.wanted import Wanted

__all__ = ["Change", "Counts", "Difference", "Said", "counted", "differences", "wants_otherwise"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one side says of an agent.

    Attributes:
        before: Limit in force.
        after: Limit wanted; the same: it stays.
        rule: The rule behind the change, None where none is.
        called: Whether it was to be sent.
    """

    before: int
    after: int
    rule: str | None
    called: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """An agent about whom two decisions differ; None: that side does not have it."""

    agent: int
    recorded: Change | None
    again: Change | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How often something happened."""

    changes: int = 0
    raises: int = 0
    lowers: int = 0
    calls: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            changes=self.changes + other.changes,
            raises=self.raises + other.raises,
            lowers=self.lowers + other.lowers,
            calls=self.calls + other.calls,
        )


class Said:
    """One side's decision, with the names of its rules."""

    def __init__(self, wanted: Wanted, rule_names: tuple[str, ...]) -> None:
        """Look at nothing yet.

        Args:
            wanted: The columns.
            rule_names: What `wanted.rule` counts.
        """
        self.wanted = wanted
        self._names = rule_names

    @cached_property
    def step(self) -> NDArray[np.int16]:
        """By how much each limit changes, shape (n,)."""
        return self.wanted.limit - self.wanted.force

    @cached_property
    def acts(self) -> Bools:
        """About whom something is decided, shape (n,)."""
        acts: Bools = (self.step != 0) | self.wanted.called
        return acts

    def rule_of(self, row: int) -> str | None:
        """Name of the rule behind a row's change."""
        index = int(self.wanted.rule[row])
        return self._names[index] if 0 <= index < len(self._names) else None

    def of(self, agent: int) -> Change | None:
        """What it says of an agent; None when it does not have it."""
        ids = self.wanted.ids
        row = int(np.searchsorted(ids, agent))
        if row == len(ids) or ids[row] != agent:
            return None
        return Change(
            before=int(self.wanted.force[row]),
            after=int(self.wanted.limit[row]),
            rule=self.rule_of(row),
            called=bool(self.wanted.called[row]),
        )

    def counts(self) -> Counts:
        """What happened at this tick."""
        return Counts(
            changes=int(np.count_nonzero(self.step)),
            raises=int(np.count_nonzero(self.step > 0)),
            lowers=int(np.count_nonzero(self.step < 0)),
            calls=int(np.count_nonzero(self.wanted.called)),
        )


def counted(said: Iterator[Said]) -> Counts:
    """What happened at many ticks."""
    return sum((one.counts() for one in said), Counts())


def differences(recorded: Said, again: Said, *, to_the_letter: bool) -> Iterator[Difference]:
    """Agents about whom two decisions differ, by id.

    Args:
        recorded, again: The two.
        to_the_letter: The same rule must be behind the same decision, and nobody may be missing, or stay elsewhere.
    """
    one, other = recorded.wanted, again.wanted
    if np.array_equal(one.ids, other.ids):
        differs = _differs(recorded, again, slice(None), slice(None), to_the_letter=to_the_letter)
        found: Ints = one.ids[differs]
    else:
        both, mine, theirs = np.intersect1d(one.ids, other.ids, assume_unique=True, return_indices=True)
        differs = _differs(recorded, again, mine, theirs, to_the_letter=to_the_letter)
        alone = [
            np.setdiff1d(side.wanted.ids if to_the_letter else side.wanted.ids[side.acts], both, assume_unique=True)
            for side in (recorded, again)
        ]
        found = np.sort(np.concatenate((both[differs], *alone)))
    for agent in found.tolist():
        yield Difference(agent=agent, recorded=recorded.of(agent), again=again.of(agent))


def wants_otherwise(one: Wanted, other: Wanted) -> int:
    """Of how many agents two decisions want different limits; whom only one of them has counts too."""
    if np.array_equal(one.ids, other.ids):
        return int(np.count_nonzero(one.limit != other.limit))
    both, mine, theirs = np.intersect1d(one.ids, other.ids, assume_unique=True, return_indices=True)
    alone = len(one.ids) + len(other.ids) - 2 * len(both)
    return alone + int(np.count_nonzero(one.limit[mine] != other.limit[theirs]))


def _differs(recorded: Said, again: Said, mine: slice | Ints, theirs: slice | Ints, *, to_the_letter: bool) -> Bools:
    one, other = recorded.wanted, again.wanted
    then, now = recorded.acts[mine], again.acts[theirs]
    elsewhere = (one.limit[mine] != other.limit[theirs]) | (one.force[mine] != other.force[theirs])
    differs: Bools = ((then | now) & elsewhere) | (then != now)
    if to_the_letter:
        differs |= elsewhere | (one.called[mine] != other.called[theirs])
        differs |= (then | now) & (one.rule[mine] != other.rule[theirs])
    return differs
