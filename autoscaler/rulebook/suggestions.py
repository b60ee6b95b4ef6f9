"""How values are quoted in messages and which known word was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["did_you_mean", "joined", "quoted"]

_LONGEST = 60


def quoted(text: str) -> str:
    """The text in double quotes, shortened, on one line."""
    flat = " ".join(text.split()) if any(char in text for char in "\r\n\t") else text
    return f'"{flat if len(flat) <= _LONGEST else flat[: _LONGEST - 1] + "…"}"'


def joined(words: Iterable[str], last: str = "or") -> str:
    """`a, b or c`."""
    listed = list(words)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} {last} {listed[-1]}" if listed else ""


def did_you_mean(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The known word closest to `word`, whatever its case, or None when none is close."""
    by_fold = {name.casefold(): name for name in known}
    folded = word[:_LONGEST].casefold()
    if folded.replace("-", "_").replace(" ", "_") in by_fold:
        return by_fold[folded.replace("-", "_").replace(" ", "_")]
    found = difflib.get_close_matches(folded, by_fold, n=1, cutoff=cutoff)
    return by_fold[found[0]] if found else None
