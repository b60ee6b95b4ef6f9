"""The core's arithmetic against worked cases of the Kubernetes HorizontalPodAutoscaler, slots for replicas."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autoscaler.core.book import Amount, AmountKind, Choose, Rate, Smoothing
from autoscaler.core.memory import Ledger
from autoscaler.core.stability import moved_within, raise_limit, shrink_limit, two_window
from autoscaler.core.tracking import (
    Members,
    Tolerance,
    from_members,
    from_total,
    from_utilisation,
    per_unit,
    strongest,
)

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


def members(given: Sequence[Given]) -> Members:
    """Members that failed or are being deleted count in nothing."""
    counted = [member for member in given if member["state"] != "ignored"]
    states = np.array([member["state"] for member in counted])
    return Members(
        value=np.array([float(member.get("value", np.nan)) for member in counted]),
        request=np.array([float(member.get("request", 1)) for member in counted]),
        ready=states == "ready",
        missing=states == "missing",
        unready=states == "unready",
    )


def ratio_total(given: Given) -> Given:
    tolerance = Tolerance(**given["tolerance"])
    units = from_total(given["current"], given["ready"], given["metric_total"], given["target_total"], tolerance)
    return {"desired": units}


def ratio_per_unit(given: Given) -> Given:
    tolerance = Tolerance(**given["tolerance"])
    return {"desired": per_unit(given["current"], given["metric_total"], given["target_per_unit"], tolerance)}


def members_average(given: Given) -> Given:
    tolerance = Tolerance(**given["tolerance"])
    return {"desired": from_members(given["current"], members(given["members"]), given["target"], tolerance)}


def utilisation(given: Given) -> Given:
    tolerance, those = Tolerance(**given["tolerance"]), members(given["members"])
    desired = from_utilisation(given["current"], those, given["target_pct"], tolerance)
    ready = those.ready if those.ready.any() else np.zeros(len(those.ready), np.bool_)
    requested = those.request[ready].sum()
    return {"desired": desired, "reported_utilisation_pct": math.floor(100 * those.value[ready].sum() / requested)}


def bounds_simple(given: Given) -> Given:
    """Floor and ceiling, with the growth limit of a group that has no rates of its own: max(2 x current, 4)."""
    current, wish = given["current"], given["recommended"]
    growth = max(2 * current, 4)
    bound = min(growth, given["max"])
    if wish > bound:
        return {"desired": bound, "reason": "ScaleUpLimit" if growth < given["max"] else "TooManyReplicas"}
    if wish < given["min"]:
        return {"desired": given["min"], "reason": "TooFewReplicas"}
    return {"desired": wish, "reason": "DesiredWithinRange"}


def loop(given: Given) -> Given:
    """Bounds first and at once; else the strongest of several readings, some of which may have failed."""
    current = given["current"]
    if not given["min"] <= current <= given["max"]:
        return {"desired": min(max(current, given["min"]), given["max"])}
    readings = [
        None if metric["kind"] == "failed" else RATIOS[metric["kind"]](given | metric)["desired"]
        for metric in given["metrics"]
    ]
    return {"desired": min(max(strongest(readings, current), given["min"]), given["max"])}


RATIOS: dict[str, Callable[[Given], Given]] = {
    "ratio_total": ratio_total,
    "ratio_per_unit": ratio_per_unit,
    "members_average": members_average,
    "utilisation": utilisation,
}

COVERED: dict[str, Callable[[Given], Given]] = {
    "rate_limit": rate_limit,
    "select_policy": select_policy,
    "stabilise": stabilise,
    "stabilise_simple": stabilise_simple,
    "window_sum": window_sum,
    "bounds_simple": bounds_simple,
    "loop": loop,
    **RATIOS,
}


def test_the_core_decides_as_the_worked_case(hpa_case: dict[str, Any]) -> None:
    result = COVERED[hpa_case["family"]](hpa_case["input"])
    expected = hpa_case["expected"]
    assert {key: result[key] for key in expected} == expected, hpa_case["title"]


def test_every_family_of_the_file_is_run(hpa_family: str) -> None:
    assert hpa_family in COVERED
