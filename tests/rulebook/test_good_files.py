"""What correct files mean: values, defaults, and what a limit leaves out."""

from datetime import date, time
from pathlib import Path

import pytest

from autoscaler.core.book import (
    Amount,
    AmountKind,
    Choose,
    Direction,
    EachAgent,
    Goal,
    GoalCost,
    Group,
    IdRange,
    InputSpec,
    Limits,
    Mode,
    Per,
    Rate,
    Safety,
    Smoothing,
    Stability,
    WarmUp,
    Weekly,
)
from autoscaler.core.expressions import Compare, Literal, Name, OverTime, Relation, Scope, TimeFunction, Unit
from autoscaler.rulebook import as_text, load_folder, load_text

RULE = "rules: [{name: surge, when: queue.waiting > 20, raise: 15%}]\n"

WHOLE = """\
version: 1
group: webchat
description: Web chat, Lisbon floor
queues: [2001]
media_type: web_chat
every: 15s
timezone: Europe/Lisbon
mode: enforce
agents:
  limit: {floor: 1, baseline: 3, ceiling: 6}
  tiers:
    - {name: trainees, ids: [1001-1020], ceiling: 2, baseline: 1}
    - {name: new, where: agent.signed_in_for < 1h, ceiling: 4}
  protect: [1007]
  warm_up: {start: 1, add: 1, every: 90s}
inputs:
  reply_seconds: {source: prometheus, query: 'avg(x{queue="2001"})', max_age: 30s, between: [0, 3600], required: false}
rules:
  - {name: surge, when: queue.waiting > 20 and group.occupancy > 85%, for: 30s, raise: 15%, cooldown: 2m}
  - {name: on a call, when: agent.state == "talking", cap: 1}
  - {name: slow replies, when: input.reply_seconds > 60, hold: raise}
  - {name: backlog, track: {input: queue.waiting, per: agent, target: 0.5, tolerance: {down: 5%, up: 20%}}}
  - name: bands
    steps:
      - {when: queue.oldest_wait > 30s, raise: 5%}
      - {when: queue.oldest_wait > 90s, lower: 4 slots}
  - {name: lunch, at: "mon-fri 12:00-14:00", floor: 2}
  - {name: past, when: "peak(queue.waiting, 5m) > 20", keep_for: 1m, set: 40 slots, mode: observe}
goal: {answer: 80%, within: 30s, chat_stretch_below: 1.8}
stability:
  raise: {window: 0s, cooldown: 60s, at_most: [10 slots per 1m, 20% per 2m], choose: smallest}
  lower: {window: 10m, cooldown: 5m, at_most: 10% per 5m}
  each: {raise: 1 per 2m, lower: 1 per 5m, moves: 6 per 1h}
safety: {missing: hold, baseline_after: 10m, agents_per_tick: 20%, calls_per_minute: 600, max_age: 45s, quorum: 80%}
calendar: {holidays: [2027-01-01, 2026-12-25]}
"""


def group_of(text: str) -> Group:
    loaded = load_text({"webchat.yaml": text})
    assert loaded.book is not None, as_text(loaded.diagnostics)
    (group,) = loaded.book.groups
    return group


def test_the_whole_language_becomes_the_cores_values() -> None:
    group = group_of(WHOLE)
    surge, call, slow, backlog, bands, lunch, past, goal = group.rules

    assert (group.name, group.queues, group.media_type, group.every_s) == ("webchat", (2001,), 51, 15.0)
    assert (group.timezone, group.mode, group.source) == ("Europe/Lisbon", Mode.ENFORCE, "webchat.yaml")
    assert group.protect == (IdRange(first=1007, last=1007),)
    assert group.warm_up == WarmUp(start=1, add=1, every_s=90.0)
    assert group.inputs == (
        InputSpec(
            name="reply_seconds",
            source="prometheus",
            query='avg(x{queue="2001"})',
            max_age_s=30.0,
            between=(0.0, 3600.0),
            required=False,
        ),
    )
    assert (surge.for_s, surge.cooldown_s, surge.per_agent) == (30.0, 120.0, False)
    assert surge.raise_by == Amount(kind=AmountKind.SHARE, value=0.15)
    assert (call.cap, call.per_agent) == (1, True)
    assert slow.hold is Direction.RAISE
    assert backlog.track is not None
    assert (backlog.track.per, backlog.track.target) == (Per.AGENT, 0.5)
    assert (backlog.track.tolerance_down, backlog.track.tolerance_up) == (0.05, 0.2)
    assert [step.lower_by for step in bands.steps] == [None, Amount(kind=AmountKind.SLOTS, value=4.0)]
    assert lunch.at == (Weekly(days=frozenset(range(5)), start=time(12), end=time(14)),)
    assert past.when == Compare(
        Relation.GT,
        OverTime(TimeFunction.PEAK, Name(Scope.QUEUE, "waiting"), 300.0),
        Literal(20.0, Unit.COUNT),
    )
    assert (past.keep_for_s, past.mode, past.set_to) == (60.0, Mode.OBSERVE, Amount(kind=AmountKind.SLOTS, value=40.0))
    assert group.goal == Goal(answer=0.8, within_s=30.0, chat_stretch_below=1.8)
    assert (goal.name, goal.pursues) == ("goal", True)
    assert group.stability == Stability(
        raises=Smoothing(
            cooldown_s=60.0,
            at_most=(
                Rate(amount=Amount(kind=AmountKind.SLOTS, value=10.0), period_s=60.0),
                Rate(amount=Amount(kind=AmountKind.SHARE, value=0.2), period_s=120.0),
            ),
            choose=Choose.SMALLEST,
        ),
        lowers=Smoothing(
            window_s=600.0,
            cooldown_s=300.0,
            at_most=(Rate(amount=Amount(kind=AmountKind.SHARE, value=0.1), period_s=300.0),),
        ),
        each=EachAgent(raise_by=(1, 120.0), lower_by=(1, 300.0), moves=(6, 3600.0)),
    )
    assert group.safety == Safety(
        max_age_s=45.0, baseline_after_s=600.0, agents_per_tick=0.2, calls_per_minute=600, quorum=0.8
    )
    assert (group.calendar.timezone, group.calendar.holidays) == (
        "Europe/Lisbon",
        (date(2026, 12, 25), date(2027, 1, 1)),
    )


@pytest.mark.parametrize(
    ("written", "goal"),
    [
        ("{}", Goal()),
        ("{answer: 90%, within: 0s}", Goal(answer=0.9, within_s=0.0)),
        ("{chat_stretch_below: 1.5}", Goal(chat_stretch_below=1.5)),
        ("{cost: {}}", Goal()),
        (
            "{cost: {late_minute: 2, free: 1m, abandoned: 0, excess_chat_minute: 0.2, crowding: 0, limit_change: 0.5}}",
            Goal(
                cost=GoalCost(
                    late_minute=2.0,
                    free_s=60.0,
                    abandoned=0.0,
                    excess_chat_minute=0.2,
                    crowding=0.0,
                    limit_change=0.5,
                )
            ),
        ),
    ],
)
def test_any_part_of_a_goal_may_be_left_out(written: str, goal: Goal) -> None:
    assert group_of(f"queues: [2001]\ngoal: {written}\n").goal == goal


def test_what_is_left_out_is_the_cores_default() -> None:
    group = group_of("queues: [2001]\n" + RULE)
    plain = Group(name="webchat", queues=(2001,), rules=group.rules, source="webchat.yaml")

    assert group == plain


def test_baseline_after_never_means_staying() -> None:
    assert group_of("queues: [2001]\nsafety: {baseline_after: never}\n" + RULE).safety.baseline_after_s is None


@pytest.mark.parametrize(
    ("written", "limits"),
    [
        ("{floor: 4}", (4, 4, 6)),
        ("{floor: 8}", (8, 8, 8)),
        ("{ceiling: 2}", (1, 2, 2)),
        ("{baseline: 9}", (1, 9, 9)),
        ("{floor: 2, ceiling: 2}", (2, 2, 2)),
        ("{}", (1, 3, 6)),
    ],
)
def test_a_limit_moves_what_it_leaves_out_into_what_it_gives(written: str, limits: tuple[int, int, int]) -> None:
    floor, baseline, ceiling = limits
    group = group_of(f"queues: [2001]\nagents: {{limit: {written}}}\n" + RULE)

    assert group.limits == Limits(floor=floor, baseline=baseline, ceiling=ceiling)


def test_a_tier_inherits_the_groups_limits_clamped_into_its_own() -> None:
    text = "agents: {limit: {floor: 3, baseline: 4, ceiling: 6}, tiers: [{name: new, ids: [1001], ceiling: 2}]}\n"
    (tier,) = group_of("queues: [2001]\n" + text + RULE).tiers

    assert tier.limits == Limits(floor=2, baseline=2, ceiling=2)


def test_overlapping_tiers_are_fine_as_long_as_some_agent_is_left() -> None:
    tiers = "[{name: a, ids: [1001-1010], ceiling: 2}, {name: b, ids: [1005-1020], ceiling: 4}]"
    loaded = load_text({"a.yaml": f"queues: [2001]\nagents: {{tiers: {tiers}}}\n" + RULE})

    assert loaded.diagnostics == ()


@pytest.mark.parametrize(("written", "number"), [("51", 51), ("social_chat", 53), ("5", 5), ("video", 19)])
def test_a_media_type_is_a_name_or_a_number(written: str, number: int) -> None:
    assert group_of(f"queues: [2001]\nmedia_type: {written}\n" + RULE).media_type == number


def test_named_agents_need_no_queue() -> None:
    text = "agents: {ids: [101, 1001 - 1020, 999999]}\nrules: [{name: full, when: group.busy > 90%, raise: 1 each}]\n"
    group = group_of(text)

    assert [(ids.first, ids.last) for ids in group.agent_ids] == [(101, 101), (1001, 1020), (999999, 999999)]


def test_the_group_is_named_after_its_file_unless_it_says_so() -> None:
    loaded = load_text({"rules/b.yaml": "queues: [1]\n" + RULE, "rules/a.yaml": "group: zed\nqueues: [2]\n" + RULE})

    assert loaded.book is not None
    assert [group.name for group in loaded.book.groups] == ["b", "zed"]


def test_small_anchors_are_allowed() -> None:
    text = "queues: [2001]\nstability:\n  raise: &calm {cooldown: 60s}\n  lower: *calm\n" + RULE

    assert group_of(text).stability.lowers.cooldown_s == 60.0


def test_windows_line_ends_and_a_byte_order_mark_change_nothing_but_the_digest() -> None:
    text = WHOLE.replace("\n", "\r\n")

    assert group_of("\ufeff" + text) == group_of(WHOLE)


def test_the_example_for_starters_has_no_findings() -> None:
    loaded = load_folder(Path(__file__).parents[2] / "rules/webchat.yaml")

    assert as_text(loaded.diagnostics) == ""
    assert loaded.book is not None
    assert [rule.name for rule in loaded.book.groups[0].rules] == ["surge", "calm"]
