"""`autoscaler run`: the daemon."""

from __future__ import annotations

import argparse
import asyncio

import structlog
import uvloop

from autoscaler.cli.configured import add_config, config_path
from autoscaler.cli.exits import Exit
from autoscaler.cli.failures import first_of
from autoscaler.clock import SystemClock
from autoscaler.daemon.logs import configure_logs
from autoscaler.daemon.service import Daemon
from autoscaler.daemon.settings import Settings, load_settings, read_secret
from autoscaler.errors import AutoscalerError

__all__ = ["HELP", "add_arguments", "run"]

log = structlog.get_logger(__name__)

HELP = {
    "run": (
        (
            "Run the daemon. SIGHUP reloads the rules, SIGTERM drains, a second SIGTERM ends at once. "
            "Journal lines go to stdout and into the store, everything else to stderr."
        ),
        (
            "exit codes: 0 stopped, 1 bad rules and no last good ones, 2 bad settings, 4 something outside failed,\n"
            "70 a defect of this program\n\n"
            "example:\n  autoscaler run --config /etc/autoscaler/autoscaler.toml"
        ),
    )
}


def add_arguments(parser: argparse.ArgumentParser, _verb: str) -> None:
    """What the verb takes."""
    add_config(parser)


def run(options: argparse.Namespace, _verb: str) -> int:
    """Run until stopped."""
    settings = load_settings(config_path(options))
    token_file = settings.console.token_file
    token = None if token_file is None else read_secret(token_file, "console.token_file")
    configure_logs()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(_live(settings, token))
        except Exception as error:  # whatever it is, it must not end in Python's own 1, which means bad rules
            first = first_of(error)
            if isinstance(first, AutoscalerError):
                raise first from error
            log.critical("daemon_failed", help="This is a defect; the service starts again.", exc_info=error)
            return Exit.DEFECT
    return Exit.OK


async def _live(settings: Settings, token: str | None) -> None:
    daemon = Daemon(settings, clock=SystemClock(), token=token)
    daemon.listen_to_signals()
    await daemon.run()
