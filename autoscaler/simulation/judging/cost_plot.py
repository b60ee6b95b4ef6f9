"""Policies side by side: what a chat costs and for what, and the ratio to the baseline with its interval."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from autoscaler.simulation.judging.drawing import HATCHES
from autoscaler.simulation.judging.pairing import paired
from autoscaler.simulation.judging.playing import Played
from autoscaler.simulation.judging.summary import COST, by_run, estimates
from autoscaler.simulation.judging.words import PARTS

__all__ = ["cost_plot"]


def cost_plot(results: Sequence[Sequence[Played]]) -> Figure:
    """Draw it, a row a scenario.

    Args:
        results: By scenario, policies played on the same runs; the first is what the others are held against.
    """
    bars = sum(len(policies) for policies in results)
    figure = Figure(figsize=(9, 1.6 * len(results) + 0.35 * bars + 0.6), layout="constrained")
    grid = figure.subplots(
        len(results),
        2,
        squeeze=False,
        width_ratios=(3, 2),
        height_ratios=[len(policies) + 2 for policies in results],
    )
    for (costs, ratios), policies in zip(grid, results, strict=True):
        _draw_costs(costs, policies)
        _draw_ratios(ratios, policies)
        costs.set_title(f"{policies[0].scenario}: {len(policies[0].scores)} runs", fontsize=9, loc="left")
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def _draw_costs(axes: Axes, policies: Sequence[Played]) -> None:
    places = np.arange(len(policies))
    known = [estimates(played) for played in policies]
    left = np.zeros(len(policies))
    for (part, words), hatch, grey in zip(PARTS.items(), HATCHES, ("0.6", "1.0", "0.95", "0.85", "1.0"), strict=True):
        widths = np.array([one[f"cost.{part}"].mean or 0.0 for one in known])
        axes.barh(places, widths, left=left, height=0.6, color=grey, edgecolor="0.0", hatch=hatch, label=words)
        left += widths
    axes.set_yticks(places, [_wrapped(played.title) for played in policies])
    axes.invert_yaxis()
    axes.set_xlim(0, float(left.max()) * 1.05 or 1.0)
    axes.set_xlabel("cost of a chat")
    axes.grid(visible=False, axis="y")


def _draw_ratios(axes: Axes, policies: Sequence[Played]) -> None:
    baseline = policies[0]
    own = by_run(baseline)[COST]
    axes.axvline(1.0, color="0.0", linestyle="--", linewidth=0.8)
    for place, played in enumerate(policies):
        ratio = paired(by_run(played)[COST], own)
        if ratio.ratio is None:
            continue
        if ratio.low is not None and ratio.high is not None:
            axes.plot((ratio.low, ratio.high), (place, place), color="0.0", marker="|", markersize=7, linewidth=1.1)
        axes.plot(ratio.ratio, place, color="0.0", marker="s" if played is baseline else "o", markersize=4)
    axes.set_ylim(len(policies) - 0.5, -0.5)
    axes.set_yticks(())
    axes.set_xlabel(f"ratio to {_wrapped(baseline.title)}, 95 % interval")


def _wrapped(name: str) -> str:
    return name if len(name) <= 28 else f"{name[:9]}…{name[-18:]}"
