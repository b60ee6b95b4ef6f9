"""Asking the daemon on a caller's behalf, within a deadline; and the two answers both listeners give."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from aiohttp import web

from autoscaler.console.answers import json_answer
from autoscaler.console.metrics import CONTENT_TYPE
from autoscaler.console.ports import Control
from autoscaler.errors import ControlError

__all__ = ["Asking"]

T = TypeVar("T")


class Asking:
    """The daemon's side, with a bound on its patience."""

    def __init__(self, control: Control, *, deadline_s: float) -> None:
        """Ask `control`; a question not answered within `deadline_s` real seconds, > 0, is a `ControlError`."""
        self.control = control
        self._deadline_s = deadline_s

    async def bounded(self, question: Coroutine[Any, Any, T]) -> T:
        """The daemon's answer.

        Raises:
            ControlError: None came in time. An order may have been carried out all the same.
        """
        try:
            async with asyncio.timeout(self._deadline_s):
                return await question
        except TimeoutError as error:
            raise ControlError(
                f"the daemon did not answer within {self._deadline_s:g} s",
                place="daemon",
                help="Ask for the status before repeating an order, and look at its log: journalctl -u autoscaler.",
            ) from error

    async def status(self, request: web.Request) -> web.Response:
        """GET /v1/status."""
        del request
        return json_answer(await self.bounded(self.control.status()))

    async def metrics(self, request: web.Request) -> web.Response:
        """GET /metrics."""
        del request
        headers = {"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"}
        return web.Response(body=self.control.metrics().encode(), headers=headers)
