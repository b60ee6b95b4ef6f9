"""How chats slow each other down: the total work rate of an agent holding several, relative to holding one.

Every curve is 1 at one chat and 0 at none.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Power", "Slowdown", "UniversalScalability", "factor", "peak"]

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


Slowdown = Power | UniversalScalability


def factor(curve: Slowdown, chats: int) -> float:
    """Total work rate of an agent holding `chats` (>= 0), where one chat alone is 1."""
    if chats == 0:
        return 0.0
    match curve:
        case Power(alpha=alpha):
            return float(chats**alpha)
        case UniversalScalability(sigma=sigma, kappa=kappa):
            return chats / (1 + sigma * (chats - 1) + kappa * chats * (chats - 1))


def peak(curve: Slowdown) -> int:
    """The number of chats, 1..60, at which an agent gets most work done."""
    return max(range(1, MOST_CHATS + 1), key=lambda chats: factor(curve, chats))
