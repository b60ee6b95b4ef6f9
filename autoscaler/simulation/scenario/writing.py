"""Scenarios as YAML: reading what is written gives the same scenario."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import assert_never

import yaml

from autoscaler.core.printing import in_words
from autoscaler.simulation.scenario.model import AgentEntry, Arrivals, Curve, Scenario, Spread, Window
from autoscaler.simulation.slowdown import Measured, Power, TakingTurns, UniversalScalability

__all__ = ["to_yaml"]

COUNTS_A_LINE = 12


def to_yaml(scenario: Scenario) -> str:
    """The file a scenario could have been read from.

    A rate that never changes is written as one, any other arrivals as counts of their steps. All that a run depends
    on is kept to the last digit; `source` is not, for it says where the scenario came from.
    """
    gateway, cost = scenario.gateway, scenario.cost
    lines = [
        "version: 1",
        f"name: {_text(scenario.name)}",
        *([f"description: {_text(scenario.description)}"] if scenario.description else []),
        f"seed: {scenario.seed}",
        f"duration: {_duration(scenario.duration_s)}",
        f"warm_up: {_duration(scenario.warm_up_s)}",
        f'clock: "{scenario.clock:%Y-%m-%d %H:%M:%S}"',
        *_arrivals(scenario.arrivals),
        f"every: {_duration(scenario.every_s)}",
        "agents:",
        *(f"  - {{{', '.join(_agents(entry))}}}" for entry in scenario.agents),
        "service:",
        f"  solo_chat: {_duration(scenario.service.solo.mean_s)}",
        *(f"  {part}" for part in _distribution(scenario.service.solo)),
        *_service_curves(scenario.service.curves),
        f"patience: {_patience(scenario.patience)}",
        f"routing: {scenario.routing.value}",
        f"gateway: {{delay: {_duration(gateway.delay_s)}, failure: {_plain(Decimal(repr(gateway.failure)) * 100)}%}}",
        "cost:",
        f"  late_minute: {_number(cost.late_minute)}",
        f"  free: {_duration(cost.free_s)}",
        f"  abandoned: {_number(cost.abandoned)}",
        f"  excess_chat_minute: {_number(cost.excess_chat_minute)}",
        f"  crowding: {_number(cost.crowding)}",
        f"  limit_change: {_number(cost.limit_change)}",
    ]
    return "\n".join(lines) + "\n"


def _arrivals(arrivals: Arrivals) -> list[str]:
    step, first = arrivals.step_s, float(arrivals.expected[0])
    lines = ["arrivals:"]
    if bool((arrivals.expected == first).all()) and first / step * step == first:
        lines.append(f"  rate: {_number(first / step)}")
    else:
        counts = [_number(float(count)) for count in arrivals.expected]
        rows = [counts[at : at + COUNTS_A_LINE] for at in range(0, len(counts), COUNTS_A_LINE)]
        lines += ["  counts: [", *(f"    {', '.join(row)}," for row in rows), "  ]"]
    lines.append(f"  step: {_duration(step)}")
    if arrivals.overdispersion:
        lines.append(f"  overdispersion: {_number(arrivals.overdispersion)}")
    if arrivals.day_factor_cv:
        lines.append(f"  day_factor_cv: {_number(arrivals.day_factor_cv)}")
    return lines


def _agents(entry: AgentEntry) -> list[str]:
    parts = [f"count: {entry.count}", f"limit: {entry.limit}"]
    if entry.first_id is not None:
        parts.append(f"ids: {entry.first_id}-{entry.first_id + entry.count - 1}")
    if entry.tier:
        parts.append(f"tier: {_text(entry.tier)}")
    if entry.speed != 1:
        parts.append(f"speed: {_number(entry.speed)}")
    if entry.speed_cv:
        parts.append(f"speed_cv: {_number(entry.speed_cv)}")
    if entry.shift:
        parts.append(f'shift: "{_shift(entry.shift)}"')
    if entry.curves:
        parts.append(f"slowdown: {_curves(entry.curves)}")
    return parts


def _service_curves(curves: tuple[Curve, ...]) -> list[str]:
    if len(curves) == 1:
        return [f"  slowdown: {_curves(curves)}"]
    return ["  slowdown:", *(f"    - {_curve(curve, has_from=True)}" for curve in curves)]


def _curves(curves: tuple[Curve, ...]) -> str:
    if len(curves) == 1:
        return _curve(curves[0], has_from=False)
    return f"[{', '.join(_curve(curve, has_from=True) for curve in curves)}]"


def _curve(curve: Curve, *, has_from: bool) -> str:
    parts = [f'from: "{_time(curve.from_s)}"'] if has_from else []
    match curve.shape:
        case Power(alpha=1):
            parts.append("kind: linear")
        case Power(alpha=0):
            parts.append("kind: ps")
        case Power(alpha=alpha):
            parts += ["kind: power", f"alpha: {_number(alpha)}"]
        case UniversalScalability(sigma=sigma, kappa=kappa):
            parts += ["kind: usl", f"sigma: {_number(sigma)}", f"kappa: {_number(kappa)}"]
        case TakingTurns(work_s=work_s, think_s=think_s):
            parts += ["kind: mva", f"work: {_number(work_s)}", f"think: {_number(think_s)}"]
        case Measured() | None:
            return f"{{{', '.join([*parts, 'kind: table', f'factors: [{_factors(curve)}]'])}}}"
        case _:
            assert_never(curve.shape)
    speed = float(curve.factors[0])  # every formula is 1 at one chat
    return f"{{{', '.join([*parts, *([f'speed: {_number(speed)}'] if speed != 1 else [])])}}}"


def _factors(curve: Curve) -> str:
    factors = [_number(float(factor)) for factor in curve.factors]
    while len(factors) > 1 and factors[-1] == factors[-2]:
        factors.pop()
    return ", ".join(factors)


def _distribution(spread: Spread) -> list[str]:
    return [] if spread.cv is None else ["distribution: lognormal", f"cv: {_number(spread.cv)}"]


def _patience(spread: Spread | None) -> str:
    if spread is None:
        return "none"
    return f"{{{', '.join([f'mean: {_duration(spread.mean_s)}', *_distribution(spread)])}}}"


def _shift(windows: Iterable[Window]) -> str:
    return " ".join(f"{_time(window.start_s)}-{_time(window.end_s)}" for window in windows)


def _time(seconds: float) -> str:
    return f"{int(seconds // 3600):02d}:{int(seconds % 3600 // 60):02d}"


def _duration(seconds: float) -> str:
    return in_words(seconds) if seconds % 60 == 0 else f"{_number(seconds)}s"


def _number(value: float) -> str:
    return _plain(Decimal(repr(float(value))))


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _text(value: str) -> str:
    written: str = yaml.dump(value, default_style='"', allow_unicode=True, width=1_000_000)
    return written.strip()
