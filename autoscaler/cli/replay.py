"""`autoscaler replay`: decide recorded ticks again, and show exactly the decisions that differ."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from autoscaler.cli.configured import add_config, config_path
from autoscaler.cli.decide import load_rules
from autoscaler.cli.exits import Exit
from autoscaler.cli.journal_reading import now_by
from autoscaler.cli.lines import wrapped
from autoscaler.cli.moments import instant, moment, shown
from autoscaler.cli.replay_chart import SlotsAt, chart
from autoscaler.core.book import Rulebook
from autoscaler.daemon.differing import Change, Counts, Difference, differences
from autoscaler.daemon.likeness import unlike
from autoscaler.daemon.recall import ruled
from autoscaler.daemon.replaying import Replayed, replay
from autoscaler.daemon.settings import load_settings
from autoscaler.errors import StoreError, StoreForeign, StoreUnavailable, UsageError
from autoscaler.store.recordings import Segment
from autoscaler.store.sqlite_reader import SqliteReader

__all__ = ["HELP", "add_arguments", "run"]

HELP = {
    "replay": (
        (
            "Decide recorded ticks again, from what was seen then, and show exactly the decisions that differ. Under "
            "their own rules nothing may; with --rules it shows what other rules would have decided. Calls nothing."
        ),
        (
            "exit codes: 0 decided, 1 bad rules, or ticks that differ under their own rules, 4 nothing is recorded\n\n"
            "examples:\n  autoscaler replay /var/lib/autoscaler/autoscaler.db --rules new-rules/ --since 8h\n"
            "  autoscaler replay --since 2026-11-22T08:00:00Z --group webchat --rules new-rules/ --format json\n"
            "  autoscaler replay    # the store of the settings, under its own rules: nothing may differ"
        ),
    )
}

_FORM = "  {:<19}  {:>6}  {:<30}  {}"
_INDENT = " " * 31


@dataclass(slots=True, kw_only=True)
class _Group:
    """What a group's replay came to."""

    name: str
    rules: list[str] = field(default_factory=list)
    first_at: datetime | None = None
    last_at: datetime | None = None
    ticks: int = 0
    ticks_that_differ: int = 0
    decisions_that_differ: int = 0
    recorded: Counts = field(default_factory=Counts)
    again: Counts = field(default_factory=Counts)
    slots: list[SlotsAt] = field(default_factory=list)
    differences: list[dict[str, Any]] = field(default_factory=list)


def add_arguments(parser: argparse.ArgumentParser, _verb: str) -> None:
    """What the verb takes."""
    parser.add_argument(
        "journal", nargs="?", metavar="JOURNAL", help="the store: its file, or its URL as in the settings (of --config)"
    )
    add_config(parser)
    parser.add_argument("--rules", metavar="PATH", help="other rules to decide under: a file or a folder")
    parser.add_argument(
        "--since", type=moment, metavar="T", help="a time as 2026-11-22T08:00:00Z, or how long ago as 30m, 2h, 1d"
    )
    parser.add_argument("--group", metavar="NAME", help="only this group")
    parser.add_argument("--format", choices=("table", "json"), default="table")


def run(options: argparse.Namespace, _verb: str) -> int:
    """Decide again, compare, print."""
    rules = None if options.rules is None else load_rules(options.rules)
    with _opened(_store(options)) as reader:
        since = None if options.since is None else instant(options.since, now_by(reader))
        segments = _recorded(reader, since)
        notes = list(_notes(reader, rules, options.group, segments, since))
        for note in notes:
            _say(note)
        found = []
        for name in _asked(rules, options.group, segments):
            group = _Group(name=name)
            found.append(group)
            told: list[str] = []
            for one in replay(reader, name, rules=rules, since=since, tell=told.append):
                for difference in _counted(group, one, to_the_letter=rules is None):
                    if options.format == "json":
                        group.differences.append(_as_json(one, difference))
                    else:
                        _show(group, one, difference)
            for note in told:
                _say(note)
            notes += told
            if options.format != "json":
                print("\n".join(_summary(group, rules)))
    if options.format == "json":
        json.dump(_whole(rules, found, notes), sys.stdout)
        print()
    return Exit.FINDINGS if rules is None and any(group.ticks_that_differ for group in found) else Exit.OK


def _store(options: argparse.Namespace) -> str:
    if options.journal is None:
        return load_settings(config_path(options)).store
    text: str = options.journal
    if "://" in text:
        return text
    path = Path(text)
    if path.exists() and not path.is_file():
        raise UsageError("is no file", place=text, help="Give the daemon's store, the setting 'store'.")
    return f"sqlite:///{quote(str(path.absolute()))}"


def _opened(url: str) -> SqliteReader:
    try:
        return SqliteReader(url)
    except StoreForeign as error:
        raise StoreForeign(
            error.message,
            place=error.place,
            help="Give the daemon's store, the setting 'store'; what 'autoscaler journal' prints holds no readings.",
        ) from error


def _recorded(reader: SqliteReader, since: datetime | None) -> list[Segment]:
    """What there is to decide again, of every group."""
    everything = reader.segments()
    if not everything:
        raise StoreUnavailable(
            "no tick is recorded here", help="The daemon records each tick, and keeps it for journal.keep_snapshots."
        )
    segments = [segment for segment in everything if since is None or segment.last_at >= since]
    if not segments:
        newest = max(segment.last_at for segment in everything)
        raise UsageError(
            f"no tick is recorded since {shown(since or newest)} UTC",
            help=f"The newest one is of {shown(newest)} UTC, the oldest of {shown(everything[0].first_at)} UTC.",
        )
    return segments


def _asked(rules: Rulebook | None, only: str | None, segments: list[Segment]) -> list[str]:
    """Which groups to decide again."""
    names = sorted({segment.group for segment in segments})
    if only is not None and only not in names:
        raise UsageError(f"no tick of a group {only!r} is recorded", help=f"Recorded are: {', '.join(names)}.")
    mine = [name for name in names if only in (None, name)]
    matched = [name for name in mine if rules is None or rules.group(name) is not None]
    if not matched:
        raise UsageError(
            f"these rules have no group that is recorded: {', '.join(mine)}",
            help="Groups are matched by name: 'group:' in the rule file, else the file's name.",
        )
    return matched


def _notes(
    reader: SqliteReader, rules: Rulebook | None, only: str | None, segments: list[Segment], since: datetime | None
) -> Iterator[str]:
    """What to know beforehand."""
    first = min(segment.first_at for segment in segments)
    if since is not None and since < first:
        yield f"recorded ticks begin at {shown(first)} UTC; nothing before that can be decided again"
    if rules is None:
        return
    names = {segment.group for segment in segments}
    for name in sorted(names - {group.name for group in rules.groups}):
        if only in (None, name):
            yield f"{name}: not in these rules; its ticks are left out"
    for group in rules.groups:
        if only not in (None, group.name):
            continue
        own = [segment for segment in segments if segment.group == group.name]
        if not own:
            yield f"{group.name}: no tick of this group is recorded, so nothing can be said of it"
            continue
        try:
            yield from unlike(ruled(reader, own[0]), group)
        except StoreError as error:
            yield f"{group.name}: {error.message}"


def _counted(group: _Group, one: Replayed, *, to_the_letter: bool) -> Iterator[Difference]:
    """Count a tick in; yields what differs."""
    group.first_at = one.at if group.first_at is None else group.first_at
    group.last_at = one.at
    if one.rules not in group.rules:
        group.rules.append(one.rules)
    group.ticks += 1
    group.recorded += one.recorded.counts()
    group.again += one.again.counts()
    group.slots.append(
        SlotsAt(at=one.at, recorded=one.recorded.wanted.slots.wanted, again=one.again.wanted.slots.wanted)
    )
    before = group.decisions_that_differ
    for difference in differences(one.recorded, one.again, to_the_letter=to_the_letter):
        group.decisions_that_differ += 1
        yield difference
    group.ticks_that_differ += group.decisions_that_differ > before


def _show(group: _Group, one: Replayed, difference: Difference) -> None:
    if group.decisions_that_differ == 1:
        print(f"{group.name}: decisions that differ")
        print(_FORM.format("time (UTC)", "agent", "recorded", "again"))
    line = _FORM.format(shown(one.at), difference.agent, _in_words(difference.recorded), _in_words(difference.again))
    print("\n".join(wrapped(line, _INDENT)))


def _in_words(change: Change | None) -> str:
    if change is None:
        return "not of the group"
    if change.before == change.after:
        return f"stays {change.after}{', called' if change.called else ''}"
    return f"{change.before} -> {change.after}{f' {change.rule}' if change.rule else ''}"


def _summary(group: _Group, rules: Rulebook | None) -> list[str]:
    if group.first_at is None or group.last_at is None:
        return [f"{group.name}: no tick could be decided again"]
    span = f"{group.ticks} tick{'s' if group.ticks != 1 else ''}, {shown(group.first_at)} to {shown(group.last_at)} UTC"
    under = "their own rules" if rules is None else f"the rules {rules.digest[:19]}"
    lines = [f"{group.name}: {span}, decided again under {under}"]
    if not group.decisions_that_differ:
        lines.append("  nothing differs")
    else:
        lines.append(
            f"  {group.decisions_that_differ} decisions differ, at {group.ticks_that_differ} of {group.ticks} ticks"
        )
    if rules is not None or group.decisions_that_differ:
        lines.append(f"  {'':<10} {'recorded':>9} {'again':>9}")
        then, now = _counts(group.recorded), _counts(group.again)
        lines += [f"  {name:<10} {then[name]:>9} {now[name]:>9}" for name in then]
        lines += chart(group.slots)
    return [part for line in lines for part in wrapped(line, "      ")]


def _say(note: str) -> None:
    print("\n".join(wrapped(f"note: {note}", "      ")), file=sys.stderr)


def _whole(rules: Rulebook | None, groups: list[_Group], notes: list[str]) -> dict[str, Any]:
    return {
        "rules": None if rules is None else rules.digest,
        "groups": [
            {
                "group": group.name,
                "from": None if group.first_at is None else group.first_at.isoformat(),
                "to": None if group.last_at is None else group.last_at.isoformat(),
                "recorded_rules": group.rules,
                "ticks": group.ticks,
                "ticks_that_differ": group.ticks_that_differ,
                "decisions_that_differ": group.decisions_that_differ,
                "recorded": _counts(group.recorded),
                "again": _counts(group.again),
                "slots": [
                    {"at": one.at.isoformat(), "recorded": one.recorded, "again": one.again} for one in group.slots
                ],
                "differences": group.differences,
            }
            for group in groups
        ],
        "notes": notes,
    }


def _counts(counts: Counts) -> dict[str, int]:
    return {"changes": counts.changes, "raises": counts.raises, "lowers": counts.lowers, "calls": counts.calls}


def _as_json(one: Replayed, difference: Difference) -> dict[str, Any]:
    return {
        "tick": one.tick,
        "at": one.at.isoformat(),
        "agent": difference.agent,
        "recorded": _change(difference.recorded),
        "again": _change(difference.again),
    }


def _change(change: Change | None) -> dict[str, Any] | None:
    if change is None:
        return None
    return {"from": change.before, "to": change.after, "rule": change.rule, "called": change.called}
