"""How long to wait after the n-th failure in a row: doubling, bounded, spread out by chance.

The spread keeps thousands of agents that failed together from coming back together.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

__all__ = ["Backoff"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """A series of pauses.

    Attributes:
        first_s: The longest pause after the first failure, > 0.
        most_s: The longest pause of all, >= first_s.
    """

    first_s: float
    most_s: float

    def pause(self, failures: int, random: Random) -> float:
        """Draw the pause after `failures` (>= 1) in a row, between half of its longest and its longest, in seconds."""
        longest = min(self.most_s, self.first_s * 2.0 ** min(failures - 1, 30))
        return random.uniform(longest / 2, longest)
