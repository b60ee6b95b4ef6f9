"""Whatever the gateway does to calls: two ticks after it is well again, limits are where they should be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .stage import AGENTS, FIRST, Stage, a_floor, on_stage, until

PASSING: dict[str, dict[str, Any]] = {
    "delay": {"kind": "delay", "delay_s": 30.0},
    "status 429": {"kind": "status", "status": 429},
    "status 500": {"kind": "status", "status": 500},
    "status 503": {"kind": "status", "status": 503},
    "reset before applying": {"kind": "reset_before"},
    "reset after applying": {"kind": "reset_after"},
    "truncated": {"kind": "truncated"},
    "an error page": {"kind": "html"},
    "000-004 switched over": {"kind": "retcode", "retcode": "000-004"},
    "000-007 invoked repeatedly": {"kind": "retcode", "retcode": "000-007"},
    "100-007 exception": {"kind": "retcode", "retcode": "100-007"},
    "105-002 recovering": {"kind": "retcode", "retcode": "105-002"},
    "000-003 no permission": {"kind": "retcode", "retcode": "000-003"},
    "100-006 not signed in": {"kind": "retcode", "retcode": "100-006"},
    "105-006 wrong Guid after recovery": {"kind": "retcode", "retcode": "105-006"},
}

PERMANENT = ["000-006", "106-003", "106-008", "106-012"]


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
async def test_two_ticks_after_a_fault_of_the_gateway_limits_are_right(fault: dict[str, Any], short_path: Path) -> None:
    # Guids live long enough for a call that was held back to be applied after all
    site = a_floor(guid_timeout_s=60.0)
    async with on_stage(short_path, site=site, gateway={"guid_life": "60s"}) as stage:
        await stage.right()
        assert set(stage.limits().values()) == {4}
        await stage.fault({**fault, "interface": "setcallnums"})
        for limit in (6, 2, 5):
            for agent in range(FIRST, FIRST + 4):
                await stage.pin(agent, limit + agent - FIRST)
            await stage.ticks(1)
        await stage.heal()
        over = stage.clock.monotonic() + fault.get("delay_s", 0.0)  # what is held back now is applied until then
        await until(lambda: stage.clock.monotonic() > over)
        await stage.ticks(2)
        await stage.right_before_the_next_tick()
        assert stage.limits() == {FIRST: 5, FIRST + 1: 6, FIRST + 2: 7, FIRST + 3: 8, FIRST + 4: 4, FIRST + 5: 4}
        audit = stage.audit
    # a caller that gave up can't know that the gateway still holds its call
    check(stage, audit, may_overlap=fault["kind"] == "delay")


@pytest.mark.parametrize("retcode", PERMANENT)
async def test_agents_refused_for_good_are_left_to_rest_and_come_back(retcode: str, short_path: Path) -> None:
    async with on_stage(short_path, site=a_floor()) as stage:
        await stage.right()
        await stage.fault(
            {"kind": "retcode", "retcode": retcode, "interface": "setcallnums", "agents": [FIRST, FIRST + 1]}
        )
        before = stage.audit["by_interface"]["setcallnums"]
        for agent in range(FIRST, FIRST + 3):
            await stage.pin(agent, 7)
        await until(lambda: len(stage.state.orders.aftermath.refused) == 2)
        await stage.ticks(2)
        assert stage.audit["by_interface"]["setcallnums"] == before + 3, "each was asked once, then left alone"
        assert f"refuses the limit of agent {FIRST} and 1 more" in stage.sentence
        await stage.heal()
        await until(lambda: not stage.state.orders.aftermath.refused)
        await stage.ticks(2)
        await stage.right_before_the_next_tick()
        assert stage.limits()[FIRST] == 7
        assert "refuses" not in stage.sentence
        audit = stage.audit
    check(stage, audit)
    rejected = [row for row in stage.paths.journal().decisions if row["outcome"] == "rejected"]
    assert [(row["agent"], row["retcode"]) for row in rejected] == [(FIRST, retcode), (FIRST + 1, retcode)]


async def test_a_restart_of_the_gateway_makes_every_limit_unknown_and_all_are_set_again(short_path: Path) -> None:
    async with on_stage(short_path, site=a_floor()) as stage:
        await stage.right()
        await stage.pin(FIRST, 9)
        await stage.ticks(1)
        await stage.right()
        await stage.fault({"kind": "restart", "duration_s": 5.0})
        await until(lambda: stage.limits() == dict.fromkeys(range(FIRST, FIRST + AGENTS), 3))
        await until(lambda: stage.site.is_open("gateway"))
        await stage.ticks(2)
        await stage.right_before_the_next_tick()
        assert stage.limits()[FIRST] == 9
        audit = stage.audit
    check(stage, audit)


def check(stage: Stage, audit: dict[str, Any], *, may_overlap: bool = False) -> None:
    """What holds after any story about the gateway; the daemon has ended."""
    journal = stage.paths.journal()
    orders = journal.check_every_order_is_there_once()
    assert orders >= AGENTS
    assert journal.confirmed() == stage.limits()
    sent = sum(row["attempts"] for row in journal.decisions)
    assert audit["by_interface"]["setcallnums"] <= sent, "every call belongs to an order"
    for mistake in ("forced_sign_ins", "second_pollers", "dead_guid_reuses", "overlapping_limit_calls"):
        if not (may_overlap and mistake == "overlapping_limit_calls"):
            assert audit["counters"][mistake] == 0, mistake
    for agent in stage.site.desktops.credentials().values():
        assert agent.guid not in journal.text
