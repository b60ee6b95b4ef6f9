"""One file's tree to one scaling group, and the places that comparing it with other groups needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from autoscaler.core.book import Group, IdRange, Mode
from autoscaler.core.goal.rule import GOAL_RULE
from autoscaler.rulebook.agents import build_people
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.goal import build_goal
from autoscaler.rulebook.grammar import Entries, Item, section
from autoscaler.rulebook.layout import GROUP, Agents, Groups, Tiers
from autoscaler.rulebook.nodes import Node
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.rules import PlacedRule, build_rules
from autoscaler.rulebook.service import build_calendar, build_inputs, build_safety, build_stability
from autoscaler.rulebook.source import Span
from autoscaler.rulebook.vocabulary import Vocabulary

__all__ = ["Draft", "build_group"]

_VERSION = 1
_READER = section(GROUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A group as read, perhaps with errors, and where it says what.

    Attributes:
        group: What was read.
        reporter: Of its file.
        entries: All the file says.
        rules: The group's rules with their places.
        name_span: Where the group's name stands.
        queues, ids: What it lays claim to.
        tier_ids: Agents its tiers name.
    """

    group: Group
    reporter: Reporter
    entries: Entries
    rules: tuple[PlacedRule, ...]
    name_span: Span
    queues: tuple[Item[int], ...]
    ids: tuple[Item[IdRange], ...]
    tier_ids: tuple[Item[IdRange], ...]


def build_group(root: Node, reporter: Reporter) -> Draft | None:
    """The file's group; None when the file is not even a mapping.

    What is wrong is reported and stands at its default, so the draft is good for comparing, not for deciding.
    """
    entries = _READER.read(root, reporter)
    if entries is None:
        return None
    version = entries.get(Groups.version)
    if version is not None and version != _VERSION:
        message = f"version {version} of the language is not known here"
        reporter.report(Code.VERSION, entries.value_span(Groups.version), message, f"write version: {_VERSION}")
    agents = entries.get(Groups.agents)
    vocabulary = _vocabulary(entries, agents)
    people = build_people(agents, vocabulary, reporter)
    queues = entries.get(Groups.queues) or ()
    _check_somebody(entries, agents, reporter)
    limits = [people.limits, *(tier.limits for tier in people.tiers)]
    rules = build_rules(entries.get(Groups.rules) or (), limits, vocabulary, reporter)
    _warn_no_rules(entries, reporter)
    safety = build_safety(entries.get(Groups.safety))
    timezone = entries.get(Groups.timezone) or "UTC"
    goal = build_goal(entries, reporter)
    group = Group(
        name=entries.get(Groups.group) or PurePath(reporter.source.name).stem,
        description=entries.get(Groups.description) or "",
        queues=tuple(dict.fromkeys(queue.value for queue in queues)),
        media_type=entries.get(Groups.media_type) or 51,
        every_s=entries.get(Groups.every) or 15.0,
        timezone=timezone,
        mode=entries.get(Groups.mode) or Mode.ENFORCE,
        limits=people.limits,
        tiers=people.tiers,
        agent_ids=tuple(item.value for item in people.ids),
        protect=people.protect,
        warm_up=people.warm_up,
        inputs=build_inputs(entries.get(Groups.inputs) or (), safety, reporter),
        rules=tuple(placed.rule for placed in rules) + ((GOAL_RULE,) if goal else ()),
        goal=goal,
        stability=build_stability(entries.get(Groups.stability)),
        safety=safety,
        calendar=build_calendar(entries.get(Groups.calendar), timezone),
        source=reporter.source.name,
    )
    return Draft(
        group=group,
        reporter=reporter,
        entries=entries,
        rules=rules,
        name_span=entries.value_span(Groups.group),
        queues=queues,
        ids=people.ids,
        tier_ids=tuple(ids for tier in _written_tiers(agents) for ids in tier.value.get(Tiers.ids) or ()),
    )


def _written_tiers(agents: Entries | None) -> tuple[Item[Entries], ...]:
    return (agents.get(Agents.tiers) if agents else None) or ()


def _vocabulary(entries: Entries, agents: Entries | None) -> Vocabulary:
    queues = entries.get(Groups.queues)
    may_be_misspelt = entries.has(Groups.queues) or entries.has_unknown
    inputs = entries.get(Groups.inputs)
    tiers = agents.get(Agents.tiers) if agents else None
    has_tiers = agents is not None and agents.has(Agents.tiers)
    names = [item.value.get(Tiers.name) for item in tiers or ()]
    return Vocabulary(
        queues=None if queues is None and may_be_misspelt else frozenset(queue.value for queue in queues or ()),
        inputs=None if inputs is None and entries.has(Groups.inputs) else tuple(item.name for item in inputs or ()),
        tiers=None if (tiers is None and has_tiers) or None in names else tuple(name for name in names if name),
    )


def _check_somebody(entries: Entries, agents: Entries | None, reporter: Reporter) -> None:
    queues = entries.get(Groups.queues)
    seen: dict[int, Span] = {}
    for queue in queues or ():
        if (first := seen.setdefault(queue.value, queue.span)) != queue.span:
            message = f"queue {queue.value} is listed already in {reporter.where(first)}"
            reporter.report(Code.DUPLICATE_NAME, queue.span, message, "list each queue once")
    names_agents = agents is not None and agents.has(Agents.ids)
    is_wrong = (entries.has(Groups.agents) and agents is None) or (queues is None and entries.has(Groups.queues))
    is_misspelt = entries.has_unknown or (agents is not None and agents.has_unknown)
    if queues or names_agents or is_wrong or is_misspelt:
        return
    help_ = "add queues: [2001] (skill queue ids), or agents: {ids: [1001-1020]}"
    reporter.report(Code.NOBODY, entries.key_span(Groups.queues), "the file names neither queues nor agents", help_)


def _warn_no_rules(entries: Entries, reporter: Reporter) -> None:
    if entries.has(Groups.goal) or (entries.has(Groups.rules) and entries.get(Groups.rules) != ()):
        return
    message = "without rules the group's limits only stay inside floor and ceiling"
    reporter.report(Code.NO_RULES, entries.key_span(Groups.rules), message, "add a rule under rules:")
