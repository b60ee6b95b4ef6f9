"""`autoscaler forecast`: what a value usually is, from its history, and how well that would have forecast it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from autoscaler.cli.exits import Exit
from autoscaler.cli.findings import show_findings
from autoscaler.cli.histories import Readings, from_csv, from_store
from autoscaler.cli.replay import opened, store_url
from autoscaler.core.book import Group
from autoscaler.core.expressions import Expression
from autoscaler.core.hindcast import Hindcast, Score, hindcast
from autoscaler.core.outlooks import prior_of
from autoscaler.core.printing import in_words
from autoscaler.core.profiles import BIN_S, DAYS
from autoscaler.errors import RulesInvalid, StoreUnavailable, UsageError
from autoscaler.rulebook.files import LARGEST, profile_of
from autoscaler.rulebook.loading import load_text
from autoscaler.rulebook.priors import VERSION, forecast_values

__all__ = ["HELP", "add_arguments", "run"]

HELP = {
    "forecast": (
        (
            "Learn what a value of a rule file usually is by weekday and time of day, from counts in a CSV file or "
            "from the ticks the daemon recorded, and show how well that would have forecast it: every quarter of an "
            "hour is forecast from what came before it. With --write it is put beside the rule file, where the next "
            "reload begins with it."
        ),
        (
            "exit codes: 0 learned, 1 bad rules, 2 no such value or history, 4 nothing is recorded\n\n"
            "examples:\n  autoscaler forecast rules/webchat.yaml --csv arrivals.csv --time timestamp --column count\n"
            "  autoscaler forecast rules/webchat.yaml --csv arrivals.csv --write\n"
            "  autoscaler forecast rules/webchat.yaml --journal /var/lib/autoscaler/autoscaler.db"
        ),
    )
}

NEEDED_S = 86_400.0 + BIN_S
"""From the first reading to one after the first quarter of an hour that comes again on the next day."""


def add_arguments(parser: argparse.ArgumentParser, _verb: str) -> None:
    """What the verb takes."""
    parser.add_argument("rules", metavar="FILE", help="the rule file")
    history = parser.add_mutually_exclusive_group(required=True)
    history.add_argument("--csv", metavar="FILE", help="counts by step, with a header, in wall-clock time")
    history.add_argument("--journal", metavar="STORE", help="the daemon's store: its file or URL")
    parser.add_argument("--time", default="timestamp", metavar="NAME", help="column of the step's begin (timestamp)")
    parser.add_argument("--column", default="count", metavar="NAME", help="column of the count (count)")
    parser.add_argument("--value", metavar="VALUE", help="which value, if the file forecasts several")
    parser.add_argument("--write", action="store_true", help="write FILE's profile beside it")
    parser.add_argument("--format", choices=("table", "json"), default="table")


def run(options: argparse.Namespace, _verb: str) -> int:
    """Learn, show, and write where asked to."""
    group = _group(options.rules)
    value, expression = _value(group, options.value)
    readings, every_s = _history(options, group, value, expression)
    if not readings:
        raise StoreUnavailable(
            f"no tick of {group.name} is recorded", place=str(options.journal), help="Give the store of its daemon."
        )
    found = hindcast(readings, group.calendar, every_s=every_s)
    past_s = readings[-1][0] - readings[0][0]
    days = past_s / 86_400
    if options.format == "json":
        scores = [{name: getattr(score, name) for name in Score.__slots__} for score in found.scores if score.forecasts]
        known = prior_of(found.outlook)
        json.dump({"group": group.name, "value": value, "days": days, "scores": scores, **known}, sys.stdout)
        print()
    else:
        print(
            "\n".join(
                [f"{group.name}: {value}, {days:.1f} days", "", *_scores(found, past_s, every_s), "", *_week(found)]
            )
        )
    if options.write:
        _write(Path(profile_of(options.rules)), value, found)
    return Exit.OK


def _group(path: str) -> Group:
    try:
        text = Path(path).read_bytes()[: LARGEST + 1].decode()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"can't be read ({error})", place=path, help="Give one rule file.") from error
    loaded = load_text({path: text})  # without its profile: a damaged one must not stop a new one
    if loaded.book is None:
        raise RulesInvalid(
            "the rules have errors", diagnostics=loaded.diagnostics, place=path, help="Mend what is shown above."
        )
    show_findings(loaded.diagnostics)
    return loaded.book.groups[0]


def _value(group: Group, wanted: str | None) -> tuple[str, Expression]:
    values = forecast_values(group)
    if not values:
        raise UsageError(
            "forecasts nothing", place=group.source, help="Write forecast(queue.arrivals_per_minute, 15m) into a rule."
        )
    if wanted is None and len(values) > 1:
        raise UsageError("forecasts several values", place=group.source, help=f"--value one of: {', '.join(values)}")
    name = next(iter(values)) if wanted is None else wanted
    if name not in values:
        raise UsageError(f"does not forecast {name}", place=group.source, help=f"--value one of: {', '.join(values)}")
    return name, values[name]


def _history(options: argparse.Namespace, group: Group, value: str, expression: Expression) -> tuple[Readings, float]:
    if options.csv is not None:
        return from_csv(
            Path(options.csv),
            time=options.time,
            column=options.column,
            timezone=group.calendar.timezone,
            is_rate=value.endswith("_per_minute"),
        )
    with opened(store_url(options.journal)) as reader:
        return list(from_store(reader, group, expression)), group.every_s


def _scores(found: Hindcast, past_s: float, every_s: float) -> list[str]:
    rows = [("ahead", "by the profile", "no forecast", "as used", "forecasts")]
    for score in found.scores:
        if not score.forecasts:
            rows.append((in_words(score.horizon_s), "-", "-", "-", "0"))
            continue
        used = f"{score.used:.3g}"
        how = f"{score.forecasts}, {score.by_profile:.0%} by the profile"
        rows.append((in_words(score.horizon_s), f"{score.profile:.3g}", f"{score.without:.3g}", used, how))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    unscored = [_unscored(past_s, every_s)] if not all(score.forecasts for score in found.scores) else []
    return ["mean absolute error of the quarter of an hour that ends so far ahead:", *lines, *unscored]


def _unscored(past_s: float, every_s: float) -> str:
    """Why there is no error to show."""
    if every_s > BIN_S:
        return (
            f"-: steps of {in_words(every_s)}; to score a quarter of an hour takes steps of {in_words(BIN_S)} or less"
        )
    if past_s < NEEDED_S:
        return (
            f"-: too short a history, {past_s / 3600:.2f} hours; a time of day is forecast from the day before, which "
            f"takes {NEEDED_S / 3600:.2f}"
        )
    return "-: no time of day was looked at on two days, and one is forecast from the days before"


def _week(found: Hindcast) -> list[str]:
    """The usual day in steps of two hours, for the days that were seen."""
    profile = found.outlook.profile
    lines = ["what is usual, by two hours:", "           " + "".join(f"{hour:>8}" for hour in range(0, 24, 2))]
    for row, day in enumerate(DAYS):
        if profile.days[row].any():
            means = profile.level[row].reshape(12, 8).mean(axis=1).tolist()
            lines.append(f"{day:<11}" + "".join(f"{_short(mean):>8}" for mean in means))
    return lines


def _short(number: float) -> str:
    return f"{number:.3g}" if abs(number) >= 0.01 else "0"


def _write(path: Path, value: str, found: Hindcast) -> None:
    """Put the value into the profile file, beside what it knows of others; readers see the old file or the new one."""
    content: dict[str, Any] = {"version": VERSION, "values": {}}
    try:
        before = json.loads(path.read_text("utf-8"))
        if isinstance(before, dict) and before.get("version") == VERSION and isinstance(before.get("values"), dict):
            content = before
    except (OSError, ValueError):
        pass  # there is none, or none worth keeping
    content["values"][value] = prior_of(found.outlook)
    beside = path.with_name(f".{path.name}.tmp")
    try:
        beside.write_text(json.dumps(content) + "\n", "utf-8")
        os.replace(beside, path)
    except OSError as error:
        raise UsageError(f"can't be written ({error.strerror})", place=str(path), help="Check its folder.") from error
    print(f"wrote {path}", file=sys.stderr)
