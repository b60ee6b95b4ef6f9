"""Settling what was asked: vetoes, then the largest raise, else the smallest lower; bounds over everything.

A vetoed raise beats nothing, so relief that a rule asks for still comes while another rule would raise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autoscaler.core.book import Direction, Rule
from autoscaler.core.proposals import NO_RULE, UNLIMITED, Ask, Barrier, Proposals
from autoscaler.core.team import Bools, Columns16

__all__ = ["Settled", "Wish", "settle"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Units of one direction that arbitration lets through.

    Attributes:
        anyone: Slots for the group as a whole, >= 0.
        each: The most of these that one agent may get or lose.
        own: Units asked for single agents, shape (n,), >= 0, counted among `anyone` as far as they go; None: nobody's.
        own_units: Their sum.
    """

    anyone: int = 0
    each: int = UNLIMITED
    own: Columns16 | None = None
    own_units: int = 0

    @property
    def units(self) -> int:
        """Units in all: who is moved for its own sake also serves the group."""
        return max(self.anyone, self.own_units)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What the group shall do, if stability and guards let it.

    Attributes:
        asked: The wish that would have won without vetoes, None when nothing was asked.
        rule: Whose group-wide wish won, `NO_RULE` when none.
        ups, downs: What may be given and taken. The group's wish goes one way; no single agent is asked both.
        held: Sentences on what was vetoed or beaten.
    """

    asked: Ask | None
    rule: int
    ups: Wish
    downs: Wish
    held: tuple[str, ...]


def settle(proposals: Proposals, rules: Sequence[Rule], *, limit: Columns16, movable: Bools) -> Settled:
    """Settle the proposals of one tick.

    Args:
        proposals: From `propose`.
        rules: The group's, for their names.
        limit: Limits inside the bounds, shape (n,).
        movable: Agents that rules may move at all.

    Returns:
        What remains.
    """
    cooling = [f"'{rules[rule].name}' cools down for {left:.0f} s" for rule, left in proposals.cooling]
    if not proposals.asks and proposals.up is None and proposals.down is None:
        return Settled(asked=None, rule=NO_RULE, ups=Wish(), downs=Wish(), held=tuple(cooling))
    held: list[str] = []
    raise_vetoed = _vetoed(proposals, Direction.RAISE, rules, held)
    lower_vetoed = _vetoed(proposals, Direction.LOWER, rules, held)
    asked = _strongest(proposals.asks)
    allowed = [ask for ask in proposals.asks if not (raise_vetoed if ask.delta > 0 else lower_vetoed)]
    winner = _strongest(allowed)
    if winner is not None and winner.delta > 0:
        beaten = [rules[ask.rule].name for ask in allowed if ask.delta < 0]
        held += [f"'{rules[winner.rule].name}' raises, so '{name}' does not lower" for name in beaten]
    held += cooling
    up = down = None
    if proposals.up is not None and not raise_vetoed:
        up = _possible(proposals.up, proposals.no_raise, movable, proposals.ceiling - limit)
    if proposals.down is not None and not lower_vetoed:
        down = _possible(proposals.down, proposals.no_lower, movable, limit - proposals.floor)
    if up is not None and down is not None:
        down = np.where(up > 0, np.int16(0), down)
    delta, each = (winner.delta, winner.each) if winner is not None else (0, UNLIMITED)
    return Settled(
        asked=asked,
        rule=winner.rule if winner is not None else NO_RULE,
        ups=Wish(anyone=max(delta, 0), each=each, own=up, own_units=_total(up)),
        downs=Wish(anyone=max(-delta, 0), each=each, own=down, own_units=_total(down)),
        held=tuple(held),
    )


def _possible(asked: Columns16, barrier: Barrier | None, movable: Bools, room: Columns16) -> Columns16:
    """Units asked for single agents, of those who may move, as far as their bounds allow.

    There may be no room at all: a correction that is lowered at its own pace still stands above its ceiling.
    """
    free = movable if barrier is None else movable & ~barrier.agents
    return np.where(free, np.minimum(asked, np.maximum(room, 0)), 0).astype(np.int16)


def _total(units: Columns16 | None) -> int:
    return 0 if units is None else int(units.sum(dtype=np.int64))


def _strongest(asks: Sequence[Ask]) -> Ask | None:
    """The largest raise, else the smallest lower, which is the largest number in either case; the earlier of equals."""
    return max(asks, key=lambda ask: ask.delta, default=None)


def _vetoed(proposals: Proposals, direction: Direction, rules: Sequence[Rule], held: list[str]) -> bool:
    up = direction is Direction.RAISE
    alone = proposals.up if up else proposals.down
    concerned = alone is not None or any((ask.delta > 0) is up for ask in proposals.asks)
    vetoes = [veto for veto in proposals.vetoes if veto.direction is direction]
    if concerned:
        held += [
            f"'{rules[veto.rule].name}' holds every {direction.value}"
            if veto.is_known
            else f"'{rules[veto.rule].name}' might hold every {direction.value}: what it rests on is missing"
            for veto in vetoes
        ]
    return bool(vetoes)
