"""The next memory: what this tick adds to what was known, and what is old enough to forget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from autoscaler.core.book import Group
from autoscaler.core.carrying import Carried, spend
from autoscaler.core.goal.learned import Learned
from autoscaler.core.guards import CALLS_PERIOD_S, Guarded
from autoscaler.core.memory import AgentMemory, GroupMemory, Ledger
from autoscaler.core.outlooks import Outlook
from autoscaler.core.readings import Floats, Ints
from autoscaler.core.series import Series
from autoscaler.core.stability import longest_period, recorded
from autoscaler.core.team import Bools, Columns16, Team, remembered
from autoscaler.core.tick import Tick
from autoscaler.core.verdicts import Verdict
from autoscaler.core.warming import arrived

__all__ = ["accounts", "remember", "shifted"]

LONGEST_STEP_S = 600.0
"""A tick accounts for no more than this: time the daemon was down is nobody's burden."""


def accounts(memory: GroupMemory, agents: AgentMemory, rows: Ints | None, team: Team, *, at: float) -> Floats:
    """What each of the roster has carried in this shift, in limit-seconds above baseline.

    Whoever signed in after being seen last begins a new shift.
    """
    step = 0.0 if memory.at is None else min(max(at - memory.at, 0.0), LONGEST_STEP_S)
    carried = remembered(agents.account, rows) + np.maximum(team.force - team.baseline, 0) * step
    # NaN compares false: an agent of whom nobody knows when it signed in goes on
    return np.where(team.signed_in_for_s < at - remembered(agents.seen_at, rows), 0.0, carried)


def remember(
    tick: Tick,
    verdicts: tuple[Verdict, ...],
    carried: Carried,
    guarded: Guarded,
    base: Columns16,
    *,
    history: Ledger,
    recommended: int,
    fired: Iterable[str],
    missing_since: float | None,
    to_baseline: Bools | None,
    series: Mapping[str, Series],
    outlooks: Mapping[str, Outlook],
    learned: Learned | None,
) -> GroupMemory:
    """Write down one tick.

    Args:
        tick: The group.
        verdicts: How its rules stood.
        carried: Units given and taken.
        guarded: What the guards let through.
        base: Limits before the group's units.
        history: Earlier recommendations, in today's slots.
        recommended: This tick's recommendation, undamped.
        fired: Rules that moved somebody.
        missing_since: Since when the group's own readings are missing.
        to_baseline: Who goes back to baseline for want of readings; None: nobody.
        series: Recent past of values, this tick's samples included.
        outlooks: What is known of values that are forecast, this tick's readings included.
        learned: What a goal rests on, this tick included.

    Returns:
        The group's next memory.
    """
    group, team, memory, at = tick.group, tick.team, tick.memory, tick.at
    wanted = guarded.wanted
    step = (wanted - team.force).astype(np.int16)
    if tick.orders.pinned is not None:
        step = np.where(tick.orders.pinned, np.int16(0), step)
    counted = np.where(team.counted, step, 0)
    up = int(np.maximum(counted, 0).sum(dtype=np.int64))
    down = int(np.maximum(-counted, 0).sum(dtype=np.int64))
    rates = longest_period((group.stability.raises, group.stability.lowers))
    moved_up = (carried.given > 0) & (step > 0)
    moved_down = (carried.taken > 0) & (step < 0)
    window = max(group.stability.raises.window_s, group.stability.lowers.window_s)
    return GroupMemory(
        at=at,
        mode=group.mode.value,
        slots=int(np.add.reduce(wanted, where=team.counted, dtype=np.int64)),
        since=_since(verdicts),
        engaged={one.rule.name: one.engaged for one in verdicts if isinstance(one.engaged, float)},
        series=series,
        outlooks=outlooks,
        fired={**_known(memory.fired, group), **dict.fromkeys(fired, at)},
        history=_recommended(history, at, recommended, keep_s=window),
        grown=recorded(memory.grown, at, up, keep_s=rates),
        shrunk=recorded(memory.shrunk, at, down, keep_s=rates),
        raised_at=at if moved_up.any() else memory.raised_at,
        lowered_at=at if moved_down.any() else memory.lowered_at,
        calls=recorded(memory.calls, at, len(guarded.calls.agents), keep_s=CALLS_PERIOD_S),
        missing_since=missing_since,
        learned=learned,
        agents=_agents(tick, verdicts, carried, base, wanted, step, to_baseline),
    )


def _agents(
    tick: Tick,
    verdicts: tuple[Verdict, ...],
    carried: Carried,
    base: Columns16,
    wanted: Columns16,
    step: Columns16,
    to_baseline: Bools | None,
) -> AgentMemory:
    team, agents, at = tick.team, tick.agents, tick.at
    moved = step != 0
    # a move of the group's stays with the agent; a bound that holds for a while does not
    target = base + carried.given - carried.taken
    keeps = np.where((target != base) & (wanted == target), target, team.carried)
    if to_baseline is not None:
        # readings that come back bring no old limit back
        keeps = np.where(to_baseline, np.minimum(keeps, np.maximum(wanted, team.baseline)), keeps)
    asked: Floats = wanted.astype(np.float64)
    keeps = keeps.astype(np.float64)
    if team.is_protected is not None:
        # nothing was asked for these, so what is in force is what the gateway says
        asked[team.is_protected] = np.nan
        keeps[team.is_protected] = np.nan
    above = wanted > team.baseline
    above_since = np.where(above, np.fmin(tick.remembered(agents.above_since), at), np.nan)
    missing_since = np.where(team.usable, np.nan, np.fmin(tick.remembered(agents.missing_since), at))
    budget_rows = np.flatnonzero(moved) if _has_budgets(tick.group) else np.empty(0, np.int64)
    store_rows = budget_rows if tick.rows is None else tick.rows[budget_rows]
    units = step[budget_rows].astype(np.int64)
    return replace(
        agents,
        seen_at=_put(agents.seen_at, tick, np.where(team.signed_in, at, tick.remembered(agents.seen_at))),
        wanted=_put(agents.wanted, tick, asked),
        carried=_put(agents.carried, tick, keeps),
        account=_put(agents.account, tick, tick.account),
        above_since=_put(agents.above_since, tick, above_since),
        missing_since=_put(agents.missing_since, tick, missing_since),
        raised=spend(agents.raised, np.maximum(units, 0), store_rows, at),
        lowered=spend(agents.lowered, np.maximum(-units, 0), store_rows, at),
        moved=spend(agents.moved, np.ones(len(units), np.int64), store_rows, at),
        arrived=_put(agents.arrived, tick, arrived(tick)),
        since={
            verdict.rule.name: _put(np.full(len(agents.ids), np.nan), tick, verdict.since)
            for verdict in verdicts
            if isinstance(verdict.since, np.ndarray)
        },
        engaged={
            verdict.rule.name: _put(np.full(len(agents.ids), np.nan), tick, verdict.engaged)
            for verdict in verdicts
            if isinstance(verdict.engaged, np.ndarray)
        },
    )


def shifted(memory: GroupMemory, current: int, at: float) -> Ledger:
    """Earlier recommendations in today's slots.

    Slots that came or went with people or bounds since the last tick were nobody's recommendation, so the past moves
    with them. At first sight the slots in force are the recommendation.
    """
    if memory.at is None or not memory.history:
        return ((at, current),)
    by = current - memory.slots
    if not by:
        return memory.history
    return tuple((when, max(slots + by, 0)) for when, slots in memory.history)


def _recommended(history: Ledger, at: float, slots: int, *, keep_s: float) -> Ledger:
    kept = [entry for entry in history if at - entry[0] < keep_s]
    if kept and kept[-1][1] == slots:
        kept.pop()  # of equal neighbours the newest time is enough: an entry counts while it is young
    kept.append((at, slots))
    return tuple(kept)


def _since(verdicts: tuple[Verdict, ...]) -> Mapping[str, float]:
    return {verdict.rule.name: verdict.since for verdict in verdicts if isinstance(verdict.since, float)}


def _known(fired: Mapping[str, float], group: Group) -> Mapping[str, float]:
    names = {rule.name for rule in group.rules}
    return {name: when for name, when in fired.items() if name in names}


def _has_budgets(group: Group) -> bool:
    each = group.stability.each
    return each.raise_by is not None or each.lower_by is not None or each.moves is not None


def _put(column: Floats, tick: Tick, values: Floats) -> Floats:
    if tick.rows is None:
        return values
    result = column.copy()
    result[tick.rows] = values
    return result
