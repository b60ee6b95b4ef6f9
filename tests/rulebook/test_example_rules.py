"""The rule files to start from have no findings, one by one and together."""

from pathlib import Path

import pytest

from autoscaler.rulebook import as_text, load_folder

FOLDER = Path(__file__).parents[2] / "rules"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.name)
def test_an_example_has_no_findings(path: Path) -> None:
    if not path.name.endswith(".test.yaml"):
        assert as_text(load_folder(path).diagnostics) == ""


def test_the_examples_can_run_side_by_side() -> None:
    assert as_text(load_folder(FOLDER).diagnostics) == ""
