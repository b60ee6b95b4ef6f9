"""Which limits the gateway has confirmed, and which are wanted.

A confirmed limit is one the gateway answered with retcode "0" in the agent's present session. Nothing can be
read back from the gateway, so whatever casts doubt on a limit makes it unknown here; it is never guessed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["LimitTable"]

_AGENT_IDS = 1_000_000  # ids run to 999999; a dense column costs a megabyte and is gathered in one step

Ids = NDArray[np.int64]


class LimitTable:
    """Confirmed and wanted limits, one dense column a media type, indexed by agent id; 0 is unknown."""

    def __init__(self) -> None:
        self._confirmed: dict[int, NDArray[np.int8]] = {}
        self._wanted: dict[int, NDArray[np.int8]] = {}

    def confirmed(self, media_type: int, ids: Ids) -> NDArray[np.float64]:
        """The limits in force.

        Args:
            media_type: Wire number.
            ids: Agent ids, 0..999999, shape (n,).

        Returns:
            Shape (n,), 1..60; NaN where the limit is unknown.

        Raises:
            IndexError: An id is out of range.
        """
        return _gather(self._confirmed, media_type, ids)

    def wanted(self, media_type: int, ids: Ids) -> NDArray[np.float64]:
        """The limits last ordered; shapes, range and errors as `confirmed`, NaN where none was ever ordered."""
        return _gather(self._wanted, media_type, ids)

    def want(self, media_type: int, ids: Ids, callnums: NDArray[np.int16]) -> None:
        """Note what is wanted from now on.

        Args:
            media_type: Wire number.
            ids: Agent ids, 0..999999, shape (n,); of equal ids the last row counts.
            callnums: Limits, 1..60, shape (n,).

        Raises:
            IndexError: An id is out of range.
        """
        _check(ids)
        _column(self._wanted, media_type)[ids] = callnums

    def confirm(self, media_type: int, agent: int, callnums: int) -> None:
        """Note that the gateway has taken one limit, 1..60."""
        column = self._confirmed.get(media_type)
        if column is None:
            column = _column(self._confirmed, media_type)
        column[agent] = callnums

    def doubt(self, media_type: int, agent: int) -> None:
        """Make one confirmed limit unknown: the gateway may have taken another value."""
        column = self._confirmed.get(media_type)
        if column is not None:
            column[agent] = 0

    def forget(self, agent: int) -> None:
        """Make the agent's confirmed limits unknown in every media type: it has signed in anew."""
        for column in self._confirmed.values():
            column[agent] = 0


def _column(columns: dict[int, NDArray[np.int8]], media_type: int) -> NDArray[np.int8]:
    column = columns.get(media_type)
    if column is None:
        column = columns[media_type] = np.zeros(_AGENT_IDS, dtype=np.int8)
    return column


def _gather(columns: dict[int, NDArray[np.int8]], media_type: int, ids: Ids) -> NDArray[np.float64]:
    _check(ids)
    column = columns.get(media_type)
    if column is None:
        return np.full(ids.shape, np.nan)
    limits = column[ids].astype(np.float64)
    limits[limits == 0.0] = np.nan
    return limits


def _check(ids: Ids) -> None:
    # numpy takes a negative index from the end, which would be another agent's limit
    if ids.size and (ids.min() < 0 or ids.max() >= _AGENT_IDS):
        raise IndexError(f"agent ids run from 0 to {_AGENT_IDS - 1}")
