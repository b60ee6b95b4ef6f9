"""A burst of 60,000 changed limits over TLS, against wrk on the same core and the same server.

The three take turns for some rounds, and of each ratio the round in the middle counts: what else the machine does
falls on neighbours in time alike. Client and wrk have one core, the server the other.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
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
    against_wrk: list[Result] = []
    against_plain: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, gateway(Path(folder), core=servers) as server:
        for _ in range(ROUNDS):
            wrk = wrk_rate(server, core=ours, connections=IN_FLIGHT, seconds=WRK_S)
            plain = _client_rate(server, core=ours, journal=False)
            journalled = _client_rate(server, core=ours, journal=True)
            against_wrk.append(Result.against("burst_limits", plain, "calls/s", wrk))
            against_plain.append(Result.against("burst_limits_journalled", journalled, "calls/s", plain))
    middle = _middle(against_wrk)
    yield Result.against("burst_wrk", middle.limit, "calls/s", middle.limit)
    yield middle
    yield _middle(against_plain)


def _middle(rounds: Sequence[Result]) -> Result:
    return sorted(rounds, key=lambda one: one.ratio)[len(rounds) // 2]


def _client_rate(server: Gateway, *, core: int, journal: bool) -> float:
    """Limits changed a second, in a process of its own."""
    with tempfile.TemporaryDirectory(dir=server.folder) as name:
        folder = Path(name)
        command = [sys.executable, "-m", "bench.burst_client", str(server.port), str(server.ca_file), name]
        with (folder / "stdout").open("wb") as journal_lines:
            subprocess.run(
                on_core(core, [*command, "--journal"] if journal else command),
                check=True,
                stdout=journal_lines,
                timeout=CLIENT_DEADLINE_S,
            )
        lines = (folder / "stdout").read_bytes().count(b"\n")
        if journal and lines != AGENTS:
            raise RuntimeError(f"{lines} of {AGENTS} decisions are on stdout: this run measures nothing")
        rate: float = json.loads((folder / "result.json").read_text())["limits_per_second"]
    return rate
