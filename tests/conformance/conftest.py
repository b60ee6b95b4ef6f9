"""Which cases the conformance tests run: the project's own copies, or a file of the same form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--hpa-cases", metavar="FILE", help="cases of the Kubernetes HPA's behaviour, as hpa_cases.json")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test a case: `hpa_case` for those of families the core has, `hpa_family` for every family of the file."""
    if not {"hpa_case", "hpa_family"} & set(metafunc.fixturenames):
        return
    cases = _cases(metafunc.config)
    if "hpa_family" in metafunc.fixturenames:
        metafunc.parametrize("hpa_family", sorted({case["family"] for case in cases}))
        return
    covered = [case for case in cases if case["family"] in metafunc.module.COVERED]
    metafunc.parametrize("hpa_case", covered, ids=[case["id"] for case in covered])


def _cases(config: pytest.Config) -> list[dict[str, Any]]:
    # a run of the whole suite meets this file after the command line is read, and knows no such option
    given = config.getoption("hpa_cases", default=None)
    path = HERE / "hpa_cases.json" if given is None else Path(given)
    cases: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cases"]
    return cases
