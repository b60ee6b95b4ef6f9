"""What the commands ask the running daemon with: one call a question, over the local socket.

Nothing of HTTP crosses to the caller: either the daemon's answer, or a `ControlError` with what to try.
"""

from __future__ import annotations

import socket
import ssl
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import orjson

from autoscaler.console.ports import Json
from autoscaler.errors import ControlError, ControlRefused, DaemonNotRunning

__all__ = ["ControlClient"]

TIMEOUT_S = 15.0
"""More than the daemon allows itself, so that its own sentence about being slow arrives."""

_IS_IT_UP = 'Is the service up? Ask "systemctl status autoscaler"; elsewhere name its socket as console.socket does.'


class ControlClient:
    """The daemon at the other end of its socket; a context manager.

    Every method raises:
        DaemonNotRunning: Nobody listens there, or this user may not.
        ControlRefused: It said no; message and help are its own.
        ControlError: It failed, broke off, or took too long.
    """

    def __init__(self, socket_path: Path, *, timeout_s: float = TIMEOUT_S) -> None:
        """Connect at the first question.

        Args:
            socket_path: As in the setting console.socket.
            timeout_s: For each answer, real seconds.
        """
        self._path = socket_path
        self._timeout_s = timeout_s
        # a socket file needs no TLS; a bare context spares loading every certificate of the machine
        transport = httpx.HTTPTransport(uds=str(socket_path), verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        self._http = httpx.Client(transport=transport, base_url="http://autoscaler", timeout=timeout_s, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def status(self) -> Json:
        """How everything stands."""
        return self._json("GET", "/v1/status")

    def explain(self, agent: int, at: datetime | None = None) -> Json:
        """The agent's row, stage by stage; `at` aware, None for the latest."""
        return self._json("GET", f"/v1/explain/{agent}", params={} if at is None else {"at": at.isoformat()})

    def learned(self, group: str | None = None, at: datetime | None = None) -> Json:
        """What the group's goal had learned, None every group's; `at` aware, None for now."""
        params = {} if group is None else {"group": group}
        return self._json("GET", "/v1/learned", params=params if at is None else {**params, "at": at.isoformat()})

    def pause(self, *, reason: str, group: str | None = None, for_s: float | None = None) -> Json:
        """Stop changes; `group` None: everywhere, `for_s` None: until resumed."""
        return self._json("POST", "/v1/pause", body={"reason": reason, "group": group, "for_s": for_s})

    def resume(self, *, group: str | None = None) -> Json:
        """End pauses; `group` None: all, and the freeze."""
        return self._json("POST", "/v1/resume", body={"group": group})

    def pin(self, *, agent: int, limit: int, reason: str, for_s: float | None = None) -> Json:
        """Fix one agent's limit; `for_s` None: until unpinned."""
        body = {"agent": agent, "limit": limit, "reason": reason, "for_s": for_s}
        return self._json("POST", "/v1/pins", body=body)

    def unpin(self, agent: int) -> Json:
        """Give the agent back to the rules."""
        return self._json("DELETE", f"/v1/pins/{agent}")

    def freeze(self, *, reason: str) -> Json:
        """The kill switch."""
        return self._json("POST", "/v1/freeze", body={"reason": reason})

    def reload(self) -> Json:
        """Read the rules again."""
        return self._json("POST", "/v1/reload", body={})

    def metrics(self) -> str:
        """Prometheus text."""
        return self._ask("GET", "/metrics").text

    def _json(self, method: str, path: str, *, params: dict[str, str] | None = None, body: Json | None = None) -> Json:
        answer = _object(self._ask(method, path, params=params, body=body))
        if answer is None:
            raise self._nonsense()
        return answer

    def _ask(
        self, method: str, path: str, *, params: dict[str, str] | None = None, body: Json | None = None
    ) -> httpx.Response:
        self._knock()
        content = None if body is None else orjson.dumps(body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            response = self._http.request(method, path, params=params, content=content, headers=headers)
        except httpx.TimeoutException as error:
            raise ControlError(
                "the daemon did not answer in time",
                place=str(self._path),
                help='Ask for the status before repeating an order; look at its log with "journalctl -u autoscaler".',
            ) from error
        except httpx.TransportError as error:
            raise ControlError(
                f"the daemon broke the answer off ({type(error).__name__})",
                place=str(self._path),
                help=f"It may be restarting. {_IS_IT_UP}",
            ) from error
        if not response.is_success:
            raise self._refusal(response)
        return response

    def _knock(self) -> None:
        """See that somebody listens: httpx would neither say why not, nor close the socket it tried with."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(self._timeout_s)
            try:
                probe.connect(str(self._path))
            except PermissionError as error:
                raise DaemonNotRunning(
                    "this user may not talk to the daemon",
                    place=str(self._path),
                    help="Members of the group autoscaler may: sudo usermod -aG autoscaler USER, then sign in again.",
                ) from error
            except OSError as error:
                raise DaemonNotRunning("no daemon listens", place=str(self._path), help=_IS_IT_UP) from error

    def _refusal(self, response: httpx.Response) -> ControlError:
        answer = _object(response)
        error = None if answer is None else answer.get("error")
        if not isinstance(error, dict) or not isinstance(error.get("message"), str):
            return self._nonsense()
        kind = ControlRefused if response.is_client_error else ControlError
        return kind(error["message"], place=str(error.get("place", "")), help=str(error.get("help", "")))

    def _nonsense(self) -> ControlError:
        return ControlError(
            "the answer makes no sense",
            place=str(self._path),
            help='Something else may listen there, or the daemon failed: "journalctl -u autoscaler".',
        )


def _object(response: httpx.Response) -> Json | None:
    try:
        answer: Any = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return None
    return answer if isinstance(answer, dict) else None
