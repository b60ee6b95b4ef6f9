"""The transport for everything rare: httpx's connection pool under `ports.Transport`.

It is the pool alone, without httpx's client: no cookie jar that could leak one agent's cookies to another, no
redirects, no proxies from the environment. Thousands of long polls need another transport
(docs/decisions/0003-session-polls.md).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

import httpx

from autoscaler.errors import GatewayError
from autoscaler.gateway.address import Address
from autoscaler.gateway.ports import Answer
from autoscaler.gateway.tls import Trust, unreachable
from autoscaler.gateway.wire import answer_from

__all__ = ["RareTransport"]

# httpcore's debug lines show every header, Guid and cookies included
logging.getLogger("httpcore").setLevel(logging.INFO)


class RareTransport:
    """`ports.Transport` for up to some hundred calls in flight."""

    def __init__(self, address: Address, trust: Trust, *, max_connections: int = 64) -> None:
        """Open nothing yet.

        Args:
            address: The gateway.
            trust: Whom its connections trust.
            max_connections: >= 1; a call beyond it waits for a connection.
        """
        self._address = address
        self._trust = trust
        self._pool = httpx.AsyncHTTPTransport(
            verify=trust.context,
            trust_env=False,
            limits=httpx.Limits(max_connections=max_connections, max_keepalive_connections=max_connections),
        )

    async def send(self, method: str, path: str, headers: Sequence[tuple[str, str]], body: bytes) -> Answer:
        """As `ports.Transport`."""
        request = httpx.Request(
            method,
            f"{self._address.base}{path}",
            headers=[*headers, ("Accept", "application/json")],
            content=body or None,
            extensions={"timeout": _NO_TIMEOUTS},
        )
        try:
            response = await self._pool.handle_async_request(request)
            try:
                content = await response.aread()
            finally:
                await response.aclose()
        except httpx.LocalProtocolError:
            # its text shows the header it stumbled over, and that may be the Guid
            raise GatewayError(
                "the request can't be spelled as HTTP",
                place=f"{method} {path.partition('?')[0]}",
                help="See which text of the settings or of a pushed session holds a line break or the like.",
            ) from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise unreachable(error, address=self._address.netloc, trust=self._trust) from error
        return answer_from(response.status_code, response.headers.multi_items(), content)

    async def close(self) -> None:
        """As `ports.Transport`."""
        await self._pool.aclose()


# the caller bounds the whole call, so no phase of it has a bound of its own
_NO_TIMEOUTS: Final = {"connect": None, "read": None, "write": None, "pool": None}
