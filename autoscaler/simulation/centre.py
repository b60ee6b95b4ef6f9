"""A contact centre in virtual time: customers come, wait, chat or give up; agents hold several chats at once.

Limits gate new chats alone: a lower limit never ends one, and load may stand above limit.
Whoever arrived is served, gone, waiting or in a chat; nobody is lost.

    arrival --> free slot? --yes--> chat (shares its agent) --> served
                    |                  ^
                    no                 | freed slot, raised limit, sign-in, end of a break
                    v                  |
                  queue (FCFS) --------+
                    |
                    +--> patience over --> abandoned
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from autoscaler.simulation.agents import Agent, AgentSpec, Chat, Cti
from autoscaler.simulation.customers import Customer
from autoscaler.simulation.scorecard import Scorecard, Tally
from autoscaler.simulation.slowdown import Slowdown, factor
from autoscaler.simulation.spare import SparePool

__all__ = ["MOST_CHATS", "Centre", "Change", "Listener"]

MOST_CHATS = 60
NEVER = float("inf")


class Change(Enum):
    """What happens to a chat at an agent."""

    BEGAN = "began"
    ENDED = "ended"


Listener = Callable[[Change, Agent, Chat], None]


@dataclass(slots=True, kw_only=True)
class _Queue:
    media_type: int
    waiting: int = 0
    line: deque[Chat] = field(default_factory=deque)
    spare: SparePool = field(default_factory=SparePool)

    def head(self) -> Chat | None:
        while self.line and self.line[0].is_gone:
            self.line.popleft()
        return self.line[0] if self.line else None


class Centre:
    """Agents, queues and the people in them, moved on by `advance`."""

    def __init__(
        self,
        *,
        agents: Sequence[AgentSpec],
        media_types: Mapping[int, int],
        customers: Iterator[Customer],
        slowdown: Slowdown,
        seed: int,
        listener: Listener | None = None,
    ) -> None:
        """Open with nobody signed in and nobody in the queue.

        Args:
            agents: Everybody who may sign in, ids distinct.
            media_types: Media type of each queue, by queue id.
            customers: By time of arrival.
            slowdown: How chats of one agent slow each other down.
            seed: Of the ties between equally loaded agents.
            listener: Hears of each chat's beginning and end.
        """
        self.now_s = 0.0
        self._agents = {spec.id: _fresh(spec) for spec in agents}
        self._queues = {queue: _Queue(media_type=media) for queue, media in media_types.items()}
        self._customers = customers
        self._next = next(customers, None)
        self._factors = [factor(slowdown, chats) for chats in range(MOST_CHATS + 1)]
        self._slowdown = slowdown
        self._dice = random.Random(seed)  # noqa: S311 a simulation's chance
        self._listener = listener
        self._ends: list[tuple[float, int, int]] = []
        self._patience: list[tuple[float, int, Chat]] = []
        self._tally = Tally()
        self._signed_in = 0
        self._held_by_signed_in = 0

    # -- time ---------------------------------------------------------------------------------------------------

    def advance(self, to_s: float) -> None:
        """Let everything happen that happens up to `to_s` seconds after the start; never goes back."""
        while True:
            end_s = self._ends[0][0] if self._ends else NEVER
            leave_s = self._patience[0][0] if self._patience else NEVER
            come_s = self._next.arrival_s if self._next else NEVER
            if min(end_s, leave_s, come_s) > to_s:
                break
            if end_s <= leave_s and end_s <= come_s:
                self._end()
            elif leave_s <= come_s:
                self._leave()
            else:
                self._arrive()
        if to_s > self.now_s:
            self._move(to_s)

    def _move(self, to_s: float) -> None:
        passed_s = to_s - self.now_s
        self._tally.chat_seconds += passed_s * self._held_by_signed_in
        self._tally.agent_seconds += passed_s * self._signed_in
        self.now_s = to_s

    def _end(self) -> None:
        at_s, number, version = heapq.heappop(self._ends)
        agent = self._agents[number]
        if agent.version != version:
            return
        self._move(at_s)
        chat = agent.finish(at_s, self._factors)
        if agent.is_signed_in:
            self._held_by_signed_in -= 1
        if agent.load == 0:
            agent.state_since_s = at_s
        assert chat.began_s is not None
        self._tally.served += 1
        self._tally.chat_s += at_s - chat.began_s
        self._forecast(agent)
        if self._listener:
            self._listener(Change.ENDED, agent, chat)
        self._pull(agent)

    def _leave(self) -> None:
        at_s, _, chat = heapq.heappop(self._patience)
        if chat.began_s is not None:
            return
        self._move(at_s)
        chat.is_gone = True
        self._queues[chat.customer.queue].waiting -= 1
        self._tally.give_up(at_s - chat.customer.arrival_s)

    def _arrive(self) -> None:
        customer = self._next
        assert customer is not None
        self._next = next(self._customers, None)
        self._move(customer.arrival_s)
        self._tally.arrived += 1
        queue = self._queues[customer.queue]
        chat = Chat(number=self._tally.arrived, customer=customer, media_type=queue.media_type)
        number = queue.spare.least_loaded(self._dice)
        if number is not None:
            self._begin(self._agents[number], chat)
            return
        self._tally.waited += 1
        queue.waiting += 1
        queue.line.append(chat)
        if customer.patience_s < NEVER:
            heapq.heappush(self._patience, (customer.arrival_s + customer.patience_s, chat.number, chat))

    # -- chats --------------------------------------------------------------------------------------------------

    def _begin(self, agent: Agent, chat: Chat) -> None:
        chat.began_s = self.now_s
        self._tally.answer(self.now_s - chat.customer.arrival_s)
        if agent.load == 0:
            agent.state_since_s = self.now_s
        while len(self._factors) <= agent.load + 1:  # several media types can hold 60 each
            self._factors.append(factor(self._slowdown, len(self._factors)))
        agent.take(chat, self.now_s, self._factors)
        self._held_by_signed_in += 1
        self._forecast(agent)
        self._seat(agent)
        if self._listener:
            self._listener(Change.BEGAN, agent, chat)

    def _forecast(self, agent: Agent) -> None:
        end_s = agent.next_end_s(self.now_s)
        if end_s is not None:
            heapq.heappush(self._ends, (end_s, agent.spec.id, agent.version))

    def _seat(self, agent: Agent) -> None:
        for number in agent.queues:
            queue = self._queues[number]
            queue.spare.place(agent.spec.id, agent.load if agent.has_spare(queue.media_type) else None)

    def _pull(self, agent: Agent) -> None:
        """Fill the agent's free slots from the queues, longest wait first."""
        while True:
            best: tuple[int, _Queue] | None = None
            for number in agent.queues:
                queue = self._queues[number]
                if queue.waiting and agent.has_spare(queue.media_type):
                    head = queue.head()
                    assert head is not None
                    if best is None or head.number < best[0]:
                        best = (head.number, queue)
            if best is None:
                break
            chat = best[1].line.popleft()
            best[1].waiting -= 1
            self._begin(agent, chat)
        self._seat(agent)

    # -- what people and the gateway do -------------------------------------------------------------------------

    def sign_in(self, number: int, *, pause: Cti | None = None) -> None:
        """Begin a new sign-in: in no queue yet, limits as configured; one under way ends first."""
        agent = self._agents[number]
        if agent.is_signed_in:
            self.sign_out(number)
        agent.limits = dict(agent.spec.limits)
        agent.is_signed_in = True
        agent.pause = pause
        agent.signed_in_at_s = agent.state_since_s = self.now_s
        self._signed_in += 1
        self._held_by_signed_in += agent.load

    def sign_out(self, number: int) -> None:
        """Take no new chats; present ones are finished. Limits return to the configured ones."""
        agent = self._agents[number]
        if not agent.is_signed_in:
            return
        self.join(number, ())
        agent.is_signed_in = False
        agent.pause = None
        agent.limits = dict(agent.spec.limits)
        agent.state_since_s = self.now_s
        self._signed_in -= 1
        self._held_by_signed_in -= agent.load

    def join(self, number: int, queues: Sequence[int]) -> None:
        """Sign a signed-in agent in to exactly these queues."""
        agent = self._agents[number]
        for queue in agent.queues:
            self._queues[queue].spare.place(number, None)
        agent.queues = tuple(sorted(queues))
        self._pull(agent)

    def set_pause(self, number: int, pause: Cti | None) -> None:
        """Stop taking new chats (BUSY or REST), or with None take them again."""
        agent = self._agents[number]
        agent.pause = pause
        agent.state_since_s = self.now_s
        self._pull(agent)

    def set_limit(self, number: int, media_type: int, limit: int) -> None:
        """Set the most chats of `media_type` the agent may hold, 1..60."""
        agent = self._agents[number]
        agent.limits[media_type] = limit
        self._pull(agent)

    # -- looking ------------------------------------------------------------------------------------------------

    @property
    def agents(self) -> Mapping[int, Agent]:
        """By id; to look at."""
        return self._agents

    @property
    def media_types(self) -> dict[int, int]:
        """Media type of each queue, by queue id."""
        return {number: queue.media_type for number, queue in self._queues.items()}

    def waiting(self, queue: int) -> int:
        """How many wait in `queue`."""
        return self._queues[queue].waiting

    def oldest(self, queue: int) -> Chat | None:
        """Who has waited longest in `queue`; None when nobody waits."""
        return self._queues[queue].head()

    def oldest_wait_s(self, queue: int) -> float:
        """Longest wait in `queue` so far, seconds; 0 when nobody waits."""
        head = self.oldest(queue)
        return self.now_s - head.customer.arrival_s if head else 0.0

    def with_spare(self, queue: int) -> int:
        """How many agents signed in to `queue` could take a chat now."""
        return len(self._queues[queue].spare)

    def scorecard(self) -> Scorecard:
        """Results from the start to now."""
        return self._tally.scorecard(
            self.now_s - chat.customer.arrival_s
            for queue in self._queues.values()
            for chat in queue.line
            if not chat.is_gone
        )


def _fresh(spec: AgentSpec) -> Agent:
    return Agent(spec=spec, limits=dict(spec.limits), loads=dict.fromkeys(spec.limits, 0))
