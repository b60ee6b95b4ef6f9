"""Lines that fit a terminal of 100 columns."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["WIDTH", "beliefs", "held_agents", "print_notes", "wrapped"]

WIDTH = 100


def wrapped(line: str, indent: str) -> list[str]:
    """The line, broken between words where it is too long.

    Args:
        line: Its own blanks at the start stay.
        indent: What its further lines begin with.
    """
    if len(line) <= WIDTH:
        return [line]
    head = line[: len(line) - len(line.lstrip())]
    return textwrap.wrap(
        line.lstrip(), WIDTH, initial_indent=head, subsequent_indent=indent, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def held_agents(holds: Mapping[str, int]) -> list[str]:
    """How many agents were held back, a line a reason.

    Args:
        holds: Counts by the reason's name, as in status and tick lines.
    """
    return [
        f"{count} agent{'s' if count != 1 else ''} held: {reason.replace('_', ' ')}" for reason, count in holds.items()
    ]


def beliefs(told: Mapping[str, Any]) -> list[str]:
    """What was forecast for rules, and what the goal believes, a line each.

    Args:
        told: A group of a status or of an explanation; a decision's journal line says neither.
    """
    goal = told.get("goal")
    return [*told.get("forecasts", ()), *([f"goal: {goal}"] if goal else [])]


def print_notes(notes: Iterable[str]) -> None:
    """Tell beside the answer what it leaves out."""
    for note in notes:
        print("\n".join(wrapped(f"note: {note}", "      ")), file=sys.stderr)
