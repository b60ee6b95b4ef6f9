"""Columns as JSON cells: NaN has no JSON form, and null stands for it."""

from __future__ import annotations

from typing import Any

import numpy as np

from autoscaler.core.readings import Floats

__all__ = ["nullable"]


def nullable(column: Floats) -> list[Any]:
    """A column as a list, of lists where it has several dimensions; without a Python step for every cell."""
    cells = column.astype(object)
    cells[np.isnan(column)] = None
    listed: list[Any] = cells.tolist()
    return listed
