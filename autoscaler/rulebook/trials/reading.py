"""Rule test files to tests: all files, all findings at once; a file with an error has no tests to run."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from autoscaler.core.book import Group
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.composing import compose
from autoscaler.rulebook.diagnostics import Diagnostic, has_errors
from autoscaler.rulebook.grammar import Entries, Item, section
from autoscaler.rulebook.loading import Loaded, load_folder
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.source import Source, Span
from autoscaler.rulebook.suggestions import quoted
from autoscaler.rulebook.trials.casting import build_cast
from autoscaler.rulebook.trials.expecting import Timeline, build_expectations, latest_of
from autoscaler.rulebook.trials.finding import find_tests
from autoscaler.rulebook.trials.layout import FILE, Files, Orders
from autoscaler.rulebook.trials.layout import Trials as Keys
from autoscaler.rulebook.trials.notation import MOST_TICKS
from autoscaler.rulebook.trials.series import build_answers, build_script
from autoscaler.rulebook.trials.trial import Order, OrderKind, Trial, Trials

__all__ = ["LoadedTrials", "load_trials"]

MOST_ROWS = 3_000_000
"""Agents times ticks of one test: some seconds of work."""

_READER = section(FILE)
_START = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}(?::[0-9]{2})?")
_MONDAY = "2026-03-02 09:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedTrials:
    """What test files came to.

    Attributes:
        files: Those without errors, by path.
        diagnostics: Of all files and of the rules they name, by file, then in reading order.
        found: How many test files there are, bad ones included.
    """

    files: tuple[Trials, ...]
    diagnostics: tuple[Diagnostic, ...]
    found: int


def load_trials(*paths: str | os.PathLike[str]) -> LoadedTrials:
    """Load the rule tests that paths mean (see `finding.find_tests`); never raises for anything found on disk."""
    texts, problems = find_tests(paths)
    diagnostics: dict[Diagnostic, None] = dict.fromkeys(problems)
    files = []
    for path, text in sorted(texts.items()):
        reporter = Reporter(Source(path, text))
        trials, about_rules = _file(path, reporter)
        diagnostics.update(dict.fromkeys((*about_rules, *reporter.diagnostics)))
        if trials is not None and not has_errors(reporter.diagnostics):
            files.append(trials)
    return LoadedTrials(files=tuple(files), diagnostics=tuple(diagnostics), found=len(texts))


def _file(path: str, reporter: Reporter) -> tuple[Trials | None, tuple[Diagnostic, ...]]:
    root = compose(reporter)
    entries = None if root is None else _READER.read(root, reporter)
    name = None if entries is None else entries.get(Files.rules)
    if entries is None or name is None:
        return None, ()
    span = entries.value_span(Files.rules)
    rules_path = str(Path(path).parent / name)
    loaded = _rules(rules_path, span, reporter)
    if loaded is None or loaded.book is None:
        errors = () if loaded is None else tuple(one for one in loaded.diagnostics if one.severity.value == "error")
        return None, errors
    tests = _tests(entries.get(Files.tests) or (), loaded.book.groups[0], reporter)
    if not tests and not has_errors(reporter.diagnostics):
        help_ = "add one under tests: with name, agents, series and expect"
        reporter.report(Code.NO_TESTS, entries.key_span(Files.tests), "the file holds no test", help_)
    text = loaded.files[rules_path].removeprefix("\ufeff")
    return Trials(path=path, book=loaded.book, rules_path=rules_path, rules_text=text, trials=tests), ()


def _rules(path: str, span: Span, reporter: Reporter) -> Loaded | None:
    if Path(path).is_dir():
        message = f"{quoted(path)} is a folder"
        reporter.report(Code.BAD_RULES, span, message, "name one rule file, such as webchat.yaml")
        return None
    loaded = load_folder(path)
    if loaded.book is None:
        is_absent = not Path(path).exists()
        message = f"there is no rule file {quoted(path)}" if is_absent else f"{quoted(path)} has errors"
        help_ = "write its path as seen from this file" if is_absent else "mend the rules first"
        reporter.report(Code.BAD_RULES, span, message, help_)
        return None if is_absent else loaded
    return loaded


def _tests(items: Iterable[Item[Entries]], group: Group, reporter: Reporter) -> tuple[Trial, ...]:
    found: list[Trial] = []
    seen: dict[str, Span] = {}
    for item in items:
        name = item.value.get(Keys.name)
        if name is None:
            continue
        span = item.value.value_span(Keys.name)
        if (first := seen.setdefault(name, span)) != span:
            message = f"a test named {quoted(name)} stands already in {reporter.where(first)}"
            reporter.report(Code.DUPLICATE_NAME, span, message, "give each test its own name")
        trial = _test(name, item.value, group, reporter)
        if trial is not None:
            found.append(trial)
    return tuple(found)


def _test(name: str, entries: Entries, group: Group, reporter: Reporter) -> Trial | None:
    agents = entries.get(Keys.agents)
    cast = None if agents is None else build_cast(agents, group, reporter)
    if cast is None:
        return None
    script = build_script(entries.get(Keys.series), group, cast, reporter)
    answers = build_answers(entries.get(Keys.gateway), cast, reporter)
    every_s = entries.get(Keys.every) or group.every_s
    expected = entries.get(Keys.expect) or ()
    timeline = _timeline(entries, every_s, 0 if script is None else script.longest, latest_of(expected), reporter)
    if timeline.ticks * max(len(cast.ids), 1) > MOST_ROWS:
        message = f"{len(cast.ids)} agents over {timeline.ticks} ticks are too much for one test"
        help_ = "take fewer agents, a shorter time, or a longer every:"
        reporter.report(Code.TOO_MUCH, entries.value_span(Keys.name), message, help_)
        return None
    expect = build_expectations(expected, group, cast, timeline, reporter)
    if not expected and not entries.has_unknown and entries.has(Keys.expect) and not has_errors(reporter.diagnostics):
        span = entries.key_span(Keys.expect)
        reporter.report(Code.NO_CLAIM, span, "the test expects nothing", 'add one, such as always: "agent.limit <= 6"')
    start, orders = _start(entries, group, reporter), _orders(entries, reporter)
    if script is None or answers is None or start is None:
        return None
    return Trial(
        name=name,
        line=reporter.source.place(entries.value_span(Keys.name).start)[0],
        start=start,
        every_s=every_s,
        ticks=timeline.ticks,
        cast=cast,
        roster=script.roster,
        queues=script.queues,
        inputs=script.inputs,
        agents=tuple(script.agents),
        answers=answers,
        orders=orders,
        expect=expect,
    )


def _timeline(entries: Entries, every_s: float, longest: int, latest_s: float, reporter: Reporter) -> Timeline:
    given = entries.get(Keys.for_)
    if given is not None:
        ticks = int(given // every_s) + 1
        if ticks > MOST_TICKS:
            message = f"the test has {ticks} ticks, more than {MOST_TICKS}"
            reporter.report(Code.TOO_MUCH, entries.value_span(Keys.for_), message, "shorten it, or make every: longer")
        return Timeline(every_s, min(ticks, MOST_TICKS))
    return Timeline(every_s, min(max(longest, math.ceil(latest_s / every_s) + 1, 1), MOST_TICKS))


def _start(entries: Entries, group: Group, reporter: Reporter) -> datetime | None:
    written = entries.get(Keys.start)
    if written is None and entries.has(Keys.start):
        return None
    text = _MONDAY if written is None else written.value
    span = entries.value_span(Keys.start)
    zone = ZoneInfo(group.timezone)
    try:
        if not _START.fullmatch(text):
            raise ValueError(text)
        local = datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError:
        message = f"{quoted(text)} is not a date and time"
        reporter.report(Code.NOT_A_START, span, message, 'write it as "2026-12-24 11:50"')
        return None
    start = local.astimezone(UTC)
    if start.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        message = f"{text} does not exist in {group.timezone}: clocks go forward there"
        reporter.report(Code.NOT_A_START, span, message, "write an hour earlier or later")
        return None
    return start


def _orders(entries: Entries, reporter: Reporter) -> tuple[Order, ...]:
    found = []
    for item in entries.get(Keys.overrides) or ():
        order: Any = item.value
        kind, agent, limit = order.get(Orders.order), order.get(Orders.agent), order.get(Orders.limit)
        if kind is None:
            continue
        has_both = order.has(Orders.agent) and order.has(Orders.limit)
        has_any = order.has(Orders.agent) or order.has(Orders.limit)
        if (kind is OrderKind.PIN and not has_both) or (kind is not OrderKind.PIN and has_any):
            message = "a pin has an agent and a limit" if kind is OrderKind.PIN else f"{kind.value} is for everybody"
            help_ = (
                "write {order: pin, agent: 1007, limit: 2}" if kind is OrderKind.PIN else "leave agent and limit out"
            )
            reporter.report(Code.CONFLICT, order.span, message, help_)
            continue
        until = order.get(Orders.until)
        found.append(
            Order(
                kind=kind,
                from_s=order.get(Orders.from_) or 0.0,
                until_s=math.inf if until is None else until,
                agent=agent or 0,
                limit=limit or 0,
            )
        )
    return tuple(found)
