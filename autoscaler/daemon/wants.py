"""What a group needs to know, in the words of the sources."""

from __future__ import annotations

import numpy as np

from autoscaler.core.book import Group
from autoscaler.sources.ports import Want, WantedInput

__all__ = ["want_of"]


def want_of(group: Group) -> Want:
    """What to observe for a group."""
    ids = None
    if group.agent_ids:
        ranges = [np.arange(one.first, one.last + 1, dtype=np.int64) for one in group.agent_ids]
        ids = np.unique(np.concatenate(ranges))
    return Want(
        group=group.name,
        queues=group.queues,
        media_type=group.media_type,
        agent_ids=ids,
        inputs=tuple(WantedInput(name=one.name, source=one.source, query=one.query) for one in group.inputs),
    )
