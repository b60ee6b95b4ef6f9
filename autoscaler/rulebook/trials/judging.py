"""Whether a tick is what a test expects: one sentence on what was expected and one on what came, where it is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

import numpy as np

from autoscaler.core.memory import Memory
from autoscaler.core.plan import GroupPlan, Stage
from autoscaler.core.printing import in_words
from autoscaler.core.readings import Snapshot
from autoscaler.core.verdicts import Verdict
from autoscaler.rulebook.trials.claims import (
    AgentLimit,
    AtMost,
    Because,
    Change,
    ChangeKind,
    Claim,
    Holds,
    RuleVerdict,
    SlotsAre,
    SlotStage,
)
from autoscaler.rulebook.trials.probing import false_of, is_false_of_any, is_true_of_any
from autoscaler.rulebook.trials.wording import absent_words

__all__ = ["Count", "Moment", "Unmet", "judge"]

_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One tick as it was decided: what was seen, the plan, and the memory before it and after."""

    tick: int
    at_s: float
    at: datetime
    snapshot: Snapshot
    plan: GroupPlan
    before: Memory
    after: Memory


@dataclass(frozen=True, slots=True)
class Count:
    """How many agents a tick changed and how many calls it made."""

    at_s: float
    changes: int
    calls: int


@dataclass(frozen=True, slots=True)
class Unmet:
    """What was expected, and what came instead."""

    expected: str
    got: str


def judge(claim: Claim, moment: Moment, probe: Verdict | None, counts: Sequence[Count]) -> Unmet | None:
    """Judge a claim at one tick.

    Args:
        claim: What is expected.
        moment: The tick.
        probe: Of a `Holds`: how its expression stands after the tick. None for other claims.
        counts: Of all ticks so far, this one included.

    Returns:
        None when it holds; also when a `Holds` is not known, which is judged over all ticks.
    """
    plan = moment.plan
    match claim:
        case SlotsAre(stage, slots):
            return _slots(plan, stage, slots)
        case Change(wanted):
            return _change(plan, wanted)
        case AgentLimit(agent, limit):
            return _limit(plan, agent, limit)
        case RuleVerdict(rule, verdict):
            now = next(one for one in plan.verdicts if one.rule.name == rule)
            if now.kind is verdict:
                return None
            return Unmet(f"{rule} {verdict.value}", f"{rule} {now.kind.value}")
        case Because(words, agent):
            absent = absent_words(words, plan, agent)
            return Unmet(f"because: {words}", f"the explanation below, without {_listed(absent)}") if absent else None
        case Holds():
            assert probe is not None
            return _holds(claim, moment, probe)
        case AtMost(count, is_calls, period_s):
            return _at_most(count, counts, calls=is_calls, period_s=period_s)
        case _:
            assert_never(claim)


def _slots(plan: GroupPlan, stage: SlotStage, slots: int) -> Unmet | None:
    sums = plan.slots
    match stage:
        case SlotStage.OBSERVED:
            got = sums.observed
        case SlotStage.PROPOSED:
            got = sums.proposed
        case SlotStage.SLOTS:
            got = sums.stabilised
        case SlotStage.WANTED:
            got = sums.wanted
        case _:
            assert_never(stage)
    if got == slots:
        return None
    way = f"observed {sums.observed}, proposed {sums.proposed}, slots {sums.stabilised}, wanted {sums.wanted}"
    return Unmet(f"{stage.value} {slots}", f"{stage.value} {got} ({way})")


def _change(plan: GroupPlan, wanted: ChangeKind | int) -> Unmet | None:
    before, after = plan.limits[Stage.OBSERVED], plan.limits[Stage.WANTED]
    rows = plan.changed
    up, down = int(np.count_nonzero(after > before)), int(np.count_nonzero(after < before))
    is_met = {
        ChangeKind.NONE: not len(rows),
        ChangeKind.SOME: len(rows) > 0,
        ChangeKind.RAISE: up > 0 and not down,
        ChangeKind.LOWER: down > 0 and not up,
    }
    if len(rows) == wanted if isinstance(wanted, int) else is_met[wanted]:
        return None
    shown = [f"{plan.ids[row]}: {before[row]} to {after[row]}" for row in rows[:_SHOWN].tolist()]
    more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    got = f"{len(rows)} changed ({', '.join(shown)}{more})" if shown else "no change"
    return Unmet(f"change: {wanted if isinstance(wanted, int) else wanted.value}", got)


def _limit(plan: GroupPlan, agent: int, limit: int) -> Unmet | None:
    row = plan.row_of(agent)
    if row is None:
        return Unmet(f"agent {agent} at limit {limit}", f"agent {agent} is not signed in")
    got = int(plan.limits[Stage.WANTED][row])
    return None if got == limit else Unmet(f"agent {agent} at limit {limit}", f"agent {agent} at limit {got}")


def _holds(claim: Holds, moment: Moment, probe: Verdict) -> Unmet | None:
    if not (is_false_of_any(probe) if claim.is_true else is_true_of_any(probe)):
        return None
    said = "true" if not claim.is_true else "false"
    expected = claim.text if claim.is_true else f"never {claim.text}"
    if probe.matched is None:
        return Unmet(expected, said)
    who = np.flatnonzero(false_of(probe) if claim.is_true else probe.matched)
    limits = moment.plan.limits[Stage.WANTED]
    shown = [f"{moment.plan.ids[row]} (limit {limits[row]})" for row in who[:_SHOWN].tolist()]
    more = f" and {len(who) - _SHOWN} more" if len(who) > _SHOWN else ""
    return Unmet(expected, f"{said} of agent {', '.join(shown)}{more}")


def _at_most(most: int, counts: Sequence[Count], *, calls: bool, period_s: float) -> Unmet | None:
    now = counts[-1].at_s
    total = 0
    for count in reversed(counts):
        if now - count.at_s >= period_s:
            break
        total += count.calls if calls else count.changes
    noun = "calls" if calls else "changes"
    period = in_words(period_s)
    return None if total <= most else Unmet(f"at most {most} {noun} per {period}", f"{total} {noun} in {period}")


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)
