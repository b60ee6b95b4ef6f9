"""Every broken file beside its expected messages: what an operator reads, to the character."""

from pathlib import Path

import pytest

from autoscaler.rulebook import Code, Feature, as_json, as_text, has_errors, load_text

FOLDER = Path(__file__).parent / "broken"
FILES = sorted(FOLDER.glob("*.yaml"))
ON_DISK_OR_BETWEEN_FILES = {Code.UNREADABLE, Code.NOT_TEXT, Code.NO_FILES, Code.DUPLICATE_GROUP, Code.OVERLAP}
ONCE_SUPPORTED = {Code.NOT_A_WINDOW}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_broken_file_is_told_off_as_written_beside_it(path: Path) -> None:
    loaded = load_text({path.name: path.read_text("utf-8")}, not_yet=frozenset(Feature))

    assert as_text(loaded.diagnostics) + "\n" == path.with_suffix(".txt").read_text("utf-8")
    assert (loaded.book is None) is has_errors(loaded.diagnostics)


def test_every_code_has_a_broken_file_or_a_test_of_its_own() -> None:
    shown = "".join(path.read_text("utf-8") for path in FOLDER.glob("*.txt"))
    missing = {code for code in Code if f"[{code.label}]" not in shown}

    assert missing == ON_DISK_OR_BETWEEN_FILES | ONCE_SUPPORTED


def test_every_code_is_given_once() -> None:
    assert len({code.label for code in Code}) == len(list(Code))
    assert all(code.meaning for code in Code)


def test_all_errors_of_all_files_come_at_once() -> None:
    files = {path.name: path.read_text("utf-8") for path in FILES}

    loaded = load_text(files, not_yet=frozenset(Feature))

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
