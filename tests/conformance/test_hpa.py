"""The core's arithmetic against worked cases of the Kubernetes HorizontalPodAutoscaler, slots for replicas."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autoscaler.core.book import Amount, AmountKind, Choose, Rate, Smoothing
from autoscaler.core.memory import Ledger
from autoscaler.core.stability import moved_within, raise_limit, shrink_limit, two_window
from autoscaler.rulebook.features import NOT_YET, Feature

Given = Mapping[str, Any]

NOW = 1_000_000.0


def ledger(events: Sequence[Given], key: str = "change") -> Ledger:
    return tuple((NOW - event["age_s"], event[key]) for event in events)


def smoothing(rules: Given) -> Smoothing:
    kinds = {"units": (AmountKind.SLOTS, 1.0), "percent": (AmountKind.SHARE, 0.01)}
    rates = []
    for policy in rules["policies"]:
        kind, unit = kinds[policy["type"]]
        amount = Amount(kind=kind, value=policy["value"] * unit)
        rates.append(Rate(amount=amount, period_s=policy["period_s"]))
    choose = {"Max": Choose.LARGEST, "Min": Choose.SMALLEST}[rules["select"]]
    return Smoothing(at_most=tuple(rates), choose=choose)


def allowed(rules: Given, current: int, grown: Ledger, shrunk: Ledger, *, up: bool) -> int:
    """Where the rates let a group go; a disabled direction is a hold: it stays."""
    if rules["select"] == "Disabled":
        return current
    limit = raise_limit if up else shrink_limit
    return int(limit(current, smoothing(rules), grown, shrunk, at=NOW))


def rate_limit(given: Given) -> Given:
    """Rates, then bounds, and which of the two stopped it."""
    current, wish = given["current"], given["recommended"]
    grown, shrunk = ledger(given.get("up_events", ())), ledger(given.get("down_events", ()))
    desired, reason = wish, "DesiredWithinRange"
    if wish > current:
        limit = allowed(given["up"], current, grown, shrunk, up=True)
        bound = min(limit, given["max"])
        if wish > bound:
            desired, reason = bound, "ScaleUpLimit" if limit < given["max"] else "TooManyReplicas"
    elif wish < current:
        limit = allowed(given["down"], current, grown, shrunk, up=False)
        bound = max(limit, given["min"])
        if wish < bound:
            desired, reason = bound, "ScaleDownLimit" if limit > given["min"] else "TooFewReplicas"
    return {"desired": min(max(desired, given["min"]), given["max"]), "reason": reason}


def select_policy(given: Given) -> Given:
    up = given["direction"] == "up"
    grown, shrunk = ledger(given.get("up_events", ())), ledger(given.get("down_events", ()))
    return {"limit": allowed(given["rules"], given["current"], grown, shrunk, up=up)}


def stabilise(given: Given) -> Given:
    seen = ledger(given["history"], "value")
    up_s, down_s = given["up_window_s"], given["down_window_s"]
    return {"stabilised": two_window(given["recommended"], given["current"], seen, at=NOW, up_s=up_s, down_s=down_s)}


def stabilise_simple(given: Given) -> Given:
    """One window downward: what is in force does not matter, so it is put above everything seen."""
    seen = ledger(given["history"], "value")
    current = max([given["recommended"], *(slots for _, slots in seen)])
    down_s = given["down_window_s"]
    return {"stabilised": two_window(given["recommended"], current, seen, at=NOW, up_s=0.0, down_s=down_s)}


def window_sum(given: Given) -> Given:
    return {"change_in_period": moved_within(ledger(given["events"]), at=NOW, period_s=given["period_s"])}


COVERED: dict[str, Callable[[Given], Given]] = {
    "rate_limit": rate_limit,
    "select_policy": select_policy,
    "stabilise": stabilise,
    "stabilise_simple": stabilise_simple,
    "window_sum": window_sum,
}

NEEDS_TRACK = frozenset({"ratio_total", "ratio_per_unit", "members_average", "utilisation", "bounds_simple", "loop"})
"""Families of proportional control: they begin with a ratio, which only `track` takes."""


def test_the_core_decides_as_the_worked_case(hpa_case: dict[str, Any]) -> None:
    result = COVERED[hpa_case["family"]](hpa_case["input"])
    expected = hpa_case["expected"]
    assert {key: result[key] for key in expected} == expected, hpa_case["title"]


def test_every_family_of_the_file_is_run_or_left_out_by_name(hpa_family: str) -> None:
    assert (hpa_family in COVERED) != (hpa_family in NEEDS_TRACK)


def test_families_are_left_out_for_as_long_as_rule_files_can_not_say_track() -> None:
    assert Feature.TRACK in NOT_YET
