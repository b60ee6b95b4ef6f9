"""Whatever a rule test or rule file holds: tests or findings, a text or findings, never a traceback."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from autoscaler.rulebook.formatting import format_text
from autoscaler.rulebook.trials import load_trials, run_all

RULES = Path("rules/webchat.yaml").read_text("utf-8")
TESTS = Path("rules/webchat.test.yaml").read_text("utf-8")
BITS = [
    "",
    " ",
    "\n",
    "\n  ",
    "- ",
    "# c\n",
    "{",
    "}",
    "[",
    "]",
    ": ",
    ",",
    '"',
    "'",
    "&a ",
    "*a",
    "|\n",
    "x9",
    "_",
    "-1",
    "é",
]


@st.composite
def mutated(draw: st.DrawFn, text: str) -> str:
    """The text with a few pieces cut out, doubled or replaced."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(start + draw(st.integers(0, 12)), len(text))
        text = text[:start] + draw(st.sampled_from([*BITS, text[start:end] * 2])) + text[end:]
    return text


@settings(max_examples=150, deadline=None)
@given(mutated(TESTS))
def test_a_mutated_rule_test_is_run_or_refused(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "webchat.yaml").write_text(RULES)
        (Path(folder) / "webchat.test.yaml").write_text(text, "utf-8")
        loaded = load_trials(folder)
    assert loaded.files or loaded.diagnostics
    small = [file for file in loaded.files if sum(trial.ticks for trial in file.trials) < 300]
    run_all(small, with_coverage=True, monotonic=lambda: 0.0)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([("webchat.yaml", RULES), ("webchat.test.yaml", TESTS)]).flatmap(
        lambda one: st.tuples(st.just(one[0]), mutated(one[1]))
    )
)
def test_a_mutated_file_is_laid_out_or_refused(case: tuple[str, str]) -> None:
    name, text = case
    result = format_text(name, text)
    assert (result.text is None) == bool(result.diagnostics)
    if result.text is not None:
        assert format_text(name, result.text).text == result.text
