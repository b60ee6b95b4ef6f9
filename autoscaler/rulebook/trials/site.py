"""The site a test plays: its series become snapshots, its gateway takes calls or does not.

Time goes forward one tick at a call of `snapshot`; what was sent in a tick is answered before the next one, or later.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta

import numpy as np

from autoscaler.core.book import Rulebook
from autoscaler.core.engine import decide
from autoscaler.core.memory import Memory
from autoscaler.core.plan import Calls, Stage
from autoscaler.core.readings import (
    ANY_MEDIA,
    Agents,
    AgentState,
    Floats,
    Input,
    Overrides,
    Pause,
    Pin,
    Queues,
    Snapshot,
)
from autoscaler.rulebook.trials.trial import ASSUMED, AnswerKind, OrderKind, Quantity, Sample, Series, Trial

__all__ = ["Site", "at_tick"]


class Site:
    """One test's site."""

    def __init__(self, trial: Trial, book: Rulebook) -> None:
        """Set the site up as it is before the first tick."""
        cast = trial.cast
        self._trial = trial
        self._there = np.ones(len(cast.ids), np.bool_)
        self._state = cast.state.copy()
        self._state_since = -cast.state_for_s
        self._signed_in_since = -cast.signed_in_for_s
        self._confirmed = np.full(len(cast.ids), np.nan)
        self._late: list[tuple[float, int, float]] = []
        # of whom the test says no limit, that is the baseline, which the decision knows best
        first = decide(book, self._snapshot(0, cast.load, np.zeros(len(cast.ids))), Memory(), trial.start).groups[0]
        baseline = np.ones(len(cast.ids))
        baseline[np.searchsorted(cast.ids, first.ids)] = first.limits[Stage.OBSERVED]
        self._confirmed = np.where(cast.limit == ASSUMED, baseline, cast.limit)

    def snapshot(self, tick: int) -> Snapshot:
        """What is seen at a tick; ticks come in order, each once."""
        now = tick * self._trial.every_s
        self._arrive(now)
        problem = self._sign_in(tick, now)
        load, state, age = self._agents(tick)
        self._change_state(state, now)
        return self._snapshot(tick, load, age, problem)

    def send(self, calls: Calls, tick: int) -> None:
        """Take a tick's calls."""
        now = tick * self._trial.every_s
        rows = np.searchsorted(self._trial.cast.ids, calls.agents)
        answers = [(self._trial.cast.rows(ids), series.at(tick)) for ids, series in self._trial.answers]
        for row, limit in zip(rows.tolist(), calls.callnums.tolist(), strict=True):
            answer = next((one for where, one in reversed(answers) if where.start <= row < where.stop), None)
            kind = AnswerKind.APPLIED if answer is None else answer.kind
            if kind is AnswerKind.APPLIED:
                self._late.append((now + (0.0 if answer is None else answer.delay_s), row, float(limit)))
            elif kind is AnswerKind.UNKNOWN:
                self._late.append((now, row, math.nan))

    def _arrive(self, now: float) -> None:
        for due, row, limit in self._late:
            if due <= now:
                self._confirmed[row] = limit
        self._late = [late for late in self._late if late[0] > now]

    def _sign_in(self, tick: int, now: float) -> str:
        """Bring the roster up to date; why it is not known, "" when it is."""
        if self._trial.roster is None:
            return ""
        sample = self._trial.roster.at(tick)
        if math.isnan(sample.value) or not sample.age_s <= 0:
            return "the test says that it is not known"
        there = np.arange(len(self._there)) < sample.value
        self._new_session(there & ~self._there, now)
        self._there = there
        self._late = [late for late in self._late if there[late[1]]]
        return ""

    def _new_session(self, who: np.ndarray[tuple[int], np.dtype[np.bool_]], now: float) -> None:
        self._signed_in_since[who] = now
        self._state_since[who] = now
        self._confirmed[who] = np.nan  # nobody has set a limit in this session

    def _agents(self, tick: int) -> tuple[Floats, Floats, Floats]:
        """Loads, states (NaN unknown) and ages of the readings."""
        load, state = self._trial.cast.load.copy(), self._trial.cast.state.copy()
        ages = {quantity: np.zeros(len(load)) for quantity in Quantity}
        for quantity, ids, series in self._trial.agents:
            rows, sample = self._trial.cast.rows(ids), series.at(tick)
            (load if quantity is Quantity.LOAD else state)[rows] = sample.value
            ages[quantity][rows] = sample.age_s
        # an agent's readings come together; NaN, an error, is handed on
        return load, state, np.maximum(ages[Quantity.LOAD], ages[Quantity.STATE])

    def _change_state(self, state: Floats, now: float) -> None:
        changed = self._there & (np.nan_to_num(state, nan=-1.0) != np.nan_to_num(self._state, nan=-1.0))
        back = changed & (self._state == AgentState.SIGNED_OUT)
        self._state_since[changed] = now
        self._new_session(back, now)
        self._state = np.where(self._there, state, self._state)

    def _snapshot(self, tick: int, load: Floats, age: Floats, problem: str = "") -> Snapshot:
        now = tick * self._trial.every_s
        inputs = {name: _reading(series.at(tick)) for name, series in self._trial.inputs.items()}
        return Snapshot(
            queues=_queues(self._trial.queues, tick),
            agents=Agents.none() if problem else self._seen(load, age, now),
            inputs=inputs,
            overrides=self._overrides(now),
            roster_problem=problem,
        )

    def _seen(self, load: Floats, age: Floats, now: float) -> Agents:
        there = self._there
        n = int(there.sum())
        return Agents(
            ids=self._trial.cast.ids[there],
            load={ANY_MEDIA: load[there]},
            limit={ANY_MEDIA: self._confirmed[there]},
            state=np.nan_to_num(self._state[there], nan=-1.0).astype(np.int8),
            # nobody who does not know a state knows for how long
            state_for_s=np.where(np.isnan(self._state), np.nan, now - self._state_since)[there],
            signed_in_for_s=(now - self._signed_in_since)[there],
            age_s=age[there],
            queue_ids=np.empty(0, np.int64),
            queue_offsets=np.zeros(n + 1, np.int64),
            queues_known=np.zeros(n, np.bool_),
        )

    def _overrides(self, now: float) -> Overrides:
        orders = [order for order in self._trial.orders if order.from_s <= now < order.until_s]
        words = "ordered by the test"
        return Overrides(
            frozen=any(order.kind is OrderKind.FREEZE for order in orders),
            pauses=tuple(
                Pause(group=None, until=None, reason=words, by="test")
                for order in orders
                if order.kind is OrderKind.PAUSE
            ),
            pins=tuple(
                Pin(agent=order.agent, media_type=ANY_MEDIA, limit=order.limit, until=None, reason=words, by="test")
                for order in orders
                if order.kind is OrderKind.PIN
            ),
        )


def at_tick(trial: Trial, tick: int) -> datetime:
    """Aware UTC of a tick."""
    return trial.start + timedelta(seconds=tick * trial.every_s)


def _reading(sample: Sample) -> Input:
    return Input(value=sample.value, age_s=sample.age_s)


def _queues(series: Mapping[tuple[int, str], Series[Sample]], tick: int) -> Queues:
    ids = sorted({queue for queue, _ in series})
    age = np.zeros(len(ids))

    def column(name: str) -> Floats:
        values = np.full(len(ids), np.nan)
        for row, queue in enumerate(ids):
            one = series.get((queue, name))
            if one is not None:
                sample = one.at(tick)
                values[row] = sample.value
                age[row] = np.maximum(age[row], sample.age_s)  # a queue's readings come together
        return values

    waiting, oldest, arrivals, abandoned = (
        column(name) for name in ("waiting", "oldest_wait_s", "arrivals_per_minute", "abandoned_per_minute")
    )
    return Queues(
        ids=np.array(ids, np.int64),
        waiting=waiting,
        oldest_wait_s=oldest,
        arrivals_per_minute=arrivals,
        abandoned_per_minute=abandoned,
        age_s=age,
    )
