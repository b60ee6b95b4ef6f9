"""Floor, baseline and ceiling: what a file leaves out is inherited, clamped into what it gives."""

from __future__ import annotations

from itertools import pairwise

from autoscaler.core.book import Limits
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.grammar import Entries, Key
from autoscaler.rulebook.layout import Limit
from autoscaler.rulebook.reporting import Reporter

__all__ = ["build_limits"]


def build_limits(entries: Entries, inherited: Limits, reporter: Reporter) -> Limits | None:
    """1 <= floor <= baseline <= ceiling <= 60, or None after reporting that what is written contradicts that."""
    floor, baseline, ceiling = entries.get(Limit.floor), entries.get(Limit.baseline), entries.get(Limit.ceiling)
    given = [(key, value) for key, value in _pairs(entries) if value is not None]
    wrong = [(low, high) for low, high in pairwise(given) if low[1] > high[1]]
    for (low_key, low), (high_key, high) in wrong:
        message = f"{high_key.name} {high} is below {low_key.name} {low}"
        reporter.report(Code.LIMIT_ORDER, entries.value_span(high_key), message, "keep floor <= baseline <= ceiling")
    if wrong:
        return None
    values = [value for _, value in given]
    lowest = min([inherited.floor, *values]) if floor is None else floor
    highest = max([inherited.ceiling, *values]) if ceiling is None else ceiling
    middle = min(max(inherited.baseline, lowest), highest) if baseline is None else baseline
    return Limits(floor=lowest, baseline=middle, ceiling=highest)


def _pairs(entries: Entries) -> list[tuple[Key[int], int | None]]:
    return [(key, entries.get(key)) for key in (Limit.floor, Limit.baseline, Limit.ceiling)]
