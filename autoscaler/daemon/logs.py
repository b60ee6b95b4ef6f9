"""Two streams: journal lines on stdout, one JSON object each; what the program itself has to say on stderr."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from typing import Any

import orjson
import structlog

__all__ = ["JournalStream", "configure_logs"]

log = structlog.get_logger(__name__)


def configure_logs(*, quiet: bool = False) -> None:
    """Set up structlog for the process: JSON lines on stderr; `quiet` leaves errors alone."""
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
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format='{"level":"%(levelname)s","event":"%(name)s"}')


def _dumps(event: Any, **_: Any) -> bytes:
    return orjson.dumps(event, default=repr)


class JournalStream:
    """Journal lines to stdout; a line is already JSON when it comes here."""

    def __init__(self, *, enabled: bool) -> None:
        """Write nothing yet; `enabled` False writes never."""
        self._stream = sys.stdout.buffer if enabled else None

    def write(self, lines: Sequence[bytes]) -> None:
        """Write some lines; when nobody reads them any more, none ever again: the store has them."""
        if self._stream is None or not lines:
            return
        try:
            self._stream.write(b"\n".join((*lines, b"")))
            self._stream.flush()
        except OSError as error:
            self._stream = None
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else the interpreter tries again at exit
            log.error(
                "journal_lines_not_shown",
                error=error.strerror,
                help="Whoever read stdout has gone; the store goes on. 'autoscaler journal' shows it.",
            )
