"""Retcodes the simulated gateway answers, as documented; where the vendor is silent the member says so."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Retcode"]


class Retcode(StrEnum):
    """Strings in the body of an HTTP 200 answer."""

    OK = "0"
    BAD_PARAMETER = "000-002"
    NO_PERMISSION = "000-003"
    SIGN_IN_PARAMETER = "100-001"
    ALREADY_SIGNED_IN = "100-002"
    WRONG_PASSWORD = "100-004"  # noqa: S105 a retcode
    NOT_SIGNED_IN = "100-006"
    MAY_NOT_BE_FORCED = "100-015"
    OVER_SIXTY = "106-003"
    # Listed for setcallnums, its meaning not documented. Inferred: no queue of this media type signed in to.
    NO_SUCH_QUEUE_SIGNED_IN = "106-008"
