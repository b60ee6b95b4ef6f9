"""The tables of a rule test file: its keys, and those of its tests, agents, orders and expectations."""

from __future__ import annotations

from autoscaler.rulebook.grammar import Entries, Item, Key, Kind, Section, list_of, section
from autoscaler.rulebook.measures import DAY, HOUR, duration
from autoscaler.rulebook.nodes import Items, Node
from autoscaler.rulebook.people import id_range
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.scalars import choice, short_name, text, verbatim, whole
from autoscaler.rulebook.trials.trial import OrderKind

__all__ = ["AGENTS", "EXPECT", "FILE", "MOST_AGENTS", "ORDER", "TRIAL", "Agents", "Expect", "Files", "Orders", "Trials"]

MOST_TESTS = 1000
MOST_AGENTS = 60_000


def _as_written(shape: dict[str, object]) -> Kind[Node]:
    """Whatever stands there, for values that several forms are allowed for."""

    def read(node: Node, _reporter: Reporter) -> Node | None:
        return node

    return Kind(read, shape)


class Agents:
    """Keys of `agents`, and of each entry when it is a list."""

    count = Key(name="count", kind=whole("count", 0, MOST_AGENTS), about="how many agents there are")
    first = Key(name="first", kind=whole("first", 101, 999_999), about="id of the first of them, default 1001")
    ids = Key(name="ids", kind=list_of(id_range(), "ids"), about="their ids, such as [1001-1010]")
    limit = Key(
        name="limit", kind=verbatim("a limit, or unknown"), about="limit the gateway confirmed, default their baseline"
    )
    load = Key(name="load", kind=whole("load", 0, 10_000), about="chats held, default 0")
    state = Key(name="state", kind=verbatim("a state"), about="state, default idle")
    state_for = Key(
        name="state_for", kind=duration("state_for", 0, 7 * DAY), about="how long in that state, default 1h"
    )
    signed_in_for = Key(
        name="signed_in_for", kind=duration("signed_in_for", 0, 7 * DAY), about="how long signed in, default 1h"
    )


AGENTS = Section(
    noun="agents",
    keys=(
        Agents.count,
        Agents.first,
        Agents.ids,
        Agents.limit,
        Agents.load,
        Agents.state,
        Agents.state_for,
        Agents.signed_in_for,
    ),
)
_AGENTS = section(AGENTS)
_MANY_AGENTS = list_of(_AGENTS, "agents", most=1000)


def _agents(node: Node, reporter: Reporter) -> tuple[Item[Entries], ...] | None:
    if isinstance(node, Items):
        return _MANY_AGENTS.read(node, reporter)
    one = _AGENTS.read(node, reporter)
    return None if one is None else (Item(one, node.span),)


class Orders:
    """Keys of one of `overrides`."""

    order = Key(
        name="order",
        kind=choice("order", {kind.value: kind for kind in OrderKind}),
        about="pause, freeze or pin",
        required=True,
    )
    agent = Key(name="agent", kind=whole("agent", 101, 999_999), about="who is pinned")
    limit = Key(name="limit", kind=whole("limit", 1, 60), about="to which limit")
    from_ = Key(name="from", kind=duration("from", 0, 7 * DAY), about="since when, default 0s")
    until = Key(name="until", kind=duration("until", 0, 7 * DAY), about="until when, default to the end")


ORDER = Section(noun="an order", keys=(Orders.order, Orders.agent, Orders.limit, Orders.from_, Orders.until))


class Expect:
    """Keys of one of `expect`."""

    at = Key(name="at", kind=verbatim("a time such as 90s"), about="after the tick at that time")
    between = Key(
        name="between",
        kind=list_of(verbatim("a time such as 90s"), "two times"),
        about="at every tick from one time to another, both included",
    )
    change = Key(
        name="change", kind=verbatim("none, some, raise, lower or a number"), about="which limits the tick changes"
    )
    slots = Key(name="slots", kind=whole("slots", 0, 3_600_000), about="slots that stability lets through")
    observed = Key(name="observed", kind=whole("observed", 0, 3_600_000), about="slots before the tick")
    proposed = Key(name="proposed", kind=whole("proposed", 0, 3_600_000), about="slots the rules ask for")
    wanted = Key(name="wanted", kind=whole("wanted", 0, 3_600_000), about="slots after the tick")
    agent = Key(name="agent", kind=whole("agent", 101, 999_999), about="whom limit and because speak of")
    limit = Key(name="limit", kind=whole("limit", 1, 60), about="the agent's limit after the tick")
    rule = Key(name="rule", kind=short_name("a rule's name"), about="whose verdict is meant")
    verdict = Key(
        name="verdict", kind=verbatim("true, false, unknown or waiting"), about="true, false, unknown or waiting"
    )
    because = Key(
        name="because", kind=text("words of the explanation", longest=500), about="words the tick's explanation holds"
    )
    always = Key(name="always", kind=verbatim("a condition, or at most N changes per 1m"), about="true at every tick")
    never = Key(name="never", kind=verbatim("a condition"), about="true at no tick, of nobody")
    finally_ = Key(name="finally", kind=verbatim("a condition"), about="true after the last tick")


EXPECT = Section(
    noun="an expectation",
    keys=(
        Expect.at,
        Expect.between,
        Expect.change,
        Expect.observed,
        Expect.proposed,
        Expect.slots,
        Expect.wanted,
        Expect.agent,
        Expect.limit,
        Expect.rule,
        Expect.verdict,
        Expect.because,
        Expect.always,
        Expect.never,
        Expect.finally_,
    ),
)


class Trials:
    """Keys of one of `tests`."""

    name = Key(
        name="name", kind=text("a test's name", longest=200), about="what must happen, as a sentence", required=True
    )
    start = Key(name="start", kind=verbatim('a time such as "2026-12-24 11:50"'), about="local time of the first tick")
    every = Key(name="every", kind=duration("every", 1, HOUR), about="time between ticks, default the rule file's")
    for_ = Key(name="for", kind=duration("for", 0, 7 * DAY), about="how long to go on, default until the last series")
    agents = Key(
        name="agents",
        kind=Kind(_agents, {"anyOf": [_AGENTS.schema, _MANY_AGENTS.schema]}),
        about="who is there",
        required=True,
    )
    series = Key(
        name="series",
        kind=_as_written({"type": "object", "additionalProperties": {"type": ["string", "number"]}}),
        about="readings tick by tick",
    )
    overrides = Key(name="overrides", kind=list_of(section(ORDER), "overrides", most=1000), about="what people order")
    gateway = Key(
        name="gateway",
        kind=_as_written({"anyOf": [{"type": "string"}, {"type": "object"}]}),
        about="how the gateway answers, default applied",
    )
    expect = Key(
        name="expect",
        kind=list_of(section(EXPECT), "expectations", most=10_000),
        about="what must and must not happen",
        required=True,
    )


TRIAL = Section(
    noun="a test",
    keys=(
        Trials.name,
        Trials.agents,
        Trials.start,
        Trials.every,
        Trials.for_,
        Trials.series,
        Trials.overrides,
        Trials.gateway,
        Trials.expect,
    ),
)


class Files:
    """Keys of a rule test file."""

    rules = Key(
        name="rules", kind=text("a rule file", longest=500), about="the rule file, seen from this one", required=True
    )
    tests = Key(
        name="tests", kind=list_of(section(TRIAL), "tests", most=MOST_TESTS), about="what is tested", required=True
    )


FILE = Section(noun="a rule test file", keys=(Files.rules, Files.tests))
