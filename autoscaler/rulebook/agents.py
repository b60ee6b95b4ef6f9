"""The `agents` section: limits, the ids a file names, tiers and protected agents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autoscaler.core.book import IdRange, Limits, Tier, WarmUp
from autoscaler.core.expressions import Expression, Scope, names_in
from autoscaler.rulebook.checking import compile_condition
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.grammar import Entries, Item
from autoscaler.rulebook.id_sets import covers, meets, merged
from autoscaler.rulebook.layout import Agents, Limit, Tiers, WarmUps
from autoscaler.rulebook.limits import build_limits
from autoscaler.rulebook.nodes import Scalar
from autoscaler.rulebook.people import in_ids
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.source import Span
from autoscaler.rulebook.suggestions import quoted
from autoscaler.rulebook.vocabulary import Vocabulary

__all__ = ["People", "build_people"]

_DEFAULTS = Limits(floor=1, baseline=3, ceiling=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """What `agents` says, with the places other checks need."""

    limits: Limits = _DEFAULTS
    ids: tuple[Item[IdRange], ...] = ()
    tiers: tuple[Tier, ...] = ()
    protect: tuple[IdRange, ...] = ()
    warm_up: WarmUp | None = None


def build_people(entries: Entries | None, vocabulary: Vocabulary, reporter: Reporter) -> People:
    """The section, defaults where it is absent or wrong (then reported)."""
    if entries is None:
        return People()
    limit = entries.get(Agents.limit)
    limits = (build_limits(limit, _DEFAULTS, reporter) if limit else None) or _DEFAULTS
    ids = entries.get(Agents.ids) or ()
    if entries.has(Agents.ids) and entries.get(Agents.ids) == ():
        reporter.report(
            Code.NOBODY, entries.value_span(Agents.ids), "ids names no agent", "list ids, or take the key out"
        )
    tiers = _tiers(entries.get(Agents.tiers) or (), limits, vocabulary, reporter)
    _warn_shadowed(tiers, ids, reporter)
    return People(
        limits=limits,
        ids=ids,
        tiers=tuple(tier.value for tier in tiers),
        protect=tuple(item.value for item in entries.get(Agents.protect) or ()),
        warm_up=_warm_up(entries, limits, reporter),
    )


def _tiers(
    items: Iterable[Item[Entries]], group: Limits, vocabulary: Vocabulary, reporter: Reporter
) -> list[Item[Tier]]:
    found: list[Item[Tier]] = []
    seen: dict[str, Span] = {}
    for item in items:
        entries = item.value
        name, ids = entries.get(Tiers.name), entries.get(Tiers.ids)
        if name is not None and (first := seen.setdefault(name, entries.value_span(Tiers.name))):
            span = entries.value_span(Tiers.name)
            if first != span:
                message = f"a tier named {quoted(name)} stands already in {reporter.where(first)}"
                reporter.report(Code.DUPLICATE_NAME, span, message, "give each tier its own name")
        if not ids and not entries.has(Tiers.where) and (ids is not None or not entries.has(Tiers.ids)):
            reporter.report(Code.NOBODY, entries.span, "the tier names no agents", "add ids: [1001-1020]")
        if not any(entries.has(key) for key in (Limit.floor, Limit.baseline, Limit.ceiling)):
            help_ = "give it a floor, baseline or ceiling of its own, or use agent.id in rules"
            reporter.report(Code.NO_ACTION, entries.span, "the tier has the group's limits unchanged", help_)
        limits = build_limits(entries, group, reporter)
        where = _where(entries.get(Tiers.where), vocabulary, reporter)
        if name is not None and limits is not None:
            tier = Tier(name=name, ids=tuple(one.value for one in ids or ()), limits=limits, where=where)
            found.append(Item(tier, entries.value_span(Tiers.name)))
    return found


def _where(text: Scalar | None, vocabulary: Vocabulary, reporter: Reporter) -> Expression | None:
    condition = None if text is None else compile_condition(text, vocabulary, reporter)
    if text is None or condition is None:
        return None
    names = names_in(condition)
    if any(name.scope is not Scope.AGENT for name in names):
        reporter.report(
            Code.UNKNOWN_NAME, text.span, "a tier is chosen by agent.* alone", "put the rest into a rule's when"
        )
        return None
    if any(name.name in {"tier", "limit", "spare", "occupancy", "above_baseline_for"} for name in names):
        message = "a tier can't be chosen by what the tier itself decides"
        reporter.report(Code.CONFLICT, text.span, message, "use agent.id, agent.state or agent.signed_in_for")
        return None
    return condition


def _warn_shadowed(tiers: Sequence[Item[Tier]], named: Sequence[Item[IdRange]], reporter: Reporter) -> None:
    group = merged(one.value for one in named)
    earlier: tuple[IdRange, ...] = ()
    for item in tiers:
        tier = item.value
        if tier.ids and all(covers(earlier, ids) for ids in tier.ids):
            message = f"no agent can be in tier {quoted(tier.name)}: tiers above it name all of them"
            reporter.report(
                Code.SHADOWED, item.span, message, "the first match wins; move it up, or take ids out above"
            )
        elif tier.ids and group and not any(meets(group, ids) for ids in tier.ids):
            listed = ", ".join(in_ids(ids) for ids in tier.ids[:5])
            message = f"no agent can be in tier {quoted(tier.name)}: {listed} is outside agents.ids"
            reporter.report(Code.SHADOWED, item.span, message, "correct the ids of the tier or of the group")
        if tier.where is None:
            earlier = merged((*earlier, *tier.ids))


def _warm_up(entries: Entries, limits: Limits, reporter: Reporter) -> WarmUp | None:
    found = entries.get(Agents.warm_up)
    every_s = found.get(WarmUps.every) if found else None
    if found is None or every_s is None:
        return None
    start = found.get(WarmUps.start) or 1
    if start > limits.ceiling:
        message = f"warm_up starts at {start}, above the ceiling {limits.ceiling}"
        reporter.report(Code.LIMIT_ORDER, found.value_span(WarmUps.start), message, "start lower")
    return WarmUp(start=start, add=found.get(WarmUps.add) or 1, every_s=every_s)
