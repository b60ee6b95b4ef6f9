"""The page on judging rules shows what the program prints: every command of it that a figure rests on is run."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from autoscaler.simulation.scenario.reading import parse_scenario

from .pages import ROOT

PAGE = (ROOT / "docs/rules/judging.md").read_text("utf-8")
SHOWN = re.findall(r"^```sh\n(.*?)^```\n\n```text\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
(SITE,) = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
(PYTHON,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def in_shell(command: str, folder: Path) -> str:
    """What it prints, with the program on the path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-e", "-c", command],
        check=False,
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("command", "printed"), SHOWN, ids=lambda text: text.splitlines()[-1])
def test_a_command_prints_what_the_page_shows(command: str, printed: str, tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(SITE)
    assert in_shell(command, tmp_path) == printed


def test_figures_are_shown_for_every_claim_about_limits() -> None:
    assert len(SHOWN) == 5


def test_the_weights_of_the_example_are_those_its_steps_find() -> None:
    cost = parse_scenario(SITE, "site.yaml", Path()).cost
    steps = dict(re.findall(r"`(\w+): ([\d.]+)`", PAGE.split("### Weights of your own")[1].split("```yaml")[0]))
    assert {name: float(value) for name, value in steps.items()} == {name: getattr(cost, name) for name in steps}
    assert len(steps) == 5


def test_the_agents_it_says_overload_needs_are_so() -> None:
    overload = parse_scenario(
        (ROOT / "autoscaler/simulation/scenarios/overload.yaml").read_text("utf-8"), "overload.yaml", Path()
    )
    busiest = overload.arrivals.expected.max() / overload.arrivals.step_s
    needed = busiest * overload.service.solo.mean_s / overload.service.curves[0].factors.max()
    assert "0.155 × 420 s ÷ 2.03 = 32, and 20 are there" in PAGE
    assert (round(needed), sum(entry.count for entry in overload.agents)) == (32, 20)


def test_the_fresh_scenarios_it_writes_are_scenarios(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", PYTHON], cwd=tmp_path, check=True)
    written = [parse_scenario(path.read_text("utf-8"), path.name, tmp_path) for path in (tmp_path / "fresh").iterdir()]
    assert len({scenario.name for scenario in written}) == 10
