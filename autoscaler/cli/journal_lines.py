"""Journal lines as a table that fits 100 columns, the why in words."""

from __future__ import annotations

from typing import Any

import orjson

from autoscaler.cli.lines import held_agents, wrapped
from autoscaler.cli.moments import shown, until_words
from autoscaler.cli.stories import settled_by
from autoscaler.daemon.records import DECISION, TICK
from autoscaler.daemon.reloads import RELOAD
from autoscaler.store.journal import JournalEvent

__all__ = ["as_lines", "heading"]

_FORM = "{:<19}  {:<12} {:>6}  {:<8} {:<10}  {}"
_ORDERS_INDENT = " " * 21
_WHY_INDENT = " " * 63


def heading() -> str:
    """The line above the table."""
    return _FORM.format("time (UTC)", "group", "agent", "limit", "outcome", "why")


def as_lines(event: JournalEvent) -> list[str]:
    """One event, as one or more lines."""
    row = orjson.loads(event.line)
    when = shown(event.at)
    if event.schema == DECISION:
        return _decision(row, when)
    if event.schema == TICK:
        whose = "in the shadow: " if row.get("shadow") else ""
        return wrapped(f"{when}  {event.group:<12} {'tick':>6}  {whose}{_tick(row)}", _ORDERS_INDENT)
    if event.schema == RELOAD:
        return wrapped(f"{when}  {'all':<12} {'':>6}  {_reload(row)}", _ORDERS_INDENT)
    agent = "" if event.agent is None else event.agent
    return wrapped(f"{when}  {event.group or 'all':<12} {agent:>6}  {_order(row)}", _ORDERS_INDENT)


def _decision(row: dict[str, Any], when: str) -> list[str]:
    before = "?" if row["from"] is None else row["from"]
    why = settled_by(row["stages"], row["rule"])
    if row["error"]:
        why = f"{why}; {row['error']}"
    outcome = "shadow" if row.get("shadow") else row["outcome"]
    line = _FORM.format(when, row["group"], row["agent"], f"{before} -> {row['to']}", outcome, why)
    return wrapped(line, _WHY_INDENT)


def _tick(row: dict[str, Any]) -> str:
    if row["skipped"]:
        return f"skipped: {row['why']}"
    slots = row["slots"]
    moving = "" if slots["observed"] == slots["wanted"] else f", {slots['wanted']} wanted"
    words = [f"{slots['observed']} slots{moving}, {row['changes'] or 'no'} change{'s' if row['changes'] > 1 else ''}"]
    words += [f"'{name}' holds" for name, verdict in row.get("rules", {}).items() if verdict == "true"]
    words += row.get("held", [])
    words += held_agents(row["holds"])
    words += [f"not known: {name}" for name in row["unknown_inputs"]]
    words += row.get("problems", [])
    return "; ".join(words)


def _reload(row: dict[str, Any]) -> str:
    if not row["taken"]:
        words = [f"rules NOT reloaded by {row['by']}: {row['problem']}"]
    else:
        words = [f"rules reloaded by {row['by']}, now {row['after'][:19]}"]
        words += [f"{what} {', '.join(row[what])}" for what in ("added", "removed", "changed") if row[what]]
    if row["shadow"] is not None and row["shadow"]["problem"]:
        words.append(f"shadow rules: {row['shadow']['problem']}")
    return "; ".join(words)


def _order(row: dict[str, Any]) -> str:
    what = _ORDERS.get(row["kind"], row["kind"])
    limit = f" to {row['limit']}" if row["limit"] is not None else ""
    until = f" {until_words(row['until'])}" if row["kind"] in {"pause", "pin"} else ""
    reason = f": {row['reason']}" if row["reason"] else ""
    return f"{what}{limit}{until} by {row['by']}{reason}"


_ORDERS = {
    "pause": "paused",
    "resume": "resumed",
    "pin": "pinned",
    "unpin": "unpinned",
    "freeze": "FROZEN",
    "unfreeze": "unfrozen",
}
