"""The section `goal`: the service that is wanted, and what weighs how much where it can't all be had."""

from __future__ import annotations

from autoscaler.core.book import Goal, GoalCost
from autoscaler.core.goal.rule import GOAL_RULE
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.grammar import Entries, Key
from autoscaler.rulebook.layout import Costs, Goals, Groups
from autoscaler.rulebook.layout_rules import Rules
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.suggestions import quoted

__all__ = ["build_goal", "cost_of"]


def build_goal(file: Entries, reporter: Reporter) -> Goal | None:
    """The wanted service, or None when none is written.

    Args:
        file: All the file says: a goal rests on the queues it names.
        reporter: Of the file.
    """
    entries = file.get(Groups.goal)
    if entries is None:
        return None
    stretch = entries.get(Goals.stretch)
    if entries.has(Goals.answer) is not entries.has(Goals.within) and not entries.has_unknown:
        written, other = (Goals.answer, "within: 30s") if entries.has(Goals.answer) else (Goals.within, "answer: 80%")
        message = f"{written.name} says nothing without {other.partition(':')[0]}"
        reporter.report(Code.MISSING_KEY, entries.key_span(written), message, f"add {other}")
    if stretch is not None and not 1.0 < stretch <= 100.0:
        message = f"chat_stretch_below is {stretch:g}, not above 1 and up to 100"
        help_ = "1 is a chat alone; write more, such as 1.8"
        reporter.report(Code.OUT_OF_RANGE, entries.value_span(Goals.stretch), message, help_)
    queues = file.get(Groups.queues)
    if queues == () or (queues is None and not file.has(Groups.queues) and not file.has_unknown):
        message = "a goal rests on the arrivals of queues, and the file names none"
        reporter.report(Code.MISSING_KEY, file.key_span(Groups.goal), message, "add queues: [2001] (skill queue ids)")
    for rule in file.get(Groups.rules) or ():
        if rule.value.get(Rules.name) == GOAL_RULE.name:
            message = f"{quoted(GOAL_RULE.name)} is how the journal calls what the goal asks"
            span = rule.value.value_span(Rules.name)
            reporter.report(Code.DUPLICATE_NAME, span, message, "give the rule another name")
    cost = cost_of(entries.get(Goals.cost))
    if cost.late_minute == cost.abandoned == 0 and not entries.has(Goals.answer):
        message = "waiting and abandoning cost nothing here, so the cheapest is to serve nobody"
        help_ = "give late_minute or abandoned a weight, or set a target with answer and within"
        reporter.report(Code.CONFLICT, entries.key_span(Goals.cost), message, help_)
    return Goal(
        answer=entries.get(Goals.answer),
        within_s=entries.get(Goals.within),
        chat_stretch_below=stretch,
        cost=cost,
    )


def cost_of(entries: Entries | None) -> GoalCost:
    """The weights written, and the usual ones of those that are not."""
    standard = GoalCost()
    if entries is None:
        return standard

    def weight(key: Key[float], otherwise: float) -> float:
        value = entries.get(key)
        return otherwise if value is None else value

    return GoalCost(
        late_minute=weight(Costs.late_minute, standard.late_minute),
        free_s=weight(Costs.free, standard.free_s),
        abandoned=weight(Costs.abandoned, standard.abandoned),
        excess_chat_minute=weight(Costs.excess_chat_minute, standard.excess_chat_minute),
        crowding=weight(Costs.crowding, standard.crowding),
        limit_change=weight(Costs.limit_change, standard.limit_change),
    )
