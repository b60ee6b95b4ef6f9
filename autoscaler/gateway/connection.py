"""One TLS connection to the gateway that carries one call at a time, driven by the loop's readiness callbacks.

Every call put on a connection ends exactly once and never from inside `carry`, and a connection that is out of
step with the gateway is closed, not used again. The socket is read and written directly: a stream or protocol
layer between loop and TLS would cost more than all the rest (docs/decisions/0001-burst-transport.md).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import ssl
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, Final, Protocol

from autoscaler.errors import GatewayError, GatewayNonsense
from autoscaler.gateway.framing import AnswerReader
from autoscaler.gateway.ports import Answer, NoAnswer
from autoscaler.gateway.tls import Trust, unreachable

__all__ = ["Address", "Connection", "Done", "Owner", "Peer", "Stage"]

Address = tuple[socket.AddressFamily, Any]
"""A socket's family and what to connect it to, as `getaddrinfo` gives them."""

Done = Callable[[Any, Answer | NoAnswer], None]
"""Hears how a call ended: its tag, and the answer or why there is none."""

_RECORD_BYTES = 16384  # the most a TLS record holds: such a read leaves nothing behind inside OpenSSL


class Stage(Enum):
    """Where a connection stands."""

    DIALLING = "dialling"
    IDLE = "idle"
    BUSY = "busy"
    CLOSED = "closed"


_IDLE: Final = Stage.IDLE  # looked up once: through the enum each use costs ten times as much
_BUSY: Final = Stage.BUSY


class Owner(Protocol):
    """Who keeps the connections."""

    def idle(self, connection: Connection) -> None:
        """It may carry another call."""
        ...

    def gone(self, connection: Connection) -> None:
        """It is closed."""
        ...


class Peer(Protocol):
    """Whom a connection talks to."""

    @property
    def host(self) -> str:
        """Name or address, as the certificate has it."""
        ...

    @property
    def place(self) -> str:
        """`host:port`."""
        ...

    @property
    def trust(self) -> Trust:
        """Whose certificates are good."""
        ...


class Connection:
    """A connection, made for its first call.

              TCP, TLS            answer
        DIALLING ──────► BUSY ◄─────────────► IDLE
            │              │      carry        │
            └──────────────┴──► CLOSED ◄───────┘
          refused, timed out, cut off, out of step, idle too long

    Attributes:
        stage: Where it stands.
        since: Loop seconds at which the call on it began, or at which it became idle.
    """

    __slots__ = (
        "_addresses",
        "_done",
        "_fd",
        "_loop",
        "_owner",
        "_peer",
        "_plain",
        "_read",
        "_reader",
        "_tag",
        "_tls",
        "_unsent",
        "_was_sent",
        "_write",
        "since",
        "stage",
    )

    def __init__(
        self,
        *,
        owner: Owner,
        peer: Peer,
        loop: asyncio.AbstractEventLoop,
        request: bytes,
        tag: object,
        done: Done,
        since: float,
    ) -> None:
        """Take the first call; `dial` is to follow."""
        self._owner = owner
        self._peer = peer
        self._loop = loop
        self._reader = AnswerReader()
        self._addresses: list[Address] = []
        self._plain: socket.socket | None = None
        self._tls: ssl.SSLSocket | None = None
        self._fd = -1
        self._unsent = request
        self._was_sent = False
        self._tag = tag
        self._done: Done | None = done
        self.since = since
        self.stage = Stage.DIALLING

    @property
    def tag(self) -> object:
        """The tag of the call on it; None when there is none."""
        return self._tag

    def dial(self, addresses: Iterable[Address]) -> None:
        """Try the addresses in turn, then shake hands and send the call."""
        if self.stage is Stage.CLOSED:  # the call was given up while the name was looked up
            return
        self._addresses = list(addresses)
        self._connect()

    def carry(self, request: bytes, tag: object, done: Done, since: float) -> bool:
        """Send a call on an idle connection.

        Returns:
            False when the connection turned out dead: it is closed, nothing was sent, the call is still the caller's.
        """
        try:
            sent = self._write(request)
        except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
            sent = 0
        except OSError:
            self._shut()
            return False
        self._tag = tag
        self._done = done
        self._was_sent = True
        self.since = since
        self.stage = _BUSY
        if sent < len(request):
            self._unsent = request[sent:]
            self._loop.add_writer(self._fd, self._flush)
        return True

    def fail(self, error: GatewayError) -> None:
        """Close, and end the call on it, if any, with `error`."""
        done, tag, was_sent = self._done, self._tag, self._was_sent
        self._shut()
        if done is not None:
            done(tag, NoAnswer(error=error, was_sent=was_sent))

    def close(self) -> None:
        """Take leave of the gateway and close; for idle connections."""
        if self._tls is not None and self.stage is Stage.IDLE:
            # sends close_notify; the gateway's own, which unwrap waits for, no longer matters
            with contextlib.suppress(OSError):
                self._tls.unwrap()
        self._shut()

    def _connect(self) -> None:
        family, address = self._addresses.pop(0)
        plain = socket.socket(family, socket.SOCK_STREAM)
        plain.setblocking(False)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._plain = plain
        self._fd = plain.fileno()
        code = plain.connect_ex(address)
        if code in {0, errno.EINPROGRESS}:
            self._loop.add_writer(self._fd, self._connected)
        else:
            self._not_connected(code)

    def _connected(self) -> None:
        plain = self._plain
        assert plain is not None
        self._loop.remove_writer(self._fd)
        code = plain.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self._not_connected(code)
            return
        try:
            self._tls = self._peer.trust.context.wrap_socket(
                plain, server_hostname=self._peer.host, do_handshake_on_connect=False, suppress_ragged_eofs=False
            )
        except OSError as error:  # the peer hung up between connecting and here
            self._broken(error)
            return
        self._plain = None
        self._read = self._tls.read
        self._write = self._tls.write
        self._loop.add_reader(self._fd, self._shake_hands)
        self._shake_hands()

    def _not_connected(self, code: int) -> None:
        if self._addresses:
            assert self._plain is not None
            self._plain.close()
            self._connect()
        else:
            self._broken(OSError(code, os.strerror(code)))

    def _shake_hands(self) -> None:
        assert self._tls is not None
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return
        except ssl.SSLWantWriteError:
            self._loop.add_writer(self._fd, self._shake_hands)
            return
        except OSError as error:
            self._broken(error)
            return
        self._loop.remove_writer(self._fd)
        self._loop.add_reader(self._fd, self._readable)
        self.stage = _BUSY
        self._flush()

    def _flush(self) -> None:
        self._was_sent = True
        try:
            sent = self._write(self._unsent)
        except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
            sent = 0
        except OSError as error:
            self._broken(error)
            return
        self._unsent = self._unsent[sent:]
        if self._unsent:
            self._loop.add_writer(self._fd, self._flush)
        else:
            self._loop.remove_writer(self._fd)

    def _readable(self) -> None:
        answer = None
        while answer is None:
            try:
                data = self._read(_RECORD_BYTES)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            except OSError as error:
                self._broken(error)
                return
            if self._done is None:  # the gateway ends an idle connection, or says what nobody asked
                self.close()
                return
            try:
                answer = self._reader.feed(data) if data else self._reader.end()
            except GatewayNonsense as error:
                self.fail(error)
                return
            if not data and answer is None:
                self._broken(ConnectionResetError(errno.ECONNRESET, "the gateway closed the connection"))
                return
        self._end(answer)

    def _end(self, answer: Answer) -> None:
        done, tag = self._done, self._tag
        assert done is not None
        if self._reader.can_go_on and not self._unsent:
            self._done = None
            self._tag = None
            self.since = self._loop.time()
            self.stage = _IDLE
            self._owner.idle(self)
        else:
            self._shut()
        done(tag, answer)

    def _broken(self, error: OSError) -> None:
        self.fail(unreachable(error, address=self._peer.place, trust=self._peer.trust))

    def _shut(self) -> None:
        if self.stage is Stage.CLOSED:
            return
        self.stage = Stage.CLOSED
        self._done = None
        self._tag = None
        held = self._tls or self._plain
        if held is not None:
            self._loop.remove_reader(self._fd)
            self._loop.remove_writer(self._fd)
            held.close()
        self._owner.gone(self)
