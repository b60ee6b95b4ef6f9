"""Starts that are refused, each with its exit code and what to try, and one that runs the last good rules."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from .processes import service, site
from .service_stage import BAD, FAST, all_have, configure, in_real_time, offline
from .stage import Paths, free_ports


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
