"""Rule files to one rulebook: all files, all findings at once, and nothing half: one error and there is no book."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath

from autoscaler.core.book import Prior, Rulebook
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.composing import compose
from autoscaler.rulebook.crossing import cross_check
from autoscaler.rulebook.diagnostics import Diagnostic, has_errors
from autoscaler.rulebook.files import about_file, decode, is_profile, profile_of, read_files
from autoscaler.rulebook.group import Draft, build_group
from autoscaler.rulebook.lint.linting import lint
from autoscaler.rulebook.priors import read_priors
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.source import Source

__all__ = ["Loaded", "digest_of", "load_folder", "load_text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What rule files came to.

    Attributes:
        book: None exactly when any diagnostic is an error.
        diagnostics: By file, then in reading order.
        files: Text by name, as `load_text` takes it; files that could not be read as text are left out.
    """

    book: Rulebook | None
    diagnostics: tuple[Diagnostic, ...]
    files: Mapping[str, str]


def load_folder(*paths: str | os.PathLike[str]) -> Loaded:
    """Load rule files from disk.

    Args:
        paths: Files, or folders: of these *.yaml and *.yml count, but no *.test.yaml, hidden file or editor backup.

    Returns:
        The book or the reasons why not; never raises for anything found on disk.
    """
    contents, problems = read_files(paths)
    return _load(contents, problems)


def load_text(files: Mapping[str, str]) -> Loaded:
    """Load rule files from memory, by name; the digest is that of the same files on disk."""
    contents = {name: text.encode("utf-8", "surrogatepass") for name, text in files.items()}
    problems = [] if files else [about_file(Code.NO_FILES, "rules", "there is no rule file here", "give at least one")]
    return _load(contents, problems)


def digest_of(contents: Mapping[str, bytes]) -> str:
    """`sha256:…` over names without their folders and bytes, in order: where the files stand does not matter."""
    total = hashlib.sha256()
    for name, content in sorted((PurePath(name).name, content) for name, content in contents.items()):
        for part in (name.encode("utf-8", "surrogateescape"), content):
            total.update(len(part).to_bytes(8, "big"))
            total.update(part)
    return f"sha256:{total.hexdigest()}"


def _load(contents: Mapping[str, bytes], problems: list[Diagnostic]) -> Loaded:
    texts: dict[str, str] = {}
    reporters: list[Reporter] = []
    drafts: list[Draft] = []
    for name in sorted(contents):
        text = decode(name, contents[name])
        if isinstance(text, Diagnostic):
            problems.append(text)
            continue
        texts[name] = text
        if is_profile(name):
            continue
        reporter = Reporter(Source(name, text.removeprefix("\ufeff")))
        reporters.append(reporter)
        root = compose(reporter)
        draft = None if root is None else build_group(root, reporter)
        if draft is not None:
            drafts.append(draft)
            if not reporter.has_errors:
                lint(draft)
    cross_check(drafts)
    priors: dict[str, tuple[Prior, ...]] = {}
    for draft in drafts:
        beside = texts.get(profile_of(draft.group.source))
        if beside is not None and not draft.reporter.has_errors:
            reporters.append(Reporter(Source(profile_of(draft.group.source), beside)))
            priors[draft.group.source] = read_priors(draft.group, reporters[-1])
    found = [*problems, *(diagnostic for reporter in reporters for diagnostic in reporter.diagnostics)]
    diagnostics = tuple(sorted(found, key=lambda diagnostic: diagnostic.path))
    if has_errors(diagnostics):
        return Loaded(book=None, diagnostics=diagnostics, files=texts)
    complete = (replace(draft.group, priors=priors.get(draft.group.source, ())) for draft in drafts)
    groups = tuple(sorted(complete, key=lambda group: group.name))
    return Loaded(book=Rulebook(groups=groups, digest=digest_of(contents)), diagnostics=diagnostics, files=texts)
