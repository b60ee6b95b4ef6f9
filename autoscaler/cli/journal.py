"""`autoscaler journal`: what was decided, from the store, while the daemon runs or not."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable

from autoscaler.cli.arguments import agent_id, count
from autoscaler.cli.configured import add_config, config_path
from autoscaler.cli.exits import Exit
from autoscaler.cli.journal_lines import as_lines, heading
from autoscaler.cli.journal_reading import DECISIONS, EVERYTHING, WITH_ORDERS, Asked, JournalReading, now_by
from autoscaler.cli.moments import instant, moment, shown
from autoscaler.daemon.settings import load_settings
from autoscaler.store.journal import JournalEvent, JournalQuery
from autoscaler.store.sqlite_reader import SqliteReader

__all__ = ["HELP", "add_arguments", "run"]

HELP = {
    "journal": (
        (
            "Show decisions, newest last: as a table the last 50, with the orders people gave between them; as JSON "
            "every decision's line as it is kept."
        ),
        (
            "examples:\n  autoscaler journal --since 1h\n"
            "  autoscaler journal --agent 1007 --since 2026-11-22T08:00:00Z\n"
            "  autoscaler journal --ticks --last 20\n"
            "  autoscaler journal --follow --format json | jq .outcome"
        ),
    )
}

FOLLOW_EVERY_S = 0.5
TABLE_LINES = 50


def add_arguments(parser: argparse.ArgumentParser, _verb: str) -> None:
    """What the verb takes."""
    add_config(parser)
    parser.add_argument("--agent", type=agent_id, metavar="ID", help="only this agent's")
    parser.add_argument("--group", metavar="NAME", help="only this group's")
    parser.add_argument(
        "--since", type=moment, metavar="T", help="a time as 2026-11-22T08:00:00Z, or how long ago as 30m, 2h, 1d"
    )
    parser.add_argument(
        "--last", type=count, metavar="N", help=f"the last N (without --since: {TABLE_LINES} in a table, all as JSON)"
    )
    parser.add_argument(
        "--ticks", action="store_true", help="all that is kept: ticks too, with what they saw and held, and orders"
    )
    parser.add_argument("--follow", action="store_true", help="go on as lines are written")
    parser.add_argument("--format", choices=("table", "json"), default="table")


def run(options: argparse.Namespace, _verb: str) -> int:
    """Print, and follow if asked."""
    settings = load_settings(config_path(options))
    is_json = options.format == "json"
    last = options.last
    if last is None and options.since is None and not is_json:
        last = TABLE_LINES
    with SqliteReader(settings.store) as reader:
        asked = Asked(
            agent=options.agent,
            group=options.group,
            since=None if options.since is None else instant(options.since, now_by(reader)),
            schemas=EVERYTHING if options.ticks else DECISIONS if is_json else WITH_ORDERS,
        )
        reading = JournalReading(reader, asked)
        if not is_json:
            print(heading(), flush=True)
        events = reading.more() if last is None else iter(reading.last(last))
        if _show(events, is_json=is_json) == 0 and not options.follow:
            print(_nothing(reader, asked), file=sys.stderr)
        while options.follow:
            time.sleep(FOLLOW_EVERY_S)
            _show(reading.more(), is_json=is_json)
    return Exit.OK


def _show(events: Iterable[JournalEvent], *, is_json: bool) -> int:
    """Print lines; returns how many."""
    count = 0
    for event in events:
        count += 1
        if is_json:
            sys.stdout.buffer.write(event.line + b"\n")
        else:
            print("\n".join(as_lines(event)))
    sys.stdout.flush()
    return count


def _nothing(reader: SqliteReader, asked: Asked) -> str:
    newest = reader.journal(JournalQuery(limit=1))
    if not newest:
        return "the journal is empty: the daemon has not ticked yet"
    of_agent = "" if asked.agent is None else f" of agent {asked.agent}"
    of_group = "" if asked.group is None else f" of group {asked.group!r}"
    since = "" if asked.since is None else f" since {shown(asked.since)} UTC"
    return f"nothing is kept{of_agent}{of_group}{since}; the newest line of all is of {shown(newest[0].at)} UTC"
