"""Parts of the language the decision can't carry out yet: using one is an error, never silently ignored."""

from __future__ import annotations

from enum import Enum

__all__ = ["NOT_YET", "Feature"]


class Feature(Enum):
    """A part that can be switched on as a whole; its value is how messages call it."""

    GOAL = "goal"
    FORECAST = "forecast"


NOT_YET: frozenset[Feature] = frozenset(Feature)
"""What is refused."""
