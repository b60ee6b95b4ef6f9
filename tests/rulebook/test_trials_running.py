"""What a rule test plays and judges: readings, rosters, gateways, orders, claims of every kind."""

from pathlib import Path
from typing import Any

import pytest

from tests.rulebook.playing import SURGE, failures, played, rules

CAREFUL = rules(SURGE, safety={"agents_per_tick": "20%"}, stability={"raise": {"cooldown": "60s"}})
PLAIN = rules({"name": "surge", "when": "queue.waiting > 20", "raise": "15%"})


def test_the_worked_example_of_the_language_passes(tmp_path: Path) -> None:
    expect = [
        {"at": "60s", "change": "none", "because": "surge waiting for 30s"},
        {"at": "90s", "slots": 69, "wanted": 64, "observed": 60, "proposed": 69, "change": 4},
        {"always": "agent.limit <= 6"},
        {"always": "at most 12 changes per 1m"},
    ]
    assert failures(tmp_path, CAREFUL, series={"queue.waiting": "0x4 30x8"}, expect=expect) == []


@pytest.mark.parametrize(
    ("claim", "expected", "got"),
    [
        ({"at": "90s", "slots": 64}, "slots 64", "slots 69 (observed 60, proposed 69, slots 69, wanted 64)"),
        ({"at": "90s", "wanted": 69}, "wanted 69", "wanted 64 (observed 60, proposed 69, slots 69, wanted 64)"),
        (
            {"at": "90s", "change": "none"},
            "change: none",
            "4 changed (1001: 3 to 4, 1002: 3 to 4, 1003: 3 to 4, 1004: 3 to 4)",
        ),
        ({"at": "60s", "change": "some"}, "change: some", "no change"),
        ({"at": "60s", "change": 2}, "change: 2", "no change"),
        ({"at": "90s", "agent": 1001, "limit": 3}, "agent 1001 at limit 3", "agent 1001 at limit 4"),
        ({"at": "60s", "rule": "surge", "verdict": "true"}, "surge true", "surge waiting"),
        ({"between": ["0s", "2m"], "rule": "surge", "verdict": "false"}, "surge false", "surge waiting"),
        (
            {"at": "60s", "because": "surge paused"},
            "because: surge paused",
            'the explanation below, without "paused"',
        ),
        (
            {"always": "agent.limit <= 3"},
            "agent.limit <= 3",
            "false of agent 1001 (limit 4), 1002 (limit 4), 1003 (limit 4), 1004 (limit 4)",
        ),
        ({"never": "group.slots > 60"}, "never group.slots > 60", "true"),
        ({"finally": "group.slots == 60"}, "group.slots == 60", "false"),
        ({"always": "at most 3 changes per 1m"}, "at most 3 changes per 1m", "4 changes in 1m"),
        ({"always": "at most 3 calls per 1m"}, "at most 3 calls per 1m", "4 calls in 1m"),
        (
            {"always": "queue.oldest_wait < 5m"},
            "queue.oldest_wait < 5m",
            "unknown at every tick: readings it rests on are missing",
        ),
    ],
)
def test_an_unmet_claim_says_what_was_expected_and_what_came(
    tmp_path: Path, claim: dict[str, Any], expected: str, got: str
) -> None:
    found = failures(tmp_path, CAREFUL, series={"queue.waiting": "0x4 30x8"}, expect=[claim])
    assert found == [(expected, got)]


def test_a_failure_shows_its_first_tick_with_why_and_the_ticks_around(tmp_path: Path) -> None:
    test = {"series": {"queue.waiting": "0x4 30x8"}, "expect": [{"between": ["0s", "2m"], "change": "none"}]}
    (ran,) = played(tmp_path, CAREFUL, test).ran
    (failure,) = ran.verdicts.failures
    assert failure.at_s == 90
    assert "surge: true" in failure.why
    assert [row.at_s for row in failure.around] == [45, 60, 75, 90, 105]
    assert [row.waiting for row in failure.around] == [0, 30, 30, 30, 30]


def test_verdict_words_are_those_of_the_rule_they_name(tmp_path: Path) -> None:
    book = rules(SURGE, {"name": "calm", "when": "queue.waiting == 0", "lower": "10%"})
    expect = [{"at": "0s", "because": "surge true"}]
    assert len(failures(tmp_path, book, series={"queue.waiting": 0}, expect=expect)) == 1
    expect = [{"at": "0s", "because": "calm TRUE, surge false"}]
    assert failures(tmp_path, book, series={"queue.waiting": 0}, expect=expect) == []


def test_durations_in_because_may_be_spelt_differently(tmp_path: Path) -> None:
    expect = [{"at": "15s", "because": "raise cooldown 45s left"}, {"at": "15s", "because": "0.75m left"}]
    book = rules(PLAIN["rules"][0], stability={"raise": {"cooldown": "1m"}})
    assert failures(tmp_path, book, series={"queue.waiting": 30}, expect=expect) == []


@pytest.mark.parametrize("mark", ["_", "stale", "error", "late(61s)"])
def test_a_reading_that_is_not_there_makes_its_rule_unknown(tmp_path: Path, mark: str) -> None:
    expect = [
        {"at": "15s", "rule": "surge", "verdict": "unknown", "change": "none", "because": "missing queue.waiting"}
    ]
    assert failures(tmp_path, PLAIN, series={"queue.waiting": f"30 {mark}"}, expect=expect) == []


def test_a_reading_that_is_late_but_young_enough_counts(tmp_path: Path) -> None:
    expect = [{"at": "15s", "rule": "surge", "verdict": "true"}]
    assert failures(tmp_path, PLAIN, series={"queue.waiting": "30 late(59s)"}, expect=expect) == []


def test_what_no_series_gives_is_missing_and_not_zero(tmp_path: Path) -> None:
    book = rules({"name": "calm", "when": "queue.waiting == 0", "lower": "10%"})
    assert failures(tmp_path, book, expect=[{"at": "0s", "rule": "calm", "verdict": "unknown"}]) == []


def test_a_series_of_all_queues_is_their_sum_and_their_maximum(tmp_path: Path) -> None:
    book = rules(
        {"name": "sum", "when": "queue.waiting == 30", "raise": "1 each"},
        {"name": "longest", "when": "queue.oldest_wait == 45s", "raise": "1 each"},
        {"name": "one", "when": "queue[2002].arrivals_per_minute == 4", "raise": "1 each"},
        queues=[2001, 2002, 2003],
    )
    series = {"queue.waiting": 30, "queue.oldest_wait": "45s", "queue[2002].arrivals_per_minute": 4}
    expect = [{"at": "0s", "rule": name, "verdict": "true"} for name in ("sum", "longest", "one")]
    assert failures(tmp_path, book, series=series, expect=expect) == []


def test_inputs_are_readings_with_ages_of_their_own(tmp_path: Path) -> None:
    book = rules(
        {"name": "slow", "when": "input.reply > 60", "hold": "raise"},
        inputs={"reply": {"source": "p", "query": "q", "max_age": "20s", "between": [-5, 3600]}},
    )
    expect = [
        {"at": "0s", "rule": "slow", "verdict": "true"},
        {"at": "15s", "rule": "slow", "verdict": "unknown"},
        {"at": "30s", "rule": "slow", "verdict": "false"},
    ]
    assert failures(tmp_path, book, series={"input.reply": "61 late(30s) -3"}, expect=expect) == []


def test_agents_have_loads_and_states_of_their_own(tmp_path: Path) -> None:
    book = rules({"name": "talks", "when": 'agent.state == "talking"', "cap": 1})
    series = {"agents.state": "idle", "agent[1002-1003].state": "idle talking", "agent[1003].state": "idle"}
    expect = [
        {"at": "15s", "agent": 1002, "limit": 1, "because": "capped by talks"},
        {"at": "15s", "agent": 1003, "limit": 3},
        {"at": "15s", "change": 1},
    ]
    assert failures(tmp_path, book, series=series, expect=expect) == []


def test_how_long_a_state_lasts_counts_from_its_change(tmp_path: Path) -> None:
    book = rules({"name": "long", "when": 'agent.state == "talking" and agent.state_for >= 30s', "cap": 1})
    expect = [{"at": "30s", "change": "none"}, {"at": "45s", "change": "lower"}]
    assert failures(tmp_path, book, series={"agents.state": "idle talking"}, expect=expect) == []


def test_agents_of_whom_nothing_is_said_are_at_their_tiers_baseline(tmp_path: Path) -> None:
    agents = {"tiers": [{"name": "new", "ids": [1002], "baseline": 1, "ceiling": 2}]}
    expect = [{"at": "0s", "observed": 4, "change": "none", "agent": 1002, "limit": 1}]
    assert failures(tmp_path, PLAIN | {"agents": agents}, agents={"count": 2}, expect=expect) == []


def test_a_limit_that_is_not_known_is_asserted(tmp_path: Path) -> None:
    test = {"agents": {"count": 2, "limit": "unknown"}, "expect": [{"at": "0s", "agent": 1001, "because": "asserted"}]}
    assert failures(tmp_path, PLAIN, **test) == []
    expect = [{"always": "at most 1 calls per 1m"}]
    assert failures(tmp_path, PLAIN, agents={"count": 2, "limit": "unknown"}, expect=expect) == [
        ("at most 1 calls per 1m", "2 calls in 1m")
    ]


def test_whoever_leaves_the_roster_takes_slots_along_and_comes_back_in_a_new_session(tmp_path: Path) -> None:
    book = rules({"name": "fresh", "when": "agent.signed_in_for < 20s", "cap": 2})
    series = {"queue.waiting": 0, "roster": "20 18x3 20x3"}
    expect = [
        {"at": "0s", "observed": 60, "change": "none"},
        {"at": "15s", "observed": 54, "change": "none"},
        {"at": "60s", "agent": 1020, "limit": 2, "because": "not known"},
        {"at": "60s", "agent": 1018, "limit": 3},
        {"at": "90s", "agent": 1020, "limit": 3},
    ]
    assert failures(tmp_path, book, series=series, expect=expect) == []


def test_a_roster_that_nobody_knows_stops_everything(tmp_path: Path) -> None:
    expect = [
        {"at": "15s", "change": "none", "because": "list of agents is not known"},
        {"at": "30s", "change": "raise"},
    ]
    series = {"queue.waiting": "0 30x4", "roster": "20 _ 20"}
    assert failures(tmp_path, PLAIN, series=series, expect=expect) == []


@pytest.mark.parametrize(
    ("gateway", "observed"),
    [
        ("applied", [60, 69]),
        ("failedx1 applied", [60, 60]),
        ("rejectedx1 applied", [60, 60]),
        ("late(15s)", [60, 69]),
        ("late(30s)", [60, 60]),
        ({"agent[1001-1005]": "failed"}, [60, 64]),
        ({"agents": "failed", "agent[1001]": "applied"}, [60, 61]),
    ],
)
def test_the_gateway_answers_as_the_test_says(tmp_path: Path, gateway: Any, observed: list[int]) -> None:
    expect = [{"at": f"{15 * tick}s", "observed": slots} for tick, slots in enumerate(observed)]
    assert failures(tmp_path, PLAIN, series={"queue.waiting": "30 0x4"}, gateway=gateway, expect=expect) == []


def test_a_call_without_an_answer_leaves_the_limit_unknown(tmp_path: Path) -> None:
    expect = [{"at": "15s", "agent": 1001, "limit": 4, "because": "not known"}]
    assert failures(tmp_path, PLAIN, series={"queue.waiting": "30 0x4"}, gateway="unknown", expect=expect) == []


def test_people_pause_pin_and_freeze(tmp_path: Path) -> None:
    orders = [
        {"order": "pause", "until": "30s"},
        {"order": "pin", "agent": 1001, "limit": 2, "from": "15s", "until": "45s"},
        {"order": "freeze", "from": "60s"},
    ]
    expect = [
        {"at": "0s", "change": "none", "because": "paused by a person"},
        {"at": "15s", "change": 1, "agent": 1001, "limit": 2, "because": "pinned"},
        {"at": "30s", "change": "raise"},
        {"between": ["60s", "2m"], "change": "none", "because": "frozen"},
    ]
    assert failures(tmp_path, PLAIN, series={"queue.waiting": 30}, overrides=orders, expect=expect) == []


def test_a_test_goes_on_as_long_as_it_says(tmp_path: Path) -> None:
    (ran,) = played(tmp_path, PLAIN, {"for": "5m", "expect": [{"finally": "group.slots == 60"}]}).ran
    assert ran.verdicts.trial.ticks == 21
    assert not ran.verdicts.failures


def test_a_start_is_local_time_of_the_group(tmp_path: Path) -> None:
    test = {"start": "2026-07-01 12:00", "expect": [{"at": "0s", "change": "none"}]}
    (ran,) = played(tmp_path, PLAIN, test).ran
    assert ran.verdicts.trial.start.isoformat() == "2026-07-01T11:00:00+00:00"


def test_finally_is_judged_after_the_last_tick_alone(tmp_path: Path) -> None:
    series = {"queue.waiting": "30 _"}
    found = failures(tmp_path, PLAIN, series=series, expect=[{"finally": "queue.waiting > 20"}])
    assert found == [("queue.waiting > 20", "unknown at the last tick: readings it rests on are missing")]


def test_the_same_test_runs_the_same_twice(tmp_path: Path) -> None:
    test = {"series": {"queue.waiting": "0+3x40"}, "expect": [{"always": "at most 1 changes per 1m"}]}
    one, other = (played(tmp_path, CAREFUL, test).ran[0].verdicts for _ in range(2))
    assert one.failures
    assert (one.failures, one.changes) == (other.failures, other.changes)
