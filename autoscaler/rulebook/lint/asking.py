"""What a group's rules ask for at a made-up moment: the winner, as `core.proposals` and `core.arbitration` settle it.

Rules with windows of their own that nobody asked about are taken to be outside them, since a moment outside exists.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from autoscaler.core.book import Amount, AmountKind, Direction, Group, Limits, Mode, Per, Rule, Smoothing
from autoscaler.core.evaluation import judge
from autoscaler.core.proposals import amount_in_slots, step_in_slots
from autoscaler.core.stability import raise_limit, shrink_limit
from autoscaler.core.tracking import Tolerance, from_total, per_unit
from autoscaler.rulebook.lint.moment import Moment
from autoscaler.rulebook.lint.subjects import Move

__all__ = ["Asking"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ask:
    rule: Rule
    step: int | None
    units: int


class Asking:
    """Judges moments of one group."""

    def __init__(self, group: Group, asked: Sequence[Rule], limits: Limits) -> None:
        """Judge for agents of `group` with these limits; the windows of the rules in `asked` are open."""
        self._group = group
        self._limits = limits
        names = {rule.name for rule in asked}
        self._rules = [
            rule for rule in group.rules if rule.mode is Mode.ENFORCE and (rule.name in names or not rule.at)
        ]

    def wins(self, move: Move, now: Moment, before: Moment | None) -> int:
        """Units by which `move` changes slots (or one agent's limit) if it is what happens at `now`; 0 when it is not.

        Args:
            move: A raise or a lower.
            now: The moment.
            before: The moment one decision earlier, since which everything has been as it is now but for limits; None
                when `now` has lasted.
        """
        asks: list[_Ask] = []
        way = Direction.RAISE if move.is_raise else Direction.LOWER
        for rule in self._rules:
            if not self._in_force(rule, now, before):
                continue
            if rule.hold in {way, Direction.BOTH} or self._bounds(rule):
                return 0
            asks += self._asks(rule, now)
        mine = [ask for ask in asks if ask.rule.per_agent is move.subject.rule.per_agent]
        if len(mine) < len(asks):
            return 0  # somebody else moves as well
        raises = [ask for ask in asks if ask.units > 0]
        best = max(raises or asks, key=lambda ask: ask.units, default=None)
        if best is None or best.rule is not move.subject.rule or best.step != move.step:
            return 0
        return self._allowed(best.units, now, is_agent=best.rule.per_agent) if (best.units > 0) is move.is_raise else 0

    def asks(self, move: Move, now: Moment) -> bool:
        """Whether `move` would change anything at `now`, were its rule alone and its `for` over."""
        return now.grants(move) and self.units(move, now) != 0

    def units(self, move: Move, now: Moment) -> int:
        """Units by which `move` would change slots, whatever its condition says."""
        rule = move.subject.rule
        if move.amount is not None:
            units = self._units(rule, move.amount, now) * (1 if move.is_raise else -1)
        else:
            units = self._set(rule, now) if rule.set_to is not None else self._tracked(rule, now)
            units = max(units, 0) if move.is_raise else min(units, 0)
        return self._allowed(units, now, is_agent=rule.per_agent)

    def _in_force(self, rule: Rule, now: Moment, before: Moment | None) -> bool:
        stays = rule.until is None or now.denies(rule.until)
        held = now.says(rule.when)
        if before is None:
            return held and stays
        was = before.says(rule.when) and (rule.until is None or before.denies(rule.until))
        if held:
            return stays and (was or before.says(rule.when) or rule.for_s == 0)
        return was and (stays if rule.until is not None else rule.keep_for_s > self._group.every_s)

    def _bounds(self, rule: Rule) -> bool:
        """Whether a rule in force leaves less room than the group's own limits."""
        limits = self._limits
        is_capped = rule.cap is not None and rule.cap < limits.ceiling
        return is_capped or (rule.floor is not None and rule.floor > limits.floor)

    def _asks(self, rule: Rule, now: Moment) -> list[_Ask]:
        found = [
            _Ask(rule=rule, step=None, units=sign * self._units(rule, amount, now))
            for amount, sign in ((rule.raise_by, 1), (rule.lower_by, -1))
            if amount is not None
        ]
        matching = [index for index, step in enumerate(rule.steps) if judge(step.when, now).yes]
        if matching:
            step = rule.steps[matching[-1]]
            for amount, sign in ((step.raise_by, 1), (step.lower_by, -1)):
                if amount is not None:
                    units = sign * self._units(rule, amount, now)
                    found.append(_Ask(rule=rule, step=matching[-1], units=units))
        if rule.set_to is not None:
            found.append(_Ask(rule=rule, step=None, units=self._set(rule, now)))
        if rule.track is not None:
            found.append(_Ask(rule=rule, step=None, units=self._tracked(rule, now)))
        return [ask for ask in found if ask.units]

    def _units(self, rule: Rule, amount: Amount, now: Moment) -> int:
        if rule.per_agent:
            return int(amount.value)
        in_slots = step_in_slots if rule.steps else amount_in_slots
        return in_slots(amount, slots=now.slots, counted=now.agents)

    def _set(self, rule: Rule, now: Moment) -> int:
        wanted = rule.set_to
        assert wanted is not None
        here, count = (now.limit, 1) if rule.per_agent else (now.slots, now.agents)
        return int(wanted.value) * (count if wanted.kind is AmountKind.EACH else 1) - here

    def _tracked(self, rule: Rule, now: Moment) -> int:
        track = rule.track
        assert track is not None
        reading = now.number(track.input)
        total = reading / now.agents if track.per is Per.AGENT else reading
        if math.isnan(total):
            return 0
        tolerance = Tolerance(down=track.tolerance_down, up=track.tolerance_up)
        if track.per is Per.SLOT:
            return per_unit(now.slots, total, track.target, tolerance) - now.slots
        return from_total(now.slots, now.slots, total, track.target, tolerance) - now.slots

    def _allowed(self, units: int, now: Moment, *, is_agent: bool) -> int:
        """What bounds, rates and budgets leave of a move when no budget has been touched yet."""
        group, up = self._group, units > 0
        limits, each = self._limits, group.stability.each
        budget = each.raise_by if up else each.lower_by
        most = budget[0] if budget else 60
        if is_agent:
            room = limits.ceiling - now.limit if up else now.limit - limits.floor
            left = min(abs(units), most, room)
        else:
            room = limits.ceiling * now.agents - now.slots if up else now.slots - limits.floor * now.agents
            movable = math.ceil(round(group.safety.agents_per_tick * now.agents, 9))
            calls = group.safety.calls_per_minute
            movable = movable if calls is None else min(movable, calls)
            left = min(abs(units), room, movable * min(most, limits.ceiling - limits.floor))
            left = min(left, _rated(now.slots, group.stability.raises if up else group.stability.lowers, up=up))
        return max(left, 0) if up else -max(left, 0)


def _rated(slots: int, smoothing: Smoothing, *, up: bool) -> int:
    """The most units the rates allow from rest."""
    if not smoothing.at_most:
        return 60 * slots
    if up:
        return int(raise_limit(slots, smoothing, (), (), at=0.0)) - slots
    return slots - int(shrink_limit(slots, smoothing, (), (), at=0.0))
