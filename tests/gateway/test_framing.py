"""Answers out of bytes, in whatever pieces they come."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscaler.errors import GatewayNonsense
from autoscaler.gateway.framing import AnswerReader, request_bytes
from autoscaler.gateway.ports import Answer

ANSWERS = (
    b'HTTP/1.1 200 OK\r\nContent-Length: 35\r\n\r\n{"message":"success","retcode":"0"}',
    b"HTTP/1.1 200\r\nSET-GUID: JSESSIONID=g.AgentGateway0\r\nContent-Length: 2\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n1\r\n{\r\n1;a=b\r\n}\r\n0\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n",
)


def whole(data: bytes) -> Answer:
    answer = AnswerReader().feed(data)
    assert answer is not None
    return answer


@given(st.lists(st.sampled_from(ANSWERS), min_size=1, max_size=6), st.lists(st.integers(1, 60), min_size=1))
def test_pieces_make_no_difference(answers: list[bytes], sizes: list[int]) -> None:
    reader = AnswerReader()
    read: list[Answer] = []
    for data in answers:
        position = turn = 0
        while position < len(data):
            piece = data[position : position + sizes[turn % len(sizes)]]
            position += len(piece)
            turn += 1
            answer = reader.feed(piece)
            if answer is not None:
                assert position == len(data)
                assert reader.can_go_on
                read.append(answer)
    assert read == [whole(data) for data in answers]


@given(st.binary(min_size=1, max_size=200))
def test_any_bytes_are_an_answer_a_part_of_one_or_nonsense(data: bytes) -> None:
    for start in (b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"):
        with contextlib.suppress(GatewayNonsense):
            answer = AnswerReader().feed(start + data)
            assert answer is None or answer.status >= 200


def test_a_body_that_needs_the_end_of_the_connection_is_cut_off_unless_it_has_no_length() -> None:
    lasting = AnswerReader()
    lasting.feed(b"HTTP/1.1 200 OK\r\n\r\n{}")
    assert lasting.end() == Answer(status=200, set_guid=None, set_cookie=(), body=b"{}")
    assert not lasting.can_go_on
    cut_off = AnswerReader()
    cut_off.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}")
    assert cut_off.end() is None


@pytest.mark.parametrize("value", [b"a\x01b", b"\xe9"])
def test_a_guid_that_is_not_printable_never_gets_into_a_header_again(value: bytes) -> None:
    with pytest.raises(GatewayNonsense):
        AnswerReader().feed(b"HTTP/1.1 200 OK\r\nSet-GUID: " + value + b"\r\nContent-Length: 0\r\n\r\n")


def test_a_request_without_further_headers_ends_its_head_once() -> None:
    assert request_bytes("GET", "/a", "h:1", [], b"") == b"GET /a HTTP/1.1\r\nHost: h:1\r\nContent-Length: 0\r\n\r\n"
