"""Parts of the language the decision can't carry out yet: using one is an error, never silently ignored."""

from __future__ import annotations

from enum import Enum

__all__ = ["NOT_YET", "Feature"]


class Feature(Enum):
    """A part that can be switched on as a whole; its value is how messages call it."""

    TRACK = "track"
    STEPS = "steps"
    AT = "at"
    KEEP_FOR = "keep_for"
    UNTIL = "until"
    WARM_UP = "warm_up"
    GOAL = "goal"
    CALENDAR = "calendar"
    TIER_WHERE = "tiers.where"
    OVER_TIME = "functions over time"


NOT_YET: frozenset[Feature] = frozenset(Feature)
"""What is refused."""
