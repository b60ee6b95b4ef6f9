"""Desktops of the simulation: they renew, hand over, push, and stay out when thrown out."""

import asyncio
import ssl
from contextlib import asynccontextmanager

import pytest
import trustme
from aiohttp import web

from autoscaler.simulation.faults import Target
from autoscaler.simulation.site import AgentConfig, PushConfig, RateConfig, SkillConfig

pytestmark = pytest.mark.anyio


async def as_desktop(world, agent: int):
    """A client with what the desktop hands over."""
    handed = (await world.control("GET", "desktops"))[str(agent)]
    person = await world.person(agent, signed_in=False)
    person.guid = handed["guid"]
    person.cookie = "; ".join(f"{name}={value}" for name, value in handed["cookies"].items())
    return person


async def test_desktops_are_signed_in_to_all_their_queues_from_the_start(bench):
    world = await bench()
    state = await world.control("GET", "state")
    assert {row["id"]: row["queues"] for row in state["agents"]} == {
        1001: [2001],
        1002: [2001, 2002],
        1003: [],
        1004: [],
    }
    assert [row["id"] for row in state["agents"] if row["is_desktop"]] == [1001, 1002]


async def test_what_a_desktop_hands_over_sets_its_agents_limits(bench):
    world = await bench()
    person = await as_desktop(world, 1002)
    assert (await person.set_limit("4")).retcode == "0"
    assert (await person.set_limit("6", "53")).retcode == "0"
    assert (await world.control("GET", "limits"))["1002"] == {"51": 4, "53": 6}


async def test_a_desktop_renews_its_guid_and_the_old_one_dies(bench):
    world = await bench()
    early = await as_desktop(world, 1001)
    await world.clock.advance(75)
    later = await as_desktop(world, 1001)
    assert later.guid != early.guid
    assert (await early.status()).retcode == "0", "the old Guid has some life left"
    await world.clock.advance(45)
    assert (await early.status()).retcode == "000-003"
    assert (await later.status()).retcode == "0"


async def test_a_desktop_stays_signed_in_for_hours(bench):
    world = await bench()
    for _ in range(20):
        await world.clock.advance(360)
    assert (await (await as_desktop(world, 1001)).status()).retcode == "0"


async def test_a_desktop_that_stops_polling_is_signed_out_after_its_guid(bench):
    world = await bench()
    person = await as_desktop(world, 1001)
    await world.control("POST", "agents/1001", {"action": "stop_polling"})
    assert "1001" not in await world.control("GET", "desktops")
    await world.clock.advance(119)
    assert (await person.status()).retcode == "0"
    await world.clock.advance(121)
    assert (await person.status()).retcode == "100-006"


async def test_a_person_thrown_out_by_force_stays_out_until_signing_in_again(bench):
    world = await bench(
        agents=(AgentConfig(id=1001, skills=(2001,), password="secret"),),
        skills=(SkillConfig(id=2001, arrivals=RateConfig(rate=0)),),
    )
    thief = await world.person(1001, signed_in=False)
    assert (await thief.login()).retcode == "100-002"
    assert (await thief.login("/forcelogin")).retcode == "0"
    await world.clock.advance(30)
    assert await world.control("GET", "desktops") == {}
    assert (await thief.status()).retcode == "0"
    await world.control("POST", "agents/1001", {"action": "sign_in"})
    assert (await thief.status()).retcode == "100-006", "its cookie leads to no session any more"
    assert (await (await as_desktop(world, 1001)).status()).retcode == "0"


async def test_polling_in_a_desktops_place_is_counted_and_takes_its_guid(bench):
    world = await bench()
    person = await as_desktop(world, 1001)
    polling = asyncio.create_task(person.poll())
    await world.until(lambda: world.site.world.audit.second_pollers == 1)
    await world.clock.advance(10)
    assert (await polling).retcode == "0"


async def test_desktops_sign_in_again_after_a_restart_once_the_gateway_is_back(bench):
    world = await bench()
    before = await as_desktop(world, 1001)
    await before.set_limit("5")
    await world.fault("restart", duration_s=15)
    await world.clock.advance(14)
    assert not (await world.control("GET", "state"))["agents"][0]["is_signed_in"]
    await world.clock.advance(1)
    await world.until(lambda: world.site.is_open(Target.GATEWAY))
    await world.clock.advance(11)
    after = await as_desktop(world, 1001)
    assert after.guid != before.guid
    assert (await after.status()).retcode == "0"
    assert await world.limit(1001) == 3


async def test_a_person_signs_out_and_in(bench):
    world = await bench()
    person = await as_desktop(world, 1001)
    await person.set_limit("7")
    answered = await world.control("POST", "agents/1001", {"action": "sign_out"})
    assert answered == {"agent": 1001, "state": "signed_out"}
    assert (await person.status()).retcode == "100-006"
    await world.control("POST", "agents/1001", {"action": "sign_in"})
    assert await world.limit(1001) == 3
    assert (await (await as_desktop(world, 1001)).status()).retcode == "0"


async def test_unknown_agents_and_actions_are_refused(bench):
    world = await bench()
    await world.control("POST", "agents/4711", {"action": "busy"}, status=404)
    await world.control("POST", "agents/1001", {"action": "dance"}, status=400)
    await world.control("POST", "agents/1001", ["busy"], status=400)
    await world.control("GET", "audit?after=x", status=400)


@asynccontextmanager
async def receiver(*, refuse_first: int, tmp_path):
    """Somebody who is handed Guids, over TLS of an authority of their own."""
    got: list[tuple[str, str, dict]] = []
    left = refuse_first

    async def put(request: web.Request) -> web.Response:
        nonlocal left
        got.append((request.match_info["agent"], request.headers["Authorization"], await request.json()))
        left -= 1
        return web.Response(status=503 if left >= 0 else 204)

    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    ca_file = tmp_path / "receiver.pem"
    authority.cert_pem.write_to_path(ca_file)
    app = web.Application()
    app.add_routes([web.put("/v1/sessions/{agent}", put)])
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server).start()
    try:
        yield PushConfig(url=f"https://127.0.0.1:{runner.addresses[0][1]}", token="t0ken", ca_file=ca_file), got
    finally:
        await runner.cleanup()


async def test_each_guid_learnt_is_pushed_with_the_bearer_token(bench, tmp_path):
    async with receiver(refuse_first=0, tmp_path=tmp_path) as (push, got):
        world = await bench(push=push)
        await world.until(lambda: len(got) == 2)
        handed = await world.control("GET", "desktops")
        assert {agent: body for agent, _, body in got} == {
            agent: {"guid": each["guid"], "cookies": each["cookies"]} for agent, each in handed.items()
        }
        assert {token for _, token, _ in got} == {"Bearer t0ken"}
        await world.clock.advance(75)
        await world.until(lambda: len(got) == 4)
        renewed = await world.control("GET", "desktops")
        assert {body["guid"] for _, _, body in got[2:]} == {each["guid"] for each in renewed.values()}


async def test_a_push_that_was_refused_is_sent_again(bench, tmp_path):
    async with receiver(refuse_first=2, tmp_path=tmp_path) as (push, got):
        world = await bench(push=push)
        await world.until(lambda: world.site.pusher.count.failed == 2)
        await world.clock.advance(2)
        await world.until(lambda: world.site.pusher.count.sent == 2)
        assert len(got) == 4
        assert (await world.control("GET", "state"))["pushes"] == {"sent": 2, "failed": 2}


async def test_the_twin_keeps_its_limits_and_has_the_same_people(bench):
    world = await bench(
        agents=(AgentConfig(id=1001, skills=(2001,), limit=2), AgentConfig(id=1002, skills=(2001,), limit=2)),
        skills=(SkillConfig(id=2001, arrivals=RateConfig(rate=0.02), solo_chat_s=400, patience_s=180),),
    )
    await world.clock.advance(100)
    for agent in (1001, 1002):
        assert (await (await as_desktop(world, agent)).set_limit("6")).retcode == "0"
    await world.clock.advance(7200)
    summary = await world.control("GET", "summary")
    live, baseline = summary["live"], summary["baseline"]
    assert live["arrived"] == baseline["arrived"] > 100
    assert live["mean_wait_s"] < baseline["mean_wait_s"]
    assert live["service_level"]["30"] > baseline["service_level"]["30"]
    assert live["mean_concurrency"] > baseline["mean_concurrency"]


async def test_without_a_limit_call_the_twin_is_the_same_bit_for_bit(bench):
    world = await bench(
        agents=(AgentConfig(id=1001, skills=(2001,)), AgentConfig(id=1002, skills=(2001,))),
        skills=(SkillConfig(id=2001, arrivals=RateConfig(rate=0.02)),),
    )
    await world.clock.advance(1000)
    await world.control("POST", "agents/1002", {"action": "sign_out"})
    await world.clock.advance(1000)
    await world.control("POST", "agents/1002", {"action": "sign_in"})
    await world.clock.advance(1000)
    summary = await world.control("GET", "summary")
    assert summary["live"] == summary["baseline"]
