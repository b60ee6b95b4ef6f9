"""Which rows of an answer to believe, and the sentence about those set aside.

Only the row that can't be true is set aside, never the answer.
"""

from __future__ import annotations

import numpy as np

from autoscaler.core.readings import Floats, Ints
from autoscaler.sources.columns import Readings
from autoscaler.sources.plausible import LAST_AGENT, LAST_QUEUE, some, whole_column

__all__ = ["LONGEST_S", "asked_ids", "missing", "plain_ids", "tell", "tell_rows"]

LONGEST_S = 7 * 24 * 3600
"""No wait and no state lasts longer; 4294967295 is a server's way to say nothing."""

_LAST = {"agent": LAST_AGENT, "queue": LAST_QUEUE}


def plain_ids(rows: list[object], key: str, what: str, problems: list[str]) -> Floats:
    """Read the ids of rows.

    Args:
        rows: JSON values.
        key: The id's field.
        what: "agent" or "queue".
        problems: Takes the sentence about rows without one.

    Returns:
        Shape (len(rows),), NaN for those.
    """
    ids = whole_column(rows, key, 1, _LAST[what])
    tell_rows(problems, what, int(np.isnan(ids).sum()))
    return ids


def asked_ids(rows: list[object], key: str, asked: Ints, what: str, problems: list[str]) -> Floats:
    """As `plain_ids`, and NaN for ids that are not in `asked` too."""
    ids = plain_ids(rows, key, what, problems)
    strange = ~np.isnan(ids) & ~np.isin(ids, asked)
    tell(problems, what, "nobody asked for it", np.unique(ids[strange]).astype(np.int64))
    ids[strange] = np.nan
    return ids


def missing(seen: Readings) -> Ints:
    """Ids without a value."""
    return seen.ids[np.flatnonzero(np.isnan(seen.values))]


def tell(problems: list[str], what: str, sentence: str, ids: Ints) -> None:
    """Add a sentence about ids, if there are any."""
    if ids.size:
        problems.append(f"{what} {some(ids)}: {sentence}")


def tell_rows(problems: list[str], what: str, rows: int) -> None:
    """Add a sentence about rows that name no id, if there are any."""
    if rows:
        problems.append(f"{rows} {'row' if rows == 1 else 'rows'} without a plausible {what} id")
