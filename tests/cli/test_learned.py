"""`autoscaler learned`, against a demo whose rules give way to a goal."""

import json
import re
from pathlib import Path

from .command import run
from .demo_run import running_demo, started

WIDTH = 100
GOAL = """
version: 1
group: webchat
queues: [2001]
media_type: web_chat
every: 15s
agents: {limit: {floor: 1, baseline: 3, ceiling: 6}}
goal: {answer: 80%, within: 30s}
"""


def test_what_a_goal_has_learned_is_shown_to_people_and_as_data(tmp_path: Path) -> None:
    with running_demo(tmp_path / "demo", agents=12, speed=60) as settings:
        without = run("learned", "--config", settings)
        assert (without.returncode, without.stdout) == (1, "")
        assert without.stderr == (
            "Error: no group has a goal\nTry: Only a goal learns its people: write 'goal:' in the group's file.\n"
        )
        (tmp_path / "demo/rules/webchat.yaml").write_text(GOAL)
        assert run("reload", "--config", settings).returncode == 0
        wait_for_choices(settings, 3)

        told = run("learned", "webchat", "--config", settings)
        assert (told.returncode, told.stderr) == (0, "")
        lines = told.stdout.splitlines()
        assert max(map(len, lines)) <= WIDTH
        assert re.match(r"webchat, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC: ", lines[0])
        assert "customers a minute (" in lines[0]
        assert any(line.startswith("goal: limit ") for line in lines)
        assert any(line.startswith("everybody, baseline 3: limit ") for line in lines)
        (head,) = (at for at, line in enumerate(lines) if line.split() == HEAD)
        assert [int(line.split()[0]) for line in lines[head + 1 : head + 4]] == [1, 2, 3]
        assert any(line.endswith("#" * 24) for line in lines[head + 1 :]), "the longest bar"

        (group,) = json.loads(run("learned", "--config", settings, "--format", "json").stdout)["groups"]
        assert group["group"] == "webchat"
        (everybody,) = group["tiers"]
        assert sum(level["seen"] for level in everybody["levels"]) > 0

        (then,) = json.loads(run("learned", "--at", "0s", "--config", settings, "--format", "json").stdout)["groups"]
        assert then["at"] >= group["at"], "the store alone tells the same"
        assert then.keys() == group.keys()
        before = run("learned", "webchat", "--at", "30d", "--config", settings)
        assert (before.returncode, before.stdout) == (1, "")
        assert "no tick under a goal of group 'webchat' is kept from before" in before.stderr

        nobody = run("learned", "nobody", "--config", settings)
        assert (nobody.returncode, nobody.stderr) == (1, "Error: there is no group 'nobody'\nTry: Groups: webchat.\n")


HEAD = ["chats", "ended", "an", "hour", "between", "a", "chat", "takes", "seen"]


def wait_for_choices(settings: Path, many: int) -> None:
    """Return when so many ticks were decided under a goal that had chosen."""
    words = ("journal", "--follow", "--ticks", "--format", "json", "--config", str(settings))
    with started(*words) as process:
        assert process.stdout is not None
        for line in process.stdout:
            many -= bool(json.loads(line).get("goal"))
            if not many:
                return
    raise AssertionError("the journal ended before the goal chose")


def test_without_a_daemon_it_says_where_it_looked(tmp_path: Path) -> None:
    ended = run("learned", "--socket", tmp_path / "nobody.sock")
    assert (ended.returncode, ended.stdout) == (4, "")
    assert "no daemon listens" in ended.stderr
