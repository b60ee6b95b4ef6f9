"""Every broken file beside its expected messages: what an operator reads, to the character."""

from pathlib import Path

import pytest

from autoscaler.rulebook import Code, as_json, as_text, has_errors, load_text

FOLDER = Path(__file__).parent / "broken"
FILES = sorted(FOLDER.glob("*.yaml"))
ON_DISK = {Code.UNREADABLE, Code.NOT_TEXT, Code.NO_FILES}
BETWEEN_FILES = {
    Code.DUPLICATE_GROUP,
    Code.OVERLAP,
    Code.SHARED_AGENTS,
    Code.NOT_A_PROFILE,
    Code.IDLE_PROFILE,
}
GENERATED = {
    "more than a megabyte": (
        "queues: [2001]\n" + "# a comment that goes on and on and on and on\n" * 22_000,
        """\
error[E103]: the file has more than 1000000 bytes
 --> big.yaml:1:1
  = help: split it; is this a rule file?""",
    ),
    "a thousand rules": (
        "queues: [2001]\nrules:\n"
        + "".join(f"  - {{name: rule {n}, when: queue.waiting > {n}, raise: 1 each}}\n" for n in range(1000)),
        """\
error[E103]: more than 500 rules in one file
   --> big.yaml:503:5
    |
503 |   - {name: rule 500, when: queue.waiting > 500, raise: 1 each}
    |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    = help: split the file""",
    ),
    "aliases that explode": (
        "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
        + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)),
        """\
error[E109]: aliases make this file too large
 --> big.yaml:5:10
  |
5 | a4: &a4 [*a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3]
  |          ^^^
  = help: write the values out""",
    ),
    "brackets without end": (
        "queues: " + "[" * 100_000,
        f"""\
error[E103]: nested more than 20 deep
 --> big.yaml:1:28
  |
1 | queues: {"[" * 132} …
  |                            ^
  = help: rule files are flat""",
    ),
}
"""Files too large to keep, and what is said of them."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_broken_file_is_told_off_as_written_beside_it(path: Path) -> None:
    loaded = load_text({path.name: path.read_text("utf-8")})

    assert as_text(loaded.diagnostics) + "\n" == path.with_suffix(".txt").read_text("utf-8")
    assert (loaded.book is None) is has_errors(loaded.diagnostics)


def test_every_code_has_a_broken_file_or_a_test_of_its_own() -> None:
    shown = "".join(path.read_text("utf-8") for path in FOLDER.glob("*.txt"))
    missing = {code for code in Code if f"[{code.label}]" not in shown}

    assert {code for code in missing if not code.label.startswith("E6")} == ON_DISK | BETWEEN_FILES


@pytest.mark.parametrize("name", GENERATED)
def test_a_file_made_to_cost_is_refused_with_one_clear_finding(name: str) -> None:
    text, said = GENERATED[name]

    assert as_text(load_text({"big.yaml": text}).diagnostics) == said


def test_every_code_is_given_once() -> None:
    assert len({code.label for code in Code}) == len(list(Code))
    assert all(code.meaning for code in Code)


def test_all_errors_of_all_files_come_at_once() -> None:
    files = {path.name: path.read_text("utf-8") for path in FILES}

    loaded = load_text(files)

    assert {diagnostic.path for diagnostic in loaded.diagnostics} == set(files)


def test_the_json_form_has_exactly_the_agreed_keys() -> None:
    loaded = load_text({"rules/webchat.yaml": "queues: [2001]\nquues: [2001]\n"})

    assert {
        "code": "E104",
        "severity": "error",
        "path": "rules/webchat.yaml",
        "line": 2,
        "column": 1,
        "message": 'unknown key "quues"',
        "help": 'did you mean "queues"?',
    } in as_json(loaded.diagnostics)
    assert all(
        list(row) == ["code", "severity", "path", "line", "column", "message", "help"]
        for row in as_json(loaded.diagnostics)
    )
