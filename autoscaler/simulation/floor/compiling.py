"""Compiling by numba, whose machine code outlives the process wherever there is a folder to keep it in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

__all__ = ["compiled", "inlined"]

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """The function, compiled at its first call.

    The code is kept beside the source, in the user's cache folder or in `NUMBA_CACHE_DIR`; in a service whose file
    system can only be read, each process compiles anew.
    """
    try:
        dispatcher: Any = njit(cache=True)(function)
    except RuntimeError:  # numba's for "no locator available": there is no folder it may write in
        dispatcher = njit(function)
    called_as: F = dispatcher
    return called_as


def inlined(function: F) -> F:
    """The function, put in place wherever a compiled one calls it.

    A call counts references to every array it hands over, which costs as much as the rest of an event.
    """
    dispatcher: Any = njit(inline="always")(function)
    called_as: F = dispatcher
    return called_as
