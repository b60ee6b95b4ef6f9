"""Reading a plan: a row an agent, a column a stage, a sentence for each."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from autoscaler.core.book import EachAgent, Rule, Safety, Smoothing, Stability
from autoscaler.core.exchange import plan_to_json
from autoscaler.core.plan import GroupPlan, Stage
from autoscaler.core.readings import AgentState
from autoscaler.core.reasons import HELD, Reason, sentence

from .staging import ALWAYS, UNKNOWN, WAITING, Floor, calls, group, on_a_call, over, people, raising, rate, share, slots


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_a_sentence_without_blanks(reason: Reason) -> None:
    said = sentence(reason, rule="surge", stability="cooldown", roster="no answer")
    assert said
    assert not re.search(r"[{}]", said)
    assert sentence(reason)


def test_reasons_fit_their_column_and_are_numbered_once() -> None:
    codes = [int(reason) for reason in Reason]
    assert len(set(codes)) == len(codes)
    assert max(codes) <= np.iinfo(np.uint8).max
    assert set(Reason) >= HELD


def surge() -> tuple[Floor, GroupPlan]:
    stability = Stability(raises=Smoothing(at_most=(rate(slots(2), 60.0),)), each=EachAgent(raise_by=(1, 60.0)))
    rules = (raising(share(0.15), over(WAITING, 20)), on_a_call())
    team = people(20)
    team[3] = replace(team[3], state=AgentState.TALKING)
    floor = Floor.of(group(*rules, stability=stability, safety=Safety(agents_per_tick=0.1)), team)
    return floor, floor.tick(0, 31)


def test_an_agents_story_has_every_stage_in_order_with_a_limit_and_a_sentence() -> None:
    _, plan = surge()
    for row in range(len(plan.ids)):
        story = list(plan.story(row))
        assert [cell.stage for cell in story] == list(Stage)
        assert all(cell.why and 1 <= cell.limit <= 60 for cell in story)


def told(plan: GroupPlan, agent: int) -> dict[str, tuple[int, str]]:
    row = plan.row_of(agent)
    assert row is not None
    return {cell.stage.value: (cell.limit, cell.why) for cell in plan.story(row)}


def test_the_story_of_one_who_is_raised_of_one_who_waits_and_of_one_on_a_call() -> None:
    _, plan = surge()
    raised = told(plan, 1001)
    assert raised["observed"] == (3, "the limit in force")
    assert raised["proposed"] == (4, "'surge' asks for more slots, and this agent would be among those who carry them")
    assert raised["arbitrated"] == (4, "no change at this stage")
    assert raised["distributed"] == (
        4,
        "its turn to carry more: at its limit, then least above baseline, then least carried this shift",
    )
    assert raised["wanted"] == (4, "no change at this stage")
    waits = told(plan, 1003)
    assert waits["proposed"][0] == 4
    assert waits["stabilised"] == (3, "stability: the raise rates allow 60 slots now")
    assert waits["wanted"][0] == 3
    talking = told(plan, 1004)
    assert talking["arbitrated"] == (1, "above the agent's ceiling, or capped by 'on a call'")
    assert talking["wanted"][0] == 1


def test_slots_tell_the_groups_story_stage_by_stage() -> None:
    _, plan = surge()
    slots_ = plan.slots
    assert (slots_.observed, slots_.proposed, slots_.arbitrated) == (60, 67, 67)
    assert (slots_.stabilised, slots_.wanted) == (60, 59)
    assert plan.holds[Reason.STABILITY] > 0
    assert plan.holds[Reason.BLAST_RADIUS] == 1


def test_a_rule_is_named_for_those_whom_it_moved() -> None:
    floor, plan = surge()
    assert floor.plan is not None
    rows = {row["id"]: row for row in plan_to_json(floor.plan)["agents"]}
    assert {agent: rows[agent]["rule"] for agent in calls(plan)} == {1001: "surge", 1004: "on a call"}
    assert rows[1010]["rule"] is None


def test_a_row_is_found_by_agent() -> None:
    _, plan = surge()
    assert plan.row_of(1001) == 0
    assert plan.row_of(1020) == 19
    assert plan.row_of(1000) is None
    assert plan.row_of(5000) is None


def test_the_plan_is_printed_in_the_promised_form() -> None:
    floor, _ = surge()
    assert floor.plan is not None
    printed = json.loads(json.dumps(plan_to_json(floor.plan)))
    assert list(printed) == ["at", "rulebook", "groups", "agents", "calls", "memory"]
    assert printed["at"] == "2026-03-02T10:00:00Z"
    assert printed["calls"] == [
        {"agent": 1001, "media_type": 51, "callnums": 4},
        {"agent": 1004, "media_type": 51, "callnums": 1},
    ]
    assert printed["groups"][0]["slots"]["observed"] == 60
    assert printed["groups"][0]["rules"] == [
        {"name": "surge", "verdict": "true"},
        {"name": "on a call", "verdict": "true", "matched": 1},
    ]
    assert len(printed["agents"]) == 20
    first = printed["agents"][0]
    assert (first["id"], first["group"], first["from"], first["to"]) == (1001, "webchat", 3, 4)
    assert [stage["stage"] for stage in first["stages"]] == [stage.value for stage in Stage]


def test_rules_that_wait_or_do_not_know_say_why() -> None:
    rules = (raising(slots(1), over(WAITING, 20), for_s=30.0), Rule(name="lunch", when=ALWAYS, floor=1))
    floor = Floor.of(group(*rules), people(2, limit=UNKNOWN))
    floor.tick(0, 30)
    floor.tick(10, 30)
    assert floor.plan is not None
    printed = plan_to_json(floor.plan)
    assert printed["groups"][0]["rules"][0] == {
        "name": "surge",
        "verdict": "waiting",
        "why": "true for 10 s of 30 s",
    }
    floor.change(limit=UNKNOWN)
    floor.tick(20, UNKNOWN)
    assert floor.plan is not None
    printed = plan_to_json(floor.plan)
    assert printed["groups"][0]["rules"][0]["why"] == "not known: queue.waiting"
    assert printed["groups"][0]["unknown_inputs"] == ["queue.waiting"]
    assert printed["agents"][0]["from"] is None
    assert printed["agents"][0]["to"] == 3
