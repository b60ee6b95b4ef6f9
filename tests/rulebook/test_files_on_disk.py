"""Which files a path means, and what is said about those that can't be read."""

import os
from pathlib import Path

import pytest

from autoscaler.rulebook import Code, Loaded, load_folder, load_text
from autoscaler.rulebook.files import LARGEST

GOOD = "queues: [2001]\nrules: [{name: surge, when: queue.waiting > 20, raise: 15%}]\n"


def codes(loaded: Loaded) -> list[Code]:
    return [diagnostic.code for diagnostic in loaded.diagnostics]


def test_a_folder_is_its_yaml_files_without_tests_hidden_files_and_backups(tmp_path: Path) -> None:
    for name in ("b.yml", "a.yaml"):
        (tmp_path / name).write_text(GOOD.replace("2001", "2001" if name[0] == "a" else "2002"))
    for name in ("a.test.yaml", ".a.yaml", "#a.yaml#", ".#a.yaml", "a.yaml~", "a.yaml.bak", "a.yaml.swp", "notes.txt"):
        (tmp_path / name).write_text("not: [a rule")

    loaded = load_folder(tmp_path)

    assert loaded.book is not None
    assert [group.name for group in loaded.book.groups] == ["a", "b"]
    assert list(loaded.files) == [str(tmp_path / "a.yaml"), str(tmp_path / "b.yml")]


def test_several_paths_make_one_book(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "a.yaml").write_text(GOOD)
    (tmp_path / "more" / "b.yaml").write_text(GOOD.replace("2001", "2002"))

    loaded = load_folder(tmp_path / "a.yaml", tmp_path / "more")

    assert loaded.book is not None
    assert len(loaded.book.groups) == 2


def test_the_digest_depends_on_names_and_text_but_not_on_the_folder(tmp_path: Path) -> None:
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.yaml").write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    here, there = load_folder(tmp_path / "here"), load_folder(tmp_path / "there")
    again = load_text(here.files)
    other = load_text({"b.yaml": GOOD})

    assert here.book is not None
    assert there.book is not None
    assert again.book is not None
    assert other.book is not None
    assert here.book.digest == there.book.digest == again.book.digest
    assert here.book.digest.startswith("sha256:")
    assert other.book.digest != here.book.digest


def test_an_empty_folder_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    loaded = load_folder(tmp_path)

    assert loaded.book is None
    assert codes(loaded) == [Code.NO_FILES]
    assert "*.yaml" in loaded.diagnostics[0].help


def test_a_rule_test_is_not_loaded_as_a_rule_file(tmp_path: Path) -> None:
    path = tmp_path / "a.test.yaml"
    path.write_text("rules: a.yaml")

    assert codes(load_folder(path)) == [Code.NO_FILES]
    assert "rule test" in load_folder(path).diagnostics[0].message


def test_no_files_in_memory_are_an_error() -> None:
    assert codes(load_text({})) == [Code.NO_FILES]


def test_a_missing_path_is_one_error(tmp_path: Path) -> None:
    loaded = load_folder(tmp_path / "nowhere")

    assert codes(loaded) == [Code.UNREADABLE]
    assert loaded.diagnostics[0].message == "there is no such file or folder"


def test_a_broken_link_a_folder_and_a_pipe_in_place_of_files_are_one_error_each(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "link.yaml").symlink_to(tmp_path / "gone")
    (tmp_path / "folder.yaml").mkdir()
    os.mkfifo(tmp_path / "pipe.yaml")

    loaded = load_folder(tmp_path)

    assert loaded.book is None
    assert {Path(found.path).name: found.message for found in loaded.diagnostics} == {
        "link.yaml": "the link leads nowhere",
        "folder.yaml": "this is a folder, not a file",
        "pipe.yaml": "this is not a regular file",
    }
    assert set(codes(loaded)) == {Code.UNREADABLE}


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_may_not_be_read_is_one_error(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(GOOD)
    path.chmod(0)

    assert codes(load_folder(path)) == [Code.UNREADABLE]


def test_a_name_with_a_null_character_is_one_error() -> None:
    assert codes(load_folder("a\0b.yaml")) == [Code.UNREADABLE]


def test_text_that_is_not_utf8_is_one_error_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"queues: [2001]\ndescription: caf\xe9\n")
    loaded = load_folder(path)

    assert codes(loaded) == [Code.NOT_TEXT]
    assert loaded.diagnostics[0].line == 2
    assert loaded.files == {}


@pytest.mark.parametrize("text", ["queues: [2001]\x00\n", "description: \x1b[31mred\n", "group: \ud800\n"])
def test_control_characters_are_refused(text: str) -> None:
    assert codes(load_text({"a.yaml": text})) == [Code.NOT_TEXT]


def test_a_file_over_a_megabyte_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(GOOD + "#" * LARGEST)

    assert codes(load_folder(path)) == [Code.TOO_MUCH]


def test_an_empty_file_is_refused() -> None:
    assert codes(load_text({"a.yaml": ""})) == [Code.EMPTY_FILE]


def test_one_bad_file_keeps_the_whole_book_from_being_used() -> None:
    loaded = load_text({"a.yaml": GOOD, "b.yaml": "queues: ["})

    assert loaded.book is None
    assert set(loaded.files) == {"a.yaml", "b.yaml"}
