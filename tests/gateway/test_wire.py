"""Bytes to the gateway and back: documented types, tolerant reading, nothing out of range."""

from contextlib import suppress

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscaler.errors import GatewayNonsense, UsageError
from autoscaler.gateway.ports import Answer, Credentials
from autoscaler.gateway.wire import (
    MediaType,
    answer_from,
    guid_from_header,
    merged_cookie,
    read_reply,
    read_retcode,
    refusal,
    setcallnums_request,
)

GUID = "279fe21d-2caa-4437-84c3-ab9e9dae20f5.AgentGateway0"
CREDENTIALS = Credentials(guid=GUID, cookie="", sign_in=1)


def answer(body: bytes, status: int = 200) -> Answer:
    return Answer(status=status, set_guid=None, set_cookie=(), body=body)


def test_a_limit_is_sent_as_two_strings_with_the_guid_beside_it() -> None:
    path, headers, body = setcallnums_request(1001, MediaType.WEB_CHAT, 4, CREDENTIALS)
    assert path == "/agentgateway/resource/mediacall/1001/setcallnums"
    assert headers == [("Content-Type", "application/json; charset=UTF-8"), ("Guid", GUID)]
    assert body == b'{"mediaType":"51","callnums":"4"}'


def test_an_agents_cookies_go_along() -> None:
    credentials = Credentials(guid=GUID, cookie="ELB=a; node=2", sign_in=1)
    assert ("Cookie", "ELB=a; node=2") in setcallnums_request(1001, 53, 1, credentials)[1]


@pytest.mark.parametrize("media_type", list(MediaType))
@pytest.mark.parametrize("callnums", [1, 60])
@pytest.mark.parametrize("agent", [101, 999_999])
def test_both_ends_of_every_range_are_taken(media_type: MediaType, callnums: int, agent: int) -> None:
    _, _, body = setcallnums_request(agent, media_type, callnums, CREDENTIALS)
    assert orjson.loads(body) == {"mediaType": str(media_type.value), "callnums": str(callnums)}


@pytest.mark.parametrize(
    ("agent", "media_type", "callnums", "names"),
    [
        (100, 51, 4, "agent id 100"),
        (1_000_000, 51, 4, "agent id 1000000"),
        (1001, 51, 0, "limit 0"),
        (1001, 51, 61, "limit 61"),
        (1001, 51, -1, "limit -1"),
        (1001, 52, 4, "media type 52"),
    ],
)
def test_what_is_out_of_range_is_refused_before_anything_is_sent(
    agent: int, media_type: int, callnums: int, names: str
) -> None:
    with pytest.raises(UsageError, match=names) as raised:
        setcallnums_request(agent, media_type, callnums, CREDENTIALS)
    assert raised.value.help


@pytest.mark.parametrize(
    ("body", "retcode"),
    [
        (b'{"message":"success","retcode":"0"}', "0"),
        (b'{"message":"","retcode":"0"}', "0"),
        (b'{"retcode":0,"msg":""}', "0"),
        (b'{"retcode": "0", "message": "success", "result": null}', "0"),
        (b'\xef\xbb\xbf{"retcode":"0"}', "0"),
        (b'{"message":"no right to invite resouce","result":"","retcode":"000-003"}', "000-003"),
        (b'{"message":"x","retcode":"106-012"}', "106-012"),
        (b'{"retcode":100006}', "100006"),
    ],
)
def test_a_retcode_is_read_as_text_or_number_whatever_stands_beside_it(body: bytes, retcode: str) -> None:
    assert read_retcode(answer(body)) == retcode


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Bad Gateway</body></html>",
        b'{"message":"success","retco',
        b"[]",
        b'"0"',
        b'{"message":"success"}',
        b'{"retcode":null}',
        b'{"retcode":true}',
        b'{"retcode":""}',
        b"\xff\xfe",
    ],
)
def test_an_answer_without_a_retcode_is_nonsense_and_its_text_is_not_repeated(body: bytes) -> None:
    with pytest.raises(GatewayNonsense) as raised:
        read_retcode(answer(body))
    assert raised.value.help
    assert "Bad Gateway" not in str(raised.value)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 404, 302])
def test_an_http_status_other_than_200_is_a_retcode_of_its_own(status: int) -> None:
    assert read_retcode(answer(b"<html>", status)) == f"http-{status}"
    assert read_retcode(answer(b'{"message":"success","retcode":"0"}', status)) == f"http-{status}"


def test_a_no_in_the_body_says_more_than_the_http_status() -> None:
    assert read_retcode(answer(b'{"message":"","retcode":"100-006"}', 401)) == "100-006"


@given(st.binary(max_size=200), st.integers(100, 599))
def test_any_bytes_end_in_a_retcode_or_in_our_own_error(body: bytes, status: int) -> None:
    with suppress(GatewayNonsense):
        assert read_retcode(answer(body, status))


@given(
    st.dictionaries(st.text(max_size=8), st.none() | st.integers() | st.text(max_size=8), max_size=4),
    st.sampled_from(["0", "100-006", "777"]),
)
def test_a_retcode_is_found_beside_any_other_fields(fields: dict[str, object], retcode: str) -> None:
    body = (
        orjson.dumps({**fields, "retcode": retcode}, option=orjson.OPT_PASSTHROUGH_SUBCLASS) if _fits(fields) else b""
    )
    if body:
        assert read_reply(answer(body)).retcode == retcode


def _fits(fields: dict[str, object]) -> bool:
    return all(not isinstance(value, int) or abs(value) < 2**53 for value in fields.values())


@pytest.mark.parametrize("name", ["Set-GUID", "set-guid", "SET-GUID", "Set-Guid"])
def test_a_renewed_guid_is_found_in_any_letter_case(name: str) -> None:
    assert answer_from(200, [("Server", "x"), (name, f"JSESSIONID={GUID}")], b"").set_guid == GUID


@pytest.mark.parametrize(
    ("value", "guid"),
    [
        (f"JSESSIONID={GUID}", GUID),
        (GUID, GUID),
        (f"  JSESSIONID={GUID} ", GUID),
        (f"JSESSIONID={GUID}; Path=/", GUID),
        ("abcJSESSIONID=def", "abcJSESSIONID=def"),
        ("JSESSIONID=JSESSIONID=x", "JSESSIONID=x"),
        ("JSESSIONID=", None),
        ("", None),
        ("a\u00e9", None),
        ("a\x00b", None),
    ],
)
def test_jsessionid_goes_only_from_the_front(value: str, guid: str | None) -> None:
    assert guid_from_header(value) == guid


def test_each_cookie_is_cut_at_its_first_semicolon_and_replaces_its_namesake() -> None:
    first = merged_cookie("", ["ELB=a=b; Path=/; HttpOnly", "node=1"])
    assert first == "ELB=a=b; node=1"
    assert merged_cookie(first, ["node=2; Secure", "nonsense", "=x", "bad=\u00e9"]) == "ELB=a=b; node=2"
    assert merged_cookie(first, []) == first


def test_no_guid_shows_in_an_error_or_a_repr() -> None:
    reply = read_reply(answer(orjson.dumps({"retcode": "777", "message": f"Guid {GUID} is odd", "result": GUID})))
    error = refusal(reply, place="setcallnums of agent 1001")
    assert GUID not in str(error)
    assert "777" in str(error)
    assert "is odd" in str(error)
    assert GUID not in repr(CREDENTIALS)
