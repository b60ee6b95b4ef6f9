"""The process's life as systemd and its operator see it: ready, reloading, stopping, killed and started again."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
from pathlib import Path

import pytest

from autoscaler.simulation.site import PushConfig, SiteConfig

from .processes import PATIENCE_S, Service, Site, service, site, until_asked
from .stage import AGENTS, FIRST, STEADY, TOKEN, Paths, a_floor, free_ports, write_settings

FAST = STEADY.replace("every: 10s", "every: 1s")
EVERYBODY = range(FIRST, FIRST + AGENTS)
BAD = FAST.replace("baseline: 4", "baseline: 99")


def in_real_time(port: int) -> SiteConfig:
    push = PushConfig(url=f"http://127.0.0.1:{port}", token=TOKEN)
    return a_floor(speed=1.0, push=push, guid_timeout_s=60.0, guid_interval_s=3.0)


def configure(paths: Paths, floor: Site, port: int, *, rules: str = FAST, **sections: dict[str, object]) -> None:
    paths.write_rules(rules)
    process = floor.process
    sections = {"gateway": {"guid_life": "60s"}, **sections}
    write_settings(paths, process.gateway_url, process.cms_url, process.ca_file, port, **sections)


async def all_have(floor: Site, limit: int) -> None:
    async def have_it() -> bool:
        return await floor.limits() == dict.fromkeys(EVERYBODY, limit)

    await until_asked(have_it)


async def test_systemd_is_told_of_every_turn_and_reloads_take_all_or_nothing(short_path: Path) -> None:
    paths, port = Paths(short_path), next(free_ports)
    async with site(in_real_time(port), short_path) as floor:
        configure(paths, floor, port)
        async with service(paths, watchdog_s=1.0) as daemon:
            systemd = daemon.supervisor
            await systemd.hears("READY=1", daemon)
            assert (await systemd.hears("STATUS=", daemon)).startswith("STATUS=1 group: webchat")
            await systemd.hears("WATCHDOG=1", daemon)
            await all_have(floor, 4)
            good = (await daemon.status())["rulebook"]

            so_far = len(systemd.heard)
            paths.write_rules(BAD)
            daemon.signal(signal.SIGHUP)
            await systemd.hears("RELOADING=1", daemon, after=so_far)
            assert int((await systemd.hears("MONOTONIC_USEC=", daemon, after=so_far)).split("=")[1]) > 0
            await systemd.hears("READY=1", daemon, after=so_far)
            said = await systemd.hears("STATUS=", daemon, after=so_far, holding="RULES: ")
            assert "the rules before stay in force" in said
            status = await daemon.status()
            assert (status["rulebook"], status["bad_reloads"]) == (good, 1)
            assert 7 in [one["line"] for one in status["findings"]]
            (event,) = daemon.events("rules_invalid")
            assert f"{paths.rules}/webchat.yaml:7:" in event["findings"]
            assert await floor.limits() == dict.fromkeys(EVERYBODY, 4)

            so_far = len(systemd.heard)
            paths.write_rules(FAST.replace("floor: 1", "floor: 6").replace("baseline: 4", "baseline: 7"))
            daemon.signal(signal.SIGHUP)
            await systemd.hears("READY=1", daemon, after=so_far)
            await all_have(floor, 6)
            status = await daemon.status()
            assert (status["reloads"], status["rules_problem"]) == (1, "")
            assert status["rulebook"] != good

            so_far = len(systemd.heard)
            daemon.signal(signal.SIGTERM)
            assert await daemon.end() == 0
            systemd.listen()
            assert systemd.heard[so_far:].count("STOPPING=1") == 1
            assert not paths.socket.exists()


async def test_sigterm_waits_for_calls_in_flight_and_journals_them(short_path: Path) -> None:
    paths, port = Paths(short_path), next(free_ports)
    async with site(in_real_time(port), short_path) as floor:
        await floor.fault({"kind": "delay", "delay_s": 2.0, "interface": "setcallnums"})
        configure(paths, floor, port, gateway={"guid_life": "60s", "timeout": "8s"})
        async with service(paths) as daemon:
            await daemon.ready()
            await in_flight(daemon, AGENTS)
            assert await daemon.stop() == 0
        journal = paths.journal()
        assert journal.check_every_order_is_there_once() == AGENTS
        assert {row["outcome"] for row in journal.decisions} == {"applied"}
        assert journal.confirmed() == await floor.limits() == dict.fromkeys(EVERYBODY, 4)


async def test_a_second_sigterm_ends_at_once(short_path: Path) -> None:
    paths, port = Paths(short_path), next(free_ports)
    async with site(in_real_time(port), short_path) as floor:
        await floor.fault({"kind": "delay", "delay_s": 300.0, "interface": "setcallnums"})
        configure(paths, floor, port, gateway={"guid_life": "60s", "timeout": "300s"}, top={"drain": "300s"})
        async with service(paths) as daemon:
            await daemon.ready()
            await in_flight(daemon, AGENTS)
            daemon.signal(signal.SIGTERM)
            await daemon.supervisor.hears("STOPPING=1", daemon)
            assert daemon.is_alive
            daemon.signal(signal.SIGTERM)
            assert await daemon.end(within_s=10) == -signal.SIGTERM


async def test_a_start_with_bad_rules_ends_with_1_and_shows_them(short_path: Path) -> None:
    paths = offline(short_path, rules=BAD)
    async with service(paths) as daemon:
        assert await daemon.end() == 1
        assert f"{paths.rules}/webchat.yaml:7:" in daemon.err
        assert "no last good copy" in daemon.err
        assert "Try: " in daemon.err
        daemon.supervisor.listen()
        assert daemon.supervisor.heard == []


async def test_a_start_with_bad_rules_runs_the_last_good_ones_and_says_so(short_path: Path) -> None:
    paths, port = Paths(short_path), next(free_ports)
    async with site(in_real_time(port), short_path) as floor:
        configure(paths, floor, port)
        async with service(paths) as daemon:
            await daemon.ready()
            good = (await daemon.status())["rulebook"]
            assert await daemon.stop() == 0
        paths.write_rules(BAD)
        async with service(paths) as daemon:
            await daemon.ready()
            assert "running the last good rules" in await daemon.supervisor.hears("STATUS=", daemon)
            status = await daemon.status()
            assert status["is_last_good"]
            assert status["rulebook"] == good
            (event,) = daemon.events("rules_invalid_last_good_used")
            assert event["level"] == "error"
            await all_have(floor, 4)
            paths.write_rules(FAST.replace("floor: 1", "floor: 5").replace("baseline: 4", "baseline: 5"))
            answer = await daemon.ask(lambda client: client.reload())
            assert answer["taken"]
            await all_have(floor, 5)
            status = await daemon.status()
            assert (status["is_last_good"], status["rules_problem"]) == (False, "")
            assert await daemon.stop() == 0


@pytest.mark.parametrize(
    ("sections", "place", "said"),
    [
        ({"gateway": {"timeout": "5 parsecs"}}, "gateway.timeout", "duration"),
        ({"cms": {"secret_key_file": "/nowhere/cms-secret"}}, "cms.secret_key_file", "can't be read"),
        ({"console": {"token_file": "/nowhere/token"}}, "console.token_file", "can't be read"),
        ({"gateway": {"ca_file": "/nowhere/ca.pem"}}, "gateway.ca_file", "ca.pem"),
        ({"sessions": {"kind": "owned", "agents_file": "/nowhere/agents.csv"}}, "agents.csv", "can't be read"),
        ({"top": {"store": "mysql://db"}}, "store", "mysql"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_bad_settings_end_with_2_and_name_the_setting(
    sections: dict[str, dict[str, object]], place: str, said: str, short_path: Path
) -> None:
    paths = offline(short_path, **sections)
    async with service(paths) as daemon:
        assert await daemon.end() == 2
        error, tried = daemon.err.splitlines()[-2:]
        assert error.startswith("Error: ")
        assert place in error
        assert said in error
        assert tried.startswith("Try: ")
        daemon.supervisor.listen()
        assert daemon.supervisor.heard == []


async def test_a_second_daemon_leaves_the_store_and_the_first_alone(short_path: Path, tmp_path: Path) -> None:
    paths = offline(short_path)
    async with service(paths) as first:
        await first.ready()
        other = offline(tmp_path, top={"store": f"sqlite:///{paths.database}"})
        async with service(other) as second:
            assert await second.end() == 4
            assert f"another autoscaler (pid {first.process.pid}) uses this store" in second.err
            assert "Try: " in second.err
        assert (await first.status())["state"] == "running"
        assert await first.stop() == 0


async def test_a_port_that_is_taken_ends_with_4_and_leaves_no_socket_behind(short_path: Path) -> None:
    port = next(free_ports)
    taken = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", port)
    async with taken:
        paths = offline(short_path, console={"listen": f"127.0.0.1:{port}"})
        async with service(paths) as daemon:
            assert await daemon.end() == 4
            assert f"127.0.0.1:{port} can't be listened on" in daemon.err
        assert not paths.socket.exists()


async def test_after_a_kill_the_next_start_goes_on_from_what_was_kept(short_path: Path) -> None:
    paths, port = Paths(short_path), next(free_ports)
    rules = f"""{FAST}
rules:
  - {{name: once, when: group.agents > 0, raise: 1 each}}
stability: {{raise: {{cooldown: 1h}}}}
"""
    async with site(in_real_time(port), short_path) as floor:
        configure(paths, floor, port, rules=rules)
        async with service(paths) as daemon:
            await daemon.ready()
            await daemon.ask(lambda client: client.pin(agent=FIRST, limit=9, reason="training", for_s=3600))
            expected = {**dict.fromkeys(EVERYBODY, 5), FIRST: 9}

            async def is_raised() -> bool:
                return await floor.limits() == expected == paths.journal().confirmed()

            await until_asked(is_raised)
            daemon.signal(signal.SIGKILL)
            assert await daemon.end() == -signal.SIGKILL
        assert paths.socket.exists(), "nobody tidied up"
        lines = len(paths.journal().decisions)
        for agent in EVERYBODY:  # the desktops sign in anew, so the gateway has the configured limits
            await floor.act(agent, "sign_out")
            await floor.act(agent, "sign_in")
        assert await floor.limits() == dict.fromkeys(EVERYBODY, 3)
        async with service(paths) as daemon:
            await daemon.ready()
            status = await daemon.status()
            assert [(pin["agent"], pin["limit"], pin["reason"]) for pin in status["pins"]] == [(FIRST, 9, "training")]

            async def is_set_again() -> bool:
                return await floor.limits() == expected

            await until_asked(is_set_again)
            await ticks(paths, 3)
            assert await floor.limits() == expected, "the cooldown is remembered"
            assert await daemon.stop() == 0
        journal = paths.journal()
        assert len(journal.decisions) >= lines + AGENTS
        assert {row["from"] for row in journal.decisions[lines:]} == {None}
        journal.check_every_order_is_there_once()
        assert journal.confirmed() == expected


async def test_a_store_that_may_not_grow_stops_no_decision_and_loses_no_line(short_path: Path) -> None:
    paths, port = Paths(short_path), next(free_ports)
    async with site(in_real_time(port), short_path) as floor:
        configure(paths, floor, port)
        async with service(paths) as daemon:
            await daemon.ready()
            await all_have(floor, 4)
            bound_file_size(daemon.process.pid, 60_000)
            await daemon.says("STORE: ")
            done = (await daemon.status())["groups"][0]["ticks"]["completed"]
            for agent in EVERYBODY:
                await floor.act(agent, "sign_out")
                await floor.act(agent, "sign_in")
            await all_have(floor, 4)
            assert (await daemon.status())["groups"][0]["ticks"]["completed"] > done
            bound_file_size(daemon.process.pid, None)

            async def is_kept() -> bool:
                store = (await daemon.status())["store"]
                return store == {"backlog": 0, "lost": 0, "last_error": ""}

            await until_asked(is_kept)
            assert await daemon.stop() == 0
        paths.journal().check_every_order_is_there_once()
        assert paths.journal().confirmed() == await floor.limits()


async def test_a_reader_of_stdout_that_goes_away_takes_nobody_along(short_path: Path) -> None:
    paths, port = Paths(short_path), next(free_ports)
    async with site(in_real_time(port), short_path) as floor:
        configure(paths, floor, port, journal={"stdout": True})
        reader, writer = os.pipe()
        os.close(reader)
        async with service(paths, stdout=writer) as daemon:
            os.close(writer)
            await daemon.ready()
            await all_have(floor, 4)
            await ticks(paths, 2)
            (event,) = daemon.events("journal_lines_not_shown")
            assert event["help"]
            assert await daemon.stop() == 0


async def test_stdout_shows_the_journal_line_by_line(short_path: Path) -> None:
    paths, port = Paths(short_path), next(free_ports)
    async with site(in_real_time(port), short_path) as floor:
        configure(paths, floor, port, journal={"stdout": True})
        async with service(paths) as daemon:
            await daemon.ready()
            await all_have(floor, 4)
            await ticks(paths, 2)
            assert await daemon.stop() == 0
            shown = [json.loads(line) for line in daemon.out]
    journal = paths.journal()
    assert [row["id"] for row in shown] == [row["id"] for row in journal.all_rows()]


def offline(directory: Path, rules: str = FAST, **sections: dict[str, object]) -> Paths:
    """Settings for a gateway and a CC-CMS at which nobody listens."""
    paths = Paths(directory)
    paths.write_rules(rules)
    authority = directory / "ca.pem"
    authority.write_text("")
    nowhere = f"https://127.0.0.1:{next(free_ports)}"
    merged = {**sections, **{name: {"ca_file": None, **sections.get(name, {})} for name in ("gateway", "cms")}}
    write_settings(paths, nowhere, nowhere, authority, next(free_ports), **merged)
    return paths


async def in_flight(daemon: Service, calls: int) -> None:
    async def are_under_way() -> bool:
        return bool((await daemon.status())["gateway"]["in_flight"] == calls)

    await until_asked(are_under_way)


async def ticks(paths: Paths, more: int) -> None:
    before = len(paths.journal().ticks)

    async def have_come() -> bool:
        return len(paths.journal().ticks) >= before + more

    await until_asked(have_come, within_s=PATIENCE_S)


def bound_file_size(pid: int, size: int | None) -> None:
    """What a full disk does to a process, from outside."""
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most if size is None else size, most))
