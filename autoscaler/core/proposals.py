"""What the matching rules ask for: slots for the group, moves and bounds for single agents, vetoes.

Nothing is settled here. Every rule is heard, and who asked is kept beside what was asked.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from autoscaler.core.book import Amount, AmountKind, Direction, Mode, Rule
from autoscaler.core.following import units_tracked
from autoscaler.core.goal.pursuing import Pursuit
from autoscaler.core.team import Bools, Columns16, Team
from autoscaler.core.tick import Tick
from autoscaler.core.verdicts import Verdict, VerdictKind, vetoes
from autoscaler.core.warming import signed_in_for, warm_ceiling

__all__ = ["NO_RULE", "UNLIMITED", "Ask", "Barrier", "Proposals", "Veto", "amount_in_slots", "propose", "step_in_slots"]

NO_RULE = -1
"""Stands for a rule's index where no rule is meant."""

UNLIMITED = 60
"""As many units as any limit has room for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A group-wide wish: slots to add (> 0) or take away (< 0), and the rule that wishes it.

    `each` is the most of them that any one agent may get or lose.
    """

    delta: int
    rule: int
    each: int = UNLIMITED


@dataclass(frozen=True, slots=True, kw_only=True)
class Veto:
    """A direction forbidden to the whole group. `is_known` False: what the hold rests on is missing."""

    direction: Direction
    rule: int
    is_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Barrier:
    """Agents under a veto of their own, shape (n,) each.

    Attributes:
        agents: Whom it forbids to move.
        unsure: Of those: only because what the veto rests on is missing.
        by: The rule that forbids it, `NO_RULE` where none.
    """

    agents: Bools
    unsure: Bools
    by: NDArray[np.int16]

    def joined(self, other: Barrier) -> Barrier:
        """Both; a known veto speaks for an agent before a possible one."""
        known = ~self.unsure & self.agents
        return Barrier(
            agents=self.agents | other.agents,
            unsure=(self.unsure | other.unsure) & ~known & ~(other.agents & ~other.unsure),
            by=np.where(other.agents & ~known, other.by, self.by),
        )


@dataclass(slots=True, kw_only=True)
class Proposals:
    """All that was asked at one tick; filled once, by `propose`.

    Attributes:
        asks: Group-wide wishes.
        up, down: Limit units asked for single agents, shape (n,), and by whom; None when nobody asked.
        floor, ceiling: Bounds now in force, shape (n,), floor <= ceiling.
        floored_by, capped_by: Rules that set them, shape (n,), NO_RULE where the file did; None: nowhere a rule.
        vetoes: Group-wide vetoes.
        no_raise, no_lower: Agents whom rules must not move that way; None when nobody is.
        warming: Agents whose ceiling is low because they have just signed in; None: nobody.
        maybe_capped: Agents whose cap can't be judged, so that not even bounds raise them; None: nobody.
        cooling: Rules that match and wait for their own cooldown, with the seconds left.
    """

    floor: Columns16
    ceiling: Columns16
    asks: list[Ask] = field(default_factory=list)
    up: Columns16 | None = None
    up_by: NDArray[np.int16] | None = None
    down: Columns16 | None = None
    down_by: NDArray[np.int16] | None = None
    floored_by: NDArray[np.int16] | None = None
    capped_by: NDArray[np.int16] | None = None
    vetoes: list[Veto] = field(default_factory=list)
    no_raise: Barrier | None = None
    no_lower: Barrier | None = None
    warming: Bools | None = None
    maybe_capped: Bools | None = None
    cooling: list[tuple[int, float]] = field(default_factory=list)


def propose(verdicts: Sequence[Verdict], tick: Tick, *, slots: int, pursuit: Pursuit | None = None) -> Proposals:
    """Hear every rule.

    Args:
        verdicts: From `judge_rules`, in the file's order.
        tick: The group.
        slots: Slots in force.
        pursuit: What the goal asks for; None without one.

    Returns:
        What was asked.
    """
    team, fired, at = tick.team, tick.memory.fired, tick.at
    proposals = Proposals(floor=team.floor, ceiling=team.ceiling)
    _warm_up(proposals, tick)
    for index, verdict in enumerate(verdicts):
        rule = verdict.rule
        if rule.mode is Mode.OBSERVE:
            continue
        _bound(proposals, verdict, index, team)
        _veto(proposals, verdict, index)
        if verdict.kind is not VerdictKind.TRUE:
            continue
        left = rule.cooldown_s - (at - fired.get(rule.name, -math.inf))
        if left > 0 and _moves(rule):
            proposals.cooling.append((index, left))
            continue
        if rule.pursues and pursuit is not None:
            _single(proposals, np.maximum(pursuit.limits - team.force, 0), index, raises=True)
            _single(proposals, np.maximum(team.force - pursuit.limits, 0), index, raises=False)
        _move(proposals, verdict, index, team, slots=slots)
    if proposals.floored_by is not None or proposals.capped_by is not None:
        # people first: where a floor meets a lower cap, the cap counts
        proposals.floor = np.minimum(proposals.floor, proposals.ceiling)
    return proposals


def amount_in_slots(amount: Amount, *, slots: int, counted: int) -> int:
    """How many slots an amount is; a share is rounded away from zero and at least 1."""
    match amount.kind:
        case AmountKind.EACH:
            return int(amount.value) * counted
        case AmountKind.SLOTS:
            return int(amount.value)
        case AmountKind.SHARE:
            # 0.15 x 60 is not 9 in floats on every machine; nine digits are more than any share has
            return max(1, math.ceil(round(amount.value * slots, 9)))


def step_in_slots(amount: Amount, *, slots: int, counted: int) -> int:
    """As `amount_in_slots`, but a share is truncated, as step scaling does it (C3 of the algorithms page)."""
    if amount.kind is not AmountKind.SHARE:
        return amount_in_slots(amount, slots=slots, counted=counted)
    return max(1, math.trunc(round(amount.value * slots, 9)))


def _moves(rule: Rule) -> bool:
    return bool(rule.raise_by or rule.lower_by or rule.set_to or rule.track or rule.steps)


def _warm_up(proposals: Proposals, tick: Tick) -> None:
    warm_up = tick.group.warm_up
    if warm_up is None:
        return
    ceiling = warm_ceiling(warm_up, signed_in_for(tick))
    warming = ceiling < proposals.ceiling
    if warming.any():
        proposals.ceiling = np.where(warming, ceiling, proposals.ceiling)
        proposals.capped_by = np.full(len(ceiling), NO_RULE, np.int16)
        proposals.warming = warming


def _bound(proposals: Proposals, verdict: Verdict, index: int, team: Team) -> None:
    rule = verdict.rule
    if rule.cap is not None:
        if verdict.kind is VerdictKind.TRUE:
            here = _where(verdict, proposals.ceiling > rule.cap)
            proposals.ceiling = np.where(here, np.int16(rule.cap), proposals.ceiling)
            proposals.capped_by = _mark(proposals.capped_by, here, index, len(team.ids))
        _possible(proposals, verdict, index, len(team.ids), raises=True)
    if rule.floor is not None:
        if verdict.kind is VerdictKind.TRUE:
            floor = np.minimum(np.int16(rule.floor), team.ceiling)
            here = _where(verdict, proposals.floor < floor)
            proposals.floor = np.where(here, floor, proposals.floor)
            proposals.floored_by = _mark(proposals.floored_by, here, index, len(team.ids))
        _possible(proposals, verdict, index, len(team.ids), raises=False)


def _possible(proposals: Proposals, verdict: Verdict, index: int, n: int, *, raises: bool) -> None:
    """A bound nobody can judge might be in force: nothing moves against it."""
    if not verdict.may_veto:
        return
    unknown = np.ones(n, np.bool_) if verdict.unknown is None else verdict.unknown
    if not unknown.any():
        return
    _forbid(proposals, unknown, unknown, index, raises=raises)
    if raises:
        proposals.maybe_capped = unknown if proposals.maybe_capped is None else proposals.maybe_capped | unknown


def _forbid(proposals: Proposals, agents: Bools, unsure: Bools, index: int, *, raises: bool) -> None:
    barrier = Barrier(agents=agents, unsure=unsure, by=_mark(None, agents, index, len(agents)))
    if raises:
        proposals.no_raise = barrier if proposals.no_raise is None else proposals.no_raise.joined(barrier)
    else:
        proposals.no_lower = barrier if proposals.no_lower is None else proposals.no_lower.joined(barrier)


def _veto(proposals: Proposals, verdict: Verdict, index: int) -> None:
    hold = verdict.rule.hold
    if hold is None:
        return
    if verdict.matched is None:
        for direction in (Direction.RAISE, Direction.LOWER):
            if vetoes(verdict, direction):
                known = verdict.kind is VerdictKind.TRUE
                proposals.vetoes.append(Veto(direction=direction, rule=index, is_known=known))
        return
    unsure = verdict.unknown if verdict.unknown is not None and verdict.may_veto else np.zeros_like(verdict.matched)
    agents = verdict.matched | unsure
    if agents.any():
        if hold in (Direction.RAISE, Direction.BOTH):
            _forbid(proposals, agents, unsure, index, raises=True)
        if hold in (Direction.LOWER, Direction.BOTH):
            _forbid(proposals, agents, unsure, index, raises=False)


def _move(proposals: Proposals, verdict: Verdict, index: int, team: Team, *, slots: int) -> None:
    rule = verdict.rule
    if rule.set_to is not None:
        if rule.set_to.kind is AmountKind.EACH:
            away = np.int16(rule.set_to.value) - team.force
            judged = _where(verdict, team.counted)
            _single(proposals, np.where(judged, np.maximum(away, 0), 0), index, raises=True)
            _single(proposals, np.where(judged, np.maximum(-away, 0), 0), index, raises=False)
        else:
            delta = int(rule.set_to.value) - slots
            if delta:
                proposals.asks.append(Ask(delta=delta, rule=index))
    if rule.track is not None and verdict.reading is not None:
        delta = units_tracked(rule.track, verdict.reading, team, slots=slots) - slots
        if delta:
            proposals.asks.append(Ask(delta=delta, rule=index))
    for amount, sign, whom in _amounts(verdict):
        if verdict.matched is not None:
            units = np.where(whom & team.counted, np.int16(amount.value), np.int16(0))
            _single(proposals, units, index, raises=sign > 0)
        elif team.people:
            in_slots = step_in_slots if rule.steps else amount_in_slots
            delta = sign * in_slots(amount, slots=slots, counted=team.people)
            each = int(amount.value) if amount.kind is AmountKind.EACH else UNLIMITED
            proposals.asks.append(Ask(delta=delta, rule=index, each=each))


def _amounts(verdict: Verdict) -> Iterator[tuple[Amount, int, Bools | bool]]:
    """What a matching rule asks for: the amount, its sign, and of whom."""
    rule = verdict.rule
    matched: Bools | bool = True if verdict.matched is None else verdict.matched
    for amount, sign in ((rule.raise_by, 1), (rule.lower_by, -1)):
        if amount is not None:
            yield amount, sign, matched
    for index, step in enumerate(rule.steps):
        here = verdict.step == index
        if np.any(here):
            for amount, sign in ((step.raise_by, 1), (step.lower_by, -1)):
                if amount is not None:
                    yield amount, sign, matched & here


def _single(proposals: Proposals, units: Columns16, index: int, *, raises: bool) -> None:
    """The largest raise of an agent counts, and the smallest lower."""
    asked = units > 0
    if not asked.any():
        return
    if raises:
        if proposals.up is None:
            proposals.up = units
        else:
            asked &= units > proposals.up
            proposals.up = np.where(asked, units, proposals.up)
        proposals.up_by = _mark(proposals.up_by, asked, index, len(units))
    else:
        if proposals.down is None:
            proposals.down = units
        else:
            asked &= (proposals.down == 0) | (units < proposals.down)
            proposals.down = np.where(asked, units, proposals.down)
        proposals.down_by = _mark(proposals.down_by, asked, index, len(units))


def _where(verdict: Verdict, agents: Bools) -> Bools:
    return agents if verdict.matched is None else agents & verdict.matched


def _mark(column: NDArray[np.int16] | None, where: Bools, index: int, n: int) -> NDArray[np.int16]:
    if column is None:
        column = np.full(n, NO_RULE, np.int16)
    column[where] = index
    return column
