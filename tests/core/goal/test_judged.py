"""What runs is what was judged: figures of the goal's parts have not moved."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .judged import PARTS, figures

JUDGED = Path(__file__).parent / "judged_figures"


def differing(found: Any, judged: Any, place: str) -> Iterator[str]:
    """Places at which two nested values are not the same, numbers but for the last bits."""
    if isinstance(found, dict) and isinstance(judged, dict) and found.keys() == judged.keys():
        for key in found:
            yield from differing(found[key], judged[key], f"{place}, {key}")
    elif isinstance(found, list) and isinstance(judged, list) and len(found) == len(judged):
        for row, (one, other) in enumerate(zip(found, judged, strict=True)):
            yield from differing(one, other, f"{place}[{row}]")
    elif isinstance(found, float) and isinstance(judged, float):
        if not math.isclose(found, judged, rel_tol=1e-6, abs_tol=1e-9):
            yield f"{place}: {found}, judged with {judged}"
    elif found != judged:
        yield f"{place}: {found!r}, judged with {judged!r}"


@pytest.mark.parametrize("part", PARTS)
def test_the_goal_is_the_one_that_was_judged(part: str, tmp_path: Path) -> None:
    kept, found = JUDGED / f"{part}.json", figures(part)
    places = list(differing(found, json.loads(kept.read_text()), part))
    if places:
        now = tmp_path / kept.name
        now.write_text(json.dumps(found, indent=0) + "\n")
        pytest.fail(
            f"{len(places)} figures are not those judged, the first {places[0]}; where that is meant, "
            f"judge it by 'make bench-control' and copy {now} to {kept}"
        )
