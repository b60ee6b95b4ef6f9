"""What is wrong outside or in the settings shows in the status, and the daemon goes on with what is still good."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import trustme

from autoscaler.simulation.site import AgentConfig

from .stage import AGENTS, FIRST, QUEUE, STEADY, a_floor, on_stage, until


def another_authority(directory: Path) -> dict[str, str]:
    path = directory / "other-ca.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    return {"ca_file": str(path)}


async def test_a_gateway_with_a_certificate_of_another_authority_is_never_called(short_path: Path) -> None:
    async with on_stage(short_path, site=a_floor(), gateway=another_authority(short_path)) as stage:
        await until(lambda: "does not answer" in stage.sentence)
        assert "certificate" in stage.status["gateway"]["last_error"].lower()
        await stage.ticks(2)
        assert stage.audit["by_interface"].get("setcallnums", 0) == 0
        assert set(stage.limits().values()) == {3}
    assert {row["outcome"] for row in stage.paths.journal().decisions} <= {"failed", "superseded", "unknown"}
    stage.paths.journal().check_every_order_is_there_once()


async def test_a_cc_cms_with_a_certificate_of_another_authority_gives_no_readings(short_path: Path) -> None:
    async with on_stage(short_path, site=a_floor(), cms=another_authority(short_path)) as stage:
        await until(lambda: "READINGS of webchat" in stage.sentence)
        await stage.ticks(1)
        assert "certificate" in stage.sentence.lower()
        assert stage.audit["by_interface"] == {}
        assert set(stage.limits().values()) == {3}


async def test_a_wrong_access_key_secret_gives_no_readings_and_is_not_shown(short_path: Path) -> None:
    secret = short_path / "wrong-secret"
    secret.write_text("WRONGSECRET\n")
    async with on_stage(short_path, site=a_floor(), cms={"secret_key_file": str(secret)}) as stage:
        await until(lambda: "READINGS of webchat" in stage.sentence)
        assert "401" in stage.sentence
        assert "WRONGSECRET" not in json.dumps(stage.status)
    assert "WRONGSECRET" not in stage.paths.journal().text


async def test_desktops_with_a_wrong_token_are_turned_away_and_the_status_says_who_has_no_session(
    short_path: Path,
) -> None:
    async with on_stage(short_path, site=a_floor(), token="another token") as stage:
        await until(lambda: f"{AGENTS} of {AGENTS} agents have none" in stage.sentence)
        await until(lambda: stage.site.pusher is not None and stage.site.pusher.count.failed >= AGENTS)
        assert stage.audit["by_interface"].get("setcallnums", 0) == 0
        assert stage.status["gateway"]["sessions"] == {"live": 0}
    assert stage.paths.journal().decisions == []


async def test_a_tick_that_overruns_is_counted_and_journalled_as_skipped(short_path: Path) -> None:
    async with on_stage(short_path, site=a_floor()) as stage:
        await stage.right()
        worker = stage.state.crew.workers["webchat"]
        assert worker.counts["skipped"] == 0
        await stage.fault({"kind": "delay", "delay_s": 600.0, "target": "cms"})
        await until(lambda: worker.counts["skipped"] >= 2)
        await stage.heal()
        await stage.ticks(2)
        assert stage.status["groups"][0]["ticks"]["skipped"] >= 2
    skipped = [row for row in stage.paths.journal().ticks if row["skipped"]]
    assert len(skipped) == worker.counts["skipped"]
    assert {(row["group"], row["changes"], row["why"]) for row in skipped} == {
        ("webchat", 0, "the tick before was still running")
    }


async def test_memory_that_cannot_be_read_is_left_and_the_group_begins_anew(short_path: Path, logged: Any) -> None:
    async with on_stage(short_path, site=a_floor()) as stage:
        await stage.right()
    with sqlite3.connect(stage.paths.database) as connection:
        connection.execute("UPDATE memory SET blob = x'00'")
    connection.close()
    async with on_stage(short_path, site=a_floor()) as stage:
        await stage.right()
    assert [event["group"] for event in logged if event["event"] == "memory_unreadable"] == ["webchat"]


async def test_an_owned_agent_with_a_wrong_password_is_stopped_and_named_and_the_others_work(short_path: Path) -> None:
    config = a_floor(
        agents=tuple(
            AgentConfig(id=FIRST + i, skills=(QUEUE,), is_desktop=False, password=f"pw-{i}") for i in range(AGENTS)
        )
    )
    async with on_stage(short_path, site=config, sessions=roster(short_path, {FIRST: "wrong"})) as stage:
        await until(lambda: stage.status["gateway"]["sessions"]["live"] == AGENTS - 1)
        await stage.ticks(2)
        assert stage.limits() == {FIRST: 3, **dict.fromkeys(range(FIRST + 1, FIRST + AGENTS), 4)}
        assert [one["agent"] for one in stage.status["gateway"]["session_problems"]] == [FIRST]
        logins = [call for call in stage.audit["calls"] if call["interface"] == "login" and call["agent"] == FIRST]
        assert len(logins) == 1, "repeating a wrong password locks the account"
        assert "wrong" not in json.dumps(stage.status["gateway"]["session_problems"]).replace("wrong user", "")


async def test_an_owned_agent_refused_by_mistake_signs_in_again_without_force(short_path: Path) -> None:
    config = a_floor(
        max_time_s=20.0,
        agents=tuple(
            AgentConfig(id=FIRST + i, skills=(QUEUE,), is_desktop=False, password=f"pw-{i}") for i in range(AGENTS)
        ),
    )
    async with on_stage(short_path, site=config, sessions=roster(short_path, {})) as stage:
        await stage.everybody_live()
        await stage.ticks(1)
        await stage.right()
        await stage.fault(
            *({"kind": "retcode", "retcode": code, "agents": [agent], "interface": "agentevent", "count": 1}
            for agent, code in ((FIRST, "100-006"), (FIRST + 1, "000-003"), (FIRST + 2, "105-006")))
        )  # fmt: skip
        await until(lambda: len(stage.state.gateway.sessions.live_agents()) < AGENTS)
        await stage.everybody_live()
        await stage.ticks(2)
        await stage.right_before_the_next_tick()
        counters = stage.audit["counters"]
        assert (counters["forced_sign_ins"], counters["second_pollers"], counters["dead_guid_reuses"]) == (0, 0, 0)
    stage.paths.journal().check_every_order_is_there_once()


def roster(directory: Path, wrong: dict[int, str]) -> dict[str, str]:
    lines = []
    for i in range(AGENTS):
        file = directory / f"pw{i}"
        file.write_text(wrong.get(FIRST + i, f"pw-{i}"))
        lines.append(f"{FIRST + i},{file.name},8860{i},")
    path = directory / "agents.csv"
    path.write_text("\n".join(lines))
    return {"kind": "owned", "agents_file": str(path)}


async def test_a_daemon_that_only_observes_says_so_with_what_it_would_do(short_path: Path) -> None:
    async with on_stage(short_path, site=a_floor(), top={"mode": "observe"}) as stage:
        await stage.ticks(1)
        assert stage.sentence == "1 group: webchat 24 slots of 6 agents, observing"
        stage.paths.write_rules(STEADY.replace("baseline: 4", "baseline: 6").replace("floor: 1", "floor: 6"))
        await stage.ask(lambda client: client.reload())
        await stage.ticks(1)
        assert stage.sentence == "1 group: webchat 24 slots of 6 agents, observing: would be 36"
        assert set(stage.limits().values()) == {3}


async def test_a_group_without_a_decision_for_far_too_long_stands_in_the_sentence(short_path: Path) -> None:
    async with on_stage(short_path, site=a_floor()) as stage:
        await stage.right()
        assert "overdue" not in stage.sentence
        stage.state.crew.workers["webchat"].completed_at = stage.clock.monotonic() - 161.0
        assert stage.sentence.startswith("DECISIONS overdue: none for webchat for at least 10 intervals; 1 group: ")
