"""A profile file comes with its rule file, is checked as strictly, and never used when it is anything else."""

import json
from pathlib import Path
from typing import Any

import pytest

from autoscaler.core.book import Calendar
from autoscaler.core.forecasting import observed
from autoscaler.core.outlooks import Outlook, from_prior, prior_of
from autoscaler.rulebook import Code, as_text, load_folder, load_text
from autoscaler.rulebook.formatting import format_text

RULES = "queues: [2001]\nrules: [{name: ahead, when: 'forecast(queue.waiting, 15m) > 2', raise: 5%}]\n"


def profile() -> dict[str, Any]:
    outlook = Outlook.blank()
    for quarter in range(200):
        outlook = observed(outlook, quarter % 7, at=quarter * 900.0, calendar=Calendar(), every_s=900)
    return prior_of(outlook)


def content(**values: Any) -> str:
    return json.dumps({"version": 1, "values": values or {"queue.waiting": profile()}})


def test_it_comes_with_the_rule_file_beside_it_and_counts_for_the_digest(tmp_path: Path) -> None:
    rules, beside = tmp_path / "webchat.yaml", tmp_path / "webchat.profile.json"
    rules.write_text(RULES)
    without = load_folder(tmp_path)
    beside.write_text(content())

    for given in (tmp_path, rules):
        loaded = load_folder(given)
        assert loaded.book is not None, as_text(loaded.diagnostics)
        (prior,) = loaded.book.groups[0].priors
        assert prior.value == "queue.waiting"
        assert prior_of(from_prior(json.loads(prior.known), prior.origin)) == profile()
        assert without.book is not None
        assert loaded.book.digest != without.book.digest
        assert load_text(loaded.files).book == loaded.book


def test_another_files_profile_is_not_taken() -> None:
    loaded = load_text({"a.yaml": RULES, "b.profile.json": content()})
    assert loaded.book is not None
    assert loaded.book.groups[0].priors == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("[1]", "not a profile of version 1"),
        (json.dumps({"version": 2, "values": {}}), "not a profile of version 1"),
        (content(**{"queue.waiting": {}}), "is not a profile, errors and scored"),
        (content(**{"queue.waiting": profile() | {"profile": {"mon": []}}}), "is not one of weekdays"),
        (content(**{"queue.waiting": profile() | {"profile": {"monday": [[1.0]] * 3}}}), "is not a list of 96"),
        (content(**{"queue.waiting": profile() | {"scored": [1, 2, 3, 4, True]}}), "no such number"),
        (content(**{"queue.waiting": profile() | {"errors": [[float("nan")] * 5] * 2}}), "no such number"),
        ("[" * 100_000, ""),
    ],
)
def test_anything_else_keeps_the_rules_from_being_used(text: str, said: str) -> None:
    loaded = load_text({"a.yaml": RULES, "a.profile.json": text})

    assert loaded.book is None
    (found,) = loaded.diagnostics
    assert (found.code, found.path) == (Code.NOT_A_PROFILE, "a.profile.json")
    assert said in found.message


def test_a_value_that_nothing_forecasts_is_reported() -> None:
    loaded = load_text({"a.yaml": RULES, "a.profile.json": content(**{"queue.waitng": profile()})})

    assert [found.code for found in loaded.diagnostics] == [Code.IDLE_PROFILE]
    assert 'it forecasts "queue.waiting"' in loaded.diagnostics[0].help


def test_a_goal_forecasts_arrivals() -> None:
    files = {
        "a.yaml": "queues: [2001]\ngoal: {}\n",
        "a.profile.json": content(**{"queue.arrivals_per_minute": profile()}),
    }

    assert load_text(files).diagnostics == ()


def test_the_formatter_leaves_the_rule_file_as_it_is_beside_one() -> None:
    assert format_text("a.yaml", RULES).text is not None
