"""The production decision as a controller: the same `decide`, with the same memory, as the daemon runs.

What a scenario has no word for is as on a quiet real floor: readings are fresh, everybody is reachable, named inputs
are missing, nobody pins or pauses. The wall clock at the start is taken in the rule file's time zone; a file that says
`observe` is judged as if it said `enforce`, since what it would do is the question.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from autoscaler.core.book import Goal, Group, IdRange, Limits, Mode, Rulebook, Tier
from autoscaler.core.engine import decide
from autoscaler.core.goal.rule import GOAL_RULE
from autoscaler.core.memory import Memory
from autoscaler.core.readings import ANY_MEDIA, Agents, AgentState, Queues, Snapshot
from autoscaler.errors import RulesInvalid, UsageError
from autoscaler.rulebook import load_folder
from autoscaler.simulation.floor.ports import Seen
from autoscaler.simulation.policies.settings import number, read_settings, span, whole
from autoscaler.simulation.scenario.model import AgentEntry, Scenario

__all__ = ["GoalPolicy", "RulesPolicy", "goal_policy", "rules_policy"]

Ints = NDArray[np.int64]

FIRST_ID = 1001
QUEUE = 2001


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesPolicy:
    """A rule file."""

    name: str
    group: Group
    digest: str

    def start_limits(self, scenario: Scenario) -> None:
        """As configured."""

    def controller(self, scenario: Scenario, *, seed: int, index: int) -> Production:  # noqa: ARG002 it draws nothing
        """One that decides by the file."""
        return Production(scenario, self.group, self.digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalPolicy:
    """A goal and nothing else: the scenario's tiers, limits and cost.

    Attributes:
        answer, within, stretch: The targets; 0: none.
        ceiling: Of every agent.
    """

    answer: float = number(0.0, 0.0, 1.0, "share to be answered within `within`; 0: no such target")
    within: float = span(30.0, "time to answer", low=1.0)
    stretch: float = number(0.0, 0.0, 100.0, "times as long as alone that a chat may take; 0: no such target")
    ceiling: int = whole(0, 0, 60, "highest limit of an agent; 0: twice its configured one, 12 at least")
    title: str = ""

    @property
    def name(self) -> str:
        """As tables show it."""
        return self.title or "goal"

    def start_limits(self, scenario: Scenario) -> None:
        """As configured."""

    def controller(self, scenario: Scenario, *, seed: int, index: int) -> Production:  # noqa: ARG002 it draws nothing
        """One that pursues the goal."""
        numbered = replace(scenario, agents=tuple(_numbered(scenario.agents)))
        return Production(numbered, self._group(numbered), "")

    def _group(self, scenario: Scenario) -> Group:
        goal = Goal(
            answer=self.answer or None,
            within_s=self.within if self.answer else None,
            chat_stretch_below=self.stretch or None,
            cost=scenario.cost,
        )
        tiers: dict[str, Tier] = {}
        for entry in scenario.agents:
            assert entry.first_id is not None, "entries are numbered"
            ids = IdRange(first=entry.first_id, last=entry.first_id + entry.count - 1)
            name = f"{entry.tier or 'agents'} at {entry.limit}"
            # entries of one tier and limit, such as two shifts of it, are one kind of people
            same = tiers.get(name)
            ranges = (ids,) if same is None else (*same.ids, ids)
            tiers[name] = Tier(name=name, ids=ranges, limits=self._limits(entry))
        return Group(
            name="goal",
            queues=(QUEUE,),
            every_s=scenario.every_s,
            limits=self._limits(scenario.agents[0]),
            tiers=tuple(tiers.values()) if len(tiers) > 1 else (),
            rules=(GOAL_RULE,),
            goal=goal,
        )

    def _limits(self, entry: AgentEntry) -> Limits:
        ceiling = self.ceiling or min(60, max(12, 2 * entry.limit))
        return Limits(floor=1, baseline=min(entry.limit, ceiling), ceiling=ceiling)


def _numbered(entries: tuple[AgentEntry, ...]) -> Iterator[AgentEntry]:
    first = FIRST_ID
    for entry in entries:
        yield replace(entry, first_id=first)
        first += entry.count


def rules_policy(path: str) -> RulesPolicy:
    """The policy of a rule file, or of a folder that holds one.

    Raises:
        RulesInvalid: The file has errors.
        UsageError: It holds several groups, or none.
    """
    loaded = load_folder(path)
    if loaded.book is None:
        raise RulesInvalid(
            "the rules have errors",
            diagnostics=loaded.diagnostics,
            place=path,
            help="Mend what is shown above; 'autoscaler check' shows it again.",
        )
    if len(loaded.book.groups) != 1:
        raise UsageError(
            f"{path} holds {len(loaded.book.groups)} groups; a scenario is of one",
            help="name the one file that is meant",
        )
    group = replace(loaded.book.groups[0], agent_ids=(), mode=Mode.ENFORCE)
    return RulesPolicy(name=f"rules:{path}", group=group, digest=loaded.book.digest)


def goal_policy(settings: Mapping[str, str]) -> GoalPolicy:
    """The goal with settings as typed.

    Raises:
        UsageError: An unknown setting, or a value that is none.
    """
    given = ",".join(f"{key}={value}" for key, value in settings.items())
    return GoalPolicy(**read_settings("goal", GoalPolicy, settings), title=f"goal:{given}" if given else "")


class Production:
    """`decide` at every tick, and its memory.

    Attributes:
        group: As decided for.
        memory: After the last tick; a restart is a new controller that is handed it.
    """

    def __init__(self, scenario: Scenario, group: Group, digest: str) -> None:
        """Begin a run with nothing remembered."""
        self.group = group
        self.memory = Memory()
        self._book = Rulebook(groups=(group,), digest=digest)
        self._every_s = group.every_s
        self._queue = np.array([group.queues[0] if group.queues else QUEUE])
        self._start = scenario.clock.replace(tzinfo=ZoneInfo(group.timezone)).astimezone(UTC)
        self._ids, self._rows = _roster(scenario, group)
        self._crew = _Crew.of(self._ids[:0], self._rows[:0])

    def first_tick(self) -> float:
        """Once the first interval is over, so that rates are known."""
        return self._every_s

    def tick(self, seen: Seen) -> tuple[Ints | None, float]:
        """Decide, and want what the plan calls for."""
        plan = decide(self._book, self._snapshot(seen), self.memory, self._at(seen))
        self.memory = plan.memory
        calls = plan.groups[0].calls
        wanted = None
        if len(calls.agents):
            wanted = seen.wanted.copy()
            wanted[self._rows[np.searchsorted(self._ids, calls.agents)]] = calls.callnums
        return wanted, seen.now_s + self._every_s

    def _at(self, seen: Seen) -> datetime:
        return self._start + timedelta(seconds=seen.now_s)

    def _snapshot(self, seen: Seen) -> Snapshot:
        here = self._rows[seen.on[self._rows]]
        if not np.array_equal(here, self._crew.rows):
            self._crew = _Crew.of(self._ids[seen.on[self._rows]], here)
        crew, minutes = self._crew, self._every_s / 60
        return Snapshot(
            queues=Queues(
                ids=self._queue,
                waiting=np.array([float(seen.waiting)]),
                oldest_wait_s=np.array([float(seen.oldest_wait_s)]),
                arrivals_per_minute=np.array([seen.arrived / minutes]),
                abandoned_per_minute=np.array([seen.abandoned / minutes]),
                age_s=_JUST_NOW,
            ),
            agents=Agents(
                ids=crew.ids,
                load={ANY_MEDIA: seen.load[here].astype(np.float64)},
                limit={ANY_MEDIA: seen.wanted[here].astype(np.float64)},
                state=crew.state,
                state_for_s=crew.unknown,
                signed_in_for_s=seen.signed_in_for_s[here],
                age_s=crew.age_s,
                queue_ids=_NO_QUEUES,
                queue_offsets=crew.queue_offsets,
                queues_known=crew.queues_known,
            ),
        )


_JUST_NOW = np.zeros(1)
_NO_QUEUES = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Crew:
    """Who is signed in, and what is the same of them at every tick: made anew only when somebody comes or goes."""

    ids: Ints
    rows: Ints
    state: NDArray[np.int8]
    unknown: NDArray[np.float64]
    age_s: NDArray[np.float64]
    queue_offsets: Ints
    queues_known: NDArray[np.bool_]

    @classmethod
    def of(cls, ids: Ints, rows: Ints) -> _Crew:
        n = len(ids)
        return cls(
            ids=ids,
            rows=rows,
            state=np.full(n, AgentState.IDLE, np.int8),
            unknown=np.full(n, np.nan),
            age_s=np.zeros(n),
            queue_offsets=np.zeros(n + 1, np.int64),
            queues_known=np.zeros(n, np.bool_),
        )


def _roster(scenario: Scenario, group: Group) -> tuple[Ints, Ints]:
    """Agent ids, sorted, and the scenario's row of each.

    An entry's agents have the ids it names; else, in a tier the file knows by ids, the tier's; else the next that no
    tier of the file names.
    """
    tiers = {tier.name: tier for tier in group.tiers}
    named = [ids for tier in group.tiers for ids in tier.ids]
    taken: set[int] = set()
    ids: list[int] = []
    for entry in scenario.agents:
        tier = tiers.get(entry.tier)
        if entry.first_id is not None:
            free: Iterator[int] = iter(range(entry.first_id, entry.first_id + entry.count))
        elif tier is not None and tier.ids:
            free = (agent for one in tier.ids for agent in range(one.first, one.last + 1) if agent not in taken)
        else:
            free = (
                agent
                for agent in range(FIRST_ID, 1_000_000)
                if agent not in taken and not any(one.first <= agent <= one.last for one in named)
            )
        own = [agent for agent, _ in zip(free, range(entry.count), strict=False)]
        if len(own) < entry.count:
            raise UsageError(
                f"{scenario.name}: tier {entry.tier} has {entry.count} agents, the rule file's has ids for {len(own)}",
                help="widen the tier's ids in the rule file, or give the entry ids of its own",
            )
        taken.update(own)
        ids += own
    if len(taken) < len(ids):
        raise UsageError(f"{scenario.name}: an agent id stands in two entries", help="give each entry ids of its own")
    order = np.argsort(np.array(ids), kind="stable")
    return np.array(ids, np.int64)[order], order
