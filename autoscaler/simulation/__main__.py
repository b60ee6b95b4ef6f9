"""`python -m autoscaler.simulation --config FILE`: a site in a process of its own, until told to stop.

One JSON line on stdout says that everything listens, and where; errors go to stderr, with exit code 2.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import orjson
import uvloop

from autoscaler.clock import ScaledClock
from autoscaler.errors import AutoscalerError
from autoscaler.simulation.control import control_port
from autoscaler.simulation.running import running_site
from autoscaler.simulation.site import SiteConfig, read_site

__all__ = ["main"]


def main() -> int:
    """Run; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m autoscaler.simulation", description="A simulated site.")
    parser.add_argument("--config", type=Path, required=True, help="the site as JSON")
    parser.add_argument("--directory", type=Path, help="where ca.pem is written; the configuration's folder by default")
    parser.add_argument("--while-stdin-open", action="store_true", help="stop when standard input ends")
    asked = parser.parse_args()
    try:
        config = read_site(asked.config)
        uvloop.run(_run(config, asked.directory or asked.config.parent, while_stdin_open=asked.while_stdin_open))
    except AutoscalerError as error:
        _say(str(error), error.help)
        return 2
    except OSError as error:
        _say(str(error), "choose another port, or 0 for any free one")
        return 2
    return 0


def _say(message: str, tried: str) -> None:
    sys.stderr.write(f"Error: {message}\n" + (f"  Try: {tried}\n" if tried else ""))


async def _run(config: SiteConfig, directory: Path, *, while_stdin_open: bool) -> None:
    start = config.start or datetime.now(UTC)
    born = time.monotonic()
    clock = ScaledClock(speed=config.speed, start=start)
    loop = asyncio.get_running_loop()
    async with (
        running_site(config, clock=clock, directory=directory) as site,
        control_port(site, host=config.host, port=config.control_port) as control_url,
    ):
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, site.stopping.set)
        if while_stdin_open:
            loop.add_reader(sys.stdin.fileno(), _until_end, site.stopping)
        ready = {
            "ready": True,
            "gateway_url": site.gateway_url,
            "cms_url": site.cms_url,
            "control_url": control_url,
            "ca_file": str(site.ca_file),
            "clock_start": start.isoformat(),
            "clock_born_s": born,
            "speed": config.speed,
        }
        sys.stdout.write(orjson.dumps(ready).decode() + "\n")
        sys.stdout.flush()
        await site.stopping.wait()
        if while_stdin_open:
            loop.remove_reader(sys.stdin.fileno())


def _until_end(stopping: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 4_096):
        stopping.set()
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())


if __name__ == "__main__":
    sys.exit(main())
