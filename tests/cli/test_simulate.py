"""`simulate` as people give it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .command import run

SCENARIO = """\
version: 1
name: one hour
seed: 7
duration: 1h
warm_up: 10m
clock: "2026-03-02 09:00"
arrivals: {rate: 0.05}
agents:
  - {count: 5, limit: 3, tier: seniors}
  - {count: 3, limit: 2}
service:
  solo_chat: 400s
  slowdown: {kind: power, alpha: 0.6}
patience: {mean: 180s}
"""
RULES = """\
group: webchat
queues: [2001]
agents: {limit: {floor: 1, baseline: 3, ceiling: 6}}
rules:
  - {name: surge, when: queue.waiting > 2, raise: 1 each}
  - {name: calm, when: queue.waiting == 0 and group.occupancy < 55%, for: 5m, lower: 10%}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hour.yaml").write_text(SCENARIO)
    (tmp_path / "webchat.yaml").write_text(RULES)
    return tmp_path


def figures(folder: Path, *words: str) -> dict[str, object]:
    """What `simulate --format json` gives, without how long it took."""
    ended = run("simulate", "hour.yaml", *words, "--runs", "3", "--format", "json", cwd=folder)
    assert (ended.returncode, ended.stderr) == (0, "")
    whole = json.loads(ended.stdout)
    del whole["wall_s"]
    return dict(whole)


def test_the_table_shows_means_and_ends_with_what_they_mean(folder: Path) -> None:
    ended = run("simulate", "hour.yaml", "--limit", "3", "--runs", "3", cwd=folder)
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = ended.stdout.splitlines()
    assert lines[0] == "one hour, limit:3: 3 runs, seed 7"
    assert re.search(r"^cost of a chat +\d\.\d{4} +\d\.\d{4}", ended.stdout, re.MULTILINE)
    assert re.search(r"^in 3 runs a chat costs \d\.\d+ \(± \d", ended.stdout, re.MULTILINE)
    assert max(map(len, lines)) <= 100


def test_the_same_seed_gives_the_same_however_many_play_and_another_seed_another(folder: Path) -> None:
    alone, both = figures(folder, "--jobs", "1"), figures(folder, "--jobs", "2")
    assert alone == both
    assert alone["policy"] == "own limits"
    other = figures(folder, "--seed", "8")
    assert other["seed"] == 8
    assert other["per_run"] != alone["per_run"]


def test_rules_decide_as_in_production(folder: Path) -> None:
    under_rules = figures(folder, "--rules", "webchat.yaml")
    assert under_rules["policy"] == "rules:webchat.yaml"
    assert isinstance(under_rules["metrics"], dict)
    assert under_rules["metrics"]["limit_changes"] > 0
    assert under_rules == figures(folder, "--policy", "rules:webchat.yaml")


def test_a_limit_sets_everybody_and_is_no_change(folder: Path) -> None:
    fixed = figures(folder, "--limit", "1")
    assert isinstance(fixed["metrics"], dict)
    assert fixed["metrics"]["limit_changes"] == 0
    assert fixed["metrics"]["mean_concurrency"] <= 1


def test_pictures_and_the_report_are_written(folder: Path) -> None:
    words = ("--rules", "webchat.yaml", "--runs", "2", "--seed", "3", "--plot", "hour.svg", "--report", "hour.html")
    ended = run("simulate", "hour.yaml", *words, cwd=folder)
    assert (ended.returncode, ended.stderr) == (0, "written hour.svg\nwritten hour.html\n")
    assert "seniors (5)" in (folder / "hour.svg").read_text()
    page = (folder / "hour.html").read_text()
    assert "autoscaler simulate hour.yaml --rules webchat.yaml --runs 2 --seed 3" in page
    assert "solo_chat: 400s" in page
    assert re.search(r"<td>seed of one hour</td><td>3</td>", page)
    assert page.count("<svg") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("hour.yaml", "--plot", "hour.gif"), "name a .png or .svg file"),
        (("hour.yaml", "--report", "hour.txt"), "name a .html file"),
        (("hour.yaml", "--plot", "nowhere/hour.png"), "there is no folder nowhere"),
        (("hour.yaml", "--limit", "61"), "a whole number from 1 to 60"),
        (("hour.yaml", "--limit", "3", "--rules", "webchat.yaml"), "not allowed with"),
        (("hour.yaml", "--policy", "hpaa"), "did you mean hpa"),
        (("hour.yaml", "--seed", "-1"), "a whole number from 0 up"),
        (("flash-crwd",), 'did you mean "flash-crowd"'),
    ],
)
def test_what_was_called_wrongly_is_said_before_anything_is_played(
    folder: Path, words: tuple[str, ...], said: str
) -> None:
    ended = run("simulate", *words, cwd=folder)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr
    assert "Try: " in ended.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_page_that_may_not_be_written_is_said_before_anything_is_played(folder: Path) -> None:
    (folder / "kept.html").touch(mode=0o444)
    ended = run("simulate", "hour.yaml", "--report", "kept.html", cwd=folder)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "kept.html: can't be written: permission denied" in ended.stderr


def test_mistakes_in_the_scenario_or_the_rules_are_shown_with_their_place(folder: Path) -> None:
    (folder / "bad.yaml").write_text(SCENARIO.replace("duration:", "durration:"))
    ended = run("simulate", "bad.yaml", cwd=folder)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "bad.yaml:4:1" in ended.stderr
    (folder / "bad-rules.yaml").write_text(RULES.replace("queues:", "quues:"))
    ended = run("simulate", "hour.yaml", "--rules", "bad-rules.yaml", cwd=folder)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "bad-rules.yaml:2:1" in ended.stderr


@pytest.mark.parametrize(
    ("missing", "words", "code"),
    [
        ("numba", ["simulate", "flash-crowd"], 2),
        ("matplotlib", ["compare", "flash-crowd", "--policy", "hpa", "--plot", "a.png"], 2),
        ("matplotlib", ["simulate", "flash-crowd", "--limit", "3", "--runs", "1"], 0),
    ],
)
def test_what_is_not_installed_is_said_only_where_it_is_needed(missing: str, words: list[str], code: int) -> None:
    program = (
        "import sys\n"
        f"sys.modules[{missing!r}] = None\n"
        "from autoscaler.cli.main import main\n"
        f"sys.exit(main({words!r}))\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == code, ended.stderr
    if code:
        assert f"simulation needs {missing}, which is not installed" in ended.stderr
        assert "pip install 'autoscaler[simulation]'" in ended.stderr


@pytest.mark.parametrize("words", [["--help"], ["simulate", "--help"], ["compare", "--help"], ["check", "."]])
def test_small_commands_import_nothing_of_the_simulation_s(words: list[str], tmp_path: Path) -> None:
    heavy = ["numba", "matplotlib", "numpy"]
    program = (
        "import sys\n"
        "from autoscaler.cli.main import main\n"
        f"main({words!r})\n"
        f"print([name for name in {heavy} if name in sys.modules])\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path
    )
    assert ended.stdout.splitlines()[-1] == "[]", ended.stderr
