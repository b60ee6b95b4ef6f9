"""Settling what was asked: vetoes, then the largest raise, else the smallest lower; bounds over everything.

A vetoed raise beats nothing, so relief that a rule asks for still comes while another rule would raise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autoscaler.core.book import Direction, Rule
from autoscaler.core.proposals import NO_RULE, Ask, Proposals
from autoscaler.core.team import Bools, Columns16

__all__ = ["Settled", "settle"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What the group shall do, if stability and guards let it.

    Attributes:
        asked: The wish that would have won without vetoes, None when nothing was asked.
        raise_by, lower_by: Slots for the group as a whole, >= 0; at most one is > 0.
        rule: Whose wish won, `NO_RULE` when none.
        up, down: Units asked for single agents, shape (n,), never both for one; None when nobody is moved alone.
        held: Sentences on what was vetoed or beaten.
    """

    asked: Ask | None
    raise_by: int
    lower_by: int
    rule: int
    up: Columns16 | None
    down: Columns16 | None
    held: tuple[str, ...]

    @property
    def up_units(self) -> int:
        """Units asked up for single agents."""
        return 0 if self.up is None else int(self.up.sum(dtype=np.int64))

    @property
    def down_units(self) -> int:
        """Units asked down for single agents."""
        return 0 if self.down is None else int(self.down.sum(dtype=np.int64))


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
    held: list[str] = []
    raise_vetoed = _vetoed(proposals, Direction.RAISE, rules, held)
    lower_vetoed = _vetoed(proposals, Direction.LOWER, rules, held)
    asked = _strongest(proposals.asks)
    allowed = [ask for ask in proposals.asks if not (raise_vetoed if ask.delta > 0 else lower_vetoed)]
    winner = _strongest(allowed)
    if winner is not None and winner.delta > 0:
        beaten = [rules[ask.rule].name for ask in allowed if ask.delta < 0]
        held += [f"'{rules[winner.rule].name}' raises, so '{name}' does not lower" for name in beaten]
    held += [f"'{rules[rule].name}' cools down for {left:.0f} s" for rule, left in proposals.cooling]
    up, down = proposals.up, proposals.down
    if up is not None:
        up = None if raise_vetoed else np.where(movable, np.minimum(up, proposals.ceiling - limit), 0).astype(np.int16)
    if down is not None:
        down = (
            None if lower_vetoed else np.where(movable, np.minimum(down, limit - proposals.floor), 0).astype(np.int16)
        )
    if up is not None and down is not None:
        down = np.where(up > 0, np.int16(0), down)
    delta = winner.delta if winner is not None else 0
    return Settled(
        asked=asked,
        raise_by=max(delta, 0),
        lower_by=max(-delta, 0),
        rule=winner.rule if winner is not None else NO_RULE,
        up=up,
        down=down,
        held=tuple(held),
    )


def _strongest(asks: Sequence[Ask]) -> Ask | None:
    """The largest raise, else the smallest lower; the earlier rule among equals."""
    raises = [ask for ask in asks if ask.delta > 0]
    if raises:
        return max(raises, key=lambda ask: ask.delta)
    return max(asks, key=lambda ask: ask.delta, default=None)


def _vetoed(proposals: Proposals, direction: Direction, rules: Sequence[Rule], held: list[str]) -> bool:
    sign = 1 if direction is Direction.RAISE else -1
    column = proposals.up if sign > 0 else proposals.down
    concerned = any(ask.delta * sign > 0 for ask in proposals.asks) or column is not None
    vetoes = [veto for veto in proposals.vetoes if veto.direction is direction]
    if concerned:
        held += [
            f"'{rules[veto.rule].name}' holds every {direction.value}"
            if veto.is_known
            else f"'{rules[veto.rule].name}' might hold every {direction.value}: what it rests on is missing"
            for veto in vetoes
        ]
    return bool(vetoes)
