"""The operator's pages say what the program does: settings, dependencies, requests."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from autoscaler.console.bodies import SessionBody
from autoscaler.daemon.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "operate").glob("*.md"))
EXAMPLES = [
    (page.name, number, text)
    for page in PAGES
    for number, text in enumerate(re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL))
]


def settings_of(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner: Any = field.annotation
        sections = [one for one in getattr(inner, "__args__", (inner,)) if isinstance(one, type)]
        section = next((one for one in sections if issubclass(one, BaseModel)), None)
        if section is None:
            yield f"{prefix}{name}"
        else:
            yield from settings_of(section, f"{prefix}{name}.")


def test_there_are_examples() -> None:
    assert {page for page, _, _ in EXAMPLES} == {"install.md", "readings.md", "sessions.md"}


@pytest.mark.parametrize(("page", "number", "text"), EXAMPLES, ids=[f"{page}-{number}" for page, number, _ in EXAMPLES])
def test_an_example_of_settings_can_be_loaded_and_starts_harmless(
    page: str, number: int, text: str, tmp_path: Path
) -> None:
    path = tmp_path / "autoscaler.toml"
    path.write_text(text, encoding="utf-8")
    assert load_settings(path).mode == "observe"


def test_the_install_page_explains_every_setting_and_no_other() -> None:
    table = re.search(r"\| setting \| default.*?\n\n", (ROOT / "docs/operate/install.md").read_text(), re.DOTALL)
    assert table is not None
    explained = {
        name
        for row in table.group().strip().splitlines()[2:]
        for name in re.findall(r"`([a-z0-9_.]+)`", row.split("|")[1])
    }
    assert explained == set(settings_of(Settings))


def test_the_desktops_example_is_what_the_console_takes() -> None:
    page = (ROOT / "docs/operate/sessions.md").read_text(encoding="utf-8")
    command = re.search(r"curl -sS -X PUT.*?\n\n", page, re.DOTALL)
    assert command is not None
    words = shlex.split(command.group().replace("\\\n", " "))
    body = SessionBody.model_validate_json(words[words.index("-d") + 1])
    assert body.guid.endswith(".AgentGateway1")
    assert body.cookies == {"elb": "a1"}


def test_every_direct_dependency_has_its_line_with_the_version_that_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["simulation"]
    wanted += (ROOT / "requirements/dev.in").read_text().split()
    direct = {re.split(r"[<>=\[]", line)[0].lower() for line in wanted}
    pinned = dict(re.findall(r"^([a-z0-9-]+)==([^ ;]+)", (ROOT / "requirements/dev.txt").read_text(), re.MULTILINE))
    page = (ROOT / "docs/dependencies.md").read_text().lower()
    missing = [
        f"{name} {pinned[name]}" for name in sorted(direct) if name != "numpy" and f"{name} {pinned[name]}" not in page
    ]
    assert missing == []
