"""A burst of 60,000 changed limits over TLS, against wrk on the same core and the same server.

The three take turns for some rounds, and the best round of each counts: whatever else the machine does can only
slow one of them down. Client and wrk have one core, the server the other.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.result import Result
from bench.tools import Gateway, gateway, on_core, wrk_rate

__all__ = ["AGENTS", "IN_FLIGHT", "measure"]

AGENTS = 60_000
IN_FLIGHT = 100
ROUNDS = 5
WRK_S = 1
CLIENT_DEADLINE_S = 120


def measure() -> Iterator[Result]:
    """wrk; the actuator; the actuator with every decision journalled."""
    cores = sorted(os.sched_getaffinity(0))
    ours, servers = cores[0], cores[-1]
    wrk, plain, journalled = 0.0, 0.0, 0.0
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, gateway(Path(folder), core=servers) as server:
        for _ in range(ROUNDS):
            wrk = max(wrk, wrk_rate(server, core=ours, connections=IN_FLIGHT, seconds=WRK_S))
            plain = max(plain, _client_rate(server, core=ours, journal=False))
            journalled = max(journalled, _client_rate(server, core=ours, journal=True))
    yield Result.against("burst_wrk", wrk, "calls/s", wrk)
    yield Result.against("burst_limits", plain, "calls/s", wrk)
    yield Result.against("burst_limits_journalled", journalled, "calls/s", plain)


def _client_rate(server: Gateway, *, core: int, journal: bool) -> float:
    """Limits changed a second, in a process of its own."""
    with tempfile.TemporaryDirectory(dir=server.folder) as folder:
        command = [sys.executable, "-m", "bench.burst_client", str(server.port), str(server.ca_file), folder]
        done = subprocess.run(
            on_core(core, [*command, "--journal"] if journal else command),
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=CLIENT_DEADLINE_S,
        )
    rate: float = json.loads(done.stdout)["limits_per_second"]
    return rate
