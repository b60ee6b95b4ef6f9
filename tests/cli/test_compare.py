"""`compare` as people give it."""

import json
import re
from pathlib import Path

import pytest

from .command import run
from .test_simulate import RULES, SCENARIO


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hour.yaml").write_text(SCENARIO)
    (tmp_path / "busy.yaml").write_text(SCENARIO.replace("one hour", "busy hour").replace("0.05", "0.07"))
    (tmp_path / "webchat.yaml").write_text(RULES)
    return tmp_path


def test_policies_stand_side_by_side_with_ratios_to_the_first_and_a_sentence_in_the_end(folder: Path) -> None:
    ended = run(
        "compare",
        "hour.yaml",
        "--policy",
        "limit:2",
        "rules:webchat.yaml",
        "--policy",
        "hpa",
        "--runs",
        "4",
        cwd=folder,
    )
    assert ended.returncode == 0
    # on a busy machine it takes long enough to tell how far it is
    assert all(re.match(r"one hour: \d+ of 12 runs", line) for line in ended.stderr.splitlines()), ended.stderr
    lines = ended.stdout.splitlines()
    assert lines[0] == "one hour: 4 runs, seed 7"
    assert [line.split()[0] for line in lines[3:6]] == ["limit:2", "rules:webchat.yaml", "hpa"]
    assert re.match(r"limit:2 +\d\.\d{4} +1\.000 +- +- ", lines[3])
    assert re.match(r"hpa +\d\.\d{4} +\d\.\d{3} +\d\.\d{3} to \d\.\d{3} +\d\.\d\d ", lines[5])
    assert re.search(r"less than limit:2|cheapest|no difference", lines[-1])
    assert max(map(len, lines)) <= 100


def test_as_data_all_policies_meet_the_same_customers(folder: Path) -> None:
    ended = run("compare", "hour.yaml", "--policy", "limit:2", "limit:3", "--runs", "3", "--format", "json", cwd=folder)
    whole = json.loads(ended.stdout)
    assert whole["scenario"] == "one hour"
    assert [one["policy"] for one in whole["policies"]] == ["limit:2", "limit:3"]
    arrived = [[each["metrics"]["arrived"] for each in one["per_run"]] for one in whole["policies"]]
    assert arrived[0] == arrived[1]
    assert whole["baseline"] == "limit:2"
    first, second = whole["ratios"]
    assert (first["ratio"], second["policy"]) == (1.0, "limit:3")
    cost = [one["metrics"]["cost_per_chat"] for one in whole["policies"]]
    assert second["ratio"] == pytest.approx(cost[1] / cost[0])
    assert second["low"] < second["ratio"] < second["high"]


def test_a_single_policy_of_compare_is_what_simulate_gives(folder: Path) -> None:
    words = ("--runs", "2", "--format", "json")
    one = json.loads(run("compare", "hour.yaml", "--policy", "limit:3", *words, cwd=folder).stdout)["policies"][0]
    other = json.loads(run("simulate", "hour.yaml", "--limit", "3", *words, cwd=folder).stdout)
    for whole in (one, other):
        del whole["wall_s"]
    assert one == other


def test_the_best_fixed_limit_is_named_and_no_limit_is_better(folder: Path) -> None:
    policies = ("best-fixed", *(f"limit:{limit}" for limit in range(1, 7)))
    ended = run("compare", "hour.yaml", "--policy", *policies, "--runs", "2", "--format", "json", cwd=folder)
    whole = json.loads(ended.stdout)
    best, *fixed = [one["metrics"]["cost_per_chat"] for one in whole["policies"]]
    assert best <= min(fixed)
    assert whole["policies"][0]["policy"] == "best-fixed"
    assert re.fullmatch(r"best-fixed [\d.]+", whole["ratios"][0]["title"])


def test_the_baseline_comes_first_and_is_not_played_twice(folder: Path) -> None:
    words = ("--policy", "hpa", "limit:3", "hpa", "--baseline", "limit:3", "--runs", "2", "--format", "json")
    whole = json.loads(run("compare", "hour.yaml", *words, cwd=folder).stdout)
    assert [one["policy"] for one in whole["policies"]] == ["limit:3", "hpa"]
    assert whole["baseline"] == "limit:3"


def test_several_scenarios_have_a_table_each_and_a_sentence_over_all(folder: Path) -> None:
    words = ("--policy", "limit:2", "limit:4", "--runs", "3")
    ended = run("compare", "hour.yaml", "busy.yaml", *words, cwd=folder)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert re.findall(r"^(.*): 3 runs, seed 7$", ended.stdout, re.MULTILINE) == ["one hour", "busy hour"]
    assert ended.stdout.splitlines()[-1].startswith("over these 2 scenarios limit:4 costs ")
    whole = json.loads(run("compare", "hour.yaml", "busy.yaml", *words, "--format", "json", cwd=folder).stdout)
    assert [one["scenario"] for one in whole] == ["one hour", "busy hour"]


def test_pictures_and_the_report_are_written(folder: Path) -> None:
    words = ("--policy", "limit:2", "hpa", "--runs", "2", "--plot", "costs.png", "--report", "costs.html")
    ended = run("compare", "hour.yaml", *words, cwd=folder)
    assert (ended.returncode, ended.stderr) == (0, "written costs.png\nwritten costs.html\n")
    assert (folder / "costs.png").read_bytes().startswith(b"\x89PNG")
    page = (folder / "costs.html").read_text()
    assert "autoscaler compare hour.yaml --policy limit:2 hpa --runs 2" in page
    assert "ratio to limit:2, 95 % interval" in page


def test_a_policy_is_needed(folder: Path) -> None:
    ended = run("compare", "hour.yaml", cwd=folder)
    assert ended.returncode == 2
    assert "--policy" in ended.stderr
