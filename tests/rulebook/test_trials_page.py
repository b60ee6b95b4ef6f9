"""The page on rule tests: its examples pass, and it leaves out no key and no word."""

import re
import shutil
from pathlib import Path

import pytest

from autoscaler.core.verdicts import VerdictKind
from autoscaler.rulebook import as_text
from autoscaler.rulebook.trials import as_lines, load_trials, run_all
from autoscaler.rulebook.trials.claims import ChangeKind
from autoscaler.rulebook.trials.layout import AGENTS, EXPECT, FILE, ORDER, TRIAL
from autoscaler.rulebook.trials.trial import AnswerKind, OrderKind

PAGE = Path("docs/rules/testing.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_passes(tmp_path: Path, example: str) -> None:
    shutil.copy("rules/webchat.yaml", tmp_path)
    (tmp_path / "webchat.test.yaml").write_text(example)
    loaded = load_trials(tmp_path)
    assert as_text(loaded.diagnostics) == ""
    report = run_all(loaded.files, with_coverage=False, monotonic=lambda: 0.0)
    assert not report.failed, "\n".join(line for one in report.ran for line in as_lines(one))


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 5


@pytest.mark.parametrize(
    "word",
    [
        *(key.name for section in (FILE, TRIAL, AGENTS, ORDER, EXPECT) for key in section.keys),
        *(word.value for kind in (ChangeKind, VerdictKind, AnswerKind, OrderKind) for word in kind),
        "stale",
        "error",
        "roster",
    ],
)
def test_every_word_is_on_the_page(word: str) -> None:
    assert re.search(rf"`[^`]*\b{re.escape(word)}\b[^`]*`", PAGE)


def test_the_tests_of_the_example_rules_pass() -> None:
    loaded = load_trials("rules")
    assert as_text(loaded.diagnostics) == ""
    report = run_all(loaded.files, with_coverage=False, monotonic=lambda: 0.0)
    assert report.ran
    assert not report.failed, "\n".join(line for one in report.ran for line in as_lines(one))
