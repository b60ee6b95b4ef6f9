"""A report as JUnit XML, which CI servers read: a suite a file, a case a test, bad files as errors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath
from xml.etree import ElementTree as ET

from autoscaler.rulebook.codes import Severity
from autoscaler.rulebook.diagnostics import Diagnostic
from autoscaler.rulebook.rendering import as_text
from autoscaler.rulebook.trials.report import Ran, Report, failures_lines

__all__ = ["to_junit"]

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_junit(report: Report, diagnostics: Sequence[Diagnostic]) -> bytes:
    """The XML in UTF-8; `diagnostics` are of files whose tests could not be run."""
    errors = [one for one in diagnostics if one.severity is Severity.ERROR]
    paths = list(dict.fromkeys([*(one.path for one in report.ran), *(one.path for one in errors)]))
    root = ET.Element("testsuites", name="autoscaler test")
    for path in paths:
        ran = [one for one in report.ran if one.path == path]
        bad = [one for one in errors if one.path == path]
        _suite(root, path, ran, bad)
    _counts(root, report.ran, bad=len({one.path for one in errors}))
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _suite(root: ET.Element, path: str, ran: Sequence[Ran], bad: Sequence[Diagnostic]) -> None:
    suite = ET.SubElement(root, "testsuite", name=_clean(path))
    _counts(suite, ran, bad=1 if bad else 0)
    group = _clean(PurePath(path).name)
    for one in ran:
        trial = one.verdicts.trial
        case = ET.SubElement(
            suite, "testcase", classname=group, name=_clean(trial.name), time=f"{one.seconds:.3f}", file=_clean(path)
        )
        failures = one.verdicts.failures
        if failures:
            said = "; ".join(f"expected {failure.expected}, got {failure.got}" for failure in failures)
            element = ET.SubElement(case, "failure", message=_clean(said), type="expectation")
            element.text = _clean("\n".join(failures_lines(one)))
    if bad:
        case = ET.SubElement(suite, "testcase", classname=group, name="can be read", time="0.000", file=_clean(path))
        element = ET.SubElement(case, "error", message=_clean(bad[0].message), type=bad[0].code.label)
        element.text = _clean(as_text(bad))


def _counts(element: ET.Element, ran: Sequence[Ran], *, bad: int) -> None:
    element.set("tests", str(len(ran) + bad))
    element.set("failures", str(sum(bool(one.verdicts.failures) for one in ran)))
    element.set("errors", str(bad))
    element.set("skipped", "0")
    element.set("time", f"{sum(one.seconds for one in ran):.3f}")


def _clean(text: str) -> str:
    """Text without characters that XML can't hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
