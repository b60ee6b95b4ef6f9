"""The one decision path: live, plan, replay, rule tests and simulation all call `decide`.

Pure: same rulebook, snapshot, memory and time give the same plan, byte for byte. No clock, no I/O, no randomness.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from autoscaler.core.arbitration import Settled, settle
from autoscaler.core.book import Group, Mode, Rulebook
from autoscaler.core.carrying import Carried, carry
from autoscaler.core.forgetting import of_this_mode, returned, stood_still
from autoscaler.core.goal.pursuing import pursue
from autoscaler.core.guards import Guarded, bounded, restrain
from autoscaler.core.memory import KEEP_ABSENT_S, AgentMemory, GroupMemory, Memory, aligned
from autoscaler.core.orders import Orders, orders_for
from autoscaler.core.pacing import calmed, paced_down, slots_at
from autoscaler.core.plan import GroupPlan, Plan, Slots, Stage
from autoscaler.core.proposals import NO_RULE, propose
from autoscaler.core.readings import Agents, Ints, Snapshot
from autoscaler.core.reasons import HELD, Reason, sentence
from autoscaler.core.remembering import accounts, remember, shifted
from autoscaler.core.scope import GroupView
from autoscaler.core.stability import Calm
from autoscaler.core.table import Table, fill
from autoscaler.core.team import Bools, Columns16, Selection, Team, assemble, members, remembered, slots_of
from autoscaler.core.tick import Tick
from autoscaler.core.tiers import with_tiers
from autoscaler.core.verdicts import Verdict, judge_rules

__all__ = ["decide"]


def decide(book: Rulebook, snapshot: Snapshot, memory: Memory, at: datetime) -> Plan:
    """Decide every group's limits.

    Args:
        book: The rules.
        snapshot: What was seen.
        memory: What the last decision returned; `Memory()` at first.
        at: Aware UTC.

    Returns:
        The plan and the next memory. Groups that `book` does not know keep their memory.
    """
    rosters = [members(group, snapshot.agents) for group in book.groups]
    contested = _contested(book.groups, rosters, snapshot.agents)
    plans = []
    memories = dict(memory.groups)
    for group, where, claimed in zip(book.groups, rosters, contested, strict=True):
        plan, memories[group.name] = _decide_group(group, snapshot, memories.get(group.name), at, where, claimed)
        plans.append(plan)
    return Plan(at=at, rulebook=book.digest, groups=tuple(plans), memory=Memory(groups=memories))


def _decide_group(
    group: Group,
    snapshot: Snapshot,
    memory: GroupMemory | None,
    at: datetime,
    where: Selection,
    contested: Bools | None,
) -> tuple[GroupPlan, GroupMemory]:
    now = at.timestamp()
    ids = snapshot.agents.ids[where]
    each = group.stability.each
    memory = GroupMemory(agents=AgentMemory.blank(ids, each)) if memory is None else of_this_mode(memory, group.mode)
    if snapshot.roster_problem:
        memory = stood_still(memory, at=now)
    agents, rows = aligned(memory.agents, ids, each, oldest=now - KEEP_ABSENT_S)
    agents = returned(agents, rows, snapshot.agents.signed_in_for_s[where], last=memory.at, at=now)
    team = assemble(group, snapshot.agents, where, agents, rows)
    orders = orders_for(group, ids, snapshot.overrides, at, roster_problem=snapshot.roster_problem)
    touchable = _touchable(team, contested)
    tick = Tick(
        group=group,
        team=team,
        memory=memory,
        agents=agents,
        rows=rows,
        account=accounts(memory, agents, rows, team, at=now),
        orders=orders,
        touchable=touchable,
        movable=_movable(team, touchable, orders),
        contested=contested,
        at=now,
    )
    view = _view(group, snapshot, team, memory, agents, rows, now)
    if any(tier.where is not None for tier in group.tiers):
        team = with_tiers(group, team, view, agents, rows)
        tick = replace(tick, team=team, account=accounts(memory, agents, rows, team, at=now))
        view = _view(group, snapshot, team, memory, agents, rows, now)
    verdicts = judge_rules(group, view, memory, agents, rows, at)
    pursuit = None if group.goal is None else pursue(group.goal, tick, view)
    proposals = propose(verdicts, tick, slots=view.slots, pursuit=pursuit)
    missing_since = _missing_since(verdicts, snapshot, memory, now)
    to_baseline = _missing_too_long(tick, missing_since)
    base = paced_down(tick, bounded(team, proposals, orders, to_baseline=to_baseline))
    current = slots_at(tick, base)
    settled = settle(proposals, group.rules, limit=base, movable=tick.movable & team.usable)
    ups, downs = settled.ups, settled.downs
    history = shifted(memory, current, now)
    up, down = calmed(tick, settled, base, history, current)
    carried = carry(tick, proposals, base, ups, downs, up_units=up.slots - current, down_units=current - down.slots)
    guarded = restrain(tick, carried.distributed, base)
    table = fill(
        tick,
        proposals,
        settled,
        carried,
        guarded,
        base,
        calm_up=up.slots - current,
        calm_down=current - down.slots,
        to_baseline=to_baseline,
    )
    next_memory = remember(
        tick,
        verdicts,
        carried,
        guarded,
        base,
        history=history,
        recommended=current + ups.units - downs.units,
        fired=_fired(tick, table, carried, guarded, base),
        missing_since=missing_since,
        to_baseline=to_baseline,
        series=view.series,
        outlooks=view.outlooks,
        learned=None if pursuit is None else pursuit.learned,
    )
    why = (*up.why, *down.why)
    plan = GroupPlan(
        group=group,
        ids=ids,
        confirmed=team.confirmed,
        counted=team.counted,
        limits=table.limits,
        reasons=table.reasons,
        rule=table.rule,
        said_by=table.said_by,
        slots=_slots(team, table, settled, current, up, down, wanted=next_memory.slots),
        verdicts=verdicts,
        held=(*settled.held, *why, *(_in_words(orders, snapshot.roster_problem) or _unplaced(carried))),
        holds=_holds(table),
        unknown_inputs=tuple(dict.fromkeys(name for verdict in verdicts for name in verdict.missing)),
        stability="; ".join(why),
        roster_problem=snapshot.roster_problem,
        forecasts=tuple(view.forecasts.values()),
        goal="" if pursuit is None else pursuit.learned.said,
        calls=guarded.calls,
    )
    return plan, next_memory


def _view(
    group: Group,
    snapshot: Snapshot,
    team: Team,
    memory: GroupMemory,
    agents: AgentMemory,
    rows: Ints | None,
    now: float,
) -> GroupView:
    above_since = remembered(agents.above_since, rows)
    return GroupView(group, snapshot, team, above_since, memory.series, memory.outlooks, at=now)


def _contested(groups: Sequence[Group], rosters: Sequence[Selection], agents: Agents) -> list[Bools | None]:
    """By group: whom another group of the same media type claims too, rows of its roster; None: nobody."""
    by_media = defaultdict(list)
    for index, group in enumerate(groups):
        by_media[group.media_type].append(index)
    result: list[Bools | None] = [None] * len(groups)
    for indices in by_media.values():
        if len(indices) < 2 and agents.claimed is None:
            continue
        claims = np.zeros(len(agents.ids), np.int16) if agents.claimed is None else agents.claimed.astype(np.int16)
        for index in indices:
            claims[rosters[index]] += 1
        for index in indices:
            several = claims[rosters[index]] > 1
            result[index] = several if several.any() else None
    return result


def _touchable(team: Team, contested: Bools | None) -> Bools:
    touchable = team.signed_in
    if team.reachable is not None:
        touchable = touchable & team.reachable
    if team.is_protected is not None:
        touchable = touchable & ~team.is_protected
    return touchable if contested is None else touchable & ~contested


def _movable(team: Team, touchable: Bools, orders: Orders) -> Bools:
    if orders.stop:
        return np.zeros(len(team.ids), np.bool_)
    movable = touchable & team.counted
    return movable if orders.pinned is None else movable & ~orders.pinned


def _missing_since(verdicts: tuple[Verdict, ...], snapshot: Snapshot, memory: GroupMemory, now: float) -> float | None:
    """Since when a group-wide rule could not be judged for want of a reading, or the roster was not known."""
    blind = snapshot.roster_problem or any(
        verdict.missing and verdict.may_veto and verdict.rule.mode is Mode.ENFORCE and not verdict.rule.per_agent
        for verdict in verdicts
    )
    if not blind:
        return None
    return now if memory.missing_since is None else min(memory.missing_since, now)


def _missing_too_long(tick: Tick, missing_since: float | None) -> Bools | None:
    after = tick.group.safety.baseline_after_s
    if after is None:
        return None
    if missing_since is not None and tick.at - missing_since >= after:
        return np.ones(len(tick.team.ids), np.bool_)
    if tick.team.missing is None:
        return None
    # NaN compares false: not missing, or missing since this tick
    too_long = tick.team.missing & (tick.at - tick.remembered(tick.agents.missing_since) >= after)
    return too_long if too_long.any() else None


def _fired(tick: Tick, table: Table, carried: Carried, guarded: Guarded, base: Columns16) -> list[str]:
    if carried.distributed is base:
        return []
    moved = ((carried.given > 0) | (carried.taken > 0)) & (guarded.wanted != tick.team.force)
    return [tick.group.rules[index].name for index in np.unique(table.rule[moved]).tolist() if index != NO_RULE]


def _slots(team: Team, table: Table, settled: Settled, current: int, up: Calm, down: Calm, *, wanted: int) -> Slots:
    wish = settled.asked.delta if settled.asked is not None else 0
    alone = settled.ups.own_units - settled.downs.own_units
    return Slots(
        observed=slots_of(table.limits[Stage.OBSERVED], team.counted),
        proposed=max(current + (wish if abs(wish) >= abs(alone) else alone), 0),
        arbitrated=current + settled.ups.units - settled.downs.units,
        stabilised=up.slots + down.slots - current,
        wanted=wanted,
    )


def _unplaced(carried: Carried) -> list[str]:
    words = []
    if carried.unplaced_up > 0:
        words.append(
            f"{carried.unplaced_up} slots more found nobody to carry them: everyone who may be raised is at a ceiling "
            "or has spent its budget"
        )
    if carried.unplaced_down > 0:
        words.append(f"{carried.unplaced_down} slots could not be taken from anybody")
    return words


def _in_words(orders: Orders, roster_problem: str) -> list[str]:
    return [sentence(orders.stop, roster=roster_problem)] if orders.stop else []


def _holds(table: Table) -> dict[Reason, int]:
    if not table.held.any():
        return {}
    counts = np.bincount(table.held, minlength=256)
    return {Reason(code): int(counts[code]) for code in np.flatnonzero(counts).tolist() if Reason(code) in HELD}
