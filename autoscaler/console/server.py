"""The console: two listeners over one daemon, the local socket for its operators and TCP for desktops and browsers.

What it may do is decided by the listener: orders come by the local socket, whose file's permissions say who may give
them; TCP takes sessions and shows how things stand.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from autoscaler.console.access import TokenGate, is_loopback
from autoscaler.console.asking import Asking
from autoscaler.console.desktop_routes import desktop_app
from autoscaler.console.listening import Addresses, check_listen, parse_listen, tls_context
from autoscaler.console.local_socket import LocalSocket
from autoscaler.console.operator_routes import operator_app
from autoscaler.console.ports import Control
from autoscaler.errors import ControlError, SettingsError

__all__ = ["Console"]

log = structlog.get_logger(__name__)

CONTROL_DEADLINE_S = 10.0
CLOSE_DEADLINE_S = 2.0
KEEP_ALIVE_S = 90.0
"""A desktop hands its Guid over about once a minute, so its connection may live from one to the next."""

BACKLOG = 1_024


class Console:
    """Both listeners."""

    def __init__(
        self,
        control: Control,
        *,
        socket_path: Path | None,
        listen: str | None,
        token: str | None,
        cert_file: Path | None = None,
        key_file: Path | None = None,
        deadline_s: float = CONTROL_DEADLINE_S,
    ) -> None:
        """Prepare; nothing listens yet.

        Args:
            control: The daemon.
            socket_path: Of the local socket; None for none.
            listen: `host:port` of the TCP side, port 0 for any free one; None for none.
            token: What desktops send, not empty; None: sessions are refused.
            cert_file, key_file: For TLS on the TCP side; None only on an address of this machine.
            deadline_s: How long the daemon may take over an answer, real seconds, > 0.

        Raises:
            SettingsError: An address beyond this machine without TLS, an address or certificate that is none, or an
                empty token.
        """
        self._tls = tls_context(cert_file, key_file)
        self._listen = None if listen is None else parse_listen(listen)
        if self._listen is not None:
            check_listen(self._listen[0], has_tls=self._tls is not None)
        if token is not None and not token.strip():
            raise SettingsError(
                "the token is empty", place="console.token_file", help="Write a long random line into the file."
            )
        self._asking = Asking(control, deadline_s=deadline_s)
        self._gate = TokenGate(token)
        self._socket_path = socket_path
        self._local: _Local | None = None
        self._tcp: web.AppRunner | None = None

    @property
    def addresses(self) -> Addresses:
        """Where it listens now; both None before `start` and after `close`."""
        url = None
        if self._tcp is not None and self._tcp.addresses:
            host, port = self._tcp.addresses[0][:2]
            url = f"{'http' if self._tls is None else 'https'}://{f'[{host}]' if ':' in host else host}:{port}"
        return Addresses(socket=None if self._local is None else self._local.path, url=url)

    async def start(self) -> None:
        """Listen.

        Raises:
            SettingsError: An address or a path that can't be listened on at all.
            ControlError: One that somebody else listens on.
        """
        try:
            if self._socket_path is not None:
                self._local = await _Local.open(self._socket_path, operator_app(self._asking))
            if self._listen is not None:
                await self._open_tcp(*self._listen)
        except BaseException:
            await self.close()
            raise
        where = self.addresses
        log.info("console_listening", socket=None if where.socket is None else str(where.socket), url=where.url)

    async def close(self) -> None:
        """Stop listening, finish what is being answered within a deadline, and take the socket's file away."""
        local, self._local = self._local, None
        tcp, self._tcp = self._tcp, None
        if local is not None:
            await local.close()
        if tcp is not None:
            await tcp.cleanup()

    async def _open_tcp(self, host: str, port: int) -> None:
        app = desktop_app(self._asking, self._gate, is_local=is_loopback(host))
        runner = _runner(app)
        await runner.setup()
        self._tcp = runner
        site = web.TCPSite(runner, host, port, ssl_context=self._tls, backlog=BACKLOG, reuse_address=True)
        try:
            await site.start()
        except OSError as error:
            raise ControlError(
                f"{host}:{port} can't be listened on ({error.strerror})",
                place="console.listen",
                help="See who has it with: ss -ltnp. Or choose another port or address.",
            ) from error


class _Local:
    """The local socket with its server."""

    def __init__(self, bound: LocalSocket, runner: web.AppRunner, server: asyncio.Server) -> None:
        self.path = bound.path
        self._bound = bound
        self._runner = runner
        self._server = server

    @classmethod
    async def open(cls, path: Path, app: web.Application) -> _Local:
        bound = await asyncio.to_thread(LocalSocket, path)  # it may knock at a socket that is already there
        runner = _runner(app)
        try:
            await runner.setup()
            assert runner.server is not None
            server = await asyncio.get_running_loop().create_unix_server(
                runner.server, sock=bound.socket, backlog=BACKLOG
            )
        except BaseException:
            await runner.cleanup()
            bound.remove()
            raise
        return cls(bound, runner, server)

    async def close(self) -> None:
        self._server.close()
        await self._runner.cleanup()
        self._bound.remove()


def _runner(app: web.Application) -> web.AppRunner:
    # No access log: it would say every minute which agent is at work.
    return web.AppRunner(
        app,
        access_log=None,
        logger=_http_log,
        shutdown_timeout=CLOSE_DEADLINE_S,
        keepalive_timeout=KEEP_ALIVE_S,
        handler_cancellation=False,  # an order that was given is carried out, also when its giver hangs up
    )


def _without_what_was_sent(record: logging.LogRecord) -> bool:
    """Let a malformed request be logged, but not its bytes, which may hold a token or a Guid."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError):
        record.exc_info = record.exc_text = None
        record.levelno, record.levelname = logging.INFO, "INFO"
        record.msg, record.args = f"a request that is no HTTP was refused ({type(error).__name__})", ()
    return True


_http_log = logging.getLogger(f"{__name__}.http")
_http_log.addFilter(_without_what_was_sent)
