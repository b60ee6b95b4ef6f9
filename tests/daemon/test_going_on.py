"""After a kill, and on a full disk: what was kept counts, nothing is lost, limits stay right."""

from __future__ import annotations

import resource
import signal
from pathlib import Path

from .processes import service, site, until_asked
from .recording import differing, replayed
from .service_stage import EVERYBODY, FAST, all_have, configure, in_real_time, ticks
from .stage import AGENTS, FIRST, Paths, free_ports


async def test_after_a_kill_the_next_start_goes_on_from_what_was_kept(short_path: Path) -> None:
    paths, port = Paths(short_path), next(free_ports)
    rules = f"""{FAST}
rules:
  - {{name: once, when: group.agents > 0, raise: 1 each}}
stability: {{raise: {{cooldown: 1h}}}}
"""
    async with site(in_real_time(port), short_path) as floor:
        # an answer later than that is read from the CC-CMS and not in the journal, for which is waited below
        configure(paths, floor, port, rules=rules, gateway={"guid_life": "60s", "timeout": "15s"})
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
        assert differing(replayed(f"sqlite:///{paths.database}")) == [], "not over a kill either"


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


def bound_file_size(pid: int, size: int | None) -> None:
    """What a full disk does to a process, from outside."""
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most if size is None else size, most))
