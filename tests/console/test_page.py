"""The status page: what it shows, what it must never show, and who may see it."""

from __future__ import annotations

import asyncio
import base64
from html.parser import HTMLParser
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscaler.console.page import SECURITY_HEADERS, render_page

STATUS: dict[str, Any] = {
    "state": "running",
    "sentence": "1 group: webchat 60 slots of 20 agents, moving to 64",
    "now": "2026-11-22T10:00:05+00:00",
    "started_at": "2026-11-22T08:00:00+00:00",
    "rulebook": "sha256:0123456789abcdef0123456789abcdef",
    "rules_problem": None,
    "is_last_good": False,
    "frozen": False,
    "pauses": [],
    "pins": [],
    "groups": [
        {
            "group": "webchat",
            "mode": "enforce",
            "at": "2026-11-22T10:00:00+00:00",
            "age_s": 5.0,
            "agents": 20,
            "slots": {"observed": 60, "proposed": 69, "wanted": 64},
            "load": 57,
            "occupancy": 0.95,
            "waiting": 31.0,
            "oldest_wait_s": 44.0,
            "problems": [],
        }
    ],
    "gateway": {"place": "10.0.0.5:8043", "breaker": "closed"},
    "store": {"last_error": None},
    "recent": [
        {"at": "2026-11-22T09:59:45Z", "group": "webchat", "agent": 1001, "from": 3, "to": 4, "rule": "surge",
         "outcome": "applied"},
        {"at": "2026-11-22T10:00:00Z", "group": "webchat", "agent": 1002, "from": None, "to": 3, "rule": None,
         "outcome": "unknown"},
    ],
}  # fmt: skip


TAGS = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "div"} | {
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}


class Read(HTMLParser):
    """A page, taken apart."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.cells: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag != "meta":
            self._open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.text += data
        if self._open and self._open[-1] in ("td", "th"):
            self.cells[-1] += data


def test_it_shows_groups_and_the_last_decisions_newest_first() -> None:
    cells = Read(render_page(STATUS)).cells
    assert cells[10:20] == ["webchat", "enforce", "20", "60", "64", "57", "95 %", "31", "44 s", "5 s ago"]
    assert cells[27:34] == ["2026-11-22T10:00:00Z", "webchat", "1002", "unknown", "3", "–", "unknown"]
    assert cells[34:41] == ["2026-11-22T09:59:45Z", "webchat", "1001", "3", "4", "surge", "applied"]


def test_it_needs_no_script_and_nothing_from_elsewhere() -> None:
    read = Read(render_page(STATUS))
    assert set(read.tags) <= TAGS
    assert not {"src", "href", "style", "onclick"} & {name for name, _ in read.attributes}
    assert ("http-equiv", "refresh") in read.attributes
    assert ("content", "5") in read.attributes
    assert "default-src 'none'" in SECURITY_HEADERS["Content-Security-Policy"]


def test_a_calm_day_shows_no_alert() -> None:
    assert ("class", "alert") not in Read(render_page(STATUS)).attributes


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"frozen": True}, "FROZEN"),
        ({"pauses": [{"group": None, "until": None, "reason": "drill", "by": "ana"}]}, "every group, until resumed"),
        ({"pauses": [{"group": "webchat", "until": "11:00", "reason": "drill", "by": "ana"}]}, "webchat, until 11:00"),
        ({"rules_problem": "webchat.yaml:7:3: unknown key"}, "webchat.yaml:7:3: unknown key"),
        ({"rules_problem": "x", "is_last_good": True}, "the last good rules are in force"),
        ({"gateway": {"place": "10.0.0.5:8043", "breaker": "open"}}, "10.0.0.5:8043 does not answer"),
        ({"store": {"last_error": "the disk is full"}}, "the disk is full"),
        ({"groups": [{"group": "webchat", "at": None, "problems": ["CMS: 401"]}]}, "READINGS of webchat: CMS: 401"),
    ],
)  # fmt: skip
def test_each_trouble_is_an_alert_in_words(change: dict[str, Any], said: str) -> None:
    read = Read(render_page({**STATUS, **change}))
    assert read.attributes.count(("class", "alert")) == 1
    assert said in read.text


def test_nobody_who_ordered_something_is_named() -> None:
    change = {
        "pauses": [{"group": None, "until": None, "reason": "fire drill", "by": "ana.silva"}],
        "pins": [{"agent": 1007, "limit": 2, "until": None, "reason": "ana.silva asked", "by": "ana.silva"}],
    }
    read = Read(render_page({**STATUS, **change}))
    assert "fire drill" in read.text
    assert "1007" in read.cells
    assert "ana.silva" not in read.text


def test_before_the_first_tick_it_says_so() -> None:
    read = Read(render_page({**STATUS, "groups": [{"group": "webchat", "at": None}], "recent": []}))
    assert "waits for its first" in read.cells
    assert "None since the start." in read.text


@given(nasty=st.text() | st.sampled_from(["<script>alert(1)</script>", "</style><b>", '"><img src=x>', "&lt;"]))
def test_whatever_stands_in_it_stays_text(nasty: str) -> None:
    status = {
        **STATUS,
        "sentence": nasty,
        "rulebook": nasty,
        "rules_problem": nasty or "x",
        "groups": [{**STATUS["groups"][0], "group": nasty, "mode": nasty, "problems": [nasty]}],
        "pauses": [{"group": nasty, "until": nasty, "reason": nasty}],
        "recent": [{**STATUS["recent"][0], "rule": nasty}],
    }
    assert set(Read(render_page(status)).tags) == set(Read(render_page({**STATUS, "frozen": True})).tags)


@given(
    status=st.dictionaries(
        st.sampled_from(sorted(STATUS)),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(sorted(STATUS)), inner),
        ),
    )
)
def test_a_status_of_another_form_is_still_a_page(status: dict[str, Any]) -> None:
    Read(render_page(status))


def test_what_a_goal_believes_and_rules_forecast_stands_below_the_groups() -> None:
    told = {"goal": "limit 4: arrivals 3.1/min & 18 agents", "forecasts": ["forecast of queue.waiting in 15m: 40"]}
    page = render_page({**STATUS, "groups": [{**STATUS["groups"][0], **told}]})
    assert '<p class="small">Goal of webchat: limit 4: arrivals 3.1/min &amp; 18 agents</p>' in page
    assert '<p class="small">webchat: forecast of queue.waiting in 15m: 40</p>' in page
    assert "Goal of" not in render_page(STATUS)


async def test_this_machine_sees_it_without_a_token(control: Any, tcp: str, call: Any) -> None:
    control.answer = STATUS
    for host in ("127.0.0.1", "localhost:8787", "[::1]:8787"):
        answer = await call(tcp, "GET", "/", headers={"Host": host})
        assert answer.status == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert b"webchat" in answer.body


async def test_through_a_proxy_or_under_a_foreign_name_it_needs_the_token(
    control: Any, tcp: str, call: Any, token: str
) -> None:
    for host in ("console.example", "127.0.0.1.example:8787", "10.0.0.5"):
        answer = await call(tcp, "GET", "/", headers={"Host": host})
        assert answer.status == 401
        assert answer.headers["www-authenticate"] == 'Basic realm="autoscaler"'
    password = base64.b64encode(f"me:{token}".encode()).decode()
    answer = await call(tcp, "GET", "/", headers={"Host": "console.example", "Authorization": f"Basic {password}"})
    assert answer.status == 200


async def test_a_daemon_that_does_not_answer_is_said(control: Any, start: Any, call: Any) -> None:
    control.release = asyncio.Event()
    console = await start(listen="127.0.0.1:0", deadline_s=0.05)
    answer = await call(console.addresses.url, "GET", "/")
    assert answer.status == 503
    assert "did not answer" in orjson.loads(answer.body)["error"]["message"]
