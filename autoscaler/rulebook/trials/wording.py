"""A tick's explanation in sentences, and whether words that a test expects occur in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import numpy as np

from autoscaler.core.plan import GroupPlan, Stage
from autoscaler.core.printing import in_words
from autoscaler.core.reasons import sentence
from autoscaler.core.verdicts import Verdict, VerdictKind
from autoscaler.rulebook.measures import in_seconds

__all__ = ["absent_words", "explain"]

_TOKEN = re.compile(r"[\w%]+(?:\.\w+)*")
_APART = re.compile(r"\b([0-9]+(?:\.[0-9]+)?) (s|min|h)\b")
_VERDICTS = {kind.value for kind in VerdictKind}


def explain(plan: GroupPlan, agent: int | None = None) -> list[str]:
    """Why the tick did what it did.

    Args:
        plan: The group's.
        agent: Of whom the story is told first; None: nobody.

    Returns:
        Sentences: how the rules stand, what was held, what changes.
    """
    lines = list(_story(plan, agent)) if agent is not None else []
    lines += [f"{verdict.rule.name}: {_stands(verdict)}" for verdict in plan.verdicts]
    lines += plan.held
    lines += [
        f"{_agents(count)} held: {sentence(reason, stability=plan.stability, roster=plan.roster_problem)}"
        for reason, count in plan.holds.items()
    ]
    lines.append(_changes(plan))
    return lines


def absent_words(words: str, plan: GroupPlan, agent: int | None) -> list[str]:
    """Words that do not occur in the tick's explanation.

    Upper and lower case and the spelling of durations don't matter. Where the words name a rule, a verdict among them
    is that rule's, so that "surge false" is not met by another rule that is false.
    """
    tokens = {_normal(token) for token in _TOKEN.findall(words)}
    there = _tokens_of(explain(plan, agent))
    named = [verdict for verdict in plan.verdicts if set(_tokens(verdict.rule.name)) <= tokens]
    verdicts = _tokens_of([_stands(verdict) for verdict in named]) | _tokens_of(one.rule.name for one in named)
    return [
        word
        for word in _TOKEN.findall(words)
        if _normal(word) not in (verdicts if named and _normal(word) in _VERDICTS else there)
    ]


def _story(plan: GroupPlan, agent: int) -> Iterator[str]:
    row = plan.row_of(agent)
    if row is None:
        yield f"agent {agent}: not signed in"
        return
    for cell in plan.story(row):
        yield f"agent {agent}, {cell.stage.value}: {cell.limit}, {cell.why}"


def _stands(verdict: Verdict) -> str:
    match verdict.kind:
        case VerdictKind.WAITING:
            held = "" if verdict.matched is not None else f", true for {in_words(verdict.held_s)} so far"
            return f"waiting for {in_words(verdict.rule.for_s)}{held}"
        case VerdictKind.UNKNOWN:
            return f"unknown, missing {', '.join(verdict.missing)}" if verdict.missing else "unknown"
        case VerdictKind.TRUE if verdict.matched is not None:
            return f"true of {_agents(int(np.count_nonzero(verdict.matched)))}"
        case _:
            word: str = verdict.kind.value
            return word


def _changes(plan: GroupPlan) -> str:
    before, after = plan.limits[Stage.OBSERVED], plan.limits[Stage.WANTED]
    up, down = int(np.count_nonzero(after > before)), int(np.count_nonzero(after < before))
    said = [f"{_agents(up)} raised"] if up else []
    said += [f"{_agents(down)} lowered"] if down else []
    return f"{' and '.join(said) or 'no change'}; slots {plan.slots.observed} to {plan.slots.wanted}"


def _agents(count: int) -> str:
    return f"{count} agent" if count == 1 else f"{count} agents"


def _tokens_of(lines: Iterable[str]) -> set[str]:
    return {token for line in lines for token in _tokens(line)}


def _tokens(line: str) -> list[str]:
    joined = _APART.sub(_together, line)
    return [_normal(token) for token in _TOKEN.findall(joined)]


def _together(match: re.Match[str]) -> str:
    unit = "m" if match[2] == "min" else match[2]
    return f"{match[1]}{unit}"


def _normal(token: str) -> str:
    seconds = in_seconds(token)
    return token.casefold() if seconds is None else in_words(seconds)
