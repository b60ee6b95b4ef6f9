"""Sign-in, Guids, cookies, time-outs and events of the simulated gateway, over TLS."""

import asyncio

import pytest

from autoscaler.simulation.site import Authentication

pytestmark = pytest.mark.anyio


async def test_sign_in_gives_the_guid_in_a_header_and_a_cookie_and_no_guid_in_the_body(bench):
    world = await bench()
    person = await world.person(1003, signed_in=False)
    answered = await person.login()
    assert answered.status == 200
    assert answered.retcode == "0"
    assert answered.guid.endswith(".AgentGateway1")
    assert ("Set-GUID", f"JSESSIONID={answered.guid}") in answered.headers
    assert person.cookie.startswith("ELBSESSION=")
    assert answered.guid not in str(answered.body)
    assert answered.body["result"]["workno"] == "1003"
    assert answered.body["result"]["mediatype"][1] == "T"


@pytest.mark.parametrize("spelling", ["set-guid", "SET-GUID", "Set-Guid"])
async def test_the_letter_case_of_the_guid_header_can_be_chosen(bench, spelling):
    world = await bench(set_guid_header=spelling)
    person = await world.person(1003, signed_in=False)
    answered = await person.login()
    assert spelling in [name for name, _ in answered.headers]


@pytest.mark.parametrize(
    ("body", "retcode"),
    [
        ({"password": "wrong", "phonenum": "1"}, "100-004"),
        ({"phonenum": "1"}, "100-001"),
        ({"password": "secret"}, "100-001"),
        ({"password": "secret", "phonenum": "1" * 25}, "100-001"),
        (None, "100-001"),
    ],
)
async def test_a_bad_sign_in_is_refused_in_a_body_that_comes_with_http_200(bench, body, retcode):
    world = await bench()
    person = await world.person(1003, signed_in=False)
    answered = await person.call("PUT", "onlineagent/1003", body)
    assert (answered.status, answered.retcode, answered.guid) == (200, retcode, None)


async def test_an_unknown_agent_is_a_wrong_user_and_one_out_of_range_a_bad_parameter(bench):
    world = await bench()
    person = await world.person(1003, signed_in=False)
    body = {"password": "secret", "phonenum": "1"}
    assert (await person.call("PUT", "onlineagent/4711", body)).retcode == "100-004"
    assert (await person.call("PUT", "onlineagent/100", body)).retcode == "000-002"
    assert (await person.call("PUT", "onlineagent/1000000", body)).retcode == "000-002"
    assert (await person.call("PUT", "onlineagent/x", body)).retcode == "000-002"


async def test_older_sites_need_no_phone_number(bench):
    world = await bench(requires_phone=False)
    person = await world.person(1003, signed_in=False)
    assert (await person.call("PUT", "onlineagent/1003", {"password": "secret"})).retcode == "0"


async def test_who_is_signed_in_must_force_and_the_first_client_is_thrown_out(bench):
    world = await bench()
    first = await world.person(1003)
    second = await world.person(1003, signed_in=False)
    assert (await second.login()).retcode == "100-002"
    assert (await second.login("/forcelogin")).retcode == "0"
    assert (await second.status()).retcode == "0"
    first.cookie = second.cookie
    assert (await first.status()).retcode == "000-003"
    assert (await world.control("GET", "audit"))["counters"]["forced_sign_ins"] == 1


async def test_a_site_may_forbid_forced_sign_ins(bench):
    world = await bench(allows_forced_sign_in=False)
    await world.person(1003)
    second = await world.person(1003, signed_in=False)
    assert (await second.login("/forcelogin")).retcode == "100-015"
    assert (await world.control("GET", "audit"))["counters"]["forced_sign_ins"] == 0


@pytest.mark.parametrize("operation", ["logout", "forcelogout"])
async def test_after_signing_out_the_guid_is_worth_nothing(bench, operation):
    world = await bench()
    person = await world.person(1003)
    assert (await person.call("DELETE", f"onlineagent/1003/{operation}")).body == {
        "message": "",
        "retcode": "0",
        "result": None,
    }
    assert (await person.status()).retcode == "100-006"
    assert (await person.login()).retcode == "0"


async def test_a_guid_opens_its_own_agent_alone(bench):
    world = await bench()
    person, other = await world.person(1003), await world.person(1004)
    stolen = await other.call("GET", "onlineagent/1004/agentstatus", guid=person.guid)
    assert stolen.retcode == "000-003"
    missing = await other.call("GET", "onlineagent/1004/agentstatus", guid="")
    assert missing.retcode == "000-003"


async def test_the_cookie_of_sign_in_must_come_back(bench):
    world = await bench()
    person = await world.person(1003)
    person.forgets_cookie = True
    assert (await person.status()).retcode == "100-006"
    person.forgets_cookie = False
    assert (await person.status()).retcode == "0"


async def test_a_site_without_a_load_balancer_needs_no_cookie(bench):
    world = await bench(requires_cookie=False)
    person = await world.person(1003)
    person.forgets_cookie = True
    assert (await person.status()).retcode == "0"


async def test_each_interface_takes_one_method_and_unknown_paths_do_not_exist(bench):
    world = await bench()
    base = f"{world.site.gateway_url}/agentgateway/resource"
    http = await world.connection()
    for method, path, status in (
        ("GET", "mediacall/1003/setcallnums", 405),
        ("POST", "onlineagent/1003", 405),
        ("GET", "mediacall/1003/getcallnums", 404),
        ("GET", "queuedevice/1003/skillwaitnum", 404),
        ("GET", "agentevent/1003/more", 404),
    ):
        async with asyncio.timeout(10), http.request(method, f"{base}/{path}") as response:
            assert response.status == status


# -- dynamic authentication -----------------------------------------------------------------------------------


async def test_a_poll_after_guidinterval_is_given_a_new_guid_and_an_earlier_one_is_not(bench):
    world = await bench()
    person = await world.person(1003)
    first = person.guid
    await world.clock.advance(59)
    assert (await person.poll()).guid is None
    await world.clock.advance(1)
    assert (await person.status()).guid is None, "only event polls carry a new Guid"
    renewed = (await person.poll()).guid
    assert renewed not in (None, first)
    assert (await person.status()).retcode == "0"


async def test_the_old_guid_lives_until_guidtimeout_of_its_own_issue(bench):
    world = await bench()
    person = await world.person(1003)
    old = person.guid
    await world.clock.advance(60)
    await person.poll()
    await world.clock.advance(59)
    assert (await person.call("GET", "onlineagent/1003/agentstatus", guid=old)).retcode == "0"
    await world.clock.advance(1)
    assert (await person.call("GET", "onlineagent/1003/agentstatus", guid=old)).retcode == "000-003"
    assert (await person.status()).retcode == "0"


async def test_a_guid_nobody_renews_dies_although_calls_go_on(bench):
    world = await bench()
    person = await world.person(1003)
    for _ in range(11):
        await world.clock.advance(10)
        assert (await person.status()).retcode == "0"
    await world.clock.advance(10)
    assert (await person.status()).retcode == "000-003"


async def test_nobody_is_told_a_renewed_guid_twice(bench):
    world = await bench()
    person = await world.person(1003)
    old = person.guid
    await world.clock.advance(60)
    await person.poll()
    again = await person.call("GET", "agentevent/1003", guid=old)
    assert (again.retcode, again.guid) == ("0", None)


async def test_with_static_authentication_a_guid_lives_as_long_as_the_sign_in(bench):
    world = await bench(authentication=Authentication.STATIC)
    person = await world.person(1003)
    for _ in range(10):
        await world.clock.advance(100)
        answered = await person.status()
        assert (answered.retcode, answered.guid) == ("0", None)
    await world.drain(person)
    polling = await world.polling(person)
    await world.clock.advance(10)
    assert (await polling).guid is None


async def test_update_guid_answers_in_the_body_and_the_old_one_lives_on(bench):
    world = await bench()
    person = await world.person(1003)
    old = person.guid
    answered = await person.call("PUT", "onlineagent/1003/updateGuid")
    assert answered.guid is None
    person.guid = answered.body["result"]["guid"]
    assert person.guid != old
    assert (await person.status()).retcode == "0"
    assert (await person.call("GET", "onlineagent/1003/agentstatus", guid=old)).retcode == "0"


async def test_update_guid_may_end_the_old_one_at_once(bench):
    world = await bench(update_guid_ends_old=True)
    person = await world.person(1003)
    await person.call("PUT", "onlineagent/1003/updateGuid")
    assert (await person.status()).retcode == "000-003"


async def test_two_minutes_of_silence_sign_the_agent_out(bench):
    world = await bench(authentication=Authentication.STATIC)
    person = await world.person(1003)
    await world.clock.advance(119)
    assert (await person.call("POST", "onlineagent/1003/handshake")).retcode == "0"
    await world.clock.advance(119)
    assert (await person.status()).retcode == "0"
    await world.clock.advance(120)
    assert (await person.status()).retcode == "100-006"
    assert (await person.login()).retcode == "0", "signed out, so no force is needed"


# -- events ---------------------------------------------------------------------------------------------------


async def test_events_wait_for_the_poll_and_come_one_an_answer_as_an_object(bench):
    world = await bench()
    person = await world.person(1003)
    first, second = await person.poll(), await person.poll()
    assert first.body["event"]["eventType"] == "AgentOther_InService"
    assert second.body["event"] | {"eventGenTime": ""} == {
        "eventType": "AgentState_Ready",
        "workNo": "1003",
        "content": None,
        "eventGenTime": "",
    }


async def test_a_poll_without_an_event_answers_after_ten_seconds_with_none(bench):
    world = await bench()
    person = await world.person(1003)
    await world.drain(person)
    polling = await world.polling(person)
    await world.clock.advance(9.9)
    assert not polling.done()
    await world.clock.advance(0.1)
    answered = await polling
    assert (answered.retcode, answered.body["event"]) == ("0", None)


async def test_a_poll_answers_at_once_when_an_event_comes(bench):
    world = await bench()
    person = await world.person(1003)
    await world.drain(person)
    polling = await world.polling(person)
    await world.control("POST", "agents/1003", {"action": "busy"})
    assert (await polling).body["event"]["eventType"] == "AgentState_SetNotReady_Success"


async def test_a_poll_under_way_ends_with_the_session(bench):
    world = await bench()
    person, thief = await world.person(1003), await world.person(1003, signed_in=False)
    await world.drain(person)
    polling = await world.polling(person)
    await thief.login("/forcelogin")
    answered = await polling
    assert (answered.retcode, answered.guid) == ("100-006", None), "its cookie leads to no session any more"


async def test_two_pollers_share_one_agents_events_and_are_counted(bench):
    world = await bench()
    person = await world.person(1003)
    await world.drain(person)
    twin = await world.person(1003, signed_in=False)
    twin.guid, twin.cookie = person.guid, person.cookie
    first = await world.polling(person)
    second = await world.polling(twin)
    await world.control("POST", "agents/1003", {"action": "busy"})
    assert (await first).body["event"] is not None
    assert not second.done()
    await world.clock.advance(10)
    assert (await second).body["event"] is None
    assert (await world.control("GET", "audit"))["counters"]["second_pollers"] == 1


async def test_a_poll_whose_client_hung_up_takes_neither_event_nor_guid_and_counts_as_no_second_poller(bench):
    world = await bench()
    person = await world.person(1003)
    await world.drain(person)
    await world.clock.advance(60)
    abandoned = await world.polling(person)
    abandoned.cancel()
    await asyncio.gather(abandoned, return_exceptions=True)
    await person.http.close()
    person.http = await world.connection()
    box = world.site.world.events[1003]
    await world.until(lambda: not box.waiters[0]())
    await world.control("POST", "agents/1003", {"action": "busy"})
    answered = await person.poll()
    assert answered.body["event"]["eventType"] == "AgentState_SetNotReady_Success"
    assert answered.guid is not None
    assert (await world.control("GET", "audit"))["counters"]["second_pollers"] == 0


async def test_sending_a_refused_guid_again_is_counted(bench):
    world = await bench()
    person = await world.person(1003)
    await person.call("DELETE", "onlineagent/1003/logout")
    await person.status()
    assert (await world.control("GET", "audit"))["counters"]["dead_guid_reuses"] == 0
    await person.status()
    await person.set_limit(3)
    assert (await world.control("GET", "audit"))["counters"]["dead_guid_reuses"] == 2
