"""The plan's table: every stage's column and, beside each limit, why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from autoscaler.core.arbitration import Settled
from autoscaler.core.book import Direction
from autoscaler.core.carrying import Carried, ideal
from autoscaler.core.guards import Guarded, untouchable
from autoscaler.core.plan import Stage
from autoscaler.core.proposals import NO_RULE, Proposals, Veto
from autoscaler.core.reasons import Reason
from autoscaler.core.team import Bools, Columns16, Team
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
        said_by: The rule each stage's sentence names, `NO_RULE` where none; stages that name none are left out.
        held: Why a row stands where it does not belong, `Reason` codes, 0 where it does.
    """

    limits: Mapping[Stage, Columns16]
    reasons: Mapping[Stage, Codes]
    rule: NDArray[np.int16]
    said_by: Mapping[Stage, NDArray[np.int16]]
    held: Codes


def fill(
    tick: Tick,
    proposals: Proposals,
    settled: Settled,
    carried: Carried,
    guarded: Guarded,
    base: Columns16,
    *,
    calm_up: int,
    calm_down: int,
    to_baseline: Bools | None,
) -> Table:
    """Fill in the table.

    Args:
        tick: The group.
        proposals, settled, carried, guarded: What the stages made of each other.
        base: Limits inside the bounds, before the group's units.
        calm_up, calm_down: Units that stability let through.
        to_baseline: Who goes back to baseline for want of readings; None: nobody.

    Returns:
        The table.
    """
    team = tick.team
    ups, downs = settled.ups, settled.downs
    up_units, down_units = ups.units, downs.units
    unchanged = _unchanged(len(team.ids))
    unknown = np.isnan(team.confirmed)
    observed = np.where(unknown, team.force, team.confirmed).astype(np.int16)
    arbitrated = ideal(tick, proposals, base, ups, downs, up_units=up_units, down_units=down_units)
    proposed = _proposed(tick, proposals, settled, base, arbitrated)
    stabilised = arbitrated
    if (calm_up, calm_down) != (up_units, down_units):
        stabilised = ideal(tick, proposals, base, ups, downs, up_units=calm_up, down_units=calm_down)
    distributed = carried.distributed
    why_observed, why_wanted = _of_the_gateway(unknown, guarded)
    why_proposed, proposed_by = _why_proposed(team, observed, proposed, settled, proposals, unchanged)
    why_arbitrated, arbitrated_by = _why_arbitrated(
        tick, proposals, settled, base, proposed, arbitrated, to_baseline, unchanged
    )
    why_stabilised = unchanged.why
    if stabilised is not arbitrated:
        why_stabilised = np.where(stabilised != arbitrated, np.uint8(Reason.STABILITY), unchanged.why)
    why_distributed, distributed_by = _turns(tick, proposals, base, stabilised, distributed, unchanged)
    held = why_stabilised
    if why_arbitrated is not unchanged.why:
        held = np.where(_HELD_BACK[why_arbitrated], why_arbitrated, held)
    if distributed is not stabilised:
        held = np.where(distributed != stabilised, why_distributed, held)
        held = np.where(_NOT_HELD[held], np.uint8(0), held)
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
            Stage.OBSERVED: why_observed,
            Stage.PROPOSED: why_proposed,
            Stage.ARBITRATED: why_arbitrated,
            Stage.STABILISED: why_stabilised,
            Stage.DISTRIBUTED: why_distributed,
            Stage.GUARDED: guarded.cut,
            Stage.WANTED: why_wanted,
        },
        rule=_rules(tick, proposals, settled, base, arbitrated, distributed, unchanged),
        said_by={
            Stage.PROPOSED: proposed_by,
            Stage.ARBITRATED: arbitrated_by,
            Stage.DISTRIBUTED: distributed_by,
        },
        held=np.where(guarded.cut > 0, guarded.cut, held),
    )


class _Why(NamedTuple):
    """What a stage says of each row: `Reason` codes, and the rules they name."""

    why: Codes
    by: NDArray[np.int16]


def _unchanged(n: int) -> _Why:
    """What a stage says that changed nothing; those that did not share it."""
    return _Why(np.zeros(n, np.uint8), np.full(n, NO_RULE, np.int16))


def _among(*reasons: Reason) -> Bools:
    """Which codes are of `reasons`, by code."""
    codes = np.zeros(256, np.bool_)
    codes[list(reasons)] = True
    return codes


_HELD_BACK = _among(Reason.HELD_BY_RULE, Reason.UNKNOWN_VETO, Reason.RATE_OF_BOUND, Reason.PROTECTED)
_NOT_HELD = _among(Reason.NOT_CHOSEN, Reason.CHOSEN, Reason.RELIEVED)


def _of_the_gateway(unknown: Bools, guarded: Guarded) -> tuple[Codes, Codes]:
    """Why the first column says what it does, and what the last one says: both know of unconfirmed limits."""
    why = np.where(unknown, np.uint8(Reason.ASSUMED_BASELINE), np.uint8(Reason.IN_FORCE))
    if not unknown.any():
        return why, guarded.said
    return why, np.where(unknown & (guarded.said == 0), np.uint8(Reason.LIMIT_UNKNOWN), guarded.said)


def _proposed(tick: Tick, proposals: Proposals, settled: Settled, base: Columns16, arbitrated: Columns16) -> Columns16:
    """Limits as the rules would have them: before vetoes, and before what bounds them for a while."""
    if settled.asked is None or (settled.asked.rule == settled.rule and not proposals.vetoes):
        return arbitrated if base is tick.team.carried else arbitrated + (tick.team.carried - base)
    delta = settled.asked.delta
    ups = replace(settled.ups, anyone=max(delta, 0), each=settled.asked.each)
    downs = replace(settled.downs, anyone=max(-delta, 0), each=settled.asked.each)
    return ideal(tick, proposals, tick.team.carried, ups, downs, up_units=ups.units, down_units=downs.units)


def _why_proposed(
    team: Team, observed: Columns16, proposed: Columns16, settled: Settled, proposals: Proposals, unchanged: _Why
) -> _Why:
    """Why the rules, or the bounds of the file itself, would have a limit there; whose rule."""
    carried = team.carried
    why = np.where(observed == proposed, np.uint8(Reason.NOTHING_ASKED), np.uint8(Reason.CARRIED))
    why[observed > team.ceiling] = Reason.CAPPED
    why[observed < team.floor] = Reason.FLOORED
    if proposed is carried:
        return _Why(why, unchanged.by)
    why[proposed > carried] = Reason.RULE_RAISES
    why[proposed < carried] = Reason.RULE_LOWERS
    asked_by = np.int16(NO_RULE if settled.asked is None else settled.asked.rule)
    by = np.where(proposed != carried, asked_by, np.int16(NO_RULE))
    for wish, alone_by in ((settled.ups, proposals.up_by), (settled.downs, proposals.down_by)):
        if wish.own is not None and alone_by is not None:
            alone = wish.own > 0
            why[alone] = Reason.AGENT_RULE
            by[alone] = alone_by[alone]
    return _Why(why, by)


def _why_arbitrated(
    tick: Tick,
    proposals: Proposals,
    settled: Settled,
    base: Columns16,
    proposed: Columns16,
    arbitrated: Columns16,
    to_baseline: Bools | None,
    unchanged: _Why,
) -> _Why:
    """Why bounds and vetoes changed what was proposed, and whose."""
    team = tick.team
    veto = _veto_that_counts(proposals, settled)
    if base is team.carried and veto is None:
        return unchanged
    down, up = base < team.carried, base > team.carried
    why, by = unchanged.why.copy(), unchanged.by.copy()
    if proposals.capped_by is not None:
        by[down] = proposals.capped_by[down]
    if proposals.floored_by is not None:
        by[up] = proposals.floored_by[up]
    why[down] = Reason.CAPPED
    why[up] = Reason.FLOORED
    if proposals.warming is not None:
        why[down & proposals.warming & (by == NO_RULE)] = Reason.WARMING_UP
    why[(down | up) & (base > proposals.ceiling)] = Reason.RATE_OF_BOUND
    if proposals.maybe_capped is not None and proposals.no_raise is not None:
        unsure = down & proposals.maybe_capped & (base <= team.force) & (base < proposals.ceiling)
        why[unsure] = Reason.UNKNOWN_VETO
        by[unsure] = proposals.no_raise.by[unsure]
    if team.missing is not None:
        why[down & team.missing] = Reason.MISSING_READING
    if to_baseline is not None:
        why[down & to_baseline] = Reason.BACK_TO_BASELINE
    if team.is_protected is not None:
        why[team.is_protected & (down | up)] = Reason.PROTECTED
    if tick.orders.pinned is not None:
        why[tick.orders.pinned & (down | up)] = Reason.PINNED
    if veto is not None:
        vetoed = (why == 0) & (proposed != arbitrated)
        why[vetoed] = Reason.HELD_BY_RULE if veto.is_known else Reason.UNKNOWN_VETO
        by[vetoed] = veto.rule
    return _Why(why, by)


def _veto_that_counts(proposals: Proposals, settled: Settled) -> Veto | None:
    if settled.asked is None:
        return None
    direction = Direction.RAISE if settled.asked.delta > 0 else Direction.LOWER
    return next((veto for veto in proposals.vetoes if veto.direction is direction), None)


def _rules(
    tick: Tick,
    proposals: Proposals,
    settled: Settled,
    base: Columns16,
    arbitrated: Columns16,
    distributed: Columns16,
    unchanged: _Why,
) -> NDArray[np.int16]:
    """The rule to name for each row: who moved it, else who bounds it."""
    rule = unchanged.by
    if proposals.capped_by is not None:
        rule = np.where(base < tick.team.carried, proposals.capped_by, rule)
    if proposals.floored_by is not None:
        rule = np.where(base > tick.team.carried, proposals.floored_by, rule)
    if settled.rule != NO_RULE:
        rule = np.where((arbitrated != base) | (distributed != base), np.int16(settled.rule), rule)
    for wish, by in ((settled.ups, proposals.up_by), (settled.downs, proposals.down_by)):
        if wish.own is not None and by is not None:
            rule = np.where(wish.own > 0, by, rule)
    if tick.orders.pinned is not None:
        rule = np.where(tick.orders.pinned, np.int16(NO_RULE), rule)  # a person's word, nobody's rule
    return rule


def _turns(
    tick: Tick,
    proposals: Proposals,
    base: Columns16,
    stabilised: Columns16,
    distributed: Columns16,
    unchanged: _Why,
) -> _Why:
    """Why a row got units, or did not get those it would have got if it could be moved; whose rule forbade it."""
    if stabilised is base and distributed is base:
        return unchanged
    why, by = unchanged.why.copy(), unchanged.by.copy()
    why[distributed > base] = Reason.CHOSEN
    why[distributed < base] = Reason.RELIEVED
    passed_over = (stabilised != base) & (distributed == base)
    if not passed_over.any():
        return _Why(why, by)
    rows = np.flatnonzero(passed_over)
    why[rows] = _cannot(tick)[rows]
    for barrier, away in ((proposals.no_raise, stabilised > base), (proposals.no_lower, stabilised < base)):
        if barrier is not None:
            stopped = passed_over & barrier.agents & away & tick.movable & tick.team.usable
            why[stopped] = np.where(barrier.unsure[stopped], Reason.UNKNOWN_VETO, Reason.HELD_BY_RULE)
            by[stopped] = barrier.by[stopped]
    return _Why(why, by)


def _cannot(tick: Tick) -> Codes:
    """Why an agent can't be moved; where it could, its budget is spent, or it was another's turn."""
    team, each = tick.team, tick.group.stability.each
    has_budgets = each.raise_by or each.lower_by or each.moves
    why = np.full(len(team.ids), Reason.AGENT_BUDGET if has_budgets else Reason.NOT_CHOSEN, np.uint8)
    if team.missing is not None:
        why[team.missing] = Reason.MISSING_READING
    if tick.orders.stop:
        why[:] = tick.orders.stop
    if tick.orders.pinned is not None:
        why[tick.orders.pinned] = Reason.PINNED
    return np.where(tick.touchable, why, untouchable(tick))
