"""What came of one reload: which groups came, went and changed, who asked, and what was wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from autoscaler.core.book import Rulebook
from autoscaler.store.journal import JournalEvent

__all__ = ["RELOAD", "Reloaded", "ReloadedShadow", "reload_record", "reload_to_json"]

RELOAD = "autoscaler.reload/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadedShadow:
    """The shadow rules' part.

    Attributes:
        is_taken: Those in the folder decide now.
        before, after: Digests, "" for none.
        problem: Why they were not taken; "" when they were.
    """

    is_taken: bool
    before: str
    after: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reloaded:
    """One reload.

    Attributes:
        at: Aware UTC.
        by: Who asked: system users, or the signal.
        is_taken: The rules in the folder are in force now.
        before, after: The rules in force; the same where none were taken.
        problem: Why they were not taken; "" when they were.
        shadow: None where there are no shadow rules.
    """

    at: datetime
    by: str
    is_taken: bool
    before: Rulebook
    after: Rulebook
    problem: str
    shadow: ReloadedShadow | None


def reload_to_json(one: Reloaded) -> dict[str, Any]:
    """As the journal, the status and the page show it."""
    then = {group.name: group for group in one.before.groups}
    now = {group.name: group for group in one.after.groups}
    return {
        "at": one.at.astimezone(UTC).isoformat(),
        "by": one.by,
        "taken": one.is_taken,
        "before": one.before.digest,
        "after": one.after.digest,
        "added": sorted(set(now) - set(then)),
        "removed": sorted(set(then) - set(now)),
        "changed": sorted(name for name in set(now) & set(then) if now[name] != then[name]),
        "problem": one.problem,
        "shadow": None
        if one.shadow is None
        else {
            "taken": one.shadow.is_taken,
            "before": one.shadow.before,
            "after": one.shadow.after,
            "problem": one.shadow.problem,
        },
    }


def reload_record(one: Reloaded) -> JournalEvent:
    """The journal's line of a reload."""
    line = {"schema": RELOAD, "id": f"{one.at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}-reload", **reload_to_json(one)}
    return JournalEvent(schema=RELOAD, at=one.at, group="", agent=None, line=orjson.dumps(line))
