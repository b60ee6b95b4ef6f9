"""Pictures and reports of `simulate` and `compare`, written where they were asked for."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from matplotlib.figure import Figure

from autoscaler import __version__
from autoscaler.cli.simulating import write_text
from autoscaler.simulation.floor.ports import Policy
from autoscaler.simulation.floor.run import run
from autoscaler.simulation.judging.cost_plot import cost_plot
from autoscaler.simulation.judging.course_plot import course_plot
from autoscaler.simulation.judging.drawing import as_svg, in_our_style, save
from autoscaler.simulation.judging.playing import Played
from autoscaler.simulation.judging.report import Report, as_html
from autoscaler.simulation.judging.summary import typical_run
from autoscaler.simulation.judging.tables import Table, cost_table, figure_table, ratio_table
from autoscaler.simulation.judging.watching import Watched
from autoscaler.simulation.scenario.model import Scenario

__all__ = ["draw_costs", "draw_course"]


def draw_course(
    options: argparse.Namespace,
    path: Path,
    scenario: Scenario,
    policy: Policy,
    played: Played,
    sentences: Sequence[str],
) -> None:
    """The course of the run whose cost is in the middle."""
    index = typical_run(played)
    course = run(scenario, Watched(policy), seed=played.seed, index=index, with_course=True).course
    assert course is not None
    title = f"{played.scenario}, {played.title}: run {index} under seed {played.seed}"
    with in_our_style():
        figure = course_plot(scenario, course, title=title)
        words = f"Queue, slots, load and limits over time; {title}, the run whose cost is in the middle."
        _write(
            options,
            figure,
            words,
            title=f"{played.scenario}, {played.title}",
            sentences=sentences,
            tables=[figure_table(played)],
            sources=[path],
            results=[[played]],
            command=["simulate", options.scenario, *_who(options)],
        )


def draw_costs(
    options: argparse.Namespace,
    paths: Sequence[Path],
    names: Sequence[str],
    results: Sequence[Sequence[Played]],
    sentences: Sequence[str],
) -> None:
    """What policies cost and for what, and their ratios with intervals."""
    with in_our_style():
        tables = [
            table
            for policies in results
            for table in (replace(ratio_table(policies), title=policies[0].scenario), cost_table(policies))
        ]
        _write(
            options,
            cost_plot(results),
            "The cost of a chat by policy with what it is for, and ratios to the first policy with their intervals.",
            title=f"{', '.join(policies[0].scenario for policies in results)}: {len(names)} policies",
            sentences=sentences,
            tables=tables,
            sources=paths,
            results=results,
            command=["compare", *options.scenarios, "--policy", *names],
        )


def _write(
    options: argparse.Namespace,
    figure: Figure,
    words: str,
    *,
    title: str,
    sentences: Sequence[str],
    tables: Sequence[Table],
    sources: Sequence[Path],
    results: Sequence[Sequence[Played]],
    command: Sequence[str],
) -> None:
    if options.plot is not None:
        save(figure, options.plot)
        print(f"written {options.plot}", file=sys.stderr)
    if options.report is None:
        return
    seeds = [] if options.seed is None else ["--seed", str(options.seed)]
    settings = {
        "runs": str(options.runs),
        **{f"seed of {policies[0].scenario}": str(policies[0].seed) for policies in results},
        "version": __version__,
    }
    report = Report(
        title=title,
        sentences=[sentence for sentence in sentences if sentence],
        tables=tables,
        pictures=[as_svg(figure, words=words)],
        settings=settings,
        sources={path.name: path.read_text("utf-8") for path in sources},
        command=shlex.join(["autoscaler", *command, "--runs", str(options.runs), *seeds]),
    )
    write_text(options.report, as_html(report))
    print(f"written {options.report}", file=sys.stderr)


def _who(options: argparse.Namespace) -> list[str]:
    for name in ("rules", "limit", "policy"):
        value = getattr(options, name)
        if value is not None:
            return [f"--{name}", str(value)]
    return []
