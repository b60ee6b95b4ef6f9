"""What the documents show is so: rule files, settings, command lines, and the error the README quotes."""

import argparse
import importlib
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from autoscaler.cli.main import VERBS
from autoscaler.daemon.settings import Settings, load_settings
from autoscaler.rulebook import as_text, load_text
from tests.cli.command import run

from .pages import PAGES, ROOT, Block, blocks, prose


def is_a_rule_file(block: Block) -> bool:
    """And not a rule test, a scenario or a part of a file."""
    values = yaml.safe_load(block.text)
    return isinstance(values, dict) and "tests" not in values and ("queues" in values or "group" in values)


WITH_THE_LANGUAGE = frozenset({"docs/rules/language.md", "docs/rules/testing.md", "docs/rules/findings.md"})
"""Pages whose examples are tested with the rulebook; the last one's are mistakes on purpose."""

RULES = [block for block in blocks("yaml", without=WITH_THE_LANGUAGE) if is_a_rule_file(block)]
TOML = blocks("toml")
SHELL = blocks("sh")
WORDS = r"[a-z](?:[^`|&;>#\"]|\"[^\"]*\")*"
"""Up to what the shell would not hand over."""


def named(block: Block) -> str:
    return block.name


@pytest.mark.parametrize("block", RULES, ids=named)
def test_a_rule_file_in_the_documents_loads_without_findings(block: Block) -> None:
    assert as_text(load_text({"example.yaml": block.text}).diagnostics) == ""


def test_there_are_examples_of_each_kind() -> None:
    assert RULES
    assert TOML
    assert SHELL


@pytest.mark.parametrize("block", TOML, ids=named)
def test_settings_in_the_documents_load(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = tomllib.loads(block.text)
    if {"rules", "store", "gateway"} <= set(values):
        (tmp_path / "autoscaler.toml").write_text(block.text)
        load_settings(tmp_path / "autoscaler.toml")
    else:
        assert unknown_settings(values, Settings) == []


def unknown_settings(values: dict[str, Any], model: type[BaseModel], place: str = "") -> list[str]:
    """Keys that are no settings."""
    found = []
    for key, value in values.items():
        field = model.model_fields.get(key)
        if field is None:
            found.append(f"{place}{key}")
        elif isinstance(value, dict):
            arms = [field.annotation, *getattr(field.annotation, "__args__", ())]
            inner = next(arm for arm in arms if isinstance(arm, type) and issubclass(arm, BaseModel))
            found += unknown_settings(value, inner, f"{place}{key}.")
    return found


def commands() -> list[tuple[str, list[str]]]:
    """Every call of the command in a shell block, or between backticks in a page for operators, with its place."""
    in_shell = [
        (f"{block.page.relative_to(ROOT)}:{number}", match[1])
        for block in SHELL
        for number, line in enumerate(block.text.splitlines(), block.line)
        for match in re.finditer(rf"(?:^|&& |\| |/bin/|^\w+=\S+ )autoscaler ({WORDS})", line)
    ]
    in_prose = [
        (str(page.relative_to(ROOT)), match[1].replace("AGENT", "1001"))
        for page in PAGES
        if page.parent.name == "operate"
        for match in re.finditer(rf"`autoscaler ({WORDS})", prose(page))
    ]
    return [(place, shlex.split(text)) for place, text in in_shell + in_prose]


@pytest.mark.parametrize(
    ("place", "words"), commands(), ids=lambda value: value if isinstance(value, str) else " ".join(value)
)
def test_a_command_in_the_documents_is_one_the_program_takes(place: str, words: list[str]) -> None:
    verb, *rest = words
    assert verb in VERBS
    module = importlib.import_module(f"autoscaler.cli.{VERBS[verb][0]}")
    parser = argparse.ArgumentParser(exit_on_error=False, allow_abbrev=False)
    module.add_arguments(parser, verb)
    if rest:  # else the verb is only named
        parser.parse_args(rest)


def test_make_targets_in_the_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    asked = {match for block in SHELL for match in re.findall(r"^make ([a-z]+)", block.text, re.MULTILINE)}
    assert {"demo", "test", "check", "bench"} <= asked
    assert asked <= targets


def test_the_mistake_the_readme_shows_is_reported_as_it_says(tmp_path: Path) -> None:
    (rule_file,) = [block for block in RULES if block.page.name == "README.md"]
    (report,) = [block for block in blocks("text") if block.page.name == "README.md"]
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "webchat.yaml").write_text(rule_file.text.replace("queues:", "quues:"))
    ended = run("check", "rules", cwd=tmp_path)
    assert ended.returncode == 1
    assert report.text in ended.stderr


def test_the_package_s_own_rules_are_good() -> None:
    ended = run("check", "rules", cwd=ROOT)
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
