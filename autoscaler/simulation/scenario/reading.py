"""Scenario files to scenarios, or to everything that is wrong with one, each with its place and a remedy."""

from __future__ import annotations

import math
import os
import re
from datetime import datetime
from pathlib import Path

from autoscaler.core.printing import in_words
from autoscaler.errors import ScenarioInvalid
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.composing import compose
from autoscaler.rulebook.diagnostics import Diagnostic
from autoscaler.rulebook.files import about_file, decode, read_files
from autoscaler.rulebook.goal import cost_of
from autoscaler.rulebook.grammar import Entries, Key, section
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.source import Source, Span
from autoscaler.simulation.scenario.arrivals import build_arrivals
from autoscaler.simulation.scenario.covering import Stretch
from autoscaler.simulation.scenario.layout import (
    SCENARIO,
    Agents,
    Distribution,
    Gateways,
    Keys,
    Patience,
    Services,
)
from autoscaler.simulation.scenario.model import Gateway, Routing, Scenario, Service, Spread
from autoscaler.simulation.scenario.people import build_agents, is_anybody_there

__all__ = ["parse_scenario", "read_scenario"]

VERSION = 1
EVERY_S = 15.0
SEED = 1
MONDAY = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 a scenario's wall clock has no zone

_READER = section(SCENARIO)


def read_scenario(path: str | os.PathLike[str]) -> Scenario:
    """The scenario in a file.

    Raises:
        ScenarioInvalid: The file or its trace can't be read or has errors; it holds all of them.
    """
    name = str(path)
    if Path(name).is_dir():
        raise _invalid(name, (about_file(Code.UNREADABLE, name, "this is a folder", "name one scenario file"),))
    contents, problems = read_files([name])
    for found, content in contents.items():
        text = decode(found, content)
        if isinstance(text, Diagnostic):
            problems.append(text)
        else:
            return parse_scenario(text, name, Path(name).parent)
    raise _invalid(name, tuple(problems))


def parse_scenario(text: str, source: str, folder: Path) -> Scenario:
    """The scenario a text describes.

    Args:
        text: YAML.
        source: How findings call the file.
        folder: Where the name of a trace starts from.

    Raises:
        ScenarioInvalid: The text or its trace has errors; it holds all of them.
    """
    reporter = Reporter(Source(source, text.removeprefix("\ufeff")))
    about_trace: list[Diagnostic] = []
    scenario = _scenario(reporter, folder, about_trace)
    if scenario is None or reporter.has_errors or about_trace:
        raise _invalid(source, (*reporter.diagnostics, *about_trace))
    return scenario


def _invalid(source: str, diagnostics: tuple[Diagnostic, ...]) -> ScenarioInvalid:
    count = "1 error" if len(diagnostics) == 1 else f"{len(diagnostics)} errors"
    help_ = "docs/rules/scenarios.md tells what a scenario file holds"
    return ScenarioInvalid(f"the scenario has {count}", diagnostics=diagnostics, place=source, help=help_)


def _scenario(reporter: Reporter, folder: Path, about_trace: list[Diagnostic]) -> Scenario | None:
    if not re.search(r"^[^\S\n]*[^#\s]", reporter.source.text, re.MULTILINE):
        help_ = "write a scenario; docs/rules/scenarios.md has one to start from"
        reporter.report(Code.EMPTY_FILE, Span(0, 0), "the file is empty", help_)
        return None
    root = compose(reporter)
    entries = None if root is None else _READER.read(root, reporter)
    if entries is None:
        return None
    version = entries.get(Keys.version)
    if version is not None and version != VERSION:
        message = f"version {version} of scenario files is not known here"
        reporter.report(Code.VERSION, entries.value_span(Keys.version), message, f"write version: {VERSION}")
    duration_s = entries.get(Keys.lasts)
    _check_times(entries, duration_s, reporter)
    written = entries.get(Keys.arrivals)
    coming = None
    if written is not None and duration_s is not None:
        stretch = Stretch(duration_s=duration_s, clock=entries.get(Keys.clock), default_clock=MONDAY, folder=folder)
        coming = build_arrivals(written, stretch, reporter, about_trace)
    people = entries.get(Keys.agents)
    agents = None if people is None else build_agents(people, entries.value_span(Keys.agents), reporter)
    service, patience = _service(entries.get(Keys.service), reporter), _patience(entries, reporter)
    if coming is None or agents is None or service is None or patience is None or duration_s is None:
        return None
    every_s = entries.get(Keys.every)
    source = reporter.source.name
    scenario = Scenario(
        name=entries.get(Keys.name) or Path(source).stem or "scenario",
        seed=SEED if (seed := entries.get(Keys.seed)) is None else seed,
        duration_s=duration_s,
        warm_up_s=entries.get(Keys.warm_up) or 0.0,
        clock=coming.clock,
        arrivals=coming.arrivals,
        every_s=EVERY_S if every_s is None else every_s,
        agents=agents,
        service=service,
        patience=None if patience.mean_s == math.inf else patience,
        routing=entries.get(Keys.routing) or Routing.LEAST_LOADED,
        gateway=_gateway(entries.get(Keys.gateway)),
        cost=cost_of(entries.get(Keys.cost)),
        description=(entries.get(Keys.description) or "").strip(),
        source=source,
    )
    _check_presence(scenario, entries, reporter)
    return scenario


def _check_times(entries: Entries, duration_s: float | None, reporter: Reporter) -> None:
    if duration_s is None:
        return
    warm_up_s, every_s = entries.get(Keys.warm_up), entries.get(Keys.every)
    if warm_up_s is not None and warm_up_s >= duration_s:
        message = f"warm_up takes {in_words(warm_up_s)} of {in_words(duration_s)}, so nothing is left to score"
        reporter.report(Code.CONFLICT, entries.value_span(Keys.warm_up), message, "shorten it, or lengthen duration")
    if every_s is not None and every_s > duration_s:
        message = f"the scenario lasts {in_words(duration_s)}, so nothing is decided every {in_words(every_s)}"
        reporter.report(Code.CONFLICT, entries.value_span(Keys.every), message, "shorten it, or lengthen duration")


def _check_presence(scenario: Scenario, entries: Entries, reporter: Reporter) -> None:
    if is_anybody_there(scenario.agents, scenario.clock_s, scenario.duration_s):
        return
    clock, words = f"{scenario.clock:%H:%M}", in_words(scenario.duration_s)
    message = f"nobody is signed in during the {words} from {clock} on"
    items = entries.get(Keys.agents) or ()
    span = items[0].value.value_span(Agents.shift) if items else entries.value_span(Keys.agents)
    reporter.report(Code.NOBODY_COMES, span, message, "correct shift, clock or duration")


def _service(entries: Entries | None, reporter: Reporter) -> Service | None:
    if entries is None:
        return None
    solo = _spread(entries, Services.solo_chat, reporter)
    curves = entries.get(Services.slowdown)
    return None if solo is None or curves is None else Service(solo=solo, curves=curves)


def _patience(entries: Entries, reporter: Reporter) -> Spread | None:
    """How long people wait, for ever included; None after reporting."""
    if not entries.has(Keys.patience):
        return Spread(mean_s=Patience.FOR_EVER)
    written = entries.get(Keys.patience)
    if isinstance(written, Entries):
        return _spread(written, Patience.mean, reporter)
    return Spread(mean_s=written) if isinstance(written, float) else None


def _spread(entries: Entries, mean: Key[float], reporter: Reporter) -> Spread | None:
    """A mean with `distribution` and `cv`, which patience and service write alike."""
    mean_s, cv = entries.get(mean), entries.get(Services.cv)
    kind = entries.get(Services.distribution) or Distribution.EXPONENTIAL
    if kind is Distribution.EXPONENTIAL and entries.has(Services.cv):
        message = "an exponential distribution has no cv of its own: it is always 1"
        help_ = "write distribution: lognormal, or take cv out"
        reporter.report(Code.CONFLICT, entries.key_span(Services.cv), message, help_)
    if kind is Distribution.LOGNORMAL and not entries.has(Services.cv) and not entries.has_unknown:
        span = entries.value_span(Services.distribution)
        reporter.report(Code.MISSING_KEY, span, 'lognormal needs "cv"', "add cv: 1.1, the coefficient of variation")
    return None if mean_s is None else Spread(mean_s=mean_s, cv=cv)


def _gateway(entries: Entries | None) -> Gateway:
    if entries is None:
        return Gateway()
    return Gateway(delay_s=entries.get(Gateways.delay) or 0.0, failure=entries.get(Gateways.failure) or 0.0)
