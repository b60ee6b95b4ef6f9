"""The process's life as systemd and its operator see it: ready, reloading, stopping; and what it shows."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

from .processes import service, site, until_asked
from .service_stage import BAD, EVERYBODY, FAST, all_have, configure, in_flight, in_real_time, ticks
from .stage import AGENTS, Paths, free_ports


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
        await floor.fault({"kind": "delay", "delay_s": 5.0, "interface": "setcallnums"})
        sections = {"gateway": {"guid_life": "60s", "timeout": "15s"}, "top": {"drain": "20s"}}
        configure(paths, floor, port, rules=f"{FAST}mode: observe\n", **sections)
        async with service(paths) as daemon:
            await daemon.ready()

            async def everybody_is_live() -> bool:
                return bool((await daemon.status())["gateway"]["sessions"]["live"] == AGENTS)

            await until_asked(everybody_is_live)  # so that one tick calls them all at once
            paths.write_rules(FAST)
            await daemon.ask(lambda client: client.reload())
            await in_flight(daemon, AGENTS)
            assert await daemon.stop() == 0
        journal = paths.journal()
        journal.check_every_order_is_there_once()
        called = [row for row in journal.decisions if row["outcome"] != "observed"]
        assert [row["outcome"] for row in called] == ["applied"] * AGENTS
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
