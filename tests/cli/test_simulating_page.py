"""The page on simulation: every command line in it works, prints what it shows, and every option is on it."""

import argparse
import re
import shlex
from pathlib import Path

import pytest

from autoscaler.cli import compare, simulate

from .command import run

PAGE = Path("docs/rules/simulating.md").read_text("utf-8")
RULES = Path("rules").absolute()
LINES = [
    shlex.split(line)[1:]
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    for line in block.splitlines()
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules").symlink_to(RULES)
    return tmp_path


@pytest.mark.parametrize("words", LINES, ids=" ".join)
def test_a_command_on_the_page_works_as_written(words: list[str], folder: Path) -> None:
    ended = run(*words, "--runs", "1", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout
    for name in re.findall(r"written (\S+)", ended.stderr):
        assert (folder / name).stat().st_size > 1000


def test_what_the_page_shows_is_what_is_printed(folder: Path) -> None:
    (shown,) = re.findall(r"^```text\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    (words,) = [line for line in LINES if line[-2:] == ["--runs", "5"]]
    assert run(*words, cwd=folder).stdout == shown


@pytest.mark.parametrize(("module", "verb"), [(simulate, "simulate"), (compare, "compare")])
def test_every_option_is_on_the_page(module: object, verb: str) -> None:
    parser = argparse.ArgumentParser(add_help=False)
    getattr(module, "add_arguments")(parser, verb)  # noqa: B009 either of two modules
    for option in re.findall(r"(?<!\w)--[a-z]+", parser.format_help()):
        assert option in PAGE
