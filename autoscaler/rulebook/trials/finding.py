"""Rule test files on disk: which ones a path means, and their text, each problem as one diagnostic."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.diagnostics import Diagnostic
from autoscaler.rulebook.files import LARGEST, about_file, decode, is_test
from autoscaler.rulebook.suggestions import quoted

__all__ = ["find_tests"]

_SUFFIXES = (".yaml", ".yml")


def find_tests(paths: Iterable[str | os.PathLike[str]]) -> tuple[dict[str, str], tuple[Diagnostic, ...]]:
    """Texts of the test files that paths mean, by name, and what can't be read.

    Args:
        paths: Test files, rule files (their tests stand beside them), or folders of either.

    Returns:
        At least one of the two is not empty.
    """
    texts: dict[str, str] = {}
    problems: list[Diagnostic] = []
    given = [Path(path) for path in paths]
    for path in given:
        try:
            for member in _members(path):
                text = _text(member)
                if isinstance(text, Diagnostic):
                    problems.append(text)
                else:
                    texts[str(member)] = text.removeprefix("\ufeff")
        except (OSError, ValueError) as error:  # ValueError: a null character in the path
            why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            problems.append(about_file(Code.UNREADABLE, str(path), f"can't be read: {why}", "check the path"))
    if not texts and not problems:
        place = str(given[0]) if given else "."
        help_ = f"write rules: and tests: into {_wanted(given[0]) if given else 'webchat.test.yaml'}, beside the rules"
        problems.append(about_file(Code.NO_TESTS, place, "there is no rule test here", help_))
    return texts, tuple(problems)


def _members(path: Path) -> list[Path]:
    if stat.S_ISDIR(path.stat().st_mode):
        return [path / name for name in sorted(os.listdir(path)) if is_test(name) and name[0] not in ".#~"]
    if is_test(path.name):
        return [path]
    beside = [path.with_name(f"{path.stem}.test{suffix}") for suffix in _SUFFIXES]
    return [one for one in beside if one.exists()]


def _wanted(path: Path) -> str:
    return quoted(f"{path.stem}.test.yaml" if path.suffix in _SUFFIXES else "NAME.test.yaml")


def _text(path: Path) -> str | Diagnostic:
    if not stat.S_ISREG(path.stat().st_mode):
        return about_file(Code.UNREADABLE, str(path), "this is not a regular file", "name a test file, or its folder")
    with path.open("rb") as file:
        return decode(str(path), file.read(LARGEST + 1))
