"""Every broken scenario beside its findings, to the character; and whatever the text, never a traceback."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autoscaler.errors import ScenarioInvalid
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.diagnostics import Diagnostic
from autoscaler.rulebook.rendering import as_text
from autoscaler.simulation.scenario.reading import parse_scenario, read_scenario

from .files import findings, text

BROKEN = Path(__file__).parent / "broken"
FILES = sorted(BROKEN.glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_broken_scenario_is_told_off_as_written_beside_it(path: Path) -> None:
    assert findings(path.read_text("utf-8"), BROKEN, path.name) + "\n" == path.with_suffix(".txt").read_text("utf-8")


def test_there_is_a_finding_for_every_broken_file_and_no_other() -> None:
    assert {path.stem for path in FILES} == {path.stem for path in BROKEN.glob("*.txt")}
    assert len(FILES) >= 20


def test_the_error_says_how_many_there_are_where_and_what_to_try() -> None:
    with pytest.raises(ScenarioInvalid) as raised:
        parse_scenario("nmae: x\n", "morning.yaml", Path())
    assert str(raised.value) == "morning.yaml: the scenario has 5 errors"
    assert "scenarios.md" in raised.value.help
    assert len(raised.value.diagnostics) == 5


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "error[E101]: there is no such file or folder\n --> {path}:1:1\n  = help: check the path"),
        (
            b"\xff\xfe",
            "error[E102]: byte 0xff in line 1 is not UTF-8\n --> {path}:1:1\n  = help: save the file as UTF-8",
        ),
        (b"x" * 1_000_001, "error[E103]: the file has more than 1000000 bytes"),
    ],
    ids=["absent", "not text", "too large"],
)
def test_a_file_that_cannot_be_read_is_a_finding_too(content: bytes | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ScenarioInvalid) as raised:
        read_scenario(path)
    assert as_text(raised.value.diagnostics).startswith(said.format(path=path))


def test_a_folder_is_no_scenario(tmp_path: Path) -> None:
    with pytest.raises(ScenarioInvalid) as raised:
        read_scenario(tmp_path)
    assert "this is a folder" in as_text(raised.value.diagnostics)


GOOD = """\
version: 1
name: one morning
duration: 10h
warm_up: 30m
clock: "2026-03-02 08:00"
arrivals: {rates: [{from: "08:00", rate: 0.03}], bursts: [{at: 2h, for: 20m, times: 8}], overdispersion: 1}
every: 15s
agents:
  - {ids: 1001-1016, limit: 3, speed_cv: 0.2}
  - {count: 4, limit: 1, tier: trainee, speed: 0.7, shift: "09:00-12:30 13:00-17:00", slowdown: {kind: ps}}
service:
  solo_chat: 400s
  distribution: lognormal
  cv: 1.1
  slowdown:
    - {from: "00:00", kind: usl, sigma: 0.1, kappa: 0.036}
    - {from: "12:00", kind: mva, work: 20s, think: 100s, speed: 0.9}
    - {from: "15:00", kind: table, factors: [1, 1.7]}
patience: {mean: 180s, distribution: exponential}
routing: random
gateway: {delay: 2s, failure: 1%}
cost: {late_minute: 1, free: 30s}
"""
SNIPPETS = [
    *"{}[]:,&*!|>'\"%@`#-? \t\n\r\u2028é", "- ", ": ", "<<: *a", "&x ", "!!str ", "---\n", "no", "~", "null", "010",
    "12:30", "1e9", ".inf", ".nan", "-1", "99999999999999999999", "100%", "5m", "none", "linear", "trace: x.csv",
    "trace: /dev/zero", "counts: []", "24:00", "9999-12-31 23:59", "0", "60d", "1s", "\x00",
]  # fmt: skip


def all_said(written: str) -> list[Diagnostic]:
    """What is wrong with it."""
    try:
        parse_scenario(written, "a.yaml", BROKEN)
    except ScenarioInvalid as error:
        return [found for found in error.diagnostics if isinstance(found, Diagnostic)] or [NOTHING]
    return []


NOTHING = Diagnostic(code=Code.NOT_YAML, path="a.yaml", line=0, column=0, end_column=0, message="")
"""Stands for an error without findings, which there must not be."""


def check(written: str) -> None:
    """Nothing but findings inside the file comes of it."""
    lines = written.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    told = all_said(written)
    for found in told:
        assert found.message
        if found.path == "a.yaml":
            assert 1 <= found.line <= len(lines)
            assert 1 <= found.column <= len(lines[found.line - 1]) + 1
            assert found.source_line in {lines[found.line - 1], ""}
    assert all(char.isprintable() or char == "\n" for char in as_text(told))


def test_the_text_that_is_mutated_is_good_in_itself() -> None:
    assert findings(GOOD) == ""


@st.composite
def mutated(draw: st.DrawFn) -> str:
    changed = GOOD
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(changed)))
        end = min(len(changed), start + draw(st.integers(0, 8)))
        changed = changed[:start] + draw(st.sampled_from(["", *SNIPPETS])) + changed[end:]
    return changed


@given(mutated())
@settings(max_examples=300, deadline=None)
@example(text(clock='"9999-12-31 23:59"'))
@example(text(arrivals="{trace: /dev/zero}"))
@example(text(arrivals='{trace: "a\\0b"}'))
@example(text(arrivals="{rate: 1, step: 1s}", duration="60d"))
def test_a_mutated_scenario_never_raises_anything_else(written: str) -> None:
    check(written)


@given(st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_random_text_never_raises_anything_else(written: str) -> None:
    check(written)
