"""The verbs that ask a running daemon, each as a person gives it, against one demo."""

import json
import re
import signal
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from .command import AUTOSCALER, run
from .demo_run import running_demo, started

WIDTH = 100


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with running_demo(tmp_path_factory.mktemp("site") / "demo") as file:
        yield file


@pytest.fixture
def orders(settings: Path) -> Iterator[None]:
    """Orders given by the test end with it."""
    yield
    run("resume", "--config", settings)
    for agent in ("1003", "1009", "1011", "4711"):
        run("unpin", agent, "--config", settings)


def said(settings: Path, *words: str) -> str:
    """What a command that ends well prints."""
    ended = run(*words, "--config", settings)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert max(map(len, ended.stdout.splitlines()[words[0] == "status" :]), default=0) <= WIDTH
    return ended.stdout


def told(settings: Path, *words: str) -> Any:
    """The data it prints."""
    return json.loads(said_json(settings, *words))


def said_json(settings: Path, *words: str) -> str:
    ended = run(*words, "--config", settings, "--format", "json")
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def refused(settings: Path, *words: str) -> str:
    """What a command that is refused says."""
    ended = run(*words, "--config", settings)
    assert (ended.returncode, ended.stdout) == (1, "")
    first, second = ended.stderr.splitlines()
    assert first.startswith("Error: ")
    assert second.startswith("Try: ")
    return first


def test_status_begins_with_the_truth_in_one_sentence(settings: Path) -> None:
    first, second, *_ = said(settings, "status").splitlines()
    assert re.fullmatch(r"running; 1 group: webchat \d+ slots of \d+ agents(, moving to \d+)?", first)
    assert second.startswith("rules in force: sha256:")


def test_status_as_data_has_groups_gateway_and_store(settings: Path) -> None:
    status = told(settings, "status")
    assert status["state"] == "running"
    assert [group["group"] for group in status["groups"]] == ["webchat"]
    assert status["gateway"]["outcomes"]["applied"] >= 1
    assert status["store"]["lost"] == 0


def test_the_socket_can_be_named_instead_of_the_settings(settings: Path) -> None:
    socket = re.findall(r'^socket = "(.*)"$', settings.read_text(), re.MULTILINE)[0]
    assert run("status", "--socket", socket).returncode == 0


def test_the_settings_can_come_from_the_environment(settings: Path) -> None:
    assert run("status", AUTOSCALER_CONFIG=str(settings)).returncode == 0


def test_explain_tells_why_in_words_and_as_data_every_stage(settings: Path) -> None:
    text = said(settings, "explain", "1007")
    assert re.match(r"agent 1007 of webchat (stays at|goes from) ", text)
    assert "no change at this stage" not in text
    assert re.search(r"rules that (do not )?hold", text)
    (group,) = told(settings, "explain", "1007")["groups"]
    assert [stage["stage"] for stage in group["stages"]][0::6] == ["observed", "wanted"]
    assert len(group["stages"]) == 7


def test_explain_at_a_time_tells_the_decision_before_it(settings: Path) -> None:
    now = datetime.fromisoformat(told(settings, "status")["now"])
    (group,) = told(settings, "explain", "1007", "--at", now.isoformat())["groups"]
    assert datetime.fromisoformat(group["at"]) <= now
    assert "agent 1007 of webchat" in said(settings, "explain", "1007", "--at", "1s")
    assert "no decision about agent 1007" in refused(settings, "explain", "1007", "--at", "2001-01-01T00:00:00Z")


def test_explain_of_an_agent_nobody_has_is_refused_with_a_way_out(settings: Path) -> None:
    assert "agent 4711 is in no group" in refused(settings, "explain", "4711")


def test_a_pin_is_told_by_explain_status_plan_and_journal_until_it_is_taken_back(settings: Path, orders: None) -> None:
    pinned = said(settings, "pin", "1009", "2", "--for", "6h", "--reason", "new here")
    assert re.fullmatch(r"agent 1009 is pinned to 2 until [\d-]+ [\d:]+ UTC; it acts at the next tick\n", pinned)
    assert re.search(r"^pinned: agent 1009 to 2 until .*: new here$", said(settings, "status"), re.MULTILINE)
    assert re.search(r"^pinned to 2 by \S+ until .* UTC: new here$", said(settings, "explain", "1009"), re.MULTILINE)
    follow_until(settings, lambda row: row["agent"] == 1009 and row["to"] == 2)
    assert "pinned by a person" in said(settings, "explain", "1009")
    history = said(settings, "journal", "--agent", "1009")
    assert re.search(r"1009  pinned to 2 until .* by \S+: new here$", history, re.MULTILINE)
    assert re.search(r"1009  \d -> 2 +applied +pinned by a person$", history, re.MULTILINE)

    assert said(settings, "unpin", "1009") == "agent 1009 is under the rules again, from the next tick\n"
    assert "agent 1009 is not pinned" in refused(settings, "unpin", "1009")
    assert "new here" not in said(settings, "status")


def test_a_pin_of_an_agent_nobody_has_says_when_it_acts(settings: Path, orders: None) -> None:
    assert said(settings, "pin", "4711", "2", "--reason", "comes tomorrow") == (
        "agent 4711 is pinned to 2 until a person ends it; no group has it now, so it acts when one does\n"
    )
    said(settings, "unpin", "4711")


def test_a_pause_and_a_freeze_stand_in_the_first_line_until_resumed(settings: Path, orders: None) -> None:
    assert "there is no group 'web'" in refused(settings, "pause", "--group", "web", "--reason", "x")
    assert re.fullmatch(
        r"webchat is paused until [\d-]+ [\d:]+ UTC\n",
        said(settings, "pause", "--group", "webchat", "--for", "2h", "--reason", "new IVR"),
    )
    assert said(settings, "pause", "--reason", "outage") == "everything is paused until a person ends it\n"
    status = said(settings, "status")
    assert "everything PAUSED" in status.splitlines()[0]
    assert re.search(r"^paused: webchat until .* UTC, by \S+: new IVR$", status, re.MULTILINE)
    assert "everything is paused by" in said(settings, "explain", "1003")
    assert said(settings, "resume", "--group", "webchat") == "webchat is resumed; still paused: everything\n"

    assert said(settings, "freeze", "--reason", "wrong routing") == (
        "frozen: nothing is called until 'autoscaler resume'\n"
    )
    assert said(settings, "status").startswith("running; FROZEN by a person; everything PAUSED")
    assert "everything is frozen" in said(settings, "explain", "1003")
    assert "so it acts after 'autoscaler resume'" in said(settings, "pin", "1003", "3", "--reason", "x")
    said(settings, "unpin", "1003")
    assert said(settings, "resume") == "everything is resumed\n"
    assert "nothing is paused" in refused(settings, "resume")
    assert said(settings, "status").startswith("running; 1 group: webchat")


def test_plan_says_what_would_change_and_calls_nothing(settings: Path) -> None:
    text = said(settings, "plan")
    assert re.match(r"webchat: 24 agents, \d+ slots ", text)
    assert "  rule 'surge' " in text
    (plan,) = told(settings, "plan")
    assert {"at", "rulebook", "groups", "agents", "calls", "memory"} == set(plan)
    assert len(plan["agents"]) == 24


def test_plan_tries_other_rules_without_putting_them_in_force(settings: Path, tmp_path: Path) -> None:
    before = told(settings, "status")["rulebook"]
    (tmp_path / "webchat.yaml").write_text(
        "group: webchat\nqueues: [2001]\nrules: [{name: hush, when: agent.load < 5, cap: 1}]\nmode: observe\n"
    )
    text = said(settings, "plan", "--rules", str(tmp_path))
    assert re.search(r"rule 'hush' holds for \d+ agents?$", text, re.MULTILINE)
    assert told(settings, "status")["rulebook"] == before
    (tmp_path / "webchat.yaml").write_text("quues: 3\n")
    ended = run("plan", "--rules", tmp_path, "--config", settings)
    assert ended.returncode == 1
    assert "webchat.yaml:1:1" in ended.stderr


def test_reload_refuses_bad_rules_and_says_where_to_look(settings: Path) -> None:
    assert re.fullmatch(r"taken; in force: sha256:\w{12}\n", said(settings, "reload"))
    bad = settings.parent / "rules" / "bad.yaml"
    bad.write_text("quues: 3\n")
    try:
        ended = run("reload", "--config", settings)
        assert (ended.returncode, ended.stdout) == (1, "")
        first, finding, *_, last = ended.stderr.splitlines()
        assert first.startswith("Error: ")
        assert "the rules before stay in force" in first
        assert re.fullmatch(r"""  \S+/bad\.yaml:1: unknown key "quues" \[E104\]""", finding)
        assert last.startswith("Try: 'autoscaler check'")
        assert "; RULES: " in said(settings, "status").splitlines()[0]
    finally:
        bad.unlink()
    said(settings, "reload")
    assert "RULES" not in said(settings, "status")


def test_the_journal_is_decisions_with_the_why_in_words(settings: Path) -> None:
    heading, *rows = said(settings, "journal", "--last", "5").splitlines()
    assert heading.split() == ["time", "(UTC)", "group", "agent", "limit", "outcome", "why"]
    starts = [row for row in rows if re.match(r"\d{4}-\d\d-\d\d ", row)]
    assert len(starts) == 5


def test_the_journal_as_json_is_every_decision_line_as_kept(settings: Path) -> None:
    lines = [json.loads(line) for line in said_json(settings, "journal").splitlines()]
    assert {line["schema"] for line in lines} == {"autoscaler.decision/1"}
    assert {line["agent"] for line in lines} >= set(range(1001, 1025))
    assert {line["retcode"] for line in lines} == {"0"}
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
    assert len(said_json(settings, "journal", "--last", "3").splitlines()) == 3


def test_the_journal_can_be_narrowed_to_an_agent_and_a_time(settings: Path) -> None:
    own = [json.loads(line) for line in said_json(settings, "journal", "--agent", "1002").splitlines()]
    assert {line["agent"] for line in own} == {1002}
    since = own[-1]["at"]
    later = [json.loads(line) for line in said_json(settings, "journal", "--since", since).splitlines()]
    assert min(line["at"] for line in later) >= since
    everything = said(settings, "journal", "--since", "999d", "--last", "9999")
    assert everything.count("1002") >= len(own)


def test_a_journal_that_holds_nothing_of_it_says_what_it_holds(settings: Path) -> None:
    for words in (["--agent", "4712"], ["--group", "nobody"], ["--since", "2999-01-01T00:00:00Z"]):
        ended = run("journal", *words, "--config", settings)
        assert ended.returncode == 0
        assert re.fullmatch(r"nothing is kept .*; the newest line of all is of .* UTC\n", ended.stderr)


def test_the_journal_s_ticks_are_shown_when_asked_for(settings: Path) -> None:
    assert re.search(r"webchat +tick  \d+ slots", said(settings, "journal", "--ticks", "--last", "400"))
    schemas = {
        json.loads(line)["schema"] for line in said_json(settings, "journal", "--ticks", "--last", "400").splitlines()
    }
    assert schemas >= {"autoscaler.decision/1", "autoscaler.tick/1"}


def test_following_the_journal_shows_lines_as_they_are_written_and_ends_quietly(settings: Path, orders: None) -> None:
    with started("journal", "--follow", "--last", "1", "--config", str(settings)) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("time (UTC)")
        said(settings, "pin", "1011", "2", "--reason", "watch this")
        seen = []
        for line in process.stdout:
            seen.append(line)
            if re.search(r"1011  \d -> 2 ", line):
                break
        assert any("pinned to 2" in line and "watch this" in line for line in seen)
        assert len([line for line in seen if "watch this" in line]) == 1
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (130, "")
    said(settings, "unpin", "1011")


def test_a_second_demo_in_the_same_folder_is_refused(settings: Path) -> None:
    ended = run("demo", "--directory", settings.parent)
    assert ended.returncode == 2
    assert ended.stderr == (
        f"Error: {settings.parent}: a demo is running there\nTry: End it with Ctrl-C, or give another --directory.\n"
    )
    assert told(settings, "status")["state"] == "running"


def test_secrets_are_in_nothing_a_command_prints(settings: Path) -> None:
    secrets = [(settings.parent / name).read_text().strip() for name in ("console-token", "cms-secret")]
    shown = said_json(settings, "status") + said_json(settings, "journal", "--ticks") + said(settings, "plan")
    assert not [secret for secret in secrets if secret in shown]


def follow_until(settings: Path, is_it: Any) -> None:
    """Return when a decision of that kind stands in the journal."""
    with started("journal", "--follow", "--format", "json", "--config", str(settings)) as process:
        assert process.stdout is not None
        assert any(is_it(json.loads(line)) for line in process.stdout)


def test_the_command_is_the_installed_one() -> None:
    assert AUTOSCALER.exists()
