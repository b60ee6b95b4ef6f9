"""What the rule files mean, as values: the only thing `decide` knows of rules.

The rulebook room builds these from text and has refused everything that makes no sense, so the core trusts them:
1 <= floor <= baseline <= ceiling <= 60, names unique, durations in seconds >= 0, shares as ratios (15% is 0.15).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time
from enum import Enum

from autoscaler.core.expressions import Expression

__all__ = [
    "Amount",
    "AmountKind",
    "Calendar",
    "Choose",
    "Direction",
    "EachAgent",
    "Goal",
    "GoalCost",
    "Group",
    "IdRange",
    "InputSpec",
    "Limits",
    "Mode",
    "Per",
    "Prior",
    "Rate",
    "Rule",
    "Rulebook",
    "Safety",
    "Smoothing",
    "Stability",
    "Step",
    "Tier",
    "Track",
    "WarmUp",
    "Weekly",
]


class Mode(Enum):
    """Whether decisions are carried out."""

    ENFORCE = "enforce"
    OBSERVE = "observe"


class Direction(Enum):
    """Which way a hold vetoes."""

    RAISE = "raise"
    LOWER = "lower"
    BOTH = "both"


class AmountKind(Enum):
    """What an amount counts: limits of every judged agent, slots of the group, or a share of its slots."""

    EACH = "each"
    SLOTS = "slots"
    SHARE = "%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """How far. `value` is whole for EACH and SLOTS, a ratio > 0 for SHARE."""

    kind: AmountKind
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class IdRange:
    """Agent ids from `first` to `last`, both included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """1 <= floor <= baseline <= ceiling <= 60."""

    floor: int
    baseline: int
    ceiling: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Agents with limits of their own.

    Attributes:
        name: Unique in the file.
        ids: Whom it names; () when it selects by `where` alone.
        limits: The tier's, whole: what the tier leaves out is the group's, clamped into what it gives.
        where: Further condition on `agent.*`; None means all of `ids`. With both, both must hold.
    """

    name: str
    ids: tuple[IdRange, ...]
    limits: Limits
    where: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmUp:
    """After sign-in the ceiling starts at `start` and grows by `add` every `every_s`."""

    start: int
    add: int
    every_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """A window of the week in local wall-clock time; `end` <= `start` wraps past midnight.

    Attributes:
        days: Weekdays on which it starts, Monday 0.
        start, end: Start inclusive, end exclusive.
        dates: Single dates on which it starts instead of weekdays; () means `days` count.
    """

    days: frozenset[int]
    start: time
    end: time
    dates: tuple[date, ...] = ()


class Per(Enum):
    """What `track` holds against its target."""

    GROUP = "group"
    AGENT = "agent"
    SLOT = "slot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """Proportional control: Kubernetes HPA arithmetic (../shared/reference/autoscaler-algorithms.md, C1)."""

    input: Expression
    per: Per
    target: float
    tolerance_down: float
    tolerance_up: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One band of `steps`: the last matching one acts."""

    when: Expression
    raise_by: Amount | None
    lower_by: Amount | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; every action it has acts when it matches.

    Attributes:
        name: Unique in the group.
        when: Condition; None is always true.
        per_agent: Judged for every agent (it speaks of `agent.*`), else once for the group.
        for_s: How long `when` must have held without a break.
        keep_for_s: How long it goes on after `when` stops.
        until: Once matched, it stays in force until this is true; None: as long as `when`. Not with keep_for_s.
        at: Only inside one of these windows; () is always.
        cooldown_s: Own cooldown after it last moved anything.
        mode: OBSERVE: judged and reported, without effect.
        pursues: It stands for the file's goal: what it asks of agents comes from `core.goal`.
    """

    name: str
    when: Expression | None = None
    per_agent: bool = False
    for_s: float = 0.0
    keep_for_s: float = 0.0
    until: Expression | None = None
    at: tuple[Weekly, ...] = ()
    raise_by: Amount | None = None
    lower_by: Amount | None = None
    set_to: Amount | None = None
    cap: int | None = None
    floor: int | None = None
    hold: Direction | None = None
    track: Track | None = None
    steps: tuple[Step, ...] = ()
    cooldown_s: float = 0.0
    mode: Mode = Mode.ENFORCE
    pursues: bool = False


class Choose(Enum):
    """Which of several rates counts."""

    LARGEST = "largest"
    SMALLEST = "smallest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """At most `amount` (SLOTS or SHARE) within `period_s`."""

    amount: Amount
    period_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Smoothing:
    """Stability of one direction.

    Attributes:
        window_s: Stabilisation window.
        cooldown_s: Pause after the last move of this direction.
        at_most: Rates; () is no limit.
        choose: LARGEST: the most any rate allows; SMALLEST: the least.
    """

    window_s: float = 0.0
    cooldown_s: float = 0.0
    at_most: tuple[Rate, ...] = ()
    choose: Choose = Choose.LARGEST


@dataclass(frozen=True, slots=True, kw_only=True)
class EachAgent:
    """Budgets of one agent: (how many, within how many seconds); None is no budget.

    Attributes:
        raise_by, lower_by: Limit units.
        moves: Changes of any size and direction: the flap budget.
    """

    raise_by: tuple[int, float] | None = None
    lower_by: tuple[int, float] | None = None
    moves: tuple[int, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stability:
    """How calmly a group moves."""

    raises: Smoothing = Smoothing()
    lowers: Smoothing = Smoothing()
    each: EachAgent = EachAgent()


@dataclass(frozen=True, slots=True, kw_only=True)
class Safety:
    """What is done when things are not as they should be.

    Attributes:
        max_age_s: Older readings are stale.
        baseline_after_s: After so long without a usable reading, limits above baseline go back to it; None: stay.
        agents_per_tick: Share of the group's agents one tick may change, rounded up; > 0.
        calls_per_minute: Calls in any 60 s; None is no limit.
        quorum: Share of counted agents whose load must be known for `group.*` to be known.
    """

    max_age_s: float = 60.0
    baseline_after_s: float | None = None
    agents_per_tick: float = 1.0
    calls_per_minute: int | None = None
    quorum: float = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSpec:
    """A named extra reading.

    Attributes:
        name: As used in `input.NAME`.
        source, query: Whom to ask, and what.
        max_age_s: Older is stale.
        between: Plausible values, both ends included; outside is missing.
        required: False: a rule that rests on it abstains without holding anything back.
    """

    name: str
    source: str
    query: str
    max_age_s: float
    between: tuple[float, float] | None
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalCost:
    """What a goal weighs against what, in whatever unit the site counts; all >= 0.

    Attributes:
        late_minute: A minute one customer waits beyond `free_s`.
        free_s: Seconds of waiting that cost nothing.
        abandoned: One customer who leaves before an answer.
        excess_chat_minute: A minute one chat takes longer than with an agent who holds no other.
        crowding: A minute of one agent at one chat above its baseline; at n above, n squared times as much.
        limit_change: One call that changes an agent's limit.
    """

    late_minute: float = 1.0
    free_s: float = 30.0
    abandoned: float = 5.0
    excess_chat_minute: float = 0.1
    crowding: float = 0.1
    limit_change: float = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What service is wanted; without targets, the least cost.

    Attributes:
        answer: Share of chats to be answered within `within_s`, 0..1; None together with it: no such target.
        within_s: Seconds.
        chat_stretch_below: Times as long as alone that a chat may take, > 1; None: no such bound.
        cost: What decides between plans that meet the targets, or where there are none.
    """

    answer: float | None = None
    within_s: float | None = None
    chat_stretch_below: float | None = None
    cost: GoalCost = GoalCost()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """What is known of a value before the first tick, from a profile file.

    Attributes:
        value: Of which value, as `core.printing.in_text` writes it.
        origin: Tells this knowledge from any other (`sha256:…`): another one begins anew.
        known: What `core.outlooks.prior_of` gave, as JSON text.
    """

    value: str
    origin: str
    known: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Days on which no weekly window starts."""

    timezone: str = "UTC"
    holidays: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One rule file: the agents of one or more skill queues, for one media type.

    Attributes:
        name: Unique in the rulebook.
        queues: Skill queue ids; () only when `agent_ids` names the agents.
        media_type: Wire number.
        every_s: Seconds between ticks.
        mode: OBSERVE decides and journals, and calls nothing.
        limits: Of agents in no tier.
        agent_ids: The agents it names; () means those signed in to its queues.
        protect: Agents never changed.
        priors: What profile files know of values that are forecast.
        source: File the group came from, for messages.
    """

    name: str
    description: str = ""
    queues: tuple[int, ...] = ()
    media_type: int = 51
    every_s: float = 15.0
    timezone: str = "UTC"
    mode: Mode = Mode.ENFORCE
    limits: Limits = Limits(floor=1, baseline=3, ceiling=6)
    tiers: tuple[Tier, ...] = ()
    agent_ids: tuple[IdRange, ...] = ()
    protect: tuple[IdRange, ...] = ()
    warm_up: WarmUp | None = None
    inputs: tuple[InputSpec, ...] = ()
    rules: tuple[Rule, ...] = ()
    goal: Goal | None = None
    priors: tuple[Prior, ...] = ()
    stability: Stability = field(default_factory=Stability)
    safety: Safety = field(default_factory=Safety)
    calendar: Calendar = field(default_factory=Calendar)
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """All groups, sorted by name, and the digest of the text they came from (`sha256:…`)."""

    groups: tuple[Group, ...]
    digest: str

    def group(self, name: str) -> Group | None:
        """The group of that name, or None."""
        return next((group for group in self.groups if group.name == name), None)
