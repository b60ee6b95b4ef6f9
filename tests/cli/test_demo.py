"""`autoscaler demo` ends by itself, with a summary of what it was worth."""

import json
from pathlib import Path

from .command import run


def test_a_demo_of_a_few_seconds_ends_well_and_keeps_its_journal(tmp_path: Path) -> None:
    directory = tmp_path / "demo"
    ended = run("demo", "--for", "6s", "--speed", "30", "--format", "json", "--directory", directory)
    assert ended.returncode == 0, ended.stderr
    summary = json.loads(ended.stdout)
    assert set(summary) == {
        "simulated_s", "decisions", "calls", "gateway", "autoscaler", "baseline", "wait_ratio", "journal",
    }  # fmt: skip
    assert summary["calls"]["not_ok"] == 0
    assert summary["calls"]["ok"] == sum(summary["decisions"].values()) >= 24
    assert summary["gateway"] == {"forced_sign_ins": 0}
    assert summary["simulated_s"] >= 150
    assert set(summary["autoscaler"]) == set(summary["baseline"])
    assert summary["journal"] == str(directory / "autoscaler.db")
    assert ended.stderr.startswith("console: http://127.0.0.1:")
    assert "\x1b" not in ended.stderr

    kept = run("journal", "--config", directory / "autoscaler.toml", "--format", "json").stdout.splitlines()
    assert len(kept) == summary["calls"]["ok"]
    assert {json.loads(line)["retcode"] for line in kept} == {"0"}
    assert run("status", "--config", directory / "autoscaler.toml").returncode == 4


def test_a_demo_whose_daemon_can_t_start_says_why_in_a_sentence(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/nowhere/autoscaler.db"
    ended = run("demo", "--for", "1s", "--directory", tmp_path / "demo", AUTOSCALER_STORE=store)
    assert ended.returncode == 4
    assert f"Error: {tmp_path}/nowhere" in ended.stderr
    assert "Try: " in ended.stderr
    assert "Traceback" not in ended.stderr
