"""`autoscaler replay`: decide recorded ticks again, and show exactly the decisions that differ."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from autoscaler.cli.configured import add_config, config_path
from autoscaler.cli.decide import load_rules
from autoscaler.cli.exits import Exit
from autoscaler.cli.journal_reading import now_by
from autoscaler.cli.lines import print_notes
from autoscaler.cli.moments import instant, moment, shown
from autoscaler.cli.replay_report import GroupReport, as_json, as_row, heading
from autoscaler.core.book import Rulebook
from autoscaler.daemon.likeness import unlike
from autoscaler.daemon.recall import ruled
from autoscaler.daemon.replaying import replay
from autoscaler.daemon.settings import load_settings
from autoscaler.errors import StoreError, StoreForeign, StoreUnavailable, UsageError
from autoscaler.store.recordings import Segment
from autoscaler.store.sqlite_reader import SqliteReader

__all__ = ["HELP", "add_arguments", "opened", "run", "store_url"]

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


def add_arguments(parser: argparse.ArgumentParser, _verb: str) -> None:
    """What the verb takes."""
    parser.add_argument(
        "journal",
        nargs="?",
        metavar="JOURNAL",
        help="the store's file, or its URL; without it the store that --config names",
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
    is_json = options.format == "json"
    rules = None if options.rules is None else load_rules(options.rules)
    url = load_settings(config_path(options)).store if options.journal is None else store_url(options.journal)
    with opened(url) as reader:
        since = None if options.since is None else instant(options.since, now_by(reader))
        segments = _recorded(reader, since)
        notes = list(_notes(reader, rules, options.group, segments, since))
        print_notes(notes)
        reports = []
        for name in _asked(rules, options.group, segments):
            listed: list[dict[str, Any]] = []
            report = GroupReport(name, None if rules is None else rules.digest)
            reports.append((report, listed))
            told: list[str] = []
            for one in replay(reader, name, rules=rules, since=since, tell=told.append):
                for difference in report.count(one):
                    if is_json:
                        listed.append(as_json(one, difference))
                        continue
                    if report.decisions_that_differ == 1:
                        print("\n".join(heading(name)))
                    print("\n".join(as_row(one, difference)))
            print_notes(told)
            notes += told
            if not is_json:
                print("\n".join(report.summary()))
    if is_json:
        groups = [report.to_json(listed) for report, listed in reports]
        json.dump({"rules": None if rules is None else rules.digest, "groups": groups, "notes": notes}, sys.stdout)
        print()
    return Exit.FINDINGS if rules is None and any(report.ticks_that_differ for report, _ in reports) else Exit.OK


def store_url(text: str) -> str:
    """The URL of a store that is named by its file or its URL.

    Raises:
        UsageError: There is something else at that place.
    """
    if "://" in text:
        return text
    path = Path(text)
    if path.exists() and not path.is_file():
        raise UsageError("is no file", place=text, help="Give the daemon's store, the setting 'store'.")
    return f"sqlite:///{quote(str(path.absolute()))}"


def opened(url: str) -> SqliteReader:
    """The store, for reading.

    Raises:
        StoreUnavailable: It is not there.
        StoreForeign: It is no store.
    """
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
