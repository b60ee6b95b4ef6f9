"""Broken rule tests: each mistake has its code, its place and something to try."""

from pathlib import Path

import pytest

from autoscaler.rulebook.trials import load_trials

RULES = """\
queues: [2001, 2002]
timezone: Europe/Lisbon
every: 15s
inputs:
  reply_seconds: {source: prometheus, query: q}
rules:
  - {name: surge, when: queue.waiting > 20, raise: 15%}
"""

NAMED = """\
agents: {ids: [1001-1005]}
rules:
  - {name: all, cap: 3}
"""


def found_in(folder: Path, test: str, rules: str = RULES) -> list[tuple[str, str]]:
    """Label and the text under the caret of every finding."""
    (folder / "g.yaml").write_text(rules)
    path = folder / "g.test.yaml"
    path.write_text(test)
    loaded = load_trials(path)
    assert all(one.help or one.code.label == "E104" for one in loaded.diagnostics)
    assert not loaded.files
    return [(one.code.label, one.source_line[one.column - 1 : one.end_column - 1]) for one in loaded.diagnostics]


def body(**keys: str) -> str:
    """A test file with one test, of which some keys are given."""
    merged = {"name": "t", "agents": "{count: 3}", "expect": "[{at: 0s, change: none}]"} | keys
    return "rules: g.yaml\ntests:\n  - " + "\n    ".join(f"{key}: {value}" for key, value in merged.items()) + "\n"


@pytest.mark.parametrize(
    ("keys", "label", "marked"),
    [
        ({"agnets": "3"}, "E104", "agnets"),
        ({"agents": "{limit: 3}"}, "E112", "limit"),
        ({"agents": "{count: 3, ids: [1001]}"}, "E203", "count"),
        ({"agents": "[{ids: [1001]}, {ids: [1001]}]"}, "E204", "1001"),
        ({"agents": "{count: 5, first: 999998}"}, "E117", "5"),
        ({"agents": "{count: 3, limit: 61}"}, "E117", "61"),
        ({"agents": "{count: 3, limit: some}"}, "E116", "some"),
        ({"agents": "{count: 3, state: talkin}"}, "E309", "talkin"),
        ({"agents": "{ids: [1001-70000, 100000-170000]}"}, "E103", "{ids: [1001-70000, 100000-170000]}"),
        ({"series": "3"}, "E113", "3"),
        ({"series": "{queue.wating: 3}"}, "E602", "queue.wating"),
        ({"series": "{queue.spare: 3}"}, "E602", "queue.spare"),
        ({"series": "{'queue[7].waiting': 3}"}, "E602", "'queue[7].waiting'"),
        ({"series": "{queue.waiting: 3, 'queue[2001].waiting': 3}"}, "E602", "'queue[2001].waiting'"),
        ({"series": "{input.reply: 3}"}, "E602", "input.reply"),
        ({"series": "{agents.limit: 3}"}, "E602", "agents.limit"),
        ({"series": "{'agent[1009].load': 3}"}, "E605", "'agent[1009].load'"),
        ({"series": "{'agent[1003-1001].load': 3}"}, "E605", "'agent[1003-1001].load'"),
        ({"series": "{roster: 4}"}, "E117", "4"),
        ({"series": "{agents.load: '1.5'}"}, "E116", "1.5"),
        ({"start": "tomorrow"}, "E607", "tomorrow"),
        ({"start": "2026-02-30 10:00"}, "E607", "2026-02-30 10:00"),
        ({"start": "2026-03-29 01:30"}, "E607", "2026-03-29 01:30"),
        ({"for": "7d"}, "E103", "7d"),
        ({"gateway": "fail"}, "E601", "fail"),
        ({"gateway": "[failed]"}, "E113", "[failed]"),
        ({"gateway": "{'agent[1009]': failed}"}, "E605", "'agent[1009]'"),
        ({"gateway": "{queue: failed}"}, "E602", "queue"),
        ({"overrides": "[{order: pin, agent: 1001}]"}, "E203", "order"),
        ({"overrides": "[{order: freeze, limit: 2}]"}, "E203", "order"),
        ({"overrides": "[{order: thaw}]"}, "E118", "thaw"),
        ({"expect": "[]"}, "E606", "expect"),
        ({"expect": "[{at: 61s, change: none}]"}, "E603", "61s"),
        ({"expect": "[{at: 60, change: none}]"}, "E603", "60"),
        ({"for": "1m", "expect": "[{at: 90s, change: none}]"}, "E603", "90s"),
        ({"expect": "[{at: 0s}]"}, "E606", "at"),
        ({"expect": "[{slots: 3}]"}, "E606", "slots"),
        ({"expect": "[{at: 0s, always: 'agent.limit > 1'}]"}, "E606", "at"),
        ({"expect": "[{between: [1m, 0s], slots: 3}]"}, "E603", "[1m, 0s]"),
        ({"expect": "[{between: [0s], slots: 3}]"}, "E603", "[0s]"),
        ({"expect": "[{at: 0s, change: yes}]"}, "E118", "yes"),
        ({"expect": "[{at: 0s, limit: 3}]"}, "E606", "limit"),
        ({"expect": "[{at: 0s, agent: 1001}]"}, "E606", "agent"),
        ({"expect": "[{at: 0s, agent: 1009, limit: 3}]"}, "E605", "1009"),
        ({"expect": "[{at: 0s, rule: sruge, verdict: true}]"}, "E605", "sruge"),
        ({"expect": "[{at: 0s, rule: surge}]"}, "E606", "rule"),
        ({"expect": "[{at: 0s, verdict: true}]"}, "E606", "verdict"),
        ({"expect": "[{at: 0s, rule: surge, verdict: maybe}]"}, "E118", "maybe"),
        ({"expect": "[{always: agent.limt > 3}]"}, "E303", "agent.limt"),
        ({"expect": "[{always: at most 12 per 1m}]"}, "E606", "at most 12 per 1m"),
        ({"expect": "[{always: at most 12 changes per 1}]"}, "E119", "at most 12 changes per 1"),
        ({"expect": "[{always: agent.limit > 1, slots: 3}]"}, "E606", "slots"),
    ],
)
def test_a_mistake_is_said_once_where_it_stands(tmp_path: Path, keys: dict[str, str], label: str, marked: str) -> None:
    assert found_in(tmp_path, body(**keys)) == [(label, marked)]


def test_a_time_between_two_ticks_names_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "g.yaml").write_text(RULES)
    path = tmp_path / "g.test.yaml"
    path.write_text(body(expect="[{at: 61s, change: none}]"))
    (found,) = load_trials(path).diagnostics
    assert found.message == "61s is no tick: the test decides every 15s"
    assert found.help == "the ticks next to it are at 1m and 75s"


def test_agents_of_another_group_are_refused(tmp_path: Path) -> None:
    assert found_in(tmp_path, body(agents="{count: 9}"), NAMED) == [("E605", "9")]


def test_a_group_without_queues_has_no_queue_series(tmp_path: Path) -> None:
    assert found_in(tmp_path, body(series="{queue.waiting: 3}"), NAMED) == [("E602", "queue.waiting")]


def test_a_name_given_twice_is_refused(tmp_path: Path) -> None:
    text = body() + body().partition("tests:\n")[2]
    assert found_in(tmp_path, text) == [("E204", "t")]


def test_errors_of_the_rules_are_shown_and_pointed_at(tmp_path: Path) -> None:
    found = found_in(tmp_path, body(), "queues: [2001]\nrules: [{name: a, when: queue.wating > 3, raise: 5%}]\n")
    assert ("E303", "queue.wating") in found
    assert ("E608", "g.yaml") in found


@pytest.mark.parametrize("name", ["other.yaml", "."])
def test_rules_that_are_not_there_are_pointed_at(tmp_path: Path, name: str) -> None:
    assert found_in(tmp_path, body().replace("rules: g.yaml", f"rules: {name}")) == [("E608", name)]


def test_a_file_without_tests_says_what_to_write(tmp_path: Path) -> None:
    assert found_in(tmp_path, "rules: g.yaml\ntests: []\n") == [("E604", "tests")]


def test_a_folder_without_tests_says_what_to_write(tmp_path: Path) -> None:
    (found,) = load_trials(tmp_path).diagnostics
    assert found.code.label == "E604"
    assert "tests:" in found.help


def test_a_rule_file_stands_for_the_tests_beside_it(tmp_path: Path) -> None:
    (tmp_path / "g.yaml").write_text(RULES)
    (missing,) = load_trials(tmp_path / "g.yaml").diagnostics
    assert "g.test.yaml" in missing.help
    (tmp_path / "g.test.yaml").write_text(body())
    assert len(load_trials(tmp_path / "g.yaml").files) == 1


@pytest.mark.parametrize("name", ["nowhere", "nowhere.test.yaml", "null\0.test.yaml"])
def test_a_path_that_leads_nowhere_is_one_clear_line(tmp_path: Path, name: str) -> None:
    (found,) = load_trials(tmp_path / name).diagnostics
    assert found.code.label == "E101"


def test_a_folder_named_like_a_test_is_refused(tmp_path: Path) -> None:
    (tmp_path / "odd.test.yaml").mkdir()
    (found,) = load_trials(tmp_path).diagnostics
    assert found.code.label == "E101"


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "odd.test.yaml").write_bytes(b"rules: \xff\n")
    (found,) = load_trials(tmp_path).diagnostics
    assert found.code.label == "E102"
