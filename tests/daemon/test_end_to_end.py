"""Daemon and site as two processes over TLS, through Guid lifetimes, a gateway's restart and a lost CC-CMS.

At the end the gateway's limits are the journal's confirmed ones for every agent, and the audit shows no mistake.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from autoscaler.simulation.site import AgentConfig, PushConfig, RateConfig, SiteConfig, SkillConfig

from .journals import DECISION, TICK, Journal
from .processes import Service, Site, service, site, until_asked
from .recording import differing, replayed
from .stage import QUEUE, TOKEN, WEB_CHAT, Paths, free_ports, write_settings

AGENTS = range(1001, 1009)
GUID_LIFE_S, GUID_INTERVAL_S = 5.0, 2.5
LIFETIMES = 5
MISTAKES = ("forced_sign_ins", "second_pollers", "dead_guid_reuses", "overlapping_limit_calls")

RULES = """\
version: 1
group: webchat
queues: [2001]
media_type: web_chat
every: 1s
agents:
  limit: {floor: 1, baseline: 4, ceiling: 12}
rules:
  - {name: surge, when: queue.waiting > 2, raise: 1 each}
  - {name: calm, when: queue.waiting == 0 and group.occupancy < 85%, lower: 1 each}
stability:
  raise: {cooldown: 1s}
  lower: {window: 1s, cooldown: 1s}
safety: {agents_per_tick: 100%, calls_per_minute: 6000}
"""


def a_busy_floor(**changes: Any) -> SiteConfig:
    """Chats of about three seconds for eight agents, in real time: limits go up and down all the while."""
    return SiteConfig(
        skills=(
            SkillConfig(id=QUEUE, media_type=WEB_CHAT, arrivals=RateConfig(rate=7.0), solo_chat_s=3.0, patience_s=10.0),
        ),
        guid_interval_s=GUID_INTERVAL_S,
        guid_timeout_s=GUID_LIFE_S,
        poll_wait_s=1.0,
        **changes,
    )


async def test_owned_sessions_keep_every_limit_right_through_renewals_a_restart_and_a_lost_cms(
    short_path: Path,
) -> None:
    paths = Paths(short_path)
    config = a_busy_floor(
        agents=tuple(AgentConfig(id=a, skills=(QUEUE,), is_desktop=False, password=f"pw-{a}") for a in AGENTS)
    )
    lines = [f"{agent},{paths.secret(f'pw{agent}', f'pw-{agent}')},8860{agent},{QUEUE}" for agent in AGENTS]
    roster = short_path / "agents.csv"
    roster.write_text("\n".join(["agentid,password_file,phonenum,skills", *lines]) + "\n")
    async with site(config, short_path) as floor:
        configure(paths, floor, next(free_ports), sessions={"kind": "owned", "agents_file": str(roster)})
        async with service(paths) as daemon:
            audit = await live_through_it(floor, daemon, paths)
            polls = [call for call in audit["calls"] if call["interface"] == "agentevent" and call["outcome"] == "0"]
            assert await daemon.stop() == 0
    assert differing(replayed(f"sqlite:///{paths.database}")) == []
    guids = defaultdict(set)
    for call in polls:
        guids[call["agent"]].add(call["guid"])
    assert min(len(guids[agent]) for agent in AGENTS) >= LIFETIMES
    assert {"login", "resetskill", "agentevent", "setcallnums"} <= set(audit["by_interface"])


async def test_pushed_sessions_keep_every_limit_right_through_renewals_a_restart_and_a_lost_cms(
    short_path: Path,
) -> None:
    paths = Paths(short_path)
    port = next(free_ports)
    config = a_busy_floor(
        agents=tuple(AgentConfig(id=agent, skills=(QUEUE,)) for agent in AGENTS),
        push=PushConfig(url=f"http://127.0.0.1:{port}", token=TOKEN),
    )
    async with site(config, short_path) as floor:
        configure(paths, floor, port)
        async with service(paths) as daemon:
            audit = await live_through_it(floor, daemon, paths)
            pushes = (await floor.get("state"))["pushes"]
            assert await daemon.stop() == 0
    assert differing(replayed(f"sqlite:///{paths.database}")) == []
    assert pushes["sent"] >= LIFETIMES * len(AGENTS)
    assert set(audit["by_interface"]) & {"login", "forcelogin", "agentevent"} == set(), "the desktops' own business"
    limit_calls = [call for call in audit["calls"] if call["interface"] == "setcallnums"]
    assert len({call["guid"] for call in limit_calls}) > 2 * len(AGENTS), "more than before and after the restart"


def configure(paths: Paths, floor: Site, port: int, **sections: dict[str, Any]) -> None:
    paths.write_rules(RULES)
    sections = {"gateway": {"guid_life": f"{GUID_LIFE_S:g}s"}, "journal": {"stdout": True}, **sections}
    process = floor.process
    write_settings(paths, process.gateway_url, process.cms_url, process.ca_file, port, **sections)


async def live_through_it(floor: Site, daemon: Service, paths: Paths) -> dict[str, Any]:
    """The whole story up to a freeze; the audit at its end."""
    await daemon.ready()
    await everybody_is_set(paths)
    begun = await floor.elapsed_s()

    await floor.fault({"kind": "restart", "duration_s": 2.0})
    await ticks(paths, 4)
    await everybody_is_set(paths)

    before = len(paths.journal().blind_ticks())
    await floor.fault({"kind": "outage", "target": "cms"})
    await daemon.says("READINGS of webchat")

    async def has_been_blind() -> bool:
        return len(paths.journal().blind_ticks()) >= before + 3

    await until_asked(has_been_blind)
    await floor.heal()

    async def has_lived() -> bool:
        return await floor.elapsed_s() - begun >= (LIFETIMES + 1) * GUID_LIFE_S

    await until_asked(has_lived, within_s=60)
    await ticks(paths, 2)
    await daemon.ask(lambda client: client.freeze(reason="the end of the test"))

    async def is_right() -> bool:
        return paths.journal().confirmed() == await floor.limits()

    await until_asked(is_right)
    status = await daemon.status()
    assert (status["gateway"]["in_flight"], status["gateway"]["queued"]) == (0, 0)
    audit = await floor.audit()
    for mistake in MISTAKES:
        assert audit["counters"][mistake] == 0, (mistake, audit["counters"])
    journal = paths.journal()
    check(journal, daemon)
    return audit


def check(journal: Journal, daemon: Service) -> None:
    assert set(journal.confirmed()) == set(AGENTS)
    journal.check_every_order_is_there_once()
    assert journal.check_nothing_rose_on_missing_readings() >= 3
    ways = {row["direction"] for row in journal.decisions if row["outcome"] == "applied"}
    assert ways == {"raise", "lower", "assert"}
    shown = [json.loads(line) for line in daemon.out]
    kept = journal.rows(TICK) + journal.rows(DECISION)
    assert {row["id"] for row in shown} <= {row["id"] for row in kept}, "the store has what stdout showed"
    for agent in AGENTS:
        assert f"pw-{agent}" not in journal.text + daemon.err
    for line in daemon.err.splitlines():
        assert "AgentGateway" not in line, "a Guid in the log"
    assert "AgentGateway" not in journal.text, "a Guid in the journal"


async def everybody_is_set(paths: Paths) -> None:
    async def is_set() -> bool:
        return paths.database.exists() and set(paths.journal().confirmed()) == set(AGENTS)

    await until_asked(is_set)


async def ticks(paths: Paths, more: int) -> None:
    """Wait for so many more ticks that were decided."""
    before = sum(not tick["skipped"] for tick in paths.journal().ticks)

    async def have_come() -> bool:
        return sum(not tick["skipped"] for tick in paths.journal().ticks) >= before + more

    await until_asked(have_come)
