"""One run over time: the queue, slots and load, and each kind of agent's limit, with decisions marked."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from autoscaler.simulation.floor.run import Course
from autoscaler.simulation.judging.drawing import GREYS, LINES
from autoscaler.simulation.scenario.model import Scenario

__all__ = ["course_plot"]

MARKERS_A_LINE = 12


def course_plot(scenario: Scenario, course: Course, *, title: str) -> Figure:
    """Draw it.

    Args:
        scenario: Where it was played.
        course: At least one tick.
        title: Above all.
    """
    at = np.datetime64(scenario.clock, "ms") + (course.time_s * 1000).astype("timedelta64[ms]")
    figure = Figure(figsize=(9, 7.5), layout="constrained")
    figure.suptitle(title, fontsize=10)
    queue, slots, limits = figure.subplots(3, sharex=True)
    queue.fill_between(at, course.waiting, step="post", color="0.8", edgecolor="0.0", linewidth=0.7)
    queue.set_ylabel("chats waiting")
    for place, (name, column) in enumerate((("slots", course.slots), ("load", course.load))):
        slots.plot(at, column, label=name, drawstyle="steps-post", **_line(place, len(at)))
    slots.set_ylabel("chats")
    for place, entry in enumerate(scenario.agents):
        name = entry.tier or (f"agents {place + 1}" if len(scenario.agents) > 1 else "all agents")
        column = course.limits[:, place]
        limits.plot(at, column, label=f"{name} ({entry.count})", drawstyle="steps-post", **_line(place, len(at)))
    limits.set_ylabel("mean limit")
    changed = course.changes > 0
    if changed.any():
        feet = np.full(int(changed.sum()), 0.02)
        label = f"decisions: {course.changes.sum():,.0f} limits changed"
        limits.plot(
            at[changed], feet, "|", color="0.0", markersize=7, label=label, transform=limits.get_xaxis_transform()
        )
    for axes in (queue, slots, limits):
        axes.set_ylim(0, max(1.0, axes.get_ylim()[1]))
        axes.margins(x=0.01)
    for axes in (slots, limits):
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, borderaxespad=0.3, frameon=False)
    limits.set_xlabel("wall clock")
    return figure


def _line(place: int, points: int) -> dict[str, object]:
    style, marker = LINES[place % len(LINES)]
    every = max(1, points // MARKERS_A_LINE)
    return {
        "linestyle": style,
        "marker": marker,
        # markers of different lines at different places, so that lines upon each other can be told apart
        "markevery": (place * every // len(LINES), every),
        "markersize": 4,
        "linewidth": 1.1,
        "color": GREYS[place % len(GREYS)],
    }
