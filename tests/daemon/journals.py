"""A store's journal as rows, and what must hold of any journal."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from autoscaler.store.journal import JournalQuery
from autoscaler.store.sqlite_reader import SqliteReader

DECISION, TICK = "autoscaler.decision/1", "autoscaler.tick/1"
Row = dict[str, Any]


class Journal:
    """What a store's journal holds now."""

    def __init__(self, database: Path) -> None:
        with SqliteReader(f"sqlite:///{database}") as reader:
            self._events = reader.journal(JournalQuery())

    def rows(self, schema: str) -> list[Row]:
        return [json.loads(event.line) for event in self._events if event.schema == schema]

    def all_rows(self) -> list[Row]:
        return [json.loads(event.line) for event in self._events if event.schema in (DECISION, TICK)]

    @property
    def decisions(self) -> list[Row]:
        return self.rows(DECISION)

    @property
    def ticks(self) -> list[Row]:
        return self.rows(TICK)

    @property
    def text(self) -> str:
        return "\n".join(event.line.decode() for event in self._events)

    def confirmed(self) -> dict[int, int]:
        """The last limit of each agent that the gateway took."""
        return {row["agent"]: row["to"] for row in self.decisions if row["outcome"] == "applied"}

    def check_every_order_is_there_once(self) -> int:
        """Each call that a tick ordered has one line; returns how many there are."""
        decisions = self.decisions
        assert len({row["id"] for row in decisions}) == len(decisions)
        ordered = {tick["id"]: tick["calls"] for tick in self.ticks if not tick["skipped"] and tick["calls"]}
        assert Counter(row["tick"] for row in decisions if row["outcome"] != "observed") == ordered
        return len(decisions)

    def blind_ticks(self) -> list[Row]:
        """Ticks that did not see a queue, the chats held or who is there; no rule here asks what agents are doing."""
        return [
            tick
            for tick in self.ticks
            if not tick["skipped"]
            and (tick["unknown_inputs"] or any("state" not in problem.split(":")[0] for problem in tick["problems"]))
        ]

    def check_nothing_rose_on_missing_readings(self) -> int:
        """No tick that could not see raised anybody; returns how many such ticks there were."""
        blind = {tick["id"]: tick for tick in self.blind_ticks()}
        rose = [row for row in self.decisions if row["tick"] in blind and row["direction"] == "raise" and row["rule"]]
        assert rose == [], [blind[row["tick"]] for row in rose]
        return len(blind)
