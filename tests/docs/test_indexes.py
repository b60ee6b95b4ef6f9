"""The README leads to every page in two steps at most, and names every verb."""

import re
from pathlib import Path

from autoscaler.cli.main import VERBS

from .pages import PAGES, ROOT, prose


def linked_from(pages: set[Path]) -> set[Path]:
    """Pages these lead to; a folder leads to its own README."""
    found = set()
    for page in pages:
        for target in re.findall(r"\]\(([^)\s#]+)", prose(page)):
            path = (page.parent / target).resolve()
            found.add(path / "README.md" if path.is_dir() else path)
    return found & set(PAGES)


def test_every_page_is_two_steps_from_the_readme_at_most() -> None:
    start = {ROOT / "README.md"}
    near = start | linked_from(start)
    near |= linked_from(near)
    assert sorted(str(page.relative_to(ROOT)) for page in set(PAGES) - near - {ROOT / "CHANGELOG.md"}) == []


def test_a_folder_s_index_names_all_its_pages() -> None:
    for index in (ROOT / "docs").glob("*/README.md"):
        missing = set(index.parent.glob("*.md")) - linked_from({index}) - {index}
        assert sorted(path.name for path in missing) == [], index


def test_the_readme_names_every_verb_and_no_other() -> None:
    table = (ROOT / "README.md").read_text("utf-8").partition("## Commands")[2].partition("\n\n`simulate`")[0]
    named = re.findall(r"`(\w+)`", "".join(line.split("|")[1] for line in table.splitlines() if line.startswith("|")))
    assert sorted(named) == sorted(VERBS)
