"""Inputs over HTTP: any address that answers in JSON, and Prometheus's instant queries.

Redirects are not followed and no proxy of the environment is used, so nobody else sees the token.
"""

from __future__ import annotations

import ssl
from urllib.parse import unquote, urlsplit

import httpx

from autoscaler.core.readings import Input
from autoscaler.errors import ReadingMalformed, SettingsError, SourceRefused, SourceUnreachable
from autoscaler.sources.json_numbers import as_number, number_at, parsed

__all__ = ["HttpInputs", "PrometheusInputs"]

MOST_BYTES = 1_000_000


class _Web:
    """One server, asked with GET."""

    def __init__(self, url: str, *, tls: ssl.SSLContext, timeout_s: float, token: str | None, setting: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise SettingsError(
                f"{url!r} is no address of a server", place=setting, help="write it like https://metrics.example:9090"
            )
        if token is not None and parts.scheme != "https":
            raise SettingsError("a token goes over https alone", place=setting, help="write the address with https://")
        self.url = url.rstrip("/")
        self.place = parts.netloc
        self._http = httpx.AsyncClient(
            verify=tls,
            timeout=timeout_s,
            headers={} if token is None else {"Authorization": f"Bearer {token}"},
            trust_env=False,
            follow_redirects=False,
        )

    async def get(self, url: str, query: dict[str, str] | None = None) -> tuple[int, bytes]:
        """Status and body.

        Raises:
            SourceUnreachable: No answer.
            ReadingMalformed: One that is too long, or can't be unpacked.
        """
        try:
            async with self._http.stream("GET", url, params=query) as response:
                body = bytearray()
                async for piece in response.aiter_bytes():
                    body += piece
                    if len(body) > MOST_BYTES:
                        raise ReadingMalformed(
                            f"{self.place} answered more than {MOST_BYTES} bytes", help="ask for less"
                        )
                return response.status_code, bytes(body)
        except httpx.TimeoutException as error:
            raise SourceUnreachable(f"{self.place} did not answer in time", help="check the server's load") from error
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise SourceUnreachable(
                f"{self.place} could not be asked ({str(error) or type(error).__name__})",
                help="check the address in autoscaler.toml and that the port is open",
            ) from error
        except httpx.DecodingError as error:
            raise ReadingMalformed(f"{self.place} sent what can't be unpacked", help="look at the server") from error

    async def close(self) -> None:
        await self._http.aclose()


class HttpInputs:
    """`sources.inputs.InputSource`: a query is a path below the address, and after # a JSON pointer.

    `/stats#/reply_seconds` gets `…/stats` and takes the number at `/reply_seconds`; without # the answer is the number.
    """

    def __init__(self, url: str, *, tls: ssl.SSLContext, timeout_s: float, token: str | None, setting: str) -> None:
        """Ask nothing yet.

        Args:
            url: `http://` or `https://`, host, port, perhaps a path.
            tls: Trusts the server's certificate.
            timeout_s: For one answer, real seconds.
            token: Sent as a bearer token; None: none is.
            setting: Named where the address makes no sense.

        Raises:
            SettingsError: It does not.
        """
        self._web = _Web(url, tls=tls, timeout_s=timeout_s, token=token, setting=setting)

    async def read(self, query: str) -> Input:
        path, _, pointer = query.partition("#")
        if path and not path.startswith("/"):
            raise ReadingMalformed(f"{query!r} is no path", help="write it like /stats#/reply_seconds")
        status, body = await self._web.get(f"{self._web.url}{path}")
        if status != 200:
            raise SourceRefused(f"{self._web.place} answered HTTP {status}", help="check the path and the token")
        return Input(value=number_at(parsed(body), unquote(pointer)), age_s=0.0)

    async def close(self) -> None:
        await self._web.close()


class PrometheusInputs:
    """`sources.inputs.InputSource`: a query is PromQL whose result is one number, now."""

    def __init__(self, url: str, *, tls: ssl.SSLContext, timeout_s: float, token: str | None, setting: str) -> None:
        """Ask nothing yet; arguments and errors as `HttpInputs`."""
        self._web = _Web(url, tls=tls, timeout_s=timeout_s, token=token, setting=setting)

    async def read(self, query: str) -> Input:
        status, body = await self._web.get(f"{self._web.url}/api/v1/query", {"query": query})
        if status not in {200, 400, 422}:  # the last two carry Prometheus's own word on the query
            raise SourceRefused(f"{self._web.place} answered HTTP {status}", help="check the address and the token")
        answer = parsed(body)
        if not isinstance(answer, dict) or answer.get("status") != "success":
            said = answer.get("error") if isinstance(answer, dict) else None
            words = str(said)[:200] if said else "an answer that is not Prometheus's"
            raise SourceRefused(f"{self._web.place} refuses the query: {words}", help="try it in Prometheus itself")
        return Input(value=as_number(_sample(answer.get("data")), "the result"), age_s=0.0)

    async def close(self) -> None:
        await self._web.close()


def _sample(data: object) -> object:
    """The value of a scalar, or of a vector with one element."""
    kind, result = (data.get("resultType"), data.get("result")) if isinstance(data, dict) else (None, None)
    if kind == "vector" and isinstance(result, list):
        if len(result) != 1:
            count = "no series" if not result else f"{len(result)} series"
            raise ReadingMalformed(f"the query gives {count}, not one", help="aggregate it, as avg(…) or sum(…)")
        result = result[0].get("value") if isinstance(result[0], dict) else None
    elif kind != "scalar":
        raise ReadingMalformed("the query gives no number of now", help="take a scalar or an instant vector")
    if not isinstance(result, list) or len(result) != 2:
        raise ReadingMalformed("the answer is not Prometheus's", help="check that the address is")
    return result[1]
