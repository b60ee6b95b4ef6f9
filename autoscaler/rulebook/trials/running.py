"""Runs a test: the production `decide`, tick by tick, memory carried over, every expectation judged on the way.

Every tenth memory goes through its JSON form, which must change nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from autoscaler.core.book import Rulebook
from autoscaler.core.engine import decide
from autoscaler.core.memory import Memory, from_json, to_json
from autoscaler.core.readings import ANY_MEDIA
from autoscaler.core.verdicts import Verdict
from autoscaler.rulebook.trials.claims import Expectation, Holds, When
from autoscaler.rulebook.trials.judging import Count, Moment, Unmet, judge
from autoscaler.rulebook.trials.probing import Probes, is_known
from autoscaler.rulebook.trials.site import Site, at_tick
from autoscaler.rulebook.trials.trial import Trial
from autoscaler.rulebook.trials.wording import explain

__all__ = ["Failure", "Row", "Verdicts", "run_trial"]

_THROUGH_JSON = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One tick in a failure's table; `waiting` and `load` NaN are not known, `verdicts` by rule."""

    at_s: float
    waiting: float
    load: float
    slots: int
    wanted: int
    changes: int
    verdicts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One unmet claim: where it stands in the file, its first tick, why the tick was as it was, the ticks around it."""

    expectation: Expectation
    at_s: float
    expected: str
    got: str
    why: tuple[str, ...]
    around: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """How a test went; it passed when nothing failed."""

    trial: Trial
    failures: tuple[Failure, ...]
    changes: int


def run_trial(trial: Trial, book: Rulebook, *, watch: Callable[[Moment], None]) -> Verdicts:
    """Run one test.

    Args:
        trial: The test.
        book: Its rules: one group.
        watch: Shown every tick, for coverage.

    Returns:
        How it went: of every claim the first tick at which it does not hold.
    """
    rows: list[Row] = []
    counts: list[Count] = []
    holds = [claim for one in trial.expect for claim in one.claims if isinstance(claim, Holds)]
    probes = Probes(book, [claim.expression for claim in holds])
    known: set[Holds] = set()
    known_last: set[Holds] = set()
    found: dict[tuple[int, int], tuple[int, Unmet, list[str]]] = {}
    for moment in _moments(trial, book):
        watch(moment)
        rows.append(_row(moment))
        counts.append(Count(moment.at_s, len(moment.plan.changed), len(moment.plan.calls.agents)))
        stands = dict(zip(holds, probes.judge(moment.snapshot, moment.after, moment.at), strict=True))
        known_last = {claim for claim, probe in stands.items() if is_known(probe)}
        known |= known_last
        _judge(trial, moment, stands, counts, found)
    _never_known(trial, known, known_last, found)
    failures = [
        Failure(
            expectation=trial.expect[index],
            at_s=tick * trial.every_s,
            expected=unmet.expected,
            got=unmet.got,
            why=tuple(why),
            around=tuple(rows[max(tick - 3, 0) : tick + 2]),
        )
        for (index, _), (tick, unmet, why) in sorted(found.items())
    ]
    return Verdicts(trial=trial, failures=tuple(failures), changes=sum(count.changes for count in counts))


def _moments(trial: Trial, book: Rulebook) -> Iterator[Moment]:
    site = Site(trial, book)
    memory = Memory()
    for tick in range(trial.ticks):
        snapshot, at = site.snapshot(tick), at_tick(trial, tick)
        plan = decide(book, snapshot, memory, at)
        yield Moment(
            tick=tick,
            at_s=tick * trial.every_s,
            at=at,
            snapshot=snapshot,
            plan=plan.groups[0],
            before=memory,
            after=plan.memory,
        )
        memory = plan.memory
        if tick % _THROUGH_JSON == _THROUGH_JSON - 1:
            memory = from_json(json.loads(json.dumps(to_json(memory))))
        site.send(plan.groups[0].calls, tick)


def _judge(
    trial: Trial,
    moment: Moment,
    stands: dict[Holds, Verdict],
    counts: Sequence[Count],
    found: dict[tuple[int, int], tuple[int, Unmet, list[str]]],
) -> None:
    for index, expectation in enumerate(trial.expect):
        if not expectation.first <= moment.tick <= expectation.last:
            continue
        for place, claim in enumerate(expectation.claims):
            if (index, place) in found:
                continue
            unmet = judge(claim, moment, stands[claim] if isinstance(claim, Holds) else None, counts)
            if unmet is not None:
                found[index, place] = (moment.tick, unmet, explain(moment.plan, _agent_of(expectation)))


def _never_known(
    trial: Trial, known: set[Holds], known_last: set[Holds], found: dict[tuple[int, int], tuple[int, Unmet, list[str]]]
) -> None:
    """An expression that was known at no tick, or not at the last one where that one counts, shows nothing."""
    for index, expectation in enumerate(trial.expect):
        is_last = expectation.when is When.FINALLY
        for place, claim in enumerate(expectation.claims):
            if isinstance(claim, Holds) and claim not in (known_last if is_last else known):
                got = f"unknown {'at the last' if is_last else 'at every'} tick: readings it rests on are missing"
                found.setdefault((index, place), (trial.ticks - 1, Unmet(claim.text, got), []))


def _agent_of(expectation: Expectation) -> int | None:
    agents = [agent for claim in expectation.claims if (agent := getattr(claim, "agent", None)) is not None]
    return agents[0] if agents else None


def _row(moment: Moment) -> Row:
    waiting = moment.snapshot.queues.waiting
    load = moment.snapshot.agents.load.get(ANY_MEDIA)
    plan = moment.plan
    return Row(
        at_s=moment.at_s,
        waiting=float(waiting.sum()) if len(waiting) else math.nan,
        load=math.nan if load is None else float(np.sum(load)),
        slots=plan.slots.stabilised,
        wanted=plan.slots.wanted,
        changes=len(plan.changed),
        verdicts=tuple((verdict.rule.name, verdict.kind.value) for verdict in plan.verdicts),
    )
