"""A daemon's own record decided again, after all that can happen to one: nothing differs, every story is the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from autoscaler.daemon.hindsight import told_then
from autoscaler.daemon.service import Daemon
from autoscaler.daemon.settings import load_settings
from autoscaler.store.sqlite_reader import SqliteReader

from .recording import differing, replayed
from .stage import FIRST, SPEED, STEADY, TOKEN, Paths, Stage, a_floor, crowded, living, on_stage, until

LIVELY = f"""{STEADY}
rules:
  - {{name: surge, when: queue.waiting > 2, for: 10s, raise: 20%}}
  - {{name: rising, when: "avg(queue.waiting, 30s) > 6", raise: 2 slots, cooldown: 30s}}
  - {{name: full, when: agent.load > 5, keep_for: 30s, cap: 6}}
  - {{name: calm, when: queue.waiting == 0, for: 20s, lower: 15%}}
stability:
  raise: {{window: 20s, cooldown: 20s}}
  lower: {{window: 1m, cooldown: 30s, at_most: [20% per 1m]}}
  each: {{raise: 2 per 1m, lower: 2 per 1m, moves: 8 per 10m}}
"""


@dataclass
class Told:
    """What the daemon said of agents at its ticks, while they were the last ones."""

    stories: dict[tuple[int, str], Any] = field(default_factory=dict)

    async def listen(self, stage: Stage) -> None:
        """Ask about everybody after the next tick."""
        await stage.ticks(1)
        for agent in range(FIRST, FIRST + 3):
            answer = await stage.ask(lambda client, agent=agent: client.explain(agent))
            (story,) = answer["groups"]
            self.stories[agent, story["at"]] = story


async def a_life(stage: Stage, told: Told) -> None:
    """Pins, pauses, a freeze, new rules, bad rules, a gateway and a CC-CMS in trouble."""
    await stage.ticks(2)
    await told.listen(stage)
    await stage.pin(FIRST, 2)
    await told.listen(stage)
    await stage.fault({"kind": "status", "status": 500, "interface": "setcallnums"})
    await stage.ticks(2)
    await stage.heal()
    await stage.fault({"kind": "retcode", "retcode": "106-003", "interface": "setcallnums", "agents": [FIRST + 1]})
    await stage.pin(FIRST + 1, 33)
    await until(lambda: FIRST + 1 in stage.state.orders.aftermath.refused)
    await told.listen(stage)
    await stage.heal()
    await stage.ask(lambda client: client.pause(reason="a test", for_s=30.0))
    await told.listen(stage)
    await stage.fault({"kind": "outage", "target": "cms"})
    await stage.ticks(2)
    await stage.heal()
    await until(lambda: len(stage.state.cycle.last["webchat"].plan.ids) > 0)
    for agent in (FIRST, FIRST + 1):
        await stage.ask(lambda client, agent=agent: client.unpin(agent))
    stage.paths.write_rules(LIVELY.replace("20%", "30%").replace("rising", "climbing"))
    await stage.ask(lambda client: client.reload())
    await told.listen(stage)
    stage.paths.write_rules("quues: 3\n")
    await stage.ask(lambda client: client.reload())
    stage.act(FIRST + 2, "sign_out")
    await stage.ticks(1)
    stage.act(FIRST + 2, "sign_in")
    await stage.ask(lambda client: client.freeze(reason="a test"))
    await stage.ticks(1)
    await stage.ask(lambda client: client.resume())
    await until(lambda: FIRST + 2 in stage.state.cycle.last["webchat"].plan.ids)
    await told.listen(stage)


@asynccontextmanager
async def restarted(stage: Stage) -> AsyncIterator[Stage]:
    """The same site, and the daemon started again after an orderly end."""
    stage.daemon.stop()
    await stage.daemon.has_ended.wait()
    daemon = Daemon(load_settings(stage.paths.config), clock=stage.clock, speed=SPEED, token=TOKEN)
    async with living(daemon):
        yield replace(stage, daemon=daemon)


async def test_the_record_of_two_lives_decided_again_differs_nowhere_and_tells_what_was_told(short_path: Path) -> None:
    told = Told()
    site = a_floor(skills=crowded(1.0), guid_timeout_s=60.0)
    async with on_stage(short_path, site=site, rules=LIVELY, gateway={"guid_life": "60s"}) as stage:
        await a_life(stage, told)
        stage.paths.write_rules(LIVELY)
        async with restarted(stage) as again:
            await a_life(again, told)
            (agent, at), story = next(iter(told.stories.items()))
            answer = await again.ask(lambda client: client.explain(agent, datetime.fromisoformat(at)))
            assert answer["groups"] == [story], "the daemon tells of the life before it"
            assert answer["notes"] == []
    check_the_record(stage.paths, told)


def check_the_record(paths: Paths, told: Told) -> None:
    url = f"sqlite:///{paths.database}"
    notes: list[str] = []
    ticks = replayed(url, told=notes)
    assert differing(ticks) == []
    assert notes == []
    journal = paths.journal()
    assert [one.tick for one in ticks] == [row["id"] for row in journal.ticks if not row["skipped"]]
    assert len({one.rules for one in ticks}) == 2
    outcomes = {row["outcome"] for row in journal.decisions}
    assert outcomes >= {"applied", "rejected"}
    assert len(told.stories) >= 2 * 6 * 3 - 3, "two lives of six looks at three people"
    with SqliteReader(url) as reader:
        for (agent, at), story in told.stories.items():
            assert told_then(reader, agent, datetime.fromisoformat(at)) == ([story], [])
