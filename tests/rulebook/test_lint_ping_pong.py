"""A reported exchange of raise and lower is one that the decision itself carries out; quiet pairs are left alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoscaler.core.book import Group, Rulebook
from autoscaler.core.engine import decide
from autoscaler.core.memory import Memory
from autoscaler.core.plan import Stage
from autoscaler.core.readings import ANY_MEDIA, Agents, AgentState, Input, Queues, Snapshot
from autoscaler.rulebook import Code, load_text
from autoscaler.rulebook.composing import compose
from autoscaler.rulebook.group import Draft, build_group
from autoscaler.rulebook.lint.domains import Domains
from autoscaler.rulebook.lint.exchange import Search
from autoscaler.rulebook.lint.moment import Moment
from autoscaler.rulebook.lint.subjects import Move, moves_of, subject_of
from autoscaler.rulebook.lint.telling import Exchange
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.source import Source

from .lint_files import codes_of, file_of

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
SURGE = "when: group.occupancy > 85%, raise: 15%"
CALM = "when: group.occupancy < 80% and group.mean_limit > 3, lower: 10%"
INPUT = "inputs: {x: {source: p, query: q}}\n"


def draft_of(rules: Sequence[str], head: str = "") -> Draft:
    """The file as read, before anything is said about its meaning."""
    reporter = Reporter(Source("a.yaml", file_of(rules, head)))
    root = compose(reporter)
    assert root is not None
    draft = build_group(root, reporter)
    assert draft is not None
    assert not reporter.has_errors
    return draft


def moves_in(draft: Draft) -> list[Move]:
    """Every raise and lower of the file."""
    domains = Domains(draft.group)
    subjects = [subject_of(placed, domains) for placed in draft.rules]
    return [move for subject in subjects if subject is not None for move in moves_of(subject, domains)]


def exchange_of(rules: Sequence[str], head: str = "") -> tuple[Group, Exchange | None]:
    """The first exchange found between a raise and a lower, either way round."""
    draft = draft_of(rules, head)
    up, down = sorted(moves_in(draft), key=lambda move: not move.is_raise)
    search = Search(draft.group)
    return draft.group, search.find(up, down) or search.find(down, up)


def spread(total: int, people: int) -> np.ndarray:
    """`total` shared among `people` as evenly as whole numbers go, the larger shares first."""
    return np.array([total // people + (row < total % people) for row in range(people)], np.float64)


def snapshot_of(moment: Moment, limits: np.ndarray) -> Snapshot:
    """The moment as a site of alike agents would report it."""
    people = moment.agents
    waiting = moment.outside.get("queue.waiting", 0.0)

    def queue(name: str) -> np.ndarray:
        return np.array([moment.outside.get(f"queue.{name}", 0.0)])

    return Snapshot(
        queues=Queues(
            ids=np.array([2001]),
            waiting=np.array([waiting]),
            oldest_wait_s=queue("oldest_wait"),
            arrivals_per_minute=queue("arrivals_per_minute"),
            abandoned_per_minute=queue("abandoned_per_minute"),
            age_s=np.zeros(1),
        ),
        agents=Agents(
            ids=np.arange(1001, 1001 + people),
            load={ANY_MEDIA: spread(moment.load, people)},
            limit={ANY_MEDIA: limits},
            state=np.full(people, AgentState.IDLE, np.int8),
            state_for_s=np.full(people, 600.0),
            signed_in_for_s=np.full(people, 7200.0),
            age_s=np.zeros(people),
            queue_ids=np.full(people, 2001),
            queue_offsets=np.arange(people + 1),
            queues_known=np.ones(people, np.bool_),
        ),
        inputs={"x": Input(value=moment.outside.get("input.x", 0.0), age_s=0.0)},
    )


def decided(book: Rulebook, moment: Moment) -> list[int]:
    """Slots in force before two decisions of the real thing, and after each."""
    limits = spread(moment.slots, moment.agents)
    memory, found = Memory(), [moment.slots]
    for tick in range(2):
        at = AT + timedelta(seconds=tick * book.groups[0].every_s)
        plan = decide(book, snapshot_of(moment, limits), memory, at)
        (group,) = plan.groups
        limits, memory = group.limits[Stage.WANTED].astype(np.float64), plan.memory
        found.append(int(limits.sum()))
    return found


@pytest.mark.parametrize(
    ("rules", "head"),
    [
        ([SURGE, CALM], ""),
        (["when: group.spare < 5, raise: 15%", "when: queue.waiting == 0 and group.mean_limit > 3.2, lower: 10%"], ""),
        (["when: group.occupancy > 90%, raise: 12 slots", "when: group.spare > 9, lower: 1 each"], ""),
        ([SURGE, CALM], "stability: {raise: {at_most: 8 slots per 1m}}\n"),
        ([SURGE, CALM], "safety: {agents_per_tick: 50%}\n"),
        ([SURGE, CALM], "agents: {limit: {floor: 2, baseline: 2, ceiling: 4}}\n"),
        (["when: group.mean_limit < 3.5 and input.x > 3, raise: 20%", CALM.replace("80%", "95%")], INPUT),
        (["when: queue.waiting > 5 and group.occupancy > 85%, raise: 20%", "when: group.spare > 9, lower: 5%"], ""),
        (["steps: [{when: group.occupancy > 85%, raise: 30%}]", CALM], ""),
    ],
)
def test_the_decision_itself_goes_up_and_down_as_told(rules: list[str], head: str) -> None:
    group, exchange = exchange_of(rules, head)
    assert exchange is not None
    before, between, last = exchange.moments

    assert decided(Rulebook(groups=(group,), digest=""), before) == [before.slots, between.slots, last.slots]
    assert Code.PING_PONG in codes_of(rules, head)


PERCENT = st.integers(40, 110)
AMOUNTS = st.one_of(st.integers(2, 40).map("{}%".format), st.integers(1, 20).map("{} slots".format), st.just("1 each"))


@st.composite
def pairs(draw: st.DrawFn) -> list[str]:
    reading = draw(st.sampled_from(["group.occupancy > {0}%", "group.spare < {1}", "group.mean_limit < {2}"]))
    counter = draw(st.sampled_from(["group.occupancy < {0}%", "group.spare > {1}", "group.mean_limit > {2}"]))

    def filled(text: str) -> str:
        return text.format(draw(PERCENT), draw(st.integers(1, 40)), draw(st.integers(15, 55)) / 10)

    queue = draw(st.sampled_from(["", " and queue.waiting > 3", " and queue.waiting == 0"]))
    both = draw(st.sampled_from(["", " and queue.waiting < 9"]))
    return [
        f"when: {filled(reading)}{queue}, raise: {draw(AMOUNTS)}",
        f"when: {filled(counter)}{both}, lower: {draw(AMOUNTS)}",
    ]


@given(pairs())
@settings(max_examples=150, deadline=None)
def test_no_exchange_is_told_that_does_not_happen(rules: list[str]) -> None:
    group, exchange = exchange_of(rules)
    if exchange is None:
        return
    before, between, last = exchange.moments

    assert decided(Rulebook(groups=(group,), digest=""), before) == [before.slots, between.slots, last.slots]


def test_the_finding_tells_the_moment() -> None:
    (found,) = load_text({"a.yaml": file_of([SURGE, CALM])}).diagnostics

    assert found.code is Code.PING_PONG
    assert "at load 53, 60 slots: " in found.message
    assert '"rule 1" raises to 69, occupancy falls to 76.8 %' in found.message
    assert '"rule 2" lowers to 62, and so on' in found.message


FULL, ROOM = (
    "when: agent.load >= agent.limit, raise: 1 each",
    "when: agent.spare > 0 and agent.limit > 3, lower: 1 each",
)


@pytest.mark.parametrize(
    ("rules", "head"),
    [
        ([FULL, ROOM], ""),
        ([FULL.replace(", raise", ", for: 5m, raise"), ROOM], ""),
        (["track: {input: group.occupancy, target: 80%}", CALM.replace("80%", "95%")], ""),
        (["when: queue.waiting > 5, set: 40 slots", "when: group.spare > 5 and group.slots > 39, lower: 10%"], ""),
        ([SURGE.replace(", raise", ", until: group.occupancy < 90%, raise"), CALM], ""),
        ([SURGE, CALM, "at: sun, hold: both"], ""),
        (["when: group.occupancy > 80%, set: 60 slots", "when: group.occupancy < 70%, set: 40 slots"], ""),
        (["steps: [{when: group.occupancy > 85%, raise: 15%}, {when: group.occupancy < 80%, lower: 10%}]"], ""),
    ],
)
def test_other_moves_that_answer_each_other_are_reported(rules: list[str], head: str) -> None:
    assert Code.PING_PONG in codes_of(rules, head)


@pytest.mark.parametrize(
    ("rules", "head"),
    [
        ([SURGE, CALM.replace("80%", "70%")], ""),  # 70 % of the slots after 15 % more was 80.5 % before
        ([SURGE, CALM.replace("80%", "75%"), "when: group.occupancy < 80%, hold: lower"], ""),
        (
            [SURGE.replace("raise", "keep_for: 5m, raise"), CALM.replace("lower", "for: 1m, lower")],
            "stability: {raise: {window: 5m}}\n",
        ),
        ([SURGE, CALM], "stability: {raise: {window: 5m}, lower: {window: 5m}}\n"),
        ([SURGE, CALM], "stability: {raise: {cooldown: 5m}, lower: {cooldown: 5m}}\n"),
        ([SURGE.replace(", raise", ", cooldown: 5m, raise"), CALM.replace(", lower", ", cooldown: 5m, lower")], ""),
        ([SURGE.replace(", raise", ", at: sat, raise"), CALM.replace(", lower", ", at: sun, lower")], ""),
        ([SURGE.replace("when:", "mode: observe, when:"), CALM], ""),
        (
            [
                "when: queue.waiting > 20 and group.occupancy > 85%, raise: 15%",
                "when: queue.waiting == 0 and group.occupancy < 80% and group.mean_limit > 3.2, lower: 10%",
            ],
            "",
        ),
        (["when: queue.waiting > 20, raise: 15%", "when: group.mean_limit > 3 and group.spare > 5, lower: 5%"], ""),
        ([FULL, ROOM.replace("spare > 0", "spare > 1")], ""),
    ],
)
def test_moves_that_do_not_answer_at_once_are_left_alone(rules: list[str], head: str) -> None:
    assert Code.PING_PONG not in codes_of(rules, head)


def test_sixty_rules_need_a_bounded_search() -> None:
    rules = [f"when: group.occupancy > {60 + n}% and group.busy > {n}%, raise: {n + 5}%" for n in range(30)]
    rules += [f"when: group.occupancy < {40 + n}% and group.mean_limit > 3, lower: {n + 5}%" for n in range(30)]

    draft = draft_of(rules)
    search, moves = Search(draft.group), moves_in(draft)
    for up in moves:
        for down in moves:
            if up.is_raise and not down.is_raise:
                search.find(up, down)

    assert search.left <= 0
    assert search.find(moves[0], moves[-1]) is None
