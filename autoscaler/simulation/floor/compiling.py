"""Compiling by numba, whose machine code outlives the process wherever there is a folder to keep it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from numba import njit

__all__ = ["compiled", "inlined"]

F = TypeVar("F", bound=Callable[..., Any])

UNCOUNTED: Mapping[str, Any] = {"_nrt": False}
"""Without numba's runtime, which would count references to every array at every assignment, atomically: that cost a
third of an event. The caller holds the arrays all the while; numba refuses to compile what would make a new one."""


def compiled(function: F) -> F:
    """The function, compiled at its first call; it may write into arrays, and makes none.

    The code is kept beside the source, in the user's cache folder or in `NUMBA_CACHE_DIR`; in a service whose file
    system can only be read, each process compiles anew.
    """
    try:
        dispatcher: Any = njit(cache=True, **UNCOUNTED)(function)
    except RuntimeError:  # numba's for "no locator available": there is no folder it may write in
        dispatcher = njit(**UNCOUNTED)(function)
    called_as: F = dispatcher
    return called_as


def inlined(function: F) -> F:
    """The function, put in place wherever a compiled one calls it.

    A call hands over shape and strides of every array, which costs a good part of an event.
    """
    dispatcher: Any = njit(inline="always", **UNCOUNTED)(function)
    called_as: F = dispatcher
    return called_as
