"""Result codes: each documented one has its advice, and nothing undocumented is repeated."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscaler.gateway.retcodes import Advice, advice, http_retcode, verdict

TABLE = [
    ("0", Advice.DONE),
    ("000-000", Advice.RETRY),
    ("000-001", Advice.STOP),
    ("000-003", Advice.REFRESH_GUID),
    ("000-004", Advice.WAIT),
    ("000-007", Advice.WAIT),
    ("100-002", Advice.FORCE_BY_POLICY),
    ("100-004", Advice.STOP),
    ("100-006", Advice.SIGN_IN_AGAIN),
    ("100-007", Advice.RETRY),
    ("100-008", Advice.SIGNED_OUT),
    ("100-015", Advice.STOP),
    ("100-021", Advice.WAIT),
    ("105-002", Advice.WAIT),
    ("105-006", Advice.SIGN_IN_AGAIN),
    ("106-001", Advice.STOP),
    ("106-003", Advice.DO_NOT_RETRY),
    ("106-008", Advice.DO_NOT_RETRY),
    ("106-012", Advice.DO_NOT_RETRY),
    ("110-016", Advice.STOP),
    ("110-021", Advice.STOP),
    ("http-429", Advice.WAIT),
    ("http-500", Advice.RETRY),
    ("http-503", Advice.RETRY),
    ("http-404", Advice.DO_NOT_RETRY),
]


@pytest.mark.parametrize(("retcode", "expected"), TABLE)
def test_a_documented_code_has_its_advice(retcode: str, expected: Advice) -> None:
    assert advice(retcode) is expected
    assert verdict(retcode).advice is expected


@given(st.text())
def test_a_code_that_is_not_documented_is_permanent(retcode: str) -> None:
    if retcode not in {code for code, _ in TABLE} and not re.fullmatch(r"\d{3}-\d{3}|http-.*", retcode, re.DOTALL):
        assert advice(retcode) is Advice.DO_NOT_RETRY
        assert verdict(retcode).retcode == retcode


def test_an_unknown_code_of_a_known_range_names_the_range() -> None:
    assert verdict("106-099").meaning == "a fault of the multimedia interface"
    assert verdict("106-099").advice is Advice.DO_NOT_RETRY


def test_only_success_is_done_so_a_signed_out_agent_never_counts_as_applied() -> None:
    done = [code for code, _ in TABLE if advice(code) is Advice.DONE]
    assert done == ["0"]


@pytest.mark.parametrize(("retcode", "_"), TABLE[1:])
def test_every_failure_says_what_to_try(retcode: str, _: Advice) -> None:
    assert verdict(retcode).help
    assert verdict(retcode).meaning


def test_a_transient_code_never_ends_the_session() -> None:
    for what in Advice:
        assert not (what.is_transient and what.ends_session)


def test_an_http_status_is_spelled_as_a_retcode() -> None:
    assert http_retcode(503) == "http-503"
