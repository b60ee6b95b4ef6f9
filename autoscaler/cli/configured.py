"""The `--config` option, and what commands take from the settings."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

__all__ = ["add_config", "config_path"]

USUAL = "/etc/autoscaler/autoscaler.toml"


def add_config(parser: argparse.ArgumentParser) -> None:
    """Let a verb take `--config`."""
    parser.add_argument(
        "--config",
        metavar="FILE",
        default=os.environ.get("AUTOSCALER_CONFIG", USUAL),
        help=f"settings ($AUTOSCALER_CONFIG, else {USUAL})",
    )


def config_path(options: argparse.Namespace) -> Path:
    """Where the settings are."""
    return Path(options.config)
