"""CC-Gateway as a source: who is asked, whose chats are known, what happens when askers fail.

The calls are answered from a script, since what is tried here is a gateway that refuses one agent and serves the next;
`test_against_the_simulated_site` asks over the wire.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import orjson
import pytest

from autoscaler.core.readings import ANY_MEDIA, AgentState
from autoscaler.errors import GatewayRefused, GatewayUnreachable
from autoscaler.sources.gateway import GatewaySource
from autoscaler.sources.ports import Want
from autoscaler.testing import FakeClock

CHATS = Want(group="webchat", queues=(2001,), media_type=51, agent_ids=None)


class Script:
    """Answers of a gateway: queues of any id, the agents of `rosters`, chats held as `held` says."""

    def __init__(self, sessions: Sequence[int], clock: FakeClock) -> None:
        self.sessions = sessions
        self.made: list[tuple[int, str, str, Any]] = []
        self.refuse: Callable[[int, str], bool] = lambda agent, path: False
        self.held: dict[int, object] = {1001: "1", 1002: 2, 1003: 0}
        self.hang: asyncio.Event | None = None
        self.most = self.now = 0
        began = int((clock.now() - timedelta(minutes=10)).timestamp() * 1000)
        self.rosters: dict[int, Any] = {
            2001: [
                {"workno": "1002", "ctiStatus": "5", "status": 7, "currentstatetime": 30, "logindate": began},
                {"workno": "1001", "status": 4, "currentstatetime": "12", "logindate": str(began)},
                {"workno": "1003", "ctiStatus": 0, "status": 2, "currentstatetime": 0, "logindate": 4294967295000},
            ]
        }
        self.queue_rows: Callable[[list[int]], Any] = lambda ids: [
            {"deviceNo": one, "queueSize": 31, "queueTime": 44} for one in ids
        ]

    def agents_with_session(self) -> Sequence[int]:
        return self.sessions

    async def call(self, agent: int, method: str, path: str, body: bytes | None) -> dict[str, Any]:
        self.made.append((agent, method, path, None if body is None else orjson.loads(body)))
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await (self.hang.wait() if self.hang is not None and "callnums" in path else asyncio.sleep(0))
        finally:
            self.now -= 1
        if self.refuse(agent, path):
            raise GatewayRefused("refused with retcode 100-006", retcode="100-006")
        return {"retcode": "0", "message": "", "result": self._result(agent, path, body)}

    def _result(self, agent: int, path: str, body: bytes | None) -> Any:
        if path == f"queuedevice/{agent}/queryacdstat" and body is not None:
            return self.queue_rows(orjson.loads(body)["skills"])
        if path.startswith(f"agentgroup/{agent}/agentbyskill/"):
            return self.rosters[int(path.rpartition("/")[2])]
        if path == f"calldata/{agent}/callnums":
            return self.held.get(agent, 0)
        raise GatewayUnreachable(f"nothing at {path}")


@pytest.fixture
def script(clock: FakeClock) -> Script:
    return Script((1001, 1002, 1003), clock)


@pytest.fixture
def source(script: Script, clock: FakeClock) -> GatewaySource:
    return GatewaySource(script, clock=clock, max_in_flight=4)


async def test_a_group_by_its_queues_is_read_whole(source: GatewaySource) -> None:
    seen = await source.observe(CHATS, 10)
    assert (seen.problems, seen.roster_problem) == ((), "")
    assert (seen.queues.waiting.tolist(), seen.queues.oldest_wait_s.tolist()) == ([31.0], [44.0])
    assert seen.agents.ids.tolist() == [1001, 1002]
    assert seen.agents.load[ANY_MEDIA].tolist() == [1.0, 2.0]
    assert seen.agents.state.tolist() == [AgentState.IDLE, AgentState.TALKING]
    assert seen.agents.state_for_s.tolist() == [12.0, 30.0]
    assert seen.agents.signed_in_for_s.tolist() == [600.0, 600.0]
    assert seen.agents.queue_ids.tolist() == [2001, 2001]
    assert seen.agents.age_s.tolist() == [0.0, 0.0]


async def test_each_agent_is_asked_for_its_own_chats(source: GatewaySource, script: Script) -> None:
    await source.observe(CHATS, 10)
    own = sorted((agent, path) for agent, _, path, _ in script.made if "callnums" in path)
    assert own == [(1001, "calldata/1001/callnums"), (1002, "calldata/1002/callnums")]


async def test_agents_without_a_session_have_no_load(source: GatewaySource, script: Script) -> None:
    script.sessions = (1001,)
    seen = await source.observe(CHATS, 10)
    assert seen.agents.ids.tolist() == [1001, 1002]
    assert np.isnan(seen.agents.load[ANY_MEDIA]).tolist() == [False, True]
    assert any("agent 1002: no session here" in problem for problem in seen.problems)
    assert seen.roster_problem == ""


async def test_a_failing_asker_is_followed_by_the_next_two(source: GatewaySource, script: Script) -> None:
    script.refuse = lambda agent, path: agent in (1001, 1002)
    seen = await source.observe(CHATS, 10)
    assert seen.queues.waiting.tolist() == [31.0]
    assert seen.agents.ids.tolist() == [1001, 1002]
    askers = [agent for agent, _, path, _ in script.made if "queryacdstat" in path]
    assert askers == [1001, 1002, 1003]


async def test_who_answered_last_is_asked_first(source: GatewaySource, script: Script) -> None:
    script.refuse = lambda agent, path: agent != 1003
    await source.observe(CHATS, 10)
    script.made.clear()
    await source.observe(CHATS, 10)
    assert {agent for agent, _, path, _ in script.made if "callnums" not in path} == {1003}


async def test_three_failing_askers_are_a_problem_and_no_fourth_is_tried(source: GatewaySource, script: Script) -> None:
    script.sessions = tuple(range(1001, 1009))
    script.refuse = lambda agent, path: True
    seen = await source.observe(CHATS, 10)
    assert len([path for _, _, path, _ in script.made if "queryacdstat" in path]) == 3
    assert seen.queues.ids.size == 0
    assert "100-006" in seen.roster_problem
    assert any("queues from CC-Gateway: refused" in problem for problem in seen.problems)


async def test_without_any_session_nothing_is_known_and_nothing_is_called(
    source: GatewaySource, script: Script
) -> None:
    script.sessions = ()
    seen = await source.observe(CHATS, 10)
    assert "session" in seen.roster_problem
    assert (seen.agents.ids.size, seen.queues.ids.size, script.made) == (0, 0, [])


async def test_queues_are_asked_a_hundred_at_a_time(source: GatewaySource, script: Script) -> None:
    queues = tuple(range(3000, 3250))
    script.rosters = {queue: [] for queue in queues}
    seen = await source.observe(Want(group="g", queues=queues, media_type=51, agent_ids=None), 10)
    sent = [body["skills"] for _, _, path, body in script.made if "queryacdstat" in path]
    assert [len(skills) for skills in sent] == [100, 100, 50]
    assert seen.queues.ids.tolist() == list(queues)


async def test_named_agents_are_those_listed_or_with_a_session(source: GatewaySource, script: Script) -> None:
    script.rosters[2001] = [{"workno": "1002", "ctiStatus": 1}, {"workno": "1004", "ctiStatus": 1}]
    want = Want(group="g", queues=(2001,), media_type=51, agent_ids=np.array([1001, 1002, 1009]))
    seen = await source.observe(want, 10)
    assert seen.agents.ids.tolist() == [1001, 1002]
    assert seen.agents.state.tolist() == [AgentState.UNKNOWN, AgentState.IDLE]
    assert seen.agents.queues_known.tolist() == [False, True]


async def test_one_unreadable_roster_leaves_the_other_but_is_doubted(source: GatewaySource, script: Script) -> None:
    script.rosters[2002] = "none"
    seen = await source.observe(Want(group="g", queues=(2001, 2002), media_type=51, agent_ids=None), 10)
    assert seen.agents.ids.tolist() == [1001, 1002]
    assert "queue 2002" in seen.roster_problem


async def test_rosters_that_wrap_their_agents_are_read(source: GatewaySource, script: Script) -> None:
    script.rosters[2001] = [{"skillId": 2001, "skillMediaType": 51, "agent": script.rosters[2001]}]
    assert (await source.observe(CHATS, 10)).agents.ids.tolist() == [1001, 1002]


@pytest.mark.parametrize("number", [-1, 4294967295, None, {}, "many", 1.5, True])
async def test_a_senseless_number_of_chats_is_missing(source: GatewaySource, script: Script, number: object) -> None:
    script.held[1001] = number
    seen = await source.observe(CHATS, 10)
    assert np.isnan(seen.agents.load[ANY_MEDIA]).tolist() == [True, False]
    assert any("agent 1001: the number makes no sense" in problem for problem in seen.problems)


async def test_a_refused_agent_is_missing_alone(source: GatewaySource, script: Script) -> None:
    script.refuse = lambda agent, path: path == "calldata/1002/callnums"
    seen = await source.observe(CHATS, 10)
    assert np.isnan(seen.agents.load[ANY_MEDIA]).tolist() == [False, True]
    assert any("agent 1002: refused with retcode 100-006" in problem for problem in seen.problems)


@pytest.mark.parametrize(
    ("record", "state"),
    [
        ({"status": 8}, AgentState.REST),
        ({"status": 9}, AgentState.UNKNOWN),
        ({"status": 7, "ctiStatus": 4}, AgentState.ANSWERING),
        ({"ctiStatus": 11, "status": 3}, AgentState.BUSY),
        ({"ctiStatus": "x", "currentstatetime": 4294967295, "logindate": 4294967295000}, AgentState.UNKNOWN),
        ({"status": 4, "currentstatetime": -3, "logindate": 0}, AgentState.IDLE),
    ],
)
async def test_records_are_read_strictly(
    source: GatewaySource, script: Script, record: dict[str, object], state: AgentState
) -> None:
    script.rosters[2001] = [{"workno": "1001", **record}]
    seen = await source.observe(CHATS, 10)
    assert seen.agents.state.tolist() == [state]
    assert np.isnan(seen.agents.state_for_s).all()
    assert np.isnan(seen.agents.signed_in_for_s).all()


@pytest.mark.parametrize(("ahead_s", "expected"), [(30.0, 0.0), (90.0, None)])
async def test_a_sign_in_slightly_ahead_of_our_clock_is_just_now(
    source: GatewaySource, script: Script, clock: FakeClock, ahead_s: float, expected: float | None
) -> None:
    at = int((clock.now().timestamp() + ahead_s) * 1000)
    script.rosters[2001] = [{"workno": "1001", "ctiStatus": 1, "logindate": at}]
    (signed_in,) = (await source.observe(CHATS, 10)).agents.signed_in_for_s
    assert np.isnan(signed_in) if expected is None else signed_in == expected


async def test_those_who_answered_by_the_deadline_count(source: GatewaySource, script: Script) -> None:
    script.hang = asyncio.Event()
    async with asyncio.timeout(10):
        seen = await source.observe(CHATS, 0.05)
    assert seen.agents.ids.tolist() == [1001, 1002]
    assert np.isnan(seen.agents.load[ANY_MEDIA]).all()
    assert any("2 of 2 agents not heard by the deadline" in problem for problem in seen.problems)


async def test_no_more_calls_are_in_flight_than_allowed(source: GatewaySource, script: Script) -> None:
    script.sessions = tuple(range(1001, 1101))
    script.rosters[2001] = [{"workno": str(one), "ctiStatus": 1} for one in script.sessions]
    seen = await source.observe(CHATS, 10)
    assert not np.isnan(seen.agents.load[ANY_MEDIA]).any()
    assert script.most == 4
