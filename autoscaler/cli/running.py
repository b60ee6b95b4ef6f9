"""`autoscaler run`: the daemon."""

from __future__ import annotations

import argparse
import asyncio

import uvloop

from autoscaler.cli.configured import add_config, config_path
from autoscaler.cli.exits import Exit
from autoscaler.clock import SystemClock
from autoscaler.daemon.logs import configure_logs
from autoscaler.daemon.service import Daemon
from autoscaler.daemon.settings import Settings, load_settings, read_secret

__all__ = ["HELP", "add_arguments", "run"]

HELP = {
    "run": (
        (
            "Run the daemon. SIGHUP reloads the rules, SIGTERM drains, a second SIGTERM ends at once. "
            "Journal lines go to stdout and into the store, everything else to stderr."
        ),
        (
            "exit codes: 0 stopped, 1 bad rules and no last good ones, 2 bad settings, 4 something outside failed\n\n"
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
        except BaseExceptionGroup as group:
            raise _first(group) from group
    return Exit.OK


async def _live(settings: Settings, token: str | None) -> None:
    daemon = Daemon(settings, clock=SystemClock(), token=token)
    daemon.listen_to_signals()
    await daemon.run()


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The failure that ended the daemon: the others are tasks cancelled because of it."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
