"""Queues as CC-CMS and CC-Gateway both tell them: `queueSize` and `queueTime` by skill queue id."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autoscaler.core.readings import Ints
from autoscaler.sources.columns import Readings, readings
from autoscaler.sources.plausible import whole_column
from autoscaler.sources.row_checks import LONGEST_S, asked_ids, missing, tell

__all__ = ["QueueRows", "read_queues"]

MOST_WAITING = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRows:
    """Queues of one answer, by skill queue id.

    Attributes:
        waiting: Chats waiting.
        oldest_wait_s: Seconds.
    """

    waiting: Readings
    oldest_wait_s: Readings


def read_queues(rows: list[object], key: str, asked: Ints, taken_at: float) -> tuple[QueueRows, list[str]]:
    """Read an answer's rows.

    Args:
        rows: JSON values.
        key: The skill queue id's field: `skillId` or `deviceNo`.
        asked: The ids asked for; rows of others are set aside.
        taken_at: When it was asked.

    Returns:
        Rows of the asked queues that answered, and the sentences.
    """
    problems: list[str] = []
    ids = asked_ids(rows, key, asked, "queue", problems)
    waiting, twice = readings(ids, whole_column(rows, "queueSize", 0, MOST_WAITING), taken_at)
    oldest, twice_oldest = readings(ids, whole_column(rows, "queueTime", 0, LONGEST_S), taken_at)
    tell(problems, "queue", "queueSize makes no sense", np.setdiff1d(missing(waiting), twice))
    tell(problems, "queue", "queueTime makes no sense", np.setdiff1d(missing(oldest), twice_oldest))
    tell(problems, "queue", "two rows contradict each other", np.union1d(twice, twice_oldest))
    tell(problems, "queue", "no row in the answer", np.setdiff1d(asked, waiting.ids))
    return QueueRows(waiting=waiting, oldest_wait_s=oldest), problems
