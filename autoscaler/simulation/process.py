"""A simulated site in a process of its own, started and stopped from here.

The site ends with whoever started it: its standard input is a pipe that closes then.
"""

from __future__ import annotations

import asyncio
import os
import select
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from autoscaler.clock import ScaledClock
from autoscaler.errors import SettingsError
from autoscaler.simulation.site import SiteConfig

__all__ = ["SiteProcess", "open_site", "start_site"]

READY_DEADLINE_S = 30.0
STOP_DEADLINE_S = 10.0


class SiteProcess:
    """A site that runs elsewhere. A context manager that stops it at the end."""

    def __init__(self, process: subprocess.Popen[bytes], ready: dict[str, Any]) -> None:
        """Wrap a process whose ready line was `ready`; `start_site` is the way in."""
        self._process = process
        self._clock_born_s: float = ready["clock_born_s"]
        self._clock_start = datetime.fromisoformat(ready["clock_start"])
        self._speed: float = ready["speed"]
        self.gateway_url: str = ready["gateway_url"]
        self.cms_url: str = ready["cms_url"]
        self.control_url: str = ready["control_url"]
        self.ca_file = Path(ready["ca_file"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Of the site's process."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the process is alive."""
        return self._process.poll() is None

    def clock(self) -> ScaledClock:
        """A clock that shows the site's virtual time in this process."""
        passed_s = (time.monotonic() - self._clock_born_s) * self._speed
        return ScaledClock(speed=self._speed, start=self._clock_start + timedelta(seconds=passed_s))

    def stop(self) -> int:
        """End the site and wait for it, with force after ten seconds; returns its exit code."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            code = self._process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        return code


def start_site(config: SiteConfig, directory: Path) -> SiteProcess:
    """Start a site and wait until everything listens.

    Args:
        config: The site.
        directory: An existing folder for its configuration, its log and the authority's certificate.

    Raises:
        SettingsError: The site did not come up; the message is what it said.
    """
    file = directory / "site.json"
    file.touch(mode=0o600)  # it holds passwords
    file.write_text(config.model_dump_json(), encoding="utf-8")
    log = directory / "site.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603 our own module
            [sys.executable, "-m", "autoscaler.simulation", "--config", str(file), "--while-stdin-open"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
    line = _first_line(process)
    if not line:
        process.kill()
        process.communicate()
        said = log.read_text(encoding="utf-8", errors="replace").strip()
        raise SettingsError(
            f"the simulated site did not start: {said or 'it said nothing'}", help=f"read {log}, correct the site"
        )
    return SiteProcess(process, orjson.loads(line))


async def open_site(config: SiteConfig, directory: Path) -> SiteProcess:
    """`start_site` without blocking the event loop."""
    return await asyncio.to_thread(start_site, config, directory)


def _first_line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    number = process.stdout.fileno()
    deadline_s = time.monotonic() + READY_DEADLINE_S
    line = b""
    while not line.endswith(b"\n"):
        left_s = deadline_s - time.monotonic()
        if left_s <= 0 or not select.select([number], [], [], left_s)[0]:
            return b""
        more = os.read(number, 65_536)
        if not more:
            return b""
        line += more
    return line
