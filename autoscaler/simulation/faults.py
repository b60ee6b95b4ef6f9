"""Faults on demand: what a call meets instead of, or on its way to, its answer.

A fault ends by its count or its time, whichever comes first; without either it lasts until faults are cleared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

__all__ = ["FAULTS", "CallFault", "Fault", "FaultBook", "Outage", "Target", "Trouble"]

EVERY_INTERFACE = "*"


class Target(StrEnum):
    """The two servers."""

    GATEWAY = "gateway"
    CMS = "cms"


class Trouble(StrEnum):
    """What a call can meet.

    `delay` holds the call back before it is applied. `status`, `html` and `retcode` answer without applying it.
    `reset_before` and `reset_after` abort the connection without an answer, before or after applying.
    `truncated` applies it and cuts the answer's body short.
    """

    DELAY = "delay"
    STATUS = "status"
    HTML = "html"
    RETCODE = "retcode"
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    TRUNCATED = "truncated"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CallFault(_Part):
    """Trouble for single calls.

    Attributes:
        interface: As the audit names it, or "*".
        agents: Whose calls; None for everybody's. CC-CMS calls belong to no agent, so it must be None there.
        count: Calls it meets before it ends; None: no end by count.
        duration_s: Virtual seconds it lasts; None: no end by time.
        delay_s: For `delay`.
        status: For `status`.
        retcode: For `retcode`; CC-CMS sends it as resultCode.
    """

    kind: Trouble
    target: Target = Target.GATEWAY
    interface: str = EVERY_INTERFACE
    agents: tuple[int, ...] | None = None
    count: Annotated[int, Field(ge=1)] | None = None
    duration_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    delay_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    status: Annotated[int, Field(ge=400, le=599)] = 503
    retcode: Annotated[str, Field(min_length=1)] = "100-007"

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if self.target is Target.CMS and self.agents is not None:
            raise ValueError("calls of CC-CMS belong to no agent; leave agents out")
        return self


class Outage(_Part):
    """A server that is away: connections are cut and refused, then the same port answers again.

    `restart` also loses the gateway's sessions, cookies and limits, as a node does; `outage` loses nothing.

    Attributes:
        duration_s: Virtual seconds it is away; None, for `outage` alone: until faults are cleared.
    """

    kind: Literal["restart", "outage"]
    target: Target = Target.GATEWAY
    duration_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None


Fault = CallFault | Outage
FAULTS: TypeAdapter[list[Fault]] = TypeAdapter(list[Fault])


@dataclass(slots=True, kw_only=True)
class _Active:
    fault: CallFault
    agents: frozenset[int] | None
    until_s: float
    left: float


class FaultBook:
    """The faults of calls that are in force."""

    def __init__(self) -> None:
        self._active: list[_Active] = []

    def add(self, faults: Iterable[CallFault], now_s: float) -> None:
        """Put faults in force from now on, behind the earlier ones."""
        for fault in faults:
            until_s = float("inf") if fault.duration_s is None else now_s + fault.duration_s
            left = float("inf") if fault.count is None else fault.count
            agents = None if fault.agents is None else frozenset(fault.agents)
            self._active.append(_Active(fault=fault, agents=agents, until_s=until_s, left=left))

    def clear(self) -> None:
        """End them all."""
        self._active.clear()

    def meet(self, target: Target, interface: str, agent: int | None, now_s: float) -> tuple[float, CallFault | None]:
        """Use up what a call meets.

        Returns:
            Virtual seconds to hold it back, all matching delays together, and the first other matching fault.
        """
        if not self._active:
            return 0.0, None
        delay_s = 0.0
        other: CallFault | None = None
        for active in self._active:
            fault = active.fault
            is_meant = (
                fault.target is target
                and fault.interface in (EVERY_INTERFACE, interface)
                and (active.agents is None or agent in active.agents)
                and now_s < active.until_s
            )
            if not is_meant:
                continue
            if fault.kind is Trouble.DELAY:
                delay_s += fault.delay_s
            elif other is None:
                other = fault
            else:
                continue
            active.left -= 1
        self._active = [active for active in self._active if active.left > 0 and now_s < active.until_s]
        return delay_s, other
