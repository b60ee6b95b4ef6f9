"""The rules in force: loaded all or nothing, reloaded on demand, with the last good ones kept for a bad day.

A running daemon never stops over bad rules: it goes on with what it has and says so until they are mended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from autoscaler.core.book import Mode, Rulebook
from autoscaler.errors import RulesInvalid, StoreError
from autoscaler.rulebook.diagnostics import Diagnostic, has_errors
from autoscaler.rulebook.loading import Loaded, load_folder, load_text
from autoscaler.rulebook.rendering import as_text
from autoscaler.store.sqlite_store import SqliteStore

__all__ = ["Books", "RulesState"]

log = structlog.get_logger(__name__)

TEXTS_AT_HAND = 16
"""A tick may end under rules that a reload has replaced meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesState:
    """How the rules stand.

    Attributes:
        problem: Why the folder's present text is not in force; "" when it is.
        is_last_good: The rules in force come from the store, not from the folder.
        diagnostics: Of the last attempt to load.
    """

    problem: str = ""
    is_last_good: bool = False
    diagnostics: tuple[Diagnostic, ...] = ()


class Books:
    """Holds the rulebook in force."""

    def __init__(self, folder: Path, store: SqliteStore, *, observe_only: bool) -> None:
        """Load nothing yet.

        Args:
            folder: Where the rule files are.
            store: Keeps the last good ones.
            observe_only: Every group decides and calls nothing, whatever its file says.
        """
        self._folder = folder
        self._store = store
        self._observe_only = observe_only
        self.book = Rulebook(groups=(), digest="")
        self.state = RulesState()
        self._texts: dict[str, Mapping[str, str]] = {}

    def text_of(self, digest: str) -> Mapping[str, str] | None:
        """The files of a rulebook that is in force, or was a moment ago; None for others."""
        return self._texts.get(digest)

    async def first(self) -> None:
        """Load the rules at start.

        Raises:
            RulesInvalid: They have errors, and no good ones were ever kept.
        """
        loaded = load_folder(self._folder)
        if loaded.book is not None:
            await self._take(loaded)
            return
        kept = await self._store.load_rules()
        last = None if kept is None else load_text(kept.files)
        if kept is None or last is None or last.book is None:
            raise RulesInvalid(
                f"{_count(loaded)}, and there is no last good copy to run instead",
                diagnostics=loaded.diagnostics,
                place=str(self._folder),
                help="Mend what is shown above; 'autoscaler check' shows it again.",
            )
        self._put(last.book, kept.files)
        kept_at = f"{kept.saved_at:%Y-%m-%d %H:%M} UTC"
        self.state = RulesState(
            problem=f"{_count(loaded)} in {self._folder}; running the last good rules, kept {kept_at}",
            is_last_good=True,
            diagnostics=loaded.diagnostics,
        )
        log.error("rules_invalid_last_good_used", problem=self.state.problem, findings=as_text(loaded.diagnostics))

    async def reload(self) -> bool:
        """Load the folder again; True when its rules are now in force."""
        loaded = load_folder(self._folder)
        if loaded.book is None:
            in_force = "the last good rules stay" if self.state.is_last_good else "the rules before stay"
            self.state = replace(
                self.state,
                problem=f"{_count(loaded)} in {self._folder}; {in_force} in force",
                diagnostics=loaded.diagnostics,
            )
            log.error("rules_invalid", problem=self.state.problem, findings=as_text(loaded.diagnostics))
            return False
        await self._take(loaded)
        return True

    async def _take(self, loaded: Loaded) -> None:
        assert loaded.book is not None
        self._put(loaded.book, loaded.files)
        self.state = RulesState(diagnostics=loaded.diagnostics)
        log.info("rules_loaded", digest=loaded.book.digest, groups=[group.name for group in loaded.book.groups])
        try:
            await self._store.save_rules(loaded.book.digest, loaded.files)
        except StoreError as error:
            # the rules are good and in force; only the copy for a bad day is an older one
            log.error("last_good_rules_not_kept", error=str(error), help=error.help)

    def _put(self, book: Rulebook, files: Mapping[str, str]) -> None:
        self.book = self._in_mode(book)
        self._texts[book.digest] = files
        for digest in list(self._texts)[:-TEXTS_AT_HAND]:
            del self._texts[digest]

    def _in_mode(self, book: Rulebook) -> Rulebook:
        if not self._observe_only:
            return book
        return replace(book, groups=tuple(replace(group, mode=Mode.OBSERVE) for group in book.groups))


def _count(loaded: Loaded) -> str:
    errors = sum(has_errors([one]) for one in loaded.diagnostics)
    return f"{errors} error{'s' if errors != 1 else ''}"
