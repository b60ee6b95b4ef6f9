"""The `expect` of a test: which claims at which ticks, each checked against rules, agents and ticks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from autoscaler.core.book import Group
from autoscaler.core.printing import in_words
from autoscaler.core.verdicts import VerdictKind
from autoscaler.rulebook.checking import compile_condition
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.grammar import Entries, Item, Key
from autoscaler.rulebook.measures import in_seconds, seconds_hint
from autoscaler.rulebook.nodes import Scalar
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.suggestions import did_you_mean, joined, quoted
from autoscaler.rulebook.trials.claims import (
    AgentLimit,
    AtMost,
    Because,
    Change,
    ChangeKind,
    Claim,
    Expectation,
    Holds,
    RuleVerdict,
    SlotsAre,
    SlotStage,
    When,
)
from autoscaler.rulebook.trials.layout import Expect
from autoscaler.rulebook.trials.notation import MOST_TICKS
from autoscaler.rulebook.trials.trial import Cast
from autoscaler.rulebook.vocabulary import Vocabulary

__all__ = ["Timeline", "build_expectations", "latest_of"]

_SCOPES: dict[When, Key[Any]] = {
    When.AT: Expect.at,
    When.BETWEEN: Expect.between,
    When.ALWAYS: Expect.always,
    When.NEVER: Expect.never,
    When.FINALLY: Expect.finally_,
}
_SLOTS: dict[SlotStage, Key[int]] = {
    SlotStage.OBSERVED: Expect.observed,
    SlotStage.PROPOSED: Expect.proposed,
    SlotStage.SLOTS: Expect.slots,
    SlotStage.WANTED: Expect.wanted,
}
_CLAIMS: tuple[Key[Any], ...] = (
    Expect.change,
    *_SLOTS.values(),
    Expect.agent,
    Expect.limit,
    Expect.rule,
    Expect.verdict,
    Expect.because,
)
_AT_MOST = re.compile(r"at most ([0-9]{1,9}) (changes?|calls?) (?:per|in) (\S+)")


@dataclass(frozen=True, slots=True)
class Timeline:
    """When a test decides: at 0, every, 2 every … up to its last tick."""

    every_s: float
    ticks: int

    @property
    def end_s(self) -> float:
        """Time of the last tick."""
        return (self.ticks - 1) * self.every_s


def latest_of(items: Iterable[Item[Entries]]) -> float:
    """The latest time any expectation names, 0 when none does."""
    texts = [item.value.get(Expect.at) for item in items]
    for item in items:
        texts += [one.value for one in item.value.get(Expect.between) or ()]
    return max((in_seconds(text.value) or 0.0 for text in texts if text is not None), default=0.0)


def build_expectations(
    items: Iterable[Item[Entries]], group: Group, cast: Cast, timeline: Timeline, reporter: Reporter
) -> tuple[Expectation, ...]:
    """The expectations; wrong ones are reported and left out."""
    reader = _Reader(group, cast, timeline, reporter)
    found = [reader.expectation(item) for item in items]
    return tuple(one for one in found if one is not None)


class _Reader:
    """Reads one expectation after the other."""

    def __init__(self, group: Group, cast: Cast, timeline: Timeline, reporter: Reporter) -> None:
        self._group = group
        self._cast = cast
        self._timeline = timeline
        self._reporter = reporter
        tiers = tuple(tier.name for tier in group.tiers)
        inputs = tuple(spec.name for spec in group.inputs)
        self._vocabulary = Vocabulary(queues=frozenset(group.queues), inputs=inputs, tiers=tiers)

    def expectation(self, item: Item[Entries]) -> Expectation | None:
        entries = item.value
        scopes = [when for when, key in _SCOPES.items() if entries.has(key)]
        if len(scopes) != 1:
            said = "no time" if not scopes else f"both {joined((when.value for when in scopes[:2]), 'and')}"
            help_ = "give it one of at, between, always, never and finally"
            if not entries.has_unknown:
                self._reporter.report(Code.NO_CLAIM, entries.span, f"the expectation has {said}", help_)
            return None
        when = scopes[0]
        if entries.get(_SCOPES[when]) is None:
            return None
        if when in {When.AT, When.BETWEEN}:
            ticks = self._at(entries) if when is When.AT else self._between(entries)
            claims = self._claims(entries)
        else:
            first = self._timeline.ticks - 1 if when is When.FINALLY else 0
            ticks = (first, self._timeline.ticks - 1)
            claims = self._whole(entries, when)
        if ticks is None or not claims:
            return None
        line, column = self._reporter.source.place(item.span.start)
        return Expectation(
            line=line,
            column=column,
            source_line=self._reporter.source.line(line).strip(),
            when=when,
            first=ticks[0],
            last=ticks[1],
            claims=tuple(claims),
        )

    def _at(self, entries: Entries) -> tuple[int, int] | None:
        text = entries.get(Expect.at)
        tick = None if text is None else self._tick(text)
        return None if tick is None else (tick, tick)

    def _between(self, entries: Entries) -> tuple[int, int] | None:
        items = entries.get(Expect.between) or ()
        if len(items) != 2:
            span = entries.value_span(Expect.between)
            self._reporter.report(Code.NOT_A_TICK, span, "between takes two times", "write between: [0s, 5m]")
            return None
        first, last = self._tick(items[0].value), self._tick(items[1].value)
        if first is None or last is None:
            return None
        if last < first:
            span = entries.value_span(Expect.between)
            help_ = f"write [{items[1].value.value}, {items[0].value.value}]"
            self._reporter.report(Code.NOT_A_TICK, span, "between ends before it starts", help_)
            return None
        return first, last

    def _tick(self, text: Scalar) -> int | None:
        every, timeline = self._timeline.every_s, self._timeline
        seconds = in_seconds(text.value)
        if seconds is None:
            message = f"{quoted(text.value)} is not a time since the start"
            self._reporter.report(Code.NOT_A_TICK, text.span, message, seconds_hint(text.value))
            return None
        if seconds > timeline.end_s:
            message = f"the test ends at {in_words(timeline.end_s)}"
            help_ = f"write {in_words(timeline.end_s)} or less, or a longer for:"
            if timeline.ticks >= MOST_TICKS:
                help_ = f"a test has at most {MOST_TICKS} ticks"
            self._reporter.report(Code.NOT_A_TICK, text.span, message, help_)
            return None
        if seconds % every:
            before = seconds // every * every
            help_ = f"the ticks next to it are at {in_words(before)} and {in_words(before + every)}"
            message = f"{text.value} is no tick: the test decides every {in_words(every)}"
            self._reporter.report(Code.NOT_A_TICK, text.span, message, help_)
            return None
        return int(seconds // every)

    def _claims(self, entries: Entries) -> list[Claim] | None:
        written = [key for key in _CLAIMS if entries.has(key)]
        if not written:
            if not entries.has_unknown:
                help_ = "add change, slots, wanted, agent with limit, rule with verdict, or because"
                self._reporter.report(Code.NO_CLAIM, entries.span, "the expectation expects nothing", help_)
            return None
        claims: list[Claim] = []
        for stage, key in _SLOTS.items():
            slots = entries.get(key)
            if slots is not None:
                claims.append(SlotsAre(stage, slots))
        found = (self._change(entries), self._limit(entries), self._verdict(entries), self._because(entries))
        claims += [claim for claim in found if claim is not None]
        return claims

    def _change(self, entries: Entries) -> Change | None:
        text = entries.get(Expect.change)
        if text is None:
            return None
        kind = next((kind for kind in ChangeKind if kind.value == text.value), None)
        if kind is not None:
            return Change(kind)
        if re.fullmatch("[0-9]{1,6}", text.value):
            return Change(int(text.value))
        words = [kind.value for kind in ChangeKind]
        help_ = f"write {joined(words)}, or how many agents change"
        self._reporter.report(Code.NOT_A_CHOICE, text.span, f"change can't be {quoted(text.value)}", help_)
        return None

    def _limit(self, entries: Entries) -> AgentLimit | None:
        agent, limit = entries.get(Expect.agent), entries.get(Expect.limit)
        if entries.has(Expect.limit) and not entries.has(Expect.agent):
            help_ = 'write agent: as well, or always: "agent.limit <= 6" for all of them'
            self._reporter.report(Code.NO_CLAIM, entries.key_span(Expect.limit), "limit of whom?", help_)
        if agent is None:
            return None
        if agent not in self._cast.ids:
            span = entries.value_span(Expect.agent)
            there = f"{self._cast.ids[0]} to {self._cast.ids[-1]}" if len(self._cast.ids) else "nobody"
            message = f"agent {agent} is not among the test's agents"
            self._reporter.report(Code.UNKNOWN_SUBJECT, span, message, f"agents: gives {there}")
            return None
        if not entries.has(Expect.limit) and not entries.has(Expect.because):
            help_ = "add limit: or because:"
            self._reporter.report(Code.NO_CLAIM, entries.key_span(Expect.agent), "nothing is said of the agent", help_)
        return None if limit is None else AgentLimit(agent, limit)

    def _verdict(self, entries: Entries) -> RuleVerdict | None:
        rule, text = entries.get(Expect.rule), entries.get(Expect.verdict)
        if entries.has(Expect.rule) != entries.has(Expect.verdict):
            has_rule = entries.has(Expect.rule)
            key = Expect.rule if has_rule else Expect.verdict
            help_ = "add verdict: true, false, unknown or waiting" if has_rule else "add rule: and its name"
            self._reporter.report(Code.NO_CLAIM, entries.key_span(key), "rule and verdict belong together", help_)
        if rule is None or text is None:
            return None
        known = [one.name for one in self._group.rules]
        kind = next((kind for kind in VerdictKind if kind.value == text.value), None)
        if rule not in known:
            close = did_you_mean(rule, known)
            help_ = f"did you mean {quoted(close)}?" if close else f"there are {joined(known, 'and')}"
            span = entries.value_span(Expect.rule)
            self._reporter.report(Code.UNKNOWN_SUBJECT, span, f"there is no rule {quoted(rule)}", help_)
            return None
        if kind is None:
            help_ = f"write {joined(kind.value for kind in VerdictKind)}"
            self._reporter.report(Code.NOT_A_CHOICE, text.span, f"no rule stands {quoted(text.value)}", help_)
            return None
        return RuleVerdict(rule, kind)

    def _because(self, entries: Entries) -> Because | None:
        words = entries.get(Expect.because)
        return None if words is None else Because(words, entries.get(Expect.agent))

    def _whole(self, entries: Entries, when: When) -> list[Claim] | None:
        text: Scalar | None = entries.get(_SCOPES[when])
        others = [key for key in _CLAIMS if entries.has(key)]
        if others:
            message = f"{when.value} stands alone, without {others[0].name}"
            help_ = "make an expectation of each"
            self._reporter.report(Code.NO_CLAIM, entries.key_span(others[0]), message, help_)
            return None
        if text is None:
            return None
        if when is When.ALWAYS and (match := _AT_MOST.fullmatch(text.value.strip())):
            period_s = in_seconds(match[3])
            if not period_s:
                message = f"{quoted(match[3])} is not a duration above 0"
                self._reporter.report(Code.NOT_A_DURATION, text.span, message, seconds_hint(match[3]))
                return None
            return [AtMost(int(match[1]), match[2].startswith("call"), period_s)]
        if text.value.strip().startswith("at most"):
            help_ = "write always: at most 12 changes per 1m, or at most 12 calls per 1m"
            self._reporter.report(Code.NO_CLAIM, text.span, f"{quoted(text.value)} can't be read", help_)
            return None
        expression = compile_condition(text, self._vocabulary, self._reporter)
        return None if expression is None else [Holds(expression, text.value.strip(), when is not When.NEVER)]
