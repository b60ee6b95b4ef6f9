"""The site's inner state: the centre and its twin, sign-ins, events, faults, the audit, on one virtual clock.

The twin lives beside the centre with the same customers and the same people signed in, but its limits stay as
configured; the difference between the two is what changing limits did.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from autoscaler.clock import Clock
from autoscaler.simulation.agents import Agent, Chat, Cti
from autoscaler.simulation.audit import Audit
from autoscaler.simulation.centre import Centre, Change
from autoscaler.simulation.customers import customers
from autoscaler.simulation.faults import FaultBook
from autoscaler.simulation.sessions import Session, Sessions
from autoscaler.simulation.site import AgentConfig, SiteConfig

__all__ = ["EventBox", "World", "call_id"]

KEPT_EVENTS = 1_000


@dataclass(slots=True, kw_only=True)
class EventBox:
    """An agent's events not fetched yet, oldest first, and whoever waits for one."""

    events: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT_EVENTS))
    waiters: deque[Callable[[], bool]] = field(default_factory=deque)

    def put(self, event: dict[str, Any]) -> None:
        """Add an event and wake the first who still waits."""
        self.events.append(event)
        while self.waiters:
            if self.waiters.popleft()():
                break


class World:
    """Everything behind the servers.

    Attributes:
        live: The centre whose limits the gateway sets.
        twin: The centre whose limits stay as configured.
        events: Boxes of agents signed in over the gateway; desktops of the simulation have none.
    """

    def __init__(self, config: SiteConfig, clock: Clock) -> None:
        """Open the site with nobody signed in.

        Raises:
            SettingsError: A series of arrivals cannot be read.
        """
        self.config = config
        self.clock = clock
        self.started_at = clock.now()
        self._origin_s = clock.monotonic()
        self.agents: dict[int, AgentConfig] = {agent.id: agent for agent in config.agents}
        self.skills = {skill.id: skill for skill in config.skills}
        self.sessions = Sessions(
            authentication=config.authentication,
            interval_s=config.guid_interval_s,
            timeout_s=config.guid_timeout_s,
            max_time_s=config.max_time_s,
        )
        self.faults = FaultBook()
        self.audit = Audit(self.started_at)
        self.events: dict[int, EventBox] = {}
        self.live = self._centre(with_events=True)
        self.twin = self._centre(with_events=False)

    def now_s(self) -> float:
        """Virtual seconds since the start."""
        return self.clock.monotonic() - self._origin_s

    def advance(self) -> float:
        """Catch up with the clock: customers, chats, silent agents. Returns `now_s`."""
        now_s = self.now_s()
        self.live.advance(now_s)
        self.twin.advance(now_s)
        for session in self.sessions.expire(now_s):
            self._leave(session)
        return now_s

    # -- people -------------------------------------------------------------------------------------------------

    def sign_in(self, agent: int, *, is_desktop: bool = False, pause: Cti | None = None) -> Session:
        """Begin a session, ending an earlier one; a desktop joins all its queues at once."""
        self._drop_events(agent)
        session = self.sessions.sign_in(agent, self.now_s(), is_desktop=is_desktop)
        for centre in (self.live, self.twin):
            centre.sign_in(agent, pause=pause)
        if is_desktop:
            self.join(agent, self.agents[agent].skills)
        else:
            self.events[agent] = EventBox()
            self.tell(agent, "AgentOther_InService")
            self.tell(agent, "AgentState_SetNotReady_Success" if pause else "AgentState_Ready")
        return session

    def sign_out(self, agent: int) -> None:
        """End the agent's session, if there is one."""
        session = self.sessions.sign_out(agent)
        if session is not None:
            self._leave(session)

    def join(self, agent: int, skills: Sequence[int]) -> None:
        """Sign the agent in to those of `skills` that are configured for it, and to no other queue."""
        wanted = sorted(self.live.agents[agent].spec.skills & set(skills))
        for centre in (self.live, self.twin):
            centre.join(agent, wanted)

    def set_pause(self, agent: int, pause: Cti | None) -> None:
        """Make a signed-in agent busy, resting, or with None ready again."""
        for centre in (self.live, self.twin):
            centre.set_pause(agent, pause)
        self.tell(agent, "AgentState_SetNotReady_Success" if pause else "AgentState_CancelNotReady_Success")

    def forget_everything(self) -> None:
        """Lose sessions, cookies and limits, as a gateway node does on restart."""
        for session in self.sessions:
            self.sign_out(session.agent)

    # -- events -------------------------------------------------------------------------------------------------

    def tell(self, agent: int, event_type: str, content: dict[str, Any] | None = None) -> None:
        """Put an event where the agent's poller finds it; a desktop inside the simulation needs none."""
        box = self.events.get(agent)
        if box is not None:
            at_ms = str(int(self.clock.now().timestamp() * 1000))
            box.put({"eventType": event_type, "workNo": str(agent), "content": content, "eventGenTime": at_ms})

    def _heard(self, change: Change, agent: Agent, chat: Chat) -> None:
        if agent.spec.id not in self.events:
            return
        content = {"callid": call_id(chat), "mediaType": chat.media_type}
        match change:
            case Change.BEGAN:
                self.tell(agent.spec.id, "AgentEvent_Auto_Answer", content)
                self.tell(agent.spec.id, "AgentEvent_Talking", content)
            case Change.ENDED:
                self.tell(agent.spec.id, "AgentEvent_Customer_Release", content)
                if agent.load == 0:
                    self.tell(agent.spec.id, "AgentState_Ready")

    def _drop_events(self, agent: int) -> None:
        box = self.events.pop(agent, None)
        if box is not None:
            for wake in box.waiters:
                wake()

    def _leave(self, session: Session) -> None:
        for centre in (self.live, self.twin):
            centre.sign_out(session.agent)
        self._drop_events(session.agent)

    def _centre(self, *, with_events: bool) -> Centre:
        config = self.config
        return Centre(
            agents=config.specs(),
            media_types={skill.id: skill.media_type for skill in config.skills},
            customers=customers(config.demands(), config.seed),
            slowdown=config.curve(),
            seed=config.seed,
            listener=self._heard if with_events else None,
        )


def call_id(chat: Chat) -> str:
    """The call id of a chat, as events and CC-CMS show it."""
    return f"1-{chat.number}"
