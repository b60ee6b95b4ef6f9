"""What every verb has in common: help, usage errors, streams, colour, a reader that goes away."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autoscaler import __version__
from autoscaler.cli.main import VERBS, main

from .command import AUTOSCALER, environment, run

ROOT = Path(__file__).parents[2]
BROKEN = "queues: [2001]\nquues: 3\n"


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_each_verb_has_examples_and_fits(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0
    shown = capsys.readouterr()
    assert "example" in shown.out
    assert f"autoscaler {verb}" in shown.out.split("example")[1]
    assert max(map(len, shown.out.splitlines())) <= 100
    assert shown.err == ""


def test_the_help_lists_every_verb() -> None:
    ended = run("--help")
    assert ended.returncode == 0
    assert ended.stderr == ""
    assert all(f"\n  {verb} " in ended.stdout for verb in VERBS)


def test_the_version_is_the_package_s() -> None:
    assert run("--version").stdout == f"autoscaler {__version__}\n"


def test_no_verb_is_a_usage_error_that_lists_the_verbs() -> None:
    ended = run()
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "  check " in ended.stderr


def test_an_unknown_verb_is_a_usage_error_with_a_guess() -> None:
    ended = run("chek")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr == (
        "Error: there is no verb 'chek'\nTry: Did you mean 'check'? 'autoscaler --help' lists all.\n"
    )


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--bogus"], "--bogus"),
        (["check", "--bogus"], "--bogus"),
        (["check", "--form", "json"], "--form"),
        (["check", "--format", "xml"], "xml"),
        (["decide", "--input", "x"], "--rules"),
        (["explain"], "AGENT"),
        (["explain", "abc"], "'abc' is no agent id: they run from 101 to 999999"),
        (["explain", "100"], "'100' is no agent id"),
        (["explain", "1001", "--at", "yesterday"], "--at: 'yesterday' is not a time"),
        (["explain", "1001", "--at", "2026-11-22T10:00:00"], "no time zone"),
        (["pin", "1001"], "LIMIT"),
        (["pin", "1001", "61", "--reason", "x"], "'61' is no limit: write a whole number from 1 to 60"),
        (["pin", "1001", "0", "--reason", "x"], "'0' is no limit"),
        (["pin", "1001", "-1", "--reason", "x"], "-1"),
        (["pin", "1001", "3.0", "--reason", "x"], "'3.0' is no limit"),
        (["pin", "1000000", "3", "--reason", "x"], "no agent id"),
        (["pin", "9" * 40, "3", "--reason", "x"], "no agent id"),
        (["pin", "1001", "3"], "--reason"),
        (["pin", "1001", "3", "--reason", "  "], "a reason is missing"),
        (["pause", "--reason", "x" * 501], "longer than 500"),
        (["pause", "--reason", "x", "--for", "5"], "'5' is no duration"),
        (["pause", "--reason", "x", "--for", "0s"], "'0s' is no duration"),
        (["pause", "--reason", "x", "--for", "400d"], "more than a year"),
        (["freeze"], "--reason"),
        (["unpin", "7"], "no agent id"),
        (["journal", "--last", "0"], "'0' is no count"),
        (["journal", "--last", "9" * 30], "no count"),
        (["journal", "--since", "soon"], "--since: 'soon' is not a time"),
        (["demo", "--for", "soon"], "'soon' is no duration"),
        (["demo", "--speed", "fast"], "--speed"),
        (["schema", "rules"], "rules"),
    ],
)
def test_a_wrong_argument_is_named_and_ends_in_2(
    words: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    first, second = shown.err.splitlines()
    assert first.startswith("Error: ")
    assert named in first
    assert second.startswith("Try: ")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["demo", "--speed", "0"], "--speed"),
        (["demo", "--speed", "nan"], "--speed"),
        (["demo", "--speed", "1000"], "--speed"),
        (["demo", "--agents", "0"], "--agents"),
        (["demo", "--agents", "2001"], "--agents"),
    ],
)
def test_a_demo_beyond_its_bounds_is_refused(
    words: list[str], named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--directory", str(tmp_path / "demo")]) == 2
    assert f"Error: {named}: " in capsys.readouterr().err
    assert not (tmp_path / "demo").exists()


def test_a_demo_leaves_a_folder_alone_that_it_did_not_make(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert main(["demo", "--directory", str(tmp_path)]) == 2
    assert "no demo made it" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize(
    "words", [["status"], ["explain", "1001"], ["plan"], ["journal"], ["run"], ["unpin", "1001"], ["reload"]]
)
def test_settings_that_are_not_there_end_in_2_and_name_the_file(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "none.toml"
    assert main([*words, "--config", str(missing)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert f"Error: {missing}: can't be read" in shown.err
    assert "Try: " in shown.err


@pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["explain", "1001"],
        ["pause", "--reason", "x"],
        ["resume"],
        ["pin", "1001", "2", "--reason", "x"],
        ["unpin", "1001"],
        ["freeze", "--reason", "x"],
        ["reload"],
    ],
)
def test_without_a_running_daemon_a_verb_that_asks_it_ends_in_4(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--socket", str(tmp_path / "control.sock")]) == 4
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"Error: {tmp_path}/control.sock: no daemon listens\nTry: ")


def test_a_reader_that_has_gone_is_no_trouble() -> None:
    for words in (["--help"], ["schema"], ["check", "--help"]):
        reads, writes = os.pipe()
        os.close(reads)
        ended = subprocess.run([AUTOSCALER, *words], stdout=writes, stderr=subprocess.PIPE, check=False, timeout=60)
        os.close(writes)
        assert (ended.returncode, ended.stderr) == (0, b"")


def seen_on_a_terminal(path: Path, **variables: str) -> bytes:
    """What `check` shows where stderr is a terminal."""
    shown, terminal = os.openpty()
    subprocess.run(
        [AUTOSCALER, "check", path], stdout=subprocess.PIPE, stderr=terminal, env=environment(**variables), check=False
    )
    os.close(terminal)
    text = b""
    while True:
        try:
            part = os.read(shown, 65_536)
        except OSError:  # the way a pseudo-terminal says that its other end is closed
            part = b""
        if not part:
            break
        text += part
    os.close(shown)
    return text


def test_colour_is_for_terminals_that_want_it(tmp_path: Path) -> None:
    rules = tmp_path / "webchat.yaml"
    rules.write_text(BROKEN)
    assert b"\x1b[" in seen_on_a_terminal(rules, TERM="xterm")
    assert b"\x1b[" not in seen_on_a_terminal(rules, TERM="xterm", NO_COLOR="1")
    assert "\x1b[" not in run("check", rules, TERM="xterm", FORCE_COLOR="1").stderr


def test_check_starts_without_what_it_does_not_need() -> None:
    heavy = ["numpy", "httpx", "aiohttp", "rich", "apscheduler", "pydantic", "structlog", "asyncio"]
    heavy += ["orjson", "uvloop", "sqlite3", "ssl", "numba", "matplotlib"]
    program = (
        "import sys\n"
        "from autoscaler.cli.main import main\n"
        f"code = main(['check', 'rules'])\n"
        f"print(code, [name for name in {heavy} if name in sys.modules])\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60, cwd=ROOT
    )
    code, loaded = ended.stdout.split(" ", 1)
    assert code in {"0", "3"}, ended.stderr
    assert loaded == "[]\n"
