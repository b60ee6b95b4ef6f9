"""CC-CMS through a real TLS server: what is read, what is missing, and what is never believed."""

from __future__ import annotations

import asyncio
import math
import ssl
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
import pytest
from aiohttp import web

from autoscaler.core.readings import AgentState
from autoscaler.errors import SettingsError
from autoscaler.sources.cms import CmsSource
from autoscaler.sources.cms_client import CmsSettings
from autoscaler.sources.ports import Want
from autoscaler.sources.signing import PlainKey

OpenCms = Callable[..., CmsSource]
CHATS = Want(group="webchat", queues=(2001,), media_type=51, agent_ids=None)


def named(*ids: int, queues: tuple[int, ...] = (2001,), media_type: int = 51) -> Want:
    return Want(group="webchat", queues=queues, media_type=media_type, agent_ids=np.array(ids, np.int64))


def good(data: object) -> dict[str, object]:
    return {"resultCode": "0100000", "resultDesc": data}


async def test_a_group_by_its_queues_is_read_whole(usual, open_cms: OpenCms) -> None:
    seen = await open_cms().observe(CHATS, 10)
    assert seen.problems == ()
    assert seen.roster_problem == ""
    assert seen.queues.ids.tolist() == [2001]
    assert seen.queues.waiting.tolist() == [11.0]
    assert seen.queues.oldest_wait_s.tolist() == [44.0]
    assert np.isnan(seen.queues.arrivals_per_minute).all()
    assert np.isnan(seen.queues.abandoned_per_minute).all()
    assert seen.agents.ids.tolist() == [1001, 1002]  # 1003 is signed out
    assert seen.agents.load[51].tolist() == [0.0, 2.0]  # the call is of another media type
    assert seen.agents.limit == {}
    assert seen.agents.state.tolist() == [AgentState.IDLE, AgentState.TALKING]
    assert np.isnan(seen.agents.state_for_s).all()
    assert np.isnan(seen.agents.signed_in_for_s).all()
    assert seen.agents.queue_ids.tolist() == [2001, 2001]
    assert seen.agents.queue_offsets.tolist() == [0, 1, 2]
    assert seen.agents.queues_known.all()


async def test_every_request_names_centre_and_vdn_and_is_signed(usual, open_cms: OpenCms) -> None:
    await open_cms().observe(CHATS, 10)
    assert {(body["ccId"], body["vdn"]) for _, body in usual.asked} == {(1, 2)}
    assert {headers["authorization"] for headers in usual.headers} == {"AK-of-the-test"}
    assert {headers["content-type"] for headers in usual.headers} == {"application/json; charset=UTF-8"}


async def test_signed_out_agents_are_not_asked_about(usual, open_cms: OpenCms) -> None:
    await open_cms().observe(CHATS, 10)
    assert usual.asked_for("agentgroup/queryagentcalls") == [{"ccId": 1, "vdn": 2, "agentIds": [1001, 1002]}]


async def test_named_agents_need_no_roster(usual, open_cms: OpenCms) -> None:
    seen = await open_cms().observe(named(1002, 1003), 10)
    assert seen.agents.ids.tolist() == [1002]
    assert not seen.agents.queues_known.any()
    assert usual.asked_for("skill/agentsbyskills") == []
    assert seen.roster_problem == ""


async def test_another_media_type_counts_its_own_calls(usual, open_cms: OpenCms) -> None:
    seen = await open_cms().observe(named(1001, 1002, media_type=5), 10)
    assert seen.agents.load[5].tolist() == [0.0, 1.0]


async def test_the_roster_path_is_a_setting(usual, open_cms: OpenCms) -> None:
    usual.answers["/site/own"] = usual.answers.pop("skill/agentsbyskills")
    seen = await open_cms(roster_path="/site/own").observe(CHATS, 10)
    assert seen.agents.ids.tolist() == [1001, 1002]


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda rows: {"resultCode": "0100000", "resultDesc": orjson.dumps(rows).decode()},
        lambda rows: {"resultCode": 100000, "resultDesc": {"count": 1, "list": rows}},
        lambda rows: {"result": "0", "resultDatas": rows},
        lambda rows: {"result": 0, "resultDatas": orjson.dumps(rows).decode()},
        lambda rows: {"resultCode": "0100000", "resultDesc": "success", "result": "0", "resultDatas": rows},
        lambda rows: {"resultCode": "0100000", "resultDesc": rows[0]},
    ],
)
async def test_old_and_new_forms_of_an_answer_are_read(usual, open_cms: OpenCms, wrapped: Callable[..., Any]) -> None:
    usual.answers["skill/totalskillstatusex3"] = wrapped([{"skillId": "2001", "queueSize": "31", "queueTime": 44.0}])
    seen = await open_cms().observe(CHATS, 10)
    assert seen.problems == ()
    assert (seen.queues.waiting.tolist(), seen.queues.oldest_wait_s.tolist()) == ([31.0], [44.0])


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"<html>portal</html>", "no JSON"),
        (b'{"resultCode":"0100000","resultDesc":[{"skillId":20', "no JSON"),
        (b"[]", "no JSON object"),
        (b"\xff\xfe", "no JSON"),
        (b"", "no JSON"),
        ({}, "neither resultCode nor result"),
        ({"resultCode": "0200005", "resultDesc": "no AK-of-the-test"}, "refused with result 0200005"),
        ({"resultCode": ["x"], "resultDesc": []}, "that is no code"),
        ({"result": "1", "resultDatas": []}, "refused with result 1"),
        ({"resultCode": "0100000", "resultDesc": None}, "neither resultDesc nor resultDatas"),
        ({"resultCode": "0100000", "resultDesc": ""}, "neither resultDesc nor resultDatas"),
        (web.Response(status=401), "HTTP 401"),
        (web.Response(status=302, headers={"Location": "https://127.0.0.1:1/"}), "HTTP 302"),
        (web.Response(status=503, body=b"busy"), "HTTP 503"),
        (web.Response(body=b"garbage", headers={"Content-Encoding": "gzip"}), "can't be unpacked"),
    ],
)
@pytest.mark.parametrize("interface", ["skill/totalskillstatusex3", "agentgroup/queryagentcalls"])
async def test_a_senseless_answer_is_a_missing_reading_and_a_sentence(
    usual, open_cms: OpenCms, interface: str, answer: object, words: str
) -> None:
    usual.answers[interface] = (lambda _: _copy(answer)) if isinstance(answer, web.Response) else answer
    seen = await open_cms().observe(CHATS, 10)
    assert any(words in problem for problem in seen.problems), seen.problems
    assert not any("AK-of-the-test" in problem for problem in seen.problems)
    if interface == "skill/totalskillstatusex3":
        assert seen.queues.ids.size == 0
        assert seen.agents.load[51].tolist() == [0.0, 2.0]
    else:
        assert np.isnan(seen.agents.load[51]).all()
        assert seen.queues.waiting.tolist() == [11.0]
    assert seen.agents.ids.tolist() == [1001, 1002]


def _copy(response: web.Response) -> web.Response:
    headers = {
        name: value for name, value in response.headers.items() if name not in ("Content-Type", "Content-Length")
    }
    return web.Response(status=response.status, body=response.body, headers=headers)


@pytest.mark.parametrize("waiting", [-1, 4294967295, 2.5, "many", None, True, [], {}, 10**30, "1e400", "nan"])
async def test_an_implausible_count_is_missing_and_never_zero(usual, open_cms: OpenCms, waiting: object) -> None:
    usual.answers["skill/totalskillstatusex3"] = orjson.dumps(
        good(
            [
                {"skillId": 2001, "queueSize": "BAD", "queueTime": 4},
                {"skillId": 2002, "queueSize": 7, "queueTime": 5},
            ]
        )
    ).replace(b'"BAD"', _json(waiting))
    want = Want(group="webchat", queues=(2001, 2002), media_type=51, agent_ids=np.array([1001]))
    seen = await open_cms().observe(want, 10)
    assert math.isnan(seen.queues.waiting[0])
    assert (seen.queues.waiting[1], seen.queues.oldest_wait_s.tolist()) == (7.0, [4.0, 5.0])
    assert any("queue 2001: queueSize makes no sense" in problem for problem in seen.problems)


def _json(value: object) -> bytes:
    return b"1" + b"0" * 30 if value == 10**30 else orjson.dumps(value)


async def test_a_queue_that_does_not_answer_has_no_row(usual, open_cms: OpenCms) -> None:
    usual.answers["skill/totalskillstatusex3"] = good([{"skillId": 2002, "queueSize": 7, "queueTime": 5}, "x", {}])
    want = Want(group="g", queues=(2001, 2002), media_type=51, agent_ids=np.array([1001]))
    seen = await open_cms().observe(want, 10)
    assert seen.queues.ids.tolist() == [2002]
    assert any("queue 2001: no row" in problem for problem in seen.problems)
    assert any("2 rows without a plausible queue id" in problem for problem in seen.problems)


async def test_rows_nobody_asked_for_are_set_aside(usual, open_cms: OpenCms) -> None:
    usual.answers["skill/totalskillstatusex3"] = good(
        [{"skillId": 9999, "queueSize": 7, "queueTime": 5}, {"skillId": 2001, "queueSize": 1, "queueTime": 5}]
    )
    seen = await open_cms().observe(CHATS, 10)
    assert seen.queues.ids.tolist() == [2001]
    assert any("queue 9999: nobody asked for it" in problem for problem in seen.problems)


async def test_two_rows_that_contradict_each_other_are_neither_believed(usual, open_cms: OpenCms) -> None:
    usual.answers["agentgroup/queryagentcalls"] = good(
        [
            {"agentId": 1001, "callList": []},
            {"agentId": 1001, "callList": [{"mediaType": 51}]},
            {"agentId": 1002, "callList": [{"mediaType": 51}]},
            {"agentId": 1002, "callList": [{"mediaType": 51}]},
        ]
    )
    seen = await open_cms().observe(CHATS, 10)
    assert np.isnan(seen.agents.load[51]).tolist() == [True, False]
    assert any("agent 1001: two rows contradict" in problem for problem in seen.problems)


@pytest.mark.parametrize("calls", [None, "none", 0, {}, [{"mediaType": "chat"}], ["x"], [{}]])
async def test_chats_that_can_not_be_counted_are_missing(usual, open_cms: OpenCms, calls: object) -> None:
    usual.answers["agentgroup/queryagentcalls"] = good(
        [{"agentId": 1001, "callList": calls}, {"agentId": 1002, "callList": [{"mediaType": 51}]}]
    )
    seen = await open_cms().observe(CHATS, 10)
    assert np.isnan(seen.agents.load[51]).tolist() == [True, False]
    assert seen.agents.state.tolist() == [AgentState.IDLE, AgentState.TALKING]


async def test_an_agent_absent_from_the_calls_has_no_load(usual, open_cms: OpenCms) -> None:
    usual.answers["agentgroup/queryagentcalls"] = good([{"agentId": 1001, "callList": []}])
    seen = await open_cms().observe(CHATS, 10)
    assert np.isnan(seen.agents.load[51]).tolist() == [False, True]


async def test_a_state_that_makes_no_sense_is_unknown(usual, open_cms: OpenCms) -> None:
    usual.answers["vdn/totalagentstate"] = good([{"agentId": 1001, "state": 77}, {"agentId": 1002, "state": "5"}])
    seen = await open_cms().observe(named(1001, 1002), 10)
    assert seen.agents.state.tolist() == [AgentState.UNKNOWN, AgentState.TALKING]
    assert any("agent 1001: state makes no sense" in problem for problem in seen.problems)


async def test_without_states_listed_agents_stay_and_named_ones_are_doubted(usual, open_cms: OpenCms) -> None:
    usual.answers["vdn/totalagentstate"] = good([])
    source = open_cms()
    listed = await source.observe(CHATS, 10)
    assert listed.agents.ids.tolist() == [1001, 1002, 1003]
    assert set(listed.agents.state.tolist()) == {AgentState.UNKNOWN}
    assert listed.roster_problem == ""
    doubted = await source.observe(named(1001, 1002, 1003), 10)
    assert doubted.agents.ids.tolist() == [1001, 1002]  # the only ones anybody spoke of
    assert "lists no agent" in doubted.roster_problem


async def test_a_named_agent_nobody_knows_is_told_and_left_out(usual, open_cms: OpenCms) -> None:
    seen = await open_cms().observe(named(1001, 5555), 10)
    assert seen.agents.ids.tolist() == [1001]
    assert any("agent 5555: CC-CMS knows no state of it" in problem for problem in seen.problems)


async def test_a_named_agent_without_state_that_holds_chats_is_there(usual, open_cms: OpenCms) -> None:
    usual.answers["vdn/totalagentstate"] = good([{"agentId": 1001, "state": 1}])
    seen = await open_cms().observe(named(1001, 1002), 10)
    assert seen.agents.ids.tolist() == [1001, 1002]
    assert seen.agents.state.tolist() == [AgentState.IDLE, AgentState.UNKNOWN]


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(status=404),
        good([]),
        good([{"skillId": 2001, "agentIds": "1001,1002"}]),
        good([{"skillId": 2002, "agentIds": [1001]}]),
        b"<html>",
    ],
)
async def test_a_roster_that_can_not_be_read_is_a_roster_problem(usual, open_cms: OpenCms, answer: object) -> None:
    usual.answers["skill/agentsbyskills"] = answer
    seen = await open_cms().observe(CHATS, 10)
    assert seen.roster_problem
    assert seen.agents.ids.size == 0
    assert seen.queues.waiting.tolist() == [11.0]


async def test_an_empty_queue_has_no_agents_and_no_problem(usual, open_cms: OpenCms) -> None:
    usual.answers["skill/agentsbyskills"] = good([{"skillId": 2001, "agentIds": []}])
    seen = await open_cms().observe(CHATS, 10)
    assert (seen.agents.ids.size, seen.roster_problem, seen.problems) == (0, "", ())


async def test_one_bad_id_in_a_roster_is_set_aside_alone(usual, open_cms: OpenCms) -> None:
    usual.answers["skill/agentsbyskills"] = good([{"skillId": 2001, "agentIds": [1001, 4294967295, "1002", None]}])
    seen = await open_cms().observe(CHATS, 10)
    assert seen.agents.ids.tolist() == [1001, 1002]
    assert seen.roster_problem == ""
    assert any("2 rows without a plausible agent id" in problem for problem in seen.problems)


async def test_an_agent_of_two_queues_has_both(usual, open_cms: OpenCms) -> None:
    usual.answers["skill/agentsbyskills"] = good(
        [{"skillId": 2002, "agentIds": [1002]}, {"skillId": 2001, "agentIds": [1001, 1002]}]
    )
    seen = await open_cms().observe(Want(group="g", queues=(2001, 2002), media_type=51, agent_ids=None), 10)
    assert seen.agents.queue_ids.tolist() == [2001, 2001, 2002]
    assert seen.agents.queue_offsets.tolist() == [0, 1, 3]


async def test_a_group_of_neither_queues_nor_agents_has_a_roster_problem(usual, open_cms: OpenCms) -> None:
    seen = await open_cms().observe(Want(group="lost", queues=(), media_type=51, agent_ids=None), 10)
    assert "lost" in seen.roster_problem
    assert seen.agents.ids.size == 0


async def test_ids_are_asked_in_pieces_the_interfaces_allow(usual, open_cms: OpenCms) -> None:
    queues = tuple(range(2000, 4500))
    agents = np.arange(1001, 8002)
    usual.answers["vdn/totalagentstate"] = good([{"agentId": one, "state": 1} for one in agents.tolist()])
    usual.answers["agentgroup/queryagentcalls"] = lambda body: good(
        [{"agentId": one, "callList": [{"mediaType": 51}] * (one % 3)} for one in body["agentIds"]]
    )
    seen = await open_cms().observe(Want(group="g", queues=queues, media_type=51, agent_ids=agents), 20)
    assert seen.problems == ()
    assert [len(body["skillIds"]) for body in usual.asked_for("skill/totalskillstatusex3")] == [1000, 1000, 500]
    assert [len(body["agentIds"]) for body in usual.asked_for("agentgroup/queryagentcalls")] == [3000, 3000, 1001]
    assert seen.queues.ids.tolist() == list(queues)
    assert seen.agents.load[51].tolist() == (agents % 3).tolist()


async def test_one_failing_piece_leaves_the_others(usual, open_cms: OpenCms) -> None:
    agents = np.arange(1001, 4502)
    usual.answers["vdn/totalagentstate"] = good([{"agentId": one, "state": 1} for one in agents.tolist()])
    usual.answers["agentgroup/queryagentcalls"] = lambda body: (
        b"<html>" if 1001 in body["agentIds"] else good([{"agentId": one, "callList": []} for one in body["agentIds"]])
    )
    seen = await open_cms().observe(Want(group="g", queues=(), media_type=51, agent_ids=agents), 20)
    assert np.isnan(seen.agents.load[51]).sum() == 3000
    assert (seen.agents.load[51][3000:] == 0).all()


@pytest.mark.parametrize("with_count", ["top", "row", "nowhere"])
async def test_state_durations_are_read_page_by_page(usual, open_cms: OpenCms, with_count: str) -> None:
    rows = [{"agentId": 1001 + step, "currentState": 1, "currentStateTime": step} for step in range(2500)]
    if with_count == "row":
        rows = [{**row, "count": 2500} for row in rows]

    def page(body: dict[str, Any]) -> dict[str, object]:
        answer = good(rows[body["offset"] : body["offset"] + body["limit"]])
        return {**answer, "count": "2500"} if with_count == "top" else answer

    usual.answers["vdn/totalagentabstractex3"] = page
    usual.answers["vdn/totalagentstate"] = good([{"agentId": row["agentId"], "state": 1} for row in rows])
    source = open_cms(state_durations=True)
    seen = await source.observe(named(1001, 1002, 3500), 10)
    assert seen.agents.state_for_s.tolist() == [0.0, 1.0, 2499.0]
    assert sorted(body["offset"] for body in usual.asked_for("vdn/totalagentabstractex3")) == [0, 1000, 2000]


async def test_groups_that_ask_together_share_one_answer_about_states(usual, open_cms: OpenCms, clock) -> None:
    source = open_cms()
    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(source.observe(CHATS, 10))
    assert len(usual.asked_for("vdn/totalagentstate")) == 1
    await clock.advance(0.9)
    await source.observe(CHATS, 10)
    assert len(usual.asked_for("vdn/totalagentstate")) == 1
    await clock.advance(0.2)
    await source.observe(CHATS, 10)
    assert len(usual.asked_for("vdn/totalagentstate")) == 2


async def test_an_old_answer_that_is_shared_tells_its_age(usual, open_cms: OpenCms, clock) -> None:
    source = open_cms()
    assert (await source.observe(CHATS, 10)).agents.age_s.tolist() == [0.0, 0.0]
    await clock.advance(0.75)
    seen = await source.observe(CHATS, 10)
    assert seen.agents.age_s.tolist() == [0.75, 0.75]  # the states'
    assert seen.queues.age_s.tolist() == [0.0]


async def test_a_slow_answer_is_as_old_as_its_question(usual, open_cms: OpenCms, clock) -> None:
    usual.gate.clear()
    async with asyncio.TaskGroup() as group:
        observing = group.create_task(open_cms().observe(named(1001), 10))
        for _ in range(2):  # queues and states
            async with asyncio.timeout(10):
                await usual.entered.acquire()
        await clock.advance(3.0)
        usual.gate.set()
    seen = observing.result()
    assert seen.queues.age_s.tolist() == [3.0]
    assert seen.agents.age_s.tolist() == [3.0]


async def test_what_has_not_answered_by_the_deadline_is_missing(usual, open_cms: OpenCms) -> None:
    usual.gate.clear()
    async with asyncio.timeout(10):
        seen = await open_cms().observe(CHATS, 0.05)
    assert seen.queues.ids.size == 0
    assert seen.agents.ids.size == 0
    assert "no answer by the deadline" in seen.roster_problem
    assert any("queues from CC-CMS: no answer by the deadline" in problem for problem in seen.problems)


async def test_one_group_that_gives_up_does_not_stop_another(usual, open_cms: OpenCms) -> None:
    source = open_cms()
    usual.gate.clear()
    async with asyncio.TaskGroup() as group:
        hasty = group.create_task(source.observe(named(1001), 0.05))
        patient = group.create_task(source.observe(named(1001), 10))
        async with asyncio.timeout(10):
            assert (await hasty).roster_problem
        usual.gate.set()
    assert patient.result().roster_problem == ""
    assert patient.result().agents.ids.tolist() == [1001]


async def test_a_request_that_hangs_ends_by_its_own_timeout(usual, open_cms: OpenCms) -> None:
    usual.gate.clear()
    seen = await open_cms(request_timeout_s=0.05).observe(named(1001), 10)
    assert any("did not answer within 0.05 s" in problem for problem in seen.problems)


async def test_no_more_requests_are_in_flight_than_allowed(usual, open_cms: OpenCms) -> None:
    usual.answers["vdn/totalagentstate"] = good([{"agentId": 1001 + one, "state": 1} for one in range(30_000)])
    usual.answers["agentgroup/queryagentcalls"] = good([])
    usual.gate.clear()
    want = Want(group="g", queues=tuple(range(1, 6000)), media_type=51, agent_ids=np.arange(1001, 31_001))
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(open_cms(max_in_flight=3).observe(want, 20))
        for _ in range(3):
            await usual.entered.acquire()
        usual.gate.set()
    assert len(usual.asked) == 6 + 1 + 10
    assert usual.most == 3


async def test_an_endless_answer_is_cut_off(usual, open_cms: OpenCms) -> None:
    usual.answers["skill/totalskillstatusex3"] = b"[" + b" " * 100_000
    seen = await open_cms(max_answer_bytes=10_000).observe(named(1001), 10)
    assert any("more than 10000 bytes" in problem for problem in seen.problems)


async def test_nobody_there_is_a_sentence_for_each_thing(open_cms: OpenCms) -> None:
    seen = await open_cms(url="https://127.0.0.1:1").observe(CHATS, 10)
    assert sum("could not be asked" in problem for problem in seen.problems) == 3
    assert seen.roster_problem


async def test_a_certificate_nobody_trusts_is_refused(usual, clock) -> None:
    source = CmsSource(
        CmsSettings(url=usual.url, cc_id=1, vdn=2),
        signer=PlainKey(access_key="AK"),
        tls=ssl.create_default_context(),
        clock=clock,
    )
    seen = await source.observe(CHATS, 10)
    await source.close()
    assert any("could not be asked" in problem for problem in seen.problems)
    assert usual.asked == []


@pytest.mark.parametrize("url", ["http://10.0.0.6:28443", "10.0.0.6:28443", "https://"])
async def test_an_address_without_tls_is_refused(open_cms: OpenCms, url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        open_cms(url=url)
    assert "https://" in caught.value.help
