"""A decision's stages told to people: what says nothing is left out, and what settled it is found.

The words are the core's; JSON output keeps every stage.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from autoscaler.core.reasons import Reason, sentence

__all__ = ["is_quiet", "settled_by", "telling"]

Stage = dict[str, Any]

_SILENT = sentence(Reason.NONE)
_NOTHING_ASKED = sentence(Reason.NOTHING_ASKED)
_UNINFORMATIVE = frozenset({_SILENT, _NOTHING_ASKED, sentence(Reason.IN_FORCE)})
_UNKNOWN = sentence(Reason.LIMIT_UNKNOWN)
_TURNS = frozenset({sentence(Reason.CHOSEN), sentence(Reason.RELIEVED)})


def is_quiet(stages: Sequence[Stage]) -> bool:
    """Whether nothing was asked and nothing happened."""
    return len({stage["limit"] for stage in stages}) == 1 and all(stage["why"] in _UNINFORMATIVE for stage in stages)


def telling(stages: Sequence[Stage]) -> list[Stage]:
    """The stages that say something, with their words.

    Args:
        stages: Of a journal line or an explanation: stage, limit and why, left to right.
    """
    kept = [stages[0]]
    for before, stage in pairwise(stages):
        if stage["limit"] != before["limit"] or stage["why"] not in {_SILENT, _NOTHING_ASKED, kept[-1]["why"]}:
            kept.append(stage)
    return kept


def settled_by(stages: Sequence[Stage], rule: str | None) -> str:
    """What settled the limit, in a few words.

    Args:
        stages: As above.
        rule: The rule behind it, None where none is.
    """
    last_word = str(stages[-1]["why"])
    if stages[-1]["stage"] == "wanted" and last_word not in _UNINFORMATIVE | {_UNKNOWN}:
        return last_word  # as a pin's, which stands above all that was said before
    kept = telling(stages)
    moves = [(before, stage) for before, stage in pairwise(kept) if before["limit"] != stage["limit"]]
    if moves:
        before, last = moves[-1]
        way = stages[-1]["limit"] - stages[0]["limit"]
        asked = f"'{rule}' asks for {'more' if way > 0 else 'less'}"
        if rule is None or way == 0:
            return str(last["why"])
        if last["stage"] == "proposed" or last["why"] in _TURNS:
            return asked
        is_trim = (last["limit"] - before["limit"]) * way < 0
        return f"{asked}; {last['why']}" if is_trim else str(last["why"])
    said = [str(stage["why"]) for stage in kept if stage["why"] not in _UNINFORMATIVE]
    if not said:
        return "set again"
    return "its limit was not known: set anew" if said[-1] == _UNKNOWN else said[-1]
