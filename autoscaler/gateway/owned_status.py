"""Where an owned session stands, as a person sees it.

No field holds a secret, so a status may be shown and logged whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

__all__ = ["OwnedState", "OwnedStatus"]


class OwnedState(Enum):
    """Where an owned session stands; drawn at `keeper.Keeper`."""

    SIGNED_OUT = "signed_out"
    SIGNING_IN = "signing_in"
    JOINING = "joining"
    LIVE = "live"
    STOPPED = "stopped"
    SIGNING_OUT = "signing_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedStatus:
    """What a person sees of an owned session.

    Attributes:
        agent: Agent id.
        state: Where it stands.
        since: Aware UTC, when it came there.
        sign_ins: How often it signed in.
        last_error: One sentence with what to try; None when nothing went wrong since the last good poll.
    """

    agent: int
    state: OwnedState
    since: datetime
    sign_ins: int
    last_error: str | None
