"""Every error this program raises on purpose, as one tree.

    AutoscalerError                  says what happened, where, and what to try
    ├── UsageError                   a command was called wrongly
    ├── SettingsError                autoscaler.toml, the environment or a secret file is wrong
    ├── RulesInvalid                 a rule folder has errors; carries the diagnostics
    ├── ScenarioInvalid              a scenario has errors; carries the diagnostics
    ├── ReadingError                 a source did not give what was asked
    │   ├── SourceUnreachable        no answer: refused, reset, timed out, TLS
    │   ├── SourceRefused            an answer that says no: 401, 403, 429, 5xx, a result code
    │   └── ReadingMalformed         an answer that makes no sense
    ├── GatewayError                 CC-Gateway
    │   ├── GatewayUnreachable       no answer: refused, reset, timed out, TLS
    │   ├── GatewayRefused           a retcode other than "0"
    │   ├── GatewayNonsense          an answer that is not what the gateway documents
    │   ├── SessionMissing           nobody handed over a Guid for this agent
    │   └── SessionExpired           the Guid is older than its life, or the gateway no longer knows it
    ├── StoreError                   journal, memory or overrides could not be read or written
    │   ├── StoreUnavailable         locked, missing, full, not writable
    │   └── StoreForeign             a file or a schema that is not ours
    └── ControlError                 the running daemon could not be asked
        ├── DaemonNotRunning         nobody listens on the socket
        └── ControlRefused           it said no

Adapters translate at their edge with `raise ... from`; nothing of a third party's crosses a port.
"""

from __future__ import annotations

__all__ = [
    "AutoscalerError",
    "ControlError",
    "ControlRefused",
    "DaemonNotRunning",
    "GatewayError",
    "GatewayNonsense",
    "GatewayRefused",
    "GatewayUnreachable",
    "ReadingError",
    "ReadingMalformed",
    "RulesInvalid",
    "ScenarioInvalid",
    "SessionExpired",
    "SessionMissing",
    "SettingsError",
    "SourceRefused",
    "SourceUnreachable",
    "StoreError",
    "StoreForeign",
    "StoreUnavailable",
    "UsageError",
]


class AutoscalerError(Exception):
    """What happened, at which place, and what to try."""

    def __init__(self, message: str, *, place: str = "", help: str = "") -> None:  # noqa: A002 the diagnostics' own word
        """Build the error.

        Args:
            message: One sentence, no secrets.
            place: File, setting, address or agent it is about; "" when the message names it.
            help: What to try; "" only where nothing can be tried.
        """
        super().__init__(message)
        self.message = message
        self.place = place
        self.help = help

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class UsageError(AutoscalerError):
    """A command was called wrongly."""


class SettingsError(AutoscalerError):
    """autoscaler.toml, the environment or a secret file is wrong."""


class RulesInvalid(AutoscalerError):
    """A rule folder has errors; `diagnostics` holds them all."""

    def __init__(self, message: str, *, diagnostics: tuple[object, ...], place: str = "", help: str = "") -> None:  # noqa: A002
        """Build the error; `diagnostics` are `rulebook.diagnostics.Diagnostic`."""
        super().__init__(message, place=place, help=help)
        self.diagnostics = diagnostics


class ScenarioInvalid(AutoscalerError):
    """A scenario has errors; `diagnostics` holds them all."""

    def __init__(self, message: str, *, diagnostics: tuple[object, ...], place: str = "", help: str = "") -> None:  # noqa: A002
        """Build the error; `diagnostics` are `rulebook.diagnostics.Diagnostic`."""
        super().__init__(message, place=place, help=help)
        self.diagnostics = diagnostics


class ReadingError(AutoscalerError):
    """A source did not give what was asked."""


class SourceUnreachable(ReadingError):
    """No answer: refused, reset, timed out, TLS."""


class SourceRefused(ReadingError):
    """An answer that says no: 401, 403, 429, 5xx, a result code."""


class ReadingMalformed(ReadingError):
    """An answer that makes no sense."""


class GatewayError(AutoscalerError):
    """CC-Gateway did not do what was asked."""


class GatewayUnreachable(GatewayError):
    """No answer: refused, reset, timed out, TLS."""


class GatewayRefused(GatewayError):
    """A retcode other than "0"."""

    def __init__(self, message: str, *, retcode: str, place: str = "", help: str = "") -> None:  # noqa: A002
        """Build the error; `retcode` as the gateway wrote it."""
        super().__init__(message, place=place, help=help)
        self.retcode = retcode


class GatewayNonsense(GatewayError):
    """An answer that is not what the gateway documents."""


class SessionMissing(GatewayError):
    """Nobody handed over a Guid for this agent."""


class SessionExpired(GatewayError):
    """The Guid is older than its life, or the gateway no longer knows it."""


class StoreError(AutoscalerError):
    """Journal, memory or overrides could not be read or written."""


class StoreUnavailable(StoreError):
    """Locked, missing, full, not writable."""


class StoreForeign(StoreError):
    """A file or a schema that is not ours."""


class ControlError(AutoscalerError):
    """The running daemon could not be asked."""


class DaemonNotRunning(ControlError):
    """Nobody listens on the socket."""


class ControlRefused(ControlError):
    """The daemon said no."""
