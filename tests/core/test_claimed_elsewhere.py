"""Agents that a group decided elsewhere claims too are contested, as if both groups stood in one rulebook."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from autoscaler.core.engine import decide
from autoscaler.core.memory import Memory
from autoscaler.core.plan import Stage

from .staging import START, book, calls, each, group, people, raising, snapshot, wanted, why


def test_an_agent_claimed_elsewhere_is_held_and_the_others_are_not() -> None:
    seen = snapshot(people(3))
    seen = replace(seen, agents=replace(seen.agents, claimed=np.array([False, True, False])))
    plan = decide(book(group(raising(each(1)))), seen, Memory(), START).groups[0]
    assert wanted(plan) == {1001: 4, 1002: 3, 1003: 4}
    assert calls(plan) == {1001: 4, 1003: 4}
    assert "two groups of one media type claim this agent" in why(plan, 1002, Stage.DISTRIBUTED)


def test_a_limit_that_is_unknown_is_not_even_asserted_where_two_groups_claim_the_agent() -> None:
    seen = snapshot(people(2, limit=float("nan")))
    seen = replace(seen, agents=replace(seen.agents, claimed=np.array([True, False])))
    plan = decide(book(group()), seen, Memory(), START).groups[0]
    assert set(calls(plan)) == {1002}


def test_nobody_claimed_elsewhere_is_as_good_as_nobody_said() -> None:
    seen = snapshot(people(3))
    silent = decide(book(group(raising(each(1)))), seen, Memory(), START)
    nobody = replace(seen, agents=replace(seen.agents, claimed=np.zeros(3, np.bool_)))
    assert calls(decide(book(group(raising(each(1)))), nobody, Memory(), START).groups[0]) == calls(silent.groups[0])
