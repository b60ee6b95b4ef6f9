"""`autoscaler test` and `autoscaler fmt` as commands: what they print, write and end with."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from autoscaler.cli.main import main

RULES = "queues: [2001]\nrules:\n  - {name: surge, when: queue.waiting > 20, raise: 15%}\n"
GOOD = """\
rules: g.yaml
tests:
  - name: "a <surge> & more"
    agents: {count: 20}
    series: {queue.waiting: 30}
    expect: [{at: 0s, slots: 69}]
"""
BAD = GOOD.replace("slots: 69", "slots: 70")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "g.yaml").write_text(RULES)
    (tmp_path / "g.test.yaml").write_text(GOOD)
    return tmp_path


def test_passing_tests_end_with_zero(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", str(folder)]) == 0
    out, err = capsys.readouterr()
    assert out == f"ok    {folder}/g.test.yaml: a <surge> & more\n"
    assert err.strip() == "1 passed, 0 failed"


def test_a_failure_ends_with_one_and_shows_the_difference(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "g.test.yaml").write_text(BAD)
    assert main(["test", str(folder)]) == 1
    out = capsys.readouterr().out
    assert out.startswith("FAIL")
    assert f"{folder}/g.test.yaml:6:14" in out
    assert "- expected  slots 70" in out
    assert "+ got       slots 69" in out
    assert "surge: true" in out


def test_bad_files_end_with_one_after_the_good_ones_ran(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "h.test.yaml").write_text("rules: g.yaml\n")
    assert main(["test", str(folder)]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("ok")
    assert 'a rule test file needs "tests"' in err
    assert err.strip().endswith("1 passed, 0 failed, 1 of 2 files could not be run")


def test_no_tests_is_an_error_that_says_what_to_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", str(tmp_path)]) == 1
    err = capsys.readouterr().err
    assert "E604" in err
    assert "NAME.test.yaml" in err


@pytest.mark.parametrize("verb", ["test", "fmt"])
def test_an_unknown_option_ends_with_two(folder: Path, verb: str) -> None:
    assert main([verb, "--unheard-of", str(folder)]) == 2


def test_a_junit_file_that_can_not_be_written_ends_with_two(folder: Path) -> None:
    assert main(["test", str(folder), "--junit", str(folder / "no" / "out.xml")]) == 2


def test_json_holds_outcomes_failures_coverage_and_findings(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "g.test.yaml").write_text(BAD)
    assert main(["test", str(folder), "--format", "json", "--coverage"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["passed"], report["failed"]) == (0, 1)
    (test,) = report["tests"]
    assert test["outcome"] == "failed"
    assert test["failures"][0]["expected"] == "slots 70"
    assert report["coverage"][0]["gaps"][0]["what"] == "rule surge: never false"
    assert report["diagnostics"] == []


def test_junit_counts_tests_failures_and_errors(folder: Path) -> None:
    (folder / "g.test.yaml").write_text(BAD)
    (folder / "h.test.yaml").write_text("rules: g.yaml\n")
    out = folder / "out.xml"
    assert main(["test", str(folder), "--junit", str(out)]) == 1
    root = ET.parse(out).getroot()
    assert {key: root.get(key) for key in ("tests", "failures", "errors")} == {
        "tests": "2",
        "failures": "1",
        "errors": "1",
    }
    first, second = root.findall("testsuite")
    case = first.find("testcase")
    assert case is not None
    assert case.get("name") == "a <surge> & more"
    failure = case.find("failure")
    assert failure is not None
    assert failure.get("message", "").startswith("expected slots 70, got slots 69")
    assert "surge: true" in (failure.text or "")
    error = second.find("testcase/error")
    assert error is not None
    assert error.get("type") == "E112"


def test_coverage_is_printed_below_the_results(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", str(folder), "--coverage"]) == 0
    assert f"coverage of {folder}/g.yaml: 67 % (2 of 3)" in capsys.readouterr().out


def test_fmt_rewrites_what_is_out_of_form_and_keeps_its_mode(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "g.yaml"
    path.write_text("rules:\n- {when: queue.waiting > 20,  name: surge, raise: 15%} # why\nqueues: [2001]\n")
    path.chmod(0o640)
    assert main(["fmt", str(folder)]) == 0
    assert path.read_text() == (
        "queues: [2001]\n\nrules:\n  - {name: surge, when: queue.waiting > 20, raise: 15%}  # why\n"
    )
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(one.name for one in folder.iterdir()) == ["g.test.yaml", "g.yaml"]
    out, err = capsys.readouterr()
    assert out == f"changed {path}\n"
    assert err.strip() == "1 of 2 files changed"
    assert main(["fmt", "--check", str(folder)]) == 0


@pytest.mark.parametrize("option", ["--check", "--diff"])
def test_fmt_that_only_looks_writes_nothing_and_ends_with_one(
    folder: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    path = folder / "g.yaml"
    path.write_text("queues:   [2001]\nrules: []\n")
    assert main(["fmt", option, str(path)]) == 1
    assert path.read_text() == "queues:   [2001]\nrules: []\n"
    out = capsys.readouterr().out
    assert ("+queues: [2001]" in out) == (option == "--diff")


def test_fmt_leaves_a_file_with_errors_alone_and_says_why(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "g.yaml"
    path.write_text("queues:   [2001]\nrulse: []\n")
    assert main(["fmt", str(path)]) == 1
    assert path.read_text() == "queues:   [2001]\nrulse: []\n"
    assert 'did you mean "rules"?' in capsys.readouterr().err


def test_fmt_follows_a_link_to_the_file(folder: Path) -> None:
    target = folder / "real.txt"
    target.write_text("queues:   [2001]\nrules: []\n")
    link = folder / "g.yaml"
    link.unlink()
    link.symlink_to(target)
    assert main(["fmt", str(link)]) == 0
    assert link.is_symlink()
    assert target.read_text() == "queues: [2001]\nrules: []\n"


@pytest.mark.parametrize("name", ["nowhere", "nowhere.yaml", "nowhere.test.yaml"])
def test_fmt_of_nothing_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main(["fmt", str(tmp_path / name)]) == 1
    assert "error[" in capsys.readouterr().err
