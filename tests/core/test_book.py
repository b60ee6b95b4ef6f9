"""What a rule file that leaves something out means, as the core's values say it."""

from __future__ import annotations

from autoscaler.core.book import Goal, GoalCost, Group, Limits, Mode, Rule, Safety, Smoothing


def test_a_rule_that_says_nothing_of_time_acts_at_once_and_as_long_as_it_matches() -> None:
    rule = Rule(name="plain")
    assert (rule.for_s, rule.keep_for_s, rule.cooldown_s) == (0.0, 0.0, 0.0)
    assert (rule.per_agent, rule.mode) == (False, Mode.ENFORCE)


def test_without_smoothing_nothing_is_damped() -> None:
    assert (Smoothing().window_s, Smoothing().cooldown_s, Smoothing().at_most) == (0.0, 0.0, ())


def test_what_safety_is_where_the_file_says_nothing_of_it() -> None:
    safety = Safety()
    assert (safety.max_age_s, safety.baseline_after_s) == (60.0, None)
    assert (safety.agents_per_tick, safety.calls_per_minute, safety.quorum) == (1.0, None, 0.9)


def test_what_a_group_is_where_the_file_names_nothing_but_itself() -> None:
    group = Group(name="webchat")
    assert (group.media_type, group.every_s, group.timezone, group.mode) == (51, 15.0, "UTC", Mode.ENFORCE)
    assert group.limits == Limits(floor=1, baseline=3, ceiling=6)


def test_what_a_goal_costs_where_the_file_names_no_prices() -> None:
    cost = GoalCost()
    assert (cost.late_minute, cost.free_s, cost.abandoned) == (1.0, 30.0, 5.0)
    assert (cost.excess_chat_minute, cost.crowding, cost.limit_change) == (0.1, 0.1, 0.05)
    goal = Goal()
    assert (goal.answer, goal.within_s, goal.chat_stretch_below, goal.cost) == (None, None, None, cost)
