"""Outlooks out of this program and back: nothing is lost, what is none is refused, a profile file holds what lasts."""

from __future__ import annotations

import json
import math
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from autoscaler.core.outlooks import LEADS, Outlook, from_json, from_prior, prior_of, to_json
from autoscaler.core.profiles import Profile


def lively() -> Outlook:
    """One of which every field says something of its own."""
    chance = np.random.default_rng(11)
    level, spread, days = chance.uniform(1, 90, (3, 8, 96))
    pending, errors = chance.uniform(1, 90, (2, 5, 16)), chance.uniform(1, 90, (2, 5))
    pending[0, 3, 5] = errors[1, 4] = math.nan
    return Outlook(
        profile=Profile(level=level, spread=spread, days=days),
        pending=pending,
        errors=errors,
        scored=np.arange(5.0),
        origin="sha256:7",
        bin=1_969_000,
        total=31.5,
        known=3,
        seen=4,
        last=11.25,
        actual=7.5,
        usual=8.5,
        noise=0.75,
    )


def sent(value: dict[str, Any]) -> dict[str, Any]:
    """As JSON text and back."""
    read: dict[str, Any] = json.loads(json.dumps(value, allow_nan=False))
    return read


def differing(one: Outlook, other: Outlook) -> list[str]:
    """Names of fields that are not the same to the bit."""
    mine, theirs = numbers(one) | numbers(one.profile), numbers(other) | numbers(other.profile)
    return [name for name in mine if mine[name] != theirs[name]]


def numbers(of: Outlook | Profile) -> dict[str, str]:
    names = [field.name for field in fields(of) if field.name != "profile"]
    return {name: repr(np.asarray(getattr(of, name)).tolist()) for name in names}


@pytest.mark.parametrize(
    "outlook", [lively(), replace(lively(), last=math.nan), replace(lively(), bin=None), Outlook.blank()]
)
def test_through_json_an_outlook_is_the_same_in_every_field(outlook: Outlook) -> None:
    again = from_json(sent(to_json(outlook)))
    assert differing(outlook, again) == []


def test_of_a_blank_outlook_nothing_is_known() -> None:
    blank = Outlook.blank()
    assert not blank.profile.days.any()
    assert np.isnan(blank.pending).all()
    assert np.isnan(blank.errors).all()
    assert not blank.scored.any()
    assert (blank.origin, blank.bin, blank.total, blank.known, blank.seen) == ("", None, 0.0, 0, 0)
    assert math.isnan(blank.last)
    assert (blank.actual, blank.usual, blank.noise) == (0.0, 0.0, 0.0)


def test_the_furthest_distance_scored_is_the_furthest_that_can_be_asked() -> None:
    assert LEADS == (1, 2, 4, 8, 16)
    assert Outlook.blank().pending.shape == (2, 5, 16)


def test_a_profile_file_holds_what_is_usual_and_how_well_that_did_and_nothing_of_today() -> None:
    outlook = lively()
    prior = from_prior(sent(prior_of(outlook)), "sha256:1")

    assert prior.origin == "sha256:1"
    for name in ("level", "spread", "days"):
        assert getattr(prior.profile, name) == pytest.approx(getattr(outlook.profile, name), rel=6e-4)
    assert prior.errors == pytest.approx(outlook.errors, rel=6e-4, nan_ok=True)
    assert prior.scored.tolist() == outlook.scored.tolist()
    today = {"total", "known", "seen", "last", "actual", "usual", "noise", "bin", "pending"}
    assert today.isdisjoint(differing(prior, Outlook.blank()))


def test_a_profile_file_rounds_to_four_digits_and_no_further() -> None:
    outlook = lively()
    outlook.errors[0, 0], outlook.profile.level[0, 0] = 12.3456, 1234.56
    prior = prior_of(outlook)
    assert prior["errors"][0][0] == 12.35
    assert prior["profile"]["monday"][0][0] == 1235.0
    assert prior["errors"][1][4] is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"profile": {"mondays": []}}, "profile: 'mondays' is none of monday"),
        ({"profile": {"monday": [[1.0]] * 3}}, "profile: monday is not three lists of 96 numbers"),
        ({"profile": {"monday": [["x"] * 96] * 3}}, "profile: monday holds something that is no number"),
        ({"errors": [[1.0]]}, "errors is of shape"),
        ({"scored": "x"}, "scored holds something that is no number"),
        ({"scored": {}}, "scored holds something that is no number"),
        ({"scored": [1.0] * 4}, r"scored is of shape \(4,\), not \(5,\)"),
        ({"pending": [[[1.0] * 16] * 4] * 2}, r"pending is of shape \(2, 4, 16\), not \(2, 5, 16\)"),
        ({"pending": [[[1.0] * 15] * 5] * 2}, r"pending is of shape \(2, 5, 15\), not \(2, 5, 16\)"),
    ],
)
def test_what_is_no_outlook_is_refused_with_its_place(change: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match="^" + said):
        from_json(to_json(Outlook.blank()) | change)


@pytest.mark.parametrize("name", ["errors", "scored"])
def test_what_is_no_profile_file_is_refused_with_its_place(name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} is of shape"):
        from_prior(prior_of(Outlook.blank()) | {name: [[1.0], [2.0]]}, "sha256:1")
