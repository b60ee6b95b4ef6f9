"""Diagnostics as text: carets under the right characters, readable without colour, safe for a terminal."""

import re

from autoscaler.rulebook import Code, Diagnostic, as_text, load_text, summary


def finding(line: str, column: int, end_column: int, message: str = "wrong") -> Diagnostic:
    return Diagnostic(
        code=Code.UNKNOWN_KEY,
        path="a.yaml",
        line=3,
        column=column,
        end_column=end_column,
        message=message,
        help="write it right",
        source_line=line,
    )


def test_a_finding_reads_like_a_compilers() -> None:
    loaded = load_text({"rules/webchat.yaml": "version: 1\ngroup: webchat\nquues: [2001]\n"})

    assert (
        as_text(loaded.diagnostics[1:])
        == """\
error[E104]: unknown key "quues"
 --> rules/webchat.yaml:3:1
  |
3 | quues: [2001]
  | ^^^^^
  = help: did you mean "queues"?"""
    )


def test_colour_adds_nothing_but_colour() -> None:
    found = [finding("quues: [2001]", 1, 6)]

    assert re.sub(r"\x1b\[[0-9;]*m", "", as_text(found, colour=True)) == as_text(found)
    assert "\x1b" not in as_text(found)


def test_carets_stand_under_wide_characters() -> None:
    source, carets = as_text([finding("名前: bad", 5, 8)]).splitlines()[3:5]

    assert source.endswith("名前: bad")
    assert carets == "  |       ^^^"


def test_control_characters_of_a_file_never_reach_the_terminal() -> None:
    shown = as_text([finding("a: \x1b[2Jx\tb", 4, 6, "bad \x1b[2J")])

    assert "\x1b" not in shown
    assert "\t" not in shown


def test_a_very_long_line_is_cut_around_the_finding() -> None:
    line = "x" * 5000 + "here" + "y" * 5000
    _, _, _, source, carets, _ = as_text([finding(line, 5001, 5005)]).splitlines()

    assert len(source) < 200
    assert source[carets.index("^") : carets.rindex("^") + 1] == "here"


def test_the_summary_counts_errors_and_warnings() -> None:
    loaded = load_text({"a.yaml": "queues: [2001]\nquues: 1\n"})

    assert summary(loaded.diagnostics, len(loaded.files)) == "1 error and 1 warning in 1 file"
    assert summary((), 2) == "no findings in 2 files"
