"""`autoscaler fmt`: lay rule files out in one form."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import os
import sys
import tempfile
from pathlib import Path

from autoscaler.cli.exits import Exit
from autoscaler.cli.findings import show_findings
from autoscaler.errors import UsageError
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.diagnostics import Diagnostic
from autoscaler.rulebook.files import decode, is_profile, is_test, read_files
from autoscaler.rulebook.formatting import format_text
from autoscaler.rulebook.trials.finding import find_tests

__all__ = ["HELP", "add_arguments", "run"]

HELP = {
    "fmt": (
        (
            "Lay rule files and rule tests out in one form: keys in the language's order, even spacing, every comment "
            "kept. What a file says never changes; a file with errors is left alone."
        ),
        (
            "exit codes: 0 done, 1 with --check or --diff: some would change; or a file has errors\n\nexamples:\n"
            "  autoscaler fmt\n  autoscaler fmt --diff rules/webchat.yaml\n  autoscaler fmt --check rules"
        ),
    )
}


def add_arguments(parser: argparse.ArgumentParser, _verb: str) -> None:
    """What the verb takes."""
    parser.add_argument("paths", nargs="*", default=["rules"], metavar="PATH", help="files or folders (rules)")
    parser.add_argument("--check", action="store_true", help="change nothing, say which files would change")
    parser.add_argument("--diff", action="store_true", help="change nothing, show what would change")


def run(options: argparse.Namespace, _verb: str) -> int:
    """Format, and say what changed."""
    texts, problems = _read(options.paths)
    changed = 0
    for name, text in texts.items():
        formatted = format_text(name, text)
        problems += formatted.diagnostics
        if formatted.text is None or formatted.text == text:
            continue
        changed += 1
        if options.diff:
            sys.stdout.writelines(_diff(name, text, formatted.text))
        elif not options.check:
            _write(Path(name), formatted.text)
        if not options.diff:
            print(f"{'would change' if options.check else 'changed'} {name}")
    show_findings(problems)
    only_looks = options.check or options.diff
    print(f"{changed} of {len(texts)} files {'would change' if only_looks else 'changed'}", file=sys.stderr)
    return Exit.FINDINGS if problems or (changed and only_looks) else Exit.OK


def _read(paths: list[str]) -> tuple[dict[str, str], list[Diagnostic]]:
    """Rule files and rule tests by name; a folder may hold only one of the two kinds."""
    texts: dict[str, str] = {}
    problems: list[Diagnostic] = []
    for path in paths:
        found: dict[str, str] = {}
        about: list[Diagnostic] = []
        if not is_test(Path(path).name):
            contents, about = read_files([path])
            for name, content in contents.items():
                if is_profile(name):
                    continue
                text = decode(name, content)
                if isinstance(text, Diagnostic):
                    about.append(text)
                else:
                    found[name] = text
        if is_test(Path(path).name) or Path(path).is_dir():
            tests, about_tests = find_tests([path])
            found |= tests
            about += about_tests
        nothing = {Code.NO_FILES, Code.NO_TESTS}
        problems += [one for one in about if not (found and one.code in nothing)][: None if found else 1]
        texts |= found
    return texts, problems


def _diff(name: str, before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), name, f"{name} (formatted)"
    )
    return [line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines]


def _write(path: Path, text: str) -> None:
    """Replace the file in one step: a daemon that reads meanwhile sees the old text or the new one."""
    target = path.resolve()
    try:
        status = target.stat()
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="", dir=target.parent, prefix=f".{target.name}.", suffix=".tmp", delete=False
        ) as file:
            temporary = Path(file.name)
            try:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
                os.fchmod(file.fileno(), status.st_mode & 0o7777)
                with contextlib.suppress(PermissionError):  # only root may give files away; then the owner is the same
                    os.fchown(file.fileno(), status.st_uid, status.st_gid)
                temporary.replace(target)
            except OSError:
                temporary.unlink()
                raise
    except OSError as error:
        raise UsageError(
            f"can't be written: {error.strerror}", place=str(path), help="Check the permissions of the file's folder."
        ) from error
