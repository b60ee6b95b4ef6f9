"""Faults on demand: each does to a call what its name says, as often and as long as asked."""

import asyncio

import aiohttp
import pytest

from autoscaler.simulation.faults import CallFault, FaultBook, Target, Trouble

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_a_status_answers_instead_and_applies_nothing(bench, status):
    world = await bench()
    person = await world.person(1003)
    await world.fault("status", status=status, count=1, interface="setcallnums")
    with pytest.raises(aiohttp.ContentTypeError):
        await person.set_limit("5")
    assert await world.limit(1003) == 3
    assert (await world.control("GET", "audit"))["by_retcode"][f"http {status}"] == 1
    assert (await person.set_limit("5")).retcode == "0"


async def test_a_retcode_answers_instead_and_applies_nothing(bench):
    world = await bench()
    person = await world.person(1003)
    await world.fault("retcode", retcode="000-004", count=2)
    assert [(await person.set_limit("5")).retcode for _ in range(3)] == ["000-004", "000-004", "0"]


async def test_an_html_page_comes_with_http_200(bench):
    world = await bench()
    person = await world.person(1003)
    await world.fault("html", count=1)
    with pytest.raises(aiohttp.ContentTypeError) as caught:
        await person.set_limit("5")
    assert caught.value.status == 200
    assert await world.limit(1003) == 3


@pytest.mark.parametrize(("kind", "limit"), [("reset_before", 3), ("reset_after", 5)])
async def test_a_reset_gives_no_answer_and_applies_only_after(bench, kind, limit):
    world = await bench()
    person = await world.person(1003)
    await world.fault(kind, count=1)
    with pytest.raises(aiohttp.ClientConnectionError):
        await person.set_limit("5")
    assert await world.limit(1003) == limit
    assert (await world.control("GET", "audit"))["by_retcode"][kind.replace("_", " ")] == 1


async def test_a_truncated_answer_was_applied(bench):
    world = await bench()
    person = await world.person(1003)
    await world.fault("truncated", count=1)
    with pytest.raises(aiohttp.ClientPayloadError):
        await person.set_limit("5")
    assert await world.limit(1003) == 5


async def test_a_delay_holds_a_call_back_in_virtual_time(bench):
    world = await bench()
    person = await world.person(1003)
    await world.fault("delay", delay_s=7, count=1, interface="setcallnums")
    before = world.clock.sleepers
    call = asyncio.create_task(person.set_limit("5"))
    await world.until(lambda: world.clock.sleepers > before)
    await world.clock.advance(6.9)
    assert not call.done()
    assert await world.limit(1003) == 3
    await world.clock.advance(0.1)
    assert (await call).retcode == "0"
    assert await world.limit(1003) == 5


async def test_a_delayed_call_is_applied_although_its_client_hung_up(bench):
    world = await bench()
    person = await world.person(1003)
    await world.fault("delay", delay_s=7, count=1)
    before = world.clock.sleepers
    call = asyncio.create_task(person.set_limit("5"))
    await world.until(lambda: world.clock.sleepers > before)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    await person.http.close()
    await world.clock.advance(7)
    assert await world.limit(1003) == 5


async def test_two_limit_calls_of_one_agent_at_once_are_counted(bench):
    world = await bench()
    person = await world.person(1003)
    await world.fault("delay", delay_s=7, count=2)
    before = world.clock.sleepers
    calls = [asyncio.create_task(person.set_limit(number)) for number in ("5", "6")]
    await world.until(lambda: world.clock.sleepers == before + 2)
    await world.clock.advance(7)
    await asyncio.gather(*calls)
    assert (await world.control("GET", "audit"))["counters"]["overlapping_limit_calls"] == 1


async def test_a_fault_meets_the_agents_and_interface_named_and_no_others(bench):
    world = await bench()
    person, other = await world.person(1003), await world.person(1004)
    await world.fault("retcode", retcode="100-007", agents=[1003], interface="setcallnums")
    assert (await other.set_limit("5")).retcode == "0"
    assert (await person.status()).retcode == "0"
    assert (await person.set_limit("5")).retcode == "100-007"
    await world.control("DELETE", "faults")
    assert (await person.set_limit("5")).retcode == "0"


async def test_a_fault_ends_by_time(bench):
    world = await bench()
    person = await world.person(1003)
    await world.fault("retcode", retcode="100-007", duration_s=30)
    await world.clock.advance(29)
    assert (await person.status()).retcode == "100-007"
    await world.clock.advance(1)
    assert (await person.status()).retcode == "0"


def test_delays_add_up_and_the_first_other_fault_wins_without_using_up_the_next():
    book = FaultBook()
    book.add(
        [
            CallFault(kind=Trouble.DELAY, delay_s=1, count=1),
            CallFault(kind=Trouble.RETCODE, retcode="a", count=1),
            CallFault(kind=Trouble.DELAY, delay_s=2),
            CallFault(kind=Trouble.RETCODE, retcode="b", count=1),
        ],
        0.0,
    )
    met = [book.meet(Target.GATEWAY, "waitnum", 1001, 0.0) for _ in range(3)]
    assert [(delay_s, fault and fault.retcode) for delay_s, fault in met] == [(3, "a"), (2, "b"), (2, None)]


async def test_a_fault_that_cannot_be_met_is_refused(bench):
    world = await bench()
    for fault in (
        {"kind": "flood"},
        {"kind": "status", "status": 200},
        {"kind": "delay", "seconds": 3},
        {"kind": "status", "target": "cms", "agents": [1003]},
    ):
        await world.control("POST", "faults", [fault], status=400)


# -- servers away ---------------------------------------------------------------------------------------------


async def test_a_restart_loses_sessions_cookies_and_limits_and_the_same_port_comes_back(bench):
    world = await bench()
    person = await world.person(1003)
    await person.set_limit("5")
    url = world.site.gateway_url
    await world.fault("restart", duration_s=20)
    with pytest.raises(aiohttp.ClientConnectionError):
        await person.status()
    assert await world.limit(1003) == 3
    await world.clock.advance(20)
    await world.until(lambda: world.site.is_open(Target.GATEWAY))
    assert world.site.gateway_url == url
    assert (await person.status()).retcode == "100-006"
    assert (await person.login()).retcode == "0"


async def test_a_restart_cuts_a_poll_under_way(bench):
    world = await bench()
    person = await world.person(1003)
    await world.drain(person)
    polling = await world.polling(person)
    await world.fault("restart")
    with pytest.raises(aiohttp.ClientConnectionError):
        await polling


async def test_an_outage_loses_nothing_and_ends_when_faults_are_cleared(bench):
    world = await bench()
    person = await world.person(1003)
    await person.set_limit("5")
    await world.fault("outage")
    await world.clock.advance(60)
    with pytest.raises(aiohttp.ClientConnectionError):
        await person.status()
    await world.control("DELETE", "faults")
    assert (await person.status()).retcode == "0"
    assert await world.limit(1003) == 5


async def test_an_outage_of_cms_leaves_the_gateway_alone(bench):
    world = await bench()
    person = await world.person(1003)
    await world.fault("outage", target="cms", duration_s=30)
    http = await world.connection()
    with pytest.raises(aiohttp.ClientConnectorError):
        await http.post(f"{world.site.cms_url}/rest/cmsapp/v1/openapi/vdn/totalagentstate")
    assert (await person.status()).retcode == "0"
    await world.clock.advance(30)
    await world.until(lambda: world.site.is_open(Target.CMS))


async def test_a_later_restart_replaces_the_return_of_an_earlier_one(bench):
    world = await bench()
    await world.fault("restart", duration_s=10)
    await world.clock.advance(5)
    await world.fault("restart", duration_s=10)
    await world.clock.advance(6)
    assert not world.site.is_open(Target.GATEWAY)
    await world.clock.advance(4)
    await world.until(lambda: world.site.is_open(Target.GATEWAY))
