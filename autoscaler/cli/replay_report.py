"""What one group's replay came to: the decisions that differ, counts, and slots over time, as lines and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from autoscaler.cli.lines import wrapped
from autoscaler.cli.moments import shown
from autoscaler.cli.replay_chart import SlotsAt, chart
from autoscaler.daemon.differing import Change, Counts, Difference, differences
from autoscaler.daemon.replaying import Replayed

__all__ = ["GroupReport", "as_json", "as_row", "heading"]

_FORM = "  {:<19}  {:>6}  {:<30}  {}"
_INDENT = " " * 31


class GroupReport:
    """Counts tick after tick."""

    def __init__(self, group: str, rules: str | None) -> None:
        """Nothing is counted yet.

        Args:
            group: Whose.
            rules: Digest of other rules; None: each tick was decided again under its own.
        """
        self.group = group
        self.ticks = 0
        self.ticks_that_differ = 0
        self.decisions_that_differ = 0
        self._rules = rules
        self._recorded_rules: list[str] = []
        self._recorded = Counts()
        self._again = Counts()
        self._slots: list[SlotsAt] = []

    def count(self, one: Replayed) -> Iterator[Difference]:
        """Count a tick in; yields what differs. To be gone through to the end."""
        self.ticks += 1
        if one.rules not in self._recorded_rules:
            self._recorded_rules.append(one.rules)
        self._recorded += one.recorded.counts()
        self._again += one.again.counts()
        then, now = one.recorded.wanted.slots, one.again.wanted.slots
        self._slots.append(SlotsAt(at=one.at, recorded=then.wanted, again=now.wanted))
        before = self.decisions_that_differ
        for difference in differences(one.recorded, one.again, to_the_letter=self._rules is None):
            self.decisions_that_differ += 1
            yield difference
        self.ticks_that_differ += self.decisions_that_differ > before

    def summary(self) -> list[str]:
        """What it came to, in lines."""
        if not self._slots:
            return [f"{self.group}: no tick could be decided again"]
        first, last = self._slots[0].at, self._slots[-1].at
        under = "their own rules" if self._rules is None else f"rules {self._rules[:19]}"
        lines = [f"{self.group}: {_many(self.ticks, 'tick')} decided again under {under}"]
        lines.append(f"  from {shown(first)} to {shown(last)} UTC")
        if self.decisions_that_differ:
            many = _many(self.decisions_that_differ, "decision")
            lines.append(f"  {many} differ{_s(self.decisions_that_differ)}, at {_many(self.ticks_that_differ, 'tick')}")
        else:
            lines.append("  nothing differs")
        if self._rules is not None or self.decisions_that_differ:
            then, now = _counts(self._recorded), _counts(self._again)
            lines.append(f"  {'':<10} {'recorded':>9} {'again':>9}")
            lines += [f"  {name:<10} {then[name]:>9} {now[name]:>9}" for name in then]
            lines += chart(self._slots)
        return [part for line in lines for part in wrapped(line, "      ")]

    def to_json(self, listed: list[dict[str, Any]]) -> dict[str, Any]:
        """All of it as data.

        Args:
            listed: The decisions that differ, of `as_json`.
        """
        return {
            "group": self.group,
            "from": _time(self._slots[0].at) if self._slots else None,
            "to": _time(self._slots[-1].at) if self._slots else None,
            "recorded_rules": self._recorded_rules,
            "ticks": self.ticks,
            "ticks_that_differ": self.ticks_that_differ,
            "decisions_that_differ": self.decisions_that_differ,
            "recorded": _counts(self._recorded),
            "again": _counts(self._again),
            "slots": [{"at": _time(one.at), "recorded": one.recorded, "again": one.again} for one in self._slots],
            "differences": listed,
        }


def heading(group: str) -> list[str]:
    """What stands above the first decision that differs."""
    return [f"{group}: decisions that differ", _FORM.format("time (UTC)", "agent", "recorded", "again")]


def as_row(one: Replayed, difference: Difference) -> list[str]:
    """A decision that differs, as one or more lines."""
    line = _FORM.format(shown(one.at), difference.agent, _in_words(difference.recorded), _in_words(difference.again))
    return wrapped(line, _INDENT)


def as_json(one: Replayed, difference: Difference) -> dict[str, Any]:
    """A decision that differs, as data."""
    return {
        "tick": one.tick,
        "at": _time(one.at),
        "agent": difference.agent,
        "recorded": _change(difference.recorded),
        "again": _change(difference.again),
    }


def _in_words(change: Change | None) -> str:
    if change is None:
        return "not of the group"
    if change.before == change.after:
        return f"{change.after}, set anew" if change.called else f"stays {change.after}"
    return f"{change.before} -> {change.after}{f' {change.rule}' if change.rule else ''}"


def _change(change: Change | None) -> dict[str, Any] | None:
    if change is None:
        return None
    return {"from": change.before, "to": change.after, "rule": change.rule, "called": change.called}


def _counts(counts: Counts) -> dict[str, int]:
    return {"changes": counts.changes, "raises": counts.raises, "lowers": counts.lowers, "calls": counts.calls}


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count != 1 else ''}"


def _s(count: int) -> str:
    return "s" if count == 1 else ""


def _time(at: datetime) -> str:
    return at.isoformat()
