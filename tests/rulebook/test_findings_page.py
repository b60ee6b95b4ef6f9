"""The page of findings: a section for every code, whose example is told off with exactly that."""

import re
from pathlib import Path

import pytest

from autoscaler.rulebook import Code, load_text

FOLDER = Path(__file__).parents[2] / "docs/rules"
PAGE = (FOLDER / "findings.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## ([EW]\d{3}): (.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))
NO_SINGLE_FILE = {"E101", "E102", "E110", "E128", "E205", "E206", "W206", "W219"}


def test_the_page_has_exactly_the_codes_in_order() -> None:
    headings = re.findall(r"^## (\w+):", PAGE, re.MULTILINE)

    assert headings == sorted((code.label for code in Code), key=lambda label: (label[0], label[1:]))


@pytest.mark.parametrize("code", Code)
def test_a_section_has_the_meaning_an_example_and_what_to_do(code: Code) -> None:
    title, _, text = SECTIONS[code.label].partition("\n")
    _, example, after = re.split(r"```(?:yaml|text)\n(.*?)```", text, maxsplit=1, flags=re.DOTALL)

    assert title == code.meaning
    assert example.strip()
    assert after.strip(), "what to do comes after the example"


@pytest.mark.parametrize(
    "code", [code for code in Code if not code.label.startswith("E6") and code.label not in NO_SINGLE_FILE]
)
def test_the_example_is_told_off_with_its_code(code: Code) -> None:
    example = re.search(r"```yaml\n(.*?)```", SECTIONS[code.label], re.DOTALL)
    assert example is not None
    found = load_text({"example.yaml": example[1]}).diagnostics

    assert code in {diagnostic.code for diagnostic in found}
    if code.label.startswith("W2") and code is not Code.NO_RULES:
        assert {diagnostic.code for diagnostic in found} == {code}


@pytest.mark.parametrize("page", sorted(FOLDER.glob("*.md")), ids=lambda page: page.stem)
def test_a_code_named_on_another_page_exists(page: Path) -> None:
    named = set(re.findall(r"\b[EW][1-6]\d\d\b", page.read_text("utf-8")))

    assert named <= {code.label for code in Code}
