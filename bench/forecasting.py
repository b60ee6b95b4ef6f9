"""How far forecasts are off, on real arrivals that are not ours: the profile against no forecast, and what is used.

Every quarter of an hour is forecast from what came before it; the first three weeks are learned from and not scored.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from autoscaler.core.book import Calendar
from autoscaler.core.forecasting import forecast
from autoscaler.core.hindcast import hindcast
from autoscaler.core.outlooks import Outlook
from autoscaler.core.printing import in_words
from bench.result import Result

__all__ = ["measure"]

ROOT = Path(__file__).parents[1]
SERIES = {
    "departures": (ROOT / "autoscaler/simulation/data/departures_15min.csv", 900.0),
    "bank": (ROOT.parent / "shared/data/bank_calls_5min.csv", 300.0),
}
"""Counts by step, and seconds of a step; one whose file is not there is left out."""
LEARNED_S = 21 * 86_400.0
ASKED = 500


def measure() -> Iterator[Result]:
    """Mean absolute errors against no forecast by distance, and how long asking for four distances takes."""
    outlook = Outlook.blank()
    at = 0.0
    for name, (path, every_s) in SERIES.items():
        if not path.exists():
            continue
        readings = _counts(path)
        found = hindcast(readings, Calendar(), every_s=every_s, skip_s=LEARNED_S)
        for score in found.scores:
            ahead = in_words(score.horizon_s)
            yield Result.against(f"forecast_{name}_{ahead}_profile", score.profile, "chats", score.without)
            yield Result.against(f"forecast_{name}_{ahead}_used", score.used, "chats", score.without)
        outlook, at = found.outlook, readings[-1][0]
    batches = []
    for _ in range(10):
        began = time.perf_counter()
        for _ in range(ASKED):
            forecast(outlook, (300.0, 900.0, 1800.0, 3600.0), at=at, calendar=Calendar())
        batches.append((time.perf_counter() - began) / ASKED * 1e6)
    yield Result.against("forecast_four_distances", min(batches), "us", 50.0)  # the others shared the core


def _counts(path: Path) -> list[tuple[float, float]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return [
            (datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC).timestamp(), float(row["count"]))
            for row in rows
        ]
