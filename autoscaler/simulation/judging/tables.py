"""Tables of results: built once, shown in a terminal of 100 columns and in the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autoscaler.simulation.judging.pairing import Paired, paired
from autoscaler.simulation.judging.playing import Played
from autoscaler.simulation.judging.summary import COST, by_run, estimates

__all__ = ["FIGURES", "Table", "cost_table", "figure_table", "ratio_table", "text_lines"]

FIGURES = {
    "arrived": ("customers arrived", "{:,.1f}"),
    "served": ("served", "{:,.1f}"),
    "abandoned": ("left without service", "{:,.1f}"),
    "p_wait": ("waited at all", "{:.1%}"),
    "mean_wait_s": ("mean wait, of all", "{:.1f} s"),
    "mean_wait_served_s": ("mean wait, of those served", "{:.1f} s"),
    "abandonment": ("share who left", "{:.2%}"),
    "service_level.20": ("served within 20 s", "{:.1%}"),
    "service_level.30": ("served within 30 s", "{:.1%}"),
    "service_level.60": ("served within 60 s", "{:.1%}"),
    "mean_concurrency": ("chats an agent holds", "{:.2f}"),
    "slot_occupancy": ("slots filled", "{:.1%}"),
    "busy": ("time with a chat", "{:.1%}"),
    "mean_chat_s": ("mean chat", "{:.0f} s"),
    "chat_stretch": ("chat against a solo chat", "{:.2f}"),
    "limit_changes": ("limit changes", "{:,.1f}"),
    "limit_changes_per_agent_hour": ("changes an agent and hour", "{:.3f}"),
    "minutes_above_baseline_per_agent": ("minutes above baseline, an agent", "{:.1f}"),
    "fairness_gini": ("fairness: Gini of chats an hour", "{:.3f}"),
    "cost_per_chat": ("cost of a chat", "{:.4f}"),
    "cost.late": ("  waiting", "{:.4f}"),
    "cost.abandoned": ("  customers who left", "{:.4f}"),
    "cost.excess": ("  slow chats", "{:.4f}"),
    "cost.crowding": ("  agents above their baseline", "{:.4f}"),
    "cost.changes": ("  limit changes", "{:.4f}"),
}
"""Title and form of every figure."""

UNDEFINED = "-"
NAME_WIDTH = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of words; the first column is read from the left, the others are numbers.

    Attributes:
        title: "" for none.
        head: Names of the columns.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def figure_table(played: Played) -> Table:
    """All figures of one policy: means, and with several runs how they vary."""
    known = estimates(played)
    several = len(played.scores) > 1
    head = ("", "mean", "std error", "median", "lowest run", "highest run") if several else ("", "value")
    rows = []
    for name, (title, form) in FIGURES.items():
        one = known[name]
        shown = (one.mean, one.standard_error, one.median, one.low, one.high)[: len(head) - 1]
        rows.append((title, *(_shown(form, value) for value in shown)))
    return Table(title="", head=head, rows=tuple(rows))


def ratio_table(policies: Sequence[Played]) -> Table:
    """Policies side by side: the cost, its ratio to the first one's on the same runs, and what people saw."""
    baseline = policies[0]
    head = ("policy", "cost", "ratio", "95 % interval", "worst", "waited", "wait", "left", "stretch", "changes")
    rows = []
    for played in policies:
        mean = {name: one.mean for name, one in estimates(played).items()}
        ratio = paired(by_run(played)[COST], by_run(baseline)[COST])
        rows.append(
            (
                _short(played.title),
                _shown("{:.4f}", mean[COST]),
                _shown("{:.3f}", ratio.ratio),
                UNDEFINED if played is baseline else _interval(ratio),
                UNDEFINED if played is baseline else _shown("{:.2f}", ratio.worst),
                _shown("{:.1%}", mean["p_wait"]),
                _shown("{:.0f} s", mean["mean_wait_s"]),
                _shown("{:.1%}", mean["abandonment"]),
                _shown("{:.2f}", mean["chat_stretch"]),
                _shown("{:.2f}", mean["limit_changes_per_agent_hour"]),
            )
        )
    return Table(title="", head=head, rows=tuple(rows))


def cost_table(policies: Sequence[Played]) -> Table:
    """What the cost of a chat is made of, by policy."""
    names = [name for name in FIGURES if name.startswith("cost.")]
    head = ("policy", "waiting", "customers left", "slow chats", "above baseline", "limit changes")
    rows = []
    for played in policies:
        known = estimates(played)
        rows.append((_short(played.title), *(_shown("{:.4f}", known[name].mean) for name in names)))
    return Table(title="what the cost is for", head=head, rows=tuple(rows))


def text_lines(table: Table) -> list[str]:
    """The table for a terminal."""
    widths = [max(len(row[column]) for row in (table.head, *table.rows)) for column in range(len(table.head))]
    lines = [table.title] if table.title else []
    for row in (table.head, *table.rows):
        first, *others = (
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join((first, *others)).rstrip())
    return lines


def _shown(form: str, value: float | None) -> str:
    return UNDEFINED if value is None else form.format(value)


def _interval(ratio: Paired) -> str:
    if ratio.low is None or ratio.high is None:
        return UNDEFINED
    return f"{ratio.low:.3f} to {ratio.high:.3f}"


def _short(name: str) -> str:
    """A name as long as its column; of a path the end says most."""
    return (
        name if len(name) <= NAME_WIDTH else f"{name[: NAME_WIDTH // 3]}…{name[-(NAME_WIDTH - NAME_WIDTH // 3 - 1) :]}"
    )
