"""The names an expression may use, valued for one group at one tick.

Values are worked out when first asked for and kept for the tick; what rests on a stale or missing reading is NaN.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from autoscaler.core.book import Group
from autoscaler.core.evaluation import Number, measure
from autoscaler.core.expressions import Expression, Name, OverTime, Scope, TimeFunction, names_in, over_time_in
from autoscaler.core.forecasting import Forecast, forecast, observed, unknown
from autoscaler.core.foretelling import outlook_of, told
from autoscaler.core.outlooks import Outlook
from autoscaler.core.printing import in_text
from autoscaler.core.readings import AgentState, Floats, Input, Queues, Snapshot
from autoscaler.core.series import Series, key_of, known_over, sampled
from autoscaler.core.team import Team

__all__ = ["GroupView"]

_NO_TIER = -1.0


class GroupView:
    """`evaluation.View` of one group."""

    def __init__(
        self,
        group: Group,
        snapshot: Snapshot,
        team: Team,
        above_since: Floats,
        past: Mapping[str, Series],
        outlooks: Mapping[str, Outlook],
        *,
        at: float,
    ) -> None:
        """Look at a group.

        Args:
            group: Whose names.
            snapshot: What was seen.
            team: The group's agents.
            above_since: Since when each agent is above baseline, POSIX seconds, NaN not known, shape (n,).
            past: Recent past of values, as remembered.
            outlooks: What is known of values that are forecast, as remembered.
            at: Now, POSIX seconds.
        """
        self._group = group
        self._snapshot = snapshot
        self._team = team
        self._above_since = above_since
        self._kept: dict[Name, Number] = {}
        self._past = past
        self._at = at
        self.series: dict[str, Series] = {}
        """The past with this tick's samples, of the values asked for."""
        self._before = outlooks
        self.outlooks: dict[str, Outlook] = {}
        """The outlooks with this tick's readings, of the values asked for, by `in_text`."""
        self.forecasts: dict[OverTime, str] = {}
        """What was said of the forecasts that expressions asked for."""

    def value(self, name: Name) -> Number:
        kept = self._kept.get(name)
        if kept is not None:
            return kept
        match name.scope:
            case Scope.QUEUE:
                value: Number = self._queue(name.name, name.queue)
            case Scope.GROUP:
                value = self._group_wide(name.name)
            case Scope.AGENT:
                value = self._agent(name.name)
            case Scope.INPUT:
                value = self._input(name.name)
        self._kept[name] = value
        return value

    def code(self, name: Name, text: str) -> float:
        if name.name == "state":
            return float(AgentState[text.upper()])
        for index, tier in enumerate(self._group.tiers):
            if tier.name == text:
                return float(index)
        return _NO_TIER - 1  # no agent is in a tier nobody declared

    def over_time(self, expression: OverTime) -> float:
        if expression.function is TimeFunction.FORECAST:
            found = self.forecast(expression.argument, (expression.window_s,))
            self.forecasts[expression] = told(expression, found)
            return float(found.mean[0])
        key = key_of(expression)
        series = self.series.get(key)
        if series is None:
            value = measure(expression.argument, self)
            assert isinstance(value, float), "functions over time are of group-wide values"
            series = sampled(self._past.get(key, ()), value, at=self._at, window_s=expression.window_s)
            self.series[key] = series
        return known_over(expression, series, at=self._at, every_s=self._group.every_s)

    def forecast(self, argument: Expression, horizons_s: tuple[float, ...]) -> Forecast:
        """What a group-wide value will be; not known while its reading is missing.

        Args:
            argument: The value; asking observes it, once a tick.
            horizons_s: How far ahead, one or more, as `forecasting.forecast` takes them.
        """
        value = measure(argument, self)
        assert isinstance(value, float), "forecasts are of group-wide values"
        key = in_text(argument)
        outlook = self.outlooks.get(key)
        if outlook is None:
            outlook = observed(
                outlook_of(key, self._before.get(key), self._group.priors),
                value,
                at=self._at,
                calendar=self._group.calendar,
                every_s=self._group.every_s,
            )
            self.outlooks[key] = outlook
        found = forecast(outlook, horizons_s, at=self._at, calendar=self._group.calendar)
        return found if math.isfinite(value) else unknown(found)

    def unsure_of(self, expression: Expression) -> tuple[Name, ...]:
        """Names in `expression` whose recent past is not known, be it missing or not yet long enough."""
        return tuple(
            name
            for part in over_time_in(expression)
            if math.isnan(self.over_time(part))
            for name in names_in(part.argument)
        )

    def missing_of(self, expression: Expression) -> tuple[Name, ...]:
        """Group-wide names in `expression` whose value is not known for want of a reading.

        What a group without agents has no value for (0/0) is missing nothing.
        """
        nobody = not self._snapshot.roster_problem and not self._team.people
        return tuple(
            name
            for name in dict.fromkeys(names_in(expression))
            if not (nobody and name.scope is Scope.GROUP)
            and isinstance(value := self.value(name), float)
            and math.isnan(value)
        )

    @property
    def agents(self) -> int:
        """How many agents columns have a row for."""
        return len(self._team.ids)

    @property
    def slots(self) -> int:
        """Sum of the counted agents' limits in force."""
        return self._team.slots

    def _queue(self, name: str, one: int | None) -> float:
        queues = self._snapshot.queues
        wanted = self._group.queues if one is None else (one,)
        rows = _rows(queues, wanted)
        if name == "id":
            return float(wanted[0]) if len(wanted) == 1 else math.nan
        if rows is None or not (queues.age_s[rows] <= self._group.safety.max_age_s).all():
            return math.nan
        column: Floats = getattr(queues, {"oldest_wait": "oldest_wait_s"}.get(name, name))[rows]
        # a sum or maximum of a column that holds a NaN is NaN
        return float(column.max() if name == "oldest_wait" else column.sum())

    def _group_wide(self, name: str) -> float:
        if self._snapshot.roster_problem:
            return math.nan
        agents = float(self._team.people)
        match name:
            case "agents":
                return agents
            case "slots":
                return float(self.slots)
            case "mean_limit":
                return self.slots / agents if agents else math.nan
            case "waiting_per_agent":
                waiting = self.value(Name(Scope.QUEUE, "waiting"))
                return float(waiting) / agents if agents else math.nan
            case _:
                return self._of_known(name, agents)

    def _of_known(self, name: str, agents: float) -> float:
        """load, spare, occupancy and busy, over the agents whose load is known, if these are enough."""
        team = self._team
        known = team.counted if team.missing is None else team.counted & team.usable
        count = np.count_nonzero(known)
        if count < self._group.safety.quorum * agents or (agents and not count):
            return math.nan
        load = team.load[known]
        match name:
            case "load":
                return float(load.sum())
            case "spare":
                return float(np.maximum(team.force[known] - load, 0).sum())
            case "occupancy":
                return float(load.sum() / team.force[known].sum()) if count else math.nan
            case "busy":
                return float(np.count_nonzero(load >= 1) / count) if count else math.nan
            case _:
                raise KeyError(name)

    def _agent(self, name: str) -> Floats:
        team = self._team
        load = np.where(team.usable, team.load, np.nan)
        match name:
            case "id":
                return team.ids.astype(np.float64)
            case "tier":
                return team.tier.astype(np.float64)
            case "load":
                return load
            case "limit":
                return team.force.astype(np.float64)
            case "spare":
                return np.maximum(team.force - load, 0)
            case "occupancy":
                return load / team.force
            case "state":
                return np.where(team.fresh & (team.state >= 0), team.state, np.nan)
            case "state_for":
                return np.where(team.fresh, team.state_for_s, np.nan)
            case "signed_in_for":
                return np.where(team.fresh, team.signed_in_for_s, np.nan)
            case "above_baseline_for":
                above_for = np.where(team.force > team.baseline, self._at - self._above_since, 0.0)
                return np.fmax(above_for, 0.0)
            case _:
                raise KeyError(name)

    def _input(self, name: str) -> float:
        spec = next(spec for spec in self._group.inputs if spec.name == name)
        return _plausible(self._snapshot.inputs, name, spec.max_age_s, spec.between)


def _plausible(inputs: Mapping[str, Input], name: str, max_age_s: float, between: tuple[float, float] | None) -> float:
    reading = inputs.get(name)
    if reading is None or not reading.age_s <= max_age_s:
        return math.nan
    if between is not None and not between[0] <= reading.value <= between[1]:
        return math.nan
    return reading.value


def _rows(queues: Queues, wanted: tuple[int, ...]) -> list[int] | None:
    """Rows of `wanted`, or None when one is not there or none is wanted."""
    row_of = {queue: row for row, queue in enumerate(queues.ids.tolist())}
    try:
        return [row_of[one] for one in wanted] or None
    except KeyError:
        return None
