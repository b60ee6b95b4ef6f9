"""One signed question to CC-CMS over HTTPS, and its rows.

Whatever comes back is rows, or one of the three reading errors; nothing of httpx passes on.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import orjson

from autoscaler.clock import Clock
from autoscaler.errors import ReadingMalformed, SettingsError, SourceRefused, SourceUnreachable
from autoscaler.sources.signing import Signer

__all__ = ["Answer", "CmsClient", "CmsSettings", "read_answer"]

OPEN_INTERFACE = "/rest/cmsapp/v1/openapi/"


@dataclass(frozen=True, slots=True, kw_only=True)
class CmsSettings:
    """Where CC-CMS is and how hard it may be asked.

    Attributes:
        url: `https://host:port`.
        cc_id: Call centre, 1..65535.
        vdn: Virtual call centre, 1..5000.
        roster_path: Path of "agents of skills in batch", which the vendor does not publish: verify it on site.
            Asked with {"skillIds": […]}, it answers rows of {"skillId", "agentIds": […]}.
        state_durations: Read too for how long each agent has been in its state; a request for each 1,000 agents.
        request_timeout_s: Real seconds for one request.
        max_in_flight: Requests at once, >= 1.
        max_answer_bytes: A longer answer is nonsense.
        shared_for_s: One answer about all agents serves every group that asks within so many seconds.
    """

    url: str
    cc_id: int
    vdn: int
    roster_path: str = f"{OPEN_INTERFACE}skill/agentsbyskills"
    state_durations: bool = False
    request_timeout_s: float = 5.0
    max_in_flight: int = 8
    max_answer_bytes: int = 64 * 1024 * 1024
    shared_for_s: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back.

    Attributes:
        rows: JSON values, not yet believed.
        count: Rows in all, where a paged interface says so; None otherwise.
    """

    rows: list[object]
    count: int | None


class CmsClient:
    """Asks CC-CMS, never more than `max_in_flight` questions at once."""

    def __init__(self, settings: CmsSettings, *, signer: Signer, tls: ssl.SSLContext, clock: Clock) -> None:
        """Open nothing yet.

        Args:
            settings: Where.
            signer: Signs each request.
            tls: Trusts CC-CMS's certificate.
            clock: Dates the signatures.

        Raises:
            SettingsError: The address is no https URL.
        """
        parts = urlsplit(settings.url)
        if parts.scheme != "https" or not parts.hostname:
            raise SettingsError(
                "the address of CC-CMS is no https URL", place="cms.url", help='write it like "https://10.0.0.6:28443"'
            )
        self._settings = settings
        self._base = f"https://{parts.netloc}"
        self._host = parts.netloc
        self._signer = signer
        self._clock = clock
        self._slots = asyncio.Semaphore(settings.max_in_flight)
        self._http = httpx.AsyncClient(
            verify=tls,
            timeout=settings.request_timeout_s,
            limits=httpx.Limits(
                max_connections=settings.max_in_flight, max_keepalive_connections=settings.max_in_flight
            ),
            trust_env=False,  # a proxy meant for something else would see signed requests
            follow_redirects=False,
        )

    async def ask(self, path: str, fields: Mapping[str, object]) -> Answer:
        """Ask once.

        Args:
            path: From the root, `/rest/cmsapp/v1/openapi/…`.
            fields: Beside `ccId` and `vdn`.

        Raises:
            SourceUnreachable: No answer in time.
            SourceRefused: 401, 403, 429, 5xx, or a result code that says no.
            ReadingMalformed: Anything else that holds no rows.
        """
        url = f"{self._base}{path}"
        body = orjson.dumps({"ccId": self._settings.cc_id, "vdn": self._settings.vdn, **fields})
        async with self._slots:
            headers = self._signer.sign(
                "POST",
                url,
                {"Host": self._host, "Content-Type": "application/json; charset=UTF-8"},
                body,
                self._clock.now(),
            )
            status, answer = await self._post(url, headers, body)
        if status != 200:
            raise SourceRefused(f"CC-CMS answered HTTP {status}", place=path, help=_HELP.get(status, _HELP_ANY))
        return read_answer(answer, path)

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        place = urlsplit(url).path
        try:
            async with (
                asyncio.timeout(self._settings.request_timeout_s),  # httpx's own bounds each read, not the whole
                self._http.stream("POST", url, headers=dict(headers), content=body) as response,
            ):
                answer = bytearray()
                async for piece in response.aiter_bytes():
                    answer += piece
                    if len(answer) > self._settings.max_answer_bytes:
                        raise ReadingMalformed(
                            f"CC-CMS answered more than {self._settings.max_answer_bytes} bytes",
                            place=place,
                            help="ask for fewer agents or queues",
                        )
                return response.status_code, bytes(answer)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise SourceUnreachable(
                f"CC-CMS did not answer within {self._settings.request_timeout_s:g} s",
                place=place,
                help="check the network and the load of CC-CMS, or allow a longer timeout",
            ) from error
        except httpx.TransportError as error:
            raise SourceUnreachable(
                f"{self._host} could not be asked ({str(error) or type(error).__name__})",
                place=place,
                help="check cms.url, cms.ca_file and that the port is open",
            ) from error
        except httpx.DecodingError as error:
            raise ReadingMalformed("CC-CMS sent an answer that can't be unpacked", place=place, help=_LOOK) from error


_LOOK = "check that cms.url leads to CC-CMS itself and not to a portal in front of it"
_HELP_ANY = "look in the log of CC-CMS"
_HELP = {
    401: "check cms.access_key, the secret key, cms.signer and this machine's time",
    403: "have this machine's address put on CC-CMS's allow list",
    404: "the interface is not there: check the version of CC-CMS and cms.roster_path",
    429: "ask less often: raise `every` in the rule files",
}
_SUCCESS = 100000  # "0100000", in case it comes as a number
_CODE = re.compile(r"[0-9A-Za-z_-]{1,20}")


def read_answer(text: bytes, place: str) -> Answer:
    """Find the rows in an answer, in the new form or the older one.

    Args:
        text: The body.
        place: The interface, for errors.

    Raises:
        SourceRefused: The result code says no.
        ReadingMalformed: No rows are there to be found.
    """
    try:
        answer = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ReadingMalformed("the answer is no JSON", place=place, help=_LOOK) from error
    if not isinstance(answer, dict):
        raise ReadingMalformed("the answer is no JSON object", place=place, help=_LOOK)
    _check_result(answer, place)
    for key in ("resultDesc", "resultDatas"):
        rows, count = _rows(answer.get(key))
        if rows is not None:
            return Answer(rows=rows, count=count if count is not None else _count(answer))
    raise ReadingMalformed("the answer holds neither resultDesc nor resultDatas with rows", place=place, help=_LOOK)


def _check_result(answer: dict[str, object], place: str) -> None:
    if "resultCode" in answer:
        code = str(answer["resultCode"])
        good = code.isascii() and code.isdigit() and int(code) == _SUCCESS
    elif "result" in answer:
        code = str(answer["result"])
        good = code == "0"
    else:
        raise ReadingMalformed("the answer holds neither resultCode nor result", place=place, help=_LOOK)
    if not good:
        # the text beside the code is left out: it may repeat what was sent
        shown = code if _CODE.fullmatch(code) else "that is no code"
        raise SourceRefused(f"CC-CMS refused with result {shown}", place=place, help=_HELP_ANY)


def _rows(data: object) -> tuple[list[object] | None, int | None]:
    """The rows and, when they are wrapped, the count beside them."""
    if isinstance(data, str):
        try:
            data = orjson.loads(data)
        except orjson.JSONDecodeError:
            return None, None  # a plain text such as "success"
    if isinstance(data, list):
        return data, None
    if isinstance(data, dict):
        if "agentId" in data or "skillId" in data:
            return [data], _count(data)
        lists = [value for value in data.values() if isinstance(value, list)]
        if len(lists) == 1:
            return lists[0], _count(data)
    return None, None


def _count(holder: dict[str, object]) -> int | None:
    count = holder.get("count")
    if isinstance(count, str) and count.isascii() and count.isdigit():
        count = int(count)
    return count if isinstance(count, int) and not isinstance(count, bool) and count >= 0 else None
