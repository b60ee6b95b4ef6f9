"""What the gateway's result codes mean and what to do about each.

Every text has exactly one verdict; a code nobody documents is permanent, so nothing is ever repeated on a guess.
HTTP statuses other than 200 take part as `http-429`, `http-503`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

__all__ = ["SUCCESS", "Advice", "Verdict", "advice", "http_retcode", "verdict"]

SUCCESS: Final = "0"


class Advice(Enum):
    """What a caller does next."""

    DONE = "done"
    RETRY = "retry"
    """Again, with backoff."""
    WAIT = "wait"
    """Again, after seconds rather than milliseconds: the gateway is busy with this agent."""
    REFRESH_GUID = "refresh_guid"
    """This Guid is no longer taken: use a newer one, else sign in again."""
    SIGN_IN_AGAIN = "sign_in_again"
    """The gateway does not know the session."""
    FORCE_BY_POLICY = "force_by_policy"
    """Signed in elsewhere; forcing throws that client out."""
    SIGNED_OUT = "signed_out"
    """What a sign-out wanted; for any other call the session is gone."""
    DO_NOT_RETRY = "do_not_retry"
    """The same call gets the same answer."""
    STOP = "stop"
    """No further call of this kind for this agent until a person has acted."""

    @property
    def is_transient(self) -> bool:
        """The same call may succeed later without anybody acting."""
        return self in (Advice.RETRY, Advice.WAIT)

    @property
    def ends_session(self) -> bool:
        """The Guid the call was made with must not be sent again."""
        return self in (Advice.REFRESH_GUID, Advice.SIGN_IN_AGAIN, Advice.SIGNED_OUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One result code, for programs and for people.

    Attributes:
        retcode: As the gateway wrote it, or `http-NNN`.
        meaning: Half a sentence.
        advice: What a caller does next.
        help: What a person can try; "" for success.
    """

    retcode: str
    meaning: str
    advice: Advice
    help: str


def advice(retcode: str) -> Advice:
    """Say what to do about `retcode`; an unknown one is permanent."""
    known = _TABLE.get(retcode)
    return known.advice if known is not None else verdict(retcode).advice


def verdict(retcode: str) -> Verdict:
    """Look `retcode` up: itself, then its family by prefix, then the unknown."""
    known = _TABLE.get(retcode)
    if known is not None:
        return known
    if retcode.startswith("http-"):
        return _http(retcode)
    meaning = _FAMILIES.get(retcode.partition("-")[0], "a code the gateway's documents do not list")
    return Verdict(retcode=retcode, meaning=meaning, advice=Advice.DO_NOT_RETRY, help=_LOOK_UP)


def http_retcode(status: int) -> str:
    """Spell an HTTP status other than 200 as a retcode."""
    return f"http-{status}"


def _http(retcode: str) -> Verdict:
    status = retcode.removeprefix("http-")
    if status == "429":
        return Verdict(
            retcode=retcode,
            meaning="HTTP 429, too many requests",
            advice=Advice.WAIT,
            help="Lower gateway.calls_per_second.",
        )
    if status == "408" or status.startswith("5"):
        return Verdict(
            retcode=retcode,
            meaning=f"HTTP {status} from the gateway or a proxy before it",
            advice=Advice.RETRY,
            help="Look at the gateway's and the load balancer's health.",
        )
    return Verdict(
        retcode=retcode,
        meaning=f"HTTP {status} from the gateway or a proxy before it",
        advice=Advice.DO_NOT_RETRY,
        help="Check gateway.url, and that this host's address is on the allow list.",
    )


_LOOK_UP: Final = "Look the code up in the error code list of the gateway's release, and ask its operator."
_PARAMETER: Final = "Check the agent's data and the call's parameters against the gateway's configuration."
_CREDENTIALS: Final = "Check the agent's password file, then retry the agent by hand: repeating locks the account."
_BY_ITSELF: Final = "Nothing, if it passes by itself; otherwise look at the gateway's health."

_FAMILIES: Final[dict[str, str]] = {
    "000": "a fault of the interface call",
    "100": "a fault of signing in, signing out or of the agent's state",
    "104": "a fault of the gateway's newer interfaces",
    "105": "a fault of disaster recovery",
    "106": "a fault of the multimedia interface",
    "107": "a fault of the configuration interface",
    "110": "a fault of the agent's account",
    "200": "a fault of the voice call interface",
    "300": "a fault of the agent group interface",
    "400": "a fault of the call data interface",
    "600": "a fault of the queue interface",
    "700": "a fault of the text chat interface",
    "900": "a fault of quality control",
    "999": "a fault of the gateway's own configuration",
}

_ROWS: Final[tuple[tuple[str, str, Advice, str], ...]] = (
    ("0", "success", Advice.DONE, ""),
    ("000-000", "an unknown error", Advice.RETRY, _BY_ITSELF),
    ("000-001", "the wrong way of obtaining agent events", Advice.STOP, "Set EVENT_METHOD on the gateway to polling."),
    ("000-002", "a bad parameter or address", Advice.DO_NOT_RETRY, _PARAMETER),
    ("000-003", "no permission; the Guid may have expired", Advice.REFRESH_GUID, "See who else polls this agent."),
    ("000-004", "the agent is being switched over to another site", Advice.WAIT, _BY_ITSELF),
    ("000-005", "the inspected agent is the inspector", Advice.DO_NOT_RETRY, _PARAMETER),
    ("000-006", "a message parameter is wrong", Advice.DO_NOT_RETRY, _PARAMETER),
    ("000-007", "the interface was invoked repeatedly", Advice.WAIT, "See whether another client drives this agent."),
    ("100-001", "a sign-in parameter is empty or invalid", Advice.DO_NOT_RETRY, _PARAMETER),
    (
        "100-002",
        "the agent is already signed in",
        Advice.FORCE_BY_POLICY,
        "Sign the agent out at the other client; sessions.force_sign_in throws it out.",
    ),
    ("100-003", "a resource was unavailable while signing in", Advice.RETRY, _BY_ITSELF),
    ("100-004", "wrong user name or password", Advice.STOP, _CREDENTIALS),
    ("100-005", "an invalid sign-out parameter", Advice.DO_NOT_RETRY, _PARAMETER),
    (
        "100-006",
        "the agent is not signed in, or the Guid is wrong",
        Advice.SIGN_IN_AGAIN,
        "Sign the agent in; a pushed session needs its desktop to push the current Guid.",
    ),
    ("100-007", "an exception in an agent operation", Advice.RETRY, _BY_ITSELF),
    ("100-008", "the agent is already signed out", Advice.SIGNED_OUT, "Sign the agent in."),
    ("100-009", "the wrong agent state, or no right to set it", Advice.DO_NOT_RETRY, "Look at the agent's state."),
    ("100-010", "a state error on signing out", Advice.DO_NOT_RETRY, "Look at the agent's state."),
    ("100-011", "an invalid parameter", Advice.DO_NOT_RETRY, _PARAMETER),
    ("100-012", "an invalid agent type", Advice.DO_NOT_RETRY, _PARAMETER),
    ("100-013", "an invalid phone number", Advice.DO_NOT_RETRY, _PARAMETER),
    ("100-014", "the phone number is not in the permitted range", Advice.DO_NOT_RETRY, _PARAMETER),
    (
        "100-015",
        "signed in elsewhere, and may not be forced out",
        Advice.STOP,
        "Sign the agent out at the other client.",
    ),
    ("100-016", "an invalid IP address at sign-in", Advice.DO_NOT_RETRY, _PARAMETER),
    ("100-017", "uPortal authentication failed", Advice.STOP, _CREDENTIALS),
    ("100-018", "the VDN does not match", Advice.DO_NOT_RETRY, _PARAMETER),
    ("100-019", "a bad parameter when querying skill queues", Advice.DO_NOT_RETRY, _PARAMETER),
    ("100-020", "the password has expired", Advice.STOP, "Change the agent's password, then retry the agent by hand."),
    ("100-021", "a sign-in is already in progress", Advice.WAIT, _BY_ITSELF),
    ("110-016", "the account is locked", Advice.STOP, "Unlock the account, then retry the agent by hand."),
    ("110-021", "the account is locked", Advice.STOP, "Unlock the account, then retry the agent by hand."),
    ("105-001", "the gateway's cache does not know the agent", Advice.SIGN_IN_AGAIN, _BY_ITSELF),
    ("105-002", "the agent is in disaster recovery", Advice.WAIT, _BY_ITSELF),
    ("105-003", "disaster recovery has just finished", Advice.RETRY, _BY_ITSELF),
    ("105-004", "the agent could not join the recovery queue", Advice.WAIT, _BY_ITSELF),
    ("105-005", "waiting for recovery timed out", Advice.SIGN_IN_AGAIN, _BY_ITSELF),
    ("105-006", "the Guid does not match after recovery", Advice.SIGN_IN_AGAIN, _BY_ITSELF),
    ("105-007", "disaster recovery is switched off", Advice.SIGN_IN_AGAIN, _BY_ITSELF),
    ("106-001", "the multimedia switch is off", Advice.STOP, "Switch multimedia on for the VDN."),
    ("106-002", "the message to send is empty", Advice.DO_NOT_RETRY, _PARAMETER),
    ("106-003", "the limit is above the maximum of 60", Advice.DO_NOT_RETRY, "Lower the rule's ceiling."),
    ("106-004", "a wrong device type for a transfer", Advice.DO_NOT_RETRY, _PARAMETER),
    (
        "106-008",
        "listed for setcallnums without a meaning",
        Advice.DO_NOT_RETRY,
        "Check that the media type is that of a skill queue the agent is signed in to; " + _LOOK_UP,
    ),
    (
        "106-012",
        "listed for setcallnums without a meaning",
        Advice.DO_NOT_RETRY,
        "Check that the media type is that of a skill queue the agent is signed in to; " + _LOOK_UP,
    ),
    ("107-000", "the cached configuration sign-in has expired", Advice.DO_NOT_RETRY, _LOOK_UP),
    ("300-001", "no right to query agents", Advice.DO_NOT_RETRY, "Give the agent the right to query agents."),
    ("600-005", "no skill queue is configured", Advice.DO_NOT_RETRY, "Configure a skill queue for the agent."),
    ("900-001", "no provider for quality control", Advice.DO_NOT_RETRY, _LOOK_UP),
    ("900-002", "no right to quality control", Advice.DO_NOT_RETRY, "Give the agent the inspector's right."),
    ("900-003", "a resource for quality control is unavailable", Advice.RETRY, _BY_ITSELF),
    ("900-005", "the wrong state for quality control", Advice.DO_NOT_RETRY, "Look at the agent's state."),
    ("999-001", "the gateway's configuration holds an invalid service URL", Advice.DO_NOT_RETRY, _LOOK_UP),
)

_TABLE: Final[dict[str, Verdict]] = {
    code: Verdict(retcode=code, meaning=meaning, advice=what, help=help_) for code, meaning, what, help_ in _ROWS
}
