"""Guids handed over by whoever polls: how long they are used, what is a new sign-in, what is refused."""

import asyncio
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscaler.errors import UsageError
from autoscaler.gateway.pushed import Pushed, PushedSessions
from autoscaler.gateway.sessions import Authentication, guid_life
from autoscaler.testing import FakeClock

AGENT = 1001
SIGNED_IN = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


class Story:
    """Pushed sessions in dynamic mode, and what their listener heard."""

    def __init__(self, authentication: Authentication = Authentication.DYNAMIC) -> None:
        self.clock = FakeClock()
        self.heard: list[int] = []
        self.sessions = PushedSessions(self.clock, guid_life_s=guid_life(authentication), on_sign_in=self.heard.append)

    def guid(self, agent: int = AGENT) -> str | None:
        credentials = self.sessions.credentials(agent)
        return None if credentials is None else credentials.guid

    def sign_in(self) -> int | None:
        credentials = self.sessions.credentials(AGENT)
        return None if credentials is None else credentials.sign_in


async def test_a_guid_is_used_for_two_minutes_and_not_longer() -> None:
    story = Story()
    story.sessions.put(AGENT, "g1")
    await story.clock.advance(120)
    assert story.guid() == "g1"
    await story.clock.advance(0.1)
    assert story.guid() is None


async def test_a_static_guid_does_not_age() -> None:
    story = Story(Authentication.STATIC)
    story.sessions.put(AGENT, "g1")
    await story.clock.advance(1_000_000)
    assert story.guid() == "g1"


async def test_a_guid_that_was_old_on_arrival_dies_the_earlier() -> None:
    story = Story()
    story.sessions.put(AGENT, "g1", age_s=100)
    await story.clock.advance(21)
    assert story.guid() is None


async def test_renewals_within_life_are_one_sign_in_for_many_lifetimes() -> None:
    story = Story()
    story.sessions.put(AGENT, "g0")
    for number in range(1, 50):
        await story.clock.advance(60)
        assert story.sessions.put(AGENT, f"g{number}") is Pushed.RENEWED
        assert story.guid() == f"g{number}"
    assert story.sign_in() == 1
    assert story.heard == [AGENT]


async def test_the_same_guid_again_says_that_it_is_still_current() -> None:
    story = Story()
    story.sessions.put(AGENT, "g1")
    await story.clock.advance(100)
    assert story.sessions.put(AGENT, "g1") is Pushed.RENEWED
    await story.clock.advance(100)
    assert story.guid() == "g1"


async def test_a_guid_after_an_expired_one_is_a_new_sign_in() -> None:
    story = Story()
    story.sessions.put(AGENT, "g1")
    await story.clock.advance(121)
    assert story.sessions.put(AGENT, "g2") is Pushed.NEW_SIGN_IN
    assert story.sign_in() == 2
    assert story.heard == [AGENT, AGENT]


def test_a_guid_after_a_deleted_one_is_a_new_sign_in() -> None:
    story = Story()
    story.sessions.put(AGENT, "g1")
    assert story.sessions.delete(AGENT)
    assert not story.sessions.delete(AGENT)
    assert story.guid() is None
    assert story.sessions.put(AGENT, "g1") is Pushed.NEW_SIGN_IN


def test_a_refused_guid_is_not_used_until_a_different_one_arrives() -> None:
    story = Story()
    story.sessions.put(AGENT, "g1")
    story.sessions.refused(AGENT, "g1", "100-006")
    assert story.guid() is None
    assert story.sessions.put(AGENT, "g1") is Pushed.REFUSED_BEFORE
    assert story.guid() is None
    assert story.sessions.put(AGENT, "g2") is Pushed.NEW_SIGN_IN
    assert story.guid() == "g2"


def test_the_refusal_of_a_guid_that_was_replaced_meanwhile_changes_nothing() -> None:
    story = Story()
    story.sessions.put(AGENT, "g1")
    story.sessions.put(AGENT, "g2")
    story.sessions.refused(AGENT, "g1", "000-003")
    assert story.guid() == "g2"


async def test_the_desktops_own_word_on_its_sign_in_beats_the_guess() -> None:
    story = Story()
    story.sessions.put(AGENT, "g1", signed_in_at=SIGNED_IN)
    await story.clock.advance(500)
    assert story.sessions.put(AGENT, "g2", signed_in_at=SIGNED_IN) is Pushed.RENEWED
    later = SIGNED_IN.replace(hour=9)
    assert story.sessions.put(AGENT, "g3", signed_in_at=later) is Pushed.NEW_SIGN_IN
    assert story.sign_in() == 2


def test_other_cookies_tell_of_a_new_sign_in_while_the_last_guid_still_lives() -> None:
    story = Story()
    assert story.sessions.put(AGENT, "g1", {"ELB": "a"}) is Pushed.NEW_SIGN_IN
    story.sessions.answered(AGENT, "g1", None, ["node=1"])
    assert story.sessions.put(AGENT, "g2", {"ELB": "a"}) is Pushed.RENEWED
    assert story.sessions.put(AGENT, "g3", {"ELB": "b"}) is Pushed.NEW_SIGN_IN
    assert story.sign_in() == 2


async def test_an_answer_that_brings_a_new_guid_is_learned_and_its_cookies_too() -> None:
    story = Story()
    story.sessions.put(AGENT, "g1", {"ELB": "a"})
    await story.clock.advance(100)
    story.sessions.answered(AGENT, "g1", "g2", ["node=1; Path=/"])
    await story.clock.advance(100)
    credentials = story.sessions.credentials(AGENT)
    assert credentials is not None
    assert (credentials.guid, credentials.cookie, credentials.sign_in) == ("g2", "ELB=a; node=1", 1)


def test_a_late_answer_to_an_earlier_sign_in_teaches_nothing() -> None:
    story = Story()
    story.sessions.put(AGENT, "g1", signed_in_at=SIGNED_IN)
    story.sessions.put(AGENT, "h1", signed_in_at=SIGNED_IN.replace(hour=9))
    story.sessions.answered(AGENT, "g1", "g2", ["node=old"])
    credentials = story.sessions.credentials(AGENT)
    assert credentials is not None
    assert (credentials.guid, credentials.cookie) == ("h1", "")


def test_a_poll_under_way_may_bring_the_successor_of_a_refused_guid() -> None:
    story = Story()
    story.sessions.put(AGENT, "g1")
    story.sessions.refused(AGENT, "g1", "000-003")
    story.sessions.answered(AGENT, "g1", None, ["node=1"])
    assert story.guid() is None
    story.sessions.answered(AGENT, "g1", "g2", [])
    assert story.guid() == "g2"
    assert story.sign_in() == 1


def test_nothing_revives_a_deleted_session() -> None:
    story = Story()
    story.sessions.put(AGENT, "g1")
    story.sessions.delete(AGENT)
    story.sessions.answered(AGENT, "g1", "g2", [])
    assert story.guid() is None


def test_cookies_stay_with_their_agent() -> None:
    story = Story()
    story.sessions.put(1001, "g1", {"ELB": "one"})
    story.sessions.put(1002, "h1", {"ELB": "two"})
    story.sessions.answered(1001, "g1", None, ["ELB=three"])
    first, second = story.sessions.credentials(1001), story.sessions.credentials(1002)
    assert first is not None
    assert second is not None
    assert (first.cookie, second.cookie) == ("ELB=three", "ELB=two")


@pytest.mark.parametrize(
    ("guid", "cookies"),
    [
        ("", {}),
        ("JSESSIONID=", {}),
        ("x" * 200, {}),
        ("a\r\nHost: b", {}),
        ("a\nb", {}),
        ("a b", {}),
        ("gü", {}),
        ("a\x00", {}),
        ("g", {"a": "b\r\nc"}),
        ("g", {"a\n": "b"}),
        ("g", {"a": "b;c"}),
        ("g", {"a;": "b"}),
        ("g", {"": "b"}),
        ("g", {"a=b": "c"}),
        ("g", {"a": 1}),
    ],
)
def test_what_could_split_a_header_is_refused_and_changes_nothing(guid: str, cookies: dict[str, str]) -> None:
    story = Story()
    story.sessions.put(AGENT, "good", {"a": "b"})
    with pytest.raises(UsageError, match="1001") as raised:
        story.sessions.put(AGENT, guid, cookies)
    assert raised.value.help
    assert story.guid() == "good"
    assert not guid or guid not in str(raised.value) or len(guid) < 3


@given(st.text(max_size=250))
def test_a_guid_that_is_taken_is_printable_and_short(guid: str) -> None:
    story = Story()
    try:
        story.sessions.put(AGENT, guid)
    except UsageError:
        assert story.guid() is None
    else:
        kept = story.guid()
        assert kept
        assert kept.isascii()
        assert kept.isprintable()
        assert len(kept) < 200


@pytest.mark.parametrize("agent", [100, 1_000_000, 0, -1])
def test_an_agent_outside_the_gateways_range_is_refused(agent: int) -> None:
    with pytest.raises(UsageError, match="outside"):
        Story().sessions.put(agent, "g1")


def test_an_agent_of_no_group_is_refused_where_the_agents_are_known() -> None:
    sessions = PushedSessions(FakeClock(), guid_life_s=120, known={1001})
    sessions.put(1001, "g1")
    with pytest.raises(UsageError, match="no group"):
        sessions.put(1002, "g1")
    with pytest.raises(UsageError, match="no group"):
        sessions.delete(1002)


def test_a_sign_in_time_without_a_zone_and_a_negative_age_are_refused() -> None:
    story = Story()
    with pytest.raises(UsageError, match="time zone"):
        story.sessions.put(AGENT, "g1", signed_in_at=SIGNED_IN.replace(tzinfo=None))
    with pytest.raises(UsageError, match="age"):
        story.sessions.put(AGENT, "g1", age_s=-1)
    with pytest.raises(UsageError, match="age"):
        story.sessions.put(AGENT, "g1", age_s=float("nan"))


def test_jsessionid_before_a_pushed_guid_is_dropped() -> None:
    story = Story()
    story.sessions.put(AGENT, "JSESSIONID=abc.AgentGateway1")
    assert story.guid() == "abc.AgentGateway1"


async def test_live_counts_the_agents_that_could_be_called() -> None:
    story = Story()
    story.sessions.put(1001, "g1")
    await story.clock.advance(100)
    story.sessions.put(1002, "g2")
    assert len(story.sessions.live_agents()) == 2
    await story.clock.advance(100)
    assert len(story.sessions.live_agents()) == 1


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["put", "refuse", "answer", "delete", "wait"]), st.integers(1001, 1003), st.integers(0, 3)
        )
    )
)
def test_asking_for_many_agents_at_once_agrees_with_asking_for_each(
    steps: list[tuple[str, int, int]],
) -> None:
    async def play() -> None:
        story = Story()
        for what, agent, number in steps:
            match what:
                case "put":
                    story.sessions.put(agent, f"g{number}")
                case "refuse":
                    story.sessions.refused(agent, f"g{number}", "100-006")
                case "answer":
                    story.sessions.answered(agent, f"g{number}", f"g{number + 1}", [])
                case "delete":
                    story.sessions.delete(agent)
                case _:
                    await story.clock.advance(50.0 * number)
            live = [agent for agent in (1001, 1002, 1003) if story.sessions.credentials(agent) is not None]
            assert sorted(story.sessions.live_agents()) == live
            ids = np.array([1003, 1002, 1001])
            assert ids[story.sessions.live_among(ids)].tolist() == live[::-1]

    asyncio.run(play())
