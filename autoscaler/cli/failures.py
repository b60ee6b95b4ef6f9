"""What went wrong when several tasks ended at once: the failure that ended them, not those it cancelled."""

from __future__ import annotations

__all__ = ["first_of"]


def first_of(error: BaseException) -> BaseException:
    """The first failure inside a group of them; an error that is no group is itself."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
