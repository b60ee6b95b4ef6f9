"""Readings from CC-CMS: queues, chats held by media type, states and who is signed in where.

Every interface stands for itself: one that fails, or a row that can't be true, is a missing reading and a sentence.
"""

from __future__ import annotations

import asyncio
import ssl

import numpy as np

from autoscaler.clock import Clock
from autoscaler.core.readings import Ints
from autoscaler.sources import cms_rows
from autoscaler.sources.asking import Part, caught, chunks, side_by_side, within
from autoscaler.sources.cms_client import OPEN_INTERFACE, Answer, CmsClient, CmsSettings
from autoscaler.sources.cms_seen import Answers, candidates, seen
from autoscaler.sources.columns import Readings
from autoscaler.sources.ports import Seen, Want
from autoscaler.sources.queue_rows import QueueRows, read_queues
from autoscaler.sources.shared_answer import SharedAnswer
from autoscaler.sources.signing import Signer

__all__ = ["CmsSource"]

QUEUES_PER_REQUEST = 1000
AGENTS_PER_REQUEST = 3000
ROSTERS_PER_REQUEST = 100  # nobody documents how many; small enough for any
ROWS_PER_PAGE = 1000
MOST_PAGES = 1000

_QUEUES = "queues from CC-CMS"
_STATES = "agent states from CC-CMS"
_DURATIONS = "state durations from CC-CMS"
_ROSTER = "agents of the queues from CC-CMS"
_LOADS = "chats held, from CC-CMS"


class CmsSource:
    """A `sources.ports.Source` over CC-CMS."""

    def __init__(self, settings: CmsSettings, *, signer: Signer, tls: ssl.SSLContext, clock: Clock) -> None:
        """Connect to nothing yet; arguments and errors as in `CmsClient`."""
        self._settings = settings
        self._clock = clock
        self._client = CmsClient(settings, signer=signer, tls=tls, clock=clock)
        self._states = SharedAnswer(
            lambda: caught(_STATES, self._ask_states()), fresh_for_s=settings.shared_for_s, clock=clock
        )
        self._durations = SharedAnswer(
            lambda: caught(_DURATIONS, self._ask_durations()), fresh_for_s=settings.shared_for_s, clock=clock
        )

    async def observe(self, want: Want, deadline_s: float) -> Seen:
        by = asyncio.get_running_loop().time() + deadline_s
        answers = await self._observe_first(want, by)
        ids = candidates(want, answers)
        loads = await side_by_side(
            within(_LOADS, by, caught(_LOADS, self._ask_loads(piece, want.media_type)))
            for piece in chunks(ids, AGENTS_PER_REQUEST)
        )
        return seen(want, answers, ids, loads, self._clock.monotonic())

    async def close(self) -> None:
        await self._client.close()

    async def _observe_first(self, want: Want, by: float) -> Answers:
        skills = np.array(sorted(set(want.queues)), np.int64)
        rostered = skills if want.agent_ids is None else skills[:0]
        async with asyncio.TaskGroup() as group:
            queues = group.create_task(
                side_by_side(
                    within(_QUEUES, by, caught(_QUEUES, self._ask_queues(piece)))
                    for piece in chunks(skills, QUEUES_PER_REQUEST)
                ),
                name="cms-queues",
            )
            states = group.create_task(within(_STATES, by, self._states.get()), name="cms-states")
            durations = group.create_task(within(_DURATIONS, by, self._durations_if_wanted()), name="cms-durations")
            rosters = group.create_task(
                side_by_side(
                    within(_ROSTER, by, caught(_ROSTER, self._ask_roster(piece)))
                    for piece in chunks(rostered, ROSTERS_PER_REQUEST)
                ),
                name="cms-rosters",
            )
        return Answers(
            queues=queues.result(), states=states.result(), durations=durations.result(), rosters=rosters.result()
        )

    async def _ask_queues(self, skills: Ints) -> tuple[QueueRows, list[str]]:
        asked_at = self._clock.monotonic()
        answer = await self._client.ask(f"{OPEN_INTERFACE}skill/totalskillstatusex3", {"skillIds": skills.tolist()})
        return read_queues(answer.rows, "skillId", skills, asked_at)

    async def _ask_loads(self, agents: Ints, media_type: int) -> tuple[Readings, list[str]]:
        asked_at = self._clock.monotonic()
        answer = await self._client.ask(f"{OPEN_INTERFACE}agentgroup/queryagentcalls", {"agentIds": agents.tolist()})
        return cms_rows.loads(answer.rows, agents, media_type, asked_at)

    async def _ask_roster(self, skills: Ints) -> tuple[cms_rows.RosterRows, list[str]]:
        answer = await self._client.ask(self._settings.roster_path, {"skillIds": skills.tolist()})
        return cms_rows.roster(answer.rows, skills)

    async def _ask_states(self) -> tuple[Readings, list[str]]:
        asked_at = self._clock.monotonic()
        answer = await self._client.ask(f"{OPEN_INTERFACE}vdn/totalagentstate", {})
        return cms_rows.states(answer.rows, asked_at)

    async def _durations_if_wanted(self) -> Part[Readings]:
        return await self._durations.get() if self._settings.state_durations else Part(value=None)

    async def _ask_durations(self) -> tuple[Readings, list[str]]:
        """Read every page; with a count the later ones come side by side."""
        asked_at = self._clock.monotonic()
        pages = [await self._ask_page(1)]
        count = pages[0].count if pages[0].count is not None else cms_rows.count_in(pages[0].rows)
        if count is not None:
            last = min(-(-count // ROWS_PER_PAGE), MOST_PAGES)
            pages += await side_by_side(self._ask_page(page) for page in range(2, last + 1))
        else:
            while len(pages[-1].rows) == ROWS_PER_PAGE and len(pages) < MOST_PAGES:
                pages.append(await self._ask_page(len(pages) + 1))
        return cms_rows.durations([row for page in pages for row in page.rows], asked_at)

    async def _ask_page(self, page: int) -> Answer:
        fields = {"limit": ROWS_PER_PAGE, "offset": ROWS_PER_PAGE * (page - 1)}
        return await self._client.ask(f"{OPEN_INTERFACE}vdn/totalagentabstractex3", fields)
