"""Where each character of a value stands in the file, through quotes, escapes and folding.

Exact for text on one line; where YAML joined lines, a character is found again behind the break and its indentation.
"""

from __future__ import annotations

from collections.abc import Sequence

from autoscaler.rulebook.nodes import Scalar

__all__ = ["offsets_of"]

_ESCAPE_LENGTH = {"x": 4, "u": 6, "U": 10}


def offsets_of(scalar: Scalar, source: str) -> Sequence[int]:
    """One file offset a character of `scalar.value`, never descending, inside the scalar's span."""
    start, end = scalar.span.start, scalar.span.end
    if scalar.style in {"|", ">"}:
        header = source.find("\n", start, end)
        start = end if header < 0 else header + 1
    elif scalar.style:
        start += 1
    if source[start : start + len(scalar.value)] == scalar.value:
        return range(start, start + len(scalar.value))
    return _aligned(scalar, source, start, end)


def _aligned(scalar: Scalar, source: str, start: int, end: int) -> list[int]:
    last = max(start, end - 1)
    at, found = start, list[int]()
    for char in scalar.value:
        if char.isspace():
            found.append(min(at, last))
            if source[at : at + 1].isspace():
                at = _past_break(source, at, end)
            elif scalar.style == '"' and source[at : at + 1] == "\\":
                at += _escape_length(source, at)
            continue
        while at < end and source[at].isspace():
            at += 1
        if scalar.style == '"':
            while source[at : at + 1] == "\\" and source[at + 1 : at + 2] in {"\n", "\r"}:
                at = _past_break(source, at + 1, end)
        found.append(min(at, last))
        if scalar.style == '"' and source[at : at + 1] == "\\":
            at += _escape_length(source, at)
        else:
            at += 2 if scalar.style == "'" and source[at : at + 2] == "''" else 1
    return found


def _past_break(source: str, at: int, end: int) -> int:
    """Past one space, or past a line break with all the white space around it."""
    ahead = at
    while ahead < end and source[ahead].isspace():
        ahead += 1
    return ahead if any(char in source[at:ahead] for char in "\r\n") else at + 1


def _escape_length(source: str, at: int) -> int:
    return _ESCAPE_LENGTH.get(source[at + 1 : at + 2], 2)
