"""Exit codes, and which error ends in which."""

from __future__ import annotations

from enum import IntEnum

from autoscaler.errors import (
    AutoscalerError,
    ControlRefused,
    ReadingMalformed,
    RulesInvalid,
    ScenarioInvalid,
    SettingsError,
    UsageError,
)

__all__ = ["Exit", "exit_for"]


class Exit(IntEnum):
    """What scripts rely on."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    WARNINGS = 3
    UNAVAILABLE = 4
    DEFECT = 70
    """Of the daemon, so that its supervisor starts it again; sysexits.h calls it EX_SOFTWARE."""


def exit_for(error: AutoscalerError) -> Exit:
    """The code a command ends with after an error."""
    if isinstance(error, RulesInvalid | ScenarioInvalid | ControlRefused):
        return Exit.FINDINGS
    if isinstance(error, UsageError | SettingsError | ReadingMalformed):
        return Exit.USAGE
    return Exit.UNAVAILABLE
