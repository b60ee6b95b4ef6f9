"""The plan's table: every stage's column and, beside each limit, why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoscaler.core.arbitration import Settled
from autoscaler.core.carrying import Carried, ideal
from autoscaler.core.guards import Guarded
from autoscaler.core.plan import Stage
from autoscaler.core.proposals import NO_RULE, Proposals
from autoscaler.core.reasons import Reason
from autoscaler.core.team import Bools, Columns16
from autoscaler.core.tick import Tick

__all__ = ["Table", "fill"]

Codes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Columns by stage, shape (n,) each.

    Attributes:
        limits: Limits; stages that changed nothing share a column.
        reasons: `Reason` codes.
        rule: The rule behind each row's move, `NO_RULE` where none.
        held: Why a row stands where it does not belong, `Reason` codes, 0 where it does.
    """

    limits: Mapping[Stage, Columns16]
    reasons: Mapping[Stage, Codes]
    rule: NDArray[np.int16]
    held: Codes


def fill(
    tick: Tick,
    proposals: Proposals,
    settled: Settled,
    carried: Carried,
    guarded: Guarded,
    base: Columns16,
    *,
    asked_up: int,
    asked_down: int,
    calm_up: int,
    calm_down: int,
    to_baseline: Bools | None,
) -> Table:
    """Fill in the table.

    Args:
        tick: The group.
        proposals, settled, carried, guarded: What the stages made of each other.
        base: Limits inside the bounds, before the group's units.
        asked_up, asked_down: Units that arbitration let through.
        calm_up, calm_down: Units that stability let through.
        to_baseline: Who goes back to baseline for want of readings; None: nobody.

    Returns:
        The table.
    """
    team = tick.team
    n = len(team.ids)
    plain = np.zeros(n, np.uint8)
    known = ~np.isnan(team.confirmed)
    observed = np.where(known, team.confirmed, team.force).astype(np.int16)
    seen = np.where(known, np.uint8(Reason.IN_FORCE), np.uint8(Reason.ASSUMED_BASELINE))
    proposed_up, proposed_down = _before_vetoes(settled)
    arbitrated = ideal(tick, proposals, base, up_units=asked_up, down_units=asked_down)
    if (proposed_up, proposed_down) == (asked_up, asked_down):
        proposed = arbitrated if base is team.carried else arbitrated + (team.carried - base)
    else:
        proposed = ideal(tick, proposals, team.carried, up_units=proposed_up, down_units=proposed_down)
    stabilised = arbitrated
    if (calm_up, calm_down) != (asked_up, asked_down):
        stabilised = ideal(tick, proposals, base, up_units=calm_up, down_units=calm_down)
    distributed = base + carried.given - carried.taken
    rule = _rules(tick, proposals, settled, base, arbitrated)
    why_arbitrated = _bounds(tick, proposals, base, to_baseline, plain)
    if proposals.vetoes and proposed is not arbitrated:
        why_arbitrated[(why_arbitrated == 0) & (proposed != arbitrated)] = Reason.HELD_BY_RULE
    why_stabilised = np.where(stabilised != arbitrated, np.uint8(Reason.STABILITY), plain)
    why_distributed = _turns(tick, proposals, carried, base, stabilised, distributed, plain)
    held = np.where(why_stabilised > 0, why_stabilised, plain)
    held = np.where(distributed != stabilised, why_distributed, held)
    held = np.where(np.isin(held, (Reason.NOT_CHOSEN, Reason.CHOSEN, Reason.RELIEVED)), np.uint8(0), held)
    held = np.where(guarded.cut > 0, guarded.cut, held)
    return Table(
        limits={
            Stage.OBSERVED: observed,
            Stage.PROPOSED: proposed,
            Stage.ARBITRATED: arbitrated,
            Stage.STABILISED: stabilised,
            Stage.DISTRIBUTED: distributed,
            Stage.GUARDED: guarded.guarded,
            Stage.WANTED: guarded.wanted,
        },
        reasons={
            Stage.OBSERVED: seen,
            Stage.PROPOSED: _proposals(team.carried, proposed, rule, settled),
            Stage.ARBITRATED: why_arbitrated,
            Stage.STABILISED: why_stabilised,
            Stage.DISTRIBUTED: why_distributed,
            Stage.GUARDED: guarded.cut,
            Stage.WANTED: np.where(guarded.said > 0, guarded.said, np.where(known, 0, Reason.LIMIT_UNKNOWN)).astype(
                np.uint8
            ),
        },
        rule=rule,
        held=held,
    )


def _before_vetoes(settled: Settled) -> tuple[int, int]:
    delta = settled.asked.delta if settled.asked is not None else 0
    return max(delta, settled.up_units, 0), max(-delta, settled.down_units, 0)


def _rules(
    tick: Tick, proposals: Proposals, settled: Settled, base: Columns16, arbitrated: Columns16
) -> NDArray[np.int16]:
    """The rule to name for each row: who moved it, else who bounds it."""
    n = len(base)
    rule = np.full(n, NO_RULE, np.int16)
    for column, by in (
        (arbitrated != base, settled.rule),
        (base < tick.team.carried, proposals.capped_by),
        (base > tick.team.carried, proposals.floored_by),
        (None if settled.up is None else settled.up > 0, proposals.up_by),
        (None if settled.down is None else settled.down > 0, proposals.down_by),
    ):
        if by is not None and column is not None:
            rule = np.where(column, by, rule).astype(np.int16)
    if settled.rule == NO_RULE and settled.asked is not None and proposals.vetoes:
        rule = np.where(rule == NO_RULE, proposals.vetoes[0].rule, rule).astype(np.int16)
    return rule


def _proposals(carried: Columns16, proposed: Columns16, rule: NDArray[np.int16], settled: Settled) -> Codes:
    why = np.full(len(carried), Reason.NOTHING_ASKED, np.uint8)
    why[proposed > carried] = Reason.RULE_RAISES
    why[proposed < carried] = Reason.RULE_LOWERS
    for units in (settled.up, settled.down):
        if units is not None:
            why[(units > 0) & (rule != NO_RULE)] = Reason.AGENT_RULE
    return why


def _bounds(tick: Tick, proposals: Proposals, base: Columns16, to_baseline: Bools | None, plain: Codes) -> Codes:
    team = tick.team
    why = plain.copy()
    if base is not team.carried:
        missing = ~team.usable
        why[base < team.carried] = Reason.CAPPED
        why[base > team.carried] = Reason.FLOORED
        why[(base < team.carried) & missing] = Reason.MISSING_READING
        if to_baseline is not None:
            why[to_baseline & (base < team.carried)] = Reason.BACK_TO_BASELINE
        why[(base < team.carried) & (base > proposals.ceiling)] = Reason.RATE_OF_BOUND
    return why


def _turns(
    tick: Tick,
    proposals: Proposals,
    carried: Carried,
    base: Columns16,
    stabilised: Columns16,
    distributed: Columns16,
    plain: Codes,
) -> Codes:
    """Why a row got units, or did not get those it would have got if it could be moved."""
    if distributed is stabilised or (stabilised is base and not carried.given.any() and not carried.taken.any()):
        return plain
    team = tick.team
    why = plain.copy()
    why[distributed > base] = Reason.CHOSEN
    why[distributed < base] = Reason.RELIEVED
    passed_over = (stabilised != base) & (distributed == base)
    if not passed_over.any():
        return why
    reasons = np.full(len(base), Reason.AGENT_BUDGET, np.uint8)
    if not (
        tick.group.stability.each.raise_by or tick.group.stability.each.lower_by or tick.group.stability.each.moves
    ):
        reasons[:] = Reason.NOT_CHOSEN
    for veto in (proposals.no_raise, proposals.no_lower):
        if veto is not None:
            reasons[veto] = Reason.UNKNOWN_VETO
    reasons[~team.usable] = Reason.MISSING_READING
    if team.reachable is not None:
        reasons[~team.reachable] = Reason.UNREACHABLE
    if tick.contested is not None:
        reasons[tick.contested] = Reason.CONTESTED
    if team.is_protected is not None:
        reasons[team.is_protected] = Reason.PROTECTED
    return np.where(passed_over, reasons, why)
