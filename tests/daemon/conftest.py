"""A quiet log and a short folder for sockets."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder whose name leaves room for a socket's path, which holds 107 bytes at most."""
    with tempfile.TemporaryDirectory(prefix="asc-") as name:
        yield Path(name)


@pytest.fixture
def logged() -> Iterator[list[structlog.typing.EventDict]]:
    """Everything logged meanwhile."""
    with structlog.testing.capture_logs() as events:
        yield events


@pytest.fixture(autouse=True)
def _quiet_scheduler() -> None:
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
