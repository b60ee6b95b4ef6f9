"""Rule files on disk: which ones a path means, and their bytes, each problem as one diagnostic.

Only regular files are opened, and never more of them than a rule file may hold.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.diagnostics import Diagnostic

__all__ = ["LARGEST", "about_file", "decode", "is_profile", "is_test", "profile_of", "read_files"]

LARGEST = 1_000_000
"""Bytes of one rule file."""

_SUFFIXES = (".yaml", ".yml")
_PROFILE = ".profile.json"


def read_files(paths: Iterable[str | os.PathLike[str]]) -> tuple[dict[str, bytes], list[Diagnostic]]:
    """The bytes of every rule file the paths mean, by name as the caller would write it, and what can't be read.

    A profile file beside a rule file comes with it.
    """
    contents: dict[str, bytes] = {}
    problems: list[Diagnostic] = []
    given = [Path(path) for path in paths]
    for path in given:
        try:
            members = _members(path)
        except (OSError, ValueError) as error:  # ValueError: a null character in the path
            problems.append(_unreadable(str(path), error))
            continue
        for member in [*members, *(beside for one in members if (beside := Path(profile_of(str(one)))).exists())]:
            try:
                contents[str(member)] = _bytes(member)
            except _NotAFile as refused:
                problems.append(
                    about_file(Code.UNREADABLE, str(member), str(refused), "name a file, or the folder of the files")
                )
            except OSError as error:
                problems.append(_unreadable(str(member), error))
    if not contents and not problems:
        place = str(given[0]) if given else "."
        message = "there is no rule file here"
        if given and is_test(given[0].name):
            message = "this is a rule test, not a rule file"
        help_ = "put one *.yaml file for each scaling group there; *.test.yaml and hidden files don't count"
        problems.append(about_file(Code.NO_FILES, place, message, help_))
    return contents, problems


def decode(name: str, content: bytes) -> str | Diagnostic:
    """The text, byte order mark and line ends as they are, or why it is none."""
    if len(content) > LARGEST:
        message = f"the file has more than {LARGEST} bytes"
        return about_file(Code.TOO_MUCH, name, message, "split it; is this a rule file?")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"byte 0x{content[error.start]:02x} in line {line} is not UTF-8"
        return about_file(Code.NOT_TEXT, name, message, "save the file as UTF-8", line=line)


def is_test(name: str) -> bool:
    """Whether a file holds rule tests instead of rules."""
    return name.endswith(tuple(f".test{suffix}" for suffix in _SUFFIXES))


def is_profile(name: str) -> bool:
    """Whether a file holds what is known of values that are forecast."""
    return name.endswith(_PROFILE)


def profile_of(name: str) -> str:
    """The profile file that belongs to a rule file: `webchat.profile.json` to `webchat.yaml`."""
    return str(Path(name).with_suffix(_PROFILE))


def about_file(code: Code, name: str, message: str, help_: str, *, line: int = 1) -> Diagnostic:
    """A diagnostic without a source line to show."""
    return Diagnostic(code=code, path=name, line=line, column=1, end_column=2, message=message, help=help_)


class _NotAFile(Exception):
    """Exists, but is nothing to read."""


def _members(path: Path) -> list[Path]:
    if not stat.S_ISDIR(path.stat().st_mode):
        return [] if is_test(path.name) else [path]
    names = sorted(os.listdir(path))
    return [path / name for name in names if name.endswith(_SUFFIXES) and not is_test(name) and name[0] not in ".#~"]


def _bytes(path: Path) -> bytes:
    if not stat.S_ISREG(path.stat().st_mode):
        raise _NotAFile("this is a folder, not a file" if path.is_dir() else "this is not a regular file")
    with path.open("rb") as file:
        return file.read(LARGEST + 1)


def _unreadable(name: str, error: OSError | ValueError) -> Diagnostic:
    if isinstance(error, FileNotFoundError) and Path(name).is_symlink():
        message, help_ = "the link leads nowhere", "correct or delete it"
    elif isinstance(error, FileNotFoundError):
        message, help_ = "there is no such file or folder", "check the path"
    elif isinstance(error, PermissionError):
        message, help_ = "not allowed to read it", "give the service's user read permission"
    else:
        why = (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__
        message, help_ = f"can't be read: {why}", "check the path and the disk"
    return about_file(Code.UNREADABLE, name, message, help_)
