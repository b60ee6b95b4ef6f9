"""Whatever CC-CMS does: nobody is raised on what was not read, and two ticks after it is well limits are right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .stage import AGENTS, FIRST, SURGING, WEB_CHAT, a_floor, crowded, on_stage, until

TROUBLES: dict[str, dict[str, Any]] = {
    "delay past the deadline": {"kind": "delay", "delay_s": 60.0},
    "status 401": {"kind": "status", "status": 401},
    "status 429": {"kind": "status", "status": 429},
    "status 500": {"kind": "status", "status": 500},
    "status 503": {"kind": "status", "status": 503},
    "an error page": {"kind": "html"},
    "truncated": {"kind": "truncated"},
    "reset before answering": {"kind": "reset_before"},
    "reset after answering": {"kind": "reset_after"},
    "a result code": {"kind": "retcode", "retcode": "0200003"},
    "outage": {"kind": "outage"},
}

INTERFACES = [
    "skill/totalskillstatusex3",
    "agentgroup/queryagentcalls",
    "vdn/totalagentstate",
    "skill/agentsbyskills",
]


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES.keys())
async def test_nobody_is_raised_while_cc_cms_is_in_trouble_and_all_is_right_two_ticks_after(
    trouble: dict[str, Any], short_path: Path
) -> None:
    settings = {"sources__readings": {"deadline": "1s"}}  # a delay of 60 s is three of these
    async with on_stage(short_path, site=a_floor(skills=crowded()), rules=SURGING, **settings) as stage:
        await until(lambda: "webchat" in stage.state.cycle.last and min(stage.limits().values()) >= 5)
        await stage.fault({**trouble, "target": "cms"})
        await stage.ticks(1)
        await stage.calm()
        before = stage.limits()
        await stage.ticks(2)
        assert stage.limits() == before
        assert "READINGS of webchat" in stage.sentence
        await stage.heal()
        await stage.ticks(2)
        await stage.right_before_the_next_tick()
        assert sum(stage.limits().values()) > sum(before.values()), "the surge goes on"
        assert "READINGS" not in stage.sentence
    journal = stage.paths.journal()
    assert journal.check_nothing_rose_on_missing_readings() >= 2
    journal.check_every_order_is_there_once()
    assert journal.confirmed() == stage.limits()


@pytest.mark.parametrize("interface", INTERFACES)
async def test_one_interface_of_cc_cms_that_fails_raises_nobody(interface: str, short_path: Path) -> None:
    async with on_stage(short_path, site=a_floor(skills=crowded()), rules=SURGING) as stage:
        await until(lambda: "webchat" in stage.state.cycle.last and min(stage.limits().values()) >= 5)
        await stage.fault({"kind": "status", "status": 503, "target": "cms", "interface": interface})
        await stage.ticks(1)
        await stage.calm()
        before = stage.limits()
        await stage.ticks(2)
        if interface != "vdn/totalagentstate":  # queues, chats held and who is there are all known without it
            assert stage.limits() == before
        await stage.heal()
        await stage.ticks(2)
        await stage.right_before_the_next_tick()
        assert sum(stage.limits().values()) > sum(before.values())
    journal = stage.paths.journal()
    journal.check_every_order_is_there_once()
    assert journal.confirmed() == stage.limits()


async def test_an_agent_who_left_and_came_back_gets_its_limit_again(short_path: Path) -> None:
    async with on_stage(short_path, site=a_floor()) as stage:
        await stage.right()
        await stage.pin(FIRST, 9)
        await stage.ticks(1)
        await stage.right()
        live = stage.site.world.live.agents[FIRST]
        stage.act(FIRST, "sign_out")
        await stage.ticks(1)
        assert FIRST not in stage.wanted()
        stage.act(FIRST, "sign_in")
        assert live.limits[WEB_CHAT] == 3
        await stage.ticks(2)
        await stage.right_before_the_next_tick()
        assert stage.limits()[FIRST] == 9
        assert len(stage.wanted()) == AGENTS
    stage.paths.journal().check_every_order_is_there_once()


async def test_an_agent_who_left_and_came_back_is_noticed_even_where_its_desktop_hands_over_no_cookies(
    short_path: Path,
) -> None:
    config = a_floor(requires_cookie=False, guid_interval_s=300.0, guid_timeout_s=600.0)
    settings = {"gateway": {"guid_life": "600s"}}
    async with on_stage(short_path, site=config, token="not the site's", **settings) as stage:
        stage.hand_over_without_cookies()
        await stage.ticks(1)
        await stage.right()
        stage.act(FIRST, "sign_out")
        await stage.ticks(1)
        stage.act(FIRST, "sign_in")
        stage.hand_over_without_cookies()
        assert stage.limits()[FIRST] == 3
        await stage.ticks(2)
        await stage.right_before_the_next_tick()
        assert stage.limits()[FIRST] == 4
