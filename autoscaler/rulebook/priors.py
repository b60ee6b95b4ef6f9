"""What a profile file beside a rule file knows of values before the first tick: checked here, used by the core.

`autoscaler forecast` writes it; nobody edits it by hand, so one finding says where it begins to be something else.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from typing import Any

from autoscaler.core.book import Group, Prior
from autoscaler.core.expressions import Expression, Name, OverTime, Scope, TimeFunction, over_time_in
from autoscaler.core.printing import in_text
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.source import Span
from autoscaler.rulebook.suggestions import joined, quoted

__all__ = ["ARRIVALS", "VERSION", "forecast_values", "read_priors"]

VERSION = 1
ARRIVALS = Name(Scope.QUEUE, "arrivals_per_minute")
"""What a goal forecasts, whatever the rules do."""

_DAYS = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "holiday"}
_QUARTERS, _LEADS = 96, 5


class _NotAProfile(Exception):
    """Says what is wrong."""


def read_priors(group: Group, reporter: Reporter) -> tuple[Prior, ...]:
    """The file's profiles; () after reporting what is wrong with it.

    Args:
        group: Whose rule file it stands beside.
        reporter: Of the profile file.
    """
    text = reporter.source.text
    try:
        content = json.loads(text)
        priors = tuple(_priors(content))
    except json.JSONDecodeError as error:
        _report(reporter, Span(error.pos, error.pos + 1), f"not JSON: {error.msg}")
        return ()
    except (_NotAProfile, RecursionError) as error:
        _report(reporter, Span(0, 1), str(error) or "nested too deep")
        return ()
    asked = forecast_values(group)
    for prior in priors:
        if prior.value not in asked:
            message = f"nothing in the rule file forecasts {quoted(prior.value)}"
            help_ = f"it forecasts {joined((quoted(value) for value in asked), 'and')}" if asked else "delete the file"
            at = max(text.find(json.dumps(prior.value)), 0)
            reporter.report(Code.IDLE_PROFILE, Span(at, at + len(prior.value) + 2), message, help_)
    return priors


def forecast_values(group: Group) -> dict[str, Expression]:
    """The values a group forecasts, in reading order, by how `in_text` writes them."""
    found = {in_text(one.argument): one.argument for one in _asked(group) if one.function is TimeFunction.FORECAST}
    return found | ({in_text(ARRIVALS): ARRIVALS} if group.goal else {})


def _asked(group: Group) -> Iterator[OverTime]:
    for rule in group.rules:
        tracked = None if rule.track is None else rule.track.input
        parts: tuple[Expression | None, ...] = (rule.when, rule.until, tracked, *(step.when for step in rule.steps))
        for part in parts:
            if part is not None:
                yield from over_time_in(part)


def _report(reporter: Reporter, span: Span, what: str) -> None:
    help_ = "write it anew with autoscaler forecast RULES --csv FILE --write, or delete it"
    reporter.report(Code.NOT_A_PROFILE, span, what, help_)


def _priors(content: Any) -> Iterator[Prior]:
    if (
        not isinstance(content, dict)
        or content.get("version") != VERSION
        or not isinstance(content.get("values"), dict)
    ):
        raise _NotAProfile(f"not a profile of version {VERSION}")
    for value, known in content["values"].items():
        if not isinstance(known, dict) or set(known) != {"profile", "errors", "scored"}:
            raise _NotAProfile(f"what is known of {quoted(value)} is not a profile, errors and scored")
        profile = known["profile"]
        if not isinstance(profile, dict) or not set(profile) <= _DAYS:
            raise _NotAProfile(f"the profile of {quoted(value)} is not one of weekdays")
        for day, rows in profile.items():
            _check(rows, (3, _QUARTERS), f"{day} of {quoted(value)}")
            _check(rows[1:], (2, _QUARTERS), f"{day} of {quoted(value)}", least=0.0)
        _check(known["errors"], (2, _LEADS), f"errors of {quoted(value)}", least=0.0, may_lack=True)
        _check(known["scored"], (_LEADS,), f"scored of {quoted(value)}", least=0.0)
        text = json.dumps(known, sort_keys=True)
        yield Prior(value=value, origin=f"sha256:{hashlib.sha256(text.encode()).hexdigest()}", known=text)


def _check(rows: Any, shape: tuple[int, ...], where: str, *, least: float = -math.inf, may_lack: bool = False) -> None:
    if not isinstance(rows, list) or len(rows) != shape[0]:
        raise _NotAProfile(f"{where} is not a list of {shape[0]}")
    for row in rows:
        if len(shape) > 1:
            _check(row, shape[1:], where, least=least, may_lack=may_lack)
        elif row is None and may_lack:
            continue
        elif isinstance(row, bool) or not isinstance(row, int | float) or not least <= row < math.inf:
            raise _NotAProfile(f"{where} holds something that is no such number")
