"""What CC-Gateway's agent records mean (cc-gateway.md §7).

`ctiStatus` is believed before `status`, which says less; what neither tells is UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from autoscaler.core.readings import AgentState
from autoscaler.errors import GatewayNonsense
from autoscaler.sources.columns import Readings, readings
from autoscaler.sources.plausible import whole_column
from autoscaler.sources.row_checks import LONGEST_S, missing, plain_ids, tell

__all__ = ["AgentRows", "read_agents", "rows_of"]

LONGEST_SIGN_IN_S = 30 * 24 * 3600
CLOCKS_APART_S = 60.0

_OF_STATUS = np.full(10, np.nan)
_OF_STATUS[[2, 3, 4, 5, 6, 7, 8]] = [
    AgentState.SIGNED_OUT,
    AgentState.BUSY,
    AgentState.IDLE,
    AgentState.WRAP_UP,
    AgentState.IDLE,
    AgentState.TALKING,
    AgentState.REST,
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRows:
    """Agents of one answer, by agent id.

    Attributes:
        state: CTI codes, NaN where nothing sensible was said.
        state_for_s, signed_in_for_s: Seconds.
    """

    state: Readings
    state_for_s: Readings
    signed_in_for_s: Readings


def rows_of(answer: Mapping[str, object], place: str) -> list[object]:
    """The rows in `result`.

    Raises:
        GatewayNonsense: It is no list.
    """
    result = answer.get("result")
    if not isinstance(result, list):
        raise GatewayNonsense(
            "the answer's result is no list", place=place, help="check the version of CC-Gateway against the manual"
        )
    return result


def read_agents(rows: list[object], taken_at: float, now: datetime) -> tuple[AgentRows, list[str]]:
    """Read `agentgroup/{agent}/agentbyskill/{skill}`.

    Args:
        rows: Agent records, or skill records that hold them under `agent`.
        taken_at: When it was asked, the clock's monotonic seconds.
        now: Aware UTC; `logindate` is an instant.
    """
    problems: list[str] = []
    records = [record for row in rows for record in _records(row)]
    ids = plain_ids(records, "workno", "agent", problems)
    cti = whole_column(records, "ctiStatus", 0, max(AgentState))
    status = whole_column(records, "status", 0, _OF_STATUS.size - 1)
    plain = _OF_STATUS[np.nan_to_num(status).astype(np.int64)]  # a missing status reads as 0, unknown
    state, twice = readings(ids, np.where(np.isnan(cti), plain, cti), taken_at)
    since, _ = readings(ids, whole_column(records, "currentstatetime", 0, LONGEST_S), taken_at)
    signed_in, _ = readings(ids, _signed_in_for_s(records, now), taken_at)
    tell(problems, "agent", "state makes no sense", np.setdiff1d(missing(state), twice))
    tell(problems, "agent", "two rows contradict each other", twice)
    return AgentRows(state=state, state_for_s=since, signed_in_for_s=signed_in), problems


def _records(row: object) -> list[object]:
    held = row.get("agent") if isinstance(row, Mapping) else None
    return held if isinstance(held, list) else [row]


def _signed_in_for_s(records: list[object], now: datetime) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Seconds since `logindate` (ms); a sign-in up to a minute ahead of our clock counts as just now."""
    seconds = now.timestamp() - whole_column(records, "logindate", 1, 2**53) / 1000
    seconds[(seconds < -CLOCKS_APART_S) | (seconds > LONGEST_SIGN_IN_S)] = np.nan
    return np.maximum(seconds, 0.0)
