"""All that is said about a rule file which means something, but perhaps not what was meant.

It looks only at files without errors, changes nothing, and proves before it speaks: what can't be decided is not said.
"""

from __future__ import annotations

from autoscaler.rulebook.group import Draft
from autoscaler.rulebook.layout import Agents, Groups, Tiers
from autoscaler.rulebook.layout_rules import Rules, Steps
from autoscaler.rulebook.lint.bounds import check_floors, check_productive
from autoscaler.rulebook.lint.cases import Effort
from autoscaler.rulebook.lint.domains import Domains
from autoscaler.rulebook.lint.goals import check_beside_goal
from autoscaler.rulebook.lint.overriding import check_overriding, check_powerless, check_steps
from autoscaler.rulebook.lint.pace import check_pace
from autoscaler.rulebook.lint.people import check_people
from autoscaler.rulebook.lint.pingpong import check_ping_pong
from autoscaler.rulebook.lint.restraint import check_baseline, check_ceiling, check_self_feeding
from autoscaler.rulebook.lint.subjects import Subject, moves_of, subject_of
from autoscaler.rulebook.lint.truths import check_truth
from autoscaler.rulebook.rules import PlacedRule

__all__ = ["lint"]


def lint(draft: Draft) -> None:
    """Report through the draft's own reporter."""
    group, reporter = draft.group, draft.reporter
    domains = Domains(group)
    _check_tiers(draft, domains)
    subjects = [subject for placed in draft.rules if (subject := _subject(draft, placed, domains)) is not None]
    moves = [move for subject in subjects for move in moves_of(subject, domains)]
    effort = Effort()
    check_people(draft)
    check_productive(draft)
    check_pace(draft)
    check_floors(draft, subjects, effort)
    check_ceiling(group, subjects, reporter)
    check_baseline(group, moves, reporter)
    check_self_feeding(moves, reporter)
    check_overriding(subjects, effort, reporter)
    for subject in subjects:
        check_steps(subject, domains, effort, reporter)
    check_powerless(moves, subjects, effort, reporter)
    check_ping_pong(draft, subjects, moves)
    check_beside_goal(draft)


def _check_tiers(draft: Draft, domains: Domains) -> None:
    agents = draft.entries.get(Groups.agents)
    written = (agents.get(Agents.tiers) if agents else None) or ()
    for tier, item in zip(draft.group.tiers, written, strict=True):
        text = item.value.get(Tiers.where)
        if text is not None and tier.where is not None:
            check_truth(text, tier.where, domains, draft.reporter)


def _subject(draft: Draft, placed: PlacedRule, domains: Domains) -> Subject | None:
    """The rule for comparing; None when its conditions have been found fault with."""
    rule, entries, reporter = placed.rule, placed.entries, draft.reporter
    is_sound = True
    for text, condition in ((entries.get(Rules.when), rule.when), (entries.get(Rules.until), rule.until)):
        if text is not None and condition is not None:
            is_sound &= check_truth(text, condition, domains, reporter)
    for step, item in zip(rule.steps, entries.get(Rules.steps) or (), strict=True):
        text = item.value.get(Steps.when)
        if text is not None:
            is_sound &= check_truth(text, step.when, domains, reporter)
    return subject_of(placed, domains) if is_sound else None
