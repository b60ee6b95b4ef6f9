"""The compiled loop: one compilation for whatever comes, and processes that compile at the same time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba.core.errors import TypingError

from autoscaler.simulation.floor.compiling import compiled
from autoscaler.simulation.floor.kernel import advance, close, obey
from autoscaler.simulation.floor.run import run
from autoscaler.simulation.policies.fixed import Fixed
from autoscaler.simulation.scenario.curves import curve
from autoscaler.simulation.scenario.model import AgentEntry, Arrivals, Gateway, Routing, Service, Spread
from autoscaler.simulation.slowdown import Power
from tests.simulation.floor.scenes import Scripted, scenario, window

TIMEOUT_S = 120

PROGRAM = """
from datetime import datetime

import numpy as np

from autoscaler.simulation.floor.kernel import advance
from autoscaler.simulation.floor.run import run
from autoscaler.simulation.policies.fixed import Fixed
from autoscaler.simulation.scenario.curves import curve
from autoscaler.simulation.scenario.model import AgentEntry, Arrivals, Scenario, Service, Spread
from autoscaler.simulation.slowdown import Power

scenario = Scenario(
    name="a test",
    seed=1,
    duration_s=3600.0,
    warm_up_s=0.0,
    clock=datetime(2026, 3, 2),
    arrivals=Arrivals(step_s=3600.0, expected=np.array([500.0])),
    every_s=15.0,
    agents=(AgentEntry(count=9, limit=2),),
    service=Service(solo=Spread(mean_s=100.0), curves=(curve(Power(alpha=0.6)),)),
    patience=Spread(mean_s=90.0),
)
score = run(scenario, Fixed(limit=2), seed=1, index=0).score
print(repr(score.metrics["mean_wait_s"]), "kept" if advance.stats.cache_hits else "compiled")
"""


def test_nothing_is_compiled_twice_whatever_shape_arrays_have() -> None:
    hour = curve(Power(alpha=0.5), from_s=9.5 * 3600)
    several = Service(solo=Spread(mean_s=60.0), curves=(curve(Power(alpha=0.9)), hour))
    everything = scenario(
        agents=(AgentEntry(count=2, limit=2, shift=(window("09:10-09:30"),)), AgentEntry(count=1, limit=3)),
        service=several,
        patience=Spread(mean_s=60.0),
        routing=Routing.RANDOM,
        gateway=Gateway(delay_s=3.0, failure=0.2),
    )
    nobody = scenario(arrivals=Arrivals(step_s=3600.0, expected=np.zeros(1)))
    for wants in (
        np.array([1, 9, 2, 9, 3, 9])[::2],
        np.array([1, 2, 3], np.int32),
        np.broadcast_to(np.int64(2), 3),
        np.array([1.0, 2.0, 3.0]),
    ):
        run(everything, Scripted(wants=lambda _number, _seen, wants=wants: wants), seed=1, index=0)
    run(nobody, Fixed(limit=2), seed=1, index=0)
    loop: tuple[Any, ...] = (advance, obey, close)
    assert [len(function.signatures) for function in loop] == [1, 1, 1]


def test_where_no_compiled_code_can_be_kept_it_is_compiled_for_this_process() -> None:
    scope: dict[str, Any] = {}
    exec("def twice(x):\n    return 2 * x", scope)
    assert compiled(scope["twice"])(21) == 42


def test_compiled_code_counts_no_references_and_so_may_not_make_an_array() -> None:
    scope: dict[str, Any] = {"zeros": np.zeros}
    exec("def made(n):\n    return zeros(n).sum()", scope)
    with pytest.raises(TypingError, match="zeros"):
        compiled(scope["made"])(3)


def test_two_processes_that_compile_at_once_into_one_folder_agree(tmp_path: Path) -> None:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "kept")}
    command = [sys.executable, "-W", "error", "-c", PROGRAM]
    processes = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=TIMEOUT_S) for process in processes]
    third = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
    assert [process.returncode for process in processes] == [0, 0], said
    assert {out.split()[0] for out, _ in said} == {third.stdout.split()[0]}
    assert third.stdout.split()[1] == "kept"
