"""Which rules and parts of conditions the tests of a rule file exercised: true, false, unknown, acted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from autoscaler.core.book import Mode, Rule, Rulebook
from autoscaler.core.plan import GroupPlan
from autoscaler.core.verdicts import Verdict, VerdictKind
from autoscaler.rulebook.trials.branches import Branch, RuleParts, parts_of
from autoscaler.rulebook.trials.judging import Moment
from autoscaler.rulebook.trials.probing import Probes, false_of, is_false_of_any, is_true_of_any

__all__ = ["Coverage", "Gap", "Seen"]


@dataclass(slots=True)
class Seen:
    """What was seen of one rule or branch."""

    yes: bool = False
    no: bool = False
    unknown: bool = False
    acted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something that no test exercised, and where it stands."""

    line: int
    column: int
    sentence: str


@dataclass(slots=True)
class _Tally:
    parts: RuleParts
    own: Seen = field(default_factory=Seen)
    branches: list[Seen] = field(default_factory=list)


class Coverage:
    """Of one rule file, over any number of tests."""

    def __init__(self, path: str, text: str, book: Rulebook) -> None:
        """Look at the one group of `book`, made from `text`."""
        self.path = path
        (group,) = book.groups
        self._tallies = [
            _Tally(parts, branches=[Seen() for _ in parts.branches]) for parts in parts_of(path, text, group)
        ]
        branches = [branch for tally in self._tallies for branch in tally.parts.branches]
        self._probes = Probes(book, [branch.expression for branch in branches])

    def watch(self, moment: Moment) -> None:
        """Note one tick."""
        # a goal's verdict comes last and has no tally
        for tally, verdict in zip(self._tallies, moment.plan.verdicts, strict=False):
            _note(tally.own, verdict)
        for index, tally in enumerate(self._tallies):
            tally.own.acted |= _acted(tally.parts.rule, index, moment.plan)
        seen = [one for tally in self._tallies for one in tally.branches]
        for one, probe in zip(seen, self._probes.judge(moment.snapshot, moment.before, moment.at), strict=True):
            one.yes |= is_true_of_any(probe)
            one.no |= is_false_of_any(probe)
            one.unknown |= probe.kind is VerdictKind.UNKNOWN

    @property
    def rules(self) -> list[tuple[RuleParts, Seen, list[tuple[Branch, Seen]]]]:
        """Every rule with its branches, in the file's order."""
        return [
            (tally.parts, tally.own, list(zip(tally.parts.branches, tally.branches, strict=True)))
            for tally in self._tallies
        ]

    @property
    def points(self) -> tuple[int, int]:
        """How many of the things that can be exercised were, and how many there are."""
        total = sum(1 for tally in self._tallies for _ in _wanted(tally))
        return total - sum(1 for _ in self.gaps), total

    @property
    def gaps(self) -> Iterator[Gap]:
        """What no test exercised, in the file's order."""
        for tally in self._tallies:
            for is_seen, gap in _wanted(tally):
                if not is_seen:
                    yield gap


def _wanted(tally: _Tally) -> Iterator[tuple[bool, Gap]]:
    """Everything of a rule that can be exercised, and whether it was."""
    rule, line = tally.parts.rule, tally.parts.line

    def gap(words: str) -> Gap:
        return Gap(line=line, column=tally.parts.column, sentence=f"rule {rule.name}: {words}")

    yield tally.own.yes, gap("never true")
    if rule.when is not None or rule.at:
        yield tally.own.no, gap("never false")
    if rule.mode is Mode.ENFORCE:
        yield tally.own.acted, gap(f"never {_deed(rule)}")
    for branch, seen in zip(tally.parts.branches, tally.branches, strict=True):
        for is_seen, word in ((seen.yes, "true"), (seen.no, "false")):
            yield is_seen, Gap(line=branch.line, column=branch.column, sentence=f"{branch.text}: never {word}")


def _note(seen: Seen, verdict: Verdict) -> None:
    if verdict.matched is None:
        seen.yes |= verdict.kind is VerdictKind.TRUE
        seen.no |= verdict.kind is VerdictKind.FALSE
        seen.unknown |= verdict.kind is VerdictKind.UNKNOWN
        return
    assert verdict.unknown is not None
    seen.yes |= bool(verdict.matched.any())
    seen.unknown |= bool(verdict.unknown.any())
    # whoever waits for a `for` is neither matched nor unknown, so only a rule without one tells agents apart
    if len(verdict.matched):
        seen.no |= verdict.kind is VerdictKind.FALSE or (not verdict.rule.for_s and bool(false_of(verdict).any()))


def _acted(rule: Rule, index: int, plan: GroupPlan) -> bool:
    if _moves(rule):
        return bool((plan.rule[plan.changed] == index).any())
    if any(bool((column == index).any()) for column in plan.said_by.values()):
        return True
    return any(f"'{rule.name}'" in sentence for sentence in plan.held)


def _moves(rule: Rule) -> bool:
    amounts = (rule.raise_by, rule.lower_by, rule.set_to, rule.track)
    return bool(rule.steps) or any(amount is not None for amount in amounts)


def _deed(rule: Rule) -> str:
    if _moves(rule):
        return "moved a limit"
    return "vetoed anything" if rule.hold is not None else "bounded anybody"
