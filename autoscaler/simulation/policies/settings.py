"""Settings of a policy: declared where the policy is, read from text, shown in tables and checked against the manual.

A policy is a frozen dataclass; each field made by one of the functions here is a setting of that name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Any

from autoscaler.core.printing import in_words
from autoscaler.errors import UsageError
from autoscaler.rulebook.measures import NUMBER, in_seconds, seconds_hint, share_value
from autoscaler.rulebook.suggestions import did_you_mean, quoted

__all__ = [
    "Setting",
    "Unit",
    "agent_ceiling",
    "agent_floor",
    "number",
    "read_settings",
    "setting_text",
    "settings_of",
    "span",
    "tick",
    "whole",
]

_KEY = "setting"
DAY = 86_400.0


class Unit(Enum):
    """What a setting's value is, and how it is written."""

    WHOLE = "a whole number"
    NUMBER = "a number"
    SPAN = "a duration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting.

    Attributes:
        default: Seconds for SPAN; None: the scenario's.
        low, high: Both included.
        about: What it does, in a few words.
    """

    unit: Unit
    default: float | None
    low: float
    high: float
    about: str


def whole(default: int, low: int, high: int, about: str) -> Any:
    """A field that is a whole number."""
    return _field(Setting(unit=Unit.WHOLE, default=default, low=low, high=high, about=about))


def number(default: float, low: float, high: float, about: str) -> Any:
    """A field that is a number; a ratio may be written in percent, too."""
    return _field(Setting(unit=Unit.NUMBER, default=default, low=low, high=high, about=about))


def span(default: float, about: str, *, low: float = 0.0, high: float = DAY) -> Any:
    """A field that is a duration in seconds."""
    return _field(Setting(unit=Unit.SPAN, default=default, low=low, high=high, about=about))


def agent_floor() -> Any:
    """The field of an autoscaler's lowest limit."""
    return whole(1, 1, 60, "lowest limit of an agent, times those signed in")


def agent_ceiling() -> Any:
    """The field of an autoscaler's highest limit."""
    return whole(6, 1, 60, "highest limit of an agent, times those signed in")


def tick() -> Any:
    """The field of seconds between a policy's looks at the floor; None: the scenario's `every`."""
    return _field(Setting(unit=Unit.SPAN, default=None, low=1.0, high=3600.0, about="time between looks at the floor"))


def settings_of(kind: type) -> dict[str, Setting]:
    """The settings of a policy, in order."""
    return {each.name: each.metadata[_KEY] for each in fields(kind) if _KEY in each.metadata}


def setting_text(setting: Setting, value: float | None) -> str:
    """A value as one would type it."""
    if value is None:
        return "the scenario's"
    return in_words(value) if setting.unit is Unit.SPAN else f"{value:g}"


def read_settings(name: str, kind: type, given: Mapping[str, str]) -> dict[str, Any]:
    """Values by name, for `kind(**values)`.

    Args:
        name: The policy's, for messages.
        kind: The policy.
        given: As typed.

    Raises:
        UsageError: An unknown setting, a value that is none or out of range, a floor above the ceiling.
    """
    known = settings_of(kind)
    values = {}
    for key, text in given.items():
        if key not in known:
            close = did_you_mean(key, known)
            listed = ", ".join(f"{one}={setting_text(known[one], known[one].default)}" for one in known)
            there = f"{name} has {listed}" if known else f"{name} has no settings"
            hint = f"did you mean {close}? {there}" if close else there
            raise UsageError(f"{quoted(key)} is no setting of {name}", help=hint)
        values[key] = _read(name, key, text, known[key])
    low, high = (values.get(key, known[key].default if key in known else None) for key in ("floor", "ceiling"))
    if low is not None and high is not None and low > high:
        raise UsageError(f"the floor of {name}, {low:g}, is above its ceiling, {high:g}", help="raise the ceiling")
    return values


def _field(setting: Setting) -> Any:
    return field(default=setting.default, metadata={_KEY: setting})


def _read(name: str, key: str, text: str, setting: Setting) -> float | int:
    wanted = f"{key} of {name} is {setting.unit.value}, not {quoted(text)}"
    range_ = f"{setting_text(setting, setting.low)} to {setting_text(setting, setting.high)}"
    value: float | None
    match setting.unit:
        case Unit.WHOLE:
            value = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None
            hint = f"write a whole number from {range_}"
        case Unit.NUMBER:
            value = float(text) if re.fullmatch(NUMBER, text) else share_value(text)
            hint = f"write a number from {range_}"
        case Unit.SPAN:
            value = in_seconds(text)
            hint = seconds_hint(text)
    if value is None:
        raise UsageError(wanted, help=hint)
    if not setting.low <= value <= setting.high:
        raise UsageError(f"{key} of {name} is {text}, outside {range_}", help=f"write a value from {range_}")
    return value
