"""The tables of a rule: its keys, and those of its steps and its tracking."""

from __future__ import annotations

from autoscaler.core.book import Direction, Mode, Per
from autoscaler.rulebook.amounts import amount, target_amount
from autoscaler.rulebook.grammar import Key, Section, list_of, one_or_more, section
from autoscaler.rulebook.measures import DAY, duration, tolerance
from autoscaler.rulebook.scalars import choice, short_name, verbatim, whole
from autoscaler.rulebook.windows import window

__all__ = ["MODES", "RULE", "STEP", "TRACK", "Rules", "Steps", "Tracks"]

MODES = {"enforce": Mode.ENFORCE, "observe": Mode.OBSERVE}


class Steps:
    """Keys of one of a rule's `steps`."""

    when = Key(name="when", kind=verbatim("a condition"), about="when this band acts", required=True)
    raise_ = Key(name="raise", kind=amount("raise", 10.0), about="how far up")
    lower = Key(name="lower", kind=amount("lower", 1.0), about="how far down")


STEP = Section(noun="a step", keys=(Steps.when, Steps.raise_, Steps.lower))


class Tracks:
    """Keys of a rule's `track`."""

    input = Key(name="input", kind=verbatim("an expression"), about="what is held at the target", required=True)
    per = Key(
        name="per",
        kind=choice("per", {per.value: per for per in Per}),
        about="what the reading is shared among, default group",
    )
    target = Key(name="target", kind=verbatim("a number"), about="the wanted value, above 0", required=True)
    tolerance = Key(name="tolerance", kind=tolerance(), about="deviation that moves nothing, default 10%")


TRACK = Section(noun="track", keys=(Tracks.input, Tracks.per, Tracks.target, Tracks.tolerance))


class Rules:
    """Keys of one of `rules`."""

    name = Key(
        name="name", kind=short_name("a rule's name"), about="the rule's name, unique in the file", required=True
    )
    when = Key(name="when", kind=verbatim("a condition"), about="when the rule acts; without it, always")
    for_ = Key(name="for", kind=duration("for", 0, DAY), about="how long the condition must have held")
    keep_for = Key(
        name="keep_for",
        kind=duration("keep_for", 0, DAY),
        about="how long the rule goes on afterwards",
    )
    until = Key(
        name="until",
        kind=verbatim("a condition"),
        about="once the rule matches, it stays in force until this is true",
    )
    at = Key(name="at", kind=one_or_more(window(), "windows"), about="only then")
    raise_ = Key(name="raise", kind=amount("raise", 10.0), about="how far up: 1 each, 4 slots or 15%")
    lower = Key(name="lower", kind=amount("lower", 1.0), about="how far down: 1 each, 4 slots or 15%")
    set_ = Key(name="set", kind=target_amount("set"), about="where to: 3 each or 40 slots")
    cap = Key(name="cap", kind=whole("cap", 1, 60), about="highest limit while the rule holds")
    floor = Key(name="floor", kind=whole("floor", 1, 60), about="lowest limit while the rule holds")
    hold = Key(
        name="hold",
        kind=choice("hold", {direction.value: direction for direction in Direction}),
        about="a veto: raise, lower or both",
    )
    track = Key(name="track", kind=section(TRACK), about="proportional control")
    steps = Key(
        name="steps",
        kind=list_of(section(STEP), "steps", most=20),
        about="bands; the last one that matches acts",
    )
    cooldown = Key(name="cooldown", kind=duration("cooldown", 0, DAY), about="pause after the rule moved something")
    mode = Key(name="mode", kind=choice("mode", MODES), about="observe: judged and reported, without effect")


RULE = Section(
    noun="a rule",
    keys=(
        Rules.name,
        Rules.when,
        Rules.for_,
        Rules.keep_for,
        Rules.until,
        Rules.at,
        Rules.raise_,
        Rules.lower,
        Rules.set_,
        Rules.cap,
        Rules.floor,
        Rules.hold,
        Rules.track,
        Rules.steps,
        Rules.cooldown,
        Rules.mode,
    ),
)
