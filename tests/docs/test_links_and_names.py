"""Links and paths in the documents lead somewhere, and nothing names a machine or a package index."""

import re
from pathlib import Path

import pytest

from .pages import PAGES, ROOT, prose

SOURCES = sorted(
    path
    for folder in ("autoscaler", "tests", "docs", "rules", "systemd", "bench", "requirements", ".ci")
    for path in (ROOT / folder).rglob("*")
    if path.is_file() and "__pycache__" not in path.parts
) + sorted(path for path in ROOT.iterdir() if path.is_file())


def anchors(page: Path) -> set[str]:
    """What can be linked to inside a page, as the usual renderers name it."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_inside_the_documents_leads_somewhere(page: Path) -> None:
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        if not linked.exists() or (anchor and anchor not in anchors(linked)):
            dead.append(target)
    assert dead == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_of_the_project_a_page_names_exists(page: Path) -> None:
    folders = "autoscaler|bench|docs|requirements|rules|systemd|tests"
    paths = re.findall(rf"`((?:{folders})/[\w./-]+)`", page.read_text("utf-8"))
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_page_a_message_of_the_program_points_to_exists() -> None:
    dead = []
    for path in (ROOT / "autoscaler").rglob("*.py"):
        dead += [
            name for name in re.findall(r"docs/[\w/-]+\.md", path.read_text("utf-8")) if not (ROOT / name).exists()
        ]
    assert dead == []


def test_no_file_names_a_package_index_or_a_place_on_the_machine_it_was_written_on() -> None:
    # written apart, so that this file may be searched too
    hosts = ("py" + r"pi\.", "python" + "hosted", "index" + r"-url\s*=?\s*http")
    places = tuple(rf"(?<![\w./-])/{name}\b(?!\.)" for name in ("wo" + "rk", "ro" + "ot", "ho" + "me", "tmp/" + "wt"))
    forbidden = re.compile("|".join((*hosts, *places)))
    found = []
    for path in SOURCES:
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:  # a picture, a packed table
            continue
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in forbidden.finditer(text)]
    assert found == []
