"""The command as people run it: the installed script, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

AUTOSCALER = Path(sys.executable).parent / "autoscaler"
DEADLINE_S = 60


def run(
    *words: str | Path, stdin: bytes = b"", cwd: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run one command line to its end; the caller judges how it went."""
    ended = subprocess.run(
        [AUTOSCALER, *map(str, words)],
        input=stdin,
        capture_output=True,
        cwd=cwd,
        env=environment(**variables),
        timeout=DEADLINE_S,
        check=False,
    )
    return subprocess.CompletedProcess(ended.args, ended.returncode, ended.stdout.decode(), ended.stderr.decode())


def environment(**variables: str) -> dict[str, str]:
    """This process's, without what would steer the command."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AUTOSCALER_", "NO_COLOR"))}
    return {**kept, "COLUMNS": "100", **variables}
