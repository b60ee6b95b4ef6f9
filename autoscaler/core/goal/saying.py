"""What a goal believes and why it chose as it did, in one sentence an operations person reads."""

from __future__ import annotations

import math

import numpy as np

from autoscaler.core.book import Goal
from autoscaler.core.goal.aiming import Aim, Squad

__all__ = ["sentence"]


def sentence(goal: Goal, squads: tuple[Squad, ...], aim: Aim, *, profile: str = "") -> str:
    """Such as "limit 4: arrivals 3.1/min, 18 agents, peak at 5 (4 to 6), 82 % within 30 s expected; 5 would ...".

    Args:
        goal: What is wanted.
        squads: What is believed of each tier.
        aim: The choice.
        profile: Of which days the profile is by which arrivals were foretold; "": as they are now.
    """
    several = len(squads) > 1
    limits = ", ".join(
        f"{f'{squad.name} ' if several else ''}{round(limit, 1):g}"
        for squad, limit in zip(squads, aim.limits.tolist(), strict=True)
    )
    within = 30.0 if goal.within_s is None else goal.within_s
    people = sum(squad.count for squad in squads)
    answered = aim.forecast.answered[aim.chosen]
    parts = [
        f"arrivals {aim.market.arrivals * 60:.1f}/min{f' by the profile of {profile}s' if profile else ''}",
        f"{people} agent{'' if people == 1 else 's'}",
        ", ".join(_peak(squad, named=several) for squad in squads),
        f"{answered:.0%} within {within:g} s expected",
    ]
    tries = "".join(_try(squad, limit, named=several) for squad, limit in zip(squads, aim.limits.tolist(), strict=True))
    return f"limit {limits}: {', '.join(parts)}{tries}; {_alternative(squads, aim)}{_people(goal, aim)}"


def _peak(squad: Squad, *, named: bool) -> str:
    low, high = squad.curve.peak_range
    top = len(squad.curve.mean)
    spread = f" ({low} or more)" if high >= top > low else f" ({low} to {high})" if high > low else ""
    peak = squad.curve.peak
    where = f"peak past {top - 1}{spread}" if peak >= top else f"peak at {peak}{spread}"
    return f"{squad.name}: {where}" if named else where


def _try(squad: Squad, limit: float, *, named: bool) -> str:
    """That a level is new, and what it may bring against the one below."""
    level = math.ceil(limit)
    if not squad.tried < level <= len(squad.curve.mean):
        return ""
    poorer, richer = squad.curve.cases[:, level - 1] / squad.curve.cases[:, level - 2] - 1
    who = f"{squad.name}: " if named else ""
    low, high = f"{abs(poorer):.0%}", f"{abs(richer):.0%}"
    span = f"{low} less to {high}" if poorer < 0 <= richer else f"{low} to {high}"
    return f"; {who}{level} is a try, {span} {'less' if richer < 0 else 'more'} done than with {level - 1}"


def _alternative(squads: tuple[Squad, ...], aim: Aim) -> str:
    """What the next higher choice would bring, or why there is none."""
    counts = np.array([squad.count for squad in squads])
    slots = aim.choices @ counts
    higher = np.flatnonzero(slots >= slots[aim.chosen] + counts.sum() * 0.5)
    if not len(higher):
        return "higher is past the peak, the ceiling or what was tried"
    next_up = higher[np.argmin(slots[higher])]
    gain = aim.forecast.answered[next_up] - aim.forecast.answered[aim.chosen]
    longer = (aim.forecast.stretch[next_up] - aim.forecast.stretch[aim.chosen]) * aim.market.solo_s / 60
    more = f"{slots[next_up] / counts.sum():.1f}".removesuffix(".0")
    return f"{more} would gain {max(gain, 0.0):.0%} and cost {max(longer, 0.0):.1f} min a chat"


def _people(goal: Goal, aim: Aim) -> str:
    if aim.more_agents is None:
        return ""
    target = "" if goal.answer is None else f" for {goal.answer:.0%}"
    if goal.answer is None and goal.chat_stretch_below is None:
        target = " for 80% within 30 s"
    return f"; no limit is enough{target}, only more agents would help: about {aim.more_agents} more"
