"""What ended orders mean for later ticks: who is left to rest, and whose limit is in doubt."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autoscaler.daemon.aftermath import FIRST_REST_S, LATE_S, LONGEST_REST_S, Aftermath
from autoscaler.gateway.ports import Outcome, OutcomeKind
from autoscaler.testing.clock import FakeClock

AGENT, WEB_CHAT, SOCIAL = 1001, 51, 53


class Story:
    """What is learnt from outcomes, and its clock."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.learnt = Aftermath(self.clock)

    def hears(self, kind: OutcomeKind, **changes: Any) -> None:
        outcome: dict[str, Any] = {
            "order": 1, "agent": AGENT, "media_type": WEB_CHAT, "callnums": 5, "kind": kind, "retcode": None,
            "latency_ms": 1.0, "attempts": 1, "error": None, **changes,
        }  # fmt: skip
        self.learnt.heard(Outcome(**outcome))

    def rests(self, media_type: int = WEB_CHAT) -> bool:
        resting = self.learnt.resting(media_type, np.array([AGENT, AGENT + 1]))
        assert resting is None or not resting[1]
        return resting is not None and bool(resting[0])


async def test_an_agent_refused_for_good_rests_longer_each_time_up_to_a_bound() -> None:
    story = Story()
    length = FIRST_REST_S
    for _ in range(8):
        story.hears(OutcomeKind.REJECTED, retcode="106-008", error="no")
        await story.clock.advance(length - 1)
        assert story.rests()
        assert story.learnt.refused == {AGENT: "no"}
        await story.clock.advance(1)
        assert not story.rests()
        assert story.learnt.refused == {}
        length = min(2 * length, LONGEST_REST_S)


async def test_a_success_or_a_new_sign_in_ends_the_rest_and_its_growth() -> None:
    for end in ("applied", "signed in"):
        story = Story()
        story.hears(OutcomeKind.REJECTED, retcode="106-008")
        if end == "applied":
            story.hears(OutcomeKind.APPLIED, retcode="0")
        else:
            story.learnt.signed_in(AGENT)
        assert not story.rests()
        story.hears(OutcomeKind.REJECTED, retcode="106-008")
        await story.clock.advance(FIRST_REST_S)
        assert not story.rests()


def test_a_refusal_of_one_media_type_says_nothing_of_another() -> None:
    story = Story()
    story.hears(OutcomeKind.REJECTED, retcode="106-008")
    story.hears(OutcomeKind.APPLIED, retcode="0", media_type=SOCIAL)
    assert story.rests()
    assert not story.rests(SOCIAL)


@pytest.mark.parametrize("retcode", ["100-006", "000-003", "105-006"])
def test_a_refused_guid_is_no_reason_to_rest(retcode: str) -> None:
    story = Story()
    story.hears(OutcomeKind.REJECTED, retcode=retcode)
    assert not story.rests(), "the next Guid may come at any moment"


async def test_an_unanswered_call_casts_doubt_on_a_later_success_until_it_can_no_longer_be_applied() -> None:
    story = Story()
    story.hears(OutcomeKind.SUPERSEDED, callnums=6)
    story.hears(OutcomeKind.APPLIED, callnums=5, retcode="0")
    assert story.learnt.doubtful(WEB_CHAT) == [AGENT]
    assert story.learnt.doubtful(SOCIAL) == []
    await story.clock.advance(LATE_S - 1)
    story.hears(OutcomeKind.APPLIED, callnums=5, retcode="0")
    assert story.learnt.doubtful(WEB_CHAT) == [AGENT], "the call that lingers has another limit"
    await story.clock.advance(1)
    assert story.learnt.doubtful(WEB_CHAT) == []


def test_an_unanswered_call_of_the_same_limit_or_one_never_sent_casts_no_doubt() -> None:
    story = Story()
    story.hears(OutcomeKind.UNKNOWN, callnums=5)
    story.hears(OutcomeKind.SUPERSEDED, callnums=7, attempts=0)
    story.hears(OutcomeKind.APPLIED, callnums=5, retcode="0")
    assert story.learnt.doubtful(WEB_CHAT) == []
