"""The daemon as a service beside a site in real time: rules that tick each second, six agents who are to have four."""

from __future__ import annotations

from pathlib import Path

from autoscaler.simulation.site import PushConfig, SiteConfig

from .processes import PATIENCE_S, Service, Site, until_asked
from .stage import AGENTS, FIRST, STEADY, TOKEN, Paths, a_floor, free_ports, write_settings

__all__ = ["BAD", "EVERYBODY", "FAST", "all_have", "configure", "in_flight", "in_real_time", "offline", "ticks"]

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
