"""The simulated CC-CMS over TLS: signatures, sizes, and numbers that agree with the centre."""

import asyncio
import hashlib
import hmac
import json

import pytest

from autoscaler.simulation.site import AgentConfig, CmsConfig, RateConfig, Signer, SkillConfig

pytestmark = pytest.mark.anyio

BASE = "/rest/cmsapp/v1/openapi/"
CROWDED = {
    "agents": (
        AgentConfig(id=1001, skills=(2001, 2002), limit=2),
        AgentConfig(id=1002, skills=(2001,), limit=2),
        AgentConfig(id=1003, skills=(2001,), is_desktop=False),
    ),
    "skills": (
        SkillConfig(id=2001, media_type=51, arrivals=RateConfig(rate=0.1), patience_s=None, description="web chat"),
        SkillConfig(id=2002, media_type=53, arrivals=RateConfig(rate=0.02), patience_s=None),
    ),
}


def signed(world, path: str, sent: bytes, *, secret: str = "SKSIMULATED", date: str = "20261122T100000Z") -> dict:
    """The Huawei SDK's signature, written down here a second time from its description."""
    host = world.site.cms_url.removeprefix("https://")
    canonical = (
        f"POST\n{path}/\n\nhost:{host}\nx-sdk-date:{date}\n\nhost;x-sdk-date\n{hashlib.sha256(sent).hexdigest()}"
    )
    to_sign = f"SDK-HMAC-SHA256\n{date}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    made = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    return {
        "X-Sdk-Date": date,
        "Authorization": f"SDK-HMAC-SHA256 Access=AKSIMULATED, SignedHeaders=host;x-sdk-date, Signature={made}",
    }


async def ask(world, interface: str, *, path: str = BASE, headers: dict | None = None, **members):
    sent = json.dumps({"ccId": 1, "vdn": 1, **members}).encode()
    where = path + interface
    headers = {"Content-Type": "application/json", **(signed(world, where, sent) if headers is None else headers)}
    http = await world.connection()
    async with (
        asyncio.timeout(10),
        http.post(
            world.site.cms_url + where, data=sent, headers={"Content-Type": "application/json", **headers}
        ) as got,
    ):
        return got.status, (await got.json() if got.status == 200 else None)


async def test_success_repeats_itself_in_the_older_members(bench):
    world = await bench()
    status, body = await ask(world, "vdn/totalagentstate")
    assert status == 200
    assert (body["resultCode"], body["result"]) == ("0100000", "0")
    assert body["resultDesc"] == body["resultDatas"]
    assert {row["agentId"]: row["state"] for row in body["resultDesc"]} == {1001: 1, 1002: 1, 1003: 0, 1004: 0}


async def test_a_wrong_signature_is_http_401(bench):
    world = await bench()
    where = BASE + "vdn/totalagentstate"
    sent = json.dumps({"ccId": 1, "vdn": 1}).encode()
    good = signed(world, where, sent)
    for bad in (
        {},
        signed(world, where, sent, secret="other"),
        signed(world, where, sent + b" "),
        signed(world, where + "x", sent),
        good | {"X-Sdk-Date": "20261122T100001Z"},
        {name: value for name, value in good.items() if name != "X-Sdk-Date"},
        good | {"Authorization": good["Authorization"].replace("AKSIM", "AKSAM")},
        good | {"Authorization": good["Authorization"].replace("host;x-sdk-date", "host")},
        {"Authorization": "AKSIMULATED"},
    ):
        assert await ask(world, "vdn/totalagentstate", headers=bad) == (401, None)
    assert (await world.control("GET", "audit"))["by_retcode"] == {"http 401": 9}


async def test_a_plain_site_wants_the_access_key_alone(bench):
    world = await bench(cms=CmsConfig(access_key="AK1", signer=Signer.PLAIN))
    assert (await ask(world, "vdn/totalagentstate", headers={"Authorization": "AK1"}))[0] == 200
    assert (await ask(world, "vdn/totalagentstate", headers={"Authorization": "AK2"}))[0] == 401


async def test_queues_agents_and_chats_agree_with_the_centre(bench):
    world = await bench(**CROWDED)
    await world.clock.advance(200)
    state = await world.control("GET", "state")
    truth = {queue["id"]: queue for queue in state["queues"]}
    _, skills = await ask(world, "skill/totalskillstatusex3", skillIds=[2001, 2002, 9])
    rows = {row["skillId"]: row for row in skills["resultDesc"]}
    assert rows.keys() == {2001, 2002}
    assert truth[2001]["waiting"] > 0
    for number, row in rows.items():
        assert row["queueSize"] == truth[number]["waiting"]
        assert row["queueTime"] == int(truth[number]["oldest_wait_s"])
        assert row["loggedOnAgents"] == truth[number]["agents"]
    assert (rows[2001]["availAgents"], rows[2001]["skillDescrip"]) == (0, "web chat")
    assert rows[2001]["callId"]
    _, calls = await ask(world, "agentgroup/queryagentcalls", agentIds=[1001, 1002, 1003, 4711])
    held = {row["agentId"]: [call["mediaType"] for call in row["callList"]] for row in calls["resultDesc"]}
    assert {agent: len(types) for agent, types in held.items()} == {row["id"]: row["load"] for row in state["agents"]}
    assert held[1001].count(51) == state["agents"][0]["loads"]["51"]
    assert held[1003] == []
    _, states = await ask(world, "vdn/totalagentstate")
    assert [row["state"] for row in states["resultDesc"]] == [5, 5, 0]


async def test_agents_come_in_pages(bench):
    world = await bench()
    _, first = await ask(world, "vdn/totalagentabstractex3", limit=3, offset=0)
    _, second = await ask(world, "vdn/totalagentabstractex3", limit=3, offset=3)
    assert [row["agentId"] for row in first["resultDesc"]] == [1001, 1002, 1003]
    assert [row["agentId"] for row in second["resultDesc"]] == [1004]
    assert first["count"] == second["count"] == 4
    assert first["resultDesc"][0].keys() == {"agentId", "currentState", "currentStateTime", "locationId"}


async def test_agents_of_skills_answer_at_the_configured_path(bench):
    world = await bench(cms=CmsConfig(agents_by_skills_path="/rest/cmsapp/v1/openapi/vdn/agentsofskills"))
    _, body = await ask(world, "vdn/agentsofskills", skillIds=[2001, 2002])
    assert body["resultDesc"] == [
        {"skillId": 2001, "agentIds": [1001, 1002]},
        {"skillId": 2002, "agentIds": [1002]},
    ]
    assert (await ask(world, "skill/agentsbyskills", skillIds=[2001]))[0] == 404


@pytest.mark.parametrize(
    ("interface", "members"),
    [
        ("skill/totalskillstatusex3", {"skillIds": [1] * 1001}),
        ("skill/totalskillstatusex3", {"skillIds": []}),
        ("skill/totalskillstatusex3", {}),
        ("skill/totalskillstatusex3", {"skillIds": ["2001"]}),
        ("agentgroup/queryagentcalls", {"agentIds": list(range(101, 3102))}),
        ("vdn/totalagentabstractex3", {"limit": 1001, "offset": 0}),
        ("vdn/totalagentabstractex3", {"limit": 0, "offset": 0}),
        ("vdn/totalagentabstractex3", {"limit": 10, "offset": -1}),
        ("vdn/totalagentabstractex3", {"limit": 10}),
        ("vdn/totalagentstate", {"ccId": 0}),
        ("vdn/totalagentstate", {"vdn": 5001}),
        ("vdn/totalagentstate", {"vdn": "1"}),
    ],
)
async def test_a_request_over_its_size_or_incomplete_is_refused_with_http_200(bench, interface, members):
    world = await bench()
    status, body = await ask(world, interface, **members)
    assert status == 200
    assert body["resultCode"] == body["result"] == "0200001"


async def test_the_documented_sizes_themselves_are_good(bench):
    world = await bench()
    _, calls = await ask(world, "agentgroup/queryagentcalls", agentIds=list(range(101, 3101)))
    _, skills = await ask(world, "skill/totalskillstatusex3", skillIds=list(range(1501, 2501)))
    assert [row["agentId"] for row in calls["resultDesc"]] == [1001, 1002, 1003, 1004]
    assert [row["skillId"] for row in skills["resultDesc"]] == [2001, 2002]


async def test_faults_meet_cms_calls_too(bench):
    world = await bench()
    await world.fault("retcode", target="cms", retcode="0300008", count=1, interface="vdn/totalagentstate")
    await world.fault("status", target="cms", status=429, count=1)
    assert (await ask(world, "vdn/totalagentstate"))[1]["resultCode"] == "0300008"
    assert (await ask(world, "vdn/totalagentstate"))[0] == 429
    assert (await ask(world, "vdn/totalagentstate"))[0] == 200


async def test_only_post_and_known_paths(bench):
    world = await bench()
    http = await world.connection()
    async with asyncio.timeout(10), http.get(world.site.cms_url + BASE + "vdn/totalagentstate") as got:
        assert got.status == 405
    assert (await ask(world, "vdn/unknown"))[0] == 404
