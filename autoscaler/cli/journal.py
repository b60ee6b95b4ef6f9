"""`autoscaler journal`: what was decided, from the store, while the daemon runs or not."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from autoscaler.cli.configured import add_config, config_path
from autoscaler.cli.exits import Exit
from autoscaler.core.exchange import parse_time
from autoscaler.daemon.settings import load_settings
from autoscaler.errors import ReadingMalformed, UsageError
from autoscaler.rulebook.measures import in_seconds
from autoscaler.store.journal import JournalEvent, JournalQuery
from autoscaler.store.sqlite_reader import SqliteReader

__all__ = ["HELP", "add_arguments", "run", "since_time"]

HELP = {
    "journal": (
        (
            "Show decisions, newest last; with --ticks also what each tick saw and held, with --format json the lines "
            "as they are kept."
        ),
        (
            "examples:\n  autoscaler journal --since 1h\n"
            "  autoscaler journal --agent 1007 --since 2026-11-22T08:00:00Z\n"
            "  autoscaler journal --follow --format json"
        ),
    )
}

DECISION, TICK = "autoscaler.decision/1", "autoscaler.tick/1"
FOLLOW_EVERY_S = 0.5
LINES_AT_ONCE = 5_000


def add_arguments(parser: argparse.ArgumentParser, _verb: str) -> None:
    """What the verb takes."""
    add_config(parser)
    parser.add_argument("--agent", type=int, metavar="ID", help="only this agent's")
    parser.add_argument("--group", metavar="NAME", help="only this group's")
    parser.add_argument("--since", metavar="T", help="a time as 2026-11-22T08:00:00Z, or how long ago as 30m, 2h, 1d")
    parser.add_argument("--ticks", action="store_true", help="ticks too: holds, missing readings, skipped ticks")
    parser.add_argument("--follow", action="store_true", help="go on as lines are written")
    parser.add_argument("--last", type=int, default=50, metavar="N", help="so many at first without --since (50)")
    parser.add_argument("--format", choices=("table", "json"), default="table")


def run(options: argparse.Namespace, _verb: str) -> int:
    """Print, and follow if asked."""
    settings = load_settings(config_path(options))
    if options.last < 1:
        raise UsageError("--last is less than 1", help="Give a whole number from 1 up.")
    since = since_time(options.since) if options.since else None
    show = _as_json if options.format == "json" else _as_table()
    with SqliteReader(settings.store) as reader:
        last = 0
        for event in _first(reader, options, since):
            show(event)
            last = event.seq
        sys.stdout.flush()
        while options.follow:
            last = max(last, last if last else _last_seq(reader))
            for event in _more(reader, options, last):
                show(event)
                last = event.seq
            sys.stdout.flush()
            time.sleep(FOLLOW_EVERY_S)
    return Exit.OK


def since_time(text: str) -> datetime:
    """A time, or a span before now, as an aware time.

    Raises:
        UsageError: Neither.
    """
    ago = in_seconds(text)
    if ago is not None:
        return datetime.now(UTC) - timedelta(seconds=ago)
    try:
        return parse_time(text, "--since")
    except ReadingMalformed as error:
        raise UsageError(error.message, place="--since", help=f"{error.help}, or a span as 30m, 2h, 1d") from error


def _first(reader: SqliteReader, options: argparse.Namespace, since: datetime | None) -> list[JournalEvent]:
    query = JournalQuery(
        agent=options.agent,
        group=options.group,
        since=since,
        schema=_schema(options),
        limit=options.last if since is None else None,
    )
    return [event for event in reader.journal(query) if _wanted(event, options)]


def _more(reader: SqliteReader, options: argparse.Namespace, after: int) -> Iterator[JournalEvent]:
    query = JournalQuery(
        agent=options.agent, group=options.group, schema=_schema(options), after_seq=after, limit=LINES_AT_ONCE
    )
    return (event for event in reader.journal(query) if _wanted(event, options))


def _last_seq(reader: SqliteReader) -> int:
    newest = reader.journal(JournalQuery(limit=1))
    return newest[-1].seq if newest else 0


def _schema(options: argparse.Namespace) -> str | None:
    return None if options.ticks or (options.format == "json" and not options.agent) else DECISION


def _wanted(event: JournalEvent, options: argparse.Namespace) -> bool:
    return options.ticks or event.schema != TICK or options.format == "json"


def _as_json(event: JournalEvent) -> None:
    sys.stdout.buffer.write(event.line + b"\n")


def _as_table() -> Callable[[JournalEvent], None]:
    print(f"{'time (UTC)':<19}  {'group':<14} {'agent':>6}  {'limit':<8} {'outcome':<10} why")

    def show(event: JournalEvent) -> None:
        row = orjson.loads(event.line)
        when = event.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        if event.schema == DECISION:
            before = "?" if row["from"] is None else row["from"]
            why = row["rule"] or _last_word(row["stages"])
            error = f": {row['error']}" if row["error"] else ""
            move = f"{before} -> {row['to']}"
            print(f"{when}  {event.group:<14} {row['agent']:>6}  {move:<8} {row['outcome']:<10} {why}{error}")
        elif event.schema == TICK:
            print(f"{when}  {event.group:<14} {'tick':>6}  {_tick(row)}")
        else:
            print(f"{when}  {event.group:<14} {event.agent or '':>6}  {_order(row)}")

    return show


def _last_word(stages: list[dict[str, Any]]) -> str:
    words = [stage["why"] for stage in stages if stage["why"] != "no change at this stage"]
    return str(words[-1]) if words else ""


def _tick(row: dict[str, Any]) -> str:
    if row["skipped"]:
        return f"skipped: {row['why']}"
    slots = row["slots"]
    words = [f"{slots['observed']} -> {slots['wanted']} slots, {row['changes']} changes"]
    words += row["held"]
    words += [f"{count} agents held: {reason.replace('_', ' ')}" for reason, count in row["holds"].items()]
    words += [f"not known: {name}" for name in row["unknown_inputs"]]
    words += row["problems"]
    return "; ".join(words)


def _order(row: dict[str, Any]) -> str:
    until = f" until {row['until']}" if row.get("until") else ""
    limit = f" to {row['limit']}" if row.get("limit") else ""
    return f"{row.get('kind', row['schema'])}{limit}{until} by {row.get('by', '?')}: {row.get('reason', '')}"
