"""The README's tour as a new user takes it: every command line in it, for real, beside a running demo."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import run
from tests.cli.demo_run import running_demo

from .pages import ROOT, blocks

LINES = [
    shlex.split(line.removeprefix(".venv/bin/autoscaler "))
    for block in blocks("sh")
    if block.page == ROOT / "README.md"
    for line in block.text.splitlines()
    if not line.startswith("make ")
]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What a new user has, with a demo running in it."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("rules", "docs"):
        (folder / name).symlink_to(ROOT / name)
    with running_demo(folder / ".demo"):
        yield folder


def test_the_tour_is_commands_of_ours_alone() -> None:
    lines = [
        line
        for block in blocks("sh")
        if block.page == ROOT / "README.md"
        for line in block.text.splitlines()
        if not re.match(r"make \w+|\.venv/bin/autoscaler \w+", line)
    ]
    assert lines == []
    assert {words[0] for words in LINES} >= {"status", "explain", "plan", "pin", "journal", "check", "decide"}


@pytest.mark.parametrize("words", LINES, ids=" ".join)
def test_a_command_of_the_tour_works_as_written(words: list[str], checkout: Path) -> None:
    ended = run(*words, cwd=checkout)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout or words[0] == "check"
