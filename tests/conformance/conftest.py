"""Which cases the conformance tests run: the project's own copies, or a file of the same form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.queue_file import QueueCase, QueueFileWrong, read

HERE = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--hpa-cases", metavar="FILE", help="cases of the Kubernetes HPA's behaviour, as hpa_cases.json")
    parser.addoption("--queue-cases", metavar="FILE", help="exactly solved queues, as queue_cases.json")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a file that is none before anything is collected."""
    _queues(config)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test a case: `hpa_case` for those of families the core has, `hpa_family` for every family of the file.

    `queue_case` for every queue, `queue_figure` for every name among their results.
    """
    if "queue_case" in metafunc.fixturenames:
        queues = _queues(metafunc.config)
        metafunc.parametrize("queue_case", queues, ids=[case.name for case in queues])
    if "queue_figure" in metafunc.fixturenames:
        metafunc.parametrize("queue_figure", sorted({key for case in _queues(metafunc.config) for key in case.result}))
    if "hpa_family" in metafunc.fixturenames:
        metafunc.parametrize("hpa_family", sorted({case["family"] for case in _cases(metafunc.config)}))
    if "hpa_case" in metafunc.fixturenames:
        covered = [case for case in _cases(metafunc.config) if case["family"] in metafunc.module.COVERED]
        metafunc.parametrize("hpa_case", covered, ids=[case["id"] for case in covered])


def _cases(config: pytest.Config) -> list[dict[str, Any]]:
    path = _file(config, "hpa_cases")
    cases: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cases"]
    return cases


def _queues(config: pytest.Config) -> list[QueueCase]:
    try:
        return read(_file(config, "queue_cases"))
    except QueueFileWrong as error:
        raise pytest.UsageError(str(error)) from error


def _file(config: pytest.Config, option: str) -> Path:
    # a run of the whole suite meets this file after the command line is read, and knows no such option
    given = config.getoption(option, default=None)
    return HERE / f"{option}.json" if given is None else Path(given)
