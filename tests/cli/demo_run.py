"""A demo in a process of its own: a simulated site, the real daemon, its socket and its journal."""

import json
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .command import AUTOSCALER, DEADLINE_S, environment


@contextmanager
def running_demo(directory: Path, *, agents: int = 24, speed: int = 30) -> Iterator[Path]:
    """A running demo that has decided at least once; gives its settings file. It must end well when asked to."""
    words = ["demo", "--directory", str(directory), "--agents", str(agents), "--speed", str(speed), "--format", "json"]
    with started(*words) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        assert said.startswith("console: "), said + process.stderr.read()
        settings = directory / "autoscaler.toml"
        wait_for_a_decision(settings)
        yield settings
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=DEADLINE_S)
        assert process.returncode == 0, err
        assert json.loads(out)["calls"]["not_ok"] == 0


def wait_for_a_decision(settings: Path) -> None:
    """Return when the journal holds one."""
    with started("journal", "--follow", "--format", "json", "--config", str(settings)) as process:
        assert process.stdout is not None
        assert '"schema":"autoscaler.decision/1"' in process.stdout.readline()


@contextmanager
def started(*words: str) -> Iterator[subprocess.Popen[str]]:
    """A command under way; killed when it outlives its tests, or ten deadlines, so that no read waits for ever."""
    with subprocess.Popen(
        [AUTOSCALER, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), text=True
    ) as process:
        deadline = threading.Timer(10 * DEADLINE_S, process.kill)
        deadline.start()
        try:
            yield process
        finally:
            deadline.cancel()
            process.kill()
