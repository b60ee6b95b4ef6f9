"""Floors, ceilings, baselines and times that don't fit each other are reported, and others are not."""

import pytest

from autoscaler.rulebook import Code, load_text

from .lint_files import codes_of

TRAINEES = "agents: {tiers: [{name: trainees, ids: [1001-1020], ceiling: 2}]}\n"
BOTH = "agents: {tiers: [{name: trainees, ids: [1001-1020], ceiling: 2}, {name: seniors, ids: [1100], ceiling: 5}]}\n"
SURGE = "when: queue.waiting > 20, raise: 15%"


@pytest.mark.parametrize(
    ("rules", "head", "found"),
    [
        (["at: mon-fri 12:00-14:00, floor: 3"], TRAINEES, [Code.FLOOR_ABOVE]),
        (["at: mon-fri 12:00-14:00, floor: 2"], TRAINEES, []),
        (["when: agent.tier != 'trainees', floor: 3"], TRAINEES, []),
        (["when: agent.tier == 'seniors' and queue.waiting > 3, floor: 3"], BOTH, []),
        (["when: agent.id > 1050, floor: 3"], TRAINEES, []),
        (["when: agent.id > 1010, floor: 3"], TRAINEES, [Code.FLOOR_ABOVE]),
        (["at: mon-fri 12:00-14:00, floor: 4", "at: fri 13:00-18:00, cap: 3"], "", [Code.FLOOR_ABOVE]),
        (["at: mon-fri 12:00-14:00, floor: 4", "at: fri 14:00-18:00, cap: 3"], "", []),
        (["at: 22:00-06:00, floor: 4", "at: sat 03:00-04:00, cap: 3"], "", [Code.FLOOR_ABOVE]),
        (["at: mon 12:00-14:00, floor: 4", "when: agent.load > 3, cap: 1"], "", []),
        (["when: queue.waiting > 30, floor: 4", "when: queue.waiting > 20, cap: 3"], "", [Code.FLOOR_ABOVE]),
        (["when: queue.waiting > 30, floor: 4", "when: queue.waiting > 40, cap: 3"], "", []),
        (["when: queue.waiting > 30, floor: 4, mode: observe", "cap: 3"], "", []),
    ],
)
def test_a_floor_above_what_holds_at_the_same_time_is_reported(rules: list[str], head: str, found: list[Code]) -> None:
    assert codes_of(rules, head) == found


@pytest.mark.parametrize(
    ("head", "found"),
    [
        ("agents: {limit: {ceiling: 6}}\n", []),
        ("agents: {limit: {ceiling: 7}}\n", [Code.UNPRODUCTIVE]),
        ("agents: {limit: {baseline: 8}}\n", [Code.UNPRODUCTIVE]),
        ("media_type: text_chat\nagents: {limit: {ceiling: 7}}\n", [Code.UNPRODUCTIVE]),
        ("media_type: social_chat\nagents: {limit: {ceiling: 20}}\n", []),
        ("media_type: social_chat\nagents: {limit: {ceiling: 21}}\n", [Code.UNPRODUCTIVE]),
        ("media_type: message_call\nagents: {limit: {ceiling: 60}}\n", [Code.UNPRODUCTIVE]),
        ("media_type: voice\nagents: {limit: {ceiling: 9}}\n", []),
        ("media_type: voice\nagents: {limit: {ceiling: 60}}\n", [Code.NO_CEILING]),
        ("agents: {tiers: [{name: a, ids: [1001], ceiling: 9}]}\n", [Code.UNPRODUCTIVE]),
    ],
)
def test_a_ceiling_past_what_one_agent_serves_is_reported(head: str, found: list[Code]) -> None:
    assert codes_of([SURGE], head) == found


def test_a_cap_that_always_holds_is_a_ceiling() -> None:
    assert codes_of([SURGE, "cap: 9"], "media_type: voice\nagents: {limit: {ceiling: 60}}\n") == []


@pytest.mark.parametrize(
    ("rule", "head", "found"),
    [
        ("when: queue.waiting == 0, lower: 10%", "", [Code.BELOW_BASELINE]),
        ("when: group.occupancy < 50%, lower: 10%", "", [Code.BELOW_BASELINE]),
        ("when: agent.load == 0, lower: 1 each", "", [Code.BELOW_BASELINE]),
        ("when: queue.waiting == 0 and group.mean_limit > 3, lower: 10%", "", []),
        ("when: queue.waiting == 0 and group.slots > 60, lower: 10%", "", []),
        ("when: queue.waiting == 0 and group.slots > 3 * group.agents, lower: 10%", "", []),
        ("when: agent.load == 0 and agent.limit > 3, lower: 1 each", "", []),
        ("when: agent.load == 0 and agent.limit > 2, lower: 1 each", "", [Code.BELOW_BASELINE]),
        ("when: agent.load == 0 and agent.above_baseline_for > 1h, lower: 1 each", "", []),
        ("when: queue.waiting == 0, lower: 10%", "agents: {limit: {floor: 3, baseline: 3}}\n", []),
        ("when: queue.waiting == 0, lower: 10%, mode: observe", "", []),
        ("when: queue.waiting > 50, lower: 10%", "", []),
        ("when: input.x > 90, lower: 10%", "inputs: {x: {source: p, query: q}}\n", []),
        ("steps: [{when: queue.waiting == 0, lower: 10%}]", "", [Code.BELOW_BASELINE]),
    ],
)
def test_a_lower_that_walks_past_the_baseline_is_reported(rule: str, head: str, found: list[Code]) -> None:
    assert codes_of([rule], head) == found


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("when: group.spare > 10, raise: 10%", [Code.SELF_FEEDING]),
        ("when: group.mean_limit > 4, raise: 10%", [Code.SELF_FEEDING]),
        ("when: group.occupancy < 50%, raise: 10%", [Code.SELF_FEEDING]),
        ("when: group.occupancy > 90% and group.mean_limit > 3, lower: 10%", []),
        ("when: agent.spare > 1 or agent.occupancy < 50%, raise: 1 each", [Code.SELF_FEEDING]),
        ("when: group.spare > 10 and queue.waiting > 3, raise: 10%", []),
        ("when: group.spare < 10, raise: 10%", []),
        ("when: group.occupancy > 85%, raise: 10%", []),
        ("when: group.mean_limit > 4, lower: 10%", []),
    ],
)
def test_a_move_that_feeds_on_itself_is_reported(rule: str, found: list[Code]) -> None:
    assert codes_of([rule]) == found


@pytest.mark.parametrize(
    ("rule", "head", "found"),
    [
        (f"{SURGE}, for: 14s", "", [Code.TOO_SHORT]),
        (f"{SURGE}, for: 15s", "", []),
        (f"{SURGE}, for: 0s", "", []),
        (f"{SURGE}, keep_for: 10s", "", [Code.TOO_SHORT]),
        (f"{SURGE}, cooldown: 29s", "every: 30s\n", [Code.TOO_SHORT]),
        (SURGE, "stability: {lower: {window: 5s}}\n", [Code.TOO_SHORT]),
        (SURGE, "stability: {lower: {at_most: 10% per 5s}}\n", [Code.TOO_SHORT]),
        (SURGE, "stability: {each: {raise: 1 per 5s}}\n", [Code.TOO_SHORT]),
        (SURGE, "stability: {raise: {cooldown: 15s}, each: {raise: 1 per 2m}}\n", []),
        ('when: "avg(queue.waiting, 10s) > 5", raise: 5%', "", [Code.TOO_SHORT]),
        ('when: queue.waiting > 5, until: "avg(queue.waiting, 10s) < 5", raise: 5%', "", [Code.TOO_SHORT]),
        ('when: "avg(queue.waiting, 1m) > 5", raise: 5%', "", []),
    ],
)
def test_a_time_shorter_than_a_tick_is_reported(rule: str, head: str, found: list[Code]) -> None:
    assert codes_of([rule], head) == found


@pytest.mark.parametrize(
    ("rule", "head", "found"),
    [
        ("when: input.x > 5, raise: 5%", "max_age: 5m", [Code.TOO_OFTEN]),
        ("steps: [{when: input.x > 5, raise: 5%}]", "max_age: 5m", [Code.TOO_OFTEN]),
        ("track: {input: input.x, target: 2}", "max_age: 5m", [Code.TOO_OFTEN]),
        ("when: input.x > 5, raise: 5%", "max_age: 60s", []),
        ("when: input.x > 5, raise: 5%", "required: false", []),
        ("when: input.x > 5, raise: 5%, cooldown: 5m", "max_age: 5m", []),
        ("when: input.x > 5 and group.occupancy > 85%, raise: 5%", "max_age: 5m", []),
        ("when: input.x > 5, hold: raise", "max_age: 5m", []),
        ("when: input.x > 5, set: 40 slots", "max_age: 5m", []),
    ],
)
def test_moving_again_and_again_on_one_reading_is_reported(rule: str, head: str, found: list[Code]) -> None:
    assert codes_of([rule], f"inputs: {{x: {{source: p, query: q, {head}}}}}\n") == found


def test_ids_outside_the_groups_are_reported_one_by_one() -> None:
    text = (
        "agents:\n  ids: [1001-1020]\n  tiers: [{name: a, ids: [1001-1005, 1021, 1019-1022], ceiling: 2}]\n"
        "  protect: [1001, 1050]\nrules: [{name: x, when: group.busy > 90%, raise: 1 each}]\n"
    )

    assert [(found.code, found.message) for found in load_text({"a.yaml": text}).diagnostics] == [
        (Code.OUTSIDE_IDS, '1021 in tier "a" is outside agents.ids'),
        (Code.OUTSIDE_IDS, 'some of 1019-1022 in tier "a" is outside agents.ids'),
        (Code.OUTSIDE_IDS, "1050 in protect is outside agents.ids"),
    ]


def test_errors_come_first_and_alone() -> None:
    assert codes_of(["when: queue.waiting < 0, raise: 15%", "when: queue.waitng > 5, raise: 15%"]) == [
        Code.UNKNOWN_NAME
    ]


def test_a_forecast_is_no_time_that_is_lived_through() -> None:
    ahead = ['when: "forecast(queue.arrivals_per_minute, 15m) > 20", cap: 3']
    assert codes_of(ahead, "every: 30m\n") == []
