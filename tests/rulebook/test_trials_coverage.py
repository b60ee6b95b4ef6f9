"""What the tests of a rule file exercised, and what not."""

from pathlib import Path
from typing import Any

from autoscaler.rulebook.trials.coverage import Coverage
from autoscaler.rulebook.trials.report import coverage_lines
from tests.rulebook.playing import SURGE, played, rules

CAP = {"name": "talks", "when": 'agent.state == "talking"', "cap": 1}
VETO = {"name": "slow", "when": "queue.oldest_wait > 1m", "hold": "raise"}


def covered(folder: Path, book: dict[str, Any], **series: Any) -> Coverage:
    test = {"series": series, "expect": [{"always": "agent.limit <= 60"}]}
    (coverage,) = played(folder, book, test, with_coverage=True).coverage
    return coverage


def gaps(coverage: Coverage) -> list[str]:
    return [gap.sentence for gap in coverage.gaps]


def test_a_rule_seen_both_ways_and_acting_leaves_no_gap(tmp_path: Path) -> None:
    coverage = covered(
        tmp_path, rules(SURGE), **{"queue.waiting": "0x4 30x3 0", "agents.load": "3x7 0", "queue.oldest_wait": 0}
    )
    assert gaps(coverage) == []
    assert coverage.points == (7, 7)


def test_parts_of_a_condition_are_looked_at_apart_with_their_places(tmp_path: Path) -> None:
    coverage = covered(tmp_path, rules(SURGE), **{"queue.waiting": "0x4 30x3"})
    assert gaps(coverage) == ["group.occupancy > 85%: never false"]
    (gap,) = coverage.gaps
    text = (tmp_path / "g.yaml").read_text().splitlines()[gap.line - 1]
    assert text[gap.column - 1 :].startswith("group.occupancy > 85%")


def test_a_rule_that_waits_or_is_unknown_is_not_yet_true(tmp_path: Path) -> None:
    coverage = covered(tmp_path, rules(SURGE), **{"queue.waiting": "_ 30x2"})
    assert "rule surge: never true" in gaps(coverage)
    assert "rule surge: never moved a limit" in gaps(coverage)
    (_, own, _) = coverage.rules[0]
    assert own.unknown


def test_a_goal_is_no_rule_that_tests_must_exercise(tmp_path: Path) -> None:
    """It is judged among the rules, but nobody wrote it as one."""
    book = {**rules(SURGE), "goal": {"answer": "80%", "within": "30s"}}
    coverage = covered(tmp_path, book, **{"queue.waiting": "0x4 30x3 0", "agents.load": "3x7 0"})
    assert [parts.rule.name for parts, _, _ in coverage.rules] == ["surge"]
    assert gaps(coverage) == []


def test_nested_conditions_are_looked_at_on_every_level(tmp_path: Path) -> None:
    when = "queue.waiting > 5 and (queue.oldest_wait > 30s or not group.busy < 50%)"
    coverage = covered(
        tmp_path,
        rules({"name": "a", "when": when, "raise": "1 each"}),
        **{"queue.waiting": 9, "queue.oldest_wait": "9s"},
    )
    (_, _, branches) = coverage.rules[0]
    assert [branch.text for branch, _ in branches] == [
        "queue.waiting > 5",
        "queue.oldest_wait > 30s or not group.busy < 50%",
        "queue.oldest_wait > 30s",
        "not group.busy < 50%",
    ]
    assert [(seen.yes, seen.no) for _, seen in branches] == [(True, False), (True, False), (False, True), (True, False)]


def test_a_cap_acts_when_it_bounds_somebody(tmp_path: Path) -> None:
    assert "rule talks: never bounded anybody" in gaps(covered(tmp_path, rules(CAP), **{"agents.state": "idle"}))
    coverage = covered(tmp_path, rules(CAP), **{"agents.state": "idle", "agent[1001].state": "talking"})
    assert gaps(coverage) == []


def test_a_veto_acts_when_it_vetoes_something(tmp_path: Path) -> None:
    book = rules({"name": "surge", "when": "queue.waiting > 20", "raise": "15%"}, VETO)
    quiet = covered(tmp_path, book, **{"queue.waiting": 0, "queue.oldest_wait": "0s 2m"})
    assert "rule slow: never vetoed anything" in gaps(quiet)
    busy = covered(tmp_path, book, **{"queue.waiting": "30 30 0", "queue.oldest_wait": "0s 2m"})
    assert gaps(busy) == []


def test_tests_of_several_files_add_up_for_one_rule_file(tmp_path: Path) -> None:
    book = rules({"name": "surge", "when": "queue.waiting > 20", "raise": "15%"})
    tests = [{"series": {"queue.waiting": waiting}, "expect": [{"always": "agent.limit <= 60"}]} for waiting in (0, 30)]
    assert gaps(played(tmp_path, book, tests[0], with_coverage=True).coverage[0])
    assert not gaps(played(tmp_path, book, *tests, with_coverage=True).coverage[0])


def test_coverage_is_shown_as_a_table_with_the_gaps_below(tmp_path: Path) -> None:
    lines = coverage_lines(covered(tmp_path, rules(SURGE), **{"queue.waiting": "0x4 30x3"}))
    assert lines[0].endswith("g.yaml: 86 % (6 of 7)")
    assert lines[2].split() == ["surge", "6", "yes", "yes", "no", "yes", "3/4"]
    assert lines[-1].endswith("group.occupancy > 85%: never false")


def test_watching_changes_nothing(tmp_path: Path) -> None:
    test = {"series": {"queue.waiting": "0x4 30x8"}, "expect": [{"at": "90s", "slots": 1}]}
    book = rules(SURGE, CAP, VETO)
    (plain,) = played(tmp_path, book, test).ran
    (watched,) = played(tmp_path, book, test, with_coverage=True).ran
    assert plain.verdicts.failures == watched.verdicts.failures
