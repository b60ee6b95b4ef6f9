"""The one decision path: live, plan, replay, rule tests and simulation all call `decide`.

Pure: same rulebook, snapshot, memory and time give the same plan, byte for byte. No clock, no I/O, no randomness.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import numpy as np

from autoscaler.core.arbitration import Settled, settle
from autoscaler.core.book import Group, Rulebook
from autoscaler.core.carrying import Carried, carry
from autoscaler.core.guards import Guarded, Orders, bounded, orders_for, paced_down, restrain
from autoscaler.core.memory import KEEP_ABSENT_S, AgentMemory, GroupMemory, Ledger, Memory, aligned
from autoscaler.core.plan import GroupPlan, Plan, Slots, Stage
from autoscaler.core.proposals import NO_RULE, propose
from autoscaler.core.readings import Agents, Snapshot
from autoscaler.core.reasons import HELD, Reason
from autoscaler.core.remembering import accounts, corrected, remember, shifted
from autoscaler.core.scope import GroupView
from autoscaler.core.stability import Calm, calm_down
from autoscaler.core.table import Table, fill
from autoscaler.core.team import Bools, Columns16, Selection, Team, assemble, members, remembered
from autoscaler.core.tick import Tick
from autoscaler.core.verdicts import Verdict, VerdictKind, judge_rules

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
    if memory is None:
        memory = GroupMemory(agents=AgentMemory.blank(ids, each))
    agents, rows = aligned(memory.agents, ids, each, oldest=now - KEEP_ABSENT_S)
    trusted = memory.mode == group.mode.value
    team = assemble(group, snapshot.agents, where, agents, rows, at=now, trusted=trusted)
    orders = orders_for(group, ids, snapshot.overrides, at)
    tick = Tick(
        group=group,
        team=team,
        memory=memory,
        agents=agents,
        rows=rows,
        account=accounts(memory, agents, rows, team, at=now),
        movable=_movable(team, contested, orders, snapshot),
        contested=contested,
        at=now,
    )
    above_for = np.nan_to_num(np.maximum(now - remembered(agents.above_since, rows), 0))
    view = GroupView(group, snapshot, team, above_for)
    slots = view.slots
    verdicts = judge_rules(group, view, memory.since, agents, rows, at=now)
    proposals = propose(verdicts, team, slots=slots, fired=memory.fired, at=now)
    missing_since = _missing_since(verdicts, snapshot, memory, now)
    to_baseline = _missing_too_long(tick, missing_since)
    base = paced_down(tick, bounded(team, proposals, to_baseline=to_baseline, pin=orders.pin), orders.pin)
    current = slots if base is team.force else int(np.add.reduce(base, where=team.counted, dtype=np.int64))
    settled = settle(proposals, group.rules, limit=base, movable=tick.movable & team.usable)
    asked_up = max(settled.raise_by, settled.up_units)
    asked_down = max(settled.lower_by, settled.down_units)
    history = shifted(memory, current, now)
    up, down = _calm(tick, base, history, current, asked_up, asked_down)
    carried = carry(tick, proposals, settled, base, up_units=up.slots - current, down_units=current - down.slots)
    target = base + carried.given - carried.taken
    guarded = restrain(tick, target, base, orders, frozen_roster=bool(snapshot.roster_problem))
    table = fill(
        tick,
        proposals,
        settled,
        carried,
        guarded,
        base,
        asked_up=asked_up,
        asked_down=asked_down,
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
        recommended=current + asked_up - asked_down,
        fired=_fired(tick, table, carried, guarded),
        missing_since=missing_since,
        pinned=orders.pin,
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
        slots=_slots(team, table, settled, current, asked_up - asked_down, up, down),
        verdicts=verdicts,
        held=(*settled.held, *why, *_unplaced(carried), *_orders_in_words(orders, snapshot)),
        holds=_holds(table),
        unknown_inputs=tuple(dict.fromkeys(name for verdict in verdicts for name in verdict.missing)),
        stability="; ".join(why),
        roster_problem=snapshot.roster_problem,
        calls=guarded.calls,
    )
    return plan, next_memory


def _contested(groups: Sequence[Group], rosters: Sequence[Selection], agents: Agents) -> list[Bools | None]:
    """By group: whom another group of the same media type claims too, rows of its roster; None: nobody."""
    by_media = defaultdict(list)
    for index, group in enumerate(groups):
        by_media[group.media_type].append(index)
    result: list[Bools | None] = [None] * len(groups)
    for indices in by_media.values():
        if len(indices) < 2:
            continue
        claims = np.zeros(len(agents.ids), np.int16)
        for index in indices:
            claims[rosters[index]] += 1
        for index in indices:
            several = claims[rosters[index]] > 1
            result[index] = several if several.any() else None
    return result


def _movable(team: Team, contested: Bools | None, orders: Orders, snapshot: Snapshot) -> Bools:
    if orders.is_frozen or orders.is_paused or snapshot.roster_problem:
        return np.zeros(len(team.ids), np.bool_)
    movable = team.counted
    if team.reachable is not None:
        movable = movable & team.reachable
    if team.is_protected is not None:
        movable = movable & ~team.is_protected
    if contested is not None:
        movable = movable & ~contested
    if orders.pin is not None:
        movable = movable & (orders.pin == 0)
    return movable


def _missing_since(verdicts: tuple[Verdict, ...], snapshot: Snapshot, memory: GroupMemory, now: float) -> float | None:
    """Since when a group-wide rule could not be judged, or the roster was not known."""
    blind = snapshot.roster_problem or any(
        verdict.kind is VerdictKind.UNKNOWN and verdict.may_veto and not verdict.rule.per_agent for verdict in verdicts
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
    # NaN compares false: not missing, or missing since this tick
    too_long = ~tick.team.usable & (tick.at - tick.remembered(tick.agents.missing_since) >= after)
    return too_long if too_long.any() else None


def _calm(
    tick: Tick, base: Columns16, history: Ledger, current: int, asked_up: int, asked_down: int
) -> tuple[Calm, Calm]:
    if not asked_up and not asked_down:
        still = Calm(slots=current)
        return still, still
    grown, shrunk = corrected(tick, base)
    memory = tick.memory

    def calm(wanted: int) -> Calm:
        return calm_down(
            wanted,
            current,
            tick.group.stability,
            history=history,
            grown=grown,
            shrunk=shrunk,
            raised_at=memory.raised_at,
            lowered_at=memory.lowered_at,
            at=tick.at,
        )

    return calm(current + asked_up), calm(current - asked_down)


def _fired(tick: Tick, table: Table, carried: Carried, guarded: Guarded) -> list[str]:
    moved = ((carried.given > 0) | (carried.taken > 0)) & (guarded.wanted != tick.team.force)
    return [tick.group.rules[index].name for index in np.unique(table.rule[moved]).tolist() if index != NO_RULE]


def _slots(team: Team, table: Table, settled: Settled, current: int, asked: int, up: Calm, down: Calm) -> Slots:
    def total(stage: Stage) -> int:
        return int(np.add.reduce(table.limits[stage], where=team.counted, dtype=np.int64))

    wish = settled.asked.delta if settled.asked is not None else 0
    alone = settled.up_units - settled.down_units
    return Slots(
        observed=total(Stage.OBSERVED),
        proposed=max(current + (wish if abs(wish) >= abs(alone) else alone), 0),
        arbitrated=current + asked,
        stabilised=up.slots + down.slots - current,
        wanted=total(Stage.WANTED),
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


def _orders_in_words(orders: Orders, snapshot: Snapshot) -> list[str]:
    words = []
    if orders.is_frozen:
        words.append("frozen by a person")
    if orders.is_paused:
        words.append("paused by a person")
    if snapshot.roster_problem:
        words.append(f"the list of agents is not known: {snapshot.roster_problem}")
    return words


def _holds(table: Table) -> dict[Reason, int]:
    counts = np.bincount(table.held, minlength=256)
    return {Reason(code): int(counts[code]) for code in np.flatnonzero(counts).tolist() if Reason(code) in HELD}
