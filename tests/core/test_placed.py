"""What is said of a wrong value, word for word: the place, what it is, and what to write instead."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from autoscaler.core.placed import a_claim, a_list, a_number, a_text, a_whole, an_object
from autoscaler.errors import ReadingMalformed

NULL_OR_NUMBER = "write a number, or null when there is no reading"


def an_agent(value: Any, place: str) -> None:
    an_object(value, place, {"load", "id"})


def a_limit(value: Any, place: str) -> int:
    return a_whole(value, place, 1, 60)


@pytest.mark.parametrize(
    ("read", "value", "said", "help_"),
    [
        (an_agent, None, "x: is null, not an object", "write it as {…}"),
        (an_agent, [], "x: is a list, not an object", "write it as {…}"),
        (an_agent, True, "x: is true or false, not an object", "write it as {…}"),
        (an_agent, 7, "x: is the number 7, not an object", "write it as {…}"),
        (an_agent, 7.5, "x: is the number 7.5, not an object", "write it as {…}"),
        (an_agent, "7", "x: is text, not an object", "write it as {…}"),
        (an_agent, b"7", "x: is bytes, not an object", "write it as {…}"),
        (an_agent, {"lod": 1, "limt": 2}, "x.limt: is not a known key", "known here: id, load"),
        (a_list, {}, "x: is an object, not a list", "write it as […]"),
        (a_claim, 1, "x: is the number 1, not true or false", "write true or false"),
        (a_text, 1, "x: is the number 1, not text", "write it in quotes"),
        (a_number, "1", "x: is text, not a number", NULL_OR_NUMBER),
        (a_number, True, "x: is true or false, not a number", NULL_OR_NUMBER),
        (a_number, -0.5, "x: -0.5 is negative", "write 0 or more, or null when there is no reading"),
        (a_number, math.inf, "x: is infinite", NULL_OR_NUMBER),
        (a_limit, 3.0, "x: is the number 3.0, not a whole number", "write a whole number from 1 to 60"),
        (a_limit, True, "x: is true or false, not a whole number", "write a whole number from 1 to 60"),
        (a_limit, 0, "x: 0 is outside 1..60", "write a whole number from 1 to 60"),
        (a_limit, 61, "x: 61 is outside 1..60", "write a whole number from 1 to 60"),
    ],
)
def test_a_wrong_value_is_named_with_what_to_write(
    read: Callable[[Any, str], Any], value: Any, said: str, help_: str
) -> None:
    with pytest.raises(ReadingMalformed) as caught:
        read(value, "x")
    assert (str(caught.value), caught.value.help) == (said, help_)


def test_what_is_right_is_handed_on() -> None:
    an_agent({"id": 1}, "x")
    an_object({"anything": 1}, "x", None)
    assert a_list([1], "x") == [1]
    assert a_claim(False, "x") is False
    assert a_text("", "x") == ""
    assert [a_limit(value, "x") for value in (1, 60)] == [1, 60]
    assert a_number(0, "x") == 0.0
    assert a_number(-3, "x", signed=True) == -3.0
    assert math.isnan(a_number(None, "x"))
