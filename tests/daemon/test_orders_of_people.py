"""What people order is stronger than rules, at once and after every start."""

from __future__ import annotations

from pathlib import Path

import pytest

from autoscaler.errors import ControlRefused

from .stage import AGENTS, FIRST, STEADY, SURGING, Stage, a_floor, crowded, on_stage, until

SLOW = {"gateway": {"calls_per_second": 0.1}}
"""One call in ten seconds, so most orders wait in line."""


async def one_sent(stage: Stage) -> None:
    await until(lambda: stage.audit["by_interface"].get("setcallnums", 0) >= 1)
    await until(lambda: stage.state.gateway.actuator.status().queued >= 2)


async def test_a_freeze_calls_back_what_was_ordered_and_not_sent(short_path: Path) -> None:
    async with on_stage(short_path, site=a_floor(), **SLOW) as stage:
        await one_sent(stage)
        await stage.ask(lambda client: client.freeze(reason="a test"))
        await stage.calm()
        calls = stage.audit["by_interface"]["setcallnums"]
        await stage.ticks(3)
        assert stage.audit["by_interface"]["setcallnums"] == calls < AGENTS
        assert "FROZEN" in stage.sentence
    journal = stage.paths.journal()
    journal.check_every_order_is_there_once()
    assert any("froze everything" in (row["error"] or "") for row in journal.decisions)


async def test_a_pause_of_a_group_calls_back_its_orders_alone(short_path: Path) -> None:
    async with on_stage(short_path, site=a_floor(), **SLOW) as stage:
        await one_sent(stage)
        await stage.ask(lambda client: client.pause(reason="a test", group="webchat"))
        await stage.calm()
        calls = stage.audit["by_interface"]["setcallnums"]
        await stage.ticks(2)
        assert stage.audit["by_interface"]["setcallnums"] == calls < AGENTS
        await stage.ask(lambda client: client.resume(group="webchat"))
        await until(lambda: stage.audit["by_interface"]["setcallnums"] > calls)


async def test_a_pause_ends_by_itself_and_a_resume_ends_a_freeze(short_path: Path) -> None:
    async with on_stage(short_path, site=a_floor(skills=crowded()), rules=SURGING) as stage:
        await stage.right()
        await stage.ask(lambda client: client.pause(reason="a test", for_s=40.0))
        await stage.calm()
        before = stage.limits()
        await stage.ticks(2)
        assert stage.limits() == before
        assert "everything PAUSED until" in stage.sentence
        await until(lambda: sum(stage.limits().values()) > sum(before.values()))
        await stage.ask(lambda client: client.freeze(reason="a test"))
        await stage.calm()
        before = stage.limits()
        await stage.ticks(2)
        assert stage.limits() == before
        await stage.ask(lambda client: client.resume())
        await until(lambda: sum(stage.limits().values()) > sum(before.values()))


async def test_pins_are_kept_over_a_restart_and_end_by_an_unpin(short_path: Path) -> None:
    async with on_stage(short_path, site=a_floor()) as stage:
        await stage.right()
        await stage.pin(FIRST, 9)
        await stage.ticks(1)
        await stage.right()
        assert stage.limits()[FIRST] == 9
    async with on_stage(short_path, site=a_floor()) as stage:
        await stage.right()
        assert stage.limits()[FIRST] == 9
        await stage.ask(lambda client: client.unpin(FIRST))
        with pytest.raises(ControlRefused, match="not pinned"):
            await stage.ask(lambda client: client.unpin(FIRST))


@pytest.mark.parametrize(
    ("agent", "limit", "said"),
    [(100, 3, "agent: "), (1_000_000, 3, "agent: "), (FIRST, 0, "limit: "), (FIRST, 61, "limit: ")],
)
async def test_orders_that_make_no_sense_are_refused_and_change_nothing(
    agent: int, limit: int, said: str, short_path: Path
) -> None:
    async with on_stage(short_path, site=a_floor()) as stage:
        with pytest.raises(ControlRefused) as caught:
            await stage.ask(lambda client: client.pin(agent=agent, limit=limit, reason="a test"))
        assert str(caught.value).startswith(said)
        assert caught.value.help
        assert stage.status["pins"] == []


async def test_a_protected_agent_is_not_pinned_and_an_unknown_group_not_paused(short_path: Path) -> None:
    rules = f"{STEADY}".replace("agents:\n", f"agents:\n  protect: [{FIRST}]\n")
    async with on_stage(short_path, site=a_floor(), rules=rules) as stage:
        await stage.right_but(FIRST)
        with pytest.raises(ControlRefused, match="protected in webchat"):
            await stage.pin(FIRST, 5)
        with pytest.raises(ControlRefused, match="no group 'webchta'") as caught:
            await stage.ask(lambda client: client.pause(reason="a test", group="webchta"))
        assert "webchat" in caught.value.help
        assert stage.limits()[FIRST] == 3
