"""Tiers: limits of their own for some agents, by id or by a condition; the first match wins.

A condition that is not known of an agent does not match it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from autoscaler.core.book import Group, IdRange
from autoscaler.core.evaluation import View, judge
from autoscaler.core.readings import Ints
from autoscaler.core.team import Bools, Columns16, Team, in_ranges

__all__ = ["with_tiers"]


def with_tiers(group: Group, team: Team, view: View) -> Team:
    """The team with the bounds of all its tiers, those with a condition included.

    Args:
        group: Whose tiers.
        team: With the bounds of the tiers that go by id alone.
        view: Where the conditions' names get their values.
    """
    floor, baseline, ceiling, tier = limits_of(group, team.ids, view)
    carried = np.minimum(np.maximum(team.carried, floor), ceiling)
    return replace(team, floor=floor, baseline=baseline, ceiling=ceiling, tier=tier, carried=carried)


def limits_of(group: Group, ids: Ints, view: View) -> tuple[Columns16, Columns16, Columns16, NDArray[np.int16]]:
    """Floor, baseline, ceiling and tier of each agent, shape (n,); tier -1 is none."""
    n = len(ids)
    floor = np.full(n, group.limits.floor, np.int16)
    baseline = np.full(n, group.limits.baseline, np.int16)
    ceiling = np.full(n, group.limits.ceiling, np.int16)
    tier = np.full(n, -1, np.int16)
    for index in range(len(group.tiers) - 1, -1, -1):  # backwards, so that the first match is written last
        one = group.tiers[index]
        here = _named(one.ids, ids)
        if one.where is not None:
            here = here & judge(one.where, view).yes
        floor[here] = one.limits.floor
        baseline[here] = one.limits.baseline
        ceiling[here] = one.limits.ceiling
        tier[here] = index
    return floor, baseline, ceiling, tier


def _named(ranges: tuple[IdRange, ...], ids: Ints) -> Bools:
    return in_ranges(ranges, ids) if ranges else np.ones(len(ids), np.bool_)
