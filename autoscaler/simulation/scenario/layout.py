"""The tables of a scenario file: every key of every section but those of a slowdown, one row each."""

from __future__ import annotations

import math
from enum import Enum

from autoscaler.rulebook.grammar import Entries, Key, Kind, Section, list_of, section
from autoscaler.rulebook.layout import COST
from autoscaler.rulebook.measures import DAY, HOUR, duration, share
from autoscaler.rulebook.nodes import Node, Scalar
from autoscaler.rulebook.people import id_range
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.scalars import choice, short_name, text, whole
from autoscaler.simulation.scenario.curves import slowdown
from autoscaler.simulation.scenario.model import Routing
from autoscaler.simulation.scenario.notation import moment, number, shift, time_of_day

__all__ = [
    "MOST_AGENTS",
    "SCENARIO",
    "Agents",
    "ArrivalKeys",
    "Bursts",
    "Distribution",
    "Gaps",
    "Gateways",
    "Keys",
    "Patience",
    "Rates",
    "Services",
]

MOST_AGENTS = 60_000
LONGEST_S = 60 * DAY
MOST_RATE = 1_000_000
"""Chats a second; how many come in all is bounded where they are counted."""


class Distribution(Enum):
    """The words of `distribution`."""

    EXPONENTIAL = "exponential"
    LOGNORMAL = "lognormal"


class Gaps(Enum):
    """What a missing row of a trace is."""

    ERROR = "error"
    ZERO = "zero"


_DISTRIBUTION = Key(
    name="distribution",
    kind=choice("distribution", {one.value: one for one in Distribution}),
    about="exponential (default), or lognormal with cv",
)
_CV = Key(name="cv", kind=number("cv", 0, 10), about="coefficient of variation of a lognormal")


class Rates:
    """Keys of one of `arrivals.rates`."""

    from_ = Key(name="from", kind=time_of_day(), about='time of day, such as "09:00"', required=True)
    rate = Key(name="rate", kind=number("rate", 0, MOST_RATE), about="chats a second from then on", required=True)


class Bursts:
    """Keys of one of `arrivals.bursts`."""

    at = Key(name="at", kind=duration("at", 0, LONGEST_S), about="since the scenario's start", required=True)
    for_ = Key(name="for", kind=duration("for", 1, LONGEST_S), about="how long", required=True)
    times = Key(name="times", kind=number("times", 0, 1_000), about="factor on the arrivals meanwhile", required=True)


class ArrivalKeys:
    """Keys of `arrivals`."""

    rate = Key(name="rate", kind=number("rate", 0, MOST_RATE), about="chats a second, all the time")
    rates = Key(
        name="rates",
        kind=list_of(section(Section(noun="a rate", keys=(Rates.from_, Rates.rate))), "rates", most=1440),
        about='chats a second by time of day, such as [{from: "09:00", rate: 0.1}]',
    )
    counts = Key(
        name="counts",
        kind=list_of(number("a count", 0, 1_000_000_000), "counts"),
        about="chats expected in each step from the start on",
    )
    trace = Key(name="trace", kind=text("a file's name", longest=1000), about="CSV file of counts")
    time = Key(name="time", kind=text("a column's name", longest=200), about="column of times, default timestamp")
    column = Key(name="column", kind=text("a column's name", longest=200), about="column of counts, default count")
    step = Key(name="step", kind=duration("step", 1, DAY), about="length of a step, default 5m or the trace's own")
    scale = Key(name="scale", kind=number("scale", 0, 1_000_000), about="factor on all counts, default 1")
    start = Key(name="start", kind=moment(), about="the trace's row to start with, default its first")
    gaps = Key(
        name="gaps",
        kind=choice("gaps", {one.value: one for one in Gaps}),
        about="what a missing row is: error (default), or zero arrivals",
    )
    bursts = Key(
        name="bursts",
        kind=list_of(
            section(Section(noun="a burst", keys=(Bursts.at, Bursts.for_, Bursts.times))), "bursts", most=1000
        ),
        about="short times with more or fewer arrivals, such as [{at: 2h, for: 20m, times: 8}]",
    )
    overdispersion = Key(
        name="overdispersion", kind=number("overdispersion", 0, 1_000), about="d: a step's variance is (1 + d) x mean"
    )
    day_factor_cv = Key(
        name="day_factor_cv", kind=number("day_factor_cv", 0, 5), about="variation of a factor drawn once a day"
    )


_ARRIVALS = Section(
    noun="arrivals",
    keys=(
        ArrivalKeys.rate,
        ArrivalKeys.rates,
        ArrivalKeys.counts,
        ArrivalKeys.trace,
        ArrivalKeys.time,
        ArrivalKeys.column,
        ArrivalKeys.step,
        ArrivalKeys.scale,
        ArrivalKeys.start,
        ArrivalKeys.gaps,
        ArrivalKeys.bursts,
        ArrivalKeys.overdispersion,
        ArrivalKeys.day_factor_cv,
    ),
)


class Agents:
    """Keys of one of `agents`."""

    count = Key(name="count", kind=whole("count", 1, MOST_AGENTS), about="how many are alike")
    ids = Key(name="ids", kind=id_range(), about="their ids, such as 1001-1020; default numbered on from 1001")
    limit = Key(name="limit", kind=whole("limit", 1, 60), about="configured limit and baseline, 1 to 60", required=True)
    speed = Key(name="speed", kind=number("speed", 0, 100, above=True), about="factor on every rate, default 1")
    speed_cv = Key(name="speed_cv", kind=number("speed_cv", 0, 5), about="variation of speed between them, default 0")
    tier = Key(name="tier", kind=short_name("a tier's name"), about="name of their tier")
    shift = Key(name="shift", kind=shift(), about='when they are signed in, such as "09:00-12:00 13:00-17:00"')
    slowdown = Key(name="slowdown", kind=slowdown(), about="a slowdown of their own")


_AGENTS = Section(
    noun="agents",
    keys=(
        Agents.count,
        Agents.ids,
        Agents.limit,
        Agents.speed,
        Agents.speed_cv,
        Agents.tier,
        Agents.shift,
        Agents.slowdown,
    ),
)


class Services:
    """Keys of `service`."""

    solo_chat = Key(
        name="solo_chat",
        kind=duration("solo_chat", 1, DAY),
        about="mean time of a chat that has its agent to itself",
        required=True,
    )
    distribution = _DISTRIBUTION
    cv = _CV
    slowdown = Key(name="slowdown", kind=slowdown(), about="what several chats do to each other", required=True)


_SERVICE = Section(noun="service", keys=(Services.solo_chat, Services.distribution, Services.cv, Services.slowdown))


class Patience:
    """Keys of `patience`, which may also be the word none."""

    mean = Key(name="mean", kind=duration("mean", 1, 7 * DAY), about="mean patience of who waits", required=True)
    distribution = _DISTRIBUTION
    cv = _CV
    FOR_EVER = math.inf
    """How `none` reads before it becomes None."""


_PATIENCE = section(Section(noun="patience", keys=(Patience.mean, Patience.distribution, Patience.cv)))


def _patience(node: Node, reporter: Reporter) -> Entries | float | None:
    if isinstance(node, Scalar) and node.value == "none":
        return Patience.FOR_EVER
    return _PATIENCE.read(node, reporter)


class Gateways:
    """Keys of `gateway`."""

    delay = Key(name="delay", kind=duration("delay", 0, HOUR), about="how long a call takes, default 0s")
    failure = Key(name="failure", kind=share("failure", 0, 1), about="share of calls that fail, default 0%")


class Keys:
    """Keys of a whole scenario file."""

    version = Key(name="version", kind=whole("version", 0, 1_000_000), about="version of the form: 1")
    name = Key(name="name", kind=short_name("a scenario's name"), about="default the file's stem")
    description = Key(name="description", kind=text("a description", longest=4000), about="for people")
    seed = Key(name="seed", kind=whole("seed", 0, 10**15), about="of its runs, default 1")
    lasts = Key(name="duration", kind=duration("duration", 1, LONGEST_S), about="such as 24h", required=True)
    warm_up = Key(name="warm_up", kind=duration("warm_up", 0, LONGEST_S), about="left out of the score, default 0s")
    clock = Key(name="clock", kind=moment(), about='wall clock at the start, such as "2026-03-02 07:00"')
    arrivals = Key(
        name="arrivals", kind=section(_ARRIVALS), about="such as {rate: 0.085}, in chats a second", required=True
    )
    every = Key(name="every", kind=duration("every", 1, HOUR), about="time between decisions, default 15s")
    agents = Key(
        name="agents",
        kind=list_of(section(_AGENTS), "agents", most=10_000),
        about="such as [{count: 20, limit: 3}]",
        required=True,
    )
    service = Key(
        name="service",
        kind=section(_SERVICE),
        about="such as {solo_chat: 400s, slowdown: {kind: power, alpha: 0.6}}",
        required=True,
    )
    patience = Key(
        name="patience", kind=Kind(_patience, {"anyOf": [{"const": "none"}, _PATIENCE.schema]}), about="default none"
    )
    routing = Key(
        name="routing",
        kind=choice("routing", {one.value: one for one in Routing}),
        about="which agent below its limit gets a chat",
    )
    gateway = Key(
        name="gateway",
        kind=section(Section(noun="gateway", keys=(Gateways.delay, Gateways.failure))),
        about="how calls to it go",
    )
    cost = Key(name="cost", kind=section(COST), about="weights of cost_per_chat")


SCENARIO = Section(
    noun="a scenario",
    keys=(
        Keys.version,
        Keys.name,
        Keys.description,
        Keys.seed,
        Keys.lasts,
        Keys.warm_up,
        Keys.clock,
        Keys.arrivals,
        Keys.every,
        Keys.agents,
        Keys.service,
        Keys.patience,
        Keys.routing,
        Keys.gateway,
        Keys.cost,
    ),
)
