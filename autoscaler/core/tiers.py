"""Tiers: limits of their own for some agents, by id or by a condition; the first match wins.

A condition that is not known of an agent does not match it. But while an agent's readings are missing, a tier that
nobody can judge moves it neither up nor down.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from autoscaler.core.book import Group
from autoscaler.core.evaluation import View, judge
from autoscaler.core.memory import AgentMemory
from autoscaler.core.readings import Ints
from autoscaler.core.team import Bools, Columns16, Team, in_force, in_ranges, slots_of, within

__all__ = ["with_tiers"]


def with_tiers(group: Group, team: Team, view: View, memory: AgentMemory, rows: Ints | None) -> Team:
    """The team with the bounds of all its tiers, those with a condition included.

    Args:
        group: Whose tiers.
        team: With the bounds of the tiers that go by id alone.
        view: Where the conditions' names get their values.
        memory: Aligned with the roster.
        rows: The roster's rows in `memory`, None: one to one.
    """
    floor, baseline, ceiling, tier, unsure = _limits_of(group, team.ids, view)
    force, carried = in_force(memory, rows, team.confirmed, baseline)
    still = unsure & ~team.usable
    floor = np.where(still, np.minimum(floor, carried), floor)
    ceiling = np.where(still, np.maximum(ceiling, carried), ceiling)
    return replace(
        team,
        force=force,
        slots=slots_of(force, team.counted),
        floor=floor,
        baseline=baseline,
        ceiling=ceiling,
        tier=tier,
        carried=within(carried, floor, ceiling, force),
    )


def _limits_of(group: Group, ids: Ints, view: View) -> tuple[Columns16, Columns16, Columns16, NDArray[np.int16], Bools]:
    """Floor, baseline, ceiling and tier of each agent, and of whom a tier above is not known; tier -1 is none."""
    n = len(ids)
    floor = np.full(n, group.limits.floor, np.int16)
    baseline = np.full(n, group.limits.baseline, np.int16)
    ceiling = np.full(n, group.limits.ceiling, np.int16)
    tier = np.full(n, -1, np.int16)
    unsure = np.zeros(n, np.bool_)
    for index in range(len(group.tiers) - 1, -1, -1):  # backwards, so that the first match is written last
        one = group.tiers[index]
        here = in_ranges(one.ids, ids) if one.ids else np.ones(n, np.bool_)
        if one.where is not None:
            truth = judge(one.where, view)
            unsure |= here & np.logical_not(truth.yes | truth.no)  # bools where no agent is spoken of
            here = here & truth.yes
        floor[here] = one.limits.floor
        baseline[here] = one.limits.baseline
        ceiling[here] = one.limits.ceiling
        tier[here] = index
        unsure[here] = False
    return floor, baseline, ceiling, tier, unsure
