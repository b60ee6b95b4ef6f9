"""The rule file's tables: every key of every section, one row each.

Adding a key is adding a row here and reading it in the section's builder.
"""

from __future__ import annotations

import math

from autoscaler.core.book import Choose, Direction
from autoscaler.rulebook.amounts import budget, rate
from autoscaler.rulebook.grammar import Key, Kind, Section, list_of, named_sections, one_or_more, section
from autoscaler.rulebook.layout_rules import MODES, RULE
from autoscaler.rulebook.measures import DAY, HOUR, duration, duration_or, share
from autoscaler.rulebook.people import id_range, media, queue_id
from autoscaler.rulebook.scalars import choice, decimal, short_name, text, truth, verbatim, whole
from autoscaler.rulebook.windows import day, zone

__all__ = [
    "AGENTS",
    "CALENDAR",
    "COST",
    "EACH",
    "GOAL",
    "GROUP",
    "INPUT",
    "LIMIT",
    "MOST_RULES",
    "SAFETY",
    "SMOOTHING",
    "STABILITY",
    "TIER",
    "WARM_UP",
    "Agents",
    "Calendars",
    "Costs",
    "Each",
    "Goals",
    "Groups",
    "Inputs",
    "Limit",
    "Safeties",
    "Smoothings",
    "Stabilities",
    "Tiers",
    "WarmUps",
]

MOST_RULES = 500
NEVER = math.inf
"""How `never` reads before it becomes None."""

_IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_]*"


def _weight() -> Kind[float]:
    return decimal("a weight", 0.0, 100_000.0)


class Limit:
    """Keys of a limit; a tier has the same three beside its own."""

    floor = Key(name="floor", kind=whole("floor", 1, 60), about="lowest limit, 1 to 60")
    baseline = Key(name="baseline", kind=whole("baseline", 1, 60), about="limit in quiet times, 1 to 60")
    ceiling = Key(name="ceiling", kind=whole("ceiling", 1, 60), about="highest limit, 1 to 60")


LIMIT = Section(noun="limit", keys=(Limit.floor, Limit.baseline, Limit.ceiling))


class Tiers:
    """Keys of one of `agents.tiers`."""

    name = Key(
        name="name", kind=short_name("a tier's name"), about="the tier's name, unique in the file", required=True
    )
    ids = Key(name="ids", kind=list_of(id_range(), "ids"), about="agents in the tier, such as [1001-1020]")
    where = Key(
        name="where",
        kind=verbatim("a condition on agent.*"),
        about="further condition on agent.*",
    )


TIER = Section(noun="a tier", keys=(Tiers.name, Tiers.ids, Tiers.where, *LIMIT.keys))


class WarmUps:
    """Keys of `agents.warm_up`."""

    start = Key(name="start", kind=whole("start", 1, 60), about="ceiling right after sign-in, default 1")
    add = Key(name="add", kind=whole("add", 1, 60), about="how much it grows each time, default 1")
    every = Key(name="every", kind=duration("every", 1, DAY), about="how often it grows, such as 90s", required=True)


WARM_UP = Section(noun="warm_up", keys=(WarmUps.start, WarmUps.add, WarmUps.every))


class Agents:
    """Keys of `agents`."""

    limit = Key(name="limit", kind=section(LIMIT), about="floor, baseline and ceiling of an agent's limit")
    ids = Key(
        name="ids",
        kind=list_of(id_range(), "ids"),
        about="the group's agents; without it, those signed in to its queues",
    )
    tiers = Key(name="tiers", kind=list_of(section(TIER), "tiers", most=100), about="limits of some; first match wins")
    protect = Key(name="protect", kind=list_of(id_range(), "protected ids"), about="agents that are never changed")
    warm_up = Key(name="warm_up", kind=section(WARM_UP), about="a lower ceiling after sign-in")


AGENTS = Section(noun="agents", keys=(Agents.limit, Agents.ids, Agents.tiers, Agents.protect, Agents.warm_up))


class Inputs:
    """Keys of one of `inputs`."""

    source = Key(
        name="source", kind=short_name("a source"), about="whom to ask, as named in autoscaler.toml", required=True
    )
    query = Key(name="query", kind=text("a query", longest=4000), about="what to ask", required=True)
    max_age = Key(name="max_age", kind=duration("max_age", 1, DAY), about="older readings are stale")
    between = Key(
        name="between",
        kind=list_of(decimal("a number"), "the plausible values"),
        about="lowest and highest plausible value, such as [0, 3600]",
    )
    required = Key(name="required", kind=truth("required"), about="false: when missing, only its rules abstain")


INPUT = Section(noun="an input", keys=(Inputs.source, Inputs.query, Inputs.max_age, Inputs.between, Inputs.required))


class Costs:
    """Keys of `goal.cost`."""

    late_minute = Key(name="late_minute", kind=_weight(), about="a minute of waiting beyond free, default 1")
    free = Key(name="free", kind=duration("free", 0, DAY), about="waiting that costs nothing, default 30s")
    abandoned = Key(name="abandoned", kind=_weight(), about="a customer who leaves, default 5")
    excess_chat_minute = Key(
        name="excess_chat_minute",
        kind=_weight(),
        about="a minute a chat takes longer than alone, default 0.1",
    )
    crowding = Key(
        name="crowding",
        kind=_weight(),
        about="a minute of an agent one chat above its baseline, growing with the square, default 0.1",
    )
    limit_change = Key(name="limit_change", kind=_weight(), about="a change of one agent's limit, default 0.05")


COST = Section(
    noun="cost",
    keys=(
        Costs.late_minute,
        Costs.free,
        Costs.abandoned,
        Costs.excess_chat_minute,
        Costs.crowding,
        Costs.limit_change,
    ),
)


class Goals:
    """Keys of `goal`."""

    answer = Key(name="answer", kind=share("answer", 0.01, 0.999), about="share of chats answered in time")
    within = Key(name="within", kind=duration("within", 0, DAY), about="what in time means")
    stretch = Key(
        name="chat_stretch_below", kind=decimal("a number above 1"), about="how much longer chats may take than alone"
    )
    cost = Key(name="cost", kind=section(COST), about="what falling short costs, and what moving does")


GOAL = Section(noun="goal", keys=(Goals.answer, Goals.within, Goals.stretch, Goals.cost))


class Smoothings:
    """Keys of `stability.raise` and `stability.lower`."""

    window = Key(name="window", kind=duration("window", 0, DAY), about="how far back recommendations damp a move")
    cooldown = Key(name="cooldown", kind=duration("cooldown", 0, DAY), about="pause after a move of this direction")
    at_most = Key(
        name="at_most", kind=one_or_more(rate("at_most"), "rates"), about="rates such as 10 slots per 1m, 20% per 2m"
    )
    choose = Key(
        name="choose",
        kind=choice("choose", {choose.value: choose for choose in Choose}),
        about="which of several rates counts",
    )


SMOOTHING = Section(
    noun="stability of a direction",
    keys=(Smoothings.window, Smoothings.cooldown, Smoothings.at_most, Smoothings.choose),
)


class Each:
    """Keys of `stability.each`."""

    raise_ = Key(name="raise", kind=budget("raise"), about="an agent's raises, such as 1 per 2m")
    lower = Key(name="lower", kind=budget("lower"), about="an agent's lowers, such as 1 per 5m")
    moves = Key(name="moves", kind=budget("moves"), about="an agent's changes of either direction: the flap budget")


EACH = Section(noun="each", keys=(Each.raise_, Each.lower, Each.moves))


class Stabilities:
    """Keys of `stability`."""

    raise_ = Key(name="raise", kind=section(SMOOTHING), about="how calmly slots go up")
    lower = Key(name="lower", kind=section(SMOOTHING), about="how calmly slots go down")
    each = Key(name="each", kind=section(EACH), about="budgets of one agent")


STABILITY = Section(noun="stability", keys=(Stabilities.raise_, Stabilities.lower, Stabilities.each))


class Safeties:
    """Keys of `safety`."""

    missing = Key(name="missing", kind=choice("missing", {"hold": Direction.BOTH}), about="on missing readings: hold")
    baseline_after = Key(
        name="baseline_after",
        kind=duration_or("baseline_after", 1, 7 * DAY, "never", NEVER),
        about="missing for so long, go back to baseline; never: stay",
    )
    agents_per_tick = Key(
        name="agents_per_tick", kind=share("agents_per_tick", 0.001, 1.0), about="share of agents one tick may change"
    )
    calls_per_minute = Key(
        name="calls_per_minute", kind=whole("calls_per_minute", 1, 1_000_000), about="calls in any minute"
    )
    max_age = Key(name="max_age", kind=duration("max_age", 1, DAY), about="older readings are stale")
    quorum = Key(name="quorum", kind=share("quorum", 0.01, 1.0), about="share of agents whose load must be known")


SAFETY = Section(
    noun="safety",
    keys=(
        Safeties.missing,
        Safeties.baseline_after,
        Safeties.agents_per_tick,
        Safeties.calls_per_minute,
        Safeties.max_age,
        Safeties.quorum,
    ),
)


class Calendars:
    """Keys of `calendar`."""

    timezone = Key(name="timezone", kind=zone(), about="zone of the dates, default the group's")
    holidays = Key(name="holidays", kind=list_of(day(), "holidays", most=1000), about="days on which no window starts")


CALENDAR = Section(noun="calendar", keys=(Calendars.timezone, Calendars.holidays))


class Groups:
    """Keys of a whole rule file."""

    version = Key(name="version", kind=whole("version", 0, 1_000_000), about="version of the language: 1")
    group = Key(name="group", kind=short_name("a group's name"), about="unique name, default the file's stem")
    description = Key(name="description", kind=text("a description", longest=1000), about="for people")
    queues = Key(name="queues", kind=list_of(queue_id(), "queues", most=1000), about="skill queue ids")
    media_type = Key(name="media_type", kind=media(), about="name or number, default web_chat")
    every = Key(name="every", kind=duration("every", 1, HOUR), about="time between ticks, default 15s")
    timezone = Key(name="timezone", kind=zone(), about="IANA time zone, default UTC")
    mode = Key(name="mode", kind=choice("mode", MODES), about="observe: decide and journal, call nothing")
    agents = Key(name="agents", kind=section(AGENTS), about="whose limits, and within what")
    inputs = Key(
        name="inputs",
        kind=named_sections(
            section(INPUT),
            short_name("an input's name", pattern=_IDENTIFIER, advice="use letters, digits and _, as in reply_seconds"),
            "inputs",
        ),
        about="further readings, used as input.NAME",
    )
    rules = Key(
        name="rules", kind=list_of(section(RULE), "rules", most=MOST_RULES), about="what moves limits, and when"
    )
    goal = Key(name="goal", kind=section(GOAL), about="the wanted service, instead of thresholds")
    stability = Key(name="stability", kind=section(STABILITY), about="how calmly the group moves")
    safety = Key(name="safety", kind=section(SAFETY), about="what happens when readings or calls fail")
    calendar = Key(name="calendar", kind=section(CALENDAR), about="holidays")


GROUP = Section(
    noun="a rule file",
    keys=(
        Groups.version,
        Groups.group,
        Groups.description,
        Groups.queues,
        Groups.media_type,
        Groups.every,
        Groups.timezone,
        Groups.mode,
        Groups.agents,
        Groups.inputs,
        Groups.rules,
        Groups.goal,
        Groups.stability,
        Groups.safety,
        Groups.calendar,
    ),
)
