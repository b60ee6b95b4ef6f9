"""One HTTP/1.1 request as bytes, and one answer after another out of a connection's bytes.

A request's head holds exactly the lines it was given: no value can bring a line of its own. An answer is given
out only when it is whole; whatever is no HTTP/1.1 answer within the limits is `GatewayNonsense`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autoscaler.errors import GatewayError, GatewayNonsense
from autoscaler.gateway.ports import Answer
from autoscaler.gateway.wire import guid_from_header

__all__ = ["MAX_BODY_BYTES", "MAX_HEAD_BYTES", "AnswerReader", "request_bytes"]

MAX_HEAD_BYTES = 32 * 1024
MAX_BODY_BYTES = 4 * 1024 * 1024

_END_OF_HEAD = b"\r\n\r\n"


def request_bytes(method: str, path: str, host: str, headers: Sequence[tuple[str, str]], body: bytes) -> bytes:
    """Spell a request.

    Args:
        method: Upper case, a word of the program's own.
        path: With its query.
        host: Value of the `Host` header, from settings.
        headers: Further headers but `Host` and `Content-Length`.
        body: May be empty.

    Raises:
        GatewayError: A line holds a line break or a character outside ASCII; the message names no value.
    """
    if "\r" in path or "\n" in path or " " in path:
        raise _unspeakable()
    lines = [f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}"]
    for header in headers:
        line = ": ".join(header)
        if "\r" in line or "\n" in line or "\0" in line:
            raise _unspeakable()
        lines.append(line)
    lines.append("\r\n")
    try:
        return "\r\n".join(lines).encode("ascii") + body
    except UnicodeEncodeError:
        raise _unspeakable() from None  # its message would quote the line


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """What an answer's head says. `length` is None when the body is chunked or ends with the connection."""

    status: int
    set_guid: str | None
    set_cookie: tuple[str, ...]
    length: int | None
    is_chunked: bool
    keeps_alive: bool


class AnswerReader:
    """Takes a connection's bytes in pieces and gives out whole answers.

    Attributes:
        has_begun: Bytes of the present answer have come.
        can_go_on: The connection may carry another request; meaningful right after an answer.
    """

    __slots__ = ("_body", "_buffer", "_head", "_known", "_known_bytes", "can_go_on", "has_begun")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._body = bytearray()  # decoded chunks of the present answer
        self._head: _Head | None = None
        # the last plain answer that came in one piece: the same bytes mean the same, and mostly only `Date` changes
        self._known_bytes = b""
        self._known: Answer | None = None
        self.has_begun = False
        self.can_go_on = True

    def feed(self, data: bytes) -> Answer | None:
        """Take bytes, not empty; give the answer they complete.

        Raises:
            GatewayNonsense: No HTTP/1.1 answer, or one beyond the limits.
        """
        if data == self._known_bytes and not self.has_begun:
            return self._known
        is_first = not self.has_begun
        answer = self._feed(data)
        if is_first and answer is not None and self.can_go_on and answer.set_guid is None and not answer.set_cookie:
            self._known_bytes, self._known = data, answer
        return answer

    def end(self) -> Answer | None:
        """Take the peer's end of the connection; give the answer that it completes, None when it cuts one off."""
        head = self._head
        if head is None or head.length is not None or head.is_chunked:
            return None
        return self._answer(head, bytes(self._buffer))

    def _feed(self, data: bytes) -> Answer | None:
        self.has_begun = True
        self._buffer += data
        while self._head is None:
            end = self._buffer.find(_END_OF_HEAD)
            if end > MAX_HEAD_BYTES or (end < 0 and len(self._buffer) > MAX_HEAD_BYTES):
                raise _nonsense(f"a head of more than {MAX_HEAD_BYTES} bytes")
            if end < 0:
                return None
            raw = bytes(self._buffer[: end + len(_END_OF_HEAD)])
            del self._buffer[: len(raw)]
            head = _read_head(raw[:end])
            if head.status >= 200:  # 1xx come before the answer proper
                self._head = head
        head = self._head
        if head.is_chunked:
            return self._answer(head, bytes(self._body)) if self._read_chunks() else None
        if head.length is None:
            if len(self._buffer) > MAX_BODY_BYTES:
                raise _too_long()
            return None
        if len(self._buffer) < head.length:
            return None
        body = bytes(self._buffer[: head.length])
        del self._buffer[: head.length]
        return self._answer(head, body)

    def _answer(self, head: _Head, body: bytes) -> Answer:
        self.can_go_on = head.keeps_alive and not self._buffer  # bytes nobody asked for: out of step
        self.has_begun = False
        self._head = None
        self._buffer.clear()
        self._body.clear()
        return Answer(status=head.status, set_guid=head.set_guid, set_cookie=head.set_cookie, body=body)

    def _read_chunks(self) -> bool:
        """Decode what has come; True when the last chunk and its trailer are in."""
        while True:
            end = self._buffer.find(b"\r\n")
            if end < 0:
                if len(self._buffer) > MAX_HEAD_BYTES:
                    raise _nonsense("a chunk without a size")
                return False
            digits = bytes(self._buffer[:end]).partition(b";")[0].strip()
            if not digits or len(digits) > 8 or digits.strip(b"0123456789abcdefABCDEF"):
                raise _nonsense("a chunk without a size")
            size = int(digits, 16)
            if size == 0:
                return self._end_chunks(end)
            if len(self._body) + size > MAX_BODY_BYTES:
                raise _too_long()
            stop = end + 2 + size
            if len(self._buffer) < stop + 2:
                return False
            if self._buffer[stop : stop + 2] != b"\r\n":
                raise _nonsense("a chunk that is longer than its size")
            self._body += self._buffer[end + 2 : stop]
            del self._buffer[: stop + 2]

    def _end_chunks(self, end: int) -> bool:
        # the size line's own CRLF is the first half of the blank line's when there is no trailer
        stop = self._buffer.find(_END_OF_HEAD, end)
        if stop < 0:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise _nonsense(f"a trailer of more than {MAX_HEAD_BYTES} bytes")
            return False
        del self._buffer[: stop + len(_END_OF_HEAD)]
        return True


def _read_head(raw: bytes) -> _Head:
    first, *lines = raw.split(b"\r\n")
    if first[:9] not in {b"HTTP/1.1 ", b"HTTP/1.0 "} or not first[9:12].isdigit() or first[12:13] not in {b"", b" "}:
        raise _nonsense("something that is no HTTP/1.1 answer")
    status = int(first[9:12])
    if status < 100 or status == 101:
        raise _nonsense(f"HTTP status {status}")
    values: dict[bytes, list[bytes]] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not name or name != name.strip():
            raise _nonsense("a header line without a name")
        values.setdefault(name.lower(), []).append(value.strip(b" \t"))
    options = {option.strip() for value in values.get(b"connection", ()) for option in value.lower().split(b",")}
    set_guid = values.get(b"set-guid")
    length, is_chunked = (0, False) if status < 200 or status in {204, 304} else _body_form(values)
    return _Head(
        status=status,
        set_guid=guid_from_header(_text(set_guid[-1])) if set_guid else None,
        set_cookie=tuple(_text(value) for value in values.get(b"set-cookie", ())),
        length=length,
        is_chunked=is_chunked,
        keeps_alive=b"close" not in options
        and (first.startswith(b"HTTP/1.1") or b"keep-alive" in options)
        and (is_chunked or length is not None),
    )


def _body_form(values: dict[bytes, list[bytes]]) -> tuple[int | None, bool]:
    """Say where the body ends: its length, or None, and whether it comes in chunks."""
    lengths, codings = set(values.get(b"content-length", ())), values.get(b"transfer-encoding", [])
    if codings:
        if lengths:  # a proxy and a server that disagree about where an answer ends
            raise _nonsense("both a Content-Length and a Transfer-Encoding")
        if [coding.lower() for coding in codings] != [b"chunked"]:
            raise _nonsense("an unknown Transfer-Encoding")
        return None, True
    if not lengths:
        return None, False
    digits = lengths.pop()
    if lengths or not digits.isdigit() or len(digits) > 12:
        raise _nonsense("a Content-Length that is no number")
    if int(digits) > MAX_BODY_BYTES:
        raise _too_long()
    return int(digits), False


def _text(value: bytes) -> str:
    text = value.decode("latin-1")
    if not (text.isascii() and text.isprintable()):
        raise _nonsense("a header value that is not printable ASCII")
    return text


def _unspeakable() -> GatewayError:
    return GatewayError(
        "a request to the gateway would hold a line break or a character outside ASCII; it was not sent",
        help="Look at what hands over this agent's Guid and cookies: one of them is not what the gateway gave.",
    )


def _too_long() -> GatewayNonsense:
    return _nonsense(f"a body of more than {MAX_BODY_BYTES} bytes")


def _nonsense(what: str) -> GatewayNonsense:
    return GatewayNonsense(
        f"the gateway sent {what}",
        help="Check that gateway.url leads to CC-Gateway itself or a proxy that speaks HTTP/1.1.",
    )
