"""setcallnums, skill queues and what the simulated gateway tells about queues and agents, over TLS."""

import asyncio
import json

import pytest

from autoscaler.simulation.site import AgentConfig, RateConfig, SkillConfig

pytestmark = pytest.mark.anyio

CROWDED = {
    "skills": (
        SkillConfig(id=2001, media_type=51, arrivals=RateConfig(rate=0.2), solo_chat_s=400, patience_s=None),
        SkillConfig(id=2002, media_type=53, arrivals=RateConfig(rate=0)),
    )
}


async def test_a_limit_takes_hold_and_is_answered_as_documented(bench):
    world = await bench()
    person = await world.person(1003)
    answered = await person.set_limit("5")
    assert (answered.status, answered.body) == (200, {"message": "success", "retcode": "0"})
    assert await world.limit(1003) == 5
    assert await world.limit(1003, 53) == 3, "one media type only"


async def test_numbers_are_read_as_strings_are(bench):
    world = await bench()
    person = await world.person(1003)
    assert (await person.set_limit(6, 51)).retcode == "0"
    assert await world.limit(1003) == 6


@pytest.mark.parametrize(
    ("callnums", "retcode"),
    [("60", "0"), ("1", "0"), ("61", "106-003"), ("999", "106-003"), ("0", "000-002"), ("-1", "000-002"),
     ("four", "000-002"), ("", "000-002"), (None, "000-002"), (True, "000-002"), (2.5, "000-002")],
)  # fmt: skip
async def test_limits_outside_1_to_60_are_refused_and_change_nothing(bench, callnums, retcode):
    world = await bench()
    person = await world.person(1003)
    assert (await person.set_limit(callnums)).retcode == retcode
    assert await world.limit(1003) == (int(callnums) if retcode == "0" else 3)


async def test_a_media_type_without_a_queue_signed_in_to_is_refused(bench):
    world = await bench()
    person = await world.person(1003, signed_in=False)
    await person.login()
    assert (await person.set_limit("4")).retcode == "106-008"
    await person.join("2001")
    assert (await person.set_limit("4")).retcode == "0"
    assert (await person.set_limit("4", "53")).retcode == "106-008"
    assert (await person.set_limit("4", "7")).retcode == "000-002"


async def test_a_limit_needs_a_good_guid(bench):
    world = await bench()
    person = await world.person(1003)
    person.guid = "00000000-0000-4000-8000-000000000000.AgentGateway1"
    assert (await person.set_limit("4")).retcode == "000-003"
    assert await world.limit(1003) == 3


async def test_a_body_that_is_no_object_is_a_bad_parameter(bench):
    world = await bench()
    person = await world.person(1003)
    url = f"{world.site.gateway_url}/agentgateway/resource/mediacall/1003/setcallnums"
    headers = {"guid": person.guid, "Cookie": person.cookie}
    for sent in (b"{", b"[]", b""):
        async with asyncio.timeout(10), person.http.post(url, data=sent, headers=headers) as response:
            assert (await response.json())["retcode"] == "000-002"


@pytest.mark.parametrize("how", ["again", "forced"])
async def test_a_limit_returns_to_the_configured_one_on_a_new_sign_in(bench, how):
    world = await bench()
    person = await world.person(1003)
    await person.set_limit("9")
    if how == "again":
        await person.call("DELETE", "onlineagent/1003/logout")
        await person.login()
    else:
        await person.login("/forcelogin")
    assert await world.limit(1003) == 3


async def test_an_agent_joins_the_queues_asked_for_that_are_configured_and_leaves_the_others(bench):
    world = await bench()
    person = await world.person(1004, signed_in=False)
    await person.login()

    async def queues() -> list[int]:
        state = await world.control("GET", "state")
        return next(row["queues"] for row in state["agents"] if row["id"] == 1004)

    assert await queues() == [], "sign-in joins no queue"
    assert (await person.join("2001;2002;9")).retcode == "0"
    assert await queues() == [2001]
    assert (await person.join("", autoflag="yes")).retcode == "0", "anything but true is false"
    assert await queues() == []
    assert (await person.join("", autoflag="true")).retcode == "0"
    assert await queues() == [2001]
    assert (await person.join("2001;x")).retcode == "000-002"
    assert (await person.join("1" * 4001)).retcode == "000-002"
    assert await queues() == [2001]


async def test_a_lower_limit_ends_no_chat_and_a_raise_pulls_from_the_queue(bench):
    world = await bench(**CROWDED, agents=(AgentConfig(id=1003, skills=(2001,), is_desktop=False, password="secret"),))
    person = await world.person(1003)
    await world.clock.advance(60)
    assert (await person.call("GET", "calldata/1003/callnums")).body["result"] == 3
    await person.set_limit("1")
    assert (await person.call("GET", "calldata/1003/callnums")).body["result"] == 3
    waiting = (await person.call("GET", "queuedevice/1003/skillwaitnum/2001")).body["result"]
    assert waiting > 2
    await person.set_limit("5")
    assert (await person.call("GET", "calldata/1003/callnums")).body["result"] == 5
    assert (await person.call("GET", "queuedevice/1003/skillwaitnum/2001")).body["result"] == waiting - 2


async def test_queue_depth_by_every_interface(bench):
    world = await bench(**CROWDED)
    for agent in (1001, 1002):
        await world.control("POST", f"agents/{agent}", {"action": "busy"})
    person = await world.person(1003, signed_in=False)
    await person.login()
    await world.clock.advance(100)
    truth = (await world.control("GET", "state"))["queues"][0]
    assert truth["waiting"] > 5

    async def result(path: str):
        return (await person.call("GET", f"queuedevice/1003/{path}")).body["result"]

    assert await result("waitnum") == truth["waiting"], "configured queues"
    assert await result("waitnumbyagent") == 0, "signed in to none"
    assert await result("skillwaitnum/2001") == truth["waiting"]
    assert await result("skillwaitnum/2002") == 0
    stat = await person.call("POST", "queuedevice/1003/queryacdstat", {"skills": [2001, "2002"]})
    rows = {row["deviceNo"]: row for row in stat.body["result"]}
    assert rows[2001]["queueSize"] == truth["waiting"]
    assert rows[2001]["queueTime"] == int(truth["oldest_wait_s"])
    assert (rows[2001]["loggedOnAgents"], rows[2001]["availAgents"]) == (2, 0)
    unknown = await person.call("GET", "queuedevice/1003/skillwaitnum/9")
    assert (unknown.retcode, "result" in unknown.body) == ("000-002", False)
    for skills in ([], [2001] * 101, "2001", [9]):
        assert (await person.call("POST", "queuedevice/1003/queryacdstat", {"skills": skills})).retcode == "000-002"


async def test_agents_and_their_states_in_both_numberings(bench):
    world = await bench()
    person = await world.person(1003)
    await world.control("POST", "agents/1002", {"action": "rest"})
    await world.control("POST", "agents/1001", {"action": "sign_out"})
    everybody = (await person.call("GET", "agentgroup/1003/allagentstatus")).body["result"]
    states = {row["workno"]: (row["status"], row["ctiStatus"]) for row in everybody}
    assert states == {"1001": (2, 0), "1002": (8, 8), "1003": (4, 1), "1004": (2, 0)}
    in_queue = await person.call("GET", "agentgroup/1003/agentbyskill/2001")
    assert [row["workno"] for row in in_queue.body["result"]] == ["1002", "1003"]
    some = await person.call("GET", "agentgroup/1003/agentbyskill/2001", {"agentLimit": 5, "agentStatus": [4]})
    assert [row["workno"] for row in some.body["result"]] == ["1003"]
    half = await person.call("GET", "agentgroup/1003/agentbyskill/2001", {"agentLimit": 5})
    assert half.retcode == "000-002"
    assert (await person.status()).body["result"] == {"agentState": 4, "isWorking": False}


async def test_an_agent_with_chats_is_talking(bench):
    world = await bench(**CROWDED)
    person = await world.person(1003)
    await world.clock.advance(100)
    assert (await person.status()).body["result"] == {"agentState": 7, "isWorking": True}
    types = await world.drain(person)
    assert types[:4] == ["AgentOther_InService", "AgentState_Ready", "AgentEvent_Auto_Answer", "AgentEvent_Talking"]


async def test_one_can_sign_in_busy_and_gets_no_chat(bench):
    world = await bench(**CROWDED)
    person = await world.person(1003, signed_in=False)
    await person.login(status="3")
    await person.join(autoflag="true")
    await world.clock.advance(100)
    assert (await person.status()).body["result"] == {"agentState": 3, "isWorking": False}


async def test_the_audit_names_every_call_and_hides_every_guid(bench):
    world = await bench()
    person = await world.person(1003)
    await world.clock.advance(30)
    await person.set_limit("4")
    await person.set_limit("61")
    report = await world.control("GET", "audit?interface=setcallnums")
    assert [(row["agent"], row["media_type"], row["callnums"], row["outcome"]) for row in report["calls"]] == [
        (1003, "51", "4", "0"),
        (1003, "51", "61", "106-003"),
    ]
    assert {(row["at"], row["at_s"]) for row in report["calls"]} == {("2026-01-05T09:00:30+00:00", 30.0)}
    assert len({row["guid"] for row in report["calls"]}) == 1
    assert report["by_interface"]["setcallnums"] == 2
    assert report["by_retcode"]["106-003"] == 1
    everything = await world.control("GET", "audit")
    assert person.guid not in json.dumps(everything)
    later = await world.control("GET", f"audit?after={report['calls'][0]['number']}")
    assert [row["callnums"] for row in later["calls"]] == ["61"]
