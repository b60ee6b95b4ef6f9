"""Two streams: journal lines on stdout, one JSON object each; what the program itself has to say on stderr."""

from __future__ import annotations

import logging
import sys
from typing import Any

import orjson
import structlog

__all__ = ["JournalStream", "configure_logs"]


def configure_logs(*, quiet: bool = False) -> None:
    """Set up structlog for the process: JSON lines on stderr, loggers kept; `quiet` leaves errors alone."""
    level = logging.ERROR if quiet else logging.INFO
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format='{"level":"%(levelname)s","event":"%(name)s"}')


def _dumps(event: Any, **_: Any) -> bytes:
    return orjson.dumps(event, default=repr)


class JournalStream:
    """Journal lines to stdout through structlog; a line is already JSON when it comes here."""

    def __init__(self, *, enabled: bool) -> None:
        """Write nothing yet; `enabled` False writes never."""
        self._stream = structlog.BytesLogger(sys.stdout.buffer) if enabled else None

    def write(self, line: bytes) -> None:
        """Write one line."""
        if self._stream is not None:
            self._stream.msg(line)
