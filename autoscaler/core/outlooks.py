"""What is remembered of one value so that it can be forecast, and what of that a profile file keeps.

Bounded, whatever comes: its arrays keep their shapes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autoscaler.core.cells import nullable
from autoscaler.core.expressions import MOST_AHEAD_S
from autoscaler.core.profiles import BIN_S, Profile
from autoscaler.core.profiles import from_json as profile_from_json
from autoscaler.core.profiles import to_json as profile_to_json
from autoscaler.core.readings import Floats

__all__ = ["LEADS", "Outlook", "from_json", "from_prior", "prior_of", "to_json"]

LEADS = (1, 2, 4, 8, int(MOST_AHEAD_S // BIN_S))
"""Quarters of an hour ahead at which both ways are scored; what is asked between two counts as the further one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outlook:
    """What is remembered of one value so that it can be forecast; bounded, whatever comes.

    Attributes:
        profile: What is usual.
        origin: Which profile file it began from, "" none.
        bin: The open quarter of an hour, counted since 1970; None before the first reading.
        total, known, seen: Of the open quarter: sum of known readings, how many, and how many ticks.
        last: Mean of the quarter before, NaN unknown.
        actual, usual, noise: Recent level, its profile's, and the variance that chance gives the first.
        pending: Forecasts for the next quarters, shape (2, leads, 16): by profile and without; NaN none.
        errors: Mean absolute errors, shape (2, leads), the newest count most; NaN none yet.
        scored: How many errors went into them, shape (leads,).
    """

    profile: Profile
    pending: Floats
    errors: Floats
    scored: Floats
    origin: str = ""
    bin: int | None = None
    total: float = 0.0
    known: int = 0
    seen: int = 0
    last: float = math.nan
    actual: float = 0.0
    usual: float = 0.0
    noise: float = 0.0

    @classmethod
    def blank(cls) -> Outlook:
        """Nothing seen yet."""
        return cls(
            profile=Profile.blank(),
            pending=np.full((2, len(LEADS), LEADS[-1]), np.nan),
            errors=np.full((2, len(LEADS)), np.nan),
            scored=np.zeros(len(LEADS)),
        )


def to_json(outlook: Outlook) -> dict[str, Any]:
    """JSON values; NaN as null."""
    return {
        "profile": profile_to_json(outlook.profile),
        "pending": nullable(outlook.pending),
        "errors": nullable(outlook.errors),
        "scored": outlook.scored.tolist(),
        "origin": outlook.origin,
        "bin": outlook.bin,
        "last": None if math.isnan(outlook.last) else outlook.last,
        **{name: getattr(outlook, name) for name in _NUMBERS},
    }


def from_json(value: Mapping[str, Any]) -> Outlook:
    """What `to_json` gave.

    Raises:
        ValueError: Not an outlook; the message names the key.
        KeyError: A key is missing.
    """
    last = value["last"]
    return Outlook(
        profile=profile_from_json(value["profile"]),
        pending=_array(value, "pending", (2, len(LEADS), LEADS[-1])),
        errors=_array(value, "errors", (2, len(LEADS))),
        scored=_array(value, "scored", (len(LEADS),)),
        origin=str(value["origin"]),
        bin=None if value["bin"] is None else int(value["bin"]),
        last=math.nan if last is None else float(last),
        total=float(value["total"]),
        known=int(value["known"]),
        seen=int(value["seen"]),
        actual=float(value["actual"]),
        usual=float(value["usual"]),
        noise=float(value["noise"]),
    )


def prior_of(outlook: Outlook) -> dict[str, Any]:
    """What of an outlook holds at any other time, as JSON values: the profile and how well it did, to four digits."""
    return {
        "profile": {
            day: [[_rounded(number) for number in numbers] for numbers in rows]
            for day, rows in profile_to_json(outlook.profile).items()
        },
        "errors": [[_rounded(error) for error in row] for row in nullable(outlook.errors)],
        "scored": outlook.scored.tolist(),
    }


def from_prior(value: Mapping[str, Any], origin: str) -> Outlook:
    """The outlook to begin with.

    Args:
        value: From `prior_of`.
        origin: Tells it from any other.

    Raises:
        ValueError: Not a prior; the message names the key.
    """
    return replace(
        Outlook.blank(),
        profile=profile_from_json(value["profile"]),
        errors=_array(value, "errors", (2, len(LEADS))),
        scored=_array(value, "scored", (len(LEADS),)),
        origin=origin,
    )


_NUMBERS = ("total", "known", "seen", "actual", "usual", "noise")


def _rounded(number: float | None) -> float | None:
    return None if number is None else float(f"{number:.4g}")


def _array(value: Mapping[str, Any], name: str, shape: tuple[int, ...]) -> Floats:
    try:
        array = np.array(value[name], np.float64)  # null becomes NaN
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} holds something that is no number") from error
    if array.shape != shape:
        raise ValueError(f"{name} is of shape {array.shape}, not {shape}")
    return array
