"""Named inputs in a living daemon: handed over, read from a file, not there at all; recorded with the tick."""

from __future__ import annotations

import json
from pathlib import Path

import httpx

from .recording import differing, replayed
from .stage import STEADY, TOKEN, Stage, a_floor, on_stage, until

RULES = f"""{STEADY}
inputs:
  reply_seconds: {{source: push, query: reply, max_age: 10m, between: [0, 3600]}}
  extra_chats: {{source: desk, query: /extra}}
  mood: {{source: prometheus, query: avg(mood), required: false}}
rules:
  - {{name: quick, when: input.reply_seconds < 30, floor: 6}}
  - {{name: extra, when: input.extra_chats > 2, floor: 7}}
  - {{name: gloom, when: input.mood < 3, cap: 2}}
"""


async def hand_over(stage: Stage, value: float | None, *, name: str = "reply", token: str = TOKEN) -> int:
    console = stage.daemon.console
    assert console is not None
    assert console.addresses.url is not None
    async with httpx.AsyncClient(base_url=console.addresses.url, trust_env=False) as desk:
        headers = {"Authorization": f"Bearer {token}"}
        return (await desk.put(f"/v1/inputs/{name}", json={"value": value}, headers=headers)).status_code


async def test_rules_hear_of_inputs_from_where_the_settings_say(short_path: Path) -> None:
    desk = short_path / "desk.json"
    desk.write_text(json.dumps({"extra": 1}))
    settings = {"sources__inputs__desk": {"kind": "file", "path": str(desk)}}
    async with on_stage(short_path, site=a_floor(), rules=RULES, **settings) as stage:
        await stage.right()
        assert set(stage.limits().values()) == {4}
        assert "READINGS of webchat: input.reply_seconds from push: nobody has handed it over yet" in stage.sentence
        assert await hand_over(stage, 20.0, token="another") == 401
        assert await hand_over(stage, 20.0) == 204
        await until(lambda: set(stage.limits().values()) == {6})
        (missing,) = stage.status["groups"][0]["problems"]
        assert missing.startswith("input.mood from prometheus: autoscaler.toml has no [sources.inputs.prometheus]")

        new = short_path / "desk.new"
        new.write_text(json.dumps({"extra": 3}))
        new.replace(desk)
        await until(lambda: set(stage.limits().values()) == {7})
        assert await hand_over(stage, None) == 204
        await stage.ticks(1)
        assert stage.status["groups"][0]["rules"] == {"quick": "unknown", "extra": "true", "gloom": "unknown"}
    assert differing(replayed(f"sqlite:///{stage.paths.database}")) == [], "inputs are recorded with their tick"
