"""The sections `stability`, `safety`, `inputs` and `calendar`; absent parts are the core's defaults."""

from __future__ import annotations

import math
from collections.abc import Iterable

from autoscaler.core.book import Calendar, Choose, EachAgent, InputSpec, Safety, Smoothing, Stability
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.grammar import Entries, Named
from autoscaler.rulebook.layout import Calendars, Each, Inputs, Safeties, Smoothings, Stabilities
from autoscaler.rulebook.reporting import Reporter

__all__ = ["build_calendar", "build_inputs", "build_safety", "build_stability"]


def build_stability(entries: Entries | None) -> Stability:
    """How calmly the group moves."""
    if entries is None:
        return Stability()
    each = entries.get(Stabilities.each)
    return Stability(
        raises=_smoothing(entries.get(Stabilities.raise_)),
        lowers=_smoothing(entries.get(Stabilities.lower)),
        each=EachAgent()
        if each is None
        else EachAgent(raise_by=each.get(Each.raise_), lower_by=each.get(Each.lower), moves=each.get(Each.moves)),
    )


def build_safety(entries: Entries | None) -> Safety:
    """What is done when readings or calls fail."""
    standard = Safety()
    if entries is None:
        return standard
    baseline_after = entries.get(Safeties.baseline_after)
    return Safety(
        max_age_s=entries.get(Safeties.max_age) or standard.max_age_s,
        baseline_after_s=None if baseline_after is None or math.isinf(baseline_after) else baseline_after,
        agents_per_tick=entries.get(Safeties.agents_per_tick) or standard.agents_per_tick,
        calls_per_minute=entries.get(Safeties.calls_per_minute),
        quorum=entries.get(Safeties.quorum) or standard.quorum,
    )


def build_inputs(items: Iterable[Named[Entries]], safety: Safety, reporter: Reporter) -> tuple[InputSpec, ...]:
    """Named readings; without an age of their own, `safety.max_age` holds."""
    found: list[InputSpec] = []
    for item in items:
        entries = item.value
        required = entries.get(Inputs.required)
        found.append(
            InputSpec(
                name=item.name,
                source=entries.get(Inputs.source) or "",
                query=entries.get(Inputs.query) or "",
                max_age_s=entries.get(Inputs.max_age) or safety.max_age_s,
                between=_between(entries, reporter),
                required=True if required is None else required,
            )
        )
    return tuple(found)


def build_calendar(entries: Entries | None, timezone: str) -> Calendar:
    """Days on which no window starts, in the group's zone unless it has its own."""
    if entries is None:
        return Calendar(timezone=timezone)
    holidays = {item.value for item in entries.get(Calendars.holidays) or ()}
    return Calendar(timezone=entries.get(Calendars.timezone) or timezone, holidays=tuple(sorted(holidays)))


def _smoothing(entries: Entries | None) -> Smoothing:
    if entries is None:
        return Smoothing()
    return Smoothing(
        window_s=entries.get(Smoothings.window) or 0.0,
        cooldown_s=entries.get(Smoothings.cooldown) or 0.0,
        at_most=tuple(item.value for item in entries.get(Smoothings.at_most) or ()),
        choose=entries.get(Smoothings.choose) or Choose.LARGEST,
    )


def _between(entries: Entries, reporter: Reporter) -> tuple[float, float] | None:
    found = entries.get(Inputs.between)
    if found is None:
        return None
    if len(found) != 2 or found[0].value > found[1].value:
        message = "between needs the lowest and the highest plausible value"
        reporter.report(
            Code.OUT_OF_RANGE, entries.value_span(Inputs.between), message, "write two numbers, as in [0, 3600]"
        )
        return None
    return found[0].value, found[1].value
