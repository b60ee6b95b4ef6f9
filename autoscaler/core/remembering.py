"""The next memory: what this tick adds to what was known, and what is old enough to forget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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
from autoscaler.core.team import Bools, Columns16, Team, remembered, slots_of
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
    step = _step(tick, wanted)
    up = down = 0
    raised_at, lowered_at = memory.raised_at, memory.lowered_at
    if step is not None:
        counted = step[team.counted]
        up = int(np.maximum(counted, 0).sum(dtype=np.int64))
        down = int(np.maximum(-counted, 0).sum(dtype=np.int64))
        if ((carried.given > 0) & (step > 0)).any():
            raised_at = at
        if ((carried.taken > 0) & (step < 0)).any():
            lowered_at = at
    rates = longest_period((group.stability.raises, group.stability.lowers))
    window = max(group.stability.raises.window_s, group.stability.lowers.window_s)
    return GroupMemory(
        at=at,
        mode=group.mode.value,
        slots=team.slots if step is None else slots_of(wanted, team.counted),
        since=_since(verdicts),
        engaged={one.rule.name: one.engaged for one in verdicts if isinstance(one.engaged, float)},
        series=series,
        outlooks=outlooks,
        fired={**_known(memory.fired, group), **dict.fromkeys(fired, at)},
        history=_recommended(history, at, recommended, keep_s=window),
        grown=recorded(memory.grown, at, up, keep_s=rates),
        shrunk=recorded(memory.shrunk, at, down, keep_s=rates),
        raised_at=raised_at,
        lowered_at=lowered_at,
        calls=recorded(memory.calls, at, len(guarded.calls.agents), keep_s=CALLS_PERIOD_S),
        missing_since=missing_since,
        learned=learned,
        agents=_agents(tick, verdicts, carried, base, wanted, step, to_baseline),
    )


def _step(tick: Tick, wanted: Columns16) -> Columns16 | None:
    """Limit units by which each agent moves, a person's pins left out; None: nobody is moved."""
    if wanted is tick.team.force:
        return None
    step = (wanted - tick.team.force).astype(np.int16)
    return step if tick.orders.pinned is None else np.where(tick.orders.pinned, np.int16(0), step)


def _agents(
    tick: Tick,
    verdicts: tuple[Verdict, ...],
    carried: Carried,
    base: Columns16,
    wanted: Columns16,
    step: Columns16 | None,
    to_baseline: Bools | None,
) -> AgentMemory:
    team, agents, at = tick.team, tick.agents, tick.at
    stays = team.carried
    if carried.distributed is not base:
        # a move of the group's stays with the agent; a bound that holds for a while does not
        is_done = (carried.distributed != base) & (wanted == carried.distributed)
        stays = np.where(is_done, carried.distributed, stays)
    if to_baseline is not None:
        # readings that come back bring no old limit back
        stays = np.where(to_baseline, np.minimum(stays, np.maximum(wanted, team.baseline)), stays)
    asked: Floats = wanted.astype(np.float64)
    keeps: Floats = stays.astype(np.float64)
    if team.is_protected is not None:
        # nothing was asked for these, so what is in force is what the gateway says
        asked[team.is_protected] = np.nan
        keeps[team.is_protected] = np.nan
    above = wanted > team.baseline
    above_since = np.where(above, np.fmin(tick.remembered(agents.above_since), at), np.nan)
    missing_since = np.full(len(team.ids), np.nan)
    if team.missing is not None:
        missing_since = np.where(team.missing, np.fmin(tick.remembered(agents.missing_since), at), missing_since)
    raised, lowered, moved = _budgets(tick, step)
    return AgentMemory(
        ids=agents.ids,
        seen_at=_put(agents.seen_at, tick, np.where(team.signed_in, at, tick.remembered(agents.seen_at))),
        wanted=_put(agents.wanted, tick, asked),
        carried=_put(agents.carried, tick, keeps),
        account=_put(agents.account, tick, tick.account),
        above_since=_put(agents.above_since, tick, above_since),
        missing_since=_put(agents.missing_since, tick, missing_since),
        raised=raised,
        lowered=lowered,
        moved=moved,
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


def _budgets(tick: Tick, step: Columns16 | None) -> tuple[Floats, Floats, Floats]:
    """Times of the last units raised and lowered, and of the last changes, this tick's included."""
    agents, at = tick.agents, tick.at
    if step is None or not _has_budgets(tick.group):
        return agents.raised, agents.lowered, agents.moved
    moved = np.flatnonzero(step)
    rows = moved if tick.rows is None else tick.rows[moved]
    units = step[moved].astype(np.int64)
    return (
        spend(agents.raised, np.maximum(units, 0), rows, at),
        spend(agents.lowered, np.maximum(-units, 0), rows, at),
        spend(agents.moved, np.ones(len(units), np.int64), rows, at),
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
