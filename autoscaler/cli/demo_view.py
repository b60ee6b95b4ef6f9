"""What the demo shows: the floor as it is, and at the end what it was worth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

__all__ = ["live_table", "one_line", "summary_table"]

DECISIONS = 8


def live_table(status: dict[str, Any], site: dict[str, Any], *, left_s: float | None) -> RenderableType:
    """The floor now and the last decisions, to fit a terminal."""
    queue = site["queues"][0]
    left = "" if left_s is None else f", {max(left_s, 0):.0f} s left"
    head = Text(f"simulated {site['now'][11:19]} UTC, {site['speed']:g} times as fast as life{left}", style="bold")
    floor = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("queue", "oldest", "agents", "slots", "load", "occupancy", "rules"):
        floor.add_column(name, justify="left" if name == "rules" else "right")
    group = status["groups"][0] if status["groups"] else {}
    rules = ", ".join(f"{name} {verdict}" for name, verdict in group.get("rules", {}).items() if verdict != "false")
    floor.add_row(
        str(queue["waiting"]),
        f"{queue['oldest_wait_s']:.0f} s",
        str(queue["agents"]),
        str(queue["slots"]),
        str(queue["load"]),
        _percent(queue["load"], queue["slots"]),
        rules or "nothing to do",
    )
    recent = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("time", "agent", "limit", "rule", "outcome"):
        recent.add_column(name)
    for row in status["recent"][-DECISIONS:]:
        before = "?" if row["from"] is None else row["from"]
        recent.add_row(
            row["at"][11:19], str(row["agent"]), f"{before} -> {row['to']}", row["rule"] or "none", row["outcome"]
        )
    held = [Text(f"held: {sentence}", style="dim") for sentence in group.get("held", [])[:3]]
    return Group(head, Text(), floor, *held, Text(), recent)


def one_line(status: dict[str, Any], site: dict[str, Any]) -> str:
    """The floor in one line, where there is no terminal."""
    queue = site["queues"][0]
    outcomes = status["gateway"]["outcomes"]
    done = ", ".join(f"{count} {name}" for name, count in outcomes.items() if count) or "no calls yet"
    return (
        f"{site['now'][11:19]}  waiting {queue['waiting']:>3}  slots {queue['slots']:>4}  load {queue['load']:>4}  "
        f"occupancy {_percent(queue['load'], queue['slots']):>5}  {done}"
    )


def summary_table(summary: dict[str, Any], directory: Path) -> RenderableType:
    """The same customers twice: with the autoscaler, and with the limit left at its baseline."""
    table = Table(title="the same customers, twice", title_justify="left", box=None, pad_edge=False, header_style="dim")
    table.add_column("")
    table.add_column("autoscaler", justify="right")
    table.add_column("baseline limit", justify="right")
    live, baseline = summary["autoscaler"], summary["baseline"]
    for title, key, form in (
        ("chats arrived", "arrived", "{:.0f}"),
        ("served", "served", "{:.0f}"),
        ("gave up", "abandoned", "{:.0f}"),
        ("mean wait", "mean_wait_s", "{:.1f} s"),
        ("had to wait", "p_wait", "{:.1%}"),
        ("mean chat", "mean_chat_s", "{:.0f} s"),
        ("chats an agent", "mean_concurrency", "{:.2f}"),
    ):
        table.add_row(title, _form(form, live[key]), _form(form, baseline[key]))
    within = (live["service_level"]["30"], baseline["service_level"]["30"])
    table.add_row("answered within 30 s", *(_form("{:.1%}", one) for one in within))
    calls, moves = summary["calls"], summary["decisions"]
    sent = calls["ok"] + calls["not_ok"]
    text = (
        f"{summary['simulated_s'] / 60:.0f} simulated minutes: {moves['raise']} raises, {moves['lower']} lowers, "
        f"{moves['assert']} limits asserted\n"
        f'{calls["ok"]} of {sent} calls ended in retcode "0"\n'
        f"the journal stays: autoscaler journal --config {_near(directory)}/autoscaler.toml"
    )
    return Group(Text(), table, Text(), Text(text, no_wrap=True, overflow="ignore"))


def _form(form: str, value: float | None) -> str:
    return "none" if value is None else form.format(value)


def _percent(part: float, whole: float) -> str:
    return f"{part / whole:.0%}" if whole else "none"


def _near(directory: Path) -> str:
    here = Path.cwd()
    return str(directory.relative_to(here)) if directory.is_relative_to(here) else str(directory)
