"""What a recorded group can't tell about other rules of the same name, in sentences.

A tick recorded what its own rules needed to know; rules that need more find it missing.
"""

from __future__ import annotations

from collections.abc import Iterator

from autoscaler.core.book import Group

__all__ = ["unlike"]


def unlike(recorded: Group, other: Group) -> Iterator[str]:
    """Why a replay may not be what these rules would have done.

    Args:
        recorded: As it was decided under.
        other: Of the same name.
    """
    name = other.name
    queues = sorted(set(other.queues) - set(recorded.queues))
    if queues:
        yield f"{name}: not recorded for it, so not known: {', '.join(f'queue[{one}]' for one in queues)}"
    if other.media_type != recorded.media_type:
        yield f"{name}: recorded are loads of media type {recorded.media_type}; these rules ask for {other.media_type}"
    if (other.agent_ids, other.queues) != (recorded.agent_ids, recorded.queues):
        yield f"{name}: these rules speak of other agents; of those who were not recorded nothing is known"
    if other.every_s != recorded.every_s:
        yield f"{name}: decided every {recorded.every_s:g} s, as recorded; these rules say every {other.every_s:g} s"
    inputs = sorted({one.name for one in other.inputs} - {one.name for one in recorded.inputs})
    if inputs:
        yield f"{name}: not recorded, so not known: {', '.join(f'input.{one}' for one in inputs)}"
