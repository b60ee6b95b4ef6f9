"""How a file writes a slowdown, and the curve it means: one for the whole day, or a list of them by time of day."""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import Enum
from typing import Any, assert_never

import numpy as np

from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.grammar import Entries, Item, Key, Kind, Section, list_of, section
from autoscaler.rulebook.nodes import Items, Node, Scalar
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.scalars import choice
from autoscaler.rulebook.source import Span
from autoscaler.rulebook.suggestions import joined, quoted
from autoscaler.simulation.scenario.model import MOST_CHATS, Curve
from autoscaler.simulation.scenario.notation import number, number_or_duration, time_of_day
from autoscaler.simulation.slowdown import Measured, Power, Slowdown, TakingTurns, UniversalScalability, factor

__all__ = ["CurveKind", "curve", "slowdown"]


class CurveKind(Enum):
    """The words of `kind`."""

    LINEAR = "linear"
    PS = "ps"
    POWER = "power"
    USL = "usl"
    MVA = "mva"
    TABLE = "table"


_WORDS = {kind.value: kind for kind in CurveKind}


class _Keys:
    """Keys of a slowdown."""

    kind = Key(name="kind", kind=choice("kind", _WORDS), about=joined(_WORDS), required=True)
    alpha = Key(name="alpha", kind=number("alpha", -2, 2), about="of power: j chats get j^alpha done")
    sigma = Key(name="sigma", kind=number("sigma", -1, 10), about="of usl: contention")
    kappa = Key(name="kappa", kind=number("kappa", -1, 10), about="of usl: what makes it turn down")
    work = Key(name="work", kind=number_or_duration("work"), about="of mva: the agent's time for one reply")
    think = Key(name="think", kind=number_or_duration("think"), about="of mva: the customer's time for one reply")
    factors = Key(
        name="factors",
        kind=list_of(number("a factor", -1_000, 1_000), "factors", most=MOST_CHATS),
        about="of table: total rate at 1, 2, 3… chats",
    )
    speed = Key(
        name="speed", kind=number("speed", 0, 100, above=True), about="a further factor on every rate, default 1"
    )
    from_ = Key(name="from", kind=time_of_day(), about='time of day from which it holds, such as "12:00"')


_SLOWDOWN = Section(
    noun="a slowdown",
    keys=(
        _Keys.kind,
        _Keys.alpha,
        _Keys.sigma,
        _Keys.kappa,
        _Keys.work,
        _Keys.think,
        _Keys.factors,
        _Keys.speed,
        _Keys.from_,
    ),
)
_ONE = section(_SLOWDOWN)
_SEVERAL = list_of(_ONE, "slowdowns of a day", most=200)
_OWN: dict[CurveKind, tuple[Key[Any], ...]] = {
    CurveKind.LINEAR: (),
    CurveKind.PS: (),
    CurveKind.POWER: (_Keys.alpha,),
    CurveKind.USL: (_Keys.sigma, _Keys.kappa),
    CurveKind.MVA: (_Keys.work, _Keys.think),
    CurveKind.TABLE: (_Keys.factors,),
}
_PARAMETERS = {key for keys in _OWN.values() for key in keys}


def slowdown() -> Kind[tuple[Curve, ...]]:
    """One curve, or several with `from`, sorted by it."""

    def read(node: Node, reporter: Reporter) -> tuple[Curve, ...] | None:
        if isinstance(node, Items):
            items = _SEVERAL.read(node, reporter)
            return None if items is None else _day(items, len(node.nodes), node.span, reporter)
        if isinstance(node, Scalar) and node.value in {CurveKind.LINEAR.value, CurveKind.PS.value}:
            return (curve(Power(alpha=float(node.value == CurveKind.LINEAR.value))),)
        entries = _ONE.read(node, reporter)
        built = None if entries is None else _curve(entries, reporter)
        return None if built is None else (built,)

    return Kind(read, {"anyOf": [_ONE.schema, _SEVERAL.schema, {"enum": ["linear", "ps"]}]})


def curve(shape: Slowdown, *, speed: float = 1.0, from_s: float = 0.0) -> Curve:
    """The curve of a shape that is above 0 everywhere, each factor times `speed`."""
    factors = np.array([factor(shape, chats) for chats in range(1, MOST_CHATS + 1)])
    return Curve(from_s=from_s, factors=factors * speed, shape=shape)


def _day(items: Iterable[Item[Entries]], written: int, span: Span, reporter: Reporter) -> tuple[Curve, ...] | None:
    found: dict[float, Curve] = {}
    for item in items:
        entries = item.value
        if not entries.has(_Keys.from_) and not entries.has_unknown:
            message = "a slowdown in a list says from when it holds"
            reporter.report(
                Code.MISSING_KEY, entries.span, message, 'add from: "12:00"; before the first, the first holds'
            )
        built = _curve(entries, reporter)
        if built is None:
            continue
        if entries.has(_Keys.from_) and entries.get(_Keys.from_) is None:
            continue
        if built.from_s in found and entries.has(_Keys.from_):
            message = "two slowdowns hold from the same time of day"
            reporter.report(Code.CONFLICT, entries.value_span(_Keys.from_), message, "keep one of them")
        found[built.from_s] = built
    if not written:
        reporter.report(Code.WRONG_SHAPE, span, "the list of slowdowns is empty", "write one, such as {kind: linear}")
    return tuple(found[from_s] for from_s in sorted(found)) if len(found) == written and found else None


def _curve(entries: Entries, reporter: Reporter) -> Curve | None:
    kind = entries.get(_Keys.kind)
    if kind is None:
        return None
    own = _OWN[kind]
    for key in _SLOWDOWN.keys:
        if key in _PARAMETERS and key not in own and entries.has(key):
            help_ = f"its keys are {joined([one.name for one in own], 'and')}" if own else "take it out"
            message = f"{quoted(key.name)} is no key of {kind.value}"
            reporter.report(Code.CONFLICT, entries.key_span(key), message, help_)
    missing = [key for key in own if not entries.has(key)]
    for key in missing:
        if not entries.has_unknown:
            message = f"{kind.value} needs {quoted(key.name)}"
            reporter.report(Code.MISSING_KEY, entries.value_span(_Keys.kind), message, f"add {key.name}: {key.about}")
    if any(entries.get(key) is None for key in own):
        return None
    shape = _shape(kind, entries)
    if not _is_above_zero(shape, entries, reporter):
        return None
    speed, from_s = entries.get(_Keys.speed), entries.get(_Keys.from_)
    return curve(shape, speed=1.0 if speed is None else speed, from_s=from_s or 0.0)


def _shape(kind: CurveKind, entries: Entries) -> Slowdown:
    def value(key: Key[float]) -> float:
        found = entries.get(key)
        assert found is not None
        return found

    def time(key: Key[tuple[float, bool]]) -> float:
        found = entries.get(key)
        assert found is not None
        return found[0]

    match kind:
        case CurveKind.LINEAR:
            return Power(alpha=1.0)
        case CurveKind.PS:
            return Power(alpha=0.0)
        case CurveKind.POWER:
            return Power(alpha=value(_Keys.alpha))
        case CurveKind.USL:
            return UniversalScalability(sigma=value(_Keys.sigma), kappa=value(_Keys.kappa))
        case CurveKind.MVA:
            return TakingTurns(work_s=time(_Keys.work), think_s=time(_Keys.think))
        case CurveKind.TABLE:
            return Measured(factors=tuple(item.value for item in entries.get(_Keys.factors) or ()))
        case _:
            assert_never(kind)


def _is_above_zero(shape: Slowdown, entries: Entries, reporter: Reporter) -> bool:
    """Whether work goes on however many chats there are; says where it doesn't."""
    match shape:
        case UniversalScalability(sigma=sigma, kappa=kappa):
            slowing = [1 + sigma * (j - 1) + kappa * j * (j - 1) for j in range(1, MOST_CHATS + 1)]
            wrong = next((j for j, divisor in enumerate(slowing, 1) if not divisor > 1e-9), None)
            if wrong is not None:
                message = f"with sigma {sigma:g} and kappa {kappa:g}, the factor of {wrong} chats is not above 0"
                help_ = "1 + sigma (j - 1) + kappa j (j - 1) must be above 0 up to 60 chats; take neither below 0"
                reporter.report(Code.NO_CURVE, entries.value_span(_Keys.kappa), message, help_)
            return wrong is None
        case TakingTurns(work_s=work_s):
            work, think = entries.get(_Keys.work), entries.get(_Keys.think)
            if work is not None and think is not None and work[1] != think[1]:
                message = "one of work and think is a duration, the other a number"
                help_ = "write both as durations, or both as numbers; only their ratio matters"
                reporter.report(Code.CONFLICT, entries.value_span(_Keys.think), message, help_)
            if not work_s > 0:
                message = "the agent needs no time for a reply"
                help_ = "write a work above 0, or kind: linear"
                reporter.report(Code.NO_CURVE, entries.value_span(_Keys.work), message, help_)
            return work_s > 0
        case Measured():
            items = entries.get(_Keys.factors) or ()
            for place, item in enumerate(items, 1):
                if not (item.value > 0 and math.isfinite(item.value)):
                    message = f"the factor of {place} {'chat' if place == 1 else 'chats'} is {item.value:g}"
                    help_ = "write a number above 0; a chat must end some time"
                    reporter.report(Code.NO_CURVE, item.span, message, help_)
            if not items:
                help_ = "write the factors of 1, 2, 3… chats, such as [1, 1.7, 2.5]"
                reporter.report(Code.NO_CURVE, entries.value_span(_Keys.factors), "the table is empty", help_)
            return bool(items) and all(item.value > 0 for item in items)
        case Power():
            return True
        case _:
            assert_never(shape)
