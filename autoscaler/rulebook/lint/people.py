"""Agents named where they can't be: ids of tiers and of `protect` outside the group's own ids."""

from __future__ import annotations

from autoscaler.core.book import IdRange
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.grammar import Item
from autoscaler.rulebook.group import Draft
from autoscaler.rulebook.id_sets import covers, meets, merged
from autoscaler.rulebook.layout import Agents, Groups, Tiers
from autoscaler.rulebook.people import in_ids
from autoscaler.rulebook.suggestions import quoted

__all__ = ["check_people"]


def check_people(draft: Draft) -> None:
    """Report ids that are not the group's; a tier that holds no agent at all is reported where tiers are read."""
    ids = merged(draft.group.agent_ids)
    agents = draft.entries.get(Groups.agents)
    if not ids or agents is None:
        return
    for item in agents.get(Agents.tiers) or ():
        written = item.value.get(Tiers.ids) or ()
        if any(meets(ids, one.value) for one in written):
            for one in written:
                _check(draft, ids, one, f"tier {quoted(item.value.get(Tiers.name) or '')}")
    for one in agents.get(Agents.protect) or ():
        _check(draft, ids, one, "protect")


def _check(draft: Draft, ids: tuple[IdRange, ...], one: Item[IdRange], where: str) -> None:
    if covers(ids, one.value):
        return
    some = "some of " if meets(ids, one.value) else ""
    message = f"{some}{in_ids(one.value)} in {where} is outside agents.ids"
    draft.reporter.report(Code.OUTSIDE_IDS, one.span, message, "correct one of the two, or take them out here")
