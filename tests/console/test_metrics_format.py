"""The Prometheus text format, read back by the format's own grammar."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscaler.console.metrics import Metrics

# https://prometheus.io/docs/instrumenting/exposition_formats/, text-based format
NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
PAIR = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({PAIR}(?:,{PAIR})*)\}})? (NaN|[+-]Inf|-?[0-9.]+(?:e[+-]?[0-9]+)?)")
UNESCAPED = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


def read(text: str) -> tuple[dict[str, tuple[str, str]], dict[tuple[str, tuple[tuple[str, str], ...]], float]]:
    """Families with help and kind, and samples; fails on anything the grammar does not know."""
    assert text == "" or text.endswith("\n")
    helps: dict[str, str] = {}
    families: dict[str, tuple[str, str]] = {}
    samples: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
    for line in text.split("\n")[:-1]:
        if line.startswith("# HELP "):
            name, _, words = line.removeprefix("# HELP ").partition(" ")
            assert name not in helps
            helps[name] = unescaped(words)
        elif line.startswith("# TYPE "):
            name, _, kind = line.removeprefix("# TYPE ").partition(" ")
            assert kind in ("counter", "gauge")
            assert name not in families, "a family stands in one piece"
            families[name] = (helps[name], kind)
        else:
            found = SAMPLE.fullmatch(line)
            assert found is not None, line
            name, pairs, value = found.groups()
            assert name == list(families)[-1], "samples stand under their family"
            labels = tuple(
                (label, unescaped(quoted))
                for label, quoted in re.findall(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"', pairs or "")
            )
            assert (name, labels) not in samples
            samples[name, labels] = float(value)
    return families, samples


def unescaped(text: str) -> str:
    return re.sub(r'\\[\\"n]', lambda found: UNESCAPED[found.group()], text)


def test_a_scrape_reads_as_written() -> None:
    metrics = Metrics()
    metrics.counter("autoscaler_ticks_total", "Ticks.", 7, group="webchat", outcome="completed")
    metrics.gauge("autoscaler_slots", "Sum of limits.", 60.5)
    metrics.counter("autoscaler_ticks_total", "Ticks.", 0, outcome="failed", group="webchat")
    assert metrics.text() == (
        "# HELP autoscaler_ticks_total Ticks.\n"
        "# TYPE autoscaler_ticks_total counter\n"
        'autoscaler_ticks_total{group="webchat",outcome="completed"} 7\n'
        'autoscaler_ticks_total{group="webchat",outcome="failed"} 0\n'
        "# HELP autoscaler_slots Sum of limits.\n"
        "# TYPE autoscaler_slots gauge\n"
        "autoscaler_slots 60.5\n"
    )


def test_nothing_counted_is_an_empty_scrape() -> None:
    assert Metrics().text() == ""


@given(label=st.text(), words=st.text(), value=st.floats())
def test_whatever_stands_in_it_comes_back(label: str, words: str, value: float) -> None:
    metrics = Metrics()
    metrics.gauge("x", words, value, group=label, stage="wanted")
    families, samples = read(metrics.text())
    assert families == {"x": (words, "gauge")}
    (found,) = samples.values()
    assert found == value or (math.isnan(found) and math.isnan(value))
    assert list(samples) == [("x", (("group", label), ("stage", "wanted")))]


@given(values=st.dictionaries(st.text(), st.integers(0, 2**60)))
def test_every_sample_stands_once_under_its_family(values: dict[str, int]) -> None:
    metrics = Metrics()
    for label, value in values.items():
        metrics.counter("a_total", "A.", value, group=label)
        metrics.gauge("b", "B.", value, group=label)
    _, samples = read(metrics.text())
    assert samples == {
        **{("a_total", (("group", label),)): float(value) for label, value in values.items()},
        **{("b", (("group", label),)): float(value) for label, value in values.items()},
    }


@pytest.mark.parametrize("name", ["9x_total", "a b_total", "a-b_total", "größe_total"])
def test_a_name_the_format_does_not_know_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no metric name"):
        Metrics().counter(name, "X.", 1)


@pytest.mark.parametrize("label", ["__name", "a:b", "9", "a-b"])
def test_a_label_the_format_does_not_know_is_refused(label: str) -> None:
    with pytest.raises(ValueError, match="no label name"):
        Metrics().gauge("x", "X.", 1, **{label: "y"})


def test_a_counter_says_total_and_counts_from_nought() -> None:
    metrics = Metrics()
    with pytest.raises(ValueError, match="ends in _total"):
        metrics.counter("ticks", "Ticks.", 1)
    for value in (-1.0, math.nan):
        with pytest.raises(ValueError, match="counts from 0"):
            metrics.counter("ticks_total", "Ticks.", value)


def test_a_family_keeps_its_kind_help_and_labels() -> None:
    metrics = Metrics()
    metrics.gauge("x_total", "X.", 1, group="a")
    with pytest.raises(ValueError, match="before"):
        metrics.counter("x_total", "X.", 1, group="b")
    with pytest.raises(ValueError, match="before"):
        metrics.gauge("x_total", "Y.", 1, group="b")
    with pytest.raises(ValueError, match="before"):
        metrics.gauge("x_total", "X.", 1)
    with pytest.raises(ValueError, match="already"):
        metrics.gauge("x_total", "X.", 2, group="a")
