"""How chats slow each other down: the total work rate of an agent holding several, relative to holding one.

Every curve is 0 at no chats; all but a table are 1 at one chat.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MOST_CHATS", "Measured", "Power", "Slowdown", "TakingTurns", "UniversalScalability", "factor", "peak"]

MOST_CHATS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """`j ** alpha`: 1 is no slowdown at all, 0 plain processor sharing, 0.785 what practice reports."""

    alpha: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UniversalScalability:
    """`j / (1 + sigma (j - 1) + kappa j (j - 1))`: an inverted U with its peak at `sqrt((1 - sigma) / kappa)`."""

    sigma: float
    kappa: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TakingTurns:
    """Each chat is in turn the agent's `work` and the customer's `think`; throughput levels off at `1 + think / work`.

    Source: exact mean value analysis of a closed network of one processor-sharing server and a delay.
    """

    work_s: float
    think_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Factors of 1, 2, 3… chats, at least one; beyond the last one the last holds."""

    factors: tuple[float, ...]


Slowdown = Power | UniversalScalability | TakingTurns | Measured


def factor(curve: Slowdown, chats: int) -> float:
    """Total work rate of an agent holding `chats` (>= 0), where one chat alone is 1."""
    if chats == 0:
        return 0.0
    match curve:
        case Power(alpha=alpha):
            return float(chats**alpha)
        case UniversalScalability(sigma=sigma, kappa=kappa):
            return chats / (1 + sigma * (chats - 1) + kappa * chats * (chats - 1))
        case TakingTurns(work_s=work_s, think_s=think_s):
            return _taking_turns(work_s, think_s, chats)
        case Measured(factors=factors):
            return factors[min(chats, len(factors)) - 1]


def peak(curve: Slowdown) -> int:
    """The number of chats, 1..60, at which an agent gets most work done."""
    return max(range(1, MOST_CHATS + 1), key=lambda chats: factor(curve, chats))


def _taking_turns(work_s: float, think_s: float, chats: int) -> float:
    """Turns in the time of a solo turn: one more chat finds the agent as it is with one chat fewer."""
    solo_s = think_s + work_s
    at_work = turns = 0.0
    for held in range(1, chats + 1):
        own_s = work_s * (1 + at_work)
        turns = held * solo_s / (think_s + own_s)
        at_work = turns * own_s / solo_s
    return turns
