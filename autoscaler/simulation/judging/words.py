"""What figures mean, in plain sentences."""

from __future__ import annotations

from collections.abc import Sequence

from autoscaler.simulation.judging.pairing import CONFIDENCE, Paired, mean_ratios, paired
from autoscaler.simulation.judging.playing import Played
from autoscaler.simulation.judging.students_t import two_sided
from autoscaler.simulation.judging.summary import COST, Estimate, by_run, estimates

__all__ = ["PARTS", "cost_told", "over_all", "verdict"]

PARTS = {
    "late": "waiting",
    "abandoned": "customers who left",
    "excess": "slow chats",
    "crowding": "agents above their baseline",
    "changes": "limit changes",
}
"""What each component of the cost is for."""


def cost_told(played: Played) -> str:
    """What many runs of one policy came to, in a sentence."""
    known = estimates(played)
    cost = known[COST]
    runs = len(played.scores)
    if cost.mean is None:
        return f"nobody arrived in the scored time of {_runs(runs)}, so a chat has no cost."
    parts = {part: known[f"cost.{part}"].mean or 0.0 for part in PARTS}
    dearest = max(parts, key=parts.__getitem__)
    mostly = f", most of it for {PARTS[dearest]}" if parts[dearest] > cost.mean / 2 else ""
    error = "" if cost.standard_error is None else f" (± {_half_width(cost):.3f})"
    waited, left = known["p_wait"].mean, known["abandonment"].mean
    people = "" if waited is None or left is None else f"; {waited:.1%} of the customers waited, {left:.1%} left"
    return f"in {_runs(runs)} a chat costs {cost.mean:.3f}{error}{mostly}{people}."


def verdict(policies: Sequence[Played]) -> str:
    """Which policy is cheapest and by how much, in a sentence; "" where there is one alone.

    Args:
        policies: Played on the same runs; the first is what the others are held against.
    """
    baseline, *others = policies
    runs = len(baseline.scores)
    ratios = {one.title: paired(by_run(one)[COST], by_run(baseline)[COST]) for one in others}
    if not ratios:
        return ""
    if all(one.ratio is None for one in ratios.values()):
        return f"{baseline.title} costs nothing here, so nothing can be measured against it."
    name = min(ratios, key=lambda policy: _or_infinite(ratios[policy].ratio))
    best = ratios[name]
    assert best.ratio is not None
    if best.low is None and runs > 1:
        return f"{baseline.title} costs too little here to measure others against it: give another --baseline."
    if runs == 1:
        return f"{name} {_costs(best)} {baseline.title} in the one run played, which may be chance: try --runs 10."
    if best.ratio == best.low == best.high == 1:
        return f"{name} costs the same as {baseline.title} in every run."
    if not best.is_told_apart:
        pair = f"{name} and {baseline.title}"
        return f"no difference to tell apart between {pair} in {_runs(runs)}: try --runs {4 * runs}."
    said = f"{name} {_costs(best)} {baseline.title} {_between(best)}"
    if best.ratio > 1:
        return f"{baseline.title} is the cheapest; {said}." if len(ratios) > 1 else f"{said}."
    return f"{said}, the cheapest of {len(ratios) + 1}." if len(ratios) > 1 else f"{said}."


def _costs(one: Paired) -> str:
    assert one.ratio is not None
    if one.ratio == 1:
        return "costs the same as"
    return f"costs {_percent(abs(one.ratio - 1))} % {'less' if one.ratio < 1 else 'more'} than"


def _between(one: Paired) -> str:
    """The interval of a difference that was told apart, in percent."""
    assert one.low is not None
    assert one.high is not None
    low, high = sorted((abs(one.low - 1), abs(one.high - 1)))
    return f"({_percent(low)} to {_percent(high)} %)"


def _percent(share: float) -> str:
    return f"{share:.0%}"[:-1] if share >= 0.0995 else f"{share * 100:.2g}"


def _half_width(one: Estimate) -> float:
    assert one.standard_error is not None
    return two_sided(CONFIDENCE, one.runs - 1) * one.standard_error


def _or_infinite(ratio: float | None) -> float:
    return float("inf") if ratio is None else ratio


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"


def over_all(results: Sequence[Sequence[Played]]) -> str:
    """Which policy is cheapest over several scenarios, in a sentence; "" where nothing can be said of all of them.

    Args:
        results: By scenario the same policies, the first what the others are held against.
    """
    baseline, *others = results[0]
    means = {one.policy: mean for one, mean in zip(others, mean_ratios(results), strict=True) if mean is not None}
    if not means:
        return ""
    name = min(means, key=means.__getitem__)
    much = f"{_percent(abs(means[name] - 1))} % {'less' if means[name] < 1 else 'more'} than"
    return f"over these {len(results)} scenarios {name} costs {much} {baseline.policy}, in the geometric mean."
