"""What `simulate` and `compare` have in common: their options, and what is checked before anything is played."""

from __future__ import annotations

import argparse
import os
from argparse import ArgumentTypeError
from importlib.util import find_spec
from pathlib import Path

from autoscaler.cli.arguments import count
from autoscaler.errors import SettingsError, UsageError

__all__ = ["add_playing", "checked", "seed", "write_text"]

RUNS = 10
PICTURES = (".png", ".svg")


def add_playing(parser: argparse.ArgumentParser) -> None:
    """Let a verb take what both do."""
    parser.add_argument("--runs", type=count, default=RUNS, metavar="N", help=f"how many runs ({RUNS})")
    parser.add_argument("--seed", type=seed, metavar="N", help="of the runs (the scenario's)")
    parser.add_argument("--jobs", type=count, metavar="N", help="runs at a time (as many as there are cores)")
    parser.add_argument("--plot", type=_picture, metavar="FILE", help="draw it: a .png or .svg file")
    parser.add_argument("--report", type=_page, metavar="FILE.html", help="write it all into one page")
    parser.add_argument("--format", choices=("table", "json"), default="table")


def seed(text: str) -> int:
    """A seed, 0 or more."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise ArgumentTypeError(f"{text!r} is no seed: write a whole number from 0 up")
    return int(text)


def checked(options: argparse.Namespace) -> None:
    """See to it that what is asked for can be done, before time is spent on it.

    Raises:
        SettingsError: The extra `simulation` is not installed.
        UsageError: A file to write has no folder, or may not be written.
    """
    files: list[Path] = [file for file in (options.plot, options.report) if file is not None]
    missing = [name for name in ("numba", *(["matplotlib"] if files else [])) if find_spec(name) is None]
    if missing:
        verb = "are" if len(missing) > 1 else "is"
        raise SettingsError(
            f"simulation needs {' and '.join(missing)}, which {verb} not installed",
            help="install the extra: pip install 'autoscaler[simulation]'",
        )
    for file in files:
        if file.is_dir() or not file.parent.is_dir():
            what = "is a folder" if file.is_dir() else f"there is no folder {file.parent}"
            raise UsageError(what, place=str(file), help="Give a file in a folder that exists.")
        if not os.access(file if file.exists() else file.parent, os.W_OK):
            raise UsageError("can't be written: permission denied", place=str(file), help="Give one you may write.")


def write_text(path: Path, text: str) -> None:
    """Write a page.

    Raises:
        UsageError: It can't be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"can't be written: {error.strerror}", place=str(path), help="Give a file in a folder that exists."
        ) from error


def _picture(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() not in PICTURES:
        raise ArgumentTypeError(f"{text!r} is no picture this can draw: name a .png or .svg file")
    return path


def _page(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() not in {".html", ".htm"}:
        raise ArgumentTypeError(f"{text!r} is no page: name a .html file")
    return path
