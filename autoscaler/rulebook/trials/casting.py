"""The `agents` of a test as columns: every id once, every id one of the group's."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from autoscaler.core.book import Group, IdRange
from autoscaler.core.readings import AgentState
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.grammar import Entries, Item
from autoscaler.rulebook.people import LAST_AGENT, in_ids
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.scalars import whole_number
from autoscaler.rulebook.source import Span
from autoscaler.rulebook.suggestions import did_you_mean, joined, quoted
from autoscaler.rulebook.trials.layout import MOST_AGENTS, Agents
from autoscaler.rulebook.trials.trial import ASSUMED, Cast
from autoscaler.rulebook.vocabulary import STATES

__all__ = ["build_cast"]

_FIRST = 1001
_HOUR = 3600.0


def build_cast(items: Iterable[Item[Entries]], group: Group, reporter: Reporter) -> Cast | None:
    """The agents of all entries; None after reporting."""
    rows: list[tuple[int, float, float, float, float, float]] = []
    seen: set[int] = set()
    is_right = True
    for item in items:
        entries = item.value
        ranges = _ranges(entries, max(seen, default=_FIRST - 1) + 1, reporter)
        limit, state = _limit(entries, reporter), _state(entries, reporter)
        if ranges is None or limit is None or state is None:
            is_right = False
            continue
        if len(seen) + sum(one.last - one.first + 1 for one, _ in ranges) > MOST_AGENTS:
            reporter.report(Code.TOO_MUCH, item.span, f"more than {MOST_AGENTS} agents", "a few show the rules as well")
            return None
        load = float(entries.get(Agents.load) or 0)
        state_for, signed_in_for = entries.get(Agents.state_for), entries.get(Agents.signed_in_for)
        for ids, span in ranges:
            is_right &= _are_new(ids, seen, span, reporter) and _are_members(ids, group, span, reporter)
            for agent in range(ids.first, ids.last + 1):
                seen.add(agent)
                rows.append(
                    (
                        agent,
                        limit,
                        load,
                        state,
                        _HOUR if state_for is None else state_for,
                        _HOUR if signed_in_for is None else signed_in_for,
                    )
                )
    if not is_right:
        return None
    table = np.array(sorted(rows), np.float64).reshape((len(rows), 6))
    return Cast(
        ids=table[:, 0].astype(np.int64),
        limit=table[:, 1],
        load=table[:, 2],
        state=table[:, 3],
        state_for_s=table[:, 4],
        signed_in_for_s=table[:, 5],
    )


def _ranges(entries: Entries, first: int, reporter: Reporter) -> list[tuple[IdRange, Span]] | None:
    has_ids, has_count = entries.has(Agents.ids), entries.has(Agents.count)
    if has_ids == has_count or (has_ids and entries.has(Agents.first)):
        said = "say either ids or count, not both" if has_ids else "need count or ids"
        code = Code.CONFLICT if has_ids else Code.MISSING_KEY
        reporter.report(code, entries.span, f"agents {said}", "write count: 20, or ids: [1001-1020]")
        return None
    if has_ids:
        found = entries.get(Agents.ids)
        return None if found is None else [(item.value, item.span) for item in found]
    count = entries.get(Agents.count)
    if count is None:
        return None
    start = entries.get(Agents.first) or first
    if start + count - 1 > LAST_AGENT:
        message = f"{count} agents from {start} on go past the last id, {LAST_AGENT}"
        reporter.report(Code.OUT_OF_RANGE, entries.value_span(Agents.count), message, "lower first or count")
        return None
    span = entries.value_span(Agents.count)
    return [(IdRange(first=start, last=start + count - 1), span)] if count else []


def _are_new(ids: IdRange, seen: set[int], span: Span, reporter: Reporter) -> bool:
    twice = next((agent for agent in range(ids.first, ids.last + 1) if agent in seen), None)
    if twice is not None:
        reporter.report(Code.DUPLICATE_NAME, span, f"agent {twice} is listed already", "list each agent once")
    return twice is None


def _are_members(ids: IdRange, group: Group, span: Span, reporter: Reporter) -> bool:
    own = group.agent_ids
    if not own:
        return True
    stranger = next(
        (agent for agent in range(ids.first, ids.last + 1) if not any(one.first <= agent <= one.last for one in own)),
        None,
    )
    if stranger is not None:
        help_ = f"the rules name {joined([in_ids(one) for one in own[:5]], 'and')}; write ids, or first with count"
        reporter.report(Code.UNKNOWN_SUBJECT, span, f"agent {stranger} is not one of the group's agents", help_)
    return stranger is None


def _limit(entries: Entries, reporter: Reporter) -> float | None:
    written = entries.get(Agents.limit)
    if written is None:
        return None if entries.has(Agents.limit) else ASSUMED
    if written.value == "unknown":
        return math.nan
    limit = whole_number(written, reporter, "limit", 1, 60)
    return None if limit is None else float(limit)


def _state(entries: Entries, reporter: Reporter) -> float | None:
    written = entries.get(Agents.state)
    if written is None:
        return None if entries.has(Agents.state) else float(AgentState.IDLE)
    if written.value in STATES:
        return float(AgentState[written.value.upper()])
    close = did_you_mean(written.value, STATES)
    help_ = f"did you mean {quoted(close)}?" if close else f"write {joined(STATES)}"
    reporter.report(Code.UNKNOWN_WORD, written.span, f"there is no agent state {quoted(written.value)}", help_)
    return None
