"""Why a stage left an agent's limit as it is: one code a row and stage, and its sentence.

The sentences are read by operations people and by auditors; they name the rule and the number, never the code.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = ["HELD", "Reason", "sentence"]


class Reason(IntEnum):
    """One stage's reason. The numbers are kept in journals; a number is never used twice."""

    NONE = 0
    IN_FORCE = 1
    ASSUMED_BASELINE = 2
    RULE_RAISES = 3
    RULE_LOWERS = 4
    AGENT_RULE = 5
    NOTHING_ASKED = 6
    HELD_BY_RULE = 7
    RAISE_BEATS_LOWER = 8
    CAPPED = 9
    FLOORED = 10
    STABILITY = 11
    NOT_CHOSEN = 12
    CHOSEN = 13
    AGENT_BUDGET = 14
    MISSING_READING = 15
    UNKNOWN_VETO = 16
    BLAST_RADIUS = 17
    CALL_BUDGET = 18
    BACK_TO_BASELINE = 19
    PINNED = 20
    PROTECTED = 21
    PAUSED = 22
    FROZEN = 23
    SIGNED_OUT = 24
    UNREACHABLE = 25
    CONTESTED = 26
    NO_ROSTER = 27
    RATE_OF_BOUND = 28
    NOT_TAKING_CHATS = 29
    LIMIT_UNKNOWN = 30
    WARMING_UP = 31
    RELIEVED = 32
    CARRIED = 33


HELD = frozenset(
    {
        Reason.HELD_BY_RULE,
        Reason.STABILITY,
        Reason.AGENT_BUDGET,
        Reason.MISSING_READING,
        Reason.UNKNOWN_VETO,
        Reason.BLAST_RADIUS,
        Reason.CALL_BUDGET,
        Reason.PROTECTED,
        Reason.PAUSED,
        Reason.FROZEN,
        Reason.SIGNED_OUT,
        Reason.UNREACHABLE,
        Reason.CONTESTED,
        Reason.NO_ROSTER,
        Reason.RATE_OF_BOUND,
        Reason.NOT_TAKING_CHATS,
    }
)
"""Reasons that kept a limit from where the rules, or its bounds, would have it."""

_SENTENCES = {
    Reason.NONE: "no change at this stage",
    Reason.IN_FORCE: "the limit in force",
    Reason.ASSUMED_BASELINE: "the limit in force is not known; taken to be what was last wanted, else the baseline",
    Reason.RULE_RAISES: "{rule} asks for more slots, and this agent would be among those who carry them",
    Reason.RULE_LOWERS: "{rule} asks for fewer slots, and this agent would be among those relieved",
    Reason.AGENT_RULE: "{rule} speaks of this agent",
    Reason.NOTHING_ASKED: "no rule asks for a change of this agent",
    Reason.CARRIED: "what it carries for its group where no pin, passing cap or floor says otherwise",
    Reason.HELD_BY_RULE: "vetoed by {rule}",
    Reason.RAISE_BEATS_LOWER: "a raise beats a lower",
    Reason.CAPPED: "above the agent's ceiling, or capped by {rule}",
    Reason.FLOORED: "below the agent's floor, or floored by {rule}",
    Reason.STABILITY: "stability: {stability}",
    Reason.NOT_CHOSEN: "the group's slots went to others whose turn it was",
    Reason.CHOSEN: "its turn to carry more: at its limit, then least above baseline, then least carried this shift",
    Reason.RELIEVED: "its turn to carry less: spare room, then most above baseline, then most carried this shift",
    Reason.AGENT_BUDGET: "the agent's own budget of changes is spent",
    Reason.MISSING_READING: "no usable reading of this agent: nothing is raised or lowered on it",
    Reason.UNKNOWN_VETO: "{rule} might forbid it, and what it rests on is missing",
    Reason.BLAST_RADIUS: "enough agents change in this tick already (agents_per_tick)",
    Reason.CALL_BUDGET: "the calls of this minute are spent (calls_per_minute)",
    Reason.BACK_TO_BASELINE: "readings have been missing too long: back to baseline",
    Reason.PINNED: "pinned by a person",
    Reason.PROTECTED: "protected: never changed",
    Reason.PAUSED: "paused by a person",
    Reason.FROZEN: "frozen by a person: nothing is called",
    Reason.SIGNED_OUT: "signed out",
    Reason.UNREACHABLE: "no live session of this agent: the gateway can't be called in its name",
    Reason.CONTESTED: "two groups of one media type claim this agent: neither changes it",
    Reason.NO_ROSTER: "the list of agents is not known: {roster}",
    Reason.RATE_OF_BOUND: "above its ceiling, but lowered no faster than the rates allow",
    Reason.NOT_TAKING_CHATS: "not taking chats now",
    Reason.LIMIT_UNKNOWN: "the limit in force is not known, so it is asserted",
    Reason.WARMING_UP: "warming up after sign-in",
}

_OF_THE_FILE = {Reason.CAPPED: "above the agent's ceiling", Reason.FLOORED: "below the agent's floor"}
"""What is said where no rule bounds the agent, but its limits in the file."""


def sentence(reason: Reason, *, rule: str = "", stability: str = "", roster: str = "") -> str:
    """The reason in words; the arguments fill its blanks."""
    if not rule and reason in _OF_THE_FILE:
        return _OF_THE_FILE[reason]
    name = f"'{rule}'" if rule else "the rule file"
    return _SENTENCES[reason].format(rule=name, stability=stability, roster=roster)
