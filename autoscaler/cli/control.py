"""Talking to the running daemon from a verb: where its socket is, and how it is asked."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autoscaler.cli.configured import add_config, config_path
from autoscaler.console.client import ControlClient
from autoscaler.daemon.settings import load_settings
from autoscaler.errors import SettingsError

__all__ = ["add_control", "asking"]


def add_control(parser: argparse.ArgumentParser) -> None:
    """Let a verb take `--config` or `--socket`."""
    add_config(parser)
    parser.add_argument("--socket", type=Path, metavar="FILE", help="the daemon's socket (console.socket)")


@contextmanager
def asking(options: argparse.Namespace) -> Iterator[ControlClient]:
    """The running daemon.

    Raises:
        SettingsError: The settings name no socket.
        DaemonNotRunning: Nobody listens; raised by the first question.
    """
    path = options.socket
    if path is None:
        path = load_settings(config_path(options)).console.socket
    if path is None:
        raise SettingsError("is not set", place="console.socket", help="Set it, or give --socket.")
    with ControlClient(path) as client:
        yield client
