"""What ended orders mean for the ticks that follow: who is left to rest, and whose limit is in doubt.

An agent whose limit the gateway refuses for good is left alone for a while, longer each time, so that a misconfigured
agent costs a call now and then and not one every tick. A new sign-in ends rest and doubt, since whatever was wrong may
have been put right, and no call of the earlier session is taken any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoscaler.clock import Clock
from autoscaler.gateway.ports import Outcome, OutcomeKind
from autoscaler.gateway.retcodes import advice

__all__ = ["FIRST_REST_S", "LATE_S", "LONGEST_REST_S", "Aftermath"]

FIRST_REST_S = 30.0
LONGEST_REST_S = 900.0

LATE_S = 60.0
"""A call nobody answered may be applied this much later: held by a proxy, or by a gateway in trouble."""

_APPLIED: Final = OutcomeKind.APPLIED  # looked up once: through the enum each use costs ten times as much
_REJECTED: Final = OutcomeKind.REJECTED


@dataclass(frozen=True, slots=True)
class _Rest:
    until: float
    length_s: float
    error: str


class Aftermath:
    """Learns from outcomes."""

    def __init__(self, clock: Clock) -> None:
        """Nothing has ended yet."""
        self._clock = clock
        # by agent and media type, since a gateway's restart signs everybody in anew, one by one
        self._rests: dict[int, dict[int, _Rest]] = {}
        self._lingering: dict[int, dict[int, dict[int, float]]] = {}  # limits that may yet be applied, until when

    def heard(self, outcome: Outcome) -> None:
        """Hear how an order ended."""
        agent, media_type = outcome.agent, outcome.media_type
        if outcome.kind is _APPLIED:
            if agent in self._rests:
                self._rests[agent].pop(media_type, None)
            if agent in self._lingering:  # the same limit once more does no harm
                self._lingering[agent].get(media_type, {}).pop(outcome.callnums, None)
        elif outcome.kind is not _REJECTED:
            if outcome.attempts:
                limits = self._lingering.setdefault(agent, {}).setdefault(media_type, {})
                limits[outcome.callnums] = self._clock.monotonic() + LATE_S
        elif not _speaks_of_session(outcome):
            rests = self._rests.setdefault(agent, {})
            before = rests.get(media_type)
            length = FIRST_REST_S if before is None else min(before.length_s * 2, LONGEST_REST_S)
            rests[media_type] = _Rest(self._clock.monotonic() + length, length, outcome.error or "refused")

    def signed_in(self, agent: int) -> None:
        """Hear of a new sign-in."""
        self._rests.pop(agent, None)
        self._lingering.pop(agent, None)

    def resting(self, media_type: int, ids: NDArray[np.int64]) -> NDArray[np.bool_] | None:
        """Which agents are left alone now, shape (n,); None: nobody."""
        now = self._clock.monotonic()
        agents = [
            agent for agent, rests in self._rests.items() if media_type in rests and rests[media_type].until > now
        ]
        return np.isin(ids, agents) if agents else None

    @property
    def refused(self) -> dict[int, str]:
        """Agents that are left alone now, each with the gateway's last word on it."""
        now = self._clock.monotonic()
        found = ((agent, rest) for agent, rests in sorted(self._rests.items()) for rest in rests.values())
        return {agent: rest.error for agent, rest in found if rest.until > now}

    def doubtful(self, media_type: int) -> list[int]:
        """Agents whose confirmed limit an older, unanswered call with another limit may yet overtake.

        They are to be set again in every tick, until such a call could no longer be applied.
        """
        now = self._clock.monotonic()
        agents = []
        for agent, by_media in list(self._lingering.items()):
            limits = by_media.get(media_type)
            if limits is None:
                continue
            for limit in [limit for limit, until in limits.items() if until <= now]:
                del limits[limit]
            if limits:
                agents.append(agent)
                continue
            del by_media[media_type]
            if not by_media:
                del self._lingering[agent]
        return agents


def _speaks_of_session(outcome: Outcome) -> bool:
    return outcome.retcode is not None and advice(outcome.retcode).ends_session
