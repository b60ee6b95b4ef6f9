"""What the commands say of a status, a journal line or a decision that is rare while a demo runs."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from autoscaler.cli.journal_lines import as_lines
from autoscaler.cli.lines import beliefs, wrapped
from autoscaler.cli.status_lines import status_lines
from autoscaler.cli.stories import is_quiet, settled_by, telling
from autoscaler.core.engine import decide
from autoscaler.core.exchange import parse_input, story_to_json
from autoscaler.core.memory import Memory
from autoscaler.core.plan import GroupPlan
from autoscaler.rulebook import load_text
from autoscaler.store.journal import JournalEvent

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
RULES = """\
group: webchat
queues: [2001]
agents: {limit: {floor: 1, baseline: 3, ceiling: 6}, protect: [1004]}
rules:
  - {name: surge, when: queue.waiting > 20, raise: 1 each}
  - {name: tired, when: agent.load > 4, cap: 2}
"""


def decided(waiting: int) -> GroupPlan:
    """A tick with agents who are free, over their cap, unread, protected and pinned."""
    value = {
        "at": "2026-11-22T10:00:00Z",
        "queues": [{"id": 2001, "waiting": waiting}],
        "agents": [
            {"id": 1001, "load": 3, "limit": 3, "state": "idle"},
            {"id": 1002, "load": 5, "limit": 5, "state": "idle"},
            {"id": 1003, "load": None, "limit": 3},
            {"id": 1004, "load": 3, "limit": 3, "state": "idle"},
            {"id": 1005, "load": 3, "limit": 3, "state": "idle"},
            {"id": 1006, "load": 3, "limit": None, "state": "idle"},
        ],
        "overrides": {"pins": [{"agent": 1005, "limit": 2, "reason": "coaching", "by": "ana"}]},
    }
    loaded = load_text({"webchat.yaml": RULES})
    assert loaded.book is not None
    snapshot, _, at = parse_input(value)
    return decide(loaded.book, snapshot, Memory(), at).groups[0]


def why(plan: GroupPlan, agent: int) -> str:
    row = plan.row_of(agent)
    assert row is not None
    return settled_by(story_to_json(plan, row), plan.rule_of(row))


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (1001, "'surge' asks for more"),
        (1002, "above the agent's ceiling, or capped by 'tired'"),
        (1003, "no usable reading of this agent: nothing is raised or lowered on it"),
        (1004, "protected: never changed"),
        (1005, "pinned by a person"),
    ],
)
def test_what_settled_a_limit_is_told_in_a_few_words(agent: int, words: str) -> None:
    assert why(decided(waiting=31), agent) == words


def test_a_limit_that_is_set_because_it_was_unknown_says_so() -> None:
    assert why(decided(waiting=0), 1006) == "its limit was not known: set anew"


def test_a_raise_that_was_cut_short_tells_both_the_rule_and_what_cut_it() -> None:
    limits = [("observed", 3, "the limit in force"), ("proposed", 6, "asked"), ("guarded", 4, "the budget is spent")]
    stages = [{"stage": stage, "limit": limit, "why": words} for stage, limit, words in limits]
    assert settled_by(stages, "surge") == "'surge' asks for more; the budget is spent"


def test_a_pin_has_the_last_word_whatever_the_rules_and_stability_said() -> None:
    said = [
        ("observed", 4, "the limit in force"),
        ("proposed", 5, "'surge' asks for more slots"),
        ("arbitrated", 3, "pinned by a person"),
        ("stabilised", 2, "stability: raise cooldown has 45 s left"),
        ("wanted", 2, "pinned by a person"),
    ]
    stages = [{"stage": stage, "limit": limit, "why": words} for stage, limit, words in said]
    assert settled_by(stages, "surge") == "pinned by a person"


def test_an_agent_of_whom_nothing_was_asked_has_a_quiet_story() -> None:
    plan = decided(waiting=0)
    row = plan.row_of(1001)
    assert row is not None
    assert is_quiet(story_to_json(plan, row))
    assert not is_quiet(story_to_json(decided(waiting=31), row))


def test_a_story_leaves_out_what_says_nothing_and_keeps_every_move() -> None:
    for waiting in (0, 31):
        plan = decided(waiting)
        for row in range(len(plan.ids)):
            stages = story_to_json(plan, row)
            kept = telling(stages)
            assert kept[0] == stages[0]
            assert kept[-1]["limit"] == stages[-1]["limit"]
            assert all(stage["why"] != "no change at this stage" for stage in kept)


def decision(**more: Any) -> JournalEvent:
    """A decision's line."""
    stages = [
        {"stage": "observed", "limit": 3, "why": "the limit in force"},
        {"stage": "proposed", "limit": 4, "why": "'surge' asks for more slots, and this agent would carry them"},
    ]
    row = {
        "schema": "autoscaler.decision/1", "group": "webchat", "agent": 1007, "from": 3, "to": 4, "rule": "surge",
        "stages": stages, "outcome": "applied", "error": None, **more,
    }  # fmt: skip
    return event(row, agent=1007)


def event(row: dict[str, Any], agent: int | None = None) -> JournalEvent:
    line = orjson.dumps(row)
    return JournalEvent(schema=row["schema"], at=AT, group=row.get("group") or "", agent=agent, line=line)


def tick(**more: Any) -> JournalEvent:
    """A tick's line."""
    row = {
        "schema": "autoscaler.tick/1", "group": "webchat", "slots": {"observed": 60, "wanted": 60}, "changes": 0,
        "rules": {}, "held": [], "holds": {}, "unknown_inputs": [], "problems": [], "skipped": False, **more,
    }  # fmt: skip
    return event(row)


def order(**more: Any) -> JournalEvent:
    """An order's line."""
    row = {
        "schema": "autoscaler.override/1", "kind": "pause", "by": "ana", "reason": "new IVR", "group": None,
        "agent": None, "limit": None, "until": None, **more,
    }  # fmt: skip
    return event(row, agent=row["agent"])


def after_time(line: JournalEvent) -> list[str]:
    """Its words, without the time and with one blank between them."""
    lines = as_lines(line)
    assert lines[0].startswith("2026-11-22 10:00:00  ")
    assert max(map(len, lines)) <= 100
    return [" ".join(part.split()) for part in (lines[0][21:], *lines[1:])]


def test_a_decision_is_one_line() -> None:
    assert after_time(decision()) == ["webchat 1007 3 -> 4 applied 'surge' asks for more"]


def test_a_decision_from_an_unknown_limit_shows_a_question_mark() -> None:
    assert after_time(decision(**{"from": None}))[0].startswith("webchat 1007 ? -> 4 ")


def test_a_refusal_follows_the_why_and_is_broken_between_words() -> None:
    first, *more = after_time(decision(outcome="rejected", error="retcode 106-003: the limit is above what is allowed"))
    assert first.startswith("webchat 1007 3 -> 4 rejected 'surge' asks for more; ")
    assert " ".join([first, *more]).endswith("; retcode 106-003: the limit is above what is allowed")
    assert more


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (tick(), "webchat tick 60 slots, no change"),
        (tick(changes=1, slots={"observed": 60, "wanted": 61}), "webchat tick 60 slots, 61 wanted, 1 change"),
        (tick(changes=2, rules={"surge": "true", "calm": "false"}), "webchat tick 60 slots, 2 changes; 'surge' holds"),
        (tick(holds={"missing_reading": 1}), "webchat tick 60 slots, no change; 1 agent held: missing reading"),
        (
            tick(unknown_inputs=["queue.waiting"], holds={"unreachable": 3}),
            "webchat tick 60 slots, no change; 3 agents held: unreachable; not known: queue.waiting",
        ),
        (
            tick(skipped=True, why="the tick before was still running"),
            "webchat tick skipped: the tick before was still running",
        ),
        (order(), "all paused until a person ends it by ana: new IVR"),
        (order(kind="resume", reason="", group="webchat"), "webchat resumed by ana"),
        (
            order(kind="pin", agent=1007, limit=2, until="2026-11-22T14:30:00+00:00"),
            "all 1007 pinned to 2 until 2026-11-22 14:30 UTC by ana: new IVR",
        ),
        (order(kind="unfreeze", reason=""), "all unfrozen by ana"),
    ],
)
def test_ticks_and_orders_are_told_in_words(line: JournalEvent, words: str) -> None:
    assert " ".join(after_time(line)) == words


def test_a_long_line_is_broken_between_words_and_indented() -> None:
    lines = wrapped(f"  {'word ' * 40}", "    ")
    assert max(map(len, lines)) <= 100
    assert lines[0].startswith("  word")
    assert all(line.startswith("    word") for line in lines[1:])
    assert wrapped("  short", "    ") == ["  short"]


def standing(**more: Any) -> dict[str, Any]:
    """A status, calm unless said otherwise."""
    group = {
        "group": "webchat", "mode": "enforce", "ticks": {"completed": 9, "skipped": 0, "failed": 0}, "at": "2026-11-22",
        "age_s": 3.2, "agents": 20, "slots": {"observed": 60, "proposed": 60, "wanted": 60}, "load": 42.0,
        "occupancy": 0.7, "waiting": 3.0, "oldest_wait_s": 12.0, "rules": {"surge": "false"}, "held": [], "holds": {},
        "unknown_inputs": [], "problems": [], **more.pop("group", {}),
    }  # fmt: skip
    gateway = {
        "place": "10.0.0.5:8043", "breaker": "closed", "in_flight": 0, "queued": 0, "outcomes": {"applied": 7},
        "last_error": None, "sessions": {"live": 20}, "session_problems": [], **more.pop("gateway", {}),
    }  # fmt: skip
    return {
        "state": "running", "sentence": "1 group: webchat 60 slots of 20 agents", "now": "2026-11-22T10:00:00+00:00",
        "rulebook": f"sha256:{'a' * 64}", "findings": [], "frozen": False, "pauses": [], "pins": [], "groups": [group],
        "gateway": gateway, "store": {"backlog": 0, "lost": 0, "last_error": None}, "last_reload": None,
        "shadow": None, **more,
    }  # fmt: skip


def test_a_calm_status_fits_a_few_lines() -> None:
    assert status_lines(standing()) == [
        "running; 1 group: webchat 60 slots of 20 agents",
        "rules in force: sha256:aaaaaaaaaaaa",
        "",
        "group          agents     slots   load occupancy waiting  oldest   decided",
        "webchat            20        60     42       70%       3    12 s   3 s ago",
        "  rules: none holds",
        "",
        "gateway 10.0.0.5:8043; calls: 7 applied, 0 under way; sessions: 20 live",
        "store: 0 lines to write",
    ]


BELIEF = "limit 4: arrivals 3.1/min, 18 agents, peak at 5, 82% within 30 s expected"


def test_a_group_with_a_goal_tells_what_it_believes_and_what_it_forecasts() -> None:
    ahead = "forecast of queue.waiting in 15m: 40 by the profile of mondays (error 2)"
    lines = status_lines(standing(group={"goal": BELIEF, "forecasts": [ahead]}))
    at = lines.index("  rules: none holds")
    assert lines[at + 1 : at + 3] == [f"  {ahead}", f"  goal: {BELIEF}"]


def test_where_nothing_is_forecast_or_pursued_nothing_is_said_of_it() -> None:
    assert beliefs({"goal": "", "forecasts": []}) == []
    assert beliefs({}) == [], "a decision's line in the journal has neither"


def test_the_first_line_tells_that_nothing_is_called_while_observing() -> None:
    lines = status_lines(standing(group={"mode": "observe"}))
    assert lines[0] == "running, and only observing: nothing is called; 1 group: webchat 60 slots of 20 agents"
    assert "  observe: decides and journals, calls nothing" in lines


def test_the_first_line_tells_of_agents_without_a_session() -> None:
    lines = status_lines(standing(group={"holds": {"unreachable": 4}}))
    assert lines[0].startswith("running, but 4 agents can't be called: no live session; 1 group")
    assert "  4 agents held: unreachable" in lines


def test_while_stopping_the_first_line_is_the_daemon_s_own() -> None:
    sentence = "stopping: finishing calls in flight; 1 group: webchat 60 slots of 20 agents"
    assert status_lines(standing(state="draining", sentence=sentence))[0] == sentence


SESSION = {"agent": 9001, "error": "busy"}


def test_what_is_wrong_is_told_where_it_is_wrong() -> None:
    lines = status_lines(
        standing(
            group={
                "waiting": None, "occupancy": None, "load": None, "oldest_wait_s": None,
                "rules": {"surge": "unknown", "calm": "waiting"}, "unknown_inputs": ["queue.waiting"],
                "problems": ["CC-CMS 10.0.0.6:28443: timed out"], "ticks": {"completed": 7, "skipped": 2, "failed": 1},
                "slots": {"observed": 60, "proposed": 64, "wanted": 64},
            },
            gateway={"breaker": "open", "last_error": "refused", "session_problems": [SESSION]},
            store={"backlog": 12, "lost": 3, "last_error": "the disk is full"},
            findings=[{}],
        )
    )  # fmt: skip
    text = "\n".join(lines)
    assert "webchat            20     60>64      ?         ?       ?       ?   3 s ago" in lines
    assert "  rules: 'surge' can't be judged, 'calm' has not held long enough yet" in lines
    assert "  not known: queue.waiting\n  problem: CC-CMS 10.0.0.6:28443: timed out\n" in text
    assert "  ticks: 2 skipped, 1 failed of 10" in lines
    assert "gateway 10.0.0.5:8043, breaker open; " in text
    assert "  last error: refused\n  agent 9001: busy\n" in text
    assert lines[-1] == "store: 12 lines to write, 3 LOST; the disk is full"
    assert "1 finding ('autoscaler check' shows them)" in lines[1]


def test_orders_that_have_ended_by_themselves_are_not_shown() -> None:
    pin = {"agent": 1007, "limit": 2, "by": "ana", "reason": "coaching"}
    lines = status_lines(
        standing(
            pins=[
                {**pin, "until": "2026-11-22T09:59:59+00:00"},
                {**pin, "agent": 1008, "until": "2026-11-22T10:00:01+00:00"},
            ],
            pauses=[{"group": None, "by": "ana", "reason": "outage", "until": "2026-11-22T09:00:00+00:00"}],
            frozen=True,
        )
    )
    assert [line for line in lines if "pinned" in line] == [
        "pinned: agent 1008 to 2 until 2026-11-22 10:00 UTC, by ana: coaching"
    ]
    assert not [line for line in lines if "paused" in line]
    assert "FROZEN: nothing is called until 'autoscaler resume'" in lines


def test_a_group_before_its_first_tick_says_so() -> None:
    assert "webchat        waits for its first tick" in status_lines(standing(group={"at": None}))
